"""Rows as CSV (RFC 4180) and as NDJSON, one at a time: whatever lists something lists it in these forms too.

A spreadsheet must show what is there and run none of it, so that a cell that a spreadsheet would take for a formula
begins with an apostrophe (OWASP, "CSV Injection"); the wide forms of those signs count, which some programs read alike.
A terminal must not be moved by it either: control characters but tab and line ends are replaced. Nothing else is
changed, and who needs the exact text takes NDJSON.
"""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

CSV, NDJSON = "text/csv", "application/x-ndjson"
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def accepted(accept: str) -> str | None:
    """Which of the two an `Accept` header asks for, None for neither. CSV first, where it names both."""
    return CSV if CSV in accept else NDJSON if NDJSON in accept else None


def row(cells: Iterable[Any]) -> bytes:
    """One line of CSV, in UTF-8 and ending with CRLF; what cells hold becomes text as `text` says."""
    buffer = io.StringIO()
    csv.writer(buffer).writerow([_cell(value) for value in cells])
    return buffer.getvalue().encode()


def line(value: Any) -> bytes:
    """One line of NDJSON."""
    return msgspec.json.encode(value) + b"\n"


def table(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> Iterable[bytes]:
    """A head, and a line for each row, whose other members are passed over."""
    yield row(columns)
    for one in rows:
        yield row(one.get(name) for name in columns)


def lines(form: str, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> Iterable[bytes]:
    """Rows in one of the two forms (`CSV`, `NDJSON`)."""
    return table(columns, rows) if form == CSV else map(line, rows)


def text(value: Any) -> str:
    """Nothing for None, `true` or `false`, numbers as they are, lists of texts with spaces between, else JSON."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, list | tuple) and all(isinstance(one, str) for one in value):
        return " ".join(value)
    return msgspec.json.encode(value).decode()


def _cell(value: Any) -> str:
    shown = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text(value))
    # A number of the gateway's own is none of those: a negative one stays a number.
    return f"'{shown}" if shown.startswith(FORMULA) and not isinstance(value, int) else shown
