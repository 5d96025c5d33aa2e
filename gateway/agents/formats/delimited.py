"""Delimited records (RFC 4180) by a declared layout: delimiter, quote, and whether the first record names the columns.

Every cell is a part. Columns that are declared by name must all be in the first record: where one is spelled otherwise,
nobody knows what its cells are. Records end with CR, LF or CRLF, one of them throughout, outside of quotes: two readers
could otherwise see different columns. A byte order mark is no part of the first cell. A mask is quoted where it must
be; where nothing may be quoted, what would break the record is left out of it.
"""

import re
import unicodedata
from collections.abc import Iterator

from gateway.agents.formats.document import BOM, Collector, Reading, Slot, Write, malformed
from gateway.agents.formats.layout import Layout, Marking
from gateway.core.refusal import Refusal

_NONE = Marking()
_NUMBER = re.compile("[1-9][0-9]{0,4}")
_HINT = "records as RFC 4180 has them, with the declared delimiter and quote, and one kind of line end"
_NAMES = "a first record that names every declared column; it lacks "
_TOLD = 5
"""Columns that are named in a refusal, at most."""
Cell = tuple[int, int, bool]
"""Start and end of what stands in a cell, and whether quotes stand around it."""


def read(text: str, layout: Layout) -> Reading | Refusal:
    """The parts of all records. A quote that is not closed, or stands within a cell without quotes, is refused, and so
    is a first record that is to name the columns and lacks a declared one."""
    found = Collector()
    write = _writer(layout)
    ends = re.compile(f"[{re.escape(layout.delimiter)}\r\n]")
    columns: list[tuple[str, str]] = []
    for number, record in enumerate(_records(text, layout, ends), 1):
        if record is None:
            return malformed("csv", _HINT)
        heads = layout.header and number == 1
        for index, (start, end, quoted) in enumerate(record, 1):
            cell = text[start:end]
            value = cell.replace(layout.quote * 2, layout.quote) if quoted else cell
            place = f"csv:{number}:{index}"
            if heads:
                columns.append((value.strip(), column_name(value)))
                found.name(place, value)
                continue
            name, key = columns[index - 1] if index <= len(columns) else ("", "")
            marking = layout.fields.get(key) or layout.fields.get(str(index)) or _NONE
            slot = Slot(start - quoted, end + quoted, write)
            found.text(place, value, slot, label=marking.label or name, known=marking.known)
        lacking = sorted(_named(layout) - {key for _, key in columns}) if heads else []
        if lacking:  # these are names of the configuration's; what the record has instead is never told
            more = f" and {len(lacking) - _TOLD} more" if len(lacking) > _TOLD else ""
            return malformed("csv", f"{_NAMES}{', '.join(lacking[:_TOLD])}{more}")
        if found.full:
            break
    return found.reading()


def column_name(text: str) -> str:
    """A column's name as it is compared: in any case, whatever its characters are composed of (NFKC)."""
    return unicodedata.normalize("NFKC", text).strip().casefold()


def _named(layout: Layout) -> set[str]:
    """The columns that are declared by name and not by number."""
    return {name for name in layout.fields if not is_number(name)}


def is_number(name: str) -> bool:
    """Whether a declared column is named by its number, from 1."""
    return _NUMBER.fullmatch(name) is not None


def _records(text: str, layout: Layout, ends: re.Pattern[str]) -> Iterator[list[Cell] | None]:
    """The cells of each record; None where one is malformed, and nothing after it."""
    at, length = len(BOM) if text.startswith(BOM) else 0, len(text)
    record: list[Cell] = []
    kind = ""
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
        mark = "\r\n" if text.startswith("\r\n", at) else text[at : at + 1]
        if kind and mark and mark != kind:
            yield None
            return
        yield record
        record, kind = [], mark
        at += len(mark)


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
