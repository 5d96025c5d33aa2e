"""A ledger of an emergency on a database of its own, and the main ledger that it is stitched into."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from gateway.exchange.archive_blocks import Mine
from gateway.exchange.stitching import Over, Stitching, begin, prepare
from gateway.ledger.note import Signer
from gateway.settings import parse
from gateway.store.archives import ArchiveStore
from gateway.store.checkpointer import Checkpointer
from gateway.store.emergencies import STANDING, Emergency, EmergencyStore
from gateway.store.emergency_copy import Known
from gateway.store.engine import open_engine, target
from gateway.store.reader import StoreReader
from gateway.store.sealing import Sealer
from gateway.store.search import Search
from gateway.store.tree import TreeReader
from gateway.store.verification import LedgerVerification, Verdict
from gateway.store.writer_base import LedgerWriter
from tests.conftest import ManualClock
from tests.store.archive_kit import SIGNER
from tests.store.kit import LEDGER, NODE, Store, lone, opened

OWN = Signer("gateway.test/emergency/1", bytes(range(32)))
ROW = Emergency(
    id="em_1", node=NODE.id, state=STANDING, origin=OWN.name, vkey=OWN.verifier.vkey, prepared_us=1_795_482_123_000_000
)


class Both(msgspec.Struct):
    """Both sides, their writers open."""

    main: Store
    emergency: Store
    writer: LedgerWriter
    """Of the main ledger."""
    own: LedgerWriter
    """Of the emergency's."""
    file: Path

    async def row(self) -> Emergency:
        (found,) = await EmergencyStore(self.main.engine).all(LEDGER)
        return found

    async def over(self) -> Over:
        return over(await self.row(), self.emergency, self.own, self.writer, self.file, self.main.clock)

    def stitching(self, failpoint: Any = None) -> Stitching:
        keyring = self.main.keyring
        return Stitching(sealer=Sealer(keyring), keys=keyring, clock=self.main.clock, node=NODE, failpoint=failpoint)

    async def verified(self) -> Verdict:
        return await LedgerVerification(self.main.engine, LEDGER, SIGNER.verifier).run()


def over(
    row: Emergency, emergency: Store, own: LedgerWriter, main: LedgerWriter, file: Path, clock: ManualClock
) -> Over:
    """An emergency on a database with its writer, and the writer of the ledger that it is stitched into."""
    engine = emergency.engine
    return Over(
        row=row,
        mine=Mine(
            ledger=LEDGER,
            writer=own,
            reader=StoreReader(engine, LEDGER),
            tree=TreeReader(engine, LEDGER),
            keys=OWN.verifier,
        ),
        store=ArchiveStore(engine),
        search=Search(engine, LEDGER),
        publisher=Checkpointer(engine, ledger=LEDGER, signing=lone(emergency, OWN), writer=own, clock=clock, node=NODE),
        main=main,
        file=file,
    )


@asynccontextmanager
async def both(template: Path, directory: Path) -> AsyncIterator[Both]:
    """Prepared and begun. `template`: a migrated SQLite database."""
    for name in ("main", "own"):
        (directory / name).mkdir()
        shutil.copy(template, directory / name / "gateway.db")
    url = {"database": {"url": "sqlite:///gateway.db"}}
    async with opened(parse(url, {}, directory / "main"), directory / "main") as main:
        where = target(parse(url, {}, directory / "own"))
        engine = open_engine(where)
        own = msgspec.structs.replace(main, engine=engine, where=where)
        try:
            async with main.writer() as writer, own.writer() as other:
                await prepare(ROW, LEDGER, writer, main.clock, NODE)
                known = Known(policy=None, denied=0, checkpoint=(7, bytes(32)))
                await begin(ROW, other, known, main.clock, NODE, since_us=1_795_482_123_000_000, ledger=LEDGER)
                file = directory / "closed" / LEDGER / "em_1.archive"
                yield Both(main, own, writer, other, file)
        finally:
            await engine.dispose()
