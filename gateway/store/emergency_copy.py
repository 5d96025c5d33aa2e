"""A copy of what deciding needs, made while the database is there: an empty ledger of its own, ready to be written.

What is copied, of configured tenants: API keys (as hashes), the deny-list, pseudonyms, what sticks to data subjects
and to callers, and the head's policy and revision, read first, so that the rows are of that revision or newer. No
record, no session, no approval, no task, no token. The copy is a whole SQLite database of the newest revision; it takes
its name by a rename, so that there is the former copy or the new one at any instant, and never half of one.
"""

import asyncio
import os
import shutil
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Select, Table, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.core.errors import ConfigurationError
from gateway.ledger.record import GENESIS
from gateway.store.batch import Row
from gateway.store.directory import TenantEntry
from gateway.store.engine import reading
from gateway.store.sql import reachable
from gateway.store.tables import MARKED, api_key, checkpoint, denied, head, pseudonym, sticking, subject, tenant

_CHUNK = 10_000


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one ledger at the time of the copy."""

    policy: str | None
    denied: int
    checkpoint: tuple[int, bytes] | None
    """Size and root of the newest signed checkpoint."""


class Copied(msgspec.Struct, frozen=True, kw_only=True):
    """A copy. `known`: by ledger."""

    at_ns: int
    """On the monotonic clock, when it was begun."""
    rows: int
    known: Mapping[str, Known]


async def copy(
    source: AsyncEngine,
    template: Path,
    path: Path,
    tenants: Mapping[str, TenantEntry],
    *,
    at_ns: int,
    max_rows: int,
) -> Copied:
    """Copy what deciding needs to `path`. `template`: a migrated database without rows; `tenants`: with the origins
    that they have in the copy. `LedgerUnavailable` where the source cannot be read, `ConfigurationError` where the
    copy cannot be written or would hold more than `max_rows`."""
    new = path.with_suffix(".new")
    found: dict[str, Known] = {}
    count = 0
    await asyncio.to_thread(_begin, template, new)
    for entry in tenants.values():
        known, lots = await _read(source, entry, max_rows - count)
        count += sum(len(rows) for _, rows in lots)
        found[entry.ledger] = known
        await asyncio.to_thread(_write, new, lots)
    await asyncio.to_thread(_finish, new, path)
    return Copied(at_ns=at_ns, rows=count, known=found)


async def _read(source: AsyncEngine, entry: TenantEntry, room: int) -> tuple[Known, list[tuple[Table, list[Row]]]]:
    ledger = entry.ledger
    lots: list[tuple[Table, list[Row]]] = []
    with reachable():
        async with reading(source, ledger) as connection:
            first = select(head.c.policy, head.c.denied).where(head.c.tenant == ledger)
            place = (await connection.execute(first)).one()
            newest = select(checkpoint.c.size, checkpoint.c.root).where(checkpoint.c.tenant == ledger)
            point = (await connection.execute(newest.order_by(checkpoint.c.size.desc()).limit(1))).one_or_none()
            for query in _wanted(ledger):
                lots.append((query[0], await _rows(connection, query, room)))
                room -= len(lots[-1][1])
        async with reading(source, entry.id) as connection:
            mine = api_key.c.tenant == entry.id
            lots.append((api_key, await _rows(connection, (api_key, select(api_key).where(mine)), room)))
            created = await connection.scalar(select(tenant.c.created_at).where(tenant.c.id == entry.id))
    lots.append((tenant, [(entry.id, ledger, entry.origin, created)]))
    lots.append((head, [(ledger, 0, GENESIS, "", place.policy, place.denied)]))
    root = None if point is None else (int(point.size), bytes(point.root))
    return Known(policy=place.policy, denied=int(place.denied), checkpoint=root), lots


def _wanted(ledger: str) -> Sequence[tuple[Table, Select[Any]]]:
    marked = select(subject).where(subject.c.tenant == ledger, text(f"({MARKED})"))
    rest = [(table, select(table).where(table.c.tenant == ledger)) for table in (denied, pseudonym, sticking)]
    return [*rest, (subject, marked)]


async def _rows(connection: Any, query: tuple[Table, Select[Any]], room: int) -> list[Row]:
    found = (await connection.execute(query[1].limit(room + 1))).all()
    if len(found) > room:
        raise ConfigurationError("emergency.max_copy_rows must be more: what deciding needs has more rows")
    return [tuple(row) for row in found]


def _begin(template: Path, new: Path) -> None:
    try:
        for name in (new, *beside(new)):
            name.unlink(missing_ok=True)
        shutil.copyfile(template, new)
        new.chmod(0o600)
    except OSError as error:
        raise ConfigurationError("emergency.directory must be one that can be written") from error


def _write(new: Path, lots: Sequence[tuple[Table, list[Row]]]) -> None:
    try:
        with closing(sqlite3.connect(new, isolation_level=None)) as connection:
            connection.execute("PRAGMA secure_delete = ON")
            connection.execute("BEGIN IMMEDIATE")
            for table, rows in lots:
                names = ", ".join(f'"{column.name}"' for column in table.columns)
                marks = ", ".join("?" for _ in table.columns)
                sql = f"INSERT INTO {table.name} ({names}) VALUES ({marks})"  # noqa: S608 — names of `tables`
                for start in range(0, len(rows), _CHUNK):
                    connection.executemany(sql, rows[start : start + _CHUNK])
            connection.execute("COMMIT")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.Error as error:
        raise ConfigurationError("emergency.directory must have room for a copy of what deciding needs") from error


def _finish(new: Path, path: Path) -> None:
    """Durable, then under its name. A crash before: the former copy. After: the new one."""
    try:
        descriptor = os.open(new, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        new.replace(path)
        sync(path.parent)
    except OSError as error:
        raise ConfigurationError("emergency.directory must be one that can be written") from error


def sync(directory: Path) -> None:
    """What was done to the names in a directory is durable when this returns."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def beside(path: Path) -> tuple[Path, ...]:
    """The files that a SQLite database may have beside it while a gateway writes it."""
    return tuple(path.with_name(path.name + end) for end in ("-wal", "-shm", "-journal", ".serving"))
