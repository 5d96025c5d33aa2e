"""Tells when something that is done again and again takes too long once."""

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Watchdog(Generic[T]):
    """Watches one thing at a time, with a timer that outlives it: one that is made and cancelled each time costs an
    append on an idle gateway more than the record's encoding does."""

    def __init__(self, patience_s: float, overdue: Callable[[T], None]) -> None:
        """`overdue` is told what was begun and has not ended within `patience_s` seconds, once. Patience that grows
        holds for what is watched already."""
        self.patience_s, self._overdue = patience_s, overdue
        self._watched: tuple[float, T] | None = None
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, what: T) -> None:
        """Watch this from now on, within a running loop."""
        loop = asyncio.get_running_loop()
        self._watched = (loop.time(), what)
        if self._timer is None:
            self._timer = loop.call_later(self.patience_s, self._look, loop)

    def end(self) -> None:
        """It has ended, whether in time or not."""
        self._watched = None

    def close(self) -> None:
        """Nothing is watched any more."""
        self._watched = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        if self._watched is None:
            return
        began, what = self._watched
        left = began + self.patience_s - loop.time()
        if left > 0:  # it is another than the one that the timer was set for
            self._timer = loop.call_later(left, self._look, loop)
        else:
            self._overdue(what)
