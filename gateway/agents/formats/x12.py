"""X12 interchanges (ASC X12.5, X12.6): claims, payments, eligibility and their answers, read element by element.

Delimiters are those that the ISA segment shows by its fixed form. Every element, repetition and component is a part;
what it is comes from `x12_fields`. A mask is cut to the element's greatest length, padded where ISA fixes it, and left
out where only a date may stand; X12 has no escapes, so a delimiter in a mask becomes a blank.
"""

import re
from collections.abc import Mapping

import msgspec

from gateway.agents.formats.document import Collector, Reading, Slot, Write, health, malformed
from gateway.agents.formats.layout import Layout, Marking, joined
from gateway.agents.formats.spans import Span, between, emptied
from gateway.agents.formats.x12_fields import DATES, HEALTH, MAXIMUM, component_of, known_of
from gateway.core.refusal import Refusal

_ISA = (3, 2, 10, 2, 10, 2, 15, 2, 15, 6, 4, 1, 5, 9, 1, 1, 1)
"""Characters of the name and the sixteen elements of ISA, all fixed (X12.5 §4.2); one more ends it."""
_LENGTH = sum(_ISA) + len(_ISA)
_SEGMENT = re.compile(r"[A-Z][A-Z0-9]{1,2}")
_BINARY = frozenset({"BIN", "BDS"})
_HINT = "X12 interchanges, each beginning with an ISA segment of 106 characters"
_NONE = Marking()
_WHITE = "\r\n"


class Delimiters(msgspec.Struct, frozen=True, gc=False):
    """What the ISA segment defines. `repetition` is empty before version 00402."""

    element: str
    component: str
    repetition: str
    segment: str

    def writer(self, greatest: int | None = None, fixed: bool = False) -> Write:
        """Writes masks of an element: at most `greatest` characters, exactly so many where it is `fixed`."""
        marks = str.maketrans(dict.fromkeys((*self.element, *self.component, *self.repetition, *self.segment), " "))

        def write(old: str, new: str) -> str:
            del old
            text = new.translate(marks).strip()[:greatest]
            return text.ljust(greatest or 0) if fixed else text

        return write


def read(text: str, layout: Layout) -> Reading | Refusal:
    """The parts of one or more interchanges."""
    found = Collector()
    delimiters: Delimiters | None = None
    at, number = 0, 0
    while at < len(text):
        if text[at] in _WHITE:
            at += 1
            continue
        if text.startswith("ISA", at):
            delimiters = _delimiters(text, at)
        if delimiters is None:
            return malformed("x12", _HINT)
        end = text.find(delimiters.segment, at)
        if end < 0:
            return malformed("x12", "segments that each end with the segment terminator")
        number += 1
        segment = _Segment(text, number, (at, end), delimiters, layout)
        if not segment.sound:
            return malformed("x12", _HINT)
        segment.read(found)
        if found.full:
            break
        at = end + 1
    return found.reading() if number else malformed("x12", _HINT)


class _Segment:
    """One segment on its way into parts."""

    def __init__(self, text: str, number: int, span: Span, delimiters: Delimiters, layout: Layout) -> None:
        self._text, self._number, self._delimiters, self._marked = text, number, delimiters, layout.fields
        self._spans = list(between(text, *span, delimiters.element))
        self._elements = [text[start:end] for start, end in self._spans]
        self._name = self._elements[0]
        self.sound = bool(_SEGMENT.fullmatch(self._name))

    def read(self, found: Collector) -> None:
        place = f"x12:{self._number}:{self._name}"
        if self._name in _BINARY:
            found.unreadable(place)
        if self._name == "ISA":
            self._envelope(found, place)
            return
        if self._name == "ST" and len(self._elements) > 1 and self._elements[1].strip() in HEALTH:
            health(found, f"{place}00", "ST")
        for index in range(1, len(self._spans)):
            start, end = self._spans[index]
            if start < end:
                self._element(found, f"{place}{index:02}", index, start, end)

    def _element(self, found: Collector, place: str, index: int, start: int, end: int) -> None:
        marks = self._delimiters
        known = known_of(self._name, self._elements, index)
        write = emptied if (self._name, index) in DATES else marks.writer(MAXIMUM.get((self._name, index)))
        marking = self._marked.get(f"{self._name}{index:02}", _NONE)
        for repetition, span in enumerate(between(self._text, start, end, marks.repetition)):
            where = place + (f"({repetition})" if repetition else "")
            spans = list(between(self._text, *span, marks.component))
            texts = [self._text[slice(*one)] for one in spans]
            for component, one in enumerate(spans, 1):
                single = self._marked.get(f"{self._name}{index:02}-{component}", marking)
                certain = component_of(self._name, index, texts, component) if len(spans) > 1 else ""
                found.text(
                    f"{where}-{component}" if len(spans) > 1 else where,
                    texts[component - 1],
                    Slot(*one, write),
                    label=single.label,
                    known=joined(certain or known, single.known),
                )

    def _envelope(self, found: Collector, place: str) -> None:
        """ISA: passwords for the connection stand in it (ISA02, ISA04), and who exchanges."""
        for index in range(1, 11):
            start, end = self._spans[index]
            password = index in (2, 4) and self._elements[index - 1].strip() not in ("", "00")
            known = "secret-password" if password else ""
            slot = Slot(start, end, self._delimiters.writer(_ISA[index], fixed=True))
            found.text(f"{place}{index:02}", self._elements[index], slot, known=known)
        found.name(f"{place}13", self._elements[13])


def _delimiters(text: str, at: int) -> Delimiters | None:
    """What an ISA segment defines; None where it is not of its fixed form."""
    header = text[at : at + _LENGTH]
    if len(header) < _LENGTH:
        return None
    element, component, segment = header[3], header[104], header[105]
    fields = header[:105].split(element)
    if [len(field) for field in fields] != list(_ISA):
        return None
    standard = fields[11]
    repetition = "" if standard.isalnum() or standard == " " else standard
    marks = [mark for mark in (element, component, repetition, segment) if mark]
    plain = all(mark.isascii() and not mark.isalnum() and mark != " " for mark in marks)
    return Delimiters(element, component, repetition, segment) if plain and len(set(marks)) == len(marks) else None


MEDIA_TYPES: Mapping[str, str] = dict.fromkeys(("application/edi-x12", "application/x12"), "x12")
"""Media types of X12 (RFC 1767 §1)."""
