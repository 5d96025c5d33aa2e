"""Whether the clock runs as clocks do, for what must not be done by one that is set wrong."""

from gateway.core.ports import Clock

STEADY_S = 60.0
"""How long the clock must have run on without a jump until it is believed."""
JUMP_S = 5.0
"""What the clock may differ by from how much time has passed between two looks."""


class Steady:
    """A clock that is believed after it has run for a while. One that is set wrong for a moment, or at start until it
    is set right, may show any time, and whatever is due by then would be due."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._offset_us, self._since_ns, _ = self._look()

    def now_us(self) -> int | None:
        """What the clock shows, in microseconds since the epoch; None while it is not believed."""
        before = self._offset_us
        self._offset_us, now_ns, now_us = self._look()
        if abs(self._offset_us - before) > JUMP_S * 1e6:
            self._since_ns = now_ns
        return now_us if now_ns - self._since_ns >= STEADY_S * 1e9 else None

    def _look(self) -> tuple[int, int, int]:
        ns, now = self._clock.monotonic_ns(), self._clock.now_us()
        return now - ns // 1_000, ns, now
