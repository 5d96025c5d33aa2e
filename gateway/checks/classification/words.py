"""Finds the words of lexicons in a text: whole, whatever their case, a plural `s` allowed but behind another (Aho and
Corasick 1975).

Between the words of a phrase may stand any blanks and one line end, as text is wrapped, aligned and quoted: text is
searched with one space in their place, and a phrase as it is written is as long as a word of a lexicon may be.
"""

import re
import string
from bisect import bisect_left
from collections.abc import Iterable, Mapping

from ahocorasick import Automaton

from gateway.checks.classification.labels import WORD
from gateway.checks.classification.normalise import UNDER, shadow
from gateway.checks.classification.patterns import Pattern
from gateway.checks.classification.recognizer import LONGEST, Lexicon

Places = dict[str, list[tuple[int, int]]]
"""Lexicon → where its words stand, by their end."""


_NONE: frozenset[str] = frozenset()
_UNMOVED = [0]
_BLANKS = "\n\t\r\x0b\x0c"
_NAMES = Pattern(r"[0-9A-Za-z\xC0\xE0_-]*(?:[A-Za-z][_-][A-Za-z]|[a-z][A-Z]|[A-Z]{2}[a-z])[0-9A-Za-z\xC0\xE0_-]*")
"""Names of more than one word, in a shadow: a small letter or a hyphen goes on with another word, or capitals do."""
_Match = tuple[int, int, int, int]
_OF_NAMES = f"{string.ascii_letters}{string.digits}-{UNDER}".encode("ascii")
_SEVERAL = 3
"""So many names are searched together."""
WIDEST = 12
"""Characters of the widest gap between two words of a phrase."""
_LINE_END = r"(?:\r\n?|\n)[ \t\x0b\x0c]*"
_QUOTES = r"(?:(?:>[ \t]?){1,3}|(?:\*|##?|//|--)[ \t])?[ \t\x0b\x0c]*"
"""How the next line begins where it is quoted, or is a comment's."""
_MARKS = re.compile(r">|(?:\*|##?|//|--) ")
IN_GAP = r"[ \t\n\r\x0b\x0c>*#/\-]"
"""In RE2 syntax: all that may stand in a gap."""


def _gaps(following: str) -> "re.Pattern[str]":
    """Blanks that are more than one space. Possessive, so that a run is passed over once."""
    return re.compile(
        rf"(?: (?=[ \t\n\r\x0b\x0c])|[\t\x0b\x0c])[ \t\x0b\x0c]*+(?:{_LINE_END}{following})?+|{_LINE_END}{following}"
    )


_GAP, _UNMARKED_GAP = _gaps(_QUOTES), _gaps("")


def widest(word: str) -> int:
    """How wide the gaps between the words of a phrase may be: all of them so, it is no longer than `LONGEST`."""
    spaces = word.count(" ")
    return min(WIDEST, 1 + (LONGEST - len(word)) // spaces) if spaces else 1


class Words:
    """The words of some lexicons. Immutable after construction; may be shared between threads."""

    def __init__(self, lexicons: Iterable[Lexicon], named: Iterable[str] = ()) -> None:
        """`named`: lexicons without a type whose words are looked for within names of members and variables, too."""
        self._named = frozenset(named)
        by_word: dict[str, list[str]] = {}
        context: set[str] = set()
        for lexicon in lexicons:
            if lexicon.type is None:
                context.add(lexicon.id)
            for word in lexicon.words:
                by_word.setdefault(word, []).append(lexicon.id)
        entered: dict[str, object] = {}
        for word, ids in by_word.items():
            other = {name for end in _ends(word) for name in by_word.get(end, ())} & context - set(ids)
            entered[word] = (
                len(word), word[0].isalnum(), word[-1].isalnum(), tuple(ids), frozenset(other), widest(word)
            )  # fmt: skip
        self._every = _automaton(entered)
        # Where text is of ASCII, words that are not are none of its: with fewer letters to go on with, a third less.
        self._plain = _automaton({word: value for word, value in entered.items() if word.isascii()})
        firsts = {_first(word) for word, ids in by_word.items() if word.isascii() and not self._named.isdisjoint(ids)}
        self._firsts = _automaton({word: len(word) for word in firsts if word})
        # A word that begins as a quoted line does would lose its beginning.
        self._gap = _UNMARKED_GAP if any(map(_MARKS.match, by_word)) else _GAP

    def places(self, text: str, first: int, last: int) -> Places:
        """The words that lie in `text[first:last]`; what is around it says whether they are whole.

        What ends a longer word of another lexicon is not meant: a `social insurance number` is no `insurance number`.
        """
        near: Places = {}
        if self._every is None:
            return near
        before, after = max(0, first - LONGEST - 1), last + 2
        lowered, gaps, sizes, shifts = _closed(lower(text[before:after]), self._gap)
        length = len(lowered)
        low, high = first - before, last - before
        ended, other, passed = -1, _NONE, 0
        # Of words that end together, the longest comes first.
        for index, (size, opens, closes, ids, shorter, wide) in self._automaton(lowered).iter(lowered):
            end = index + 1
            start = end - size
            if opens and start and lowered[start - 1].isalnum():
                continue
            if closes and end < length and lowered[end].isalnum():
                if lowered[end] != "s" or lowered[index] == "s" or (end + 1 < length and lowered[end + 1].isalnum()):
                    continue
                end += 1
            if gaps:
                while passed < len(gaps) and gaps[passed] < end:
                    passed += 1
                begin = passed
                if passed and start <= gaps[passed - 1]:
                    begin = bisect_left(gaps, start, 0, passed)
                    if max(sizes[begin:passed]) > wide:
                        continue
                start, end = start + shifts[begin], end + shifts[passed]
            hidden = _NONE
            if shorter or ended == index:
                if ended == index:
                    hidden = other
                if shorter:
                    ended, other = index, hidden | shorter
            if start < low or end > high:
                continue
            place = (start + before, end + before)
            for name in ids:
                if name in hidden:
                    continue
                if name in near:
                    near[name].append(place)
                else:
                    near[name] = [place]
        if self._named:
            self._in_names(text[before:after], before, first, last, near)
        return near

    def _automaton(self, text: str) -> Automaton:
        """What finds words in a text."""
        return self._plain if self._plain is not None and text.isascii() else self._every

    def _in_names(self, text: str, before: int, first: int, last: int, near: Places) -> None:
        """Add the words that names are made of: `patientNumber`, `patient_number` and `PATIENT-NUMBER` are `patient
        number`. Linear: each name is read once."""
        shade = shadow(text)
        names = _NAMES.spans(shade, 0, _SEVERAL)
        if len(names) == _SEVERAL:
            names = self._told(text, shade) if text.isascii() else _NAMES.spans(shade, 0)
        more: dict[str, set[tuple[int, int]]] = {}
        for _, start, end, _ in names:
            self._in_name(text[start:end], before + start, first, last, more)
        for one, places in more.items():
            near[one] = sorted(places.union(near.get(one, ())), key=_by_end)

    def _told(self, text: str, shade: bytes) -> list[_Match]:
        """The names in a text of ASCII in which a word stands with which one begins that names may be made of: where
        there are many, one search for these costs less than one for each name and a look at it."""
        names: list[_Match] = []
        length, done = len(text), 0
        for index, size in () if self._firsts is None else self._firsts.iter(text.lower()):
            end = index + 1
            start = end - size
            # A small letter before it, or behind it but a plural's, is of the same word.
            if start < done or (start and text[start].islower() and text[start - 1].isalpha()):
                continue
            if end < length and text[end].islower() and text[end] != "s":
                continue
            begin = len(shade[:start].rstrip(_OF_NAMES))
            alone = begin == start and (end == length or shade[end] not in _OF_NAMES)
            span = None if alone else _NAMES.at(shade, begin)
            if span is not None:
                names.append((begin, *span, span[1]))
                done = span[1]
        return names

    def _in_name(self, name: str, place: int, first: int, last: int, more: dict[str, set[tuple[int, int]]]) -> None:
        """As `_in_names`, of one name that stands at `place`."""
        cased = name.lower() if name.isupper() else name
        spoken = lower(" ".join(WORD.findall(cased)))
        places: list[int] = []
        length = len(spoken)
        ended, other = -1, _NONE
        for index, (size, _, _, ids, shorter, _) in self._automaton(spoken).iter(spoken):
            end = index + 1
            start = end - size
            if start and spoken[start - 1] != " ":
                continue
            if end < length and spoken[end] != " ":
                if spoken[end] != "s" or spoken[index] == "s" or (end + 1 < length and spoken[end + 1] != " "):
                    continue
                end += 1
            hidden = other if ended == index else _NONE
            if shorter:
                ended, other = index, hidden | shorter
            meant = [one for one in ids if one in self._named and one not in hidden]
            if not meant:
                continue
            places = places or [
                place + at for word in WORD.finditer(cased) for at in range(word.start(), word.end() + 1)
            ]
            begin, stop = places[start], places[end - 1] + 1
            if begin >= first and stop <= last:
                for one in meant:
                    more.setdefault(one, set()).add((begin, stop))


def _automaton(words: Mapping[str, object]) -> Automaton | None:
    """What finds these words, with what is told of each; None where there are none, which it would not take."""
    if not words:
        return None
    automaton = Automaton()
    for word, value in words.items():
        automaton.add_word(word, value)
    automaton.make_automaton()
    return automaton


def _first(phrase: str) -> str:
    """The first of the words that a phrase is made of as names are; empty where something else is in it."""
    words = WORD.findall(phrase)
    return words[0] if words and " ".join(words) == phrase else ""


def _closed(text: str, gap: "re.Pattern[str]") -> tuple[str, list[int], list[int], list[int]]:
    """The text with one space for each gap between words that is none too wide; where those stand in it, how wide each
    was, and by how much what stands behind so many of them was moved. Linear."""
    if "  " not in text and not any(map(text.__contains__, _BLANKS)):
        return text, [], [], _UNMOVED
    pieces: list[str] = []
    gaps: list[int] = []
    sizes: list[int] = []
    shifts = [0]
    done = moved = 0
    for match in gap.finditer(text):
        start, end = match.span()
        if end - start > WIDEST:
            continue
        pieces.append(text[done:start])
        gaps.append(start - moved)
        sizes.append(end - start)
        moved += end - start - 1
        shifts.append(moved)
        done = end
    pieces.append(text[done:])
    return " ".join(pieces), gaps, sizes, shifts


def _by_end(place: tuple[int, int]) -> tuple[int, int]:
    return place[1], place[0]


def _ends(word: str) -> list[str]:
    """What a phrase ends with: whole words of it, but not all."""
    return [word[place:] for place in range(1, len(word)) if not word[place - 1].isalnum()]


def lower(text: str) -> str:
    """The text in lower case, each character still one."""
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    return "".join(character.lower() if len(character.lower()) == 1 else character for character in text)
