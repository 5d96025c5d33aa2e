"""Requests that arrive when they arrive, whether those before them were answered or not: as from many callers.

Times between two are exponential, from a fixed seed. Each request has a connection to itself, kept alive for a later
one; who finds none free opens another. A request's time runs from when it should have been sent.
"""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import cast

import httptools
import msgspec

from benchmarks.load import DRAIN_S, quantile


class Arrived(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it."""

    sent: int
    statuses: dict[str, int]
    lost: int
    """Requests without a whole answer."""
    p50_ms: float
    p99_ms: float


class _Caller(asyncio.Protocol):
    """One connection, one request at a time."""

    def __init__(self, crowd: "_Crowd") -> None:
        self._crowd = crowd
        self._parser = httptools.HttpResponseParser(self)
        self._transport: asyncio.Transport | None = None
        self._due: float | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's own is no subclass of it

    def ask(self, request: bytes, due: float) -> None:
        """Send a request that was due at this time."""
        self._due = due
        if self._transport is None or self._transport.is_closing():
            self._ended(None)
        else:
            self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self.close()

    def on_message_complete(self) -> None:
        self._ended(self._parser.get_status_code())
        if self._parser.should_keep_alive():
            self._crowd.idle.append(self)
        else:
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if self in self._crowd.idle:
            self._crowd.idle.remove(self)
        self._ended(None)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def _ended(self, status: int | None) -> None:
        if self._due is not None:
            self._crowd.ended(self._due, status)
            self._due = None


class _Crowd:
    """All callers, and what became of their requests."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.idle: list[_Caller] = []
        self.callers: list[_Caller] = []
        self.statuses: Counter[int] = Counter()
        self.took: list[float] = []
        self.sent = self.lost = 0
        self.all_ended = asyncio.Event()
        self.all_sent = False

    async def ask(self, request: bytes, due: float) -> None:
        self.sent += 1
        if self.idle:
            self.idle.pop().ask(request, due)
            return
        loop = asyncio.get_running_loop()
        try:
            _, caller = await loop.create_connection(partial(_Caller, self), "127.0.0.1", self._port)
        except OSError:
            self.ended(due, None)
            return
        self.callers.append(caller)
        caller.ask(request, due)

    def ended(self, due: float, status: int | None) -> None:
        if status is None:
            self.lost += 1
        else:
            self.statuses[status] += 1
            self.took.append(time.perf_counter() - due)
        self.look()

    def look(self) -> None:
        """Whether all is over."""
        if self.all_sent and self.lost + self.statuses.total() == self.sent:
            self.all_ended.set()


async def arrive(port: int, requests: Sequence[bytes], *, rate: float, seconds: float, start: int = 0) -> Arrived:
    """Send the requests in order, from the one numbered `start` and around, `rate` a second for some seconds."""
    chance, crowd = random.Random(7), _Crowd(port)
    opening: set[asyncio.Task[None]] = set()
    began = time.perf_counter()
    due, number = began + chance.expovariate(rate), start
    while due < began + seconds:
        # uvloop's clock counts in milliseconds: what comes due within one is sent together, and each timed from then.
        await asyncio.sleep(due - time.perf_counter())
        now = time.perf_counter()
        while due <= now and due < began + seconds:
            task = asyncio.create_task(crowd.ask(requests[number % len(requests)], now))
            opening.add(task)
            task.add_done_callback(opening.discard)
            number += 1
            due += chance.expovariate(rate)
    await asyncio.gather(*opening)
    crowd.all_sent = True
    crowd.look()
    try:
        await asyncio.wait_for(crowd.all_ended.wait(), DRAIN_S)
    except TimeoutError:
        crowd.lost = crowd.sent - crowd.statuses.total()
    for caller in crowd.callers:
        caller.close()
    return Arrived(
        sent=crowd.sent,
        statuses={str(status): many for status, many in sorted(crowd.statuses.items())},
        lost=crowd.lost,
        p50_ms=quantile(crowd.took, 0.5) * 1000,
        p99_ms=quantile(crowd.took, 0.99) * 1000,
    )
