"""Identifiers in pieces: a number whose digits stand in several fields next to each other, or whose last ones are in
bold. Read apart, none of the pieces is anything.

Texts are joined where one ends and the next begins as the halves of a number, a code or an address do, and where
nothing was found right at that border. At most `RUN` of them: longer rows are lists of numbers. What the joined text
shows and lies across a border is found in each of the pieces that it takes from.

Texts of one content (`…/content/0/text`, `…/content/1/text`) are joined by whoever reads them. There a finding right at
the border may be half of something too, so the pair is read as one besides: what is found by itself in the one text
does not leave its other half behind in the other.
"""

import re
from collections.abc import Callable, Iterator, Sequence

import msgspec

from gateway.checks.classification.labels import WORD
from gateway.checks.classification.normalise import normalise
from gateway.checks.classification.recognizer import entries
from gateway.core.finding import Finding
from gateway.core.message import Part

RUN = 16
"""No more texts than this are joined: rows of more are lists."""
SHORT = 40
"""What is longer is no piece of a number: only its end, or its beginning, is joined with others."""
JOINED = "joined"
"""The reason of what lies over several texts."""
DIGITS = 8
"""Digits that a joined text has at least, unless an address or a code is in it."""
_CODE = re.compile(r"(?=[0-9\-]*[A-Z])(?=[A-Z\-]*[0-9])[0-9A-Z][0-9A-Z\-]{7,}")
"""Capitals and digits, as in the key of an account or the number of a person that has letters."""
_LAST, _FIRST = re.compile(r"[^\s,;]*\Z"), re.compile(r"[^\s,;]*")
"""What a text ends with, and what the next begins with, up to a blank."""
_DOMAIN, _ENDING = re.compile(r"[0-9A-Za-z\-]*+\.[0-9A-Za-z]"), re.compile(r"[A-Za-z]{1,18}(?![\w\-@])")
"""The rest of a domain with a dot, and of its last label."""
_NO_CODE = re.compile(r"[^0-9A-Z\-]")
_AROUND = 24
"""Characters before and behind a half that are read with it."""
_MOST = 256
"""Characters of each text that are read so, at most."""
_CONTENT = re.compile(r"(.*)/([0-9]{1,6})/text")
_SIGNS = "._-+%'"
"""What may stand within an address or a name, beside letters and digits."""
_LOOK = 64
"""Texts that are compared between two looks at the clock."""
_ENDS = frozenset("0123456789@-")
_CODES = _ENDS | frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_DIGITS = frozenset("0123456789")
_ASCII = "\x7f"
_COUNTED = "0123456789_-. "
_PIECES = frozenset(
    entries(
        "area group serial exchange line prefix suffix first second third fourth middle mid last part parts piece "
        "pieces digit digits groups segments blocks chunks halves number code start end front back head tail "
        "rest extension ext country trunk local station block segment chunk half one two three four high low "
        "left right a b c d"
    )
)
"""What keys say of the pieces of one thing, beside its name."""


class Joined(msgspec.Struct, frozen=True, gc=False):
    """Some texts as one. `places[n]` is the number of a part, where what is taken of it begins in it, and in `text`."""

    text: str
    label: str
    places: tuple[tuple[int, int, int], ...]

    def pieces(self, finding: Finding) -> Iterator[tuple[int, Finding]]:
        """The parts that a finding of the joined text takes from, each with its piece; none where it is one's alone."""
        ends = [*(begin for _, _, begin in self.places[1:]), len(self.text)]
        found = [
            (index, Finding(finding.type, max(finding.start, begin) - begin + first,
                            min(finding.end, end) - begin + first, finding.score, JOINED))
            for (index, first, begin), end in zip(self.places, ends, strict=True)
            if finding.start < end and begin < finding.end
        ]  # fmt: skip
        if len(found) > 1:
            yield from found


def runs(
    parts: Sequence[Part], found: Sequence[Sequence[Finding]], late: Callable[[], bool]
) -> Iterator[Joined | None]:
    """The texts to join, and None at last where it was `late` before all were found. `found[n]` are the findings of
    part n, by place."""
    run: list[int] = []
    before: int | None = None
    for index, part in enumerate(parts):
        if part.kind != "text" or not part.text:
            continue
        if index % _LOOK == 0 and index and late():
            yield None
            return
        if before is not None and _fits(parts[before].text, found[before], part.text, found[index]):
            run = run or [before]
            run.append(index)
            if len(part.text) > SHORT:
                yield from _joined(parts, run)
                run = []
        elif run:
            yield from _joined(parts, run)
            run = []
        before = index
    yield from _joined(parts, run)


def halves(parts: Sequence[Part], found: Sequence[Sequence[Finding]]) -> Iterator[Joined]:
    """The pairs of texts of one content that a finding right at their border may lie over. `found` as for `runs`."""
    before: int | None = None
    for index, part in enumerate(parts):
        if part.kind != "text" or not part.text:
            continue
        if before is not None and (found[before] or found[index]):
            first = _touching(parts[before].text, found[before], part.text, found[index])
            if first is not None and _follows(parts[before].pointer, part.pointer):
                text = parts[before].text
                begin = max(0, len(text) - _MOST, min(len(text) - SHORT, first[0] - _AROUND))
                tail, head = text[begin:], part.text[: min(_MOST, max(SHORT, first[1] + _AROUND))]
                yield Joined(tail + head, "", ((before, begin, 0), (index, 0, len(tail))))
        before = index


def _touching(text: str, found: Sequence[Finding], following: str, also: Sequence[Finding]) -> tuple[int, int] | None:
    """From where in the first text to where in the second what is found right at their border reaches; None where
    nothing is, or the texts do not go on with each other there."""
    last, first = text[-1], following[0]
    if not (_is_inside(last) and _is_inside(first)):
        return None
    ends = [one.start for one in found if one.end == len(text) and (one.type != "person" or first.islower())]
    signs = len(following) - len(following.lstrip(_SIGNS))
    begins = [one.end for one in also if one.start <= signs and (one.type != "person" or last.islower())]
    return (min(ends, default=len(text)), max(begins, default=0)) if ends or begins else None


def _is_inside(character: str) -> bool:
    return character.isalnum() or character in _SIGNS


def _follows(pointer: str, other: str) -> bool:
    """Whether the second is the text that stands next to the first one in a content."""
    one, two = _CONTENT.fullmatch(pointer), _CONTENT.fullmatch(other)
    return one is not None and two is not None and one[1] == two[1] and int(two[2]) == int(one[2]) + 1


def may_join(parts: Sequence[Part], late: Callable[[], bool]) -> bool:
    """Whether anything might be joined at all: quickly told of nearly all messages that it is not. Once it is `late`,
    something might."""
    before = ""
    for index, part in enumerate(parts):
        if index % _LOOK == 0 and index and late():
            return True
        if part.kind == "text" and part.text:
            if before and _halves(before, part.text):
                return True
            before = part.text
    return False


def _halves(text: str, following: str) -> bool:
    """Whether a text ends, and the next begins, as the halves of a number or an address do."""
    last, first = text.rstrip()[-1:], following.lstrip()[:1]
    if last > _ASCII:
        last = normalise(text[-SHORT:]).text.rstrip()[-1:]
    if first > _ASCII:
        first = normalise(following[:SHORT]).text.lstrip()[:1]
    return (
        (last == "@" and first.isalnum())
        or (first == "@" and last.isalnum())
        or (last == "." and first in _DIGITS)
        or (first == "." and last in _DIGITS)
        or (last in _ENDS and first in _CODES)
        or (first in _ENDS and last in _CODES)
        or (last in _CODES and first in _CODES and _is_code(_tail(text) + _head(following)))
        or ("@" in text[-SHORT:] and _goes_on(_tail(text), _head(following)))
    )


def _goes_on(tail: str, head: str) -> bool:
    """Whether an address may go on so behind its `@`: with a dot yet to come, or where it has one with letters alone;
    behind the dot itself with small ones, or a sentence begins."""
    _, at, domain = tail.rpartition("@")
    if not at or not domain:
        return False
    if "." not in domain:
        return _DOMAIN.match(head) is not None
    return _ENDING.match(head) is not None and (domain[-1].isalnum() or head[0].islower())


def _is_code(text: str) -> bool:
    return _NO_CODE.search(text) is None and _CODE.fullmatch(text) is not None


def _tail(text: str) -> str:
    match = _LAST.search(text[-SHORT:].rstrip())
    return "" if match is None else match[0]


def _head(text: str) -> str:
    match = _FIRST.match(text[:SHORT].lstrip())
    return "" if match is None else match[0]


def _fits(text: str, found: Sequence[Finding], following: str, also: Sequence[Finding]) -> bool:
    """Whether the end of a text and the beginning of the next may be the halves of one thing. Any longer number may be
    taken for one of a telephone."""
    if not _halves(text, following):
        return False
    plain = text.rstrip()
    ends, begins = len(plain) - plain.endswith("."), len(following) - len(following.lstrip())
    return not (
        any(one.end >= ends and one.type != "phone" for one in found)
        or any(one.start == begins and one.type != "phone" for one in also)
    )


def _joined(parts: Sequence[Part], run: list[int]) -> Iterator[Joined]:
    if not 1 < len(run) <= RUN:
        return
    pieces: list[str] = []
    places: list[tuple[int, int, int]] = []
    begin = 0
    for index in run:
        text = parts[index].text
        first = max(0, len(text) - SHORT) if index == run[0] else 0
        piece = text[first:] if index == run[0] else text[:SHORT]
        places.append((index, first, begin))
        pieces.append(piece)
        begin += len(piece)
    joined = "".join(pieces)
    plain = joined if joined.isascii() else normalise(joined).text
    if "@" in plain or sum(character in _DIGITS for character in plain) >= DIGITS or _CODE.search(plain) is not None:
        yield Joined(joined, _common([parts[index] for index in run]), tuple(places))


def _common(parts: Sequence[Part]) -> str:
    """What names all of these as one thing: their name without its number (`ssn1`, `ssn2`), without what says that each
    is a piece (`ssn_area`), or that of what they stand in. Empty where one names something else, or where they are
    several things of one name: a list of numbers, the records of a table."""
    above = {part.pointer.rpartition("/")[0] for part in parts}
    names = [part.label.rstrip(_COUNTED) for part in parts]
    said = [[word.lower() for word in WORD.findall(name)] for name in names]
    first = said[0]
    if all(words == first for words in said):
        many = bool(first) and first[-1].endswith("s") and not first[-1].endswith("ss") and first[-1] not in _PIECES
        listed = many and parts[0].pointer[-1:].isdigit() and parts[0].label == names[0]
        return "" if listed or (len(above) > 1 and parts[0].label == parts[-1].label) else names[0]
    count = 0
    while all(len(words) > count and words[count] == first[count] for words in said):
        count += 1
    if not all(_PIECES.issuperset(words[count:]) for words in said):
        return ""
    if count:
        return " ".join(first[:count])
    steps = above.pop().split("/") if len(above) == 1 else [""]
    return next((step for step in reversed(steps) if step and not step.isdigit()), "")
