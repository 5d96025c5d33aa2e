"""Whole periods of the calendar: weeks (ISO 8601, from Monday), months, quarters and years of a time zone.

A period is named as ISO 8601 writes it (`2026-W48`, `2026-11`, `2026`; quarters as `2026-Q4`). Each ends at the instant
at which the next one begins, whatever summer time does in between.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import msgspec

from gateway.core.errors import ConfigurationError

WEEKLY, MONTHLY, QUARTERLY, YEARLY = "weekly", "monthly", "quarterly", "yearly"
LAST_US = 221_845_392_000_000_000
"""The year 9000: what a clock shows beyond it, or before 1970, is taken for that."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Period(msgspec.Struct, frozen=True, kw_only=True):
    """From `since_us` until before `until_us`, microseconds since the epoch."""

    label: str
    since_us: int
    until_us: int


def zone(name: str) -> tzinfo:
    """A time zone by its name in the IANA database; `ConfigurationError` where this machine does not know it."""
    try:
        return UTC if name == "UTC" else ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:  # KeyError: not found; ValueError: a path that leads elsewhere
        raise ConfigurationError("must be UTC or a name of the IANA database that this machine has") from error


def containing(every: str, where: tzinfo, at_us: int) -> Period:
    """The period of this kind that an instant lies in."""
    local = (_EPOCH + timedelta(microseconds=min(max(0, at_us), LAST_US))).astimezone(where)
    return _period(every, where, _STARTS[every](local.date()))


def after(every: str, where: tzinfo, period: Period) -> Period:
    """The period after this one. It begins where this one ends, also where that was reckoned by another time zone: so
    every instant lies in one."""
    # This far on lies within the next one, whichever zone it was: they are at most 26 hours apart.
    found = containing(every, where, period.until_us + 36 * 3_600_000_000)
    return msgspec.structs.replace(found, since_us=period.until_us)


def _period(every: str, where: tzinfo, start: date) -> Period:
    end = _STARTS[every](start + timedelta(days=_LONGER[every]))
    return Period(label=_LABELS[every](start), since_us=_us(where, start), until_us=_us(where, end))


def _us(where: tzinfo, day: date) -> int:
    """The instant at which a day begins there: at midnight, or as soon after as clocks have shown anything."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=where)
    return int(midnight.astimezone(UTC).timestamp()) * 1_000_000


def _quarter(day: date) -> int:
    return (day.month - 1) // 3 + 1


_STARTS: Mapping[str, Callable[[date], date]] = {
    WEEKLY: lambda day: day - timedelta(days=day.weekday()),
    MONTHLY: lambda day: day.replace(day=1),
    QUARTERLY: lambda day: day.replace(month=3 * _quarter(day) - 2, day=1),
    YEARLY: lambda day: day.replace(month=1, day=1),
}
"""The day on which the period of a day began."""
_LONGER: Mapping[str, int] = {WEEKLY: 10, MONTHLY: 40, QUARTERLY: 100, YEARLY: 380}
"""Days from a period's start that lie in the next one, whichever it is."""
_LABELS: Mapping[str, Callable[[date], str]] = {
    WEEKLY: lambda day: f"{day.isocalendar().year:04d}-W{day.isocalendar().week:02d}",
    MONTHLY: lambda day: f"{day.year:04d}-{day.month:02d}",
    QUARTERLY: lambda day: f"{day.year:04d}-Q{_quarter(day)}",
    YEARLY: lambda day: f"{day.year:04d}",
}
