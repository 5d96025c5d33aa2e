"""What remains of a date, an age or a postal code when it says no more than Safe Harbor lets it say.

45 CFR 164.514(b)(2)(i): of dates the year, unless it tells of an age over 89; ages over 89 as one; of a ZIP code the
first three digits, and of those areas in which no more than 20,000 people live three zeros.
"""

import re
from collections.abc import Callable, Mapping

from gateway.checks.classification.recognizer import entries

GENERAL = frozenset({"date", "date-of-birth", "age", "postal-code"})
"""The finding types of which something may remain."""
OLDEST = 89
_FEW = frozenset(entries("036 059 063 102 203 556 692 790 821 823 830 831 878 879 884 890 893"))
"""The areas of no more than 20,000 people by the census of 2000, as the guidance of HHS of 2012 lists them."""
_YEAR = re.compile(r"(?<![0-9])(1[89][0-9]{2}|20[0-9]{2})(?![0-9])")
_NUMBER = re.compile(r"[0-9]{1,3}")
_ZIP = re.compile(r"([0-9]{3})[0-9]{2}(?:-?[0-9]{4})?")


def generalised(kind: str, text: str, year: int) -> str | None:
    """What may stand in the place of a finding of this type; None where nothing of it may. `year`: the present one."""
    made = _MAKERS.get(kind)
    return None if made is None else made(text, year)


def _date(text: str, year: int) -> str | None:
    """The one year that is written out in full: of two, or of two digits, nobody can say what they are."""
    years = _YEAR.findall(text)
    return years[0] if len(years) == 1 else None


def _birth(text: str, year: int) -> str | None:
    found = _date(text, year)
    return found if found is not None and 0 <= year - int(found) <= OLDEST else None


def _age(text: str, year: int) -> str | None:
    numbers = _NUMBER.findall(text)
    if len(numbers) != 1:
        return None
    return text if int(numbers[0]) <= OLDEST else _NUMBER.sub(f"over {OLDEST}", text)


def _postal_code(text: str, year: int) -> str | None:
    found = _ZIP.fullmatch(text)
    if found is None:
        return None
    return f"{'000' if found[1] in _FEW else found[1]}**"


_MAKERS: Mapping[str, Callable[[str, int], str | None]] = {
    "date": _date,
    "date-of-birth": _birth,
    "age": _age,
    "postal-code": _postal_code,
}
