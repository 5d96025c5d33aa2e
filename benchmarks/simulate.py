"""How long it takes to replay what is on record against another policy: `gateway policy simulate`.

    python -m benchmarks.simulate [--exchanges N] [--rounds N] [--database sqlite|postgresql]

A million exchanges of the pipeline benchmark's configuration: a thousand rules, ten roles, three purposes,
five sets of classes, requests and answers. They are put into the database past its writer, as it would have written
them, each with its columns, hash and link. Envelopes and details are read and parsed; equal questions are asked once of
the version that decided and of a draft that is stricter with one class.
"""

import argparse
import asyncio
import os
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, nullcontext
from itertools import islice
from pathlib import Path
from typing import Any

import asyncpg
import msgspec

from benchmarks import site
from benchmarks.children import Unmeasured, resident_mb
from benchmarks.databases import Databases, databases
from gateway.bootstrap import open_site, proposed
from gateway.bootstrap.policies import settled
from gateway.checks.policy.policy import Policy
from gateway.checks.policy.version import PolicySet, replaced
from gateway.core.ids import trace_id, uuid7
from gateway.exchange.audit_scribe import Reader
from gateway.exchange.named import naming
from gateway.exchange.simulation import Simulated
from gateway.ledger.chain import leaf_hash
from gateway.ledger.commitment import committed, new_salt
from gateway.ledger.index import COLUMNS, index_columns
from gateway.ledger.record import (
    CandidateInfo,
    ClassesInfo,
    DecisionInfo,
    Detail,
    Envelope,
    OutcomeInfo,
    encode_detail,
    seal,
    timestamp,
)
from gateway.store.walls import TENANT as TENANT_SETTING

TARGET_US = 60.0
"""A million exchanges in a minute."""
RULES = 1_000
PERIOD = ("2000-01-01T00:00:00.000000Z", "2100-01-01T00:00:00.000000Z")
_CLASSES = (("public",), ("pii",), ("phi", "pii"), ("internal",), ("pci", "pii"))
_LOT = 20_000
"""Records that are inserted in one transaction."""
_Made = tuple[Envelope, bytes, bytes]
"""An envelope, and the salt and the bytes of its detail."""
_COLUMNS = ("tenant", "seq", *COLUMNS, "bytes", "hash")
_DETAIL = ("tenant", "seq", "salt", "bytes")


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What was replayed, how long it took in each round, and by how many MB the process has grown meanwhile."""

    exchanges: int
    questions: int
    changed: int
    rounds: list[float]
    grown_mb: float

    @property
    def seconds(self) -> float:
        """Of the round in the middle."""
        return statistics.median(self.rounds)

    @property
    def each_us(self) -> float:
        return self.seconds / self.exchanges * 1e6


class _Lot(msgspec.Struct, frozen=True):
    """Rows of `record` and `detail` that follow each other, and the head behind them: size, hash, time of record."""

    records: list[tuple[Any, ...]]
    details: list[tuple[Any, ...]]
    head: tuple[int, bytes, str]


def measure(
    found: Databases, directory: Path, exchanges: int = 1_000_000, rounds: int = 3, *, kind: str = "sqlite"
) -> Report:
    """In one process, on a database of this kind. `Unmeasured` where there is no PostgreSQL."""
    urls = found.urls() if kind == "postgresql" else (str(directory / "gateway.db"), found.make("sqlite", directory))
    if urls is None:
        raise Unmeasured("there is no PostgreSQL")
    owner, url = urls
    settings, _ = site.lay_out(directory, url, "http://127.0.0.1:9/v1", RULES)
    return asyncio.run(_measured(settings, owner, exchanges, rounds))


def lines(report: Report) -> list[str]:
    return [
        f"{report.exchanges:,} exchanges, each a request and an answer, in {report.seconds:.1f} s: "
        f"{report.each_us:.1f} µs each (rounds: {', '.join(f'{one:.1f}' for one in report.rounds)} s; "
        f"{report.grown_mb:.0f} MB more are held)",
        f"{report.questions} different questions to {RULES:,} rules; {report.changed:,} would be answered otherwise",
    ]


def misses(report: Report) -> list[str]:
    slow = report.each_us > TARGET_US
    return [f"{report.each_us:.1f} µs for each exchange, {TARGET_US:.0f} are wanted"] if slow else []


async def _measured(settings: Any, owner: str, exchanges: int, rounds: int) -> Report:
    async with open_site(settings) as opened:
        policy, shared = proposed(settings)
        await settled(opened, shared)
        ledger = opened.tenants["default"].ledger
        fill = _fill_server if "://" in owner else _fill_file
        await fill(owner, ledger, _entries(ledger, policy.version("default"), exchanges))
        auditor, draft = await opened.auditor("default"), _draft(shared, settings)
        before_mb, took = resident_mb(os.getpid()), []
        for _ in range(rounds):
            began = time.perf_counter()
            found: Simulated = await auditor.replay(Reader(), draft, "default", naming(settings, "default"), *PERIOD)
            took.append(round(time.perf_counter() - began, 2))
            if (found.requests, found.answers) != (exchanges, exchanges) or found.without_detail:
                raise RuntimeError("not everything on record was replayed")
    return Report(
        exchanges=exchanges,
        questions=found.questions,
        changed=found.changed,
        rounds=took,
        grown_mb=round(resident_mb(os.getpid()) - before_mb, 1),
    )


def _draft(shared: PolicySet, settings: Any) -> Policy:
    text = shared.members["policy.csv"].decode()
    stricter = text.replace("allow, none, phi-in-house", "deny, none, phi-in-house")
    return Policy(replaced(shared, {"policy.csv": stricter.encode()}), settings)


async def _fill_file(database: str, ledger: str, entries: Iterator[_Made]) -> None:
    """Append these to a ledger in a SQLite file, with the head."""
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        size, link = connection.execute("SELECT size, hash FROM head WHERE tenant = ?", (ledger,)).fetchone()
        places = ", ".join("?" * len(_COLUMNS))
        for lot in _lots(ledger, size, link, entries):
            connection.execute("BEGIN")
            connection.executemany(f"INSERT INTO record ({', '.join(_COLUMNS)}) VALUES ({places})", lot.records)
            connection.executemany(f"INSERT INTO detail ({', '.join(_DETAIL)}) VALUES (?, ?, ?, ?)", lot.details)
            connection.execute(
                "UPDATE head SET size = ?, hash = ?, recorded_at = ? WHERE tenant = ?", (*lot.head, ledger)
            )
            connection.execute("COMMIT")


async def _fill_server(owner: str, ledger: str, entries: Iterator[_Made]) -> None:
    """Append these to a ledger on PostgreSQL, with the head, and leave its tables as autovacuum does."""
    connection = await asyncpg.connect(owner, server_settings={TENANT_SETTING: ledger})
    try:
        size, link = await connection.fetchrow("SELECT size, hash FROM head WHERE tenant = $1", ledger)
        for lot in _lots(ledger, size, link, entries):
            async with connection.transaction():
                await connection.copy_records_to_table("record", records=lot.records, columns=_COLUMNS)
                await connection.copy_records_to_table("detail", records=lot.details, columns=_DETAIL)
                await connection.execute(
                    "UPDATE head SET size = $1, hash = $2, recorded_at = $3 WHERE tenant = $4", *lot.head, ledger
                )
        for table in ("record", "detail"):
            await connection.execute(f"VACUUM ANALYZE {table}")
    finally:
        await connection.close()


def _lots(ledger: str, size: int, link: bytes, entries: Iterator[_Made]) -> Iterator[_Lot]:
    """The rows of these entries behind a head."""
    while made := list(islice(entries, _LOT)):
        records, details, recorded_at = [], [], ""
        for seq, (envelope, salt, beside) in enumerate(made, size):
            recorded_at = envelope.occurred_at
            data = seal(envelope, seq, link, recorded_at)
            link = leaf_hash(data)
            records.append((ledger, seq, *index_columns(envelope), data, link))
            details.append((ledger, seq, salt, beside))
        size += len(made)
        yield _Lot(records, details, (size, link, recorded_at))


def _entries(ledger: str, policy: str, exchanges: int) -> Iterator[_Made]:
    roles = site.calling(RULES)
    for number in range(exchanges):
        yield from _exchange(
            policy,
            role=roles[number % len(roles)],
            purpose=site.PURPOSES[number % len(site.PURPOSES)],
            classes=_CLASSES[number // 7 % len(_CLASSES)],
            tenant=ledger,
        )


def _exchange(policy: str, *, role: str, purpose: str, classes: tuple[str, ...], tenant: str) -> list[_Made]:
    now = time.time_ns() // 1000
    salt, detail = new_salt(), encode_detail(Detail(subject=f"{role}-service", roles=(role,), method="jwt"))
    common: dict[str, Any] = {
        "tenant": tenant,
        "occurred_at": timestamp(now),
        "exchange": uuid7(now),
        "trace": trace_id(now),
        "actor": "ac_" + "1" * 26,
        "actor_kind": "service",
        "caller_zone": "in-house",
        "agent": "ward",
        "zone": "in-house",
        "action": "chat",
        "purpose": purpose,
        "route_requested": "cloud",
        "classes": ClassesInfo(found=classes, declared=(), inherited=(), floor=()),
        "decision": DecisionInfo(effect="route", rules=("phi-in-house",), obligations=(), policy=policy),
        "detail": committed(salt, "detail", detail),
    }
    candidates = (
        CandidateInfo(agent="cloud", zone="cloud", healthy=True, answer="deny", rule="phi-nowhere-else"),
        CandidateInfo(agent="ward", zone="in-house", healthy=True, answer="allow", rule="phi-in-house"),
    )
    sent = Envelope(id=uuid7(now), event="exchange.requested", candidates=candidates, **common)
    given = Envelope(id=uuid7(now), event="exchange.completed", outcome=OutcomeInfo(code="ok", status=200), **common)
    return [(sent, salt, detail), (given, salt, detail)]


def main() -> None:
    parser = argparse.ArgumentParser(description="Replaying what is on record against another policy.")
    parser.add_argument("--exchanges", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    given = parser.parse_args()
    opened = databases() if given.database == "postgresql" else nullcontext(Databases(None))
    with tempfile.TemporaryDirectory() as directory, opened as found:
        report = measure(found, Path(directory) / "site", given.exchanges, given.rounds, kind=given.database)
    print("\n".join([*lines(report), *misses(report)]))


if __name__ == "__main__":
    main()
