"""What the tests of this package share: an engine, and a clock that moves only when it is read."""

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

    def thread_ns(self) -> int:
        return self.ns


ENGINE = Engine(clock=StillClock(), budget_ms=50)


def told(text: str) -> list[tuple[str, str]]:
    """Type and matched text of each finding, in order."""
    return [(finding.type, text[finding.start : finding.end]) for finding in ENGINE.scan_text(text)]


@pytest.fixture(scope="session")
def engine() -> Engine:
    return ENGINE
