"""Times as records write them: RFC 3339, UTC, microseconds, 27 characters, so that text order is time order."""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from gateway.core.errors import FormatError

PATTERN = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{6}Z\Z"
_form = re.compile(PATTERN)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_END_US = 253_402_300_800_000_000
"""The first microsecond of the year 10000."""


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
