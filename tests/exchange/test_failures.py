"""Failed identifications: limited by source, told in a bounded number of records, and none is lost in the counts."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.checks.limits import Rate
from gateway.exchange.failures import MAX_FIRSTS, MAX_SOURCES, MAX_TOLD, OTHER, Counted, Failures, source_of
from tests.conftest import ManualClock

BAD = "credential_invalid"
MISSING = "credential_missing"


def failures(clock: ManualClock, count: int = 1000) -> Failures:
    return Failures(clock, Rate(count, 60))


def code(counting: Failures, source: str) -> str | None:
    refusal = counting.blocked(source)
    return None if refusal is None else refusal.code


# ------------------------------------------------------------------------------------------ the record


def test_the_first_failure_of_a_source_is_told_at_once_and_the_rest_when_the_window_ends(clock: ManualClock) -> None:
    counting = failures(clock)
    first = counting.note("10.0.0.1", BAD)
    assert first == Counted(source="10.0.0.1", code=BAD, count=1, window_s=60)
    assert [counting.note("10.0.0.1", BAD) for _ in range(3)] == [None] * 3
    assert counting.due() == []
    clock.advance(60)
    assert counting.due() == [Counted(source="10.0.0.1", code=BAD, count=3, window_s=60)]
    assert counting.due() == []


def test_sources_and_codes_are_counted_apart(clock: ManualClock) -> None:
    counting = failures(clock)
    told = [counting.note(source, code) for source in ("a", "b") for code in (BAD, MISSING)]
    assert all(one is not None for one in told)


def test_a_failure_after_its_window_is_a_first_one_again_even_if_nobody_swept(clock: ManualClock) -> None:
    counting = failures(clock)
    counting.note("a", BAD)
    counting.note("a", BAD)
    clock.advance(61)
    again = counting.note("a", BAD)
    assert again is not None
    assert again.count == 1
    assert [one.count for one in counting.due()] == [1]


def test_a_window_without_more_is_not_told_again(clock: ManualClock) -> None:
    counting = failures(clock)
    counting.note("a", BAD)
    clock.advance(60)
    assert counting.due() == []
    assert len(counting) == 0


def test_everything_is_due_at_a_stop(clock: ManualClock) -> None:
    counting = failures(clock)
    counting.note("a", BAD)
    counting.note("a", BAD)
    assert [one.count for one in counting.due(everything=True)] == [1]


def test_a_flood_from_100000_sources_makes_few_records_and_is_counted_whole(clock: ManualClock) -> None:
    counting = failures(clock)
    told = [counting.note(f"{n >> 8}.{n & 255}.0.1", BAD) for n in range(100_000)]
    firsts = [one for one in told if one is not None]
    assert len(firsts) == MAX_FIRSTS
    assert len(counting) == MAX_SOURCES
    clock.advance(60)
    due = counting.due()
    assert len(due) == MAX_TOLD + 1
    (rest,) = [one for one in due if one.source == OTHER]
    assert sum(one.count for one in (*firsts, *due)) == 100_000
    assert rest.sources == 100_000 - MAX_FIRSTS - MAX_TOLD
    assert len(counting) == 0


def test_the_memory_of_a_flood_is_bounded(clock: ManualClock) -> None:
    """Held is what the table holds at its fullest, however long the flood goes on."""
    counting = failures(clock)
    sizes = []
    for n in range(3 * MAX_SOURCES):
        counting.note(f"2001:db8:{n >> 8:x}:{n & 255:x}::1", BAD)
        if n % MAX_SOURCES == MAX_SOURCES - 1:
            sizes.append(sys.getsizeof(counting._sources))
            assert len(counting) == MAX_SOURCES
    assert max(sizes) < 2 * sizes[0]


def test_a_flood_of_one_kind_hides_no_other(clock: ManualClock) -> None:
    counting = failures(clock)
    for n in range(1000):
        counting.note(f"s{n}", MISSING)
    assert counting.note("t", BAD) is not None


def test_the_heaviest_sources_are_told_by_name(clock: ManualClock) -> None:
    counting = failures(clock)
    for n in range(MAX_SOURCES):
        counting.note(f"s{n}", BAD)
    for _ in range(5):
        counting.note("heavy", BAD)
    clock.advance(60)
    assert ("heavy", 5) in [(one.source, one.count) for one in counting.due()]


def test_what_could_not_be_recorded_is_told_later_without_its_source(clock: ManualClock) -> None:
    counting = failures(clock)
    counting.again(Counted(source="a", code=BAD, count=7, window_s=60))
    counting.again(Counted(source=OTHER, code=BAD, count=2, window_s=60, sources=2))
    clock.advance(60)
    assert counting.due() == [Counted(source=OTHER, code=BAD, count=9, window_s=60, sources=3)]


def test_each_ledger_is_counted_for_by_itself_and_a_flood_in_one_hides_nothing_in_another(clock: ManualClock) -> None:
    counting = failures(clock)
    flood = [counting.note(f"s{n}", BAD, "tn_1") for n in range(2 * MAX_TOLD)]
    flood += [counting.note(f"s{n}", BAD, "tn_1") for n in range(2 * MAX_TOLD)]
    assert sum(one is not None for one in flood) == MAX_FIRSTS
    assert counting.note("s0", BAD, "tn_2") == Counted(source="s0", code=BAD, count=1, window_s=60, ledger="tn_2")
    counting.note("s0", BAD, "tn_2")
    clock.advance(60)
    due = counting.due()
    assert [one for one in due if one.ledger == "tn_2"] == [
        Counted(source="s0", code=BAD, count=1, window_s=60, ledger="tn_2")
    ]
    assert len([one for one in due if one.ledger == "tn_1"]) == MAX_TOLD + 1


def test_what_could_not_be_recorded_is_told_later_in_its_own_ledger(clock: ManualClock) -> None:
    counting = failures(clock)
    for ledger in ("tn_1", "tn_2"):
        counting.again(Counted(source="a", code=BAD, count=7, window_s=60, ledger=ledger))
    clock.advance(60)
    assert [(one.ledger, one.count) for one in counting.due()] == [("tn_1", 7), ("tn_2", 7)]


def test_the_limit_of_a_source_is_one_whatever_ledgers_it_is_told_in(clock: ManualClock) -> None:
    counting = failures(clock, 2)
    counting.note("a", BAD, "tn_1")
    counting.note("a", BAD, "tn_2")
    assert code(counting, "a") == "source_limited"


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["a", "b", "::1", "2001:db8::1"]),
            st.sampled_from([BAD, MISSING]),
            *(st.sampled_from(["_system", "tn_1"]), st.integers(0, 40)),
        )
    )
)
def test_whatever_happens_every_failure_is_told_once(events: list[tuple[str, str, str, int]]) -> None:
    clock = ManualClock()
    counting = failures(clock, 3)
    told: list[Counted] = []
    for source, kind, ledger, seconds in events:
        clock.advance(seconds)
        told += [one for one in (counting.note(source, kind, ledger), *counting.due()) if one is not None]
    told += counting.due(everything=True)
    assert sum(one.count for one in told) == len(events)
    assert sum(one.count for one in told if one.ledger == "tn_1") == sum(event[2] == "tn_1" for event in events)


# ------------------------------------------------------------------------------------------ the limit


def test_a_source_that_has_failed_too_often_is_refused_for_as_long_again_and_no_longer(clock: ManualClock) -> None:
    counting = failures(clock, 3)
    for _ in range(2):
        counting.note("a", BAD)
    assert code(counting, "a") is None
    counting.note("a", MISSING)
    assert code(counting, "a") == "source_limited"
    assert code(counting, "b") is None
    clock.advance(59)
    refusal = counting.blocked("a")
    assert refusal is not None
    assert (refusal.status, refusal.retry_after) == (429, 1)
    clock.advance(1)
    assert code(counting, "a") is None
    counting.note("a", BAD)
    assert code(counting, "a") is None


def test_the_window_of_the_record_does_not_open_that_of_the_limit(clock: ManualClock) -> None:
    counting = Failures(clock, Rate(2, 3600))
    counting.note("a", BAD)
    clock.advance(61)
    counting.due()
    counting.note("a", BAD)
    clock.advance(61)
    counting.due()
    assert code(counting, "a") == "source_limited"


def test_what_is_not_the_callers_fault_does_not_count_against_it(clock: ManualClock) -> None:
    counting = failures(clock, 1)
    for kind in ("certificate_unverifiable", "source_limited", "rate_limited"):
        counting.note("a", kind)
    assert code(counting, "a") is None


def test_a_blocked_source_is_not_forgotten_in_a_flood_while_it_goes_on(clock: ManualClock) -> None:
    counting = failures(clock, 3)
    for _ in range(3):
        counting.note("a", BAD)
    for n in range(5 * MAX_SOURCES):
        counting.note(f"s{n}", BAD)
        if n % (MAX_SOURCES // 2) == 0:
            assert code(counting, "a") == "source_limited"
            counting.note("a", "source_limited")
    assert code(counting, "a") == "source_limited"


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1%eth0", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("::1", "::/64"),
        ("local", "local"),
        ("no:address", "no:address"),
    ],
)
def test_an_ipv6_address_counts_as_its_64(address: str, name: str) -> None:
    assert source_of(address) == name


def test_another_address_of_the_same_64_is_blocked_with_it(clock: ManualClock) -> None:
    counting = failures(clock, 1)
    counting.note("2001:db8:1:2::1", BAD)
    assert code(counting, "2001:db8:1:2::2") == "source_limited"
    assert code(counting, "2001:db8:1:3::2") is None


def test_what_is_no_attempt_of_the_source_is_told_and_counts_towards_no_limit(clock: ManualClock) -> None:
    counting = Failures(clock, Rate.parse("1/minute"))
    assert counting.note("10.0.0.1", BAD, limits=False) is not None
    assert counting.blocked("10.0.0.1") is None
    counting.note("10.0.0.1", BAD)
    assert counting.blocked("10.0.0.1") is not None
