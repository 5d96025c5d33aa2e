"""A body of any media type: what can be read becomes parts, what cannot is one `unreadable` part, never nothing."""

import re
from collections.abc import Mapping, Sequence
from urllib.parse import quote_plus, unquote_to_bytes

import msgspec

from gateway.agents.bodies import read_json, replace, walk, write_json
from gateway.core.errors import FormatError
from gateway.core.message import Part
from gateway.core.ports import Bounds
from gateway.core.refusal import Refusal

FORM = "application/x-www-form-urlencoded"
MAX_PAIRS = 1000
_MEDIA_TYPE = re.compile(r"([a-z0-9!#$&^_.+-]{1,127}/[a-z0-9!#$&^_.+-]{1,127})[ \t]*(?:;.*)?", re.DOTALL)
_CHARSET = re.compile(r';[ \t]*charset="?([^";\s]*)"?', re.IGNORECASE)
_UTF8 = frozenset({"", "utf-8", "utf8", "us-ascii"})
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z_.-]{0,63}")
_OUTSIDE = re.compile(r"[^!-\"$-~]")
_MARKUP = frozenset({"text/html", "text/xml"})


class Pair(msgspec.Struct, frozen=True):
    """One `name=value` of a query or a form: as it was written, and what it means."""

    place: str
    raw: str
    name: str
    value: str


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """A body that was read; `document` where it is JSON."""

    media_type: str
    parts: tuple[Part, ...]
    document: object = None


def media_type(content_type: str | None) -> str:
    """`type/subtype` in lower case; empty where there is none or it is malformed."""
    found = _MEDIA_TYPE.fullmatch((content_type or "").strip().lower())
    return found.group(1) if found else ""


def is_json(media: str) -> bool:
    return media == "application/json" or (media.startswith("application/") and media.endswith("+json"))


def read_content(body: bytes, content_type: str | None, bounds: Bounds) -> Content | Refusal:
    """The parts of a body, by its declared type. A body that breaks the rules of its own type is refused."""
    media = media_type(content_type)
    if not body:
        return Content(media_type=media, parts=())
    charset = _CHARSET.search(content_type or "")
    readable = (charset.group(1).lower() if charset else "") in _UTF8
    if is_json(media):
        if not readable:
            return Refusal(code="media_type", field="content-type", hint="JSON in UTF-8 (RFC 8259)")
        return _json(body, media, bounds)
    if media == FORM and readable:
        return _form(body, media)
    if media.startswith("text/") and readable:
        return _text(body, media)
    return Content(media_type=media, parts=(Part("", "", "unreadable"),))


def render_content(body: bytes, media: str, document: object, masked: Mapping[str, str]) -> bytes:
    """The body with its masked parts replaced; the exact bytes where nothing is masked.

    `masked` holds places of this body only; `FormatError` for one that is not there.
    """
    if not masked:
        return body
    if is_json(media):
        return write_json(replace(document, masked))
    if media == FORM:
        pairs = read_pairs(body.decode("ascii"), "form")
        if not isinstance(pairs, Refusal):
            return render_pairs(pairs, masked).encode("ascii")
    if media.startswith("text/") and masked.keys() == {""}:
        return masked[""].encode()
    raise FormatError("a mask for a place that is not there")


def read_pairs(raw: str, kind: str) -> tuple[Pair, ...] | Refusal:
    """The pairs of a query or a form (`kind` names which), decoded strictly: one meaning or a refusal."""
    if not raw:
        return ()
    pieces = raw.split("&")
    if len(pieces) > MAX_PAIRS:
        return Refusal(code="parameter_invalid", field=kind, hint=f"at most {MAX_PAIRS} parameters")
    pairs: list[Pair] = []
    places: set[str] = set()
    for index, piece in enumerate(pieces):
        name, _, value = piece.partition("=")
        decoded = (_decoded(name), _decoded(value))
        if decoded[0] is None or decoded[1] is None:
            return Refusal(code="parameter_invalid", field=kind, hint="percent-encoded UTF-8 (RFC 3986 §2)")
        # A place is told more freely than a text, so a name that could be anybody's stands as a number.
        place = f"{kind}:{decoded[0]}" if _PLAIN_NAME.fullmatch(decoded[0]) else f"{kind}:#{index}"
        if place in places:
            place = f"{kind}:#{index}"
        places.add(place)
        pairs.append(Pair(place, piece, decoded[0], decoded[1]))
    return tuple(pairs)


def pair_parts(pairs: Sequence[Pair]) -> list[Part]:
    """A name part for each name, a text part for each value."""
    parts: list[Part] = []
    for pair in pairs:
        if pair.name:
            parts.append(Part(pair.place, pair.name, "name"))
        if pair.value:
            parts.append(Part(pair.place, pair.value, "text", pair.name))
    return parts


def render_pairs(pairs: Sequence[Pair], masked: Mapping[str, str]) -> str:
    """The pairs joined again; those that are masked encoded anew, the others as they were written."""
    if not masked.keys() <= {pair.place for pair in pairs}:
        raise FormatError("a mask for a place that is not there")
    return "&".join(
        f"{quote_plus(pair.name)}={quote_plus(masked[pair.place])}" if pair.place in masked else pair.raw
        for pair in pairs
    )


def _decoded(text: str) -> str | None:
    if _OUTSIDE.search(text) or _BAD_ESCAPE.search(text):
        return None
    try:
        return unquote_to_bytes(text.replace("+", " ")).decode()
    except UnicodeDecodeError:
        return None


def _json(body: bytes, media: str, bounds: Bounds) -> Content | Refusal:
    read = read_json(body, bounds)
    if isinstance(read, Refusal):
        return read
    parts: list[Part] = []
    walk(read.value, parts)
    return Content(media_type=media, parts=tuple(parts), document=read.value)


def _form(body: bytes, media: str) -> Content | Refusal:
    if not body.isascii():
        return Refusal(code="parameter_invalid", field="form", hint="percent-encoded UTF-8 (RFC 3986 §2)")
    pairs = read_pairs(body.decode("ascii"), "form")
    if isinstance(pairs, Refusal):
        return pairs
    return Content(media_type=media, parts=tuple(pair_parts(pairs)))


def _text(body: bytes, media: str) -> Content | Refusal:
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return Refusal(code="body_not_utf8", hint="text in UTF-8, or another charset declared")
    parts = [Part("", text)]
    if (media in _MARKUP or media.endswith("+xml")) and "&" in text:
        # Character references may spell what no recognizer sees.
        parts.append(Part("", "", "unreadable"))
    return Content(media_type=media, parts=tuple(parts))
