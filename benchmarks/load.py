"""The load: a number of kept-alive connections, each with one request under way at a time, for some seconds.

Bare sockets and a C parser, requests made beforehand, so that the generator is not what is measured.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from functools import partial
from itertools import count
from typing import cast

import httptools
import msgspec

DRAIN_S = 20.0
"""How long the last answers may take after the time is up."""


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it. `completed` within the time; `statuses` counts every answer, the last ones too."""

    connections: int
    seconds: float
    completed: int
    statuses: dict[str, int]
    broken: int
    """Connections that ended by themselves, or requests never answered."""
    p50_ms: float
    p99_ms: float
    generator_cpu: float
    """Share of the time that the generator kept its core busy."""

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.completed / self.seconds


class _Run:
    """What the connections of one run share."""

    def __init__(self, requests: Sequence[bytes], start: int) -> None:
        self._requests, self._places = requests, count(start)
        self.sent = 0
        self.deadline = 0.0
        self.completed = 0
        self.statuses: Counter[int] = Counter()
        self.took: list[float] = []
        self.broken = 0
        self.closing = False

    def next(self) -> bytes:
        self.sent += 1
        return self._requests[next(self._places) % len(self._requests)]


class _Connection(asyncio.Protocol):
    def __init__(self, run: _Run, done: "asyncio.Future[None]") -> None:
        self._run, self._done = run, done
        self._parser = httptools.HttpResponseParser(self)
        self._transport: asyncio.Transport | None = None
        self._began = 0.0
        self._waits = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's own is no subclass of it

    def begin(self) -> None:
        if self._transport is not None:
            self._waits, self._began = True, time.perf_counter()
            self._transport.write(self._run.next())

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._lost()

    def on_message_complete(self) -> None:
        run, now = self._run, time.perf_counter()
        run.statuses[self._parser.get_status_code()] += 1
        self._waits = False
        if now > run.deadline:
            self._finish()
            return
        run.completed += 1
        run.took.append(now - self._began)
        if self._parser.should_keep_alive():
            self.begin()
        else:
            self._lost()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._run.closing and not self._done.done():
            self._lost()

    def _lost(self) -> None:
        self._run.broken += 1
        self._finish()

    def _finish(self) -> None:
        if not self._done.done():
            self._done.set_result(None)


async def load(port: int, requests: Sequence[bytes], *, connections: int, seconds: float, start: int = 0) -> Measured:
    """Send the requests in order, from the one numbered `start` and around, over all connections for some seconds."""
    loop = asyncio.get_running_loop()
    run = _Run(requests, start)
    finished: list[asyncio.Future[None]] = [loop.create_future() for _ in range(connections)]
    open_connections = []
    for done in finished:
        open_connections.append(await loop.create_connection(partial(_Connection, run, done), "127.0.0.1", port))
    cpu, began = time.process_time(), time.perf_counter()
    run.deadline = began + seconds
    for _, protocol in open_connections:
        protocol.begin()
    _, late = await asyncio.wait(finished, timeout=seconds + DRAIN_S)
    cpu, elapsed = time.process_time() - cpu, time.perf_counter() - began
    run.closing = True
    for transport, _ in open_connections:
        transport.close()
    took = sorted(run.took) or [0.0]
    return Measured(
        connections=connections,
        seconds=seconds,
        completed=run.completed,
        statuses={str(status): number for status, number in sorted(run.statuses.items())},
        broken=run.broken + len(late),
        p50_ms=took[len(took) // 2] * 1000,
        p99_ms=took[int(len(took) * 0.99) - (len(took) < 100)] * 1000,
        generator_cpu=cpu / elapsed,
    )


async def ask(port: int, path: str) -> bytes:
    """The body of one GET; `TimeoutError` after `DRAIN_S`."""
    async with asyncio.timeout(DRAIN_S):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(f"GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n".encode())
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
            return await reader.readexactly(length)
        finally:
            writer.close()
