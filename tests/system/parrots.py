"""Agents of every protocol that answer in turn with everything an agent can get wrong, a canary in each."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from tests.agents import a2a_making
from tests.agents.mcp_making import result
from tests.system import messages
from tests.system.canaries import PASSED_ON, TEXT, WITH_SECRET, Canaries
from tests.system.site import Agent, completion, event

Document = dict[str, Any]
_JSON = (b"content-type", b"application/json")
_SSE = (b"content-type", b"text/event-stream")
_HTML = (b"content-type", b"text/html")


class Form(msgspec.Struct, frozen=True):
    """How a protocol says things. Each is given a text and the request."""

    whole: Callable[[str, Document], Document]
    failed: Callable[[str, Document], Document]
    events: Callable[[str, Document], list[bytes]]
    """A stream, one event each."""
    rightly: Callable[[str, Document], Document | None] = lambda text, asked: None
    """What is answered as it should be, whatever the turn is."""


class Parrot(Agent):
    """`turn`: how many requests it has answered from its script."""

    def __init__(self, canary: Canaries, name: str, form: Form) -> None:
        super().__init__()
        self._canary, self.name, self._form, self.turn = canary, name, form, 0
        self.behave = self._answer
        self.script = (
            self._whole,
            self._failing(500),
            self._failing(401),
            self._failing(400),
            self._page,
            self._garbage,
            self._redirect,
            self._flowing,
            self._spoiled,
            self._broken_off,
        )

    def _say(self, what: str) -> str:
        return self._canary(f"{self.name}: {what}")

    async def _answer(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        headers, body = self.received[-1]
        asked = json.loads(body) if body.startswith(b"{") else {}
        rightly = self._form.rightly(self._say("said rightly"), asked)
        if rightly is not None:
            session = (b"mcp-session-id", self._say("session").encode())
            await _send(send, 200, [_JSON, session], json.dumps(rightly).encode())
            return
        self.turn += 1
        await self.script[(self.turn - 1) % len(self.script)](asked, send, headers.get("authorization", ""))

    async def _whole(self, asked: Document, send: Any, credential: str) -> None:
        said = self._form.whole(f"{TEXT} {self._say('answer')}", asked)
        mine = (b"x-note", self._say("header").encode())
        await _send(send, 200, [_JSON, mine], json.dumps(said).encode())

    def _failing(self, status: int) -> Callable[[Document, Any, str], Any]:
        async def answer(asked: Document, send: Any, credential: str) -> None:
            # What is wrong with a request its caller may know; what is wrong with the gateway's is not for them.
            what = self._say(f"error {status}") if status != 400 else self._canary(PASSED_ON + self.name)
            said = self._form.failed(f"{TEXT if status == 400 else WITH_SECRET} {what}", asked)
            mine = (b"www-authenticate", self._say("challenge").encode())
            await _send(send, status, [_JSON, mine], json.dumps(said).encode())

        return answer

    async def _page(self, asked: Document, send: Any, credential: str) -> None:
        await _send(send, 200, [_HTML], f"{credential} {self._say('page')}".encode())

    async def _garbage(self, asked: Document, send: Any, credential: str) -> None:
        await _send(send, 200, [_JSON], f'{{"{self._say("garbage")}": "{credential}'.encode())

    async def _redirect(self, asked: Document, send: Any, credential: str) -> None:
        await _send(send, 302, [(b"location", f"http://127.0.0.1:1/{self._say('redirect')}".encode())], b"")

    async def _flowing(self, asked: Document, send: Any, credential: str) -> None:
        events = self._form.events(f"{TEXT} {self._say('stream')}", asked)
        await _send(send, 200, [_SSE], b"".join(events))

    async def _spoiled(self, asked: Document, send: Any, credential: str) -> None:
        first = self._form.events(f"{WITH_SECRET} {self._say('stream, spoiled')}", asked)[0]
        await _send(send, 200, [_SSE], first + b"data: " + self._say("spoiled").encode() + b"\n\n")

    async def _broken_off(self, asked: Document, send: Any, credential: str) -> None:
        first = self._form.events(f"{TEXT} {self._say('stream, broken off')}", asked)[0]
        await send({"type": "http.response.start", "status": 200, "headers": [_SSE]})
        await send({"type": "http.response.body", "body": first, "more_body": True})
        raise ConnectionAbortedError


async def _send(send: Any, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


# ------------------------------------------------------------------------------------------------------------ OpenAI


def _openai_whole(text: str, asked: Document) -> Document:
    if "messages" in asked:
        return {**completion(text), "system_fingerprint": text, "model": text}
    if "instructions" not in asked:
        vector = {"object": "embedding", "index": 0, "embedding": [0.5, 0.25]}
        usage = {"prompt_tokens": 3, "total_tokens": 3}
        return {"object": "list", "model": text, "data": [vector], "usage": usage}
    said = {"type": "output_text", "text": text, "annotations": []}
    message = {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": [said]}
    answer = {"id": "resp_1", "object": "response", "created_at": 1, "status": "completed", "model": "m"}
    return {**answer, "output": [message]}


def _openai_events(text: str, asked: Document) -> list[bytes]:
    if "messages" in asked:
        return [event({"content": text}), event({}, text), b"data: [DONE]\n\n"]
    whole = _openai_whole(text, asked)
    kinds: list[Document] = [
        {"type": "response.created", "response": {**whole, "status": "in_progress", "output": []}},
        {"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "item_id": "i", "delta": text},
        {"type": "response.completed", "response": whole},
    ]
    return [
        f"event: {one['type']}\ndata: {json.dumps({**one, 'sequence_number': number})}\n\n".encode()
        for number, one in enumerate(kinds)
    ]


OPENAI = Form(
    _openai_whole,
    lambda text, asked: {"error": {"message": text, "type": text, "param": text, "code": text}},
    _openai_events,
)

# --------------------------------------------------------------------------------------------------------- Anthropic

ANTHROPIC = Form(
    lambda text, asked: {**messages.message_of([{"type": "text", "text": text}]), "model": text, "input_tokens": 3},
    lambda text, asked: {"type": "error", "error": {"type": text, "message": text}},
    lambda text, asked: [messages.encoded(one) for one in messages.events([{"type": "text", "text": text}], 400)],
)

# --------------------------------------------------------------------------------------------------------------- MCP


def _mcp_rightly(text: str, asked: Document) -> Document | None:
    known: dict[str, Document] = {
        "initialize": {
            "protocolVersion": "2025-11-25",
            "capabilities": {"tools": {}},
            "serverInfo": {"name": text, "version": "1"},
            "instructions": text,
        },
        "tools/list": {
            "tools": [{"name": "echo", "description": "Says it again.", "inputSchema": {"type": "object"}}],
            "resultType": "complete",
        },
    }
    said = known.get(str(asked.get("method")))
    return {**result(said), "id": asked.get("id")} if said else None


def _mcp_result(text: str, asked: Document) -> Document:
    said = {"content": [{"type": "text", "text": text}], "isError": False, "resultType": "complete"}
    return {**result(said), "id": asked.get("id")}


MCP = Form(
    _mcp_result,
    lambda text, asked: {"jsonrpc": "2.0", "id": asked.get("id"), "error": {"code": -1, "message": text, "data": text}},
    lambda text, asked: [b"data: " + json.dumps(_mcp_result(text, asked)).encode() + b"\n\n"],
    _mcp_rightly,
)

# --------------------------------------------------------------------------------------------------------------- A2A


def _a2a_said(text: str) -> Document:
    return {"message": a2a_making.message({"text": text}, role="ROLE_AGENT")}


def _by_rpc(said: Document, asked: Document) -> Document:
    return {"jsonrpc": "2.0", "id": asked.get("id"), **said}


def _a2a_events(text: str, wrap: Callable[[Document], Document]) -> Iterator[bytes]:
    task = a2a_making.task(status={"state": "TASK_STATE_WORKING", "message": _a2a_said(text)["message"]})
    for one in ({"task": task}, _a2a_said(text)):
        yield b"data: " + json.dumps(wrap(one)).encode() + b"\n\n"


A2A_RPC = Form(
    lambda text, asked: _by_rpc({"result": _a2a_said(text)}, asked),
    lambda text, asked: _by_rpc({"error": {"code": -32001, "message": text, "data": [{"reason": text}]}}, asked),
    lambda text, asked: list(_a2a_events(text, lambda one: _by_rpc({"result": one}, asked))),
)
A2A_REST = Form(
    lambda text, asked: _a2a_said(text),
    lambda text, asked: {"error": {"code": 500, "status": text, "message": text, "details": [{"reason": text}]}},
    lambda text, asked: list(_a2a_events(text, lambda one: one)),
)

# -------------------------------------------------------------------------------------------------------- plain HTTP

HTTP = Form(
    lambda text, asked: {"note": text},
    lambda text, asked: {"detail": text},
    lambda text, asked: [f"data: {text}\n\n".encode()],
)
