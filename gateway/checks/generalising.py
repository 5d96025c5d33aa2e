"""What remains of a date, an age or a postal code when it says no more than Safe Harbor lets it say.

45 CFR 164.514(b)(2)(i): of dates the year, unless it may tell of an age over 89; ages over 89 as one; of a ZIP code the
first three digits, and of those areas in which no more than 20,000 people live three zeros. Of what is written in
another way than plainly, nothing remains: what a decoded, spaced or foreign spelling says is not what stands there.
"""

import re
from collections.abc import Callable, Mapping

from gateway.checks.classification.readings import IN_CODE
from gateway.checks.classification.recognizer import entries
from gateway.core.finding import Finding

GENERAL = frozenset({"date", "date-of-birth", "age", "postal-code"})
"""The finding types of which something may remain."""
OLDEST = 89
AGED = "over-89"
"""How the reason of an age ends that is above it."""
_FEW = frozenset(entries("036 059 063 102 203 556 692 790 821 823 830 831 878 879 884 890 893"))
"""The areas of no more than 20,000 people by the census of 2000, as the guidance of HHS of 2012 lists them."""
_WRITTEN = re.compile(r"[0-9A-Za-z ,./:=()+\-]*")
"""What a finding may be written with for something of it to remain: whatever else is in it may be another spelling."""
_YEAR = re.compile(r"(?<![0-9])(1[89][0-9]{2}|20[0-9]{2})(?![0-9])")
_NUMBER = re.compile(r"[0-9]+")
_ZIP = re.compile(r"([0-9]{3})[0-9]{2}(?:-?[0-9]{4})?")


def generalised(finding: Finding, text: str, year: int) -> str | None:
    """What may stand in the place of a finding, which is written so; None where nothing of it may. `year`: the present
    one."""
    made = _MAKERS.get(finding.type)
    if made is None or finding.reason.startswith(IN_CODE) or _WRITTEN.fullmatch(text) is None:
        return None
    return made(text, year, finding.reason.endswith(AGED))


def _year(text: str, year: int, aged: bool) -> str | None:
    """The one year that is written out in full, unless somebody of whom it tells may be over 89: of two, or of two
    digits, nobody can say what they are."""
    years = _YEAR.findall(text)
    return years[0] if len(years) == 1 and year - int(years[0]) <= OLDEST else None


def _birth(text: str, year: int, aged: bool) -> str | None:
    found = _year(text, year, aged)
    return found if found is not None and int(found) <= year else None


def _age(text: str, year: int, aged: bool) -> str | None:
    numbers = _NUMBER.findall(text)
    if len(numbers) != 1 or (int(numbers[0]) > OLDEST) != aged:
        return None
    return _NUMBER.sub(f"over {OLDEST}", text) if aged else text


def _postal_code(text: str, year: int, aged: bool) -> str | None:
    found = _ZIP.fullmatch(text)
    if found is None:
        return None
    return f"{'000' if found[1] in _FEW else found[1]}**"


_MAKERS: Mapping[str, Callable[[str, int, bool], str | None]] = {
    "date": _year,
    "date-of-birth": _birth,
    "age": _age,
    "postal-code": _postal_code,
}
