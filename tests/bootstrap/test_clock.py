"""The machine's clock."""

from gateway.bootstrap import SystemClock


def test_the_machines_clock_tells_microseconds_and_never_goes_back() -> None:
    clock = SystemClock()
    assert 1_700_000_000_000_000 < clock.now_us() < 10_000_000_000_000_000
    assert clock.monotonic_ns() <= clock.monotonic_ns()
