import datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.core.errors import FormatError
from gateway.ledger.times import day, parse_timestamp, read_time, timestamp

END_US = 253_402_300_800_000_000


def test_the_form_is_rfc_3339_in_utc_with_microseconds() -> None:
    assert timestamp(1_795_482_123_000_004) == "2026-11-24T01:02:03.000004Z"
    assert timestamp(0) == "1970-01-01T00:00:00.000000Z"
    assert timestamp(END_US - 1) == "9999-12-31T23:59:59.999999Z"


@given(us=st.integers(0, END_US - 1))
@example(us=951_782_400_000_000)  # 29 February 2000
@settings(max_examples=200)
def test_every_time_is_read_back_and_agrees_with_the_standard_library(us: int) -> None:
    text = timestamp(us)
    assert len(text) == 27
    assert parse_timestamp(text) == us
    moment = datetime.datetime.fromisoformat(text)
    assert moment - datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC) == datetime.timedelta(microseconds=us)


@given(one=st.integers(0, END_US - 1), other=st.integers(0, END_US - 1))
def test_text_order_is_time_order(one: int, other: int) -> None:
    assert (timestamp(one) < timestamp(other)) == (one < other)


@pytest.mark.parametrize("us", [-1, END_US, 10**30])
def test_times_outside_of_four_digit_years_since_the_epoch_are_refused(us: int) -> None:
    with pytest.raises(FormatError):
        timestamp(us)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-11-24T01:02:03.000004",
        "2026-11-24T01:02:03.000004z",
        "2026-11-24T01:02:03.000004+00:00",
        "2026-11-24 01:02:03.000004Z",
        "2026-11-24T01:02:03.00004Z",
        "2026-11-24T01:02:03Z",
        "2026-11-24T01:02:60.000000Z",
        "2026-11-24T24:00:00.000000Z",
        "2026-02-29T00:00:00.000000Z",
        "2026-13-01T00:00:00.000000Z",
        "2026-00-01T00:00:00.000000Z",
        "0000-01-01T00:00:00.000000Z",
        "1969-12-31T23:59:59.999999Z",
        "2026-11-24T01:02:03.000004Z\n",
        "２026-11-24T01:02:03.000004Z",
    ],
)
def test_any_other_form_is_refused(text: str) -> None:
    with pytest.raises(FormatError):
        parse_timestamp(text)


@given(text=st.text(alphabet="0123456789-T:.Z", max_size=30))
@settings(max_examples=200)
def test_what_is_read_is_written_back(text: str) -> None:
    try:
        us = parse_timestamp(text)
    except FormatError:
        return
    assert timestamp(us) == text


@pytest.mark.parametrize("text", ["2026-02-30", "", "abc", "2026-1-1"])
def test_days_that_the_calendar_does_not_have_are_refused(text: str) -> None:
    with pytest.raises(FormatError):
        day(text)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-24T00:00:00Z",
        "2026-11-24",
        "2026-11-24t01:00:00+01:00",
        "2026-11-24 00:00:00.000000z",
        "2026-11-23T23:30:00-00:30",
    ],
)
def test_a_time_may_be_written_as_people_write_it(text: str) -> None:
    assert read_time(text) == "2026-11-24T00:00:00.000000Z"


@pytest.mark.parametrize(
    "text",
    [
        *("now", "", "2026-11-24T00:00:00", "2026-02-30", "2026-11-24T25:00:00Z", "2026-11-24\n", "٢٠٢٦-11-24"),
        *("1969-12-31", "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00"),
    ],
)
def test_other_words_are_no_time(text: str) -> None:
    assert read_time(text) is None
