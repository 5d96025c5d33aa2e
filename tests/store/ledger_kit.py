"""What tests of the writers share: entries, a failpoint that does as it is told, and a check of a whole ledger."""

import asyncio
import base64
import os
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from gateway.core.ids import random_id, uuid7
from gateway.ledger.chain import leaf_hash
from gateway.ledger.commitment import committed
from gateway.ledger.entry import DataKey, Entry, SealedPart
from gateway.ledger.index import COLUMNS, index_columns
from gateway.ledger.record import (
    GENESIS,
    CandidateInfo,
    ClassesInfo,
    DecisionInfo,
    Detail,
    Envelope,
    NodeInfo,
    OutcomeInfo,
    encode_detail,
    parse,
    timestamp,
)
from gateway.settings import Settings
from gateway.store.engine import Target, open_engine, reading, target, writing
from gateway.store.ledgers import Ledgers
from gateway.store.walls import TENANT as TENANT_SETTING
from gateway.store.writer_base import LedgerWriter, WriterOptions
from gateway.store.writer_postgres import PostgresWriter
from gateway.store.writer_sqlite import SqliteFile, SqliteWriter

TENANT = "tn_0123456789abcdef0123456789"
NODE = NodeInfo(id="nd_1", boot="bt_1")
POLICY = "sha256:" + "a" * 64
START_US = 1_795_482_123_000_004


class SystemClock:
    """The machine's time, for processes of their own and benchmarks."""

    def now_us(self) -> int:
        return time.time_ns() // 1000

    def monotonic_ns(self) -> int:
        return time.monotonic_ns()

    def thread_ns(self) -> int:
        return time.thread_time_ns()


class Failpoints:
    """Does at each named instant what it was told for it, and remembers what passed."""

    def __init__(self, **actions: Callable[[], Awaitable[None] | None]) -> None:
        self.actions = {f"ledger.{name}": action for name, action in actions.items()}
        self.passed: list[str] = []

    async def __call__(self, name: str) -> None:
        self.passed.append(name)
        action = self.actions.get(name)
        if action is not None:
            waiting = action()
            if waiting is not None:
                await waiting


class Keys:
    """A keyring that only remembers."""

    def __init__(self) -> None:
        self.kept: list[str] = []

    def persist(self, keys: Any) -> None:
        self.kept.extend(key.id for key in keys)


def intent(exchange: str | None = None, tenant: str = TENANT, us: int = START_US, **fields: Any) -> Entry:
    """A full intent with its detail; `fields` are the entry's."""
    exchange = exchange or random_id("ex")
    salt = secrets.token_bytes(32)
    detail = encode_detail(Detail(subject="ada", roles=("clinician",), method="api-key"))
    envelope = Envelope(
        id=uuid7(us),
        tenant=tenant,
        event="exchange.requested",
        occurred_at=timestamp(us),
        actor="ac_1",
        exchange=exchange,
        actor_kind="service",
        agent="scribe",
        zone="in-house",
        action="chat",
        purpose="TREAT",
        found={"us-ssn": 1},
        scanned="full",
        decision=DecisionInfo(effect="route", rules=("r1",), obligations=(), policy=POLICY),
        trace="0" * 31 + "1",
        candidates=(CandidateInfo(agent="scribe", zone="in-house", healthy=True, answer="allow", rule="r1"),),
        classes=ClassesInfo(found=("phi", "pii"), declared=("pii",), inherited=(), floor=()),
        detail=committed(salt, "detail", detail),
        node=NODE,
    )
    return Entry.of(envelope, detail=detail, salt=salt, opens=True, **fields)


def outcome(exchange: str, tenant: str = TENANT, us: int = START_US, **fields: Any) -> Entry:
    envelope = Envelope(
        id=uuid7(us),
        tenant=tenant,
        event="exchange.completed",
        occurred_at=timestamp(us),
        exchange=exchange,
        agent="scribe",
        outcome=OutcomeInfo(code="ok", status=200),
    )
    return Entry.of(envelope, closes=True, **fields)


def note(tenant: str = TENANT, us: int = START_US, event: str = "config.changed", **fields: Any) -> Entry:
    """The smallest record."""
    return Entry.of(Envelope(id=uuid7(us), tenant=tenant, event=event, occurred_at=timestamp(us)), **fields)


def activation(policy: str = POLICY, us: int = START_US) -> Entry:
    envelope = Envelope(id=uuid7(us), tenant=TENANT, event="policy.activated", occurred_at=timestamp(us), policy=policy)
    return Entry.of(envelope, activates=policy)


def part(key: str = "dk_1") -> SealedPart:
    return SealedPart(part="request", key=key, nonce=bytes(12), ciphertext=b"sealed")


def data_key(name: str = "dk_1") -> DataKey:
    return DataKey(id=name, subject=None, wrapped=b"wrapped")


@asynccontextmanager
async def writer_on(
    settings: Settings, clock: Any, *, tenant: str = TENANT, **options: Any
) -> AsyncIterator[LedgerWriter]:
    """A started writer, stopped at the end."""
    where = target(settings)
    given = WriterOptions(**{"tenant": tenant, "node": NODE, "clock": clock, "retry_s": 0.01, **options})
    file = None
    writer: LedgerWriter
    if where.kind == "sqlite":
        file = SqliteFile(where.path, given.wait_s)
        writer = SqliteWriter(file, given)
    else:
        writer = PostgresWriter(where.dsn, given)
    await writer.start()
    try:
        yield writer
    finally:
        await writer.stop()
        if file is not None:
            await file.worker.run(file.close)
            file.worker.close()


@asynccontextmanager
async def ledgers_on(settings: Settings, clock: Any, **options: Any) -> AsyncIterator[Ledgers]:
    """Ledgers with an engine of their own, started; stopped at the end."""
    where = target(settings)
    engine = open_engine(where)
    ledgers = Ledgers(where, engine, **{"node": NODE, "clock": clock, "retry_s": 0.01, **options})
    try:
        await ledgers.start()
        try:
            yield ledgers
        finally:
            await ledgers.stop()
    finally:
        await engine.dispose()


@asynccontextmanager
async def connected(url: str | None, tenant: str | None = None) -> AsyncIterator[asyncpg.Connection]:
    """A connection of the test's own to PostgreSQL, within a tenant's wall where one is given."""
    connection = await asyncpg.connect(url, server_settings=None if tenant is None else {TENANT_SETTING: tenant})
    try:
        yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def seeing(where: Target) -> AsyncIterator[AsyncConnection]:
    """A transaction that sees the rows of every tenant: on PostgreSQL as the owner, before whom there is no wall."""
    async with _owning(where) as engine, reading(engine, None) as connection:
        yield connection


@asynccontextmanager
async def changing(where: Target) -> AsyncIterator[AsyncConnection]:
    """A transaction that changes the rows of every tenant, likewise; committed at the end."""
    async with _owning(where) as engine, writing(engine, None) as connection:
        yield connection


@asynccontextmanager
async def _owning(where: Target) -> AsyncIterator[AsyncEngine]:
    if where.kind == "postgresql":
        assert where.owner_dsn is not None
        where = msgspec.structs.replace(where, dsn=where.owner_dsn)
    engine = open_engine(where)
    try:
        yield engine
    finally:
        await engine.dispose()


async def rows(settings: Settings, query: str, **values: Any) -> list[tuple[Any, ...]]:
    """Rows of a query, of every tenant, over a connection of its own."""
    async with seeing(target(settings)) as connection:
        return [tuple(row) for row in await connection.execute(text(query), values)]


async def whole(settings: Settings, tenant: str = TENANT) -> list[Envelope]:
    """All records of a ledger, after checking everything: bytes, hashes, links, order, times, index columns, head."""
    names = ", ".join(COLUMNS)
    found = await rows(
        settings, f"SELECT seq, bytes, hash, {names} FROM record WHERE tenant = :t ORDER BY seq", t=tenant
    )
    link, time_before = GENESIS, ""
    envelopes = []
    for place, (seq, data, stored, *columns) in enumerate(found):
        envelope = parse(bytes(data))
        assert seq == envelope.seq == place
        assert envelope.prev == _base64(link)
        assert envelope.tenant == tenant
        assert envelope.recorded_at is not None
        assert envelope.recorded_at >= time_before
        assert tuple(columns) == index_columns(envelope)
        link, time_before = leaf_hash(bytes(data)), envelope.recorded_at
        assert stored == link
        envelopes.append(envelope)
    heads = await rows(settings, "SELECT size, hash, recorded_at FROM head WHERE tenant = :t", t=tenant)
    if heads or envelopes:
        assert heads == [(len(envelopes), link, time_before)]
    return envelopes


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


async def until(condition: Callable[[], bool]) -> None:
    """Let the loop run until something is so."""
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 — what is waited for is a plain attribute, and no time passes
            await asyncio.sleep(0)


def die() -> None:
    """End the process as kill -9 does: no handler, no flush, no farewell."""
    os._exit(9)
