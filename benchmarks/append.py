"""How fast records are appended, on SQLite and PostgreSQL, and how that compares with inserting the same rows plainly.

    python -m benchmarks.append [--json] [--rows N] [--rounds N] [--sizes N …]

`append` is the writer as it is used: made from a form, queued, given its place, hashed, linked, inserted with its
detail and its open exchange, the head moved, committed and synced, the waiter woken. `same` encodes the same envelopes
and inserts the same rows into the same tables for another tenant, in transactions of the same size, without form,
queue, hash, link or head: the ratio is of it. `bare` does so with records and details alone, into tables of the same
columns and indexes that nothing protects. Each is the better of two ways to insert (many rows a statement or
executemany on SQLite; arrays or COPY on PostgreSQL).

Each side makes a batch while the one before it is written, as the gateway does under load: the rows of SQLite are
written in a thread, and PostgreSQL writes by itself. The writer has it then, and fills it in. Beside it, `in_turn`: on
neither side is a batch made before the one before it is committed. Rounds are interleaved, the medians are reported.
Everything runs in one event loop and one connection, with what was built to stay left out of garbage collections
(`serve.settle`), as in one serving process.
"""

import argparse
import asyncio
import json
import os
import platform
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import asyncpg
import msgspec
import uvloop

from benchmarks.settled import settled
from gateway.core.canonical import encode_unchecked
from gateway.core.ids import trace_id, uuid7
from gateway.ledger.entry import Entry
from gateway.ledger.form import Form, Value
from gateway.ledger.index import COLUMNS, index_columns
from gateway.ledger.record import GENESIS, Envelope, timestamp
from gateway.settings import Settings, parse
from gateway.store import migrate
from gateway.store.engine import target
from gateway.store.worker import Worker
from gateway.store.writer_base import LedgerWriter
from tests.services import Postgres, postgres
from tests.store.ledger_kit import SystemClock, intent, outcome, writer_on

Rows = list[tuple[Any, ...]]
SIZES = (1, 10, 100, 500, 1_000)
FEW = 50
"""Records that are made in one turn of the loop. Where one batch is made while another is written, others have their
turns meanwhile, as among the requests of a gateway: a statement of half a megabyte is sent in several."""
PLAIN = "plain"
SAME, BARE = ("record", "detail"), ("bare_record", "bare_detail")
"""The gateway's own tables with their rules, and tables of the same columns and indexes without any."""
_HOLES = ("id", "occurred_at", "exchange", "trace", "actor", "detail")
_NAMES = ("tenant", "seq", *COLUMNS, "bytes", "hash")
_TYPES = ("text", "bigint", *("text" for _ in COLUMNS), "bytea", "bytea")


class Made(msgspec.Struct, frozen=True):
    """A record to be, before anything of it is encoded, and the detail beside it. `values` is what differs from one
    record of its event to the next."""

    envelope: Envelope
    values: dict[str, Value]
    others: dict[str, Any]


def entries(count: int) -> list[Made]:
    """Half intents with details, half outcomes of exchanges opened a batch before: what traffic looks like."""
    clock, made = SystemClock(), list[Made]()
    exchanges = [uuid7(clock.now_us()) for _ in range(count // 2)]
    for number, exchange in enumerate(exchanges):
        asked = intent(exchange, us=clock.now_us())
        ended = outcome(exchanges[max(0, number - 1)], us=clock.now_us())
        trace = trace_id(clock.now_us())
        for entry in (asked, ended):
            envelope = entry.envelope
            envelope.trace, envelope.actor = trace, "ac_1"
            others = {"detail": entry.detail, "salt": entry.salt, "opens": entry.opens, "closes": entry.closes}
            held = {name: getattr(envelope, name) for name in _HOLES}
            made.append(Made(envelope, {name: value for name, value in held.items() if value is not None}, others))
    return made


def plain_rows(batch: list[Made], first: int) -> tuple[Rows, Rows]:
    """Record and detail rows of the same shape and size, without hash or link, of a tenant without a writer."""
    records, details = [], []
    recorded_at, prev = timestamp(time.time_ns() // 1000), "A" * 43 + "="
    for seq, one in enumerate(batch, first):
        envelope = one.envelope
        envelope.seq, envelope.prev, envelope.recorded_at = seq, prev, recorded_at
        records.append((PLAIN, seq, *index_columns(envelope), encode_unchecked(envelope), GENESIS))
        if one.others["detail"] is not None:
            details.append((PLAIN, seq, one.others["salt"], one.others["detail"]))
    return records, details


def _batches(made: list[Made], size: int) -> list[list[Made]]:
    return [made[start : start + size] for start in range(0, len(made), size)]


async def append(writer: LedgerWriter, made: list[Made], size: int, *, overlapped: bool) -> float:
    """Rows a second through the writer, `size` appends at a time: the making of each record from its form included, as
    the gateway makes records of exchanges. What it checks and encodes once for thousands is done before. `overlapped`:
    a batch is made while the one before it is written."""
    forms = {event: Form(one.envelope, one.values) for event, one in {one.envelope.event: one for one in made}.items()}
    began = time.perf_counter()
    writing: list[asyncio.Future[Any]] = []
    for batch in _batches(made, size):
        entries: list[Entry] = []
        for few in _batches(batch, FEW):
            entries += [Entry(draft=forms[one.envelope.event].fill(one.values), **one.others) for one in few]
            if overlapped:
                await asyncio.sleep(0)
        before, writing = writing, [writer.submit(entry) for entry in entries]
        await _written(before if overlapped else writing)
    await _written(writing)
    return len(made) / (time.perf_counter() - began)


async def _written(writing: Sequence[asyncio.Future[Any]]) -> None:
    """Until each of them was answered."""
    for one in writing:
        await one


Put = Callable[[Rows, Rows], Awaitable[None]]
"""Writes the rows of records and of details in one transaction. Begun at once, not when it is awaited."""


async def plain(made: list[Made], size: int, first: int, put: Put, *, overlapped: bool) -> float:
    """Rows a second, written plainly from number `first` on."""
    began = time.perf_counter()
    writing: Awaitable[None] | None = None
    for batch in _batches(made, size):
        records, details = list[tuple[Any, ...]](), list[tuple[Any, ...]]()
        for few in _batches(batch, FEW):
            more = plain_rows(few, first)
            records, details, first = records + more[0], details + more[1], first + len(few)
            if overlapped:
                await asyncio.sleep(0)
        if writing is not None:
            await writing
        writing = put(records, details)
        await asyncio.sleep(0)  # a statement of PostgreSQL is on its way then
        if not overlapped:
            await writing
            writing = None
    if writing is not None:
        await writing
    return len(made) / (time.perf_counter() - began)


class PlainSqlite:
    def __init__(self, path: Path, tables: tuple[str, str]) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.execute("PRAGMA cache_size = -65536")
        self._connection.execute("PRAGMA wal_autocheckpoint = 4000")
        self._worker = Worker("plain-sqlite")
        self._tables, self._seq = tables, 0

    def make(self) -> None:
        """The tables, where they are not the gateway's own."""
        record, detail = self._tables
        columns = ", ".join(f"{name} {kind}" for name, kind in zip(_NAMES, _TYPES, strict=True))
        self._connection.execute(f"CREATE TABLE {record} ({columns}, PRIMARY KEY (tenant, seq))")
        for name in ("exchange", "trace", "occurred_at"):
            self._connection.execute(f"CREATE INDEX {record}_{name} ON {record} (tenant, {name})")
        self._connection.execute(
            f"CREATE TABLE {detail} (tenant, seq, salt, bytes, PRIMARY KEY (tenant, seq)) WITHOUT ROWID"
        )

    def put(self, records: Rows) -> Awaitable[None]:
        """One row, in a transaction that is one statement."""
        return self._worker.run(partial(self._put_many, self._tables[0], records))

    async def many_rows(self, made: list[Made], size: int, *, overlapped: bool) -> float:
        return await self._timed(made, size, self._put_rows, overlapped)

    async def executemany(self, made: list[Made], size: int, *, overlapped: bool) -> float:
        return await self._timed(made, size, self._put_many, overlapped)

    async def _timed(self, made: list[Made], size: int, put: Callable[[str, Rows], None], overlapped: bool) -> float:
        first, self._seq = self._seq, self._seq + len(made)

        async def in_place(records: Rows, details: Rows) -> None:
            self._write(put, records, details)

        def in_thread(records: Rows, details: Rows) -> Awaitable[None]:
            return self._worker.run(partial(self._write, put, records, details))

        return await plain(made, size, first, in_thread if overlapped else in_place, overlapped=overlapped)

    def _write(self, put: Callable[[str, Rows], None], records: Rows, details: Rows) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        for table, rows in zip(self._tables, (records, details), strict=True):
            put(table, rows)
        self._connection.execute("COMMIT")

    def _put_many(self, table: str, rows: Rows) -> None:
        if rows:
            self._connection.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(rows[0]))})", rows)

    def _put_rows(self, table: str, rows: Rows) -> None:
        for start in range(0, len(rows), 64):
            chunk = rows[start : start + 64]
            values = ", ".join([f"({', '.join('?' * len(rows[0]))})"] * len(chunk))
            self._connection.execute(f"INSERT INTO {table} VALUES {values}", [v for row in chunk for v in row])

    async def close(self) -> None:
        self._worker.close()
        self._connection.close()


class PlainPostgres:
    def __init__(self, connection: asyncpg.Connection, tables: tuple[str, str]) -> None:
        self._connection, self._tables, self._seq = connection, tables, 0

    @classmethod
    async def same(cls, url: str) -> "PlainPostgres":
        """The gateway's own tables, on a connection of the role that serves."""
        return cls(await asyncpg.connect(url, server_settings={"gateway.tenant": PLAIN}), SAME)

    @classmethod
    async def bare(cls, url: str) -> "PlainPostgres":
        """On a connection of the owner, who alone may make tables."""
        connection = await asyncpg.connect(url)
        record, detail = BARE
        columns = ", ".join(f"{name} {kind}" for name, kind in zip(_NAMES, _TYPES, strict=True))
        await connection.execute(f"CREATE TABLE {record} ({columns}, PRIMARY KEY (tenant, seq))")
        for name in ("exchange", "trace", "occurred_at"):
            await connection.execute(f"CREATE INDEX {record}_{name} ON {record} (tenant, {name})")
        await connection.execute(
            f"CREATE TABLE {detail} (tenant text, seq bigint, salt bytea, bytes bytea, PRIMARY KEY (tenant, seq))"
        )
        return cls(connection, BARE)

    async def put(self, records: Rows) -> None:
        """One row, in a transaction that is one statement."""
        await self._put_arrays(self._tables[0], _TYPES, records)

    async def copy(self, made: list[Made], size: int, *, overlapped: bool) -> float:
        return await self._timed(made, size, self._put_copy, overlapped)

    async def arrays(self, made: list[Made], size: int, *, overlapped: bool) -> float:
        return await self._timed(made, size, self._put_arrays, overlapped)

    async def _timed(
        self,
        made: list[Made],
        size: int,
        put: Callable[[str, tuple[str, ...], Rows], Awaitable[None]],
        overlapped: bool,
    ) -> float:
        first, self._seq = self._seq, self._seq + len(made)

        def write(records: Rows, details: Rows) -> Awaitable[None]:
            return asyncio.create_task(self._write(put, records, details))

        return await plain(made, size, first, write, overlapped=overlapped)

    async def _write(
        self, put: Callable[[str, tuple[str, ...], Rows], Awaitable[None]], records: Rows, details: Rows
    ) -> None:
        await self._connection.execute("BEGIN")
        record, detail = self._tables
        await put(record, _TYPES, records)
        await put(detail, ("text", "bigint", "bytea", "bytea"), details)
        await self._connection.execute("COMMIT")

    async def _put_copy(self, table: str, _: tuple[str, ...], rows: Rows) -> None:
        if rows:
            await self._connection.copy_records_to_table(table, records=rows)

    async def _put_arrays(self, table: str, types: tuple[str, ...], rows: Rows) -> None:
        if rows:
            arrays = ", ".join(f"${number}::{kind}[]" for number, kind in enumerate(types, 1))
            statement = f"INSERT INTO {table} SELECT * FROM unnest({arrays})"
            await self._connection.execute(statement, *zip(*rows, strict=True))

    async def close(self) -> None:
        await self._connection.close()


class Way(Protocol):
    """Rows a second, some way."""

    async def __call__(self, made: list[Made], size: int, *, overlapped: bool) -> float: ...


Ways = dict[str, Way]
"""By name: what it is compared with, `same` or `bare`, a space, and how rows are inserted."""


async def measure(
    settings: Settings, ways: Ways, rows: int, rounds: int, sizes: Sequence[int] = SIZES
) -> list[dict[str, Any]]:
    """Rows a second for each batch size, medians of interleaved rounds, and what they are of each other."""
    results = []
    async with writer_on(settings, SystemClock(), wait_s=60) as writer:
        tried: Ways = {"append": partial(append, writer), **ways}
        for size in sizes:
            count = max(100, min(rows, size * 40))
            seen: dict[tuple[str, bool], list[float]] = {(name, one): [] for name in tried for one in (True, False)}
            with settled():
                for _ in range(rounds):
                    for (name, overlapped), values in seen.items():
                        values.append(await tried[name](entries(count), size, overlapped=overlapped))
            medians = {key: round(statistics.median(values)) for key, values in seen.items()}
            results.append({"batch": size, **_ratios(medians), "ways": _named(medians)})
    return results


def _ratios(medians: dict[tuple[str, bool], int]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for overlapped, suffix in ((True, ""), (False, "_in_turn")):
        appended = medians["append", overlapped]
        same, bare = (
            max(value for (name, one), value in medians.items() if one is overlapped and name.startswith(kind))
            for kind in ("same", "bare")
        )
        found |= {f"append{suffix}": appended, f"same{suffix}": same, f"bare{suffix}": bare}
        found |= {f"ratio{suffix}": round(appended / same, 2), f"of_bare{suffix}": round(appended / bare, 2)}
    return found


def _named(medians: dict[tuple[str, bool], int]) -> dict[str, int]:
    return {f"{name}{'' if overlapped else ' in turn'}": value for (name, overlapped), value in medians.items()}


def line(row: dict[str, Any]) -> str:
    """What one batch size came to."""
    return (
        f"batch {row['batch']:>3}  append {row['append']:>6}, same {row['same']:>6} rows/s: ratio {row['ratio']:.2f}  "
        f"(in turn {row['append_in_turn']} and {row['same_in_turn']}: {row['ratio_in_turn']:.2f}; "
        f"bare {row['bare']}: {row['of_bare']:.2f})"
    )


async def on_sqlite(rows: int, rounds: int, sizes: Sequence[int] = SIZES) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as directory:
        settings = parse({"database": {"url": "sqlite:///gateway.db"}}, {}, Path(directory))
        await migrate.upgrade(settings)
        same, bare = (PlainSqlite(target(settings).path, tables) for tables in (SAME, BARE))
        bare.make()
        ways: Ways = {"same rows": same.many_rows, "same many": same.executemany}
        ways |= {"bare rows": bare.many_rows, "bare many": bare.executemany}
        try:
            return await measure(settings, ways, rows, rounds, sizes)
        finally:
            await same.close()
            await bare.close()


async def on_postgresql(
    urls: tuple[str, str], rows: int, rounds: int, sizes: Sequence[int] = SIZES
) -> list[dict[str, Any]]:
    settings = Postgres.settings(*urls)
    same, bare = await PlainPostgres.same(urls[1]), await PlainPostgres.bare(urls[0])
    # COPY is not for tables whose rows are walled off by tenant.
    ways: Ways = {"same arrays": same.arrays, "bare arrays": bare.arrays, "bare copy": bare.copy}
    try:
        return await measure(settings, ways, rows, rounds, sizes)
    finally:
        await same.close()
        await bare.close()


def machine() -> dict[str, Any]:
    """What the figures were taken on."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.partition(":")[2].strip() for line in lines if "model name" in line), platform.machine())
    versions = {"python": platform.python_version(), "sqlite": sqlite3.sqlite_version}
    return {"cpu": model, "cores": os.cpu_count(), "load": os.getloadavg()[0], **versions}


def report(result: dict[str, Any]) -> str:
    lines = [", ".join(f"{name} {value}" for name, value in result["machine"].items())]
    for name in ("sqlite", "postgresql"):
        lines.append(f"\n{name}, rows a second")
        lines += [f"  {line(row)}" for row in result[name]]
    return "\n".join(lines)


def main() -> None:
    arguments = argparse.ArgumentParser(description="Appending records, against inserting the same rows plainly.")
    arguments.add_argument("--json", action="store_true")
    arguments.add_argument("--rows", type=int, default=20_000, help="rows a round at most")
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="of the batches")
    given = arguments.parse_args()
    result: dict[str, Any] = {"machine": machine(), "rows": given.rows, "rounds": given.rounds}
    result["sqlite"] = uvloop.run(on_sqlite(given.rows, given.rounds, given.sizes))
    with postgres() as server:
        result["postgresql"] = uvloop.run(on_postgresql(server.database(), given.rows, given.rounds, given.sizes))
    print(json.dumps(result, indent=2) if given.json else report(result))


if __name__ == "__main__":
    main()
