"""The load: a number of kept-alive connections, each with one request under way at a time, for some seconds or until
so many requests were answered.

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
    """What came of it. `completed` within the time; `statuses` counts every answer, the last ones too. `seconds` is the
    time; where so many requests were asked for, how long they took."""

    connections: int
    seconds: float
    completed: int
    statuses: dict[str, int]
    broken: int
    """Connections that ended by themselves, requests never answered, answers that were not whole."""
    p50_ms: float
    p99_ms: float
    whole: float
    """Answers within the time, counting the share that had come of those still on their way."""
    first_p50_ms: float
    """Until the first byte of the body."""
    generator_cpu: float
    """Share of the time that the generator kept its core busy."""

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.completed / self.seconds


class _Run:
    """What the connections of one run share."""

    def __init__(self, requests: Sequence[bytes], start: int, total: int | None, ends: bytes) -> None:
        self._requests, self._places = requests, count(start)
        self._total = total
        self.ends = ends
        self.sent = 0
        self.deadline = 0.0
        self.size = self.size_whole = 0
        """Bytes of bodies within the time, and those of whole answers among all that came."""
        self.completed = 0
        self.statuses: Counter[int] = Counter()
        self.took: list[float] = []
        self.first: list[float] = []
        self.broken = 0
        self.closing = False

    def over(self, now: float) -> bool:
        """Whether no further request is to be sent."""
        return now > self.deadline or (self._total is not None and self.sent >= self._total)

    def next(self) -> bytes:
        self.sent += 1
        return self._requests[next(self._places) % len(self._requests)]


class _Connection(asyncio.Protocol):
    def __init__(self, run: _Run, done: "asyncio.Future[None]") -> None:
        self._run, self._done = run, done
        self._parser = httptools.HttpResponseParser(self)
        self._transport: asyncio.Transport | None = None
        self._began = 0.0
        self._size = 0
        self._tail = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's own is no subclass of it

    def begin(self) -> None:
        if self._transport is not None:
            self._began, self._size = time.perf_counter(), 0
            self._transport.write(self._run.next())

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._lost()

    def on_body(self, body: bytes) -> None:
        run = self._run
        if run.ends:
            self._tail = (self._tail + body)[-len(run.ends) :]
        now = time.perf_counter()
        if not self._size:
            run.first.append(now - self._began)
        self._size += len(body)
        if now <= run.deadline:
            run.size += len(body)

    def on_message_complete(self) -> None:
        run, now = self._run, time.perf_counter()
        run.statuses[self._parser.get_status_code()] += 1
        if not self._tail.endswith(run.ends):
            run.broken += 1
        run.size_whole += self._size
        if now <= run.deadline:
            run.completed += 1
            run.took.append(now - self._began)
        if run.over(now):
            self._finish()
        elif self._parser.should_keep_alive():
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


async def load(
    port: int,
    requests: Sequence[bytes],
    *,
    connections: int,
    seconds: float,
    start: int = 0,
    total: int | None = None,
    ends: bytes = b"",
) -> Measured:
    """Send the requests in order, from the one numbered `start` and around, over all connections, for some seconds or
    until there were `total` of them. An answer is whole if its body `ends` so."""
    loop = asyncio.get_running_loop()
    connections = connections if total is None else min(connections, total)
    run = _Run(requests, start, total, ends)
    finished: list[asyncio.Future[None]] = [loop.create_future() for _ in range(connections)]
    open_connections = []
    try:
        for done in finished:
            open_connections.append(await loop.create_connection(partial(_Connection, run, done), "127.0.0.1", port))
        cpu, began = time.process_time(), time.perf_counter()
        run.deadline = began + seconds
        for _, protocol in open_connections:
            protocol.begin()
        _, late = await asyncio.wait(finished, timeout=seconds + DRAIN_S)
        cpu, elapsed = time.process_time() - cpu, time.perf_counter() - began
    finally:
        run.closing = True
        for transport, _ in open_connections:
            transport.close()
    answered = run.statuses.total()
    return Measured(
        connections=connections,
        seconds=seconds if total is None else elapsed,
        completed=run.completed,
        statuses={str(status): number for status, number in sorted(run.statuses.items())},
        broken=run.broken + len(late),
        p50_ms=quantile(run.took, 0.5) * 1000,
        p99_ms=quantile(run.took, 0.99) * 1000,
        whole=run.size / (run.size_whole / answered) if run.size_whole else 0.0,
        first_p50_ms=quantile(run.first, 0.5) * 1000,
        generator_cpu=cpu / elapsed,
    )


def quantile(values: Sequence[float], share: float) -> float:
    """The value that this share of them does not exceed; 0 of none."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else 0.0


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
