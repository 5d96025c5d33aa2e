"""Failed identifications: the first of a window is told at once, the rest are counted, and none is lost."""

from gateway.exchange.failures import MAX_SOURCES, OTHER, Failures
from tests.conftest import ManualClock


def test_the_first_failure_of_a_source_is_told_at_once_and_the_rest_when_the_window_ends(clock: ManualClock) -> None:
    failures = Failures(clock)
    first = failures.note("10.0.0.1", "credential_invalid")
    assert first is not None
    assert first.count == 1
    assert [failures.note("10.0.0.1", "credential_invalid") for _ in range(3)] == [None] * 3
    assert failures.due() == []
    clock.advance(60)
    (counted,) = failures.due()
    assert (counted.source, counted.code, counted.count, counted.window_s) == ("10.0.0.1", "credential_invalid", 3, 60)
    assert failures.due() == []


def test_sources_and_codes_are_counted_apart(clock: ManualClock) -> None:
    failures = Failures(clock)
    told = [failures.note(source, code) for source in ("a", "b") for code in ("x", "y")]
    assert all(one is not None for one in told)


def test_a_failure_after_its_window_is_a_first_one_again_even_if_nobody_swept(clock: ManualClock) -> None:
    failures = Failures(clock)
    failures.note("a", "x")
    failures.note("a", "x")
    clock.advance(61)
    again = failures.note("a", "x")
    assert again is not None
    assert again.count == 1
    assert [one.count for one in failures.due()] == [1]


def test_a_window_without_more_is_not_told_again(clock: ManualClock) -> None:
    failures = Failures(clock)
    failures.note("a", "x")
    clock.advance(60)
    assert failures.due() == []


def test_everything_is_due_at_a_stop(clock: ManualClock) -> None:
    failures = Failures(clock)
    failures.note("a", "x")
    failures.note("a", "x")
    assert [one.count for one in failures.due(everything=True)] == [1]


def test_more_sources_than_are_kept_share_one_name(clock: ManualClock) -> None:
    failures = Failures(clock)
    for number in range(MAX_SOURCES):
        failures.note(str(number), "x")
    shared = failures.note("one more", "x")
    assert shared is not None
    assert shared.source == OTHER
    assert failures.note("and another", "x") is None
