"""Requests of Anthropic messages, read into the neutral form."""

from typing import Any

from gateway.agents.bodies import write_json
from gateway.agents.translate.fields import Fields, Lost, members
from gateway.agents.translate.neutral import (
    Block,
    Choice,
    File,
    Format,
    Image,
    Request,
    Text,
    Tool,
    ToolResult,
    ToolUse,
    Turn,
)

_ONLY_HERE = (
    "container",
    "context_management",
    "diagnostics",
    "fallbacks",
    "inference_geo",
    "mcp_servers",
    "thread",
    "top_k",
    "user_profile_id",
    "workspace_id",
)


def read(document: Any) -> Request:
    """`Lost` for what is not in the neutral form."""
    fields = Fields(document, "request")
    fields.without(*_ONLY_HERE)
    fields.drop("cache_control", "service_tier")
    if fields.take("speed") not in (None, "standard"):
        raise Lost("speed")
    _thinking(fields.take("thinking"))
    format_, effort = _output(fields.take("output_config"), fields.take("output_format"))
    choice, parallel = _choice(fields.take("tool_choice"))
    limit = fields.count("max_tokens")
    if limit == 0:
        raise Lost("max_tokens of nothing, which only fills a cache")
    metadata = Fields(fields.take("metadata") or {}, "metadata")
    request = Request(
        model=fields.said("model"),
        turns=(*_system(fields.take("system")), *(_turn(message) for message in fields.items("messages"))),
        stream=fields.flag("stream") is True,
        usage=True,
        tools=tuple(_tool(tool) for tool in fields.items("tools")),
        choice=choice,
        parallel=parallel,
        max_tokens=limit,
        temperature=fields.number("temperature"),
        top_p=fields.number("top_p"),
        stop=tuple(_word(word) for word in fields.items("stop_sequences")),
        format=format_,
        effort=effort,
        user=metadata.text("user_id"),
    )
    metadata.end()
    fields.end()
    if request.turns and request.turns[-1].role == "assistant":
        raise Lost("prefill")
    return request


def _thinking(value: Any) -> None:
    """Whether the model thinks may be left to it or denied to it; a budget asks for what no other form can promise."""
    if value is None:
        return
    fields = Fields(value, "thinking")
    kind = fields.take("type")
    fields.drop("display")
    if kind not in ("disabled", "adaptive"):
        raise Lost("thinking with a budget")
    fields.end()


def _output(config: Any, older: Any) -> tuple[Format | None, str | None]:
    """`output_config`, and the beta's `output_format` that came before it."""
    fields = Fields(config or {}, "output_config")
    effort, value = fields.text("effort"), fields.take("format")
    fields.end()
    value = older if value is None else value
    if value is None:
        return None, effort
    format_ = Fields(value, "output format")
    if format_.take("type") != "json_schema":
        raise Lost("output format of another type")
    schema = members(format_.take("schema"), "output format")
    format_.end()
    return Format(schema=schema, strict=True), effort


def _choice(value: Any) -> tuple[Choice | None, bool | None]:
    if value is None:
        return None, None
    fields = Fields(value, "tool_choice")
    kind, alone = fields.take("type"), fields.flag("disable_parallel_tool_use")
    parallel = None if alone is None else not alone
    choice: Choice
    match kind:
        case "auto" | "any" | "none":
            choice = Choice(kind)
        case "tool":
            choice = Choice("tool", fields.said("name"))
        case _:
            raise Lost("tool_choice of another type")
    fields.end()
    return choice, parallel


def _word(value: Any) -> str:
    if type(value) is not str:
        raise Lost("a stop sequence that is no text")
    return value


def _system(value: Any) -> tuple[Turn, ...]:
    if value is None:
        return ()
    blocks = _blocks(value)
    if not all(isinstance(block, Text) for block in blocks):
        raise Lost("instructions that are no text")
    return (Turn("system", blocks),)


def _turn(message: Any) -> Turn:
    fields = Fields(message, "message")
    role, blocks = fields.said("role"), _blocks(fields.take("content"))
    fields.end()
    match role:
        case "user":
            return Turn("user", blocks)
        case "assistant":
            return Turn("assistant", blocks)
        case "system":
            if not all(isinstance(block, Text) for block in blocks):
                raise Lost("instructions that are no text")
            return Turn("system", blocks)
        case _:
            raise Lost("a message of another role")


def _blocks(content: Any) -> tuple[Block, ...]:
    if type(content) is str:
        return (Text(content),)
    if type(content) is not list:
        raise Lost("content of another form")
    return tuple(block for block in map(_block, content) if block is not None)


def _block(value: Any) -> Block | None:
    """None for thinking: it is signed for the provider that made it, and of use to nobody else."""
    fields = Fields(value, "content block")
    fields.drop("cache_control")
    block: Block
    match fields.take("type"):
        case "text":
            fields.without("citations")
            block = Text(fields.said("text"))
        case "image":
            block = _image(fields.take("source"))
        case "document":
            return _document(fields)
        case "tool_use":
            fields.without("toolset_name")
            _direct(fields.take("caller"))
            given = members(fields.take("input"), "a tool call's input")
            block = ToolUse(id=fields.said("id"), name=fields.said("name"), arguments=write_json(given).decode())
        case "tool_result":
            fields.without("toolset_name")
            block = _result(fields)
        case "thinking" | "redacted_thinking":
            return None
        case "search_result":
            raise Lost("search results")
        case _:
            raise Lost("a content block of another type")
    fields.end()
    return block


def _direct(caller: Any) -> None:
    if caller not in (None, {"type": "direct"}):
        raise Lost("tools called by code")


def _result(fields: Fields) -> ToolResult:
    content = fields.take("content")
    blocks = () if content is None else _blocks(content)
    told = tuple(block for block in blocks if isinstance(block, Text | Image | File))
    if len(told) < len(blocks):
        raise Lost("a tool's result of another form")
    return ToolResult(id=fields.said("tool_use_id"), content=told, failed=fields.flag("is_error") is True)


def _image(value: Any) -> Image:
    source = Fields(value, "image source")
    image: Image
    match source.take("type"):
        case "base64":
            image = Image(media_type=source.said("media_type"), data=source.said("data"))
        case "url":
            image = Image(url=source.said("url"))
        case _:
            raise Lost("images that the provider holds")
    source.end()
    return image


def _document(fields: Fields) -> File:
    source = Fields(fields.take("source"), "document source")
    if source.take("type") != "base64":
        raise Lost("documents that are not given as bytes")
    fields.without("context")
    if fields.take("citations") not in (None, {}, {"enabled": False}):
        raise Lost("citations")
    file = File(media_type=source.said("media_type"), data=source.said("data"), name=fields.text("title"))
    source.end()
    fields.end()
    return file


def _tool(value: Any) -> Tool:
    fields = Fields(value, "tool")
    if fields.take("type") not in (None, "custom"):
        raise Lost("tools that the provider defines")
    fields.drop("cache_control", "eager_input_streaming")
    fields.without("allowed_callers", "defer_loading", "input_examples")
    tool = Tool(
        name=fields.said("name"),
        description=fields.text("description"),
        schema=members(fields.take("input_schema"), "a tool's input_schema"),
        strict=fields.flag("strict"),
    )
    fields.end()
    return tool
