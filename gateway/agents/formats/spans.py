"""Texts whose fields stand between delimiters, by where they stand."""

from collections.abc import Iterator

Span = tuple[int, int]
"""Where a piece of a text begins, and where it has ended."""


def between(text: str, start: int, end: int, mark: str) -> Iterator[Span]:
    """The spans between delimiters; all of it where there is no such delimiter."""
    while mark and (stop := text.find(mark, start, end)) >= 0:
        yield start, stop
        start = stop + 1
    yield start, end


def emptied(old: str, new: str) -> str:
    """What stands in a field that can hold no mask: nothing."""
    del old, new
    return ""
