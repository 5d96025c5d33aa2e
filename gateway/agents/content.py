"""A body of any media type: what can be read becomes parts, what cannot is one `unreadable` part, never nothing.

What a body is comes from the route's declared layout, and without one from its media type. The formats themselves are
in `formats`; here is which of them reads a body, and how it is written again with masks.
"""

import re
from collections.abc import Callable, Mapping
from html.entities import html5

import msgspec

from gateway.agents.bodies import MAX_PARTS, read_json, replace, walk, write_json
from gateway.agents.formats import delimited, fhir, fixed, folded, hl7, multipart, x12, xml
from gateway.agents.formats.document import Reading, decode, encode, malformed, rewrite, same_charset
from gateway.agents.formats.fhir_elements import is_plainly_fhir
from gateway.agents.formats.labels import Labels
from gateway.agents.formats.layout import FormatName, Layout, Marking
from gateway.agents.formats.pairs import pair_parts, read_pairs, render_pairs
from gateway.core.errors import FormatError
from gateway.core.message import Part
from gateway.core.ports import Bounds
from gateway.core.refusal import Refusal

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
_FHIR = "application/fhir+json"
_MEDIA_TYPE = re.compile(r"([a-z0-9!#$&^_.+-]{1,127}/[a-z0-9!#$&^_.+-]{1,127})[ \t]*(?:;.*)?", re.DOTALL)
_CHARSET = re.compile(r';[ \t]*charset=(?:"([^"\\]*)"|([^";\s]*))[ \t]*(?=;|$)', re.IGNORECASE)
_UTF8 = frozenset({"", "utf-8", "utf8", "us-ascii"})
_BY_TYPE: Mapping[str, Layout] = {
    **dict.fromkeys(hl7.MEDIA_TYPES, Layout(format="hl7")),
    **dict.fromkeys(x12.MEDIA_TYPES, Layout(format="x12")),
    **dict.fromkeys((_FHIR, "application/json+fhir"), Layout(format="fhir")),
    **dict.fromkeys(("application/xml", "text/xml"), Layout(format="xml")),
    FORM: Layout(format="form"),
}
_TEXTS = folded.MEDIA_TYPES | {
    *("text/plain", "text/csv", "text/tab-separated-values", "text/markdown", "text/x-markdown", "text/html"),
    *("text/css", "text/javascript", "text/json", "text/x-json", "text/yaml", "text/x-yaml", "text/event-stream"),
}
"""Types whose words stand there as they are read, and those of which it is known how to come to that."""
_RTF = re.compile(r"[\ufeff\s]*\{\\+rtf")
_BEGINNING = re.compile(r"[\ufeff\x0b\s]*(?:((?:MSH|FHS|BHS)[^\w\s]{4,6})|ISA([^\w\s])\d\d\2)")
"""HL7 v2 with its delimiters, also in MLLP's framing, and X12 with its first qualifier: no words begin so."""
_READERS: Mapping[FormatName, Callable[[str, Layout], Reading | Refusal]] = {
    "hl7": hl7.read,
    "x12": x12.read,
    "csv": delimited.read,
    "fixed": fixed.read,
}
_JSON, _XML = Layout(format="json"), Layout(format="xml")
_NONE = Marking()
_UNENDED = re.compile(f"&(?:{'|'.join(sorted((name for name in html5 if name[-1] != ';'), reverse=True))})(?!;)")
"""A reference without its semicolon (WHATWG HTML §13.2.5.73)."""
_INNER = re.compile(r"multipart:(\d+):(.*)", re.DOTALL)


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """How a body was read, and so how it is written again. `kind` is the layout's format, `text`, `multipart` or empty
    for what could not be read; `text` and `reading` are those of a format that is not JSON."""

    kind: str = ""
    charset: str = ""
    text: str = ""
    reading: Reading | None = None
    inner: tuple[tuple[multipart.Field, "Content"], ...] = ()
    bounds: Bounds | None = None
    headers: tuple[str, ...] = ()
    """Of a request: further headers that go with it."""


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """A body that was read; `document` where it is JSON."""

    media_type: str
    parts: tuple[Part, ...]
    document: object = None
    form: Form = Form()


def media_type(content_type: str | None) -> str:
    """`type/subtype` in lower case; empty where there is none or it is malformed."""
    found = _MEDIA_TYPE.fullmatch((content_type or "").strip().lower())
    return found.group(1) if found else ""


def is_json(media: str) -> bool:
    return media == "application/json" or (media.startswith("application/") and media.endswith("+json"))


def charset_of(content_type: str | None) -> str:
    """The charset parameter in lower case; empty where there is none.

    `?`, which is no character set, where two readers could take it for different ones: it is there twice, in a form of
    its own (`charset*`), or not as RFC 9110 §5.6.6 has parameters.
    """
    given = (content_type or "").lower()
    if "charset" not in given:
        return ""
    found = _CHARSET.search(given)
    return (found.group(1) or found.group(2) or "") if found and given.count("charset") == 1 else "?"


def read_content(
    body: bytes, content_type: str | None, bounds: Bounds, layout: Layout | None = None
) -> Content | Refusal:
    """The parts of a body. One that breaks the rules of its own type or of the declared layout is refused."""
    media = media_type(content_type)
    if not body:
        return Content(media_type=media, parts=())
    charset = charset_of(content_type)
    if layout is None:
        layout = _usual(media)
    if layout is None:
        return _undeclared(body, media, content_type or "", bounds)
    if layout.format in ("json", "fhir"):
        if charset not in _UTF8:
            return Refusal(code="media_type", field="content-type", hint="JSON in UTF-8 (RFC 8259)")
        return _json(body, media, bounds, layout)
    if layout.format == "form":
        return _form(body, media, layout) if charset in _UTF8 else _unreadable(media)
    return _document(body, media, layout.charset or charset, bounds, layout)


def render_content(body: bytes, form: Form, document: object, masked: Mapping[str, str]) -> bytes:
    """The body with its masked parts replaced; the exact bytes where nothing is masked.

    `masked` holds places of this body only; `FormatError` for one that is not there.
    """
    if not masked:
        return body
    if form.kind == "json":
        return write_json(replace(document, masked))
    if form.kind == "fhir" and form.bounds is not None:
        return write_json(fhir.masked(document, masked, form.bounds))
    if form.kind == "form":
        pairs = read_pairs(body.decode("ascii"), "form")
        if not isinstance(pairs, Refusal):
            return render_pairs(pairs, masked).encode("ascii")
    if form.kind == "text" and masked.keys() == {""}:
        return encode(masked[""], form.charset)
    if form.kind == "multipart":
        return _render_fields(body, form, masked)
    if form.reading is not None:
        return encode(rewrite(form.text, form.reading, masked), form.charset)
    raise FormatError("a mask for a place that is not there")


def _usual(media: str) -> Layout | None:
    """The layout that a media type says."""
    found = _BY_TYPE.get(media)
    if found is not None:
        return found
    return _JSON if is_json(media) else _XML if media.endswith("+xml") else None


def _undeclared(body: bytes, media: str, content_type: str, bounds: Bounds) -> Content | Refusal:
    if media in _TEXTS:
        return _text(body, media, charset_of(content_type))
    if media == MULTIPART:
        return _fields(body, media, content_type, bounds)
    return _unreadable(media)


def _json(body: bytes, media: str, bounds: Bounds, layout: Layout) -> Content | Refusal:
    read = read_json(body, bounds)
    if isinstance(read, Refusal):
        return read
    parts: list[Part] = []
    # Servers of FHIR take it as any JSON, too, and say nothing of it.
    if layout is _JSON and (b"resourceType" in body or b"\\u" in body) and is_plainly_fhir(read.value):
        layout = _BY_TYPE[_FHIR]
    if layout.format == "fhir":
        parts = fhir.parts(read.value, layout, bounds)
    elif isinstance(layout.labels, Labels) and layout.labels:
        parts = layout.labels.parts(read.value)
    else:
        walk(read.value, parts)
    if layout.health and layout.format == "json":
        parts.append(_health())
    form = Form(kind=layout.format, bounds=bounds)
    return Content(media_type=media, parts=tuple(parts), document=read.value, form=form)


def _form(body: bytes, media: str, layout: Layout) -> Content | Refusal:
    if not body.isascii():
        return Refusal(code="parameter_invalid", field="form", hint="percent-encoded UTF-8 (RFC 3986 §2)")
    pairs = read_pairs(body.decode("ascii"), "form")
    if isinstance(pairs, Refusal):
        return pairs
    labels = layout.labels if isinstance(layout.labels, Labels) else None
    parts = pair_parts(
        pairs, labels.member if labels is not None else lambda name: layout.fields.get(name, _NONE).known
    )
    if layout.health:
        parts.append(_health())
    return Content(media_type=media, parts=tuple(parts), form=Form(kind="form"))


def _document(body: bytes, media: str, charset: str, bounds: Bounds, layout: Layout) -> Content | Refusal:
    if layout.format == "xml":
        declared = xml.declared_charset(body)
        if charset and declared and not same_charset(charset, declared):
            return malformed("xml", "the same character set in the XML declaration and in the Content-Type")
        charset = charset or declared
    text = decode(body, charset)
    if text is None:
        return _unreadable(media)
    reading = _read(text, layout, bounds)
    if isinstance(reading, Refusal):
        return reading
    parts = (*reading.parts, _health()) if layout.health else reading.parts
    return Content(
        media_type=media, parts=parts, form=Form(kind=layout.format, charset=charset, text=text, reading=reading)
    )


def _read(text: str, layout: Layout, bounds: Bounds) -> Reading | Refusal:
    if layout.format == "xml":
        return xml.read(text, layout, bounds)
    return _READERS[layout.format](text, layout)


def _plainly(text: str) -> FormatName | None:
    """What a text is by its own first words, whatever text it is said to be."""
    begins = _BEGINNING.match(text)
    return None if begins is None else "hl7" if begins.group(1) else "x12"


def _text(body: bytes, media: str, charset: str) -> Content | Refusal:
    charset = "" if charset in _UTF8 else charset
    text = decode(body, charset)
    if text is None:
        hint = "text in UTF-8, or another charset declared"
        return _unreadable(media) if charset else Refusal(code="body_not_utf8", hint=hint)
    plain = _plainly(text)
    reading = None if plain is None else _READERS[plain](text, Layout(format=plain))
    if isinstance(reading, Reading):
        form = Form(kind=str(plain), charset=charset, text=text, reading=reading)
        return Content(media_type=media, parts=reading.parts, form=form)
    sure = True
    if media in folded.MEDIA_TYPES or folded.is_plainly(text):
        text, sure = folded.unfolded(text)
    parts = [Part("", text)]
    if plain is not None or not sure or _RTF.match(text) or (media == "text/html" and _UNENDED.search(text)):
        # What fields hold that cannot be told apart here; lines of which nobody knows how they were folded; words in
        # controls of RTF; what browsers take for a reference, and no recognizer does.
        parts.append(Part("", "", "unreadable"))
    return Content(media_type=media, parts=tuple(parts), form=Form(kind="text", charset=charset))


def _fields(body: bytes, media: str, content_type: str, bounds: Bounds) -> Content | Refusal:
    """A form with files: each field's name and headers, and its body by its own media type."""
    fields = multipart.read(body, content_type)
    if isinstance(fields, Refusal):
        return fields
    parts: list[Part] = []
    inner: list[tuple[multipart.Field, Content]] = []
    for index, field in enumerate(fields):
        place = f"multipart:{index}"
        content = _field(body[field.start : field.end], field, bounds)
        if isinstance(content, Refusal):
            return content
        inner.append((field, content))
        parts += [Part(place, text, "name") for text in (field.name, field.filename, *field.more) if text]
        if field.content_type is not None:
            parts.append(Part(place, field.content_type, "name"))
        for part in content.parts:
            parts.append(Part(f"{place}:{part.pointer}", part.text, part.kind, part.label or field.name, part.known))
        if len(parts) > MAX_PARTS:
            parts[MAX_PARTS:] = [Part(place, "", "unreadable")]
            break
    return Content(media_type=media, parts=tuple(parts), form=Form(kind="multipart", inner=tuple(inner)))


def _field(body: bytes, field: multipart.Field, bounds: Bounds) -> Content | Refusal:
    kind = field.content_type or ("application/octet-stream" if field.filename else "text/plain")
    media = media_type(kind)
    if not field.readable or media.startswith("multipart/"):
        return _unreadable(media) if body else Content(media_type=media, parts=())
    return read_content(body, kind, bounds)


def _render_fields(body: bytes, form: Form, masked: Mapping[str, str]) -> bytes:
    places: dict[int, dict[str, str]] = {}
    for place, text in masked.items():
        found = _INNER.fullmatch(place)
        if found is None or int(found.group(1)) >= len(form.inner):
            raise FormatError("a mask for a place that is not there")
        places.setdefault(int(found.group(1)), {})[found.group(2)] = text
    pieces: list[bytes] = []
    at = 0
    for index, texts in sorted(places.items()):
        field, content = form.inner[index]
        rendered = render_content(body[field.start : field.end], content.form, content.document, texts)
        pieces += (body[at : field.start], rendered)
        at = field.end
    return b"".join((*pieces, body[at:]))


def _health() -> Part:
    return Part("layout", "health", "name", "", "health-term")


def _unreadable(media: str) -> Content:
    return Content(media_type=media, parts=(Part("", "", "unreadable"),))
