"""What scanning one message may cost."""

from collections.abc import Callable

from gateway.core.ports import Clock

TURN_NS = 1_000_000
"""After so much time others take their turn."""


def on() -> None:
    """Gives way to nobody."""


class Budget:
    """Processor time of the thread that scans, not time by the clock: what a text shows is not to depend on how busy
    the machine is with others, nor with whom it takes turns. The clock is asked first, which costs a third and is never
    behind."""

    __slots__ = ("_clock", "_give_way", "_spent", "_turn", "_until")

    def __init__(self, clock: Clock, budget_ns: int, give_way: Callable[[], None] = on) -> None:
        self._clock, self._give_way = clock, give_way
        now = clock.monotonic_ns()
        self._turn, self._until = now + TURN_NS, now + budget_ns
        self._spent = clock.thread_ns() + budget_ns

    def over(self) -> bool:
        """Whether it is spent."""
        now = self._clock.monotonic_ns()
        if now > self._turn:
            now = self._others(now)
        return now > self._until and self._clock.thread_ns() > self._spent

    def _others(self, now: int) -> int:
        """Let others take their turn, which is none of this one's time; returns what the clock says then."""
        if self._give_way is not on:
            spent = self._clock.thread_ns()
            self._give_way()
            self._spent += self._clock.thread_ns() - spent
            before, now = now, self._clock.monotonic_ns()
            self._until += now - before
        self._turn = now + TURN_NS
        return now
