"""The part of the OpenAI chat completions protocol that the agents speak: requests read, answers and chunks written."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle
from typing import Any

_PIECES = (3, 1, 5, 2, 7, 4)
"""Lengths of the pieces of a stream: short, so that what belongs together is cut."""
_LETTERS = str.maketrans("0123456789", "ghijklmnop")


class BadRequestError(Exception):
    """A request that is no chat completion. The text says what is missing."""


@dataclass(frozen=True)
class Tool:
    """A function that the caller offers: its name, and its parameters by name with their descriptions."""

    name: str
    parameters: dict[str, str]
    required: tuple[str, ...]


@dataclass(frozen=True)
class Chat:
    """A request as an agent reads it."""

    model: str
    stream: bool
    include_usage: bool
    said: str
    """The text of the newest message of the user."""
    results: tuple[str, ...]
    """What tools returned since then."""
    tools: tuple[Tool, ...]
    size: int
    """Characters of all messages together, from which usage is counted."""


@dataclass(frozen=True)
class Call:
    """A call of one of the caller's tools."""

    name: str
    arguments: dict[str, str]


@dataclass(frozen=True)
class Reply:
    """What an agent answers: text, or a call."""

    text: str
    call: Call | None = None


def read(body: bytes) -> Chat:
    """The request in these bytes; `BadRequestError` if there is none."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise BadRequestError("the body is not JSON") from None
    if not isinstance(document, dict) or not isinstance(document.get("model"), str):
        raise BadRequestError("model is missing")
    messages = document.get("messages")
    if not isinstance(messages, list) or not all(isinstance(message, dict) for message in messages):
        raise BadRequestError("messages must be a list of objects")
    said = ""
    results: list[str] = []
    for message in messages:
        if message.get("role") == "user":
            said, results = text_of(message.get("content")), []
        elif message.get("role") == "tool":
            results.append(text_of(message.get("content")))
    options = document.get("stream_options")
    return Chat(
        model=document["model"],
        stream=document.get("stream") is True,
        include_usage=isinstance(options, dict) and options.get("include_usage") is True,
        said=said,
        results=tuple(results),
        tools=tuple(_tools(document.get("tools"))),
        size=sum(len(text_of(message.get("content"))) for message in messages),
    )


def text_of(content: object) -> str:
    """The text of a message's content: a string, or the text parts of a list; of other parts, that they are there."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    pieces = [item for item in content if isinstance(item, dict)]
    texts = [item["text"] if isinstance(item.get("text"), str) else f"({item.get('type', 'part')})" for item in pieces]
    return "\n".join(texts)


def _tools(offered: object) -> Iterator[Tool]:
    for item in offered if isinstance(offered, list) else []:
        function = item.get("function") if isinstance(item, dict) else None
        if not isinstance(function, dict) or not isinstance(function.get("name"), str):
            continue
        schema = function.get("parameters")
        properties = schema.get("properties") if isinstance(schema, dict) else None
        required = schema.get("required") if isinstance(schema, dict) else None
        yield Tool(
            name=function["name"],
            parameters={
                name: str(field.get("description", "")) if isinstance(field, dict) else ""
                for name, field in (properties if isinstance(properties, dict) else {}).items()
            },
            required=tuple(name for name in (required if isinstance(required, list) else []) if isinstance(name, str)),
        )


def completion(reply: Reply, chat: Chat, body: bytes, created: int) -> dict[str, Any]:
    """A whole answer as one object."""
    message: dict[str, Any] = {"role": "assistant", "content": reply.text or None}
    if reply.call is not None:
        message["tool_calls"] = [{"id": _name("call", body), "type": "function", "function": _function(reply.call)}]
    return {
        "id": _name("chatcmpl", body),
        "object": "chat.completion",
        "created": created,
        "model": chat.model,
        "choices": [{"index": 0, "message": message, "finish_reason": _finish(reply)}],
        "usage": _usage(reply, chat),
    }


def chunks(reply: Reply, chat: Chat, body: bytes, created: int) -> Iterator[dict[str, Any]]:
    """The same answer in many small pieces."""
    frame = {"id": _name("chatcmpl", body), "object": "chat.completion.chunk", "created": created, "model": chat.model}

    def chunk(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
        return {**frame, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}

    yield chunk({"role": "assistant", "content": ""})
    for piece in pieces(reply.text):
        yield chunk({"content": piece})
    if reply.call is not None:
        function = _function(reply.call)
        opening = {"index": 0, "id": _name("call", body), "type": "function"}
        yield chunk({"tool_calls": [{**opening, "function": {"name": reply.call.name, "arguments": ""}}]})
        for piece in pieces(function["arguments"]):
            yield chunk({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]})
    yield chunk({}, _finish(reply))
    if chat.include_usage:
        yield {**frame, "choices": [], "usage": _usage(reply, chat)}


def pieces(text: str) -> Iterator[str]:
    """The text in short pieces of changing length."""
    start = 0
    for length in cycle(_PIECES):
        if start >= len(text):
            return
        yield text[start : start + length]
        start += length


def error(message: str, kind: str = "invalid_request_error") -> dict[str, Any]:
    """OpenAI's error object."""
    return {"error": {"message": message, "type": kind, "param": None, "code": None}}


def _function(call: Call) -> dict[str, str]:
    return {"name": call.name, "arguments": json.dumps(call.arguments, ensure_ascii=False)}


def _finish(reply: Reply) -> str:
    return "tool_calls" if reply.call is not None else "stop"


def _usage(reply: Reply, chat: Chat) -> dict[str, int]:
    written = len(reply.text) if reply.call is None else len(json.dumps(reply.call.arguments))
    given, taken = chat.size // 4 + 1, written // 4 + 1
    return {"prompt_tokens": given, "completion_tokens": taken, "total_tokens": given + taken}


def _name(prefix: str, body: bytes) -> str:
    """An id made of letters only: the same request has the same one, and none looks like somebody's number."""
    return f"{prefix}-{hashlib.sha256(body).hexdigest()[:24].translate(_LETTERS)}"
