"""What an emergency stands on, and its ledgers."""

import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from pathlib import Path

import msgspec

from gateway.core.errors import GatewayError
from gateway.exchange.archive_files import verified
from gateway.exchange.stitching import Over, Stitching, begin
from gateway.exchange.stitching import prepare as emergency_prepare
from gateway.ledger.record import parse
from gateway.store import emergency_copy
from gateway.store.directory import Directory
from gateway.store.emergencies import STITCHED, EmergencyStore
from gateway.store.emergency_copy import Known, copy
from gateway.store.engine import Target, open_engine
from gateway.store.sealing import Sealer
from gateway.store.writer_base import LedgerWriter
from tests.exchange.durable_base import Given, OfLedger, Scene
from tests.exchange.durable_kit import Steps
from tests.exchange.emergency_kit import OWN, ROW, over
from tests.store.kit import LEDGER, NODE, Store, entry


class Emergencies(OfLedger):
    """An emergency ledger: its key on record before, all of it stitched in afterwards. Each is a SQLite file."""

    def __init__(self, store: Store, writer: LedgerWriter, steps: Steps, template: Path, stack: AsyncExitStack) -> None:
        super().__init__(store, writer)
        self._steps, self._template, self._stack = steps, template, stack
        self._stitching = Stitching(sealer=Sealer(store.keyring), keys=store.keyring, clock=store.clock, node=NODE)
        self._over: list[Over] = []

    async def work(self) -> None:
        row = msgspec.structs.replace(ROW, id=f"em_{len(self._over)}")
        place = self.store.directory / row.id
        place.mkdir()
        shutil.copy(self._template, place / "gateway.db")
        where = Target(kind="sqlite", path=place / "gateway.db")
        own = msgspec.structs.replace(self.store, engine=open_engine(where), where=where)
        self._stack.push_async_callback(own.engine.dispose)
        writer = await self._stack.enter_async_context(own.writer())
        known = Known(policy=None, denied=0, checkpoint=(7, bytes(32)))
        since = self.store.clock.now_us()
        await begin(row, writer, known, self.store.clock, NODE, since_us=since, ledger=LEDGER)
        self._steps.of_engine(own.engine, "its own commit")
        self._steps.of_writer(writer, "its own record")
        file = self.store.directory / "closed" / LEDGER / f"{row.id}.archive"
        self._over.append(over(row, own, writer, self.writer, file, self.store.clock))

    async def round(self) -> None:
        last = self._over[-1]
        rows = {one.id: one for one in await EmergencyStore(self.store.engine).all(LEDGER)}
        if last.row.id not in rows:
            await emergency_prepare(last.row, LEDGER, self.writer, self.store.clock, NODE)
        await self._stitching.stitch(msgspec.structs.replace(last, row=rows.get(last.row.id, last.row)))

    async def done(self) -> None:
        ids = [one.row.id for one in self._over]
        rows = await EmergencyStore(self.store.engine).all(LEDGER)
        assert sorted((one.id, one.state) for one in rows) == sorted((one, STITCHED) for one in ids)
        for event in ("emergency.prepared", "emergency.stitched"):
            assert [one.emergency for one in await self.records(event)] == ids, "each is on record, once"
        last = self._over[-1]
        checked, _, _ = verified(last.file, OWN.verifier)
        events = [parse(one.envelope).event async for one in last.mine.reader.records(0, checked.checkpoint.size)]
        assert events.count("emergency.ended") == 1
        assert {path.name for path in last.file.parent.iterdir()} == {f"{one}.archive" for one in ids}


@asynccontextmanager
async def apart(store: Store, failing: Steps, given: Given) -> AsyncIterator[Scene]:
    async with store.writer() as writer, AsyncExitStack() as stack:
        failing.of_writer(writer)
        yield Emergencies(store, writer, failing, given.template, stack)


class Copies(OfLedger):
    """What deciding needs, copied again each time that there is more of it."""

    def __init__(self, store: Store, writer: LedgerWriter, template: Path) -> None:
        super().__init__(store, writer)
        store.keyring.create_search_key(LEDGER)
        self._directory = Directory(store.engine, store.keyring, store.clock, "gateway.test")
        self._template, self._path = template, store.directory / "emergency" / "copy.db"
        self._path.parent.mkdir()
        self._persons = 0

    async def work(self) -> None:
        if not self._persons:
            await self.writer.append(entry())
            await self._directory.entry("mine")
        self._persons += 1
        await self._directory.actor(LEDGER, f"person-{self._persons}")

    async def round(self) -> None:
        before = self._held()
        tenant = msgspec.structs.replace(await self._directory.entry("mine"), ledger=LEDGER)
        try:
            await copy(self.store.engine, self._template, self._path, {"mine": tenant}, at_ns=7, max_rows=10_000)
        except GatewayError:
            assert self._held() in (before, self._persons), "the former copy, or the new one"
            raise

    def _held(self) -> int:
        """How many persons the copy knows that lies there; none where there is none."""
        if not self._path.exists():
            return 0
        with closing(sqlite3.connect(self._path)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            return int(connection.execute("SELECT count(*) FROM pseudonym").fetchone()[0])

    async def done(self) -> None:
        assert self._held() == self._persons
        assert [path.name for path in self._path.parent.iterdir()] == [self._path.name], "and none half written"


@asynccontextmanager
async def copying(store: Store, failing: Steps, given: Given) -> AsyncIterator[Scene]:
    async with store.writer() as writer:
        failing.of_sqlite(given.patch, emergency_copy, "its own commit")
        yield Copies(store, writer, given.template)
