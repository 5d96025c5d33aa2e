"""What goes on beside requests, each in a scene of its own: with work that comes due, one try at it, and what must hold
once nothing fails any more."""

import asyncio
import shutil
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import func, select, text

from gateway.agents.tsas import Stamped
from gateway.core.errors import AgentError, GatewayError
from gateway.core.message import WireAnswer
from gateway.exchange.archive_blocks import Mine
from gateway.exchange.archive_files import verified
from gateway.exchange.archiving import Waits
from gateway.exchange.erasure import SETTLE_US
from gateway.exchange.forwarding import STALL_S
from gateway.exchange.stamping import MOST_WAIT_S, Stamping
from gateway.exchange.stitching import Over, Stitching, begin
from gateway.exchange.stitching import prepare as emergency_prepare
from gateway.exchange.witnessing import Quorum, Witnessing
from gateway.ledger.cosignature import Cosigner
from gateway.ledger.entry import Entry
from gateway.ledger.note import Verifier, parse_note
from gateway.ledger.record import Detail, Envelope, parse
from gateway.ledger.rotation import Keys
from gateway.ledger.tiles import WIDTH
from gateway.ledger.witnessing import Request
from gateway.settings import Retention, Tsa
from gateway.store.archives import ArchiveStore
from gateway.store.emergencies import STITCHED, EmergencyStore
from gateway.store.emergency_copy import Known
from gateway.store.engine import Target, open_engine
from gateway.store.forwarding import Cursor
from gateway.store.indexer import Indexer
from gateway.store.lost import Lost, LostMarks
from gateway.store.postings import BLOCK
from gateway.store.reader import StoreReader
from gateway.store.sealing import Sealer
from gateway.store.tables import detail, record, record_block, sealed
from gateway.store.tree import TreeReader
from gateway.store.verification import LedgerVerification, Verdict
from gateway.store.writer_base import LedgerWriter
from tests.exchange import test_retaining, test_rotating
from tests.exchange.archive_kit import LATER_US, archives, archiving
from tests.exchange.durable_kit import Steps
from tests.exchange.emergency_kit import OWN, ROW, over
from tests.exchange.erasure_kit import HOUR_US, asked_for, erasure, exchanged, later, readable
from tests.exchange.forward_kit import Case, Taking
from tests.exchange.subject_kit import Registry, registry
from tests.store.kit import LEDGER, NODE, Store, entry, lone
from tests.store.ledger_kit import changing, seeing
from tests.store.test_archives import allow
from tests.store.test_checkpointer import SIGNER
from tests.store.test_checkpointer import of as checkpointer_of
from tests.store.test_retention import some

_BLOCK = BLOCK
FEW = {"postings": 8, "archives": WIDTH}
"""Records of a block in scenes that need whole ones; an archive has whole tiles."""


class Scene:
    """One ledger goes through all that can fail of it. `due`: whether a try has failed, and there is work left."""

    due = False

    async def work(self) -> None:
        """Something comes due."""
        raise NotImplementedError

    async def round(self) -> None:
        """One try at it, as it is made again and again."""
        raise NotImplementedError

    async def done(self) -> None:
        """What must hold of everything that came due until now: all of it is done, and nothing twice."""
        raise NotImplementedError

    async def verified(self) -> Verdict:
        """The whole ledger."""
        raise NotImplementedError


class _Ledger(Scene):
    keys: Verifier | Keys = SIGNER.verifier

    def __init__(self, store: Store, writer: LedgerWriter) -> None:
        self.store, self.writer = store, writer

    async def verified(self) -> Verdict:
        return await LedgerVerification(self.store.engine, LEDGER, self.keys).run()

    async def records(self, *events: str) -> list[Envelope]:
        reader = StoreReader(self.store.engine, LEDGER)
        found = [parse(one.envelope) async for one in reader.records(0, await reader.size())]
        return [one for one in found if one.event in events]


class Checkpoints(_Ledger):
    """Published when they are due."""

    def __init__(self, store: Store, writer: LedgerWriter) -> None:
        super().__init__(store, writer)
        self.checkpointer = checkpointer_of(store, writer)

    async def work(self) -> None:
        await self.writer.append(entry())

    async def round(self) -> None:
        await self.checkpointer.publish()

    async def done(self) -> None:
        sizes = [one.size async for one in StoreReader(self.store.engine, LEDGER).checkpoints()]
        told = [one.checkpoint[0] for one in await self.records("checkpoint.published") if one.checkpoint]
        assert (sizes, len(set(told))) == (sorted(told), len(told)), "each is on record, once"


class _Witness:
    """One that cosigns whatever it is shown."""

    def __init__(self, name: str) -> None:
        self._cosigner = Cosigner(name, name.encode().ljust(32, b"w"))
        self.witness = self._cosigner.witness

    async def add(self, request: Request) -> WireAnswer:
        text, _ = parse_note(request.note)
        return WireAnswer(status=200, headers=(), body=self._cosigner.cosign(text, 1_795_482_123).encode())


class Cosignatures(Checkpoints):
    """Checkpoints before two witnesses."""

    def __init__(self, store: Store, writer: LedgerWriter) -> None:
        super().__init__(store, writer)
        witnesses: list[Any] = [_Witness("w.example/1"), _Witness("w.example/2")]
        self._names = tuple(one.witness.name for one in witnesses)
        self.witnessing = Witnessing(
            store.engine,
            ledger=LEDGER,
            signing=lone(store, SIGNER),
            witnesses=witnesses,
            quorum=Quorum(names=self._names, needed=2),
            clock=store.clock,
            node=NODE,
        )
        self._sizes: list[int] = []

    async def work(self) -> None:
        await super().work()
        point = await self.checkpointer.publish()
        assert point is not None
        self._sizes.append(point.size)

    async def round(self) -> None:
        try:
            assert await self.witnessing.offer(self.writer) == ()
        except GatewayError:
            assert self.witnessing.window.since is not None or await self._seen(), "what is not witnessed shows"
            raise

    async def done(self) -> None:
        for size in self._sizes[-4:]:
            assert tuple(await self.witnessing.store.of(size)) == self._names
        told = [one.checkpoint[0] for one in await self.records("checkpoint.witnessed") if one.checkpoint]
        assert told == self._sizes, "each is on record, once"
        assert self.witnessing.window.witnessed == self._sizes[-1]

    async def _seen(self) -> bool:
        return await self.witnessing.store.witnessed(self._names, 2) == self._sizes[-1]


class _Authority:
    """One that stamps whatever it is shown, without a word that could be verified."""

    def __init__(self) -> None:
        self.tsa, self.asked = Tsa(id="clock", url="https://clock.example", authorities="ca.pem", interval_s=60.0), 0

    async def stamp(self, note: bytes) -> Stamped:
        self.asked += 1
        said: Any = msgspec.defstruct("Said", [("at_us", int)])(1_795_482_123_000_000)
        return Stamped(note, said)


class Stamps(Checkpoints):
    """Checkpoints before a time-stamping authority."""

    def __init__(self, store: Store, writer: LedgerWriter) -> None:
        super().__init__(store, writer)
        self.authority = _Authority()
        tsas: list[Any] = [self.authority]
        self.stamping = Stamping(store.engine, ledger=LEDGER, tsas=tsas, clock=store.clock, node=NODE)
        self._sizes: list[int] = []

    async def work(self) -> None:
        await super().work()
        point = await self.checkpointer.publish()
        assert point is not None
        self._sizes.append(point.size)

    async def round(self) -> None:
        asked = self.authority.asked
        self.store.clock.advance(MOST_WAIT_S)
        try:
            await self.stamping.round()
        except GatewayError:
            assert self.stamping.beyond.since is not None or await self._stamped(), "what is not stamped shows"
            if self.authority.asked > asked:
                await self.stamping.round()
                assert self.authority.asked == asked + 1, "it is left alone for a while"
            raise

    async def done(self) -> None:
        assert [one.size for one in await self.stamping.store.page(0, 10_000)] == self._sizes
        assert self.stamping.beyond.stamped == self._sizes[-1]
        assert self.stamping.failing == frozenset()

    async def _stamped(self) -> bool:
        return (await self.stamping.store.newest())[0].size == self._sizes[-1]


class Forwards(_Ledger):
    """Records to a destination."""

    def __init__(self, store: Store, writer: LedgerWriter) -> None:
        super().__init__(store, writer)
        self.case, self._number = Case(store, writer), 0

    async def work(self) -> None:
        """Another destination, whose first records come before it begins, and more after that."""
        self._number += 1
        self.id, self.sender = f"siem-{self._number}", Taking()
        self.forwarding = self.case.forwarding(self.sender, id=self.id, batch=500)
        await self.case.add(2)

    async def round(self) -> None:
        for _ in range(20):
            self.store.clock.advance(11.0)  # the lease is prolonged, and what was looked at kept
            if await self._turn() >= 1.0:
                return
        raise AssertionError("it goes on for ever")

    async def _turn(self) -> float:
        try:
            return await self.forwarding.round()
        except GatewayError:
            found, size = await self.case.cursors.get(LEDGER, self.id), await self.case.size()
            behind = 0 if found is None else size - found.next_seq
            # A record of what was refused may have come since.
            assert self.forwarding.state.records >= behind - 1, "how far behind it is shows"
            raise

    async def cursor(self) -> Cursor:
        found = await self.case.cursors.get(LEDGER, self.id)
        assert found is not None
        return found

    async def done(self) -> None:
        await self.round()
        size, cursor = await self.case.size(), await self.cursor()
        assert (cursor.next_seq, cursor.failing_us, self.forwarding.state.records) == (size, None, 0)
        assert set(self.sender.taken) == set(range(size)), "each at least once"
        assert list(dict.fromkeys(self.sender.taken)) == list(range(size)), "and in order"
        assert len(await self.records("forward.started")) == self._number


class Stalls(Forwards):
    """A destination that takes nothing for so long that it is on record, and then goes on."""

    async def work(self) -> None:
        await super().work()
        self._away = True

    async def round(self) -> None:
        for _ in range(3 if self._away else 0):
            self.sender.fails = [AgentError("connect_failed")]
            await self._turn()
            self.store.clock.advance(STALL_S + 1)
        self._away, self.sender.fails = False, []
        await super().round()

    async def done(self) -> None:
        await super().done()
        told = Counter(one.event for one in await self.records("forward.stalled", "forward.resumed"))
        assert told["forward.stalled"] == told["forward.resumed"]
        assert (await self.cursor()).stalled == 0


class Postings(_Ledger):
    """What searches find by."""

    def __init__(self, store: Store, writer: LedgerWriter) -> None:
        super().__init__(store, writer)
        self.indexer = Indexer(store.engine, LEDGER)

    async def work(self) -> None:
        for _ in range(FEW["postings"]):
            await self.writer.append(entry())

    async def round(self) -> None:
        await self.indexer.run()

    async def done(self) -> None:
        size = await StoreReader(self.store.engine, LEDGER).size()
        async with seeing(self.store.where) as connection:
            made = await connection.scalar(select(func.count()).select_from(record_block))
        assert made == size // FEW["postings"]


class Retained(_Ledger):
    """Details whose days are over."""

    def __init__(self, store: Store, writer: LedgerWriter) -> None:
        super().__init__(store, writer)
        self.job = test_retaining.retaining(store)
        self._due = 0

    async def work(self) -> None:
        await self.writer.append(some()[0])
        self._due += 1
        self.store.clock.us += 20 * test_retaining.DAY_US

    async def round(self) -> None:
        await self.job.apply(LEDGER, self.writer, (Retention(details_days=10),))

    async def done(self) -> None:
        size = await StoreReader(self.store.engine, LEDGER).size()
        assert await self.job._store.beside(LEDGER, 0, size, "details") == []
        told = await self.records("retention.applied")
        assert {one.range for one in told} == {(one.seq, (one.seq or 0) + 1) for one in await self._destroyed()}
        assert len({one.range for one in told}) == self._due, "on record before it went"

    async def _destroyed(self) -> list[Envelope]:
        return await self.records("exchange.requested")


class Erasures(_Ledger):
    """A subject that is erased, beside another one whose part in the same content stays."""

    def __init__(self, store: Store, writer: LedgerWriter, found: Registry) -> None:
        super().__init__(store, writer)
        self.found, self._number = found, 0
        self._seqs: list[int] = []

    async def work(self) -> None:
        self._number += 1
        ann, bob = f"ann-{self._number}", f"bob-{self._number}"
        one, other = await self.found.named(ann, bob)
        self._seqs += [await exchanged(self.found, one), await exchanged(self.found, one, other)]
        await asked_for(self.found, ann)
        later(self.found, 72 * HOUR_US)

    async def round(self) -> None:
        for _ in range(2):
            await erasure(self.found).advance(LEDGER, self.writer)
            later(self.found, SETTLE_US)

    async def done(self) -> None:
        for alone, shared in zip(self._seqs[::2], self._seqs[1::2], strict=True):
            assert await readable(self.found, alone) == []
            assert await readable(self.found, shared) == [b"[masked]"]
        self._seqs.clear()
        ended = Counter(one.subject for one in await self.records("subject.erased"))
        assert (len(ended), set(ended.values())) == (self._number, {1})


class Rotations(_Ledger):
    """The ledger's key, replaced."""

    def __init__(self, store: Store, writer: LedgerWriter) -> None:
        super().__init__(store, writer)
        self.node = test_rotating.Node(store, writer)
        self._due, self._made = 0, 0

    async def work(self) -> None:
        await self.writer.append(entry())
        self._due += 1

    async def round(self) -> None:
        if self._made < self._due:
            await self.node.rotating.rotate(*test_rotating.WHO, overlap_s=0)
            self._made += 1

    async def done(self) -> None:
        self.keys = await self.node.keys()
        rotated = await self.records("key.rotated")
        assert (len(rotated), len(self.keys.statements)) == (self._due, self._due), "once for each time it was asked"
        point = await self.node.checkpointer.publish(force=True)
        assert point is not None
        assert test_rotating.signers(point.note) == [rotated[-1].credential]


class Retired(Rotations):
    """Private keys that sign no more, destroyed."""

    async def work(self) -> None:
        await super().work()
        await super().round()

    async def round(self) -> None:
        await self.node.rotating.retire(*test_rotating.WHO)

    async def done(self) -> None:
        await super().done()
        files = list(self.store.keyring._directory.glob("ledger-*.key"))
        assert len(files) == 1, "the one that signs"
        told = {one.credential for one in await self.records("key.revoked")}
        assert len(told) == self._due


class DataKeys(_Ledger):
    """Records that need new data keys: one that is refused is not tried again."""

    def __init__(self, store: Store, writer: LedgerWriter, found: Registry) -> None:
        super().__init__(store, writer)
        self.found, self._seqs = found, list[int]()

    async def work(self) -> None:
        """Who asks is next."""

    async def round(self) -> None:
        (one,) = await self.found.named(f"subject-{len(self._seqs)}")
        self._seqs.append(await exchanged(self.found, one))

    async def done(self) -> None:
        for seq in self._seqs[-4:]:
            assert len(await readable(self.found, seq)) == 2, "what was acknowledged opens"
        made = {one.seq for one in await self.records("exchange.requested")}
        assert made >= set(self._seqs), "what was refused may be there where nobody could be asked"


class Marks(_Ledger):
    """That records are gone, remembered beside the keys."""

    def __init__(self, store: Store, writer: LedgerWriter) -> None:
        super().__init__(store, writer)
        self.marks, self._size = LostMarks(store.keyring._directory), 0

    async def work(self) -> None:
        self._size += 1

    async def round(self) -> None:
        self.marks.keep(LEDGER, Lost(size=self._size, hash="a" * 64))

    async def done(self) -> None:
        assert self.marks.of(LEDGER) == Lost(size=self._size, hash="a" * 64)
        assert len(list(self.store.keyring._directory.glob("*lost-*"))) == 1, "and nothing half written is left"


_RANGE = FEW["archives"]


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
        missing = range(await self._mine.reader.size(), self._ranges * _RANGE)
        await asyncio.gather(*(self.writer.append(self._one(seq)) for seq in (0, *missing)))
        await self.checkpointer.publish(force=True)
        await self.indexer.run()

    def _one(self, seq: int) -> Entry:
        """One in eight has a detail, and a subject whose key what is said of them in the archive needs."""
        if seq % 8:
            return entry()
        return entry(detail=Detail(reason="asked"), subjects=(f"su_{self._ranges}",))

    async def round(self) -> None:
        assert not isinstance(await self._job.advance(self._mine, LATER_US), Waits)

    async def done(self) -> None:
        found = await ArchiveStore(self.store.engine).all(LEDGER)
        ranges = [(number * _RANGE, (number + 1) * _RANGE) for number in range(self._ranges)]
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


class Emergencies(_Ledger):
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


class Play(msgspec.Struct, frozen=True, kw_only=True):
    """A scene and what is durable in it, in the order in which that first comes about. `alone`: on SQLite only, where
    it is of no database or another test has the other one."""

    opened: Callable[[Store, Steps, Path], AbstractAsyncContextManager[Scene]]
    """Given a migrated SQLite database besides."""
    steps: tuple[str, ...]
    alone: bool = False


def _over(made: Callable[[Store, LedgerWriter], Scene], *steps: str, alone: bool = False) -> Play:
    @asynccontextmanager
    async def opened(store: Store, failing: Steps, _: Path) -> AsyncIterator[Scene]:
        async with store.writer() as writer:
            failing.of_writer(writer)
            yield made(store, writer)

    return Play(opened=opened, steps=steps, alone=alone)


def _about(made: Callable[[Store, LedgerWriter, Registry], Scene], *steps: str, alone: bool = False) -> Play:
    @asynccontextmanager
    async def opened(store: Store, failing: Steps, _: Path) -> AsyncIterator[Scene]:
        async with registry(store) as found:
            failing.of_writer(found.writer)
            yield made(store, found.writer, found)

    return Play(opened=opened, steps=steps, alone=alone)


@asynccontextmanager
async def _apart(store: Store, failing: Steps, template: Path) -> AsyncIterator[Scene]:
    async with store.writer() as writer, AsyncExitStack() as stack:
        failing.of_writer(writer)
        yield Emergencies(store, writer, failing, template, stack)


@asynccontextmanager
async def _small(store: Store, failing: Steps, _: Path) -> AsyncIterator[Scene]:
    """Archives of few records: their size is a number in the database's own rules too."""
    async with changing(store.where) as connection:
        for rule in (await connection.execute(text(_RULES[store.where.kind]))).scalars().all():
            if store.where.kind == "sqlite":
                await connection.exec_driver_sql(f"DROP TRIGGER {rule.split()[2]}")
            await connection.exec_driver_sql(rule.replace(f"{_BLOCK}", f"{_RANGE}"))
    if store.where.kind != "sqlite":
        await allow(store, 0)
    async with store.writer() as writer:
        failing.of_writer(writer)
        yield Archivings(store, writer)


_RULES = {
    "sqlite": f"SELECT sql FROM sqlite_master WHERE type = 'trigger' AND sql LIKE '% {_BLOCK} %'",
    "postgresql": f"SELECT pg_get_functiondef(oid) FROM pg_proc WHERE prosrc LIKE '% {_BLOCK}%'",
}
LEASED, LET_GO = "commit lease", "commit -lease"
"""A lease that is not given back ends by itself: nobody tries that again."""
_PUBLISHED = ("commit checkpoint", "record checkpoint.published")
PLAYS: dict[str, Play] = {
    "checkpoints": _over(Checkpoints, LEASED, *_PUBLISHED, LET_GO, alone=True),
    "cosignatures": _over(Cosignatures, LEASED, "commit cosignature", "record checkpoint.witnessed", LET_GO),
    "time-stamps": _over(Stamps, LEASED, "commit time_stamp", LET_GO),
    "forwarding": _over(Forwards, LEASED, "record forward.started", "commit forward_cursor"),
    "a destination that stands": _over(
        Stalls,
        LEASED,
        "record forward.started",
        "commit forward_cursor",
        "record forward.stalled",
        "record forward.resumed",
    ),
    "postings": _over(Postings, "commit posting record_block"),
    "retention": _over(Retained, LEASED, "record retention.applied", "commit -detail -sealed", LET_GO),
    "erasure": _about(
        Erasures,
        LEASED,
        "record subject.erasure",
        "commit -pseudonym",
        "commit -sealed sealed",
        "data keys destroy",
        "commit -detail -sealed -subject_record",
        "commit approval -session_token -task_content",
        "record subject.erased",
    ),
    "key rotation": _over(Rotations, "sync directory", "sync .new", "name .key", *_PUBLISHED, "record key.rotated"),
    "keys that are destroyed": _over(Retired, "sync directory", "record key.revoked", "remove .key", alone=True),
    "data keys": _about(DataKeys, "commit pseudonym", "data keys persist", "record exchange.requested", alone=True),
    "marks of what is lost": _over(Marks, "sync .new", "name .json", "sync directory", alone=True),
    "emergency ledgers": Play(
        opened=_apart,
        steps=(
            "record emergency.prepared",
            "its own record emergency.ended",
            "its own commit checkpoint",
            "its own record checkpoint.published",
            "sync .new",
            "name .archive",
            "sync directory",
            "record emergency.stitched",
        ),
    ),
    "archives": Play(
        opened=_small,
        steps=(
            LEASED,
            "data keys persist",
            "sync .new",
            "name .archive",
            "sync directory",
            "record ledger.archived",
            "commit -detail -posting -record -sealed",
            LET_GO,
        ),
    ),
}


def prepare(name: str, store: Store, patch: pytest.MonkeyPatch) -> None:
    """What a scene needs beside its store."""
    blocks = [place for place in sys.modules.values() if getattr(place, "BLOCK", None) == _BLOCK]
    for place in blocks if name in FEW else ():
        patch.setattr(place, "BLOCK", FEW[name])
    if name in ("key rotation", "keys that are destroyed"):
        store.keyring.create_ledger_key(test_rotating.ORIGIN)
