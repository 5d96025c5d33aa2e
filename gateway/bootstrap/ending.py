"""What a gateway does last: once all else of it has ended, and while its ledgers can still be written."""

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

Last = Callable[[], Coroutine[Any, Any, None]]
Waits = Callable[[Last], Awaitable[None]]
"""Has it done, and waits for it as long as whoever ends it will."""


class Ending:
    """One thing to do last, where it is asked for: a process that ends otherwise than in order has not asked."""

    def __init__(self) -> None:
        self._asked: tuple[Last, Waits] | None = None

    def ask(self, last: Last, waits: Waits) -> None:
        self._asked = last, waits

    async def run(self) -> None:
        """Do it; nothing where it was not asked for."""
        if self._asked is not None:
            last, waits = self._asked
            await waits(last)
