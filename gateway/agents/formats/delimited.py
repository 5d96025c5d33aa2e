"""Delimited records (RFC 4180) by a declared layout: delimiter, quote, and whether the first record names the columns.

Every cell is a part. A mask is quoted where it must be; where nothing may be quoted, what would break the record is
left out of it.
"""

import re
from collections.abc import Iterator

from gateway.agents.formats.document import Collector, Reading, Slot, Write, malformed
from gateway.agents.formats.layout import Layout, Marking
from gateway.core.refusal import Refusal

_NONE = Marking()
_HINT = "records as RFC 4180 has them, with the declared delimiter and quote"
Cell = tuple[int, int, bool]
"""Start and end of what stands in a cell, and whether quotes stand around it."""


def read(text: str, layout: Layout) -> Reading | Refusal:
    """The parts of all records. A quote that is not closed, or stands within a cell without quotes, is refused."""
    found = Collector()
    write = _writer(layout)
    ends = re.compile(f"[{re.escape(layout.delimiter)}\r\n]")
    columns: list[str] = []
    for number, record in enumerate(_records(text, layout, ends), 1):
        if record is None:
            return malformed("csv", _HINT)
        for index, (start, end, quoted) in enumerate(record, 1):
            cell = text[start:end]
            value = cell.replace(layout.quote * 2, layout.quote) if quoted else cell
            place = f"csv:{number}:{index}"
            if layout.header and number == 1:
                columns.append(value.strip())
                found.name(place, value)
                continue
            name = columns[index - 1] if index <= len(columns) else ""
            marking = layout.fields.get(name.lower()) or layout.fields.get(str(index)) or _NONE
            slot = Slot(start - quoted, end + quoted, write)
            found.text(place, value, slot, label=marking.label or name, known=marking.known)
        if found.full:
            break
    return found.reading()


def _records(text: str, layout: Layout, ends: re.Pattern[str]) -> Iterator[list[Cell] | None]:
    """The cells of each record; None where one is malformed, and nothing after it."""
    at, length = 0, len(text)
    record: list[Cell] = []
    while at < length:
        cell = _cell(text, at, layout, ends)
        if cell is None:
            yield None
            return
        record.append(cell)
        at = cell[1] + cell[2]
        if at < length and text[at] == layout.delimiter:
            at += 1
            if at < length:
                continue
            record.append((at, at, False))
        yield record
        record = []
        at += 2 if text.startswith("\r\n", at) else 1


def _cell(text: str, at: int, layout: Layout, ends: re.Pattern[str]) -> Cell | None:
    """The cell that begins here; None where its quotes are wrong."""
    quote = layout.quote
    if quote and text.startswith(quote, at):
        end = _closing(text, at + 1, quote)
        after = text[end + 1 : end + 2]
        if end < 0 or after not in ("", layout.delimiter, "\r", "\n"):
            return None
        return at + 1, end, True
    stop = ends.search(text, at)
    end = stop.start() if stop else len(text)
    return None if quote and quote in text[at:end] else (at, end, False)


def _closing(text: str, at: int, quote: str) -> int:
    """Where the quotes end: at the first that is not doubled; -1 where they do not."""
    while (end := text.find(quote, at)) >= 0:
        if text[end + 1 : end + 2] != quote:
            return end
        at = end + 2
    return -1


def _writer(layout: Layout) -> Write:
    delimiter, quote = layout.delimiter, layout.quote

    def write(old: str, new: str) -> str:
        if not quote:
            return new.translate({ord(mark): " " for mark in (delimiter, "\r", "\n")})
        if old.startswith(quote) or any(mark in new for mark in (delimiter, quote, "\r", "\n")):
            return quote + new.replace(quote, quote * 2) + quote
        return new

    return write
