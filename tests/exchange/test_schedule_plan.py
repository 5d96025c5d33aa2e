"""Every instant from a schedule's first period on lies in one of its periods, or in those that are missing."""

from datetime import UTC, datetime, tzinfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.periods import zone
from gateway.exchange.schedule_plan import Plan
from gateway.store.scheduled import MISSED, WAITING, Scheduled

DAY_US = 86_400_000_000


def us(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000_000


def plan(every: str = "monthly", where: tzinfo = UTC, catch_up: int = 12) -> Plan:
    return Plan(
        id="monthly",
        tenant="tn_1",
        name="clinic",
        every=every,
        zone=where,
        about="framework:hipaa",
        details=False,
        attach=(),
        recipients=(),
        catch_up=catch_up,
    )


def test_the_first_is_the_one_that_it_is_now() -> None:
    (row,) = plan().begun(None, us("2026-10-20T12:00:00")).rows
    assert (row.period, row.state, row.tenant, row.schedule) == ("2026-10", WAITING, "tn_1", "monthly")
    assert plan().begun(row, row.until_us - 1).rows == ()
    assert [one.period for one in plan().begun(row, row.until_us).rows] == ["2026-11"]


def test_of_too_many_the_older_ones_are_one_row_and_the_others_follow_behind_it() -> None:
    (row,) = plan().begun(None, us("2026-10-20T12:00:00")).rows
    found = plan(catch_up=2).begun(row, us("2027-06-15T00:00:00"))
    missed = found.missed
    assert missed is not None
    assert (missed.period, missed.state, missed.since_us, missed.until_us, found.number, found.rows) == (
        "2026-11",
        MISSED,
        row.until_us,
        us("2027-04-01T00:00:00"),
        5,
        (),
    )
    rest = plan(catch_up=2).begun(missed, us("2027-06-15T00:00:00"))
    assert [one.period for one in rest.rows] == ["2027-04", "2027-05", "2027-06"]


@pytest.mark.parametrize("here", ["Asia/Tokyo", "Pacific/Kiritimati", "Etc/GMT+12", "UTC"])
@pytest.mark.parametrize("there", ["America/Los_Angeles", "Etc/GMT+12", "Pacific/Kiritimati", "UTC"])
@pytest.mark.parametrize("every", ["weekly", "monthly"])
def test_a_change_of_zone_leaves_no_hour_out_and_none_in_two(every: str, here: str, there: str) -> None:
    (row,) = plan(every, zone(here)).begun(None, us("2026-11-12T12:00:00")).rows
    known = row
    for day in range(60):
        for one in plan(every, zone(there)).begun(known, row.until_us - DAY_US + day * DAY_US).rows:
            assert one.since_us == known.until_us
            assert one.period > known.period
            known = one
    assert known.until_us > row.until_us + 58 * DAY_US - 31 * DAY_US


@given(
    st.sampled_from(["weekly", "monthly", "quarterly", "yearly"]),
    st.integers(0, 10**17),
    st.integers(0, 10**16),
    st.integers(1, 20),
)
def test_whenever_somebody_comes_again_every_instant_lies_in_one(every: str, at: int, later: int, most: int) -> None:
    schedule = plan(every, catch_up=most)
    known: list[Scheduled] = list(schedule.begun(None, at).rows)
    for _ in range(2):  # the second time for what follows behind what is missing
        found = schedule.begun(known[-1], at + later)
        known += [*found.rows, *([] if found.missed is None else [found.missed])]
    assert [one.until_us for one in known[:-1]] == [one.since_us for one in known[1:]]
    assert known[-1].since_us <= at + later < known[-1].until_us
    assert len(known) <= most + 3


def test_a_bundle_is_asked_for_with_the_bounds_that_its_row_has() -> None:
    (row,) = plan().begun(None, us("2026-10-20T12:00:00")).rows
    moved = msgspec.structs.replace(row, since_us=us("2026-10-02T03:00:00"))
    asked = plan().asked(moved)
    assert asked.period == ("2026-10-02T03:00:00.000000Z", "2026-11-01T00:00:00.000000Z")
    assert (asked.about, asked.details) == ("framework:hipaa", False)
