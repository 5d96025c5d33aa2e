"""Placeholders in the place of what is masked: `[EMAIL]`, `[US-SSN]`; in quotes where a number of JSON stood."""

import re
from collections.abc import Iterable

import msgspec

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
