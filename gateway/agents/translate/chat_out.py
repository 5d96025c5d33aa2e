"""Requests in the neutral form, written as OpenAI chat completions."""

from typing import Any

from gateway.agents.translate.attachments import file_members, image_url
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

MAX_STOP = 4
"""Stop sequences that chat completions take."""


def write(request: Request) -> dict[str, Any]:
    """`Lost` for what chat completions cannot say."""
    if len(request.stop) > MAX_STOP:
        raise Lost("more than four stop sequences")
    format_ = request.format
    document: dict[str, Any] = {
        "model": request.model,
        "messages": [message for turn in request.turns for message in _messages(turn)],
        "stream": True if request.stream else None,
        # Usage is asked for in any case: the other forms always state it.
        "stream_options": {"include_usage": True} if request.stream else None,
        "tools": [_written_tool(tool) for tool in request.tools] or None,
        "tool_choice": _written_choice(choice_of(request)),
        "parallel_tool_calls": request.parallel if request.tools else None,
        "max_completion_tokens": request.max_tokens,
        "temperature": request.temperature,
        "top_p": request.top_p,
        "stop": list(request.stop) or None,
        "response_format": None if format_ is None else _written_format(format_),
        "reasoning_effort": request.effort,
        "verbosity": request.verbosity,
        "user": request.user,
        "safety_identifier": request.safety,
        "prompt_cache_key": request.cache_key,
        "metadata": request.metadata or None,
    }
    return {key: value for key, value in document.items() if value is not None}


def _messages(turn: Turn) -> list[dict[str, Any]]:
    """A turn's messages: one for each result of a tool, and one for all that was said between them."""
    if turn.role == "assistant":
        return [_assistant(turn)]
    messages: list[dict[str, Any]] = []
    said: list[Block] = []
    for block in turn.blocks:
        if isinstance(block, ToolResult):
            if said:
                messages.append({"role": turn.role, "content": _pieces(said)})
                said = []
            messages.append({"role": "tool", "tool_call_id": block.id, "content": _told(block)})
        else:
            said.append(block)
    if said or not messages:
        messages.append({"role": turn.role, "content": _pieces(said)})
    return messages


def _assistant(turn: Turn) -> dict[str, Any]:
    said = [block for block in turn.blocks if isinstance(block, Text | Refused)]
    calls = [block for block in turn.blocks if isinstance(block, ToolUse)]
    if len(said) + len(calls) != len(turn.blocks):
        raise Lost("attachments of the assistant")
    message: dict[str, Any] = {"role": "assistant", "content": None}
    if len(said) == 1 and isinstance(said[0], Refused):
        message["refusal"] = said[0].text
    elif said or not calls:
        message["content"] = _pieces(said)
    if calls:
        message["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in calls
        ]
    return message


def _pieces(blocks: list[Any]) -> str | list[dict[str, Any]]:
    """One text as a string, which every agent takes; anything else as parts."""
    if not blocks:
        return ""
    if len(blocks) == 1 and isinstance(blocks[0], Text):
        return blocks[0].text
    return [_written(block) for block in blocks]


def _written(block: Block) -> dict[str, Any]:
    match block:
        case Text(text):
            return {"type": "text", "text": text}
        case Refused(text):
            return {"type": "refusal", "refusal": text}
        case Image():
            return {"type": "image_url", "image_url": {"url": image_url(block)}}
        case File():
            return {"type": "file", "file": file_members(block)}
        case _:
            raise Lost("a block that stands elsewhere")


def _told(result: ToolResult) -> str | list[dict[str, Any]]:
    blocks = list(result.content)
    if not all(isinstance(block, Text) for block in blocks):
        raise Lost("images or files in tool results")
    return _pieces(failed(blocks) if result.failed else blocks)


FAILED = "Error: "
"""What OpenAI's forms have no flag for is said in the result's own words."""


def failed(blocks: list[Any]) -> list[Any]:
    """A failed tool's result, which says so."""
    if blocks and isinstance(blocks[0], Text):
        return [Text(FAILED + blocks[0].text), *blocks[1:]]
    return [Text(FAILED.rstrip()), *blocks]


def _written_tool(tool: Tool) -> dict[str, Any]:
    function = {
        "name": tool.name,
        "description": tool.description,
        "parameters": tool.schema,
        "strict": tool.strict,
    }
    return {"type": "function", "function": {key: value for key, value in function.items() if value is not None}}


def choice_of(request: Request) -> Choice | None:
    """Which tools may be called. Without any it says nothing, and agents refuse the very member then."""
    if request.tools or request.choice is None:
        return request.choice
    if request.choice.kind in ("any", "tool"):
        raise Lost("tool_choice without tools")
    return None


def _written_choice(choice: Choice | None) -> Any:
    if choice is None:
        return None
    if choice.kind == "tool":
        return {"type": "function", "function": {"name": choice.name}}
    return "required" if choice.kind == "any" else choice.kind


def _written_format(format_: Format) -> dict[str, Any]:
    if format_.schema is None:
        return {"type": "json_object"}
    return {"type": "json_schema", "json_schema": format_members(format_)}


def format_members(format_: Format) -> dict[str, Any]:
    """What `format_of` reads."""
    inner = {
        "name": format_.name,
        "description": format_.description,
        "schema": format_.schema,
        "strict": format_.strict,
    }
    return {key: value for key, value in inner.items() if value is not None}
