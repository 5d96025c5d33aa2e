"""The lines of a log as rows. A line that is too long, of another encoding or another form is an error by its number,
of which nothing else is told; the lines after it are read all the same. One line is in memory at a time.

A row of CSV is one line: a quote that a line leaves open is an error of that line, and swallows no others.
"""

import csv
import gzip
import io
import json
import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, BinaryIO

import msgspec

from gateway.core.errors import ConfigurationError
from gateway.evidence.reconcile.hosts import MAX_PORT, Place, address, place, target
from gateway.evidence.reconcile.mapping import Source, zone

MAX_LINE = 65_536
MAX_DOCUMENT = 16 << 20
"""Bytes of a `json` file, which is read whole."""
_END_US = 253_402_300_800_000_000
_MAX_COUNT = 2**53
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
_REQUEST = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_NUMBER = re.compile(r"[0-9]{1,16}(\.[0-9]{1,9})?")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Row(msgspec.Struct, frozen=True):
    """What of a line is compared. Times in microseconds since the epoch."""

    number: int
    at: int
    until: int
    host: str | None
    """In small letters, without port; None where the source says whose the log is."""
    port: int | None = None
    """None where the log does not say."""
    bytes: int | None = None
    request: str | None = None
    inside: bool | None = None
    """Whether it came from the gateway; None where the log does not say."""
    count: int = 1
    path: str | None = None
    """What was asked for there, with its query; None where the log does not say."""


class Wrong(msgspec.Struct, frozen=True):
    """A line that cannot be read, and why."""

    number: int
    problem: str


class _Unfit(Exception):
    """A line is not as the mapping says; its text is one of ours."""


def read(file: BinaryIO, source: Source, *, packed: bool = False) -> Iterator[Row | Wrong]:
    """The rows of an open log, `packed` by gzip or not. Ends with a `Wrong` where the file breaks off."""
    reader = _Reader(source)
    plain: Any = gzip.GzipFile(fileobj=file) if packed else file
    number = 0
    try:
        for number, found in reader.values(plain):
            if isinstance(found, str):
                yield Wrong(number, found)
                continue
            try:
                yield reader.row(number, found)
            except _Unfit as error:
                yield Wrong(number, str(error))
    except (EOFError, OSError, zlib.error):
        yield Wrong(number + 1, "the file breaks off or cannot be read from here on")


Values = Callable[[str], Any]
"""Column → value; None where there is none. `_Unfit` where the row has no such column."""


class _Reader:
    def __init__(self, source: Source) -> None:
        self._source, self._zone = source, zone("source", source)
        self._gateway = frozenset(address(one) for one in source.gateway)
        self._time = _clock(source.time, self._zone)

    def values(self, file: BinaryIO) -> Iterator[tuple[int, Values | str]]:
        """Each line with a way to its values, or with why it has none."""
        if self._source.format == "json":
            yield from self._array(file)
            return
        head: Sequence[str] | None = None
        for number, line in _lines(file, self._source.encoding):
            if isinstance(line, str) and not line.strip():
                continue
            if isinstance(line, _Unfit):
                yield number, str(line)
            elif self._source.format == "ndjson":
                yield number, _object(line)
            elif head is None and self._source.head:
                head = _cells(line, self._source.delimiter)
                if head is None or len(set(head)) < len(head):
                    raise ConfigurationError(f"line {number}: the head must name each column once")
                self._named(head)
            else:
                yield number, _of_cells(_cells(line, self._source.delimiter), head)

    def row(self, number: int, values: Values) -> Row:
        columns = self._source.columns
        at = self._time(values(columns.time))
        host, port = self._place(values)
        lasted = _number(values, columns.duration, "duration", 86_400 * 366)
        count = _number(values, columns.count, "count", _MAX_COUNT)
        size = _number(values, columns.bytes, "bytes", _MAX_COUNT)
        return Row(
            number=number,
            at=at,
            until=at + int((lasted or 0) * 1_000_000),
            host=host,
            port=port,
            bytes=None if size is None else int(size),
            request=self._request(values),
            inside=self._inside(values),
            count=1 if count is None else int(count),
            path=None if (column := columns.path or columns.host) is None else target(values(column)),
        )

    def _place(self, values: Values) -> Place | tuple[None, None]:
        """The host, and the port of its own column or else of the host's; nothing where the source says whose it is."""
        columns = self._source.columns
        if columns.host is None:
            return None, None
        try:
            host, written = place(values(columns.host))
        except ValueError:
            raise _Unfit("host: must be a host name, an address or a URL") from None
        port = _number(values, columns.port, "port", MAX_PORT)
        return host, written if port is None else int(port)

    def _request(self, values: Values) -> str | None:
        column = self._source.columns.request
        found = None if column is None else values(column)
        if found in (None, "", "-"):
            return None
        if not isinstance(found, str) or not _REQUEST.fullmatch(found):
            raise _Unfit("request: must be an exchange or trace id, or a traceparent")
        trace = _TRACEPARENT.fullmatch(found)
        return found if trace is None else trace[1]

    def _inside(self, values: Values) -> bool | None:
        column = self._source.columns.source
        if column is None:
            return None
        found = values(column)
        if found in (None, "", "-"):
            return None
        origin = address(found) if isinstance(found, str) else None
        if origin is None:
            raise _Unfit("source: must be a network address")
        return origin in self._gateway

    def _named(self, head: Sequence[str]) -> None:
        for name, column in msgspec.structs.asdict(self._source.columns).items():
            if column is not None and column not in head:
                raise ConfigurationError(f"source {self._source.id}: columns.{name} names no column of the log's head")

    def _array(self, file: BinaryIO) -> Iterator[tuple[int, Values | str]]:
        data = file.read(MAX_DOCUMENT + 1)
        if len(data) > MAX_DOCUMENT:
            raise ConfigurationError(f"source {self._source.id}: a json log must be of at most {MAX_DOCUMENT} bytes")
        try:
            found: Any = json.loads(data.decode(self._source.encoding))
            for name in () if self._source.rows is None else self._source.rows.split("."):
                found = found[name]
        except (ValueError, KeyError, TypeError, RecursionError):
            found = None
        if not isinstance(found, list):
            raise ConfigurationError(f"source {self._source.id}: the log must be JSON with an array of rows")
        for number, one in enumerate(found, 1):
            yield number, _path(one) if isinstance(one, dict) else "must be a JSON object"


def _lines(file: BinaryIO, encoding: str) -> Iterator[tuple[int, "str | _Unfit"]]:
    number = 0
    while line := file.readline(MAX_LINE + 1):
        number += 1
        if len(line) > MAX_LINE and not line.endswith(b"\n"):
            while line and not line.endswith(b"\n"):
                line = file.readline(MAX_LINE)
            yield number, _Unfit(f"must be of at most {MAX_LINE} bytes")
            continue
        try:
            text = line.rstrip(b"\r\n").decode(encoding)
        except ValueError:
            yield number, _Unfit("must be of the encoding that the mapping says")
            continue
        if "\0" in text:
            yield number, _Unfit("must hold no zero bytes")
            continue
        yield number, text.removeprefix("\ufeff") if number == 1 else text


def _cells(line: str, delimiter: str) -> list[str] | None:
    try:
        rows = list(csv.reader(io.StringIO(line), delimiter=delimiter, strict=True, skipinitialspace=True))
    except csv.Error:
        return None
    return rows[0] if len(rows) == 1 else None


def _of_cells(cells: list[str] | None, head: Sequence[str] | None) -> Values | str:
    if cells is None:
        return "must be one row of CSV, its quotes closed"
    if head is not None and len(cells) != len(head):
        return "must have as many columns as the head"

    def value(column: str) -> str | None:
        place = int(column) - 1 if head is None else head.index(column)
        if place >= len(cells):
            raise _Unfit("must have the columns that the mapping names")
        return cells[place]

    return value


def _object(line: str) -> Values | str:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return "must be JSON"
    return _path(found) if isinstance(found, dict) else "must be a JSON object"


def _path(found: dict[str, Any]) -> Values:
    def value(column: str) -> Any:
        here: Any = found
        for name in column.split("."):
            if not isinstance(here, dict):
                raise _Unfit("must have the members that the mapping names")
            here = here.get(name)
        return here

    return value


def _clock(form: str, here: tzinfo) -> Callable[[Any], int]:
    """From a time as a log writes it to microseconds."""

    def epoch(value: Any) -> int:
        text = str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
        if not _NUMBER.fullmatch(text):
            raise _Unfit("time: must be a number")
        whole, _, part = text.partition(".")
        return int(whole) * 1_000_000 + int(part.ljust(6, "0")[:6]) if form == "epoch_s" else int(float(text) * 1_000)

    def written(value: Any) -> int:
        try:
            moment = datetime.fromisoformat(value) if form == "rfc3339" else datetime.strptime(value, form)
            if moment.tzinfo is None:
                moment = moment.replace(tzinfo=here)
            return (moment - _EPOCH) // timedelta(microseconds=1)
        except (ValueError, TypeError, OverflowError):
            raise _Unfit("time: must be of the form that the mapping says") from None

    parse = epoch if form.startswith("epoch_") else written

    def within(value: Any) -> int:
        at = parse(value)
        if not 0 <= at < _END_US:
            raise _Unfit("time: must lie between the years 1970 and 9999")
        return at

    return within


def _number(values: Values, column: str | None, name: str, most: int) -> float | None:
    found = None if column is None else values(column)
    if found in (None, "", "-"):
        return None
    text = str(found) if isinstance(found, str | int | float) and not isinstance(found, bool) else ""
    if not _NUMBER.fullmatch(text) or float(text) > most or (name != "duration" and float(text) != int(float(text))):
        raise _Unfit(f"{name}: must be a number from 0 to {most}")
    return float(text) if name == "duration" else int(float(text))
