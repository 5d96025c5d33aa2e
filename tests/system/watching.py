"""An agent in a process of its own that trusts nobody: before it answers, it looks in the database, over a connection
of its own, for the committed record that names it as the one who receives this very request.

What it saw is appended to a file, a line of JSON a request; `seq` is null where there was no such record. It answers
for every agent whose name is the first part of the path, and fails for one where the message says `fail NAME`.
"""

import asyncio
import json
import logging
import os
import socket
import sqlite3
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import asyncpg
import uvicorn

from gateway.settings import Settings
from gateway.store.engine import target
from tests.system.site import completion, event, send_json

_NAMES = "SELECT seq, bytes FROM record WHERE trace = {} AND agent = {} ORDER BY seq"
_EVENTS = ("exchange.requested", "exchange.attempted")


class Eyes:
    """A connection of one's own to the record, behind no wall. Open it in the loop that uses it."""

    def __init__(self, settings: Settings) -> None:
        self._where = target(settings)
        self._sqlite: sqlite3.Connection | None = None
        self._postgres: asyncpg.Connection | None = None
        self._turn = asyncio.Lock()

    async def record_of(self, trace: str, agent: str) -> int | None:
        """The number of the newest committed record by which this agent receives the request, None without one."""
        found = None
        for seq, data in await self._rows(trace, agent):
            envelope = json.loads(data)
            if envelope["event"] in _EVENTS and (envelope["agent"], envelope["trace"]) == (agent, trace):
                found = int(seq)
        return found

    async def close(self) -> None:
        if self._sqlite is not None:
            self._sqlite.close()
        if self._postgres is not None:
            await self._postgres.close()

    async def _rows(self, trace: str, agent: str) -> list[Any]:
        if self._where.kind == "sqlite":
            if self._sqlite is None:
                self._sqlite = sqlite3.connect(f"file:{self._where.path}?mode=ro", uri=True)
            return self._sqlite.execute(_NAMES.format("?", "?"), (trace, agent)).fetchall()
        async with self._turn:
            if self._postgres is None:
                self._postgres = await asyncpg.connect(self._where.owner_dsn)
            rows: list[Any] = await self._postgres.fetch(_NAMES.format("$1", "$2"), trace, agent)
            return rows


class WatchingAgent:
    """The ASGI application. `saw(agent, trace, seq)` is told of each request before it is answered."""

    def __init__(self, eyes: Eyes, saw: Callable[[str, str, int | None], None]) -> None:
        self._eyes, self._saw = eyes, saw

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        body = b""
        more = True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        agent = scope["path"].split("/")[1]
        trace = trace_of({name.decode(): value.decode() for name, value in scope["headers"]})
        seq = await self._eyes.record_of(trace, agent)
        self._saw(agent, trace, seq)
        document = json.loads(body)
        text = document["messages"][-1]["content"]
        if seq is None or f"fail {agent}" in text:
            await send_json(send, {"error": "no"}, 500)
        elif document.get("stream"):
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", STREAM)]})
            for place in range(0, len(text), 8):
                await send(_body(event({"content": text[place : place + 8]}), more=True))
            await send(_body(event({}, "stop") + b"data: [DONE]\n\n"))
        else:
            await send_json(send, completion(f"{agent} read: {text}"))


STREAM = b"text/event-stream"


def trace_of(headers: dict[str, str]) -> str:
    """The trace id of a `traceparent` header; empty without one."""
    parts = headers.get("traceparent", "").split("-")
    return parts[1] if len(parts) == 4 else ""


def _body(data: bytes, *, more: bool = False) -> dict[str, Any]:
    return {"type": "http.response.body", "body": data, "more_body": more}


def watch(settings: Settings, seen: Path, told: Connection) -> None:
    """Serve until killed; tells its address once it can be reached."""
    logging.getLogger("asyncio").setLevel(logging.ERROR)  # whoever it answers is killed: nothing to be told of
    asyncio.run(_watch(settings, seen, told))


async def _watch(settings: Settings, seen: Path, told: Connection) -> None:
    file = os.open(seen, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def saw(agent: str, trace: str, seq: int | None) -> None:
        os.write(file, json.dumps({"agent": agent, "trace": trace, "seq": seq}).encode() + b"\n")

    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen(256)
    told.send(f"http://127.0.0.1:{listening.getsockname()[1]}")
    app = WatchingAgent(Eyes(settings), saw)
    config = uvicorn.Config(app, log_level="critical", access_log=False, lifespan="off")
    await uvicorn.Server(config).serve(sockets=[listening])
