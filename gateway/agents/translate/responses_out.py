"""Requests in the neutral form, written as OpenAI responses. The history goes whole into `input`; nothing is stored."""

from typing import Any

from gateway.agents.translate.attachments import file_members, image_url
from gateway.agents.translate.chat_out import choice_of, failed, format_members
from gateway.agents.translate.fields import Lost
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


def write(request: Request) -> dict[str, Any]:
    """`Lost` for what responses cannot say."""
    if request.stop:
        raise Lost("stop sequences")
    text = {
        "format": None if request.format is None else _format(request.format),
        "verbosity": request.verbosity,
    }
    document: dict[str, Any] = {
        "model": request.model,
        "input": [item for turn in request.turns for item in _items(turn)],
        "stream": True if request.stream else None,
        "store": False,
        "tools": [_tool(tool) for tool in request.tools] or None,
        "tool_choice": _choice(choice_of(request)),
        "parallel_tool_calls": request.parallel if request.tools else None,
        "max_output_tokens": request.max_tokens,
        "temperature": request.temperature,
        "top_p": request.top_p,
        "text": {key: value for key, value in text.items() if value is not None} or None,
        "reasoning": None if request.effort is None else {"effort": request.effort},
        "user": request.user,
        "safety_identifier": request.safety,
        "prompt_cache_key": request.cache_key,
        "metadata": request.metadata or None,
    }
    return {key: value for key, value in document.items() if value is not None}


def _items(turn: Turn) -> list[dict[str, Any]]:
    """A turn's items, in its order: messages of what was said, and calls and results between them."""
    items: list[dict[str, Any]] = []
    said: list[Block] = []

    def flush() -> None:
        if said:
            items.append(_message(turn.role, said.copy()))
            said.clear()

    for block in turn.blocks:
        if isinstance(block, ToolUse):
            flush()
            call = {"call_id": block.id, "name": block.name, "arguments": block.arguments}
            items.append({"type": "function_call", **call})
        elif isinstance(block, ToolResult):
            flush()
            items.append({"type": "function_call_output", "call_id": block.id, "output": _told(block)})
        else:
            said.append(block)
    flush()
    return items or [_message(turn.role, [])]


def _message(role: str, blocks: list[Block]) -> dict[str, Any]:
    if not blocks:
        return {"type": "message", "role": role, "content": ""}
    if len(blocks) == 1 and isinstance(blocks[0], Text):
        return {"type": "message", "role": role, "content": blocks[0].text}
    if role == "assistant":
        return {"type": "message", "role": role, "content": [_own(block) for block in blocks]}
    return {"type": "message", "role": role, "content": [_given(block) for block in blocks]}


def _own(block: Block) -> dict[str, Any]:
    match block:
        case Text(text):
            return {"type": "output_text", "text": text, "annotations": []}
        case Refused(text):
            return {"type": "refusal", "refusal": text}
        case _:
            raise Lost("attachments of the assistant")


def _given(block: Block) -> dict[str, Any]:
    match block:
        case Text(text):
            return {"type": "input_text", "text": text}
        case Image():
            return {"type": "input_image", "image_url": image_url(block), "detail": "auto"}
        case File():
            return {"type": "input_file", **file_members(block)}
        case _:
            raise Lost("a block that stands elsewhere")


def _told(result: ToolResult) -> str | list[dict[str, Any]]:
    blocks = failed(list(result.content)) if result.failed else list(result.content)
    if not blocks:
        return ""
    if len(blocks) == 1 and isinstance(blocks[0], Text):
        return blocks[0].text
    return [_given(block) for block in blocks]


def _tool(tool: Tool) -> dict[str, Any]:
    # Here strictness is the default, elsewhere it is not: so it is said in any case.
    function = {
        "name": tool.name,
        "description": tool.description,
        "parameters": tool.schema if tool.schema is not None else {"type": "object", "properties": {}},
        "strict": tool.strict is True,
    }
    return {"type": "function", **{key: value for key, value in function.items() if value is not None}}


def _choice(choice: Choice | None) -> Any:
    if choice is None:
        return None
    if choice.kind == "tool":
        return {"type": "function", "name": choice.name}
    return "required" if choice.kind == "any" else choice.kind


def _format(format_: Format) -> dict[str, Any]:
    if format_.schema is None:
        return {"type": "json_object"}
    return {"type": "json_schema", **format_members(format_)}
