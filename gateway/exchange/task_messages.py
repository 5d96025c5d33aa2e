"""Nodes tell each other that tasks wait, so that none has to look for them all the time.

The database has the tasks, and what was told is only a reason to look at it: one message for each task that may be run
at once, sent after its row is durable. Each goes to one node that has room, which looks; where more is due than that
node can take, the message goes on to another. While the server cannot be reached, every node looks by itself every
`poll_s`; while it can, every `sweep_s`, for what no message came for.
"""

import asyncio
import logging
import random
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Literal, Protocol

from gateway.core.errors import MessagesUnavailable

State = Literal["connected", "polling"]
AGAIN_S = 0.25
"""When a message that this node could not make good goes to another, or to it again."""
FIRST_S, MOST_S, STABLE_S = 0.25, 30.0, 60.0
"""The first wait for a server that was lost, doubled each time up to the most; until it was there for so long."""
_TOGETHER, _UNTOLD = 64, 1000
_HEARD_S = 0.1
"""How long a cancellation may take to be heard before it is said again."""
_log = logging.getLogger("gateway.tasks")


class Link(Protocol):
    """A connection to the server (`store.nats_messages`). `MessagesUnavailable` once it is lost."""

    @property
    def ahead(self) -> bool: ...

    async def say(self, turns: Sequence[str]) -> None: ...

    async def heard(self) -> list[Any]: ...

    async def done(self, messages: Sequence[Any], *, again_s: float | None) -> None: ...


class Looker(Protocol):
    """Who runs tasks."""

    def wake(self) -> None: ...

    async def room(self) -> None:
        """Return as soon as there is room for a task."""

    async def look(self) -> bool:
        """Look into the database; whether more is due than there was room for."""


Connected = Callable[[], AbstractAsyncContextManager[Link]]


class TaskMessages:
    """`connected` gives a connection, once each time."""

    def __init__(
        self,
        connected: Connected,
        *,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.state: State = "polling"
        self.lost = self.told = self.heard = self.untold = 0
        """How often the server was lost; messages that it took, that came, and that there was no place for."""
        self._connected, self._pause, self._chance = connected, pause, chance
        self._turns: deque[str] = deque()
        self._more = asyncio.Event()
        self._running: asyncio.Task[None] | None = None

    def start(self, looker: Looker) -> None:
        """Keep in touch with the server from now on."""
        self._running = asyncio.create_task(self._run(looker))

    async def stop(self) -> None:
        """Give the connection up. What was not told is found by who looks."""
        running, self._running = self._running, None
        # The library may keep a cancellation to itself while it connects: it is said again until it is heard.
        while running is not None and not running.done():
            running.cancel()
            await asyncio.wait([running], timeout=_HEARD_S)

    def tell(self, turn: str) -> None:
        """A task waits; this is its id with the number of its turn. Nothing is waited for."""
        if len(self._turns) < _UNTOLD:
            self._turns.append(turn)
            self._more.set()
        else:
            self.untold += 1  # the server is away for long: any of the others wakes who looks

    async def _run(self, looker: Looker) -> None:
        loop, wait_s = asyncio.get_running_loop(), FIRST_S
        while True:
            began = loop.time()
            try:
                async with self._connected() as link:
                    self._change("connected", looker)
                    await self._served(link, looker)
            except MessagesUnavailable as error:
                if self.state == "connected" or wait_s == FIRST_S:
                    _log.error("nodes do not hear of each other's tasks, and look for them: %s", error)
            except Exception as error:  # noqa: BLE001 — a defect must not leave this node deaf for good
                _log.error("messages failed: %s", type(error).__name__)
            finally:
                self.lost += self.state == "connected"
                self._change("polling", looker)
            if loop.time() - began >= STABLE_S:
                wait_s = FIRST_S
            await self._pause(wait_s * (1 - self._chance() / 2))
            wait_s = min(wait_s * 2, MOST_S)

    def _change(self, state: State, looker: Looker) -> None:
        """Whoever waits for the next look must not wait as long, or finds now what nobody was told of meanwhile."""
        if state != self.state:
            self.state = state
            looker.wake()

    async def _served(self, link: Link, looker: Looker) -> None:
        """Tell and hear until either fails."""
        both = [asyncio.create_task(self._telling(link)), asyncio.create_task(self._hearing(link, looker))]
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in both:
                one.cancel()
            await asyncio.wait(both, timeout=1)  # the library may keep a cancellation to itself
        for error in [one.exception() for one in both if one.done() and not one.cancelled()]:
            if error is not None:
                raise error

    async def _telling(self, link: Link) -> None:
        while True:
            await self._more.wait()
            self._more.clear()
            while self._turns:
                # What fails here is lost with the connection, and found by who looks.
                turns = [self._turns.popleft() for _ in range(min(_TOGETHER, len(self._turns)))]
                await link.say(turns)
                self.told += len(turns)

    async def _hearing(self, link: Link, looker: Looker) -> None:
        while True:
            if not link.ahead:
                await looker.room()
            messages = await link.heard()
            if messages:
                self.heard += len(messages)
                # A crash before `done`: the message comes again, to whoever asks next, and changes nothing.
                more = await looker.look()
                await link.done(messages, again_s=AGAIN_S if more else None)
