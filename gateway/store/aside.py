"""Blocking work that may hang, beside a loop that must not: in turns on a thread of its own, and waited for a while.

Whoever has waited long enough goes on without; what it waited for is not begun any more, so that no queue grows behind
something slow that nobody wants by then.
"""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from gateway.store.worker import Worker

T = TypeVar("T")


class Aside:
    """A thread that is made when it is first needed. `wait_s`: how long each is waited for; `waiting`: how many may
    wait at a time."""

    def __init__(self, name: str, wait_s: float, waiting: int) -> None:
        self._name, self._wait_s, self._most = name, wait_s, waiting
        self._worker: Worker | None = None
        self._waiting = 0

    async def run(self, call: Callable[[], T]) -> T:
        """What the call gives, or raises; `TimeoutError` where it was not done in time, or too many wait already."""
        if self._waiting >= self._most:
            raise TimeoutError
        if self._worker is None:
            self._worker = Worker(self._name)
        over = False

        def job() -> T:
            if over:
                raise TimeoutError
            return call()

        self._waiting += 1
        try:
            async with asyncio.timeout(self._wait_s):
                return await self._worker.run(job)
        finally:
            over = True
            self._waiting -= 1
