"""Fixed-width records by a declared layout: lines, or records of one length without line ends.

Every declared column is a part, and so is what stands outside of all columns. A mask is padded or cut to the width of
its column, on the side where the text was. Lines end in one way throughout: two readers could otherwise see different
columns. A byte order mark is in no column.
"""

import re
from collections.abc import Iterator

from gateway.agents.formats.document import BOM, Collector, Reading, Slot, malformed
from gateway.agents.formats.layout import Column, Layout, Marking
from gateway.core.refusal import Refusal

_ENDS = re.compile(r"\r\n|[\r\n\x85]")
"""`\\x85` is what EBCDIC's new line becomes."""


def read(text: str, layout: Layout) -> Reading | Refusal:
    """The parts of all records; a record that is shorter or longer than declared is read as far as it goes."""
    if layout.record is None and len(set(_ENDS.findall(text))) > 1:
        return malformed("fixed", "records with one kind of line end")
    found = Collector()
    columns = list(_columns(layout))
    for number, (start, end) in enumerate(_records(text, layout), 1):
        last = start
        for column in columns:
            first, stop = min(start + column.start, end), min(start + column.start + column.length, end)
            _cell(found, text, f"fixed:{number}:{column.start + 1}", column, first, stop)
            last = max(last, stop)
        if last < end:
            _cell(found, text, f"fixed:{number}:{last - start + 1}", _REST, last, end)
        if found.full:
            break
    return found.reading()


_REST = Column(name="", start=0, length=0)


def _columns(layout: Layout) -> Iterator[Column]:
    """The declared columns in order, and the gaps between them."""
    at = 0
    for column in sorted(layout.columns, key=_start):
        if at < column.start:
            yield Column(name="", start=at, length=column.start - at)
        yield column
        at = column.start + column.length


def _cell(found: Collector, text: str, place: str, column: Column, start: int, end: int) -> None:
    marking: Marking = column.marking
    label = marking.label or column.name
    found.text(place, text[start:end], Slot(start, end, _fitted), label=label, known=marking.known)


def _fitted(old: str, new: str) -> str:
    """The new text in the width of the old one, aligned as that was."""
    bare = new.translate({ord("\r"): " ", ord("\n"): " ", 0x85: " "}).strip()[: len(old)]
    return bare.rjust(len(old)) if old[:1].isspace() and not old[-1:].isspace() else bare.ljust(len(old))


def _records(text: str, layout: Layout) -> Iterator[tuple[int, int]]:
    at = len(BOM) if text.startswith(BOM) else 0
    if layout.record is not None:
        for start in range(at, len(text), layout.record):
            yield start, min(start + layout.record, len(text))
        return
    for end in _ENDS.finditer(text):
        yield at, end.start()
        at = end.end()
    yield at, len(text)


def _start(column: Column) -> int:
    return column.start
