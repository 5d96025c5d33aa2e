"""Requests in the neutral form, written as Anthropic messages."""

import re
from hashlib import sha256
from typing import Any

from gateway.agents.translate.chat_out import choice_of
from gateway.agents.translate.fields import Lost, arguments
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

DEFAULT_MAX_TOKENS = 4096
"""Tokens of an answer where the caller sets no limit, which messages must have: what every model can give."""
_EFFORTS = frozenset({"low", "medium", "high", "xhigh", "max"})
_INSTRUCTIONS = ("system", "developer")
_LETTERS = str.maketrans("0123456789", "ghijklmnop")
_OTHER = re.compile(r"[^A-Za-z0-9_-]")


def write(request: Request) -> dict[str, Any]:
    """`Lost` for what messages cannot say."""
    if request.turns and request.turns[-1].role == "assistant":
        raise Lost("a conversation that ends with the assistant, which would be prefill")
    if request.temperature is not None and not 0 <= request.temperature <= 1:
        raise Lost("temperature above 1")
    if request.metadata:
        raise Lost("metadata")
    if request.verbosity not in (None, "medium"):
        raise Lost("verbosity")
    first = next((at for at, turn in enumerate(request.turns) if turn.role not in _INSTRUCTIONS), len(request.turns))
    system = [block for turn in request.turns[:first] for block in _blocks(turn)]
    messages = ({"role": _role(turn), "content": _blocks(turn)} for turn in request.turns[first:])
    output = {"effort": _effort(request.effort), "format": _format(request.format)}
    user = _user(request)
    document: dict[str, Any] = {
        "model": request.model,
        "max_tokens": DEFAULT_MAX_TOKENS if request.max_tokens is None else request.max_tokens,
        "system": system or None,
        "messages": [message for message in messages if message["content"]],
        "stream": True if request.stream else None,
        "tools": [_tool(tool) for tool in request.tools] or None,
        "tool_choice": _choice(request),
        "temperature": request.temperature,
        "top_p": request.top_p,
        "stop_sequences": list(request.stop) or None,
        "output_config": {key: value for key, value in output.items() if value is not None} or None,
        "metadata": None if user is None else {"user_id": user},
    }
    return {key: value for key, value in document.items() if value is not None}


def identifier(text: str) -> str:
    """A tool call's identifier in the characters that messages allow; the same for a call and for its result, and
    another one for any other call, whose result would be taken for this one's."""
    plain = _OTHER.sub("_", text)
    return plain if plain == text else f"{plain}_{_told_apart(text)}"


def _told_apart(text: str) -> str:
    """Eight letters that another text has not. No digits: nobody is to take them for a number of somebody's."""
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8].translate(_LETTERS)


def _role(turn: Turn) -> str:
    return "system" if turn.role in _INSTRUCTIONS else turn.role


def _blocks(turn: Turn) -> list[dict[str, Any]]:
    """A turn's blocks. Empty texts, which messages do not allow, say nothing."""
    return [_written(block) for block in turn.blocks if not (isinstance(block, Text | Refused) and not block.text)]


def _written(block: Block) -> dict[str, Any]:
    match block:
        case Text(text) | Refused(text):
            return {"type": "text", "text": text}
        case Image(url=url) if url:
            return {"type": "image", "source": {"type": "url", "url": url}}
        case Image():
            source = {"type": "base64", "media_type": block.media_type, "data": block.data}
            return {"type": "image", "source": source}
        case File():
            if block.media_type != "application/pdf":
                raise Lost("files that are no PDF")
            source = {"type": "base64", "media_type": block.media_type, "data": block.data}
            named = {"title": block.name} if block.name is not None else {}
            return {"type": "document", "source": source, **named}
        case ToolUse():
            given = arguments(block.arguments)
            return {"type": "tool_use", "id": identifier(block.id), "name": block.name, "input": given}
        case ToolResult():
            content = [_written(item) for item in block.content if not (isinstance(item, Text) and not item.text)]
            error = {"is_error": True} if block.failed else {}
            return {"type": "tool_result", "tool_use_id": identifier(block.id), "content": content, **error}
        case _:
            raise Lost("a block that stands elsewhere")


def _user(request: Request) -> str | None:
    if request.user is not None and request.safety is not None and request.user != request.safety:
        raise Lost("user beside safety_identifier")
    return request.safety if request.user is None else request.user


def _effort(effort: str | None) -> str | None:
    if effort is not None and effort not in _EFFORTS:
        raise Lost("reasoning effort below low")
    return effort


def _format(format_: Format | None) -> dict[str, Any] | None:
    """Its name, which is no more than a label, has no place here; its description goes where a schema has one."""
    if format_ is None:
        return None
    if format_.schema is None:
        raise Lost("any JSON object as the answer's form")
    schema = dict(format_.schema)
    if format_.description is not None:
        if "description" in schema:
            raise Lost("two descriptions of the answer's form")
        schema["description"] = format_.description
    return {"type": "json_schema", "schema": schema}


def _tool(tool: Tool) -> dict[str, Any]:
    written: dict[str, Any] = {"name": tool.name}
    if tool.description is not None:
        written["description"] = tool.description
    written["input_schema"] = tool.schema if tool.schema is not None else {"type": "object", "properties": {}}
    if tool.strict is not None:
        written["strict"] = tool.strict
    return written


def _choice(request: Request) -> dict[str, Any] | None:
    choice = choice_of(request) or (Choice("auto") if request.tools and request.parallel is not None else None)
    if choice is None:
        return None
    written: dict[str, Any] = {"type": choice.kind}
    if choice.kind == "tool":
        written["name"] = choice.name
    if request.parallel is not None and choice.kind != "none":
        written["disable_parallel_tool_use"] = not request.parallel
    return written
