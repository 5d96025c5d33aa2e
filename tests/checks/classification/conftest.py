"""What the tests of this package share: an engine, and a clock that stands still unless told otherwise."""

import pytest

from gateway.checks.classification.engine import Engine


class StillClock:
    """A clock that moves by `tick_ns` each time it is read."""

    def __init__(self, tick_ns: int = 0) -> None:
        self.tick_ns = tick_ns
        self.ns = 0

    def now_us(self) -> int:
        return self.ns // 1000

    def monotonic_ns(self) -> int:
        self.ns += self.tick_ns
        return self.ns


@pytest.fixture(scope="session")
def engine() -> Engine:
    return Engine(clock=StillClock(), budget_ms=50)
