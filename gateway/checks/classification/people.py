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
LISTED = "listed-name"
"""The reason of a family name before a given one."""
PARTICLES = frozenset(entries("van von de der den da di du del la le el al bin ibn ter zu dos das do af av"))
"""Small words within a family name."""
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
_WORDS = NOT_NAMES | _THINGS
_IRISH = 4
"""Characters than which such a name is longer."""
BEFORE = frozenset(entries("New Port North South East West Lake Fort Mount Mt Saint St San Santa"))
"""With what the names of places begin."""


def _in_upper(*tables: frozenset[str]) -> frozenset[str]:
    """Names as they stand in capitals, but those that are words."""
    return frozenset(name.upper() for table in tables for name in table if name.lower() not in _WORDS)


_SURE_CAPITALS, GIVEN_CAPITALS, _LAST_CAPITALS = _in_upper(FIRST), _in_upper(FIRST, DOUBTFUL), _in_upper(LAST)


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
    if tokens[0].rstrip(".") in BEFORE:
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
        if token in PARTICLES and sure:
            continue
        if stem.lower() in _THINGS and stem[:1].isupper() and not family:
            return None
        if stem.lower() in _WORDS or not stem[:1].isupper():
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


def capitals(text: str) -> Verdict | None:
    """The first name in a run of words of which the first is in capitals: given before family (`JOHN Q. SMITH`), or
    family before given (`SMITH, JOHN`, `SMITH John`), both of a dictionary; none in the name of a
    thing (`JAMES SMITH HOSPITAL`)."""
    position = 0
    tokens = text.split(" ")
    for index in range(len(tokens) - 1):
        further = [token.upper() for token in tokens[index + 1 :]]
        length = _in_capitals([tokens[index], *further])
        if length:
            ended = index + length
            if ended < len(tokens) and _stem(tokens[ended]).lower() in _THINGS and _is_open(tokens[ended - 1]):
                return None
            end = position + len(" ".join(tokens[index:ended]))
            return "full-name", position, end - len(tokens[ended - 1]) + len(tokens[ended - 1].rstrip(".,"))
        position += len(tokens[index]) + 1
    return None


def _in_capitals(tokens: list[str]) -> int:
    """Of how many of these words a name consists that begins with the first; 0 where none does."""
    first = tokens[0].rstrip(",")
    inner = 1
    while inner < len(tokens) - 1 and (_is_initial(tokens[inner]) or tokens[inner] in _SURE_CAPITALS):
        inner += 1
    last = tokens[inner].rstrip(".,")
    if _is_open(tokens[0]) and first in GIVEN_CAPITALS and _is_family(last):
        double = inner + 1 < len(tokens) and _is_open(tokens[inner]) and tokens[inner + 1] in _LAST_CAPITALS
        return inner + 1 + double
    given = tokens[1].rstrip(".,").partition("-")[0]
    if _is_family(first) and given in (_SURE_CAPITALS if _is_open(tokens[0]) else GIVEN_CAPITALS):
        return 2 + (len(tokens) > 2 and _is_initial(tokens[2]) and _is_open(tokens[1]))
    return 0


def _is_family(token: str) -> bool:
    """Whether a word in capitals is a family name: of the dictionary, or Irish by its form."""
    return token in _LAST_CAPITALS or (token[:2] in ("O'", "O\u2019") and len(token) > _IRISH)


def _is_open(token: str) -> bool:
    """Whether what follows a word may go on with it."""
    return token[-1:] != ","


def listed(text: str) -> Verdict | None:
    """A family name of a dictionary before a given one (`Brandt, Anna M.`)."""
    family, _, given = text.partition(", ")
    known_as = family in LAST and family.lower() not in _WORDS
    return (LISTED, 0, len(text)) if known_as and given.split(" ")[0] in FIRST else None


def listed_close(text: str) -> Verdict | None:
    """A family name of a dictionary before a given one with nothing but a comma between (`SMITH,JOHN A`)."""
    family, _, given = text.partition(",")
    family, first = family.partition(" ")[0], given.partition(" ")[0].partition("-")[0]
    if family.isupper():
        known_as = first in GIVEN_CAPITALS and _is_family(family)
    else:
        known_as = first in FIRST and family in LAST and family.lower() not in _WORDS
    return (LISTED, 0, len(text)) if known_as else None


def title(text: str) -> Verdict | None:
    """The title, or several, before a name's first letter."""
    return "title", 0, len(text.rpartition(" ")[0].rstrip("."))


CHECKS: dict[str, Check] = {
    "known": known,
    "capitals": capitals,
    "listed": listed,
    "listed_close": listed_close,
    "title": title,
}
