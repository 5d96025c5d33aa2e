"""What scanning one message may cost."""

from gateway.core.ports import Clock


class Budget:
    """Processor time of the thread that scans, not time by the clock: what a text shows is not to depend on how busy
    the machine is with others. The clock is asked first, which costs a third and is never behind."""

    __slots__ = ("_clock", "_spent", "_until")

    def __init__(self, clock: Clock, budget_ns: int) -> None:
        self._clock = clock
        self._until = clock.monotonic_ns() + budget_ns
        self._spent = clock.thread_ns() + budget_ns

    def over(self) -> bool:
        """Whether it is spent."""
        return self._clock.monotonic_ns() > self._until and self._clock.thread_ns() > self._spent
