"""XML 1.0 (fifth edition), SOAP and CDA among it: read defused, masked in its own text.

expat (behind defusedxml) says whether the document is well formed and within its bounds; a document type declaration,
and so every entity of the sender's own, is refused. Then the text is walked once more for the places: texts, attribute
values, comments, processing instructions and CDATA sections are parts, names are `name` parts. A mask is written with
the escapes of its place, and nothing else changes.
"""

import re
from collections.abc import Mapping
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from gateway.agents.formats.document import Collector, Reading, Slot, Write, health, malformed
from gateway.agents.formats.fhir_elements import DATE
from gateway.agents.formats.fhir_xml import Elements
from gateway.agents.formats.layout import Layout, Marking, joined, listed
from gateway.agents.formats.xml_paths import CDA, Paths
from gateway.core.ports import Bounds
from gateway.core.refusal import Refusal

MAX_NAME = 256
_HINT = (
    f"well-formed XML without a document type, in the declared character set, names of at most {MAX_NAME} characters"
)
_ENCODING = re.compile(r"encoding[ \t\r\n]*=[ \t\r\n]*[\"']([A-Za-z0-9._-]+)[\"']")
_LONGEST_DECLARATION = 1000
_ATTRIBUTE = re.compile(r"""([^\s=/<>"']+)[ \t\r\n]*=[ \t\r\n]*(?:"([^"]*)"|'([^']*)')""")
_DECLARATION = re.compile(r"<\?xml[ \t\r\n]")
_NAME = re.compile(r"[^\s/<>=?]+")
_REFERENCE = re.compile(r"&(?:#x0*([0-9A-Fa-f]{1,6})|#0*([0-9]{1,7})|(amp|lt|gt|quot|apos));")
"""§4.1 and §4.6; zeros before a number are without limit."""
_ESCAPES = {
    ord(character): reference
    for character, reference in {
        "&": "&amp;",
        "<": "&lt;",
        ">": "&gt;",
        '"': "&quot;",
        "'": "&apos;",
        "\r": "&#13;",
        "\t": "&#9;",
    }.items()
}
_PREDEFINED = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_QUIET = frozenset({"value", "extension", "code", "id", "root", "type"})
"""Attributes that say less of their value than the element does."""


_RUNNING = listed(
    "div p span b i u em strong td th tr li dt dd a h1 h2 h3 h4 h5 h6 pre small content paragraph text item"
)
"""Elements of running text (XHTML, CDA's narrative block)."""
_LABEL = 60


class _TooDeep(Exception):
    """More levels than the bounds allow."""


class _Depth:
    """A parser's target that keeps nothing and counts levels."""

    def __init__(self, limit: int) -> None:
        self._level, self._limit = 0, limit

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        self._level += 1
        longest = max((len(name) for name in (tag, *attributes)), default=0)
        if self._level > self._limit or longest > 4 * MAX_NAME:
            raise _TooDeep

    def end(self, tag: str) -> None:
        self._level -= 1

    def close(self) -> None:
        return None


def declared_charset(body: bytes) -> str:
    """The encoding that an XML declaration names, in lower case; empty where it names none (§4.3.3).

    `?`, which is no character set, where the declaration does not end within bounds: nobody knows what it names.
    """
    head = body[:_LONGEST_DECLARATION].removeprefix(b"\xef\xbb\xbf").decode("latin-1")
    if not _DECLARATION.match(head):
        return ""
    declaration, end, _ = head.partition("?>")
    if not end:
        return "?"
    found = _ENCODING.search(declaration)
    return found.group(1).lower() if found else ""


def read(text: str, layout: Layout, bounds: Bounds) -> Reading | Refusal:
    """The parts of a document, its text decoded before."""
    refusal = _refused(text, bounds)
    if refusal is not None:
        return refusal
    return Walk(text, layout).reading()


def _refused(text: str, bounds: Bounds) -> Refusal | None:
    depth = _Depth(bounds.depth)
    parser = DefusedXMLParser(target=depth, encoding="utf-8", forbid_dtd=True)
    try:
        parser.feed(text.removeprefix("\ufeff").encode())
        parser.close()
    except _TooDeep:
        return Refusal(
            code="body_too_deep", hint=f"at most {bounds.depth} levels, names of at most {MAX_NAME} characters"
        )
    except (ParseError, DefusedXmlException, ValueError):
        return malformed("xml", _HINT)
    return None


class Walk:
    """One pass over a text that is known to be well formed XML without a document type."""

    def __init__(self, text: str, layout: Layout, prefix: str = "xml:") -> None:
        self._text, self._prefix, self._found = text, prefix, Collector()
        self._paths = Paths(layout.fields)
        self._fhir = Elements()
        self._clinical = False
        self._stack: list[str] = []
        self._names: set[str] = set()
        self._count = 0
        self._run: list[str] = []
        """Texts with nothing between them but comments, instructions and the marks of CDATA sections."""
        self._before = ""

    def reading(self) -> Reading:
        text, at = self._text, 1 if self._text.startswith("\ufeff") else 0
        while at < len(text) and not self._found.full:
            opening = text.find("<", at)
            if opening < 0:
                opening = len(text)
            self._data(at, opening, _escaped, decoded=True)
            at = self._markup(opening) if opening < len(text) else opening
        return self._found.reading()

    def _markup(self, at: int) -> int:
        """One construct that begins with `<`; gives the place after it."""
        text = self._text
        if text.startswith("<!--", at):
            end = text.index("-->", at)
            self._piece(at + 4, end, "", Slot(at + 4, end, _in_comment))
            return end + 3
        if text.startswith("<![CDATA[", at):
            end = text.index("]]>", at)
            self._data(at + 9, end, _in_cdata)
            return end + 3
        if text.startswith("<?", at):
            end = text.index("?>", at)
            if at > 1 or not _DECLARATION.match(text, at):
                self._instruction(at + 2, end)
            return end + 2
        self._whole()
        if text.startswith("</", at):
            self._leave()
            return text.index(">", at) + 1
        return self._element(at)

    def _instruction(self, start: int, end: int) -> None:
        """Its target is a name, its data a text (§2.6)."""
        name = _NAME.match(self._text, start, end)
        if name is not None:
            self._named(name.group())
            start = _past_white(self._text, name.end())
            self._piece(start, end, "", Slot(start, end, _in_instruction))

    def _element(self, at: int) -> int:
        name = _NAME.match(self._text, at + 1)
        if name is None:
            raise ValueError("a text that is not well formed")
        local = self._named(name.group())
        self._stack.append(local)
        self._paths.enter(local)
        if local == "ClinicalDocument":  # by itself, or in an envelope
            self._paths.also(CDA, local)
            if not self._clinical:
                health(self._found, f"{self._prefix}document", local)
            self._clinical = True
        position, attributes = name.end(), list[re.Match[str]]()
        while (attribute := _ATTRIBUTE.match(self._text, _past_white(self._text, position))) is not None:
            position = attribute.end()
            attributes.append(attribute)
        end = self._text.index(">", position) + 1
        healthy = self._fhir.health
        self._fhir.enter(name.group(), {one.group(1): _plain(_value(one)) for one in attributes})
        if self._fhir.health != healthy:
            health(self._found, f"{self._prefix}resource", local)
        alone = len(attributes) == 1 and self._text[position:end] == "/>"
        for attribute in attributes:
            self._attribute(attribute, name.group() if alone else "")
        if self._text[end - 2] == "/":
            self._leave()
        return end

    def _leave(self) -> None:
        self._stack.pop()
        self._paths.leave()
        self._fhir.leave()

    def _attribute(self, attribute: re.Match[str], alone: str) -> None:
        """`alone`: the element's name, where it holds this attribute and nothing else."""
        name = attribute.group(1)
        if name == "xmlns" or name.startswith("xmlns:"):
            self._named(name)
        local = self._named(name)
        start, end = attribute.span(2 if attribute.group(2) is not None else 3)
        label = self._stack[-1] if local in _QUIET else local
        marking = self._paths.attribute(local)
        known = self._fhir.known(local)
        if known:
            marking = Marking(joined(known, marking.known), marking.label)
        slot = Slot(start, end, _escaped)
        if known and alone and DATE.fullmatch(self._text, start, end):
            # A placeholder is no date: the value is absent, as in JSON.
            slot = Slot(attribute.start(), attribute.end() + 2, _absent(alone, self._fhir.absent))
        if self._fhir.is_attached(local):
            self._found.unreadable(f"{self._prefix}{self._label()[:64]}@{local[:64]}")
            return
        kept = self._fhir.identifies(local)
        self._piece(start, end, label, slot, decoded=True, marking=marking, leaf=f"@{local}", kept=kept)

    def _data(self, start: int, end: int, write: Write, *, decoded: bool = False) -> None:
        """Text of an element. In running text the words before it tell more of it than the element's name."""
        text = self._text[start:end]
        if not text or text.isspace():
            return
        name = self._label()
        label = self._before if name.lower() in _RUNNING else name
        self._piece(start, end, label, Slot(start, end, write), decoded=decoded)
        plain = _plain(text) if decoded and "&" in text else text
        self._before = plain.strip()[-_LABEL:]
        self._run.append(plain)

    def _whole(self) -> None:
        """What a reader sees in one piece is scanned in one piece too, though it could not be masked."""
        if len(self._run) > 1:
            self._count += 1
            self._found.name(f"{self._prefix}{self._label()[:64]}#{self._count}", "".join(self._run))
        self._run.clear()

    def _piece(
        self,
        start: int,
        end: int,
        label: str,
        slot: Slot,
        *,
        decoded: bool = False,
        marking: Marking | None = None,
        leaf: str = "",
        kept: bool = False,
    ) -> None:
        """The text from `start` to `end` as a part with this slot; with none where it is `kept` as it is."""
        raw = self._text[start:end]
        if not raw or raw.isspace():
            return
        self._count += 1
        marking = marking or (self._paths.element() if self._stack else Marking())
        place = f"{self._prefix}{self._label()[:64]}{leaf[:65]}#{self._count}"
        text = _plain(raw) if decoded and "&" in raw else raw
        if kept:
            self._found.name(place, text, known=marking.known)
        else:
            self._found.text(place, text, slot, label=marking.label or label, known=marking.known)

    def _label(self) -> str:
        return self._stack[-1] if self._stack else ""

    def _named(self, name: str) -> str:
        """The local name; a `name` part the first time that it is met."""
        if name not in self._names and len(name) <= 4 * MAX_NAME:
            self._names.add(name)
            self._found.name(f"{self._prefix}name#{len(self._names)}", name)
        return name.rpartition(":")[2]


def _value(attribute: re.Match[str]) -> str:
    return attribute.group(2) if attribute.group(2) is not None else attribute.group(3)


def _absent(name: str, instead: str) -> Write:
    """Closes an element's tag without the attribute, and says in it that its value is masked."""

    def write(old: str, new: str) -> str:
        del old, new
        return f">{instead}</{name}>"

    return write


def _past_white(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    return at


def _plain(raw: str) -> str:
    """Character and predefined references as what they stand for (§4.1, §4.6)."""
    return _REFERENCE.sub(_meant, raw)


def _meant(found: re.Match[str]) -> str:
    hexadecimal, decimal, name = found.groups()
    if name:
        return _PREDEFINED[name]
    return chr(int(hexadecimal, 16) if hexadecimal else int(decimal))


def _escaped(old: str, new: str) -> str:
    del old
    return new.translate(_ESCAPES)


def _in_comment(old: str, new: str) -> str:
    del old
    return re.sub("-(?=-|$)", "- ", new)


def _in_cdata(old: str, new: str) -> str:
    del old
    return new.replace("]]>", "]]]]><![CDATA[>")


def _in_instruction(old: str, new: str) -> str:
    del old
    return new.replace("?>", "? >")
