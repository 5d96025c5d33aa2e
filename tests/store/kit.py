"""What tests of the store's readers share: a clock, a keyring and a migrated database of either kind with a writer."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import msgspec
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.core.ids import random_id, uuid7
from gateway.ledger.commitment import committed, new_salt
from gateway.ledger.entry import Entry
from gateway.ledger.record import Detail, Envelope, NodeInfo, encode_detail, timestamp
from gateway.settings import parse
from gateway.store.engine import Target, open_engine, target
from gateway.store.keyring import Keyring
from gateway.store.migrate import upgrade
from gateway.store.writer_base import LedgerWriter, WriterOptions
from gateway.store.writer_sqlite import SqliteFile, SqliteWriter

NODE = NodeInfo(id="nd_1", boot="bt_1")
START_US = 1_780_000_000_000_000


class ManualClock:
    """Time that moves when a test says so."""

    def __init__(self, us: int = START_US) -> None:
        self.us = us

    def now_us(self) -> int:
        return self.us

    def monotonic_ns(self) -> int:
        return self.us * 1000

    def advance(self, seconds: float) -> None:
        self.us += round(seconds * 1_000_000)


class Store(msgspec.Struct):
    """A migrated database, with what is needed to use it."""

    engine: AsyncEngine
    where: Target
    keyring: Keyring
    clock: ManualClock
    directory: Path

    @asynccontextmanager
    async def writer(self, ledger: str) -> AsyncIterator[LedgerWriter]:
        """A started writer of one ledger."""
        options = WriterOptions(tenant=ledger, node=NODE, clock=self.clock, keyring=self.keyring)
        if self.where.kind == "sqlite":
            file = SqliteFile(self.where.path)
            writer: LedgerWriter = SqliteWriter(file, options)
        else:
            raise NotImplementedError
        await writer.start()
        try:
            yield writer
        finally:
            await writer.stop()
            if self.where.kind == "sqlite":
                await file.worker.run(file.close)
                file.worker.close()


@asynccontextmanager
async def opened(directory: Path, url: str, owner_url: str | None) -> AsyncIterator[Store]:
    """A fresh store on this database."""
    database = {"url": url} if owner_url is None else {"url": url, "owner_url": owner_url}
    settings = parse({"database": database}, {}, directory)
    await upgrade(settings)
    keyring = Keyring.create(directory / "keys")
    where = target(settings)
    engine = open_engine(where)
    try:
        yield Store(engine, where, keyring, ManualClock(), directory)
    finally:
        await engine.dispose()
        keyring.close()


def entry(
    ledger: str,
    event: str = "exchange.completed",
    *,
    us: int = START_US,
    detail: Detail | None = None,
    **fields: object,
) -> Entry:
    """An entry with these fields of its envelope."""
    known = {"id": uuid7(us), "tenant": ledger, "event": event, "occurred_at": timestamp(us), **fields}
    envelope = msgspec.convert(known, Envelope)
    if detail is None:
        return Entry(envelope=envelope)
    salt, data = new_salt(), encode_detail(detail)
    envelope.detail = committed(salt, "detail", data)
    return Entry(envelope=envelope, detail=data, salt=salt)


def ledger_id() -> str:
    return random_id("tn")


async def fresh_postgres() -> tuple[str, str]:
    """Interim: (owner URL, application URL) of a fresh database on the server at hand."""
    base = os.environ["STORE2_PG"]
    name = random_id("db")
    connection = await asyncpg.connect(f"postgresql://postgres@/postgres?host={base}")
    await connection.execute(f"CREATE DATABASE {name}")
    if not await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname='app'"):
        await connection.execute("CREATE ROLE app LOGIN")
    await connection.close()
    return f"postgresql://postgres@/{name}?host={base}", f"postgresql://app@/{name}?host={base}"
