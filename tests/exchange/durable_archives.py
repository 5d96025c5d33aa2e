"""Ranges that leave for archives, of as few records as a database can be made to take."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy import func, select, text

from gateway.exchange.archive_blocks import Mine
from gateway.exchange.archiving import Busy, Waits
from gateway.ledger.entry import Entry
from gateway.ledger.record import Detail
from gateway.ledger.tiles import WIDTH
from gateway.store.archives import ArchiveStore
from gateway.store.indexer import Indexer
from gateway.store.postings import BLOCK as WHOLE
from gateway.store.reader import StoreReader
from gateway.store.retention import DESTROYS
from gateway.store.tables import detail, record, sealed
from gateway.store.tree import TreeReader
from gateway.store.verification import LedgerVerification, Verdict
from gateway.store.writer_base import LedgerWriter
from tests.exchange.archive_kit import LATER_US, archives, archiving
from tests.exchange.durable_base import Given, Scene
from tests.exchange.durable_checkpoints import Checkpoints
from tests.exchange.durable_kit import Steps
from tests.store.kit import LEDGER, Store, entry
from tests.store.ledger_kit import changing, seeing
from tests.store.test_archives import allow
from tests.store.test_checkpointer import SIGNER

RANGE = WIDTH
"""Records of a block: an archive has whole tiles."""


class Archivings(Checkpoints):
    """Ranges whose days are over, moved into archives."""

    def __init__(self, store: Store, writer: LedgerWriter) -> None:
        super().__init__(store, writer)
        self.indexer, self._job = Indexer(store.engine, LEDGER), archiving(store)
        self._mine = Mine(
            ledger=LEDGER,
            writer=writer,
            reader=StoreReader(store.engine, LEDGER),
            tree=TreeReader(store.engine, LEDGER),
            keys=SIGNER.verifier,
        )
        self._ranges = 0

    async def work(self) -> None:
        """As many records as make another block with those that are there."""
        self._ranges += 1
        missing = range(await self._mine.reader.size(), self._ranges * RANGE)
        await asyncio.gather(*(self.writer.append(self._one(seq)) for seq in (0, *missing)))
        await self.checkpointer.publish(force=True)
        await self.indexer.run()

    def _one(self, seq: int) -> Entry:
        """One in eight has a detail, and a subject whose key what is said of them in the archive needs."""
        if seq % 8:
            return entry()
        return entry(detail=Detail(reason="asked"), subjects=(f"su_{self._ranges}",))

    async def looked(self) -> None:
        """The row is there by which a range is left out if anything was destroyed meanwhile."""
        await self._job._flags.row(LEDGER, DESTROYS)

    async def round(self) -> None:
        assert not isinstance(await self._job.advance(self._mine, LATER_US), Waits | Busy)

    async def done(self) -> None:
        found = await ArchiveStore(self.store.engine).all(LEDGER)
        ranges = [(number * RANGE, (number + 1) * RANGE) for number in range(self._ranges)]
        assert [(one.first, one.end) for one in found] == ranges
        told = [one.range for one in await self.records("ledger.archived")]
        assert told == ranges[-len(told) :], "each is on record once, the first ones in the archives themselves"
        async with seeing(self.store.where) as connection:
            for table in (record, detail, sealed):
                left = select(func.count()).where(table.c.tenant == LEDGER, table.c.seq < ranges[-1][1])
                assert await connection.scalar(left) == 0, "and nowhere else"
        files = {path.name for path in (self.store.directory / "archive" / LEDGER).iterdir()}
        assert files == {f"{first:016}-{end:016}.archive" for first, end in ranges}, "and none half written"

    async def verified(self) -> Verdict:
        kept = archives(self.store)
        ledger = LedgerVerification(self.store.engine, LEDGER, SIGNER.verifier)
        return await ledger.run(read=lambda one: kept.read(kept.file(LEDGER, one.first, one.end) or Path(), one))


@asynccontextmanager
async def archived(store: Store, failing: Steps, _: Given) -> AsyncIterator[Scene]:
    """Archives of few records: their size is a number in the database's own rules too."""
    async with changing(store.where) as connection:
        for rule in (await connection.execute(text(_RULES[store.where.kind]))).scalars().all():
            if store.where.kind == "sqlite":
                await connection.exec_driver_sql(f"DROP TRIGGER {rule.split()[2]}")
            await connection.exec_driver_sql(rule.replace(f"{WHOLE}", f"{RANGE}"))
    if store.where.kind != "sqlite":
        await allow(store, 0)
    async with store.writer() as writer:
        failing.of_writer(writer)
        scene = Archivings(store, writer)
        with failing.quiet():  # made once in a ledger, and as often as it fails before
            await scene.looked()
        yield scene


_RULES = {
    "sqlite": f"SELECT sql FROM sqlite_master WHERE type = 'trigger' AND sql LIKE '% {WHOLE} %'",
    "postgresql": f"SELECT pg_get_functiondef(oid) FROM pg_proc WHERE prosrc LIKE '% {WHOLE}%'",
}
