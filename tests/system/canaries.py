"""What is planted where a caller or an agent can write, and the search for it in all that a gateway leaves behind.

A marker is a word made for one place, so that a find says where it came from; beside the markers stand things that the
engine finds in text. Both are looked for as they are and as they would be in JSON, in a URL, in hexadecimal digits and
in base64.
"""

import base64
import json
import re
import sqlite3
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote, quote_plus

import asyncpg

PERSON = "Zebulon Quagmire"
SSN = "536-22-8731"
MAIL = "zebulon.quagmire@example.com"
SECRET = "AKIAZEBRAFINCHQ7EXMP"
STREET = "12 Nußhäherweg"
TEXT = f"Mr. {PERSON}, {STREET}, SSN: {SSN}, {MAIL}, was diagnosed with diabetes."
WITH_SECRET = f"{TEXT} Use {SECRET}."
"""What may go nowhere."""
SENSITIVE = ("Zebulon", "Quagmire", SSN, SSN.replace("-", ""), MAIL, SECRET, STREET)
TOLD = "told: "
"""Begins the name of a place that a detail may tell of: it can be deleted, and is what a reviewer needs."""
ECHOED = "echoed: "
"""Begins the name of what the protocol has an answer repeat: the id of a JSON-RPC request."""
PASSED_ON = "passed on: "
"""Begins the name of what an agent says in a refusal of its own, which its caller gets as any answer of the agent's."""
_WORD = "zebrafinch"
_TABLES = (
    "SELECT table_schema, table_name FROM information_schema.tables WHERE table_type = 'BASE TABLE' "
    "AND table_schema NOT IN ('pg_catalog', 'information_schema')"
)


def forms(value: str) -> Iterator[bytes]:
    """A value as it is and as it is written elsewhere; of base64, what is the same whatever stands around it."""
    data = value.encode()
    yield data
    yield value.encode("latin-1")
    yield json.dumps(value)[1:-1].encode()
    yield quote(value, safe="").encode()
    yield quote_plus(value).encode()
    yield data.hex().encode()
    for before in range(3):
        first, end = -(-before * 8 // 6), (before + len(data)) * 8 // 6
        inner = base64.b64encode(bytes(before) + data)[first:end]
        yield inner
        yield inner.translate(bytes.maketrans(b"+/", b"-_"))


_MARKERS = re.compile(_WORD.encode() + rb"\d{4}", re.IGNORECASE)
_DISGUISED = frozenset(forms(_WORD)) - {_WORD.encode()}
_VALUES = [(value, form) for value in SENSITIVE for form in dict.fromkeys(forms(value))]


class Canaries:
    """Makes markers, and finds them."""

    def __init__(self) -> None:
        self._places: dict[str, str] = {}

    def __call__(self, place: str) -> str:
        """A marker for this place."""
        marker = f"{_WORD}{len(self._places):04d}"
        self._places[marker] = place
        return marker

    def found(self, data: bytes | str, *but: str) -> list[str]:
        """Where what is in some data came from, but for places whose names begin so."""
        raw = data if isinstance(data, bytes) else data.encode()
        marked = {self._places[found.decode().lower()] for found in _MARKERS.findall(raw)}
        passed = sorted(place for place in marked if not place.startswith(but))
        disguised = [f"a marker as {form!r}" for form in _DISGUISED if form in raw]
        return [*passed, *disguised, *(f"{value} as {form!r}" for value, form in _VALUES if form in raw)]


def files(base: Path) -> Iterator[tuple[str, bytes]]:
    """All that a gateway has written in its directory and its keys', by the files' names; journals of databases too."""
    for folder in (base, base / "keys"):
        for path in folder.iterdir():
            if path.is_file() and path.name not in ("gateway.toml", "seen.jsonl"):
                yield path.name, path.read_bytes()


def columns(database: Path) -> Iterator[tuple[str, bytes]]:
    """Every value of every column of every table of a SQLite database, by table and column: rows of more than a page
    do not lie together in the file."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        connection.text_factory = bytes
        for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            cursor = connection.execute(f'SELECT * FROM "{table.decode()}"')
            names = [f"{table.decode()}.{column[0]}" for column in cursor.description]
            for row in cursor:
                for name, value in zip(names, row, strict=True):
                    if value is not None:
                        yield name, value if isinstance(value, bytes) else str(value).encode()


async def columns_of_server(url: str) -> list[tuple[str, bytes]]:
    """As `columns`, of a PostgreSQL database, for its superuser: no row is hidden from that one."""
    found: list[tuple[str, bytes]] = []
    connection = await asyncpg.connect(url)
    try:
        for schema, table in await connection.fetch(_TABLES):
            for row in await connection.fetch(f'SELECT * FROM "{schema}"."{table}"'):
                found += [
                    (f"{table}.{name}", value if isinstance(value, bytes) else str(value).encode())
                    for name, value in row.items()
                    if value is not None
                ]
    finally:
        await connection.close()
    return found


def envelopes(database: Path) -> list[bytes]:
    """The bytes of all records."""
    return [value for name, value in columns(database) if name == "record.bytes"]


def members(bundle: Path) -> Iterator[tuple[str, bytes]]:
    """The files of a bundle."""
    with zipfile.ZipFile(bundle) as opened:
        for name in opened.namelist():
            yield name, opened.read(name)
