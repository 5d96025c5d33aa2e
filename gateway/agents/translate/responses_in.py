"""Requests of OpenAI responses, read into the neutral form."""

from typing import Any

from gateway.agents.translate.attachments import file_of, image_of
from gateway.agents.translate.chat_in import format_of, schema_of
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
    "access_programs",
    "background",
    "background_options",
    "context_management",
    "conversation",
    "image",
    "max_tool_calls",
    "moderation",
    "previous_response_id",
    "prompt",
    "store",
    "top_logprobs",
)
_INCLUDED = frozenset({"reasoning.encrypted_content"})
"""Extras that may be asked for in vain: without reasoning items there is nothing to include."""


def read(document: Any) -> Request:
    """`Lost` for what is not in the neutral form."""
    fields = Fields(document, "request")
    fields.without(*_ONLY_HERE)
    fields.drop("prompt_cache_options", "prompt_cache_retention", "service_tier", "stream_options")
    if fields.take("truncation") not in (None, "disabled"):
        raise Lost("truncation")
    if any(type(item) is not str or item not in _INCLUDED for item in fields.items("include")):
        raise Lost("include")
    instructions = fields.text("instructions")
    format_, verbosity = _text(fields.take("text"))
    turns = _turns(fields.take("input"))
    request = Request(
        model=fields.said("model"),
        turns=turns if instructions is None else (Turn("system", (Text(instructions),)), *turns),
        stream=fields.flag("stream") is True,
        usage=True,
        tools=tuple(_tool(tool) for tool in fields.items("tools")),
        choice=_choice(fields.take("tool_choice")),
        parallel=fields.flag("parallel_tool_calls"),
        max_tokens=fields.count("max_output_tokens"),
        temperature=fields.number("temperature"),
        top_p=fields.number("top_p"),
        format=format_,
        effort=_effort(fields.take("reasoning")),
        verbosity=verbosity,
        user=fields.text("user"),
        safety=fields.text("safety_identifier"),
        cache_key=fields.text("prompt_cache_key"),
        metadata=members(fields.take("metadata") or {}, "metadata"),
    )
    fields.end()
    return request


def _turns(items: Any) -> tuple[Turn, ...]:
    """What the assistant said and called without a break is one turn; so are results that follow each other."""
    if type(items) is str:
        return (Turn("user", (Text(items),)),)
    if type(items) is not list:
        raise Lost("input of another form")
    turns: list[Turn] = []
    joins = ""
    for item in items:
        turn, kind = _item(item)
        if turn is None:
            continue
        if turns and kind and kind == joins:
            turns[-1] = Turn(turn.role, (*turns[-1].blocks, *turn.blocks))
        else:
            turns.append(turn)
        joins = kind
    return tuple(turns)


def _item(item: Any) -> tuple[Turn | None, str]:
    """The turn that an item makes, and what it joins with; None for reasoning, which only its provider can use."""
    fields = Fields(item, "input item")
    fields.drop("id", "status")
    match fields.take("type"):
        case None | "message":
            turn = _message(fields)
            return turn, "assistant" if turn.role == "assistant" else ""
        case "function_call":
            fields.without("async", "caller", "namespace")
            fields.drop("parsed_arguments")
            use = ToolUse(id=fields.said("call_id"), name=fields.said("name"), arguments=fields.said("arguments"))
            fields.end()
            return Turn("assistant", (use,)), "assistant"
        case "function_call_output":
            fields.without("caller", "name", "namespace")
            content = _content(fields.take("output"))
            told = tuple(block for block in content if isinstance(block, Text | Image | File))
            if len(told) < len(content):
                raise Lost("a tool's result that is a refusal")
            result = ToolResult(id=fields.said("call_id"), content=told)
            fields.end()
            return Turn("user", (result,)), "results"
        case "reasoning":
            return None, ""
        case "item_reference":
            raise Lost("item_reference")
        case _:
            raise Lost("an input item of another type")


def _message(fields: Fields) -> Turn:
    role, blocks = fields.said("role"), tuple(_content(fields.take("content")))
    fields.drop("phase")
    fields.end()
    match role:
        case "system" | "developer":
            if not all(isinstance(block, Text) for block in blocks):
                raise Lost("instructions that are no text")
            return Turn("developer" if role == "developer" else "system", blocks)
        case "user":
            return Turn("user", blocks)
        case "assistant":
            return Turn("assistant", blocks)
        case _:
            raise Lost("a message of another role")


def _content(content: Any) -> list[Block]:
    if type(content) is str:
        return [Text(content)]
    if type(content) is not list:
        raise Lost("content of another form")
    return [_piece(piece) for piece in content]


def _piece(piece: Any) -> Block:
    fields = Fields(piece, "content part")
    block: Block
    match fields.take("type"):
        case "input_text" | "text":
            block = Text(fields.said("text"))
        case "output_text":
            fields.without("annotations")
            fields.drop("logprobs", "parsed")
            block = Text(fields.said("text"))
        case "refusal":
            block = Refused(fields.said("refusal"))
        case "input_image":
            fields.without("file_id")
            fields.drop("detail")
            block = image_of(fields.said("image_url"))
        case "input_file":
            return file_of(fields)
        case _:
            raise Lost("a content part of another type")
    fields.end()
    return block


def _tool(tool: Any) -> Tool:
    fields = Fields(tool, "tool")
    if fields.take("type") != "function":
        raise Lost("tools that are no functions")
    read = Tool(
        name=fields.said("name"),
        description=fields.text("description"),
        schema=schema_of(fields.take("parameters")),
        strict=fields.flag("strict"),
    )
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
        case {"type": "function", "name": str(name), **rest} if not rest:
            return Choice("tool", name)
        case _:
            raise Lost("tool_choice of another form")


def _text(value: Any) -> tuple[Format | None, str | None]:
    if value is None:
        return None, None
    fields = Fields(value, "text")
    verbosity, inner = fields.text("verbosity"), fields.take("format")
    fields.end()
    if inner is None:
        return None, verbosity
    format_ = Fields(inner, "text.format")
    kind = format_.take("type")
    if kind == "json_schema":
        return format_of(format_), verbosity
    format_.end()
    if kind == "text":
        return None, verbosity
    if kind == "json_object":
        return Format(schema=None), verbosity
    raise Lost("text.format of another type")


def _effort(value: Any) -> str | None:
    if value is None:
        return None
    fields = Fields(value, "reasoning")
    effort = fields.text("effort")
    if fields.take("mode") not in (None, "standard"):
        raise Lost("reasoning mode")
    if fields.take("context") not in (None, "auto"):
        raise Lost("reasoning context")
    # A summary is a wish for what an agent that gives none of its reasoning cannot give.
    fields.without("summary", "generate_summary")
    fields.end()
    return effort
