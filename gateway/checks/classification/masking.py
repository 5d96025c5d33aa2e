"""Placeholders in the place of what is masked: `[EMAIL]`, `[US-SSN]`."""

from collections.abc import Iterable

import msgspec

WIDE = 256


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


def merged(spans: Iterable[Span]) -> list[tuple[int, int, str]]:
    """Spans that overlap become one, with the placeholder of the widest (the first of equals): start, end, placeholder.

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


def _place(span: Span) -> tuple[int, bool, int]:
    return (span.start, not span.silent, -min(span.width, WIDE))
