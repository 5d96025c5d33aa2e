"""Counters in memory: all or nothing, never more than the count in any span of the window, given back where it was."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.checks.counters import MemoryCounters
from gateway.core.counters import SLICES, Change, Exceeded, Level, Want, step_us
from tests.conftest import ManualClock

MINUTE = 60_000_000


def want(key: str = "t:a", count: int = 10, amount: int = 1, window_us: int = MINUTE, **fields: Any) -> Want:
    return Want(key, count, amount, window_us, **fields)


def levels(answer: tuple[Level, ...] | Exceeded) -> list[int]:
    assert isinstance(answer, tuple)
    return [level.used for level in answer]


def test_what_does_not_fit_into_one_limit_is_counted_in_none(clock: ManualClock) -> None:
    counters = MemoryCounters(clock)
    wide, narrow, open_ = want("t:wide"), want("t:narrow", count=1), want("t:open", window_us=0)
    assert levels(counters.take("one", [wide, open_, narrow])) == [1, 1, 1]
    refused = counters.take("two", [wide, open_, narrow])
    assert isinstance(refused, Exceeded)
    assert refused.index == 2
    assert (levels(counters.take("three", [wide])), counters.count("t:open")) == ([2], 1)


def test_the_wait_that_is_told_is_enough_and_no_more_than_a_slice_too_long(clock: ManualClock) -> None:
    counters = MemoryCounters(clock)
    counters.take("a", [want(amount=4)])
    clock.advance(30)
    counters.take("b", [want(amount=6)])
    for needed, at_least in ((4, 30), (5, 60), (10, 60)):
        refused = counters.take("c", [want(amount=needed)])
        assert isinstance(refused, Exceeded)
        assert at_least <= refused.retry_after <= at_least + 2
    first = counters.take("c", [want(amount=4)])
    assert isinstance(first, Exceeded)
    clock.advance(first.retry_after)
    assert levels(counters.take("c", [want(amount=4)])) == [10]


def test_more_than_a_limit_ever_has_is_told_to_wait_for_its_whole_window(clock: ManualClock) -> None:
    assert MemoryCounters(clock).take("a", [want(count=5, amount=6)]) == Exceeded(0, 60)


def test_a_soft_limit_counts_on_beyond_its_count(clock: ManualClock) -> None:
    counters = MemoryCounters(clock)
    soft = want(count=2, hard=False)
    assert [levels(counters.take(str(n), [soft]))[0] for n in range(4)] == [1, 2, 3, 4]


def test_requests_under_way_are_given_back_once_whoever_says_so_how_often(clock: ManualClock) -> None:
    counters, held = MemoryCounters(clock), want("t:open", count=2, window_us=0)
    assert levels(counters.take("a", [held])) == [1]
    assert levels(counters.take("b", [held])) == [2]
    assert counters.take("c", [held]) == Exceeded(0, 1)
    assert set(counters.leases()) == {("t:open", "a"), ("t:open", "b")}
    for _ in range(3):
        counters.settle([Change("t:open", 0, 0, 0, "a"), Change("t:open", 0, 0, 0, "nobody")])
    assert counters.count("t:open") == 1
    counters.settle([Change("t:open", 0, 0, 0, "b"), Change("t:never", 0, 0, 0, "b")])
    assert (counters.count("t:open"), list(counters.leases())) == (0, [])


def test_what_is_settled_goes_back_to_its_own_slice_and_what_is_more_counts_from_now(clock: ManualClock) -> None:
    counters = MemoryCounters(clock)
    answer = counters.take("a", [want(count=100, amount=50)])
    assert isinstance(answer, tuple)
    clock.advance(40)
    counters.take("b", [want(count=100, amount=7)])
    counters.settle([Change("t:a", MINUTE, -30, answer[0].slice, "a"), Change("t:a", MINUTE, 5, answer[0].slice, "a")])
    assert list(counters.totals()) == [("t:a", MINUTE, 32)]
    clock.advance(22)
    assert list(counters.totals()) == [("t:a", MINUTE, 12)]  # the 7 and the 5
    counters.settle([Change("t:a", MINUTE, -20, answer[0].slice, "a")])
    assert list(counters.totals()) == [("t:a", MINUTE, 12)]  # what left the window cannot be given back
    counters.settle([Change("t:new", MINUTE, -1, 0, "a"), Change("t:new", MINUTE, 3, 0, "a")])
    assert ("t:new", MINUTE, 3) in list(counters.totals())


def test_more_is_never_given_back_than_was_taken(clock: ManualClock) -> None:
    counters = MemoryCounters(clock)
    answer = counters.take("a", [want(amount=3)])
    assert isinstance(answer, tuple)
    counters.settle([Change("t:a", MINUTE, -9, answer[0].slice, "a")])
    assert list(counters.totals()) == []
    assert levels(counters.take("b", [want(amount=10)])) == [10]


def test_a_used_key_is_never_forgotten_for_a_new_one(clock: ManualClock) -> None:
    counters = MemoryCounters(clock, max_keys=2)
    counters.take("a", [want("t:1"), want("t:2")])
    assert counters.take("b", [want("t:3")]) == Exceeded(0, 1)
    assert levels(counters.take("b", [want("t:3")], forced=True)) == [1]
    counters.settle([Change("t:4", MINUTE, 1, 0, "a")])
    assert len(counters) == 2
    clock.advance(62)
    assert levels(counters.take("c", [want("t:3"), want("t:4")])) == [1, 1]
    assert levels(counters.take("c", [want("t:3"), want("t:4")])) == [2, 2]


def test_no_tenant_takes_the_room_of_another(clock: ManualClock) -> None:
    counters = MemoryCounters(clock, max_keys=2)
    counters.take("a", [want("t:1"), want("t:2")])
    assert counters.take("b", [want("t:3")]) == Exceeded(0, 1)
    assert levels(counters.take("b", [want("u:1"), want("u:2")])) == [1, 1]
    assert [key for key, _, _ in counters.totals()] == ["t:1", "t:2", "u:1", "u:2"]


def test_a_soft_limit_for_which_there_is_no_room_goes_on(clock: ManualClock) -> None:
    counters = MemoryCounters(clock, max_keys=1)
    counters.take("a", [want("t:1")])
    answer = counters.take("b", [want("t:1"), want("t:2", hard=False)])
    assert levels(answer) == [2, 1]
    assert isinstance(answer, tuple)
    counters.settle([Change("t:2", MINUTE, -1, answer[1].slice, "b"), Change("t:2", MINUTE, 4, answer[1].slice, "b")])
    assert list(counters.totals()) == [("t:1", MINUTE, 2)]


def test_room_for_one_want_is_not_made_at_the_expense_of_another_of_the_same_request(clock: ManualClock) -> None:
    counters = MemoryCounters(clock, max_keys=1)
    counters.take("a", [want("t:1", count=1), want("t:2", count=1)])
    refused = counters.take("b", [want("t:1", count=1)])
    assert isinstance(refused, Exceeded)


def test_a_share_of_a_limit_is_rounded_down(clock: ManualClock) -> None:
    counters = MemoryCounters(clock)
    counters.share = 3
    granted = [counters.take(str(n), [want(count=10), want("t:o", count=10, window_us=0)]) for n in range(5)]
    assert [isinstance(answer, tuple) for answer in granted] == [True, True, True, False, False]
    assert levels(counters.take("f", [want(count=10)], forced=True)) == [4]


async def test_the_port_is_the_same_as_taking(clock: ManualClock) -> None:
    counters = MemoryCounters(clock)
    assert levels(await counters.reserve("a", [want()])) == [1]


_STEPS = st.lists(
    st.tuples(st.floats(0, 20), st.integers(1, 6), st.one_of(st.none(), st.integers(0, 8))), min_size=1, max_size=60
)


@settings(deadline=None, max_examples=150)
@given(_STEPS, st.integers(1, 20))
def test_in_no_span_of_the_window_is_more_used_than_the_count_and_what_fits_is_not_refused_for_long(
    steps: list[tuple[float, int, int | None]], count: int
) -> None:
    """Against a list of all that was granted, with what of it was settled to less."""
    clock, window = ManualClock(), 10
    counters = MemoryCounters(clock)
    used: list[list[float]] = []
    step = step_us(window * 1_000_000)
    for wait, amount, back in steps:
        clock.advance(wait)
        now = clock.ns / 1e9
        answer = counters.take("a", [want(count=count, amount=amount, window_us=window * 1_000_000)])
        late = window * (1 + 1 / SLICES) + step / 1e6
        if isinstance(answer, Exceeded):
            assert sum(value for at, value in used if at > now - late) + amount > count
            continue
        used.append([now, amount])
        if back is not None:
            counters.settle([Change("t:a", window * 1_000_000, -min(back, amount), answer[0].slice, "a")])
            used[-1][1] -= min(back, amount)
        for at, _ in used:
            assert sum(value for other, value in used if at - window < other <= at) <= count


@pytest.mark.parametrize("window_s", [1, 7, 3600, 2_678_400])
def test_a_place_is_free_again_after_the_window_and_a_sixtieth_of_it(clock: ManualClock, window_s: int) -> None:
    counters, one = MemoryCounters(clock), want(count=1, window_us=window_s * 1_000_000)
    counters.take("a", [one])
    clock.advance(window_s * 0.999)
    assert isinstance(counters.take("b", [one]), Exceeded)
    clock.advance(window_s * 0.02)
    assert levels(counters.take("b", [one])) == [1]
