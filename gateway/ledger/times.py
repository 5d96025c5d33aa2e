"""Times as records write them: RFC 3339, UTC, microseconds, 27 characters, so that text order is time order."""

import re
from calendar import monthrange
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from gateway.core.errors import FormatError

PATTERN = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{6}Z\Z"
_form = re.compile(PATTERN)
_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?([Zz]|[+-]\d\d:\d\d))?", re.ASCII
)  # RFC 3339 §5.6 with at most microseconds, or a date alone: its midnight, UTC
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_END_US = 253_402_300_800_000_000
"""The first microsecond of the year 10000."""
_LAST_YEAR = 9999


def timestamp(us: int) -> str:
    """`2026-11-24T01:02:03.000004Z` for microseconds since the epoch; `FormatError` outside 1970 to 9999."""
    if not 0 <= us < _END_US:
        raise FormatError("a time must lie between the years 1970 and 9999")
    seconds, micros = divmod(us, 1_000_000)
    return f"{_second(seconds)}{micros:06d}Z"


def parse_timestamp(text: str) -> int:
    """Microseconds since the epoch of exactly the form that `timestamp` writes; `FormatError` otherwise."""
    if not _form.search(text) or text < "1970":
        raise FormatError("a time must have the form 2026-11-24T01:02:03.000004Z")
    hours, minutes, seconds, micros = int(text[11:13]), int(text[14:16]), int(text[17:19]), int(text[20:26])
    return ((day(text[:10]) * 24 + hours) * 3600 + minutes * 60 + seconds) * 1_000_000 + micros


def read_time(text: str) -> str | None:
    """The 27 characters of a time or date (RFC 3339), None for any other text."""
    match = _TIME.fullmatch(text)
    if match is None:
        return None
    date, clock, fraction, zone = match.groups()
    try:
        if clock is None:
            moment = datetime.fromisoformat(f"{date}T00:00:00+00:00")
        else:
            offset = "+00:00" if zone in "Zz" else zone
            moment = datetime.fromisoformat(f"{date}T{clock}.{(fraction or '').ljust(6, '0')}{offset}")
        return timestamp((moment.astimezone(UTC) - _EPOCH) // timedelta(microseconds=1))
    except (ValueError, OverflowError, FormatError):
        return None


def month_after(us: int) -> int:
    """The end of the month within which a request is answered (GDPR Art. 12(3)): the last microsecond, in UTC, of the
    same day of the next month, or of its last day (Regulation 1182/71 Art. 3(2)(c)). Microseconds since the epoch, as
    all; `FormatError` beyond 9999."""
    moment = _EPOCH + timedelta(microseconds=us)
    year, month = (moment.year + 1, 1) if moment.month == 12 else (moment.year, moment.month + 1)
    if year > _LAST_YEAR:
        raise FormatError("a time must lie between the years 1970 and 9999")
    last = datetime(year, month, min(moment.day, monthrange(year, month)[1]), 23, 59, 59, 999_999, tzinfo=UTC)
    return (last - _EPOCH) // timedelta(microseconds=1)


@lru_cache(maxsize=64)
def day(text: str) -> int:
    """Days since the epoch of a date (`2026-11-24`) that the calendar has; `FormatError` for others."""
    try:
        return (datetime(int(text[:4]), int(text[5:7]), int(text[8:10]), tzinfo=UTC) - _EPOCH).days
    except ValueError as error:
        raise FormatError("a date that the calendar does not have") from error


@lru_cache(maxsize=16)
def _second(seconds: int) -> str:
    return (_EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S.")
