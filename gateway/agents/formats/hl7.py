"""HL7 v2 in its delimited encoding, ER7 (HL7 v2.9 chapter 2): single messages, several, and batches (FHS, BHS).

Delimiters are those that each header segment defines. Every subcomponent is a part, escapes undone; what it is comes
from `hl7_fields`. A masked one is escaped again; values of a datatype that no placeholder fits are emptied. All of it
is health data. Segments end with CR, LF or CRLF, one of them throughout: two readers could otherwise see different
segments. MLLP's framing belongs to another transport and is refused.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from gateway.agents.formats.document import Collector, Reading, Slot, Write, health, malformed
from gateway.agents.formats.hl7_fields import FIELDS, TEMPORAL, known_of
from gateway.agents.formats.layout import Layout, Marking, joined
from gateway.agents.formats.spans import Span, between, emptied
from gateway.core.refusal import Refusal

_HEADERS = frozenset({"MSH", "FHS", "BHS"})
_TRAILERS = {"BTS": "BHS", "FTS": "FHS"}
_SEGMENT = re.compile(r"[A-Z][A-Z0-9]{2}")
_ENDS = re.compile(r"\r\n|\r|\n")
_FORMATTING = re.compile(r"\.(?:(br|ce)|(sp)(?:\+?[0-9]{1,3})?|fi|nf|(?:in|ti|sk) ?[+-]?[0-9]{0,3})", re.IGNORECASE)
"""Commands that format a text (HL7 v2.9 §2.7.6). Of what else begins with a point nobody knows what becomes."""
_SHIFTS = re.compile("[\x0e\x0f\x1b]")
"""Characters that change to another character set within a text (ISO 2022, which MSH-18 may name)."""
_HINT = "HL7 v2 segments in ER7, beginning with MSH, FHS or BHS, with one kind of line end and without MLLP framing"
_NONE = Marking()


class Delimiters(msgspec.Struct, frozen=True, gc=False):
    """What a header segment defines (§2.5.4); empty for what it leaves out."""

    field: str
    component: str
    repetition: str
    escape: str
    subcomponent: str

    def plain(self, text: str) -> tuple[str, bool]:
        """A value with its escapes undone (§2.7), and whether all of them could be."""
        if not self.escape or self.escape not in text:
            return text, True
        pieces = text.split(self.escape)
        found, whole = [pieces[0]], True
        for index in range(1, len(pieces), 2):
            if index + 1 == len(pieces):  # an escape that is never closed is a character like others
                found.append(self.escape + pieces[index])
                break
            meaning = self._meaning(pieces[index])
            whole = whole and meaning is not None
            found += (meaning or "", pieces[index + 1])
        return "".join(found), whole

    def write(self, old: str, new: str) -> str:
        """A text as a value: delimiters, escapes and line ends escaped."""
        del old
        named = zip("FSTRE", (self.field, self.component, self.subcomponent, self.repetition, self.escape), strict=True)
        table = {ord(mark): f"{self.escape}{name}{self.escape}" if self.escape else " " for name, mark in named if mark}
        table[ord("\r")] = table[ord("\n")] = f"{self.escape}.br{self.escape}" if self.escape else " "
        return new.translate(table)

    def _meaning(self, name: str) -> str | None:
        marks = {"F": self.field, "S": self.component, "T": self.subcomponent, "R": self.repetition, "E": self.escape}
        if name in marks:
            return marks[name]
        if name in ("H", "N"):
            return ""  # highlighting begins and ends
        command = _FORMATTING.fullmatch(name)
        if command is not None:
            return "\n" if command.group(1) or command.group(2) else " "
        if name[:1] == "X":
            try:
                return bytes.fromhex(name[1:]).decode()
            except ValueError:
                return None
        return None  # other character sets, local escapes


def read(text: str, layout: Layout) -> Reading | Refusal:
    """The parts of a message or batch."""
    ends = set(_ENDS.findall(text))
    if len(ends) > 1 or text[:3] not in _HEADERS:
        return malformed("hl7", _HINT)
    found = Collector()
    delimiters: Delimiters | None = None
    outer: dict[str, Delimiters | None] = {}
    for number, (start, end) in enumerate(_lines(text), 1):
        name = text[start : start + 3]
        if name in _HEADERS:
            delimiters = outer[name] = _delimiters(text, start, end)
        elif name in _TRAILERS:  # written as the header that they close, whatever the messages between were written as
            delimiters = outer.get(_TRAILERS[name], delimiters)
        if delimiters is None or not _SEGMENT.fullmatch(name):
            return malformed("hl7", _HINT)
        if end - start > 3 and text[start + 3] != delimiters.field:
            return malformed("hl7", _HINT)
        if number == 1:
            health(found, "hl7", name)
        _Segment(text, number, name, delimiters, found, layout).read(start, end)
        if found.full:
            break
    return found.reading()


class _Segment:
    """One segment on its way into parts."""

    def __init__(
        self, text: str, number: int, name: str, delimiters: Delimiters, found: Collector, layout: Layout
    ) -> None:
        self._text, self._number, self._name = text, number, name
        self._delimiters, self._found, self._marked = delimiters, found, layout.fields
        self._type = self._label = ""
        """Of an observation: the datatype of its value (OBX-2), and what was observed (OBX-3)."""

    def read(self, start: int, end: int) -> None:
        first = 1
        if self._name in _HEADERS:
            self._found.name(f"hl7:{self._number}:{self._name}-2", self._text[start + 4 : start + 9])
            first = 2
        fields = list(between(self._text, start, end, self._delimiters.field))
        for index, span in enumerate(fields[1:], first):
            if span[0] == span[1] or (first == 2 and index == 2):
                continue
            self._field(index, span)

    def _field(self, index: int, span: Span) -> None:
        if self._name == "OBX" and index in (2, 3):
            value = self._text[slice(*span)]
            if index == 2:
                self._type = value.strip()
            else:
                names = value.split(self._delimiters.component or "^")
                self._label = names[1] if len(names) > 1 and names[1] else names[0]
        datatype, value = FIELDS.get((self._name, index), ("", ""))
        label = ""
        if self._name == "OBX" and index == 5:
            datatype, value, label = self._type, "health-term" if self._type in ("CWE", "CE") else "", self._label
        for repetition, (start, end) in enumerate(between(self._text, *span, self._delimiters.repetition)):
            place = f"hl7:{self._number}:{self._name}-{index}" + (f"({repetition})" if repetition else "")
            self._repetition(place, index, (datatype, value), label, (start, end))

    def _repetition(self, place: str, index: int, kind: tuple[str, str], label: str, span: Span) -> None:
        spans = list(between(self._text, *span, self._delimiters.component))
        texts = [self._text[slice(*one)] for one in spans]
        write = emptied if kind[0] in TEMPORAL else self._delimiters.write
        for component, (start, end) in enumerate(spans, 1):
            if self._found.full:
                return
            if start == end:
                continue
            if kind[0] == "ED" and component == 5 and _encoded(texts):
                self._found.unreadable(f"{place}.5")
                continue
            marking = self._marking(index, component)
            known = joined(known_of(*kind, component, texts), marking.known)
            leaves = list(between(self._text, start, end, self._delimiters.subcomponent))
            for sub, leaf in enumerate(leaves, 1):
                where = f"{place}.{component}" + (f".{sub}" if len(leaves) > 1 else "")
                self._leaf(where, leaf, known, marking.label or label, write)

    def _leaf(self, place: str, span: Span, known: str, label: str, write: Write) -> None:
        plain, whole = self._delimiters.plain(self._text[slice(*span)])
        self._found.text(place, plain, Slot(*span, write), label=label, known=known)
        if not whole or _SHIFTS.search(plain):
            self._found.unreadable(place)

    def _marking(self, index: int, component: int) -> Marking:
        if not self._marked:
            return _NONE
        whole = f"{self._name}-{index}"
        return self._marked.get(f"{whole}.{component}") or self._marked.get(whole) or _NONE


def _delimiters(text: str, start: int, end: int) -> Delimiters | None:
    """Those of a header segment; None where they are none: letters, digits, or one of them twice."""
    if end - start < 4:
        return None
    field = text[start + 3]
    stop = text.find(field, start + 4, end)
    marks = text[start + 4 : end if stop < 0 else stop]
    used = field + marks
    if not 1 <= len(marks) <= 5 or len(set(used)) != len(used) or not all(_is_mark(mark) for mark in used):
        return None
    component, repetition, escape, subcomponent = (*marks[:4], *[""] * 4)[:4]
    return Delimiters(field, component, repetition, escape, subcomponent)


def _is_mark(character: str) -> bool:
    return character.isascii() and character.isprintable() and not character.isalnum() and character != " "


def _lines(text: str) -> Iterator[Span]:
    """The spans of segments, without their ends; empty lines are passed over."""
    at = 0
    for end in _ENDS.finditer(text):
        if at < end.start():
            yield at, end.start()
        at = end.end()
    if at < len(text):
        yield at, len(text)


def _encoded(components: Sequence[str]) -> bool:
    """Whether the data of an ED value (§2A.2.24) are binary."""
    return components[3].strip().upper() not in ("", "A")


MEDIA_TYPES: Mapping[str, str] = dict.fromkeys(
    ("application/hl7-v2", "x-application/hl7-v2+er7", "application/hl7-v2+er7", "text/hl7v2", "text/hl7-v2"), "hl7"
)
"""Media types that HL7 v2 is sent as over HTTP."""
