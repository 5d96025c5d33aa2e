"""Rates and gauges on a clock that moves when told to."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.checks.limits import Allowed, Gauge, Lease, Limiter, Rate, headers
from gateway.core.errors import ConfigurationError
from gateway.core.refusal import Refusal

SECOND = 1_000_000_000


class StepClock:
    def __init__(self) -> None:
        self.ns = 0

    def monotonic_ns(self) -> int:
        return self.ns

    def thread_ns(self) -> int:
        return self.ns

    def now_us(self) -> int:
        raise AssertionError("limits go by the clock that never goes backwards")


def allowed(limiter: Limiter, key: str, rate: Rate) -> bool:
    return isinstance(limiter.check(key, rate), Allowed)


@pytest.mark.parametrize(
    ("text", "rate"),
    [("600/minute", Rate(600, 60)), ("1/second", Rate(1, 1)), ("5/hour", Rate(5, 3600)), ("9/day", Rate(9, 86400))],
)
def test_a_rate_is_a_count_and_a_unit(text: str, rate: Rate) -> None:
    assert Rate.parse(text) == rate


@pytest.mark.parametrize(
    "text",
    ["", "600", "0/minute", "-1/minute", "1/week", "1 /minute", "1/minute\n", "٣/minute", "1e3/day", "1" * 10 + "/day"],
)
def test_anything_else_is_no_rate(text: str) -> None:
    with pytest.raises(ConfigurationError, match="COUNT/minute"):
        Rate.parse(text)


def test_requests_pass_until_the_rate_is_used_up_and_again_after_the_window() -> None:
    clock, rate = StepClock(), Rate(3, 60)
    limiter = Limiter(clock)
    assert [limiter.check("a", rate) for _ in range(3)] == [Allowed(3, 60, left, 60) for left in (2, 1, 0)]
    assert limiter.check("a", rate) == Refusal(code="rate_limited", retry_after=60)
    clock.ns = 60 * SECOND - 1
    assert limiter.check("a", rate) == Refusal(code="rate_limited", retry_after=1)
    clock.ns = 60 * SECOND
    assert allowed(limiter, "a", rate)


def test_keys_do_not_share_a_rate() -> None:
    limiter = Limiter(StepClock())
    assert allowed(limiter, "a", Rate(1, 1))
    assert allowed(limiter, "b", Rate(1, 1))
    assert not allowed(limiter, "a", Rate(1, 1))


def test_a_refused_request_is_not_counted() -> None:
    clock = StepClock()
    limiter = Limiter(clock)
    allowed(limiter, "a", Rate(1, 1))
    for step in range(10):
        clock.ns = step * SECOND // 10
        assert not allowed(limiter, "a", Rate(1, 1))
    clock.ns = SECOND
    assert allowed(limiter, "a", Rate(1, 1))


def test_what_was_used_stays_used_when_the_rate_changes() -> None:
    limiter = Limiter(StepClock())
    for _ in range(5):
        limiter.check("a", Rate(10, 60))
    assert not allowed(limiter, "a", Rate(5, 60))
    assert not allowed(limiter, "a", Rate(5, 3600))
    assert limiter.check("a", Rate(7, 60)) == Allowed(7, 60, 1, 60)


def test_waiting_as_long_as_told_is_always_enough() -> None:
    clock, rate, draw = StepClock(), Rate(20, 60), random.Random(7)
    limiter = Limiter(clock)
    for _ in range(2000):
        clock.ns += draw.randrange(3 * SECOND)
        found = limiter.check("a", rate)
        if isinstance(found, Refusal):
            assert found.retry_after is not None
            clock.ns += found.retry_after * SECOND
            assert allowed(limiter, "a", rate)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 30), st.lists(st.integers(0, 4 * SECOND), min_size=1, max_size=200))
def test_no_span_of_the_window_ever_holds_more_than_the_count(count: int, steps: list[int]) -> None:
    """And never is a request refused that an exact log, kept a sixtieth of the window longer, would let through."""
    clock, rate = StepClock(), Rate(count, 60)
    limiter = Limiter(clock)
    passed: list[int] = []
    for step in steps:
        clock.ns += step
        inside = sum(clock.ns - at < 60 * SECOND for at in passed)
        nearly = sum(clock.ns - at < 61 * SECOND for at in passed)
        if allowed(limiter, "a", rate):
            assert inside < count
            passed.append(clock.ns)
        else:
            assert nearly >= count


def test_a_key_holds_some_sixty_entries_at_any_rate() -> None:
    clock, rate = StepClock(), Rate(1_000_000, 60)
    limiter = Limiter(clock)
    for _ in range(20_000):
        clock.ns += SECOND // 100
        limiter.check("a", rate)
    assert len(limiter._windows["a"].entries) <= 62


def test_an_idle_key_makes_room_for_a_new_one() -> None:
    clock = StepClock()
    limiter = Limiter(clock, max_keys=3)
    for key in "abc":
        assert allowed(limiter, key, Rate(1, 60))
    clock.ns = 61 * SECOND
    assert allowed(limiter, "d", Rate(1, 60))
    assert len(limiter) == 3


def test_a_key_in_use_is_never_forgotten_a_new_one_is_refused_instead() -> None:
    limiter = Limiter(StepClock(), max_keys=3)
    for key in "abc":
        allowed(limiter, key, Rate(1, 60))
    assert limiter.check("d", Rate(1, 60)) == Refusal(code="rate_limited", retry_after=1)
    assert not any(allowed(limiter, key, Rate(1, 60)) for key in "abc")


def test_an_idle_key_is_found_behind_busy_ones() -> None:
    clock = StepClock()
    limiter = Limiter(clock, max_keys=100)
    for index in range(99):
        allowed(limiter, f"daily{index}", Rate(1, 86400))
    allowed(limiter, "quick", Rate(1, 1))
    clock.ns = 2 * SECOND
    tries = [allowed(limiter, "new", Rate(1, 60)) for _ in range(8)]
    assert tries.index(True) <= 7


def test_a_gauge_counts_what_is_under_way() -> None:
    gauge = Gauge()
    first, second = gauge.acquire("a", 2), gauge.acquire("a", 2)
    assert isinstance(first, Lease)
    assert isinstance(second, Lease)
    assert gauge.acquire("a", 2) == Refusal(code="concurrency_limited", retry_after=1)
    assert isinstance(gauge.acquire("b", 2), Lease)
    gauge.release(first)
    assert isinstance(gauge.acquire("a", 2), Lease)


def test_a_lease_given_back_twice_frees_one_place() -> None:
    gauge = Gauge()
    leases = [gauge.acquire("a", 3) for _ in range(3)]
    assert isinstance(leases[0], Lease)
    gauge.release(leases[0])
    gauge.release(leases[0])
    assert gauge.count("a") == 2


def test_a_gauge_keeps_no_key_that_is_not_in_use() -> None:
    gauge = Gauge()
    lease = gauge.acquire("a", 1)
    assert isinstance(lease, Lease)
    gauge.release(lease)
    gauge.release(lease)
    assert isinstance(gauge.acquire("b", 0), Refusal)
    assert len(gauge) == 0


def test_headers_say_what_is_left_and_what_the_policy_is() -> None:
    assert headers(Allowed(100, 60, 50, 30), Rate(100, 60)) == (
        ("RateLimit", '"default";r=50;t=30'),
        ("RateLimit-Policy", '"default";q=100;w=60'),
    )
    assert headers(Refusal(code="rate_limited", retry_after=7), Rate(100, 60), "tenant") == (
        ("RateLimit", '"tenant";r=0;t=7'),
        ("RateLimit-Policy", '"tenant";q=100;w=60'),
        ("Retry-After", "7"),
    )
