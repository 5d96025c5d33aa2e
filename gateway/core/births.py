"""A day of birth whose year, month and day stand in members of their own: `{"dob": {"year": 1984, …}}`, `dob_month`."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

_BORN = re.compile(
    r"(?<![A-Za-z])dob(?![a-z])|Dob(?![a-z])|(?<![A-Z])DOB(?![A-Z])|"
    r"(?i:birth|\bborn|geburt|gebdat|naissance|nacimiento|nascita|nascimento|geboorte|f[øo]dsel)"
)
_PIECE = re.compile(r"(.*?)[_\-. ]?(years?|yyyy|months?|mm|days?|dd|jahr|monat|tag)", re.IGNORECASE)
_KINDS = {"y": "year", "j": "year", "m": "month", "d": "day", "t": "day"}
_LEAST = 3
_LONGEST = 64
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_YEARS = (1880, 2060)


def says_birth(key: str) -> bool:
    """Whether a key speaks of somebody's birth."""
    return len(key) <= _LONGEST and _BORN.search(key) is not None


def of_birth(members: Mapping[str, Any], label: str) -> tuple[str, frozenset[str]] | None:
    """The day of birth that members of an object under `label` are, and their keys; None where they are none. All three
    parts must be there, and of a day that there is: thousands share a year."""
    if len(members) < _LEAST:
        return None
    keys = " ".join(members).lower()
    if "mm" not in keys and "mon" not in keys:
        return None
    found: dict[str, dict[str, str]] = {}
    for key in members:
        piece = _PIECE.fullmatch(key) if len(key) <= _LONGEST else None
        if piece is not None:
            found.setdefault(piece[1], {})[_KINDS[piece[2][0].lower()]] = key
    for stem, named in found.items():
        if len(named) == _LEAST and (says_birth(stem) or (not stem and says_birth(label))):
            day = _day(*(members[named[kind]] for kind in ("year", "month", "day")))
            if day:
                return day, frozenset(named.values())
    return None


def _day(year: Any, month: Any, day: Any) -> str:
    """A day as ISO 8601 writes it; empty for what is none."""
    if isinstance(month, str) and month[:3].lower() in _MONTHS:
        month = _MONTHS.index(month[:3].lower()) + 1
    try:
        told = date(int(year), int(month), int(day))
    except (TypeError, ValueError, OverflowError):
        return ""
    return told.isoformat() if _YEARS[0] <= told.year < _YEARS[1] else ""
