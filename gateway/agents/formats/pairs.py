"""Pairs of a query or a form: `name=value`, percent-encoded (RFC 3986 §2), decoded strictly and written again."""

import re
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import quote_plus, unquote_to_bytes

import msgspec

from gateway.core.errors import FormatError
from gateway.core.message import Part
from gateway.core.refusal import Refusal

MAX_PAIRS = 1000
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z_.-]{0,63}")
_OUTSIDE = re.compile(r"[^!-\"$-~]")


class Pair(msgspec.Struct, frozen=True):
    """One `name=value` of a query or a form: as it was written, and what it means."""

    place: str
    raw: str
    name: str
    value: str


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


def pair_parts(pairs: Sequence[Pair], known: Callable[[str], str] = lambda name: "") -> list[Part]:
    """A name part for each name, a text part for each value; `known` tells what the field of a name holds."""
    parts: list[Part] = []
    for pair in pairs:
        if pair.name:
            parts.append(Part(pair.place, pair.name, "name"))
        if pair.value:
            parts.append(Part(pair.place, pair.value, "text", pair.name, known(pair.name)))
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
