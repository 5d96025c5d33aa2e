"""Every byte of a ledger in its database, changed one at a time: none goes unnoticed.

    python -m tests.system.every_byte [--only COLUMN …] [--step N]

On SQLite, its own rules dropped: each byte (or every N-th) of envelopes, hashes, details, their salts, checkpoints with
their roots and the head's hash; each index column of each record, changed, and emptied or filled. After each the ledger
is verified where it lies, without anything from elsewhere, and the change is undone. Exits 1 if one was not noticed.
"""

import argparse
import asyncio
import sqlite3
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from gateway.ledger.index import COLUMNS
from gateway.settings import parse
from gateway.store import migrate
from gateway.store.engine import sqlite_engine
from gateway.store.verification import LedgerVerification
from tests.system import tampering
from tests.system.victims import Victim, make

BYTES = {
    "record.bytes": "seq",
    "record.hash": "seq",
    "detail.bytes": "seq",
    "detail.salt": "seq",
    "checkpoint.note": "size",
    "checkpoint.root": "size",
    "head.hash": "tenant",
}
"""The columns of bytes, each with what names its row within the ledger."""
INDEX = "record.index"
"""All index columns of records."""


class Change(NamedTuple):
    """One value in the place of another."""

    table: str
    column: str
    key: str
    row: Any
    old: Any
    new: Any


def changes(connection: sqlite3.Connection, ledger: str, what: str, step: int = 1) -> Iterator[Change]:
    """All that are tried of a column of `BYTES`, a bit of every `step`-th byte, or of `INDEX`."""
    table, column = what.split(".")
    key = BYTES.get(what, "seq")
    if what == INDEX:
        names = ", ".join(COLUMNS)
        for row, *values in connection.execute(
            f"SELECT seq, {names} FROM record WHERE tenant = ?", (ledger,)
        ).fetchall():
            for name, old in zip(COLUMNS, values, strict=True):
                for new in ("x",) if old is None else (f"{old}x", *(() if name in _NEVER_NULL else (None,))):
                    yield Change(table, name, key, row, old, new)
        return
    for row, old in connection.execute(f"SELECT {key}, {column} FROM {table} WHERE tenant = ?", (ledger,)).fetchall():
        for place in range(row % step if isinstance(row, int) else 0, len(old), step):
            new = bytearray(old)
            new[place] ^= 1 << place * 5 % 8
            yield Change(table, column, key, row, old, bytes(new))


_NEVER_NULL = ("id", "event", "occurred_at", "recorded_at")


async def unnoticed(victim: Victim, what: str, step: int = 1) -> tuple[int, list[str]]:
    """How many changes were tried, and what of them was not noticed."""
    engine, missed, count = sqlite_engine(victim.file), [], 0
    try:
        with closing(sqlite3.connect(victim.file, isolation_level=None)) as connection:
            connection.execute("PRAGMA synchronous = OFF")
            for one in changes(connection, victim.ledger, what, step):
                count += 1
                _put(connection, victim.ledger, one, one.new)
                if (await LedgerVerification(engine, victim.ledger, victim.verifier).run()).failure is None:
                    missed.append(f"{one.table}.{one.column} of {one.key} {one.row}")
                _put(connection, victim.ledger, one, one.old)
            if (await LedgerVerification(engine, victim.ledger, victim.verifier).run()).failure is not None:
                raise AssertionError("a change was not undone")
    finally:
        await engine.dispose()
    return count, missed


def _put(connection: sqlite3.Connection, ledger: str, one: Change, value: Any) -> None:
    query = f"UPDATE {one.table} SET {one.column} = ? WHERE tenant = ? AND {one.key} = ?"
    connection.execute(query, (value, ledger, one.row))


def untouched(directory: Path) -> Victim:
    """A ledger of real traffic in this directory, without the database's own rules."""
    settings = parse({"database": {"url": "sqlite:///gateway.db"}}, {}, directory)
    asyncio.run(migrate.upgrade(settings))
    victim = asyncio.run(make(settings))
    with closing(sqlite3.connect(victim.file, isolation_level=None)) as connection:
        tampering.drop_rules(connection)
    return victim


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Change every byte of a ledger in its database, one at a time.")
    parser.add_argument("--only", nargs="+", choices=(*BYTES, INDEX), default=(*BYTES, INDEX), help="these alone")
    parser.add_argument("--step", type=int, default=1, help="every N-th byte, from another one on in each record")
    given = parser.parse_args(arguments)
    found: list[str] = []
    with tempfile.TemporaryDirectory() as directory:
        victim = untouched(Path(directory))
        for what in given.only:
            count, missed = asyncio.run(unnoticed(victim, what, given.step))
            print(f"{what}: {count:,} changes, {len(missed)} unnoticed", flush=True)
            found += missed
    print("\n".join(found[:100]), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
