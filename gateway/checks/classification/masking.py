"""Placeholders in the place of what is masked: `[EMAIL]`, `[US-SSN]`; in quotes where a number of JSON stood."""

import re
from collections.abc import Iterable

import msgspec

from gateway.checks.classification.classes import CLASS_TYPES, QUASI
from gateway.core.tokens import LENGTH, LETTERS, MAX_LABEL

TYPES = frozenset().union(*CLASS_TYPES.values(), QUASI)
"""The types that ship, which all have classes or are known to have none."""
WIDE = 256
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_SPACE = " \t\r\n"


class Span(msgspec.Struct, frozen=True, gc=False):
    """Text to mask. `width` is how long the finding is in all; with `silent` its placeholder has gone out already."""

    start: int
    end: int
    type: str
    width: int
    silent: bool = False


def placeholder(kind: str) -> str:
    """What stands for a finding of this type."""
    return f"[{kind.upper()}]"


_MASK = re.compile(rf"\[[A-Z][A-Z0-9-]{{0,{MAX_LABEL}}}(?:_[{LETTERS}]{{{LENGTH}}})?\]")
_SHIP = frozenset(map(placeholder, TYPES))
_OWN = "[X-"


def masks(text: str) -> list[tuple[int, int]]:
    """Where placeholders of types that there are stand in a text, and tokens; linear."""
    return [found.span() for found in _MASK.finditer(text) if _is_mask(found[0])] if "[" in text else []


def _is_mask(text: str) -> bool:
    return text in _SHIP or text.startswith(_OWN) or "_" in text


def walled(text: str) -> str:
    """A masked text as it is searched again, each character in its place: no word reaches over what was masked to the
    next number. In `Phone: [PHONE], order 4500123456` the word has what it names; without a wall it would name the
    order, and with that masked whatever comes next. A figure in the placeholder is one: no label and no word near by
    looks beyond figures. It is single and touched by an underscore, so that it is part of no number, and breaks the
    placeholder's own words (`[DATE-OF-BIR_0]`)."""
    pieces: list[str] = []
    done = 0
    for _, end in masks(text):
        pieces += (text[done : end - 3], "_0]")
        done = end
    return "".join((*pieces, text[done:])) if pieces else text


def is_json(text: str) -> bool:
    """Whether a text begins as an object or array of JSON does: then a number in it needs a string in its place."""
    return text.lstrip(_SPACE)[:1] in ("{", "[")


def in_place(text: str, start: int, end: int, shown: str) -> str:
    """What stands for `[start, end)` in a text that begins as JSON and is none (`json_writer`): the placeholder, as a
    string where that is a whole number, with the quotes as the key before it has them."""
    if not shown or _NUMBER.fullmatch(text, start, end) is None:
        return shown
    before, after = text[max(0, start - 32) : start].rstrip(_SPACE), text[end : end + 32].lstrip(_SPACE)
    if before[-1:] not in (":", ",", "[") or after[:1] not in (",", "]", "}"):
        return shown
    quote = '\\"' if before[:-1].rstrip(_SPACE).endswith('\\"') else '"'
    return f"{quote}{shown}{quote}"


def merged(spans: Iterable[Span]) -> list[tuple[int, int, str]]:
    """Spans that overlap become one, with the placeholder of the widest: start, end, placeholder. Of equals it is
    that of the first, by place and then by type.

    Beyond `WIDE` all count as equal: in a stream nobody knows yet how long such a one will be. The placeholder is empty
    where it has been written before.
    """
    groups: list[tuple[int, int, str]] = []
    widest = 0
    for span in sorted(spans, key=_place):
        width = min(span.width, WIDE)
        text = "" if span.silent else placeholder(span.type)
        if groups and span.start < groups[-1][1]:
            start, end, shown = groups[-1]
            if width > widest and shown:
                widest, shown = width, text
            groups[-1] = (start, max(end, span.end), shown)
        else:
            widest = width
            groups.append((span.start, span.end, text))
    return groups


def _place(span: Span) -> tuple[int, bool, int, str]:
    # By type at last: what is found in a column and what is found in the text come in another order in a stream.
    return (span.start, not span.silent, -min(span.width, WIDE), span.type)
