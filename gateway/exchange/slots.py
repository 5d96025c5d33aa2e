"""How many calls of an agent are under way at once, and who waits for a place: first come, first served, bounded.

No lock and no task: the event loop's one thread is the lock, and a place that is given back is handed to who waits
longest in the same call. So there is never a free place while somebody waits, and nobody overtakes.
"""

import asyncio
from collections import deque


class Slots:
    """`limit` places of one agent, and a queue of at most `queue` before them."""

    __slots__ = ("_queue", "_waiting", "free", "limit")

    def __init__(self, limit: int, queue: int) -> None:
        self.limit, self.free = limit, limit
        self._queue = queue
        self._waiting: deque[asyncio.Future[bool]] = deque()

    @property
    def taken(self) -> int:
        return self.limit - self.free

    @property
    def waiting(self) -> int:
        """How many wait for a place."""
        return len(self._waiting)

    @property
    def saturated(self) -> bool:
        """Whether a further call would be turned away at once."""
        return self.free == 0 and len(self._waiting) >= self._queue

    def take(self) -> bool:
        """A place, if one is free. Every place that is taken is given back with `give_back`, once."""
        if self.free == 0:
            return False
        self.free -= 1
        return True

    async def wait(self, timeout_s: float) -> bool:
        """A place, after those who came before: False where the queue is full, or the time is over first."""
        if self.take():
            return True
        if self.saturated:
            return False
        loop = asyncio.get_running_loop()
        place: asyncio.Future[bool] = loop.create_future()
        self._waiting.append(place)
        timer = loop.call_later(timeout_s, self._expire, place)
        try:
            return await place
        except asyncio.CancelledError:
            # Cancelled in the instant between being given a place and waking up: the place goes on.
            if place.done() and not place.cancelled() and place.result():
                self.give_back()
            else:
                self._forget(place)
            raise
        finally:
            timer.cancel()

    def give_back(self) -> None:
        """Hand the place to who waits longest, or free it."""
        while self._waiting:
            place = self._waiting.popleft()
            if not place.done():
                place.set_result(True)
                return
        self.free += 1

    def _expire(self, place: asyncio.Future[bool]) -> None:
        if not place.done():
            self._forget(place)
            place.set_result(False)

    def _forget(self, place: asyncio.Future[bool]) -> None:
        """It waits no more. Already gone from the queue where a place was on its way to it."""
        if place in self._waiting:
            self._waiting.remove(place)
