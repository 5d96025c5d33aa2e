"""An agent as a process: one port on the loopback interface, one file in which every received body is written down.

`python -m gateway.demo.agents.<name> --port N --log FILE`. The log is written before the answer begins, one JSON line
for each request: `{"agent", "path", "headers", "body"}`. The demo's script reads there what really arrived.
"""

import argparse
import json
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import uvicorn

from gateway.demo.agents import chat
from gateway.demo.agents.chat import Chat, Reply

MAX_BODY = 4 * 1024 * 1024
_PATHS = ("/v1/chat/completions", "/chat/completions")

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Answer = Callable[[Chat], Reply]


class Service:
    """The ASGI application of one agent. `clock` gives seconds since the epoch."""

    def __init__(self, name: str, answer: Answer, log: Path, clock: Callable[[], float] = time.time) -> None:
        self._name = name
        self._answer = answer
        self._log = log
        self._clock = clock

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        route = (scope["method"], scope["path"])
        if route == ("GET", "/healthz"):
            await _send_json(send, 200, {"status": "ok", "agent": self._name})
        elif route[0] == "POST" and route[1] in _PATHS:
            await self._complete(scope, receive, send)
        else:
            await _send_json(send, 404, chat.error(f"this agent answers POST {_PATHS[0]} and nothing else"))

    async def _complete(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        body = await _body(receive)
        if body is None:
            await _send_json(send, 413, chat.error("the body is too large"))
            return
        self._write_down(scope, body)
        try:
            request = chat.read(body)
        except chat.BadRequestError as refused:
            await _send_json(send, 400, chat.error(str(refused)))
            return
        reply, created = self._answer(request), int(self._clock())
        if not request.stream:
            await _send_json(send, 200, chat.completion(reply, request, body, created))
            return
        await _start(send, 200, b"text/event-stream")
        for chunk in chat.chunks(reply, request, body, created):
            await _more(send, b"data: " + _json(chunk) + b"\n\n")
        await _more(send, b"data: [DONE]\n\n")
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    def _write_down(self, scope: dict[str, Any], body: bytes) -> None:
        headers = [[name.decode("latin-1"), value.decode("latin-1")] for name, value in scope["headers"]]
        line = {
            "agent": self._name,
            "path": scope["path"],
            "headers": headers,
            "body": body.decode("utf-8", "replace"),
        }
        with self._log.open("ab") as file:
            file.write(_json(line) + b"\n")


async def _body(receive: Receive) -> bytes | None:
    """The whole body; None when it is larger than it may be or the caller left."""
    pieces: list[bytes] = []
    size = 0
    while True:
        event = await receive()
        if event["type"] == "http.disconnect":
            return None
        pieces.append(event.get("body", b""))
        size += len(pieces[-1])
        if size > MAX_BODY:
            return None
        if not event.get("more_body"):
            return b"".join(pieces)


async def _start(send: Send, status: int, media_type: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", media_type)]})


async def _more(send: Send, body: bytes) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": True})


async def _send_json(send: Send, status: int, document: dict[str, Any]) -> None:
    await _start(send, status, b"application/json")
    await send({"type": "http.response.body", "body": _json(document), "more_body": False})


def _json(document: dict[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode("utf-8", "replace")


def serve(name: str, answer: Answer, arguments: list[str] | None = None) -> None:
    """Serve until stopped. Listens on the loopback interface only."""
    parser = argparse.ArgumentParser(prog=f"python -m gateway.demo.agents.{name}")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--log", type=Path, required=True, help="file in which received bodies are written down")
    options = parser.parse_args(arguments)
    application: Any = Service(name, answer, options.log)
    uvicorn.run(application, host="127.0.0.1", port=options.port, log_level="warning", access_log=False, lifespan="off")
