"""Periods follow each other without a gap, whatever the calendar and the clocks of a place do."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.errors import ConfigurationError
from gateway.core.periods import Period, after, containing, zone

EVERY = ("weekly", "monthly", "quarterly", "yearly")
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Pacific/Apia", "America/Santiago", "Asia/Kathmandu")


def us(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp()) * 1_000_000


@pytest.mark.parametrize(
    ("every", "at", "label", "since", "until"),
    [
        ("monthly", "2026-11-28T01:33:00Z", "2026-11", "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z"),
        ("monthly", "2028-02-29T23:59:59Z", "2028-02", "2028-02-01T00:00:00Z", "2028-03-01T00:00:00Z"),
        ("quarterly", "2026-12-31T23:59:59Z", "2026-Q4", "2026-10-01T00:00:00Z", "2027-01-01T00:00:00Z"),
        ("yearly", "2026-01-01T00:00:00Z", "2026", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"),
        ("weekly", "2027-01-03T12:00:00Z", "2026-W53", "2026-12-28T00:00:00Z", "2027-01-04T00:00:00Z"),
        ("weekly", "2027-01-04T00:00:00Z", "2027-W01", "2027-01-04T00:00:00Z", "2027-01-11T00:00:00Z"),
    ],
)
def test_an_instant_lies_in_the_period_that_the_calendar_says(
    every: str, at: str, label: str, since: str, until: str
) -> None:
    found = containing(every, UTC, us(at))
    assert found == Period(label=label, since_us=us(since), until_us=us(until))


def test_a_month_of_a_place_begins_at_its_midnight_in_summer_and_in_winter() -> None:
    found = containing("monthly", zone("Europe/Berlin"), us("2026-10-15T00:00:00Z"))
    assert (found.since_us, found.until_us) == (us("2026-09-30T22:00:00Z"), us("2026-10-31T23:00:00Z"))


@given(st.sampled_from(EVERY), st.sampled_from(ZONES), st.integers(0, 4_102_444_800_000_000))
def test_each_ends_where_the_next_begins_and_holds_what_it_was_asked_for(every: str, name: str, at: int) -> None:
    where = zone(name)
    found = containing(every, where, at)
    assert found.since_us <= at < found.until_us or at < found.since_us == 0
    following = after(every, where, found)
    assert following.since_us == found.until_us < following.until_us
    assert following.label > found.label
    assert containing(every, where, found.until_us) == following
    assert containing(every, where, found.until_us - 1).label == found.label


@pytest.mark.parametrize("at", [0, -5, 10**18])
@pytest.mark.parametrize("every", EVERY)
def test_a_clock_that_shows_nonsense_is_in_some_period(every: str, at: int) -> None:
    assert containing(every, UTC, at).label


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../etc/passwd", "/etc/localtime", "utc\0"])
def test_a_zone_that_there_is_not_is_said_to_be_none(name: str) -> None:
    with pytest.raises(ConfigurationError, match="must be UTC or a name"):
        zone(name)
