"""An agent in a process of its own that trusts nobody: before it answers, it looks in the database, over a connection
of its own, for the committed record that names it as the one who receives this very request.

What it saw is appended to a file, a line of JSON a request; `seq` is null where there was no such record. It answers
for every agent whose name is the first part of the path, in the protocol that the last part tells, and fails for one
where the message says `fail NAME`.
"""

import asyncio
import json
import logging
import os
import socket
import sqlite3
from collections import defaultdict
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import asyncpg
import uvicorn

from gateway.settings import Settings
from gateway.store.engine import target
from tests.system.site import send_json
from tests.system.speaking import SAYS, STREAM, Said

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
        self._on: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        body = b""
        more = True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        path = scope["path"].split("/")
        trace = trace_of({name.decode(): value.decode() for name, value in scope["headers"]})
        if path[-1] == GO_ON:
            self._on[trace].set()
            await send_json(send, {})
            return
        seq = await self._eyes.record_of(trace, path[1])
        self._saw(path[1], trace, seq)
        said = SAYS[path[-1]](json.loads(body))
        if seq is None or f"fail {path[1]}".encode() in body:
            await send_json(send, {"error": "no"}, 500)
        elif said.document is not None:
            await send_json(send, said.document)
        else:
            await self._stream(send, said, self._on[trace])

    async def _stream(self, send: Any, said: Said, on: asyncio.Event) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", STREAM)]})
        for place, piece in enumerate(said.pieces):
            if place == said.waits:
                await on.wait()
            await send({"type": "http.response.body", "body": piece, "more_body": place < len(said.pieces) - 1})


GO_ON = "go-on"
"""The last part of the path at which a caller says that the stream with its trace may go on."""


def trace_of(headers: dict[str, str]) -> str:
    """The trace id of a `traceparent` header; empty without one."""
    parts = headers.get("traceparent", "").split("-")
    return parts[1] if len(parts) == 4 else ""


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
    config = uvicorn.Config(app, log_config=None, log_level="critical", access_log=False, lifespan="off")
    await uvicorn.Server(config).serve(sockets=[listening])
