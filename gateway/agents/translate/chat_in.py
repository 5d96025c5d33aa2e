"""Requests of OpenAI chat completions, read into the neutral form."""

from typing import Any

from gateway.agents.translate.attachments import file_of, image_of
from gateway.agents.translate.fields import Fields, Lost, members
from gateway.agents.translate.neutral import (
    Block,
    Choice,
    File,
    Format,
    Image,
    Refused,
    Request,
    Text,
    Tool,
    ToolResult,
    ToolUse,
    Turn,
)

_ONLY_HERE = (
    "audio",
    "frequency_penalty",
    "function_call",
    "functions",
    "logit_bias",
    "logprobs",
    "moderation",
    "prediction",
    "presence_penalty",
    "store",
    "top_logprobs",
    "web_search_options",
)


def read(document: Any) -> Request:
    """`Lost` for what is not in the neutral form."""
    fields = Fields(document, "request")
    fields.without(*_ONLY_HERE)
    fields.drop("prompt_cache_options", "prompt_cache_retention", "seed", "service_tier")
    if fields.take("modalities") not in (None, ["text"]):
        raise Lost("modalities")
    if fields.take("n") not in (None, 1):
        raise Lost("n")
    older, limit = fields.count("max_tokens"), fields.count("max_completion_tokens")
    request = Request(
        model=fields.said("model"),
        turns=_turns(fields.items("messages")),
        stream=fields.flag("stream") is True,
        usage=_usage(fields.take("stream_options")),
        tools=tuple(_tool(tool) for tool in fields.items("tools")),
        choice=_choice(fields.take("tool_choice")),
        parallel=fields.flag("parallel_tool_calls"),
        max_tokens=older if limit is None else limit,
        temperature=fields.number("temperature"),
        top_p=fields.number("top_p"),
        stop=_stop(fields.take("stop")),
        format=_format(fields.take("response_format")),
        effort=fields.text("reasoning_effort"),
        verbosity=fields.text("verbosity"),
        user=fields.text("user"),
        safety=fields.text("safety_identifier"),
        cache_key=fields.text("prompt_cache_key"),
        metadata=members(fields.take("metadata") or {}, "metadata"),
    )
    fields.end()
    return request


def _turns(messages: list[Any]) -> tuple[Turn, ...]:
    """Results of tools that follow each other are one turn of the user."""
    turns: list[Turn] = []
    results: list[Block] = []
    for message in messages:
        fields = Fields(message, "message")
        role = fields.said("role")
        if role == "tool":
            results.append(_result(fields))
            continue
        if results:
            turns.append(Turn("user", tuple(results)))
            results = []
        turns.append(_turn(role, fields))
    if results:
        turns.append(Turn("user", tuple(results)))
    return tuple(turns)


def _turn(role: str, fields: Fields) -> Turn:
    if fields.text("name") is not None:
        raise Lost("the name of a message's author")
    blocks = _content(fields.take("content"))
    if role == "assistant":
        fields.without("audio", "function_call", "annotations")
        fields.drop("parsed", "reasoning_content", "reasoning")
        refusal = fields.text("refusal")
        blocks += [Refused(refusal)] if refusal else []
        blocks += [_call(call) for call in fields.items("tool_calls")]
    fields.end()
    match role:
        case "system" | "developer":
            if not all(isinstance(block, Text) for block in blocks):
                raise Lost("instructions that are no text")
            return Turn("developer" if role == "developer" else "system", tuple(blocks))
        case "user":
            return Turn("user", tuple(blocks))
        case "assistant":
            return Turn("assistant", tuple(blocks))
        case _:
            raise Lost("a message of another role")


def _content(content: Any) -> list[Block]:
    if content is None:
        return []
    if type(content) is str:
        return [Text(content)]
    if type(content) is not list:
        raise Lost("content of another form")
    return [_piece(piece) for piece in content]


def _piece(piece: Any) -> Block:
    fields = Fields(piece, "content part")
    block: Block
    match fields.take("type"):
        case "text":
            block = Text(fields.said("text"))
        case "refusal":
            block = Refused(fields.said("refusal"))
        case "image_url":
            image = Fields(fields.take("image_url"), "image")
            block = image_of(image.said("url"))
            image.drop("detail")
            image.end()
        case "file":
            block = file_of(Fields(fields.take("file"), "file"))
        case "input_audio":
            raise Lost("audio")
        case _:
            raise Lost("a content part of another type")
    fields.end()
    return block


def _call(call: Any) -> ToolUse:
    fields = Fields(call, "tool call")
    fields.drop("index")
    if fields.take("type") not in (None, "function"):
        raise Lost("custom tools")
    function = Fields(fields.take("function"), "tool call")
    function.drop("parsed_arguments")
    use = ToolUse(id=fields.said("id"), name=function.said("name"), arguments=function.said("arguments"))
    function.end()
    fields.end()
    return use


def _result(fields: Fields) -> ToolResult:
    fields.drop("name")  # of the tool: the call, which the identifier names, says it
    content = _content(fields.take("content"))
    told = tuple(block for block in content if isinstance(block, Text | Image | File))
    if len(told) < len(content):
        raise Lost("a tool's result that is a refusal")
    result = ToolResult(id=fields.said("tool_call_id"), content=told)
    fields.end()
    return result


def _tool(tool: Any) -> Tool:
    fields = Fields(tool, "tool")
    if fields.take("type") != "function":
        raise Lost("tools that are no functions")
    function = Fields(fields.take("function"), "tool")
    read = Tool(
        name=function.said("name"),
        description=function.text("description"),
        schema=schema_of(function.take("parameters")),
        strict=function.flag("strict"),
    )
    function.end()
    fields.end()
    return read


def _choice(choice: Any) -> Choice | None:
    match choice:
        case None:
            return None
        case "auto":
            return Choice("auto")
        case "none":
            return Choice("none")
        case "required":
            return Choice("any")
        case {"type": "function", "function": {"name": str(name), **rest}, **others} if not rest and not others:
            return Choice("tool", name)
        case _:
            raise Lost("tool_choice of another form")


def _stop(stop: Any) -> tuple[str, ...]:
    if type(stop) is str:
        return (stop,)
    if stop is None:
        return ()
    if type(stop) is not list or not all(type(item) is str for item in stop):
        raise Lost("stop of another form")
    return tuple(stop)


def _usage(options: Any) -> bool:
    if options is None:
        return False
    fields = Fields(options, "stream_options")
    fields.drop("include_obfuscation")
    asked = fields.flag("include_usage") is True
    fields.end()
    return asked


def _format(value: Any) -> Format | None:
    if value is None:
        return None
    fields = Fields(value, "response_format")
    kind, inner = fields.take("type"), fields.take("json_schema")
    fields.end()
    if kind == "text":
        return None
    if kind == "json_object":
        return Format(schema=None)
    if kind != "json_schema":
        raise Lost("response_format of another type")
    return format_of(Fields(inner, "response_format"))


def format_of(fields: Fields) -> Format:
    """`name`, `description`, `schema` and `strict`, as both of OpenAI's forms write them."""
    read = Format(
        schema=members(fields.take("schema") or {}, "response_format"),
        name=fields.said("name"),
        description=fields.text("description"),
        strict=fields.flag("strict"),
    )
    fields.end()
    return read


def schema_of(value: Any) -> Any:
    """The JSON Schema of a tool's arguments, if it has one."""
    return None if value is None else members(value, "a tool's parameters")
