"""Patterns that a window can hold: how much each can match, and where looking for it begins.

What is accepted is a part of RE2's syntax in which every repetition has an end: characters and escapes, classes, groups
that capture nothing, alternatives, `?` and `{n}` or `{n,m}`. Everything else is refused by name, and nothing is taken
for what it is not: a brace or bracket that stands for itself is escaped.
"""

import re
from collections.abc import Sequence

import msgspec

from gateway.checks.classification.recognizer import LOOKAHEAD, TRIGGER
from gateway.core.errors import FormatError

LEAST = 3
"""Characters of the shortest match that is taken for anything."""
MOST = LOOKAHEAD
"""Characters of the longest match: the walk cuts windows so that no longer one is sure to be whole in one of them."""
ROOM = TRIGGER - 2
"""Characters of the longest gate: beside it there is a character before and one after that say whether a word ends."""
MAX_SOURCE = 500
"""Characters of a pattern."""
_DEPTH = 8
_GROUPS = ("(?:", "(?i:")
_REPEAT = re.compile(r"\{([0-9]{1,3})(?:,([0-9]{1,3}))?\}")
_OCTET = re.compile(r"\\x[0-9A-Fa-f]{2}")
_KINDS = "dDwWsStnr"
_BORDERS = "bB"
_SELF = "\\.+*?()|[]{}^$-/#&@!%\"'`~,:;<=>_ "
"""What may stand behind a backslash for itself."""


class Item(msgspec.Struct, frozen=True):
    """What stands in a sequence: an atom, and how often. `least`, `most`: characters that the atom matches; `inside`:
    the alternatives of a group, which begins with `opening`."""

    atom: str
    least: int
    most: int
    times: tuple[int, int] = (1, 1)
    repeat: str = ""
    opening: str = ""
    inside: tuple["Sequence_", ...] = ()


Sequence_ = tuple[Item, ...]


class Bounded(msgspec.Struct, frozen=True):
    """A pattern as it was written, the characters that it matches at least and at most, and a gate for it: no longer
    than `ROOM`, and there at the beginning of every match."""

    source: str
    least: int
    most: int
    gate: str


def bounded(source: str) -> Bounded:
    """What a pattern can match. `FormatError` says what would be right; it never holds the pattern."""
    if len(source) > MAX_SOURCE:
        raise FormatError(f"must be of at most {MAX_SOURCE} characters")
    if not source.isascii() or not source.isprintable():
        raise FormatError("must be of printable ASCII characters: \\xE0 is any other letter, \\xC0 an upper-case one")
    alternatives, end = _alternatives(source, 0, 0)
    if end != len(source):
        raise FormatError("closes a group that is not open")
    least, most = _width(alternatives)
    if least < LEAST:
        raise FormatError(f"must match at least {LEAST} characters")
    if most > MOST:
        raise FormatError(f"must match at most {MOST} characters, and this one can match {most}")
    gate, sure = _gate(alternatives, ROOM)
    if not sure:
        raise FormatError(f"must begin with what is there in every match: it can begin with more than {ROOM} others")
    return Bounded(source, least, most, gate)


def _alternatives(source: str, index: int, depth: int) -> tuple[tuple[Sequence_, ...], int]:
    """The alternatives that begin here, and where they end: at the end of the source or of their group."""
    if depth > _DEPTH:
        raise FormatError(f"must nest groups at most {_DEPTH} deep")
    found: list[Sequence_] = []
    sequence: list[Item] = []
    while index < len(source) and source[index] != ")":
        if source[index] == "|":
            found.append(tuple(sequence))
            sequence = []
            index += 1
            continue
        item, index = _atom(source, index, depth)
        item, index = _repeated(item, source, index)
        sequence.append(item)
    return (*found, tuple(sequence)), index


def _atom(source: str, index: int, depth: int) -> tuple[Item, int]:
    character = source[index]
    if character == "(":
        return _group(source, index, depth)
    if character == "[":
        end = _class_end(source, index)
        return Item(source[index:end], 1, 1), end
    if character == "\\":
        end = _escape_end(source, index)
        width = 0 if source[index + 1] in _BORDERS else 1
        return Item(source[index:end], width, width), end
    if character in "^$":
        raise FormatError("must not ask for the beginning or end of a text: a message is read in windows")
    if character in "?{":
        raise FormatError("repeats what is not there, or twice; a brace that stands for itself is written \\{")
    if character in "*+":
        raise FormatError("must say how often at most: {0,n} and {1,n} in the place of * and +")
    if character in "]}":
        raise FormatError("must escape a bracket or brace that stands for itself")
    return Item(character, 1, 1), index + 1


def _group(source: str, index: int, depth: int) -> tuple[Item, int]:
    opening = next((one for one in _GROUPS if source.startswith(one, index)), None)
    if opening is None:
        raise FormatError("must write groups as (?:…), or (?i:…) where case does not matter")
    inside, end = _alternatives(source, index + len(opening), depth + 1)
    if end == len(source):
        raise FormatError("opens a group that is not closed")
    least, most = _width(inside)
    return Item(source[index : end + 1], least, most, opening=opening, inside=inside), end + 1


def _class_end(source: str, index: int) -> int:
    """Where a class of characters ends, which holds at least one."""
    index += 1 + source.startswith("^", index + 1)
    first = index
    while index < len(source) and source[index] != "]":
        if source[index] == "[":
            raise FormatError("must escape a bracket within a class of characters")
        if source[index] != "\\":
            index += 1
            continue
        if source[index + 1 : index + 2] in tuple(_BORDERS):
            raise FormatError("must not ask for a border within a class of characters")
        index = _escape_end(source, index)
    if index >= len(source) or index == first:
        raise FormatError("must close a class of characters, and have something in it")
    return index + 1


def _escape_end(source: str, index: int) -> int:
    following = source[index + 1 : index + 2]
    if following == "x" and _OCTET.match(source, index):
        return index + 4
    if following and following in _KINDS + _BORDERS + _SELF:
        return index + 2
    raise FormatError("must use no escapes but \\d \\w \\s and their opposites, \\b \\B \\t \\n \\r \\xHH and marks")


def _repeated(item: Item, source: str, index: int) -> tuple[Item, int]:
    """The item with the repetition that stands behind it, if one does."""
    if source.startswith("?", index):
        least, most, end = 0, 1, index + 1
    elif (match := _REPEAT.match(source, index)) is not None:
        least, most, end = int(match[1]), int(match[2] or match[1]), match.end()
    else:
        return item, index
    if item.least == 0:
        raise FormatError("must not repeat what can be empty")
    if not least <= most or not 0 < most <= MOST:
        raise FormatError(f"must repeat from fewer to more times, and at most {MOST}")
    if source.startswith("?", end):  # as few as will do
        end += 1
    return msgspec.structs.replace(item, times=(least, most), repeat=source[index:end]), end


def _width(alternatives: Sequence[Sequence_]) -> tuple[int, int]:
    """Characters that are matched at least and at most."""
    widths = [
        (sum(item.least * item.times[0] for item in one), sum(item.most * item.times[1] for item in one))
        for one in alternatives
    ]
    return min(least for least, _ in widths), max(most for _, most in widths)


def _gate(alternatives: Sequence[Sequence_], room: int) -> tuple[str, bool]:
    """What begins each match, in so much room, and whether it can be relied on to be something."""
    gates = [_beginning(one, room) for one in alternatives]
    return "|".join(gate for gate, _ in gates), all(sure for _, sure in gates)


def _beginning(sequence: Sequence_, room: int) -> tuple[str, bool]:
    pieces: list[str] = []
    sure = False
    for item in sequence:
        least, most = item.times
        if item.most * most <= room:
            pieces.append(item.atom + item.repeat)
            room -= item.most * most
            sure = sure or item.least * least > 0
            continue
        times = min(least, room // item.most)
        if times:
            pieces.append(f"{item.atom}{{{times}}}")
            sure = sure or item.least > 0
        elif least and item.inside:
            inside, within = _gate(item.inside, room)
            pieces.append(f"{item.opening}{inside})")
            sure = sure or within
        break
    return "".join(pieces), sure
