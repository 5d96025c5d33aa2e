"""A clock is believed once it has run for a minute without a jump, and what it shows is told with that."""

import pytest

from gateway.exchange.steady import Steady
from tests.conftest import ManualClock


def test_it_is_believed_after_a_minute(clock: ManualClock) -> None:
    steady = Steady(clock)
    clock.advance(59)
    assert steady.now_us() is None
    clock.advance(1)
    assert steady.now_us() == clock.us


@pytest.mark.parametrize("jump_s", [6, -6, 10**9])
def test_after_a_jump_it_is_not_believed_for_a_minute(jump_s: int, clock: ManualClock) -> None:
    steady = Steady(clock)
    clock.advance(60)
    clock.us += jump_s * 1_000_000
    assert steady.now_us() is None
    clock.advance(60)
    assert steady.now_us() == clock.us


def test_what_is_set_right_little_by_little_is_no_jump(clock: ManualClock) -> None:
    steady = Steady(clock)
    for _ in range(20):
        clock.advance(15)
        clock.us += 4_000_000
        steady.now_us()
    assert steady.now_us() == clock.us
