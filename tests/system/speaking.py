"""What an agent says back in each protocol: the text of a request's last message, whole or as a stream.

A text with a `|` is said up to there, and the rest once the caller says that it may come. (A tool answers with a stream
where there is such a text.)
"""

import json
from collections.abc import Callable
from typing import Any

import msgspec

from tests.agents.a2a_making import message, task
from tests.system import oracle
from tests.system.site import completion, event

BAR = "|"
STREAM = b"text/event-stream"
TOOL = {"name": "echo", "inputSchema": {"type": "object", "properties": {"text": {"type": "string"}}}}
_PLACE = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
_CLAUDE: dict[str, Any] = {
    "id": "msg_01",
    "type": "message",
    "role": "assistant",
    "model": "claude",
    "content": [],
    "stop_reason": None,
    "stop_sequence": None,
    "usage": {"input_tokens": 3, "output_tokens": 4},
}


class Said(msgspec.Struct, frozen=True):
    """An answer: a document, or where there is none the pieces of a stream. `waits`: how many of them come at once,
    where the others wait for the caller."""

    document: dict[str, Any] | None = None
    pieces: tuple[bytes, ...] = ()
    waits: int | None = None


def chat(asked: dict[str, Any]) -> Said:
    """OpenAI's chat completions."""
    text = str(asked["messages"][-1]["content"])
    if not asked.get("stream"):
        return Said(completion(text))

    def told(piece: str) -> bytes:
        return b"".join(event({"content": piece[at : at + 8]}) for at in range(0, len(piece), 8))

    return _streamed((), text, told, event({}, "stop") + b"data: [DONE]\n\n")


def responses(asked: dict[str, Any]) -> Said:
    """OpenAI's responses."""
    text = str(asked["input"])
    part = {"type": "output_text", "text": text, "annotations": []}
    item = {"id": "msg_1", "type": "message", "role": "assistant", "status": "completed", "content": [part]}
    if not asked.get("stream"):
        return Said(oracle.response([item]))

    def told(kind: str, **more: Any) -> bytes:
        return _named({"type": f"response.{kind}", **more})

    begun = told("created", response=oracle.response([], "in_progress"))
    ended = told("completed", response=oracle.response([item]))
    return _streamed((begun,), text, lambda piece: told("output_text.delta", **_PLACE, delta=piece), ended)


def messages(asked: dict[str, Any]) -> Said:
    """Anthropic's messages."""
    text = str(asked["messages"][-1]["content"])
    if not asked.get("stream"):
        return Said({**_CLAUDE, "content": [{"type": "text", "text": text}], "stop_reason": "end_turn"})
    block = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
    delta = {"delta": {"stop_reason": "end_turn", "stop_sequence": None}, "usage": {"output_tokens": 4}}
    begun = {"type": "message_start", "message": _CLAUDE}
    ended: tuple[dict[str, Any], ...] = (
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", **delta},
        {"type": "message_stop"},
    )

    def told(piece: str) -> bytes:
        said = {"type": "text_delta", "text": piece}
        return _named({"type": "content_block_delta", "index": 0, "delta": said})

    return _streamed((_named(begun) + _named(block),), text, told, b"".join(map(_named, ended)))


def tools(asked: dict[str, Any]) -> Said:
    """MCP: one tool, which says its text again; where that is cut, it tells each piece before."""
    if asked["method"] == "tools/list":
        return Said(_result(asked, {"tools": [TOOL]}))
    text = str(asked["params"]["arguments"]["text"])
    ended = _result(asked, {"content": [{"type": "text", "text": text}]})
    if BAR not in text:
        return Said(ended)

    def told(piece: str) -> bytes:
        params = {"level": "info", "data": piece}
        return _data({"jsonrpc": "2.0", "method": "notifications/message", "params": params})

    return _streamed((), text, told, _data(ended))


def a2a(asked: dict[str, Any]) -> Said:
    """A2A by JSON-RPC: a message, or a task whose artifact grows piece by piece."""
    if asked["method"] == "SendMessage":
        text = _text_of(asked["params"])
        return Said(_result(asked, {"message": message({"text": text}, role="ROLE_AGENT")}))
    return _growing(asked["params"], lambda value: _result(asked, value))


def a2a_by_http(asked: dict[str, Any]) -> Said:
    """The same task by HTTP and JSON, where each event is bare."""
    return _growing(asked, lambda value: value)


def _growing(sent: dict[str, Any], wrapped: Callable[[dict[str, Any]], dict[str, Any]]) -> Said:
    here = {"taskId": "t-1", "contextId": "c-1"}

    def told(piece: str) -> bytes:
        artifact = {"artifactId": "a-1", "name": "note", "parts": [{"text": piece}]}
        return _data(wrapped({"artifactUpdate": {**here, "artifact": artifact, "append": True}}))

    ended = {"statusUpdate": {**here, "status": {"state": "TASK_STATE_COMPLETED"}}}
    return _streamed((_data(wrapped({"task": task()})),), _text_of(sent), told, _data(wrapped(ended)))


def _text_of(sent: dict[str, Any]) -> str:
    return str(sent["message"]["parts"][0]["text"])


def echo(asked: dict[str, Any]) -> Said:
    """Plain HTTP: the same document."""
    return Said({"echo": asked})


SAYS: dict[str, Callable[[dict[str, Any]], Said]] = {
    "completions": chat,
    "responses": responses,
    "messages": messages,
    "tools": tools,
    "rpc": a2a,
    "message:stream": a2a_by_http,
    "echo": echo,
}
"""By the last part of the path that an agent is asked at (a server of MCP has but one)."""


def _streamed(begin: tuple[bytes, ...], text: str, told: Callable[[str], bytes], end: bytes) -> Said:
    first, *rest = text.split(BAR)
    pieces = (*begin, told(first), *map(told, rest), end)
    return Said(pieces=pieces, waits=len(begin) + 1 if rest else None)


def _result(asked: dict[str, Any], value: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": asked["id"], "result": value}


def _data(document: Any) -> bytes:
    return b"data: " + json.dumps(document).encode() + b"\n\n"


def _named(document: dict[str, Any]) -> bytes:
    return f"event: {document['type']}\n".encode() + _data(document)
