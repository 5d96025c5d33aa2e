"""Lines of a policy file, read strictly.

casbin's own file reader splits at every comma, keeps brackets together and skips what it does not know; here a file
is UTF-8 CSV (RFC 4180, one record a line, `"` around fields that hold a comma), and `#` at the start of a line makes a
comment. Anything else is refused with its place.
"""

import csv
import unicodedata

import msgspec

from gateway.core.errors import ConfigurationError

MAX_LINE = 4096
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Categories of control and invisible characters."""


class Row(msgspec.Struct, frozen=True):
    """One record: `fields[0]` is its type. No field is empty, none has spaces around it."""

    file: str
    line: int
    fields: tuple[str, ...]

    def error(self, column: str, what: str) -> ConfigurationError:
        return ConfigurationError(f"{self.file}:{self.line}: {column} {what}")


def read(file: str, data: bytes) -> tuple[Row, ...]:
    """All records of a file; `ConfigurationError` names file and line."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        number = data[: error.start].count(b"\n") + 1
        raise ConfigurationError(f"{file}:{number}: must be UTF-8") from error
    if text.startswith("\ufeff"):
        raise ConfigurationError(f"{file}:1: must not begin with a byte order mark")
    rows = []
    for number, raw in enumerate(text.split("\n"), start=1):
        line = raw.removesuffix("\r")
        if not line.strip() or line.startswith("#"):
            continue
        rows.append(Row(file, number, _fields(file, number, line)))
    return tuple(rows)


def _fields(file: str, number: int, line: str) -> tuple[str, ...]:
    place = f"{file}:{number}:"
    if len(line) > MAX_LINE:
        raise ConfigurationError(f"{place} a line must not be longer than {MAX_LINE} characters")
    # Of what is printable none is of these: nearly every line is told at once.
    if not line.isprintable() and any(unicodedata.category(character) in _UNSEEN for character in line):
        raise ConfigurationError(f"{place} control and invisible characters are not accepted")
    try:
        records = list(csv.reader([line], strict=True, skipinitialspace=True))
    except csv.Error as error:
        raise ConfigurationError(f"{place} must be CSV, one record a line, fields with a comma in quotes") from error
    if len(records) != 1:
        raise ConfigurationError(f"{place} must be one CSV record")
    fields = tuple(field.strip() for field in records[0])
    for index, field in enumerate(fields):
        if not field:
            raise ConfigurationError(f"{place} column {index + 1} is empty; write always, none or purpose:* instead")
    return fields
