"""Names of people by dictionary: a run of words in capitals is a name from its first given name on.

How sure that is depends on what follows: a known family name, an initial, any other word in capitals, nothing. Given
names that are words, places or products as well (`Grace`, `Paris`, `Julia`) are names only before a family name.
"""

import hashlib

from gateway.checks.classification.recognizer import entries
from gateway.checks.classification.tables.first_names import DOUBTFUL, FIRST
from gateway.checks.classification.tables.last_names import LAST
from gateway.checks.classification.validators import NOT_NAMES, Check, Verdict

DIGEST = hashlib.sha256(" ".join((*sorted(FIRST), *sorted(DOUBTFUL), *sorted(LAST))).encode()).hexdigest()
"""Part of the version of what ships."""
GRADES = (("full-name", 0.85), ("given-and-other", 0.7), ("given-name", 0.55))
"""Reason → score."""
_PARTICLES = frozenset(entries("van von de der den da di du del la le el al bin ibn ter zu dos das af av"))
_THINGS = frozenset(
    entries(
        "avenue street st road rd lane ln drive boulevard blvd square place court way park bridge river lake mountain "
        "island bay beach valley hill hills county city town village state states north south east west northern "
        "southern eastern western central church cathedral school academy college institute society association club "
        "league cup prize award awards museum theatre theater gallery library hotel airport station stadium arena "
        "center centre foundation trust fund group holdings partners consulting bank insurance hospital clinic medical "
        "health pharmacy university press books records music film pictures studio studios festival show series "
        "season episode day week month year century war battle treaty act law bill code report paper journal review "
        "times post news daily magazine edition volume chapter part section page api sdk app cloud server data model "
        "assistant agent bot team inc llc ltd gmbh corp plc co general memorial family practice gardens"
    )
)
"""What bears a name and is nobody."""
_BEFORE = frozenset(entries("New Port North South East West Lake Fort Mount Mt Saint St San Santa"))
"""With what the names of places begin."""


def _stem(token: str) -> str:
    """A word without what belongs to the sentence: a possessive, marks."""
    plain = token.rstrip(".,;:!?'\u2019")
    for ending in ("'s", "\u2019s"):
        plain = plain.removesuffix(ending)
    return plain


def _is_initial(token: str) -> bool:
    return len(token.rstrip(".")) == 1 and token[0].isupper()


def known(text: str) -> Verdict | None:
    """The first name of a dictionary in a run of words, with what of it goes with that; none in the name of a place or
    of a thing (`Port Mitchell`, `Perry Stadium`)."""
    position = 0
    tokens = text.split(" ")
    if tokens[0].rstrip(".") in _BEFORE:
        return None
    for index, token in enumerate(tokens):
        stem = _stem(token)
        head = stem.partition("-")[0]
        sure = stem in FIRST or head in FIRST
        if sure or stem in DOUBTFUL:
            found = _name(position, stem, tokens[index + 1 :], ended=stem != token, sure=sure)
            if found is not None:
                return found
        position += len(token) + 1
    return None


def _name(start: int, given: str, following: list[str], *, ended: bool, sure: bool) -> Verdict | None:
    """A name that begins with this given one. `ended`: whether something stands between it and what follows."""
    end = position = start + len(given)
    family = other = initial = False
    for token in () if ended else following:
        position += 1 + len(token)
        stem = _stem(token)
        if _is_initial(token) and (sure or not initial):
            initial, end = True, position
            continue
        if token in _PARTICLES and sure:
            continue
        if stem.lower() in _THINGS and stem[:1].isupper() and not family:
            return None
        if stem.lower() in NOT_NAMES or stem.lower() in _THINGS or not stem[:1].isupper():
            break
        family = family or stem in LAST or stem in FIRST or stem.partition("-")[0] in LAST
        other = True
        end = position - len(token) + len(stem)
        if stem != token:
            break
    if family or (initial and other):
        return "full-name", start, end
    if sure:
        return ("given-and-other" if other else "given-name"), start, end
    return None


def title(text: str) -> Verdict | None:
    """The title, or several, before a name's first letter."""
    return "title", 0, len(text.rpartition(" ")[0].rstrip("."))


CHECKS: dict[str, Check] = {"known": known, "title": title}
