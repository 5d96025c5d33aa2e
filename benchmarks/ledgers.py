"""Big ledgers for measurements: rows like those of a year of traffic, put into the database past its writer.

The rows have the columns, the sizes and the distributions of real ones (a few agents and actors do most of it, denials
and errors are rare, every exchange has an intent and an end), short envelopes that nobody parses, and random hashes
under a real tree. Indexes and triggers are made again after the rows are in: what is measured is a database like any.
"""

import os
import random
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import msgspec

from gateway.ledger.index import COLUMNS
from gateway.ledger.record import timestamp
from gateway.store.growth import Growth
from gateway.store.walls import TENANT as TENANT_SETTING

LEDGER = "tn_00000000000000000000000000"
START_US = 1_767_225_600_000_000
STEP_US = 3_155_760
"""Microseconds between two records: ten million of them are a year."""
SUBJECT, OFTEN = "su_seldom", "su_often"
SELDOM = 400
"""The place of an actor who does one in three thousand things: three pages of a million records, and the last one of
those who do it has a few."""
LOT = 100_000
_NAMES = ("tenant", "seq", *COLUMNS, "bytes", "hash")
_INDEXES = {"record_exchange": "exchange", "record_trace": "trace", "record_occurred_at": "occurred_at"}
_BODY = b'{"v":1,"of":"a row of a measurement, whose envelope nobody parses"}' + b" " * 190


class Pools(msgspec.Struct, frozen=True):
    """What the values of columns are drawn from, with how often each is."""

    actors: list[str]
    agents: list[str]
    spread: list[float]
    skewed: list[float]


def pools() -> Pools:
    drawn = random.Random(11)
    actors = [f"ac_{drawn.getrandbits(80):020x}" for _ in range(20_000)]
    return Pools(
        actors,
        [f"agent-{number}" for number in range(40)],
        [1 / (rank + 1) for rank in range(40)],
        [1 / (rank + 20) for rank in range(20_000)],
    )


def rows(first: int, end: int) -> Iterator[tuple[Any, ...]]:
    """Rows of `record` from number `first` to `end`, both even: always the same ones but for their hashes."""
    made, drawn = pools(), random.Random(first)
    half = (end - first) // 2
    choose = drawn.choices
    actors = choose(made.actors, cum_weights=_summed(made.skewed), k=half)
    agents = choose(made.agents, cum_weights=_summed(made.spread), k=half)
    actions = choose(("chat", "tool:lookup", "http:GET:/notes/{id}", "embed"), (70, 20, 8, 2), k=half)
    decisions = choose(("route", "redact", "tokenize", "approve"), (750, 230, 15, 5), k=half)
    purposes = choose(("TREAT", "HPAYMT", "HOPERAT", None), (60, 25, 10, 5), k=half)
    zones = choose(("in-house", "partner", "cloud"), (70, 10, 20), k=half)
    classes = choose(
        ("", "|pii|", "|phi|pii|", "|phi|", "|pci|pii|", "|special-category|"), (40, 30, 20, 7, 2, 1), k=half
    )
    outcomes = choose(("ok", "agent_timeout", "withheld", "client_disconnected"), (9_800, 120, 50, 30), k=half)
    random_bytes = os.urandom(half * 64)
    for number in range(half):
        seq = first + 2 * number
        at = timestamp(START_US + seq * STEP_US)
        exchange = f"ex_{drawn.getrandbits(100):026x}"
        alike = (actors[number], agents[number], actions[number])
        hashes = random_bytes[number * 64 : number * 64 + 64]
        trace = f"{drawn.getrandbits(128):032x}"
        event, decision = _administered(seq), None
        if event is None:
            event, decision = "exchange.requested", decisions[number]
        common = (purposes[number], None, zones[number], classes[number], trace, _BODY, hashes[:32])
        yield (LEDGER, seq, exchange, event, at, at, exchange, *alike, decision, *common)
        ended = (purposes[number], outcomes[number], zones[number], classes[number], trace, _BODY, hashes[32:])
        yield (LEDGER, seq + 1, exchange, "exchange.completed", at, at, exchange, *alike, decision, *ended)


def _administered(seq: int) -> str | None:
    """What an administrator did at this place, now and then: one kind fills pages of a million, one does not."""
    if seq % 50_000 == 0:
        return "policy.activated"
    return "key.created" if seq % 2_000 == 0 else None


def subjects(first: int, end: int) -> Iterator[tuple[str, str, int]]:
    """Rows of `subject_record`: one subject in a thousand records, one in every fifth, one for each tenth."""
    for seq in range(first, end, 5):
        yield LEDGER, OFTEN, seq
        if seq % 1_000 == 0:
            yield LEDGER, SUBJECT, seq
        if seq % 10 == 0:
            yield LEDGER, f"su_{seq * 2_654_435_761 % 500_000}", seq


def _summed(weights: list[float]) -> list[float]:
    total, summed = 0.0, []
    for weight in weights:
        total += weight
        summed.append(total)
    return summed


class SqliteLedger:
    """A ledger in a migrated SQLite file, grown by whoever owns the file."""

    def __init__(self, path: Path) -> None:
        self._path, self._growth = path, Growth.empty()

    async def grow(self, first: int, end: int) -> None:
        connection = sqlite3.connect(self._path, isolation_level=None)
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA cache_size = -262144")
        found = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'record'")
        triggers = found.fetchall()
        for name in [name for name, _ in triggers]:
            connection.execute(f"DROP TRIGGER {name}")
        for name in _INDEXES:
            connection.execute(f"DROP INDEX {name}")
        for start in range(first, end, LOT):
            lot = list(rows(start, min(start + LOT, end)))
            connection.execute("BEGIN")
            connection.executemany(f"INSERT INTO record VALUES ({', '.join('?' * len(_NAMES))})", lot)
            connection.executemany(
                "INSERT OR IGNORE INTO subject_record VALUES (?, ?, ?)", subjects(start, min(start + LOT, end))
            )
            connection.executemany("INSERT INTO tile VALUES (?, ?, ?, ?)", tiles(self._growth, lot))
            connection.execute("COMMIT")
        for name, column in _INDEXES.items():
            connection.execute(f"CREATE INDEX {name} ON record (tenant, {column})")
        for _, sql in triggers:
            connection.execute(sql)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()


class PostgresLedger:
    """A ledger in a migrated PostgreSQL database, grown by its owner."""

    def __init__(self, owner: str) -> None:
        self._owner, self._growth = owner, Growth.empty()

    async def grow(self, first: int, end: int) -> None:
        connection = await asyncpg.connect(self._owner, server_settings={TENANT_SETTING: LEDGER})
        await connection.execute("SET synchronous_commit = off; SET maintenance_work_mem = '256MB'")
        for name in _INDEXES:
            await connection.execute(f"DROP INDEX {name}")
        for start in range(first, end, LOT):
            lot = list(rows(start, min(start + LOT, end)))
            await connection.copy_records_to_table("record", records=lot, columns=_NAMES)
            about = dict.fromkeys(subjects(start, min(start + LOT, end)))
            await connection.copy_records_to_table("subject_record", records=list(about))
            await connection.copy_records_to_table("tile", records=list(tiles(self._growth, lot)))
        for name, column in _INDEXES.items():
            await connection.execute(f"CREATE INDEX {name} ON record (tenant, {column})")
        for table in ("record", "subject_record", "tile"):
            await connection.execute(f"VACUUM ANALYZE {table}")
        await connection.close()

    async def analyzed(self) -> None:
        """As autovacuum leaves what was added."""
        connection = await asyncpg.connect(self._owner, server_settings={TENANT_SETTING: LEDGER})
        for table in ("record_block", "posting"):
            await connection.execute(f"VACUUM ANALYZE {table}")
        await connection.close()


def tiles(growth: Growth, lot: list[tuple[Any, ...]]) -> Iterator[tuple[str, int, int, bytes]]:
    """The tiles that become full with these rows."""
    for row in lot:
        for full in growth.append(row[-1]):
            yield LEDGER, full.level, full.index, full.hashes
