"""A document of a format that is not JSON: its text, the pieces of it that are parts, and how masks are put back.

A format reads text into a `Reading`: each part with its `Slot`, the span of the text that it was read from and how the
format writes another text there. What no mask touches stays as it was, character by character.
"""

from collections.abc import Callable, Mapping

import msgspec

from gateway.agents.bodies import MAX_PARTS
from gateway.core.errors import FormatError
from gateway.core.message import Part, PartKind
from gateway.core.refusal import Refusal

BOM = "\ufeff"
"""What may stand before a text in UTF-8 and is none of it."""
Write = Callable[[str, str], str]
"""(what stood in the slot, the masked text) → what stands there now, valid in the format."""

_CODECS: Mapping[str, str] = {
    "": "utf-8",
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "us-ascii": "ascii",
    "ascii": "ascii",
    "iso-8859-1": "iso-8859-1",
    "latin1": "iso-8859-1",
    "iso-8859-2": "iso-8859-2",
    "iso-8859-15": "iso-8859-15",
    "windows-1250": "cp1250",
    "windows-1252": "cp1252",
    "ibm437": "cp437",
    "ibm850": "cp850",
    "ibm037": "cp037",
    "ibm273": "cp273",
    "ibm500": "cp500",
    "ibm1140": "cp1140",
}
"""Character sets by their IANA names. Each decodes in one way only and gives the same bytes again."""
CHARSETS = tuple(name for name in _CODECS if name)


class Slot(msgspec.Struct, frozen=True, gc=False):
    """Where a part stands in the text (`end` exclusive), and how a mask is written there."""

    start: int
    end: int
    write: Write


class Reading(msgspec.Struct, frozen=True):
    """The parts of a text in order, and the slots of those that can be masked, by place."""

    parts: tuple[Part, ...]
    slots: Mapping[str, Slot]


class Collector:
    """Gathers the parts of one document, at most `MAX_PARTS`: beyond them lies one `unreadable` part."""

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self.slots: dict[str, Slot] = {}
        self.full = False

    def text(self, place: str, text: str, slot: Slot, *, label: str = "", known: str = "") -> None:
        """A text that can be masked; nothing where it holds nothing but white space."""
        if text and not text.isspace() and self._room(place):
            self.parts.append(Part(place, text, "text", label, known))
            self.slots[place] = slot

    def name(self, place: str, text: str, *, known: str = "", kind: PartKind = "name") -> None:
        """A text that is scanned and cannot be masked."""
        if text and self._room(place):
            self.parts.append(Part(place, text, kind, "", known))

    def unreadable(self, place: str) -> None:
        if self._room(place):
            self.parts.append(Part(place, "", "unreadable"))

    def reading(self) -> Reading:
        return Reading(tuple(self.parts), self.slots)

    def _room(self, place: str) -> bool:
        if len(self.parts) < MAX_PARTS:
            return True
        if not self.full:
            self.full = True
            self.parts.append(Part(place, "", "unreadable"))
        return False


def rewrite(text: str, reading: Reading, masked: Mapping[str, str]) -> str:
    """The text with masks in their slots. `FormatError` for a mask without one: it must never be lost."""
    pieces: list[str] = []
    at = 0
    try:
        slots = sorted(((reading.slots[place], new) for place, new in masked.items()), key=_start)
    except KeyError:
        raise FormatError("a mask for a place that is not there") from None
    for slot, new in slots:
        pieces += (text[at : slot.start], slot.write(text[slot.start : slot.end], new))
        at = slot.end
    return "".join((*pieces, text[at:]))


def decode(body: bytes, charset: str) -> str | None:
    """The text of a body in a character set by its name, in lower case; None where that is unknown or does not fit."""
    codec = _CODECS.get(charset)
    if codec is None:
        return None
    try:
        return body.decode(codec)
    except UnicodeDecodeError:
        return None


def encode(text: str, charset: str) -> bytes:
    """The bytes again. `FormatError` where a mask holds what the character set has not."""
    try:
        return text.encode(_CODECS[charset])
    except (UnicodeEncodeError, KeyError):
        raise FormatError("a text that its character set cannot hold") from None


def same_charset(one: str, other: str) -> bool:
    """Whether two names are of one character set."""
    return _CODECS.get(one, one) == _CODECS.get(other, other)


def malformed(name: str, hint: str) -> Refusal:
    """The refusal of a body that is not of the format that it is said to be of."""
    return Refusal(code="body_malformed", field=name, hint=hint)


def health(found: Collector, place: str, text: str) -> None:
    """Says of a document that it is health data by nature: identifiers beside this part are `phi`."""
    found.name(place, text, known="health-term")


def _start(item: tuple[Slot, str]) -> int:
    return item[0].start
