"""What was found once and stands in the message again: a number that its label named, a name behind "Patient:", a
password, told once more where nothing names it.

A mask takes spans away, and is looked at by the same engine: what only its word told of stayed in clear wherever it
stood without it.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import accumulate

from ahocorasick import Automaton

from gateway.checks.classification.classes import CLASS_TYPES, DECLARED, OWN
from gateway.checks.classification.pieces import unseen
from gateway.core.finding import Finding
from gateway.core.message import Part

REPEATED = "repeated"
"""The reason of what is found so."""
_BY_FORM = frozenset({"email", "ip", "mac", "iban", "card-expiry", "card-cvv"})
"""Found wherever they stand, or too short to be anything for certain."""
_TYPES = frozenset().union(*(CLASS_TYPES[name] for name in ("pii", "pci", "secret"))) - _BY_FORM
_LEAST, _MOST = 6, 200
"""Characters of a value that says what it is wherever it stands."""
_DIGITS = 4
_MANY = 4096
"""So many different values of a message are looked for again."""
_BLOCK = 65_536
"""Characters that are searched between two looks at the clock, but for a part that is longer."""
_BETWEEN = "\x1f"
_FEW, _SHORT = 16, 8_192
"""Values, and characters of a message, that are looked through for each value by itself."""


def repeated(
    parts: Sequence[Part], found: Sequence[tuple[Finding, ...]], late: Callable[[], bool]
) -> Iterator[tuple[int, list[Finding]] | None]:
    """The findings to add to each of the parts that has any, by its number; None where it became `late`. The values
    are those of `found`, each part's own."""
    values, own = _values(parts, found)
    if not values or _stand_once(values, own, parts):
        return
    known = Automaton()
    for value, one in values.items():
        known.add_word(value, (len(value), one))
    known.make_automaton()
    first = size = 0
    for index, part in enumerate(parts, 1):
        size += len(part.text) + 1
        if size < _BLOCK and index < len(parts):
            continue
        if late():
            yield None
            return
        for number, places in _places(known, parts[first:index], first, own).items():
            new = unseen(places, found[number])
            if new:
                yield number, new
        first, size = index, 0


def _values(
    parts: Sequence[Part], found: Sequence[tuple[Finding, ...]]
) -> tuple[dict[str, Finding], set[tuple[int, int, int]]]:
    """What is looked for: the text of each finding that says what it is, with the first that is it; and where these
    stand: part, start and end."""
    values: dict[str, Finding] = {}
    own: set[tuple[int, int, int]] = set()
    vague: set[str] = set()
    for number, findings in enumerate(found):
        text = parts[number].text if findings else ""
        for one in findings:
            kind, start, end = one.type, one.start, one.end
            if not _LEAST <= end - start <= _MOST or not _is_looked_for(kind):
                continue
            value = text[start:end]
            if value not in values:
                if value in vague or len(values) == _MANY or not _says(kind, value):
                    vague.add(value)
                    continue
                values[value] = one
            if values[value].type == kind:
                own.add((number, start, end))
    return values, own


def _stand_once(values: dict[str, Finding], own: set[tuple[int, int, int]], parts: Sequence[Part]) -> bool:
    """Whether few values stand in a short message nowhere but where they were found: quickly told of most."""
    if len(values) > _FEW or sum([len(part.text) for part in parts]) > _SHORT:
        return False
    text = _BETWEEN.join([part.text for part in parts])
    return sum([text.count(value) for value in values]) == len(own)


def is_told(kind: str, value: str) -> bool:
    """Whether a value that was found says what it is wherever it stands."""
    return _LEAST <= len(value) <= _MOST and _is_looked_for(kind) and _says(kind, value)


@lru_cache(maxsize=1024)
def _is_looked_for(kind: str) -> bool:
    return kind in _TYPES or (kind.startswith(OWN) and not kind.startswith(DECLARED))


def _says(kind: str, value: str) -> bool:
    """Whether a value says what it is without what named it: a name of two words, a secret of two sorts of
    characters, a number of four digits."""
    if kind == "person":
        return len(value.replace(",", " ").split()) > 1 and any(map(str.isupper, value))
    if kind.startswith("secret-"):
        return sum((any(map(str.islower, value)), any(map(str.isupper, value)), not value.isalpha())) > 1
    return sum(map(str.isdecimal, value)) >= _DIGITS


def _places(
    known: Automaton, parts: Sequence[Part], first: int, own: set[tuple[int, int, int]]
) -> dict[int, list[Finding]]:
    """Where values stand in these parts, of which the first has this number, but where they are known to."""
    text = _BETWEEN.join([part.text for part in parts])
    begins = list(accumulate([len(part.text) + 1 for part in parts], initial=0))
    places: dict[int, list[Finding]] = {}
    for last, (length, one) in known.iter(text):
        start, end = last + 1 - length, last + 1
        if not apart(text, start, end):
            continue
        at = bisect_right(begins, start) - 1
        place = first + at, start - begins[at], end - begins[at]
        if place not in own:
            places.setdefault(place[0], []).append(Finding(one.type, place[1], place[2], one.score, REPEATED))
    return places


def apart(text: str, start: int, end: int) -> bool:
    """Whether what stands here touches no letter or digit that goes on with it."""
    return _begins(text, start) and (end == len(text) or not text[end - 1].isalnum() or not text[end].isalnum())


def _begins(text: str, start: int) -> bool:
    """Whether what begins here touches no letter or digit before it but that of an escape (`\\n`)."""
    if not start or not text[start].isalnum() or not text[start - 1].isalnum():
        return True
    return text[start - 1] in "nrt" and start > 1 and text[start - 2] == "\\"
