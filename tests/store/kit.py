"""What tests of the store's readers share: a migrated database of either kind with a keyring, and records to write."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.core.ids import uuid7
from gateway.ledger.commitment import committed, new_salt
from gateway.ledger.entry import Appended, Entry
from gateway.ledger.note import Signer
from gateway.ledger.record import Detail, Envelope, NodeInfo, encode_detail, timestamp
from gateway.settings import Settings
from gateway.store.engine import Target, open_engine, target
from gateway.store.keyring import Keyring
from gateway.store.ledgers import Ledgers
from gateway.store.signing import LedgerSigning
from gateway.store.writer_base import LedgerWriter
from tests.conftest import ManualClock

NODE = NodeInfo(id="nd_1", boot="bt_1")
LEDGER = "tn_0123456789abcdef0123456789"
START_US = ManualClock().us
SEAL = bytes(range(32, 64))
"""What rows of API keys are sealed by."""


class Store(msgspec.Struct):
    """A migrated database, with what is needed to use it."""

    engine: AsyncEngine
    where: Target
    keyring: Keyring
    clock: ManualClock
    directory: Path

    @asynccontextmanager
    async def writer(self, ledger: str = LEDGER) -> AsyncIterator[LedgerWriter]:
        """A started writer of one ledger."""
        ledgers = Ledgers(
            self.where, self.engine, node=NODE, clock=self.clock, keyring=self.keyring, serving=False, retry_s=0.01
        )
        await ledgers.start()
        try:
            yield await ledgers.open(ledger)
        finally:
            await ledgers.stop()

    async def append(self, entries: Sequence[Entry], ledger: str = LEDGER) -> list[Appended]:
        """Write these records, one after the other in their order, and let go of the writer."""
        async with self.writer(ledger) as writer:
            return [await writer.append(item) for item in entries]

    @asynccontextmanager
    async def bare(self) -> AsyncIterator["Bare"]:
        """The database past every rule of its own: triggers dropped, by who may drop them."""
        dsn = self.where.owner_dsn or ""
        engine = (
            self.engine if self.where.kind == "sqlite" else open_engine(msgspec.structs.replace(self.where, dsn=dsn))
        )
        try:
            yield Bare(engine, self.where.kind)
        finally:
            if engine is not self.engine:
                await engine.dispose()


class Bare(msgspec.Struct):
    """Runs statements as an attacker would who owns the database."""

    engine: AsyncEngine
    kind: str

    async def run(self, table: str, *statements: str) -> None:
        async with self.engine.begin() as connection:
            if self.kind == "sqlite":
                found = await connection.exec_driver_sql(
                    f"SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = '{table}'"
                )
                for (name,) in found.all():
                    await connection.exec_driver_sql(f"DROP TRIGGER {name}")
            else:
                await connection.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            for statement in statements:
                await connection.exec_driver_sql(statement)


@asynccontextmanager
async def opened(settings: Settings, directory: Path) -> AsyncIterator[Store]:
    """A store on the database of these settings."""
    keyring = Keyring.create(directory / "keys")
    where = target(settings)
    engine = open_engine(where)
    try:
        yield Store(engine, where, keyring, ManualClock(), directory)
    finally:
        await engine.dispose()
        keyring.close()


def lone(store: Store, signer: Signer, ledger: str = LEDGER) -> LedgerSigning:
    """Who signs for a ledger that has had one key."""
    return LedgerSigning(store.engine, ledger, signer.name, store.clock, lambda vkey: signer)


def entry(
    event: str = "config.changed",
    *,
    ledger: str = LEDGER,
    us: int = START_US,
    detail: Detail | None = None,
    subjects: tuple[str, ...] = (),
    **fields: Any,
) -> Entry:
    """An entry with these fields of its envelope. Its detail names the subjects, as that of every record does."""
    envelope = Envelope(id=uuid7(us), tenant=ledger, event=event, occurred_at=timestamp(us), **fields)
    if detail is None:
        return Entry.of(envelope, subjects=subjects)
    if detail.subjects is None and subjects:
        detail = msgspec.structs.replace(detail, subjects=subjects)
    salt, data = new_salt(), encode_detail(detail)
    envelope.detail = committed(salt, "detail", data)
    return Entry.of(envelope, detail=data, salt=salt, subjects=subjects)
