"""What goes on beside requests, each in a scene of its own: with work that comes due, one try at it, and what must hold
once nothing fails any more."""

import sys
from collections import Counter

import pytest
from sqlalchemy import func, select

from gateway.exchange.erasure import SETTLE_US
from gateway.ledger.record import Envelope
from gateway.settings import Retention
from gateway.store.indexer import Indexer
from gateway.store.postings import BLOCK
from gateway.store.reader import StoreReader
from gateway.store.sealing import Sealer
from gateway.store.session_tokens import TokenStore
from gateway.store.tables import record_block, session_token
from gateway.store.writer_base import LedgerWriter
from tests.exchange import test_retaining, test_rotating
from tests.exchange.durable_archives import RANGE, archived
from tests.exchange.durable_base import LEASED, LET_GO, OfLedger, Play, about, over
from tests.exchange.durable_bundles import bundling, scheduling
from tests.exchange.durable_checkpoints import Checkpoints, Cosignatures, Forwards, Stalls, Stamps
from tests.exchange.durable_emergency import apart, copying
from tests.exchange.durable_keys import DataKeys, Marks, Retired, Rotations, Unwrappings, Wrappings
from tests.exchange.durable_reviews import Reviews
from tests.exchange.durable_swept import Contents, EndedTasks, Tokens, rows
from tests.exchange.durable_told import Callbacks, GivenUp, Told
from tests.exchange.erasure_kit import HOUR_US, asked_for, erasure, exchanged, later, readable, sealed_of
from tests.exchange.subject_kit import Registry
from tests.exchange.test_restored import restored
from tests.store.kit import LEDGER, Store, entry
from tests.store.ledger_kit import seeing
from tests.store.test_retention import some

_BLOCK = BLOCK
FEW = {"postings": 8, "archives": RANGE}
"""Records of a block in scenes that need whole ones."""


class Postings(OfLedger):
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


class Retained(OfLedger):
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


class Erasures(OfLedger):
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


class ErasedAgain(OfLedger):
    """A subject that a copy of the database has brought back, with tokens of a session."""

    def __init__(self, store: Store, writer: LedgerWriter, found: Registry) -> None:
        super().__init__(store, writer)
        self.found, self._seqs = found, list[int]()
        self._sealer = Sealer(store.keyring)
        self._pages = TokenStore(store.engine, self._sealer, store.clock, 30)

    async def work(self) -> None:
        (one,) = await self.found.named(f"subject-{len(self._seqs)}")
        self._seqs.append(await exchanged(self.found, one))
        key = self._sealer.exchange_key((one,))
        self.store.keyring.persist(key.new)
        assert await self._pages.add(LEDGER, f"se_{len(self._seqs)}", 0, (), key)
        self.store.keyring.destroy([*self.store.keyring.subject_keys(one), one])

    async def round(self) -> None:
        await restored(self.found).erase_again({LEDGER: self.writer})

    async def done(self) -> None:
        assert await restored(self.found).brought_back([LEDGER]) == 0
        assert await rows(self.store, session_token) == []
        for seq in self._seqs[-4:]:
            assert await sealed_of(self.found, seq) == []
        told = {one.subject for one in await self.records("restore.erased")}
        assert len(told) == len(self._seqs), "on record before it went"


_PUBLISHED = ("commit checkpoint", "record checkpoint.published")
_REMEMBERED = ("sync .new", "name .note", "sync directory")
PLAYS: dict[str, Play] = {
    "checkpoints": over(Checkpoints, LEASED, *_PUBLISHED, *_REMEMBERED, LET_GO, alone=True),
    "cosignatures": over(Cosignatures, LEASED, "commit cosignature", "record checkpoint.witnessed", LET_GO),
    "time-stamps": over(Stamps, LEASED, "commit time_stamp", LET_GO),
    "forwarding": over(Forwards, LEASED, "record forward.started", "commit forward_cursor"),
    "a destination that stands": over(
        Stalls,
        LEASED,
        "record forward.started",
        "commit forward_cursor",
        "record forward.stalled",
        "record forward.resumed",
    ),
    "postings": over(Postings, "commit posting record_block"),
    "retention": over(Retained, LEASED, "record retention.applied", "commit -detail -sealed subject", LET_GO),
    "erasure": about(
        Erasures,
        LEASED,
        "record subject.erasure",
        "commit -pseudonym",
        "commit -sealed sealed",
        "data keys destroy",
        "commit approval -session_token -task_content",
        "commit -detail -sealed -subject_record",
        "record subject.erased",
    ),
    "erasures done again": about(
        ErasedAgain,
        "record restore.erased",
        "commit bundle",
        "commit -pseudonym",
        "commit approval -session_token -task_content",
        "commit -detail -sealed -subject_record",
        alone=True,
        once=(False, True),
    ),
    "key rotation": over(Rotations, "sync directory", "sync .new", "name .key", *_PUBLISHED, "record key.rotated"),
    "keys that are destroyed": over(Retired, "sync directory", "record key.revoked", "remove .key", alone=True),
    "data keys": about(DataKeys, "commit pseudonym", "data keys persist", "record exchange.requested", alone=True),
    "marks of what is lost": over(Marks, "sync .new", "name .json", "sync directory", alone=True),
    "emergency ledgers": Play(
        opened=apart,
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
        opened=archived,
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
    "kept content": over(Contents, "commit -sealed"),
    "tokens of sessions": over(Tokens, "commit session_token", "commit -session_token"),
    "tasks that have ended": over(EndedTasks, "commit -task -task_callback -task_content"),
    "callbacks": over(
        Callbacks,
        "commit task_callback.tries",
        "data keys persist",
        "record task.callback_sent",
        "commit task_callback.code",
        "record task.callback_delivered",
        once=(False, True),
    ),
    "notices": over(Told, "commit notice.tries", "commit notice.due_us", "commit -notice", once=(False, True)),
    "notices that are given up": over(GivenUp, "commit notice.tries", "record notice.failed", once=(False, True)),
    "bundles": Play(
        opened=bundling,
        steps=(
            "record audit.exported",
            "commit bundle",
            LEASED,
            "commit bundle.building",
            *_PUBLISHED,
            *_REMEMBERED,
            "data keys persist",
            "commit bundle.basis",
            "sync .bundle",
            "sync .spool",
            "sync .state",
            "sync .work",
            "commit bundle.kept",
            "name .zip",
            "record audit.exported ok",
            "data keys destroy",
            LET_GO,
        ),
        alone=True,
        once=(True,),
    ),
    "schedules": Play(
        opened=scheduling,
        steps=(
            LEASED,
            "commit scheduled_bundle",
            "record audit.exported due",
            LET_GO,
            "record audit.exported",
            "commit bundle",
            "sync .part",
            "name .zip",
            "sync directory",
            "record audit.exported delivered",
        ),
        alone=True,
        once=(False, True),
    ),
    "reviews": about(
        Reviews,
        "record review.sampled",
        "data keys persist",
        "record content.revealed",
        "record incident.opened",
        "record review.marked",
        alone=True,
        once=(False, True),
    ),
    "a root key that is wrapped": over(
        Wrappings, "sync directory", "sync .new", "name .key", "record key.wrapped", "name kek", alone=True
    ),
    "a root key that is unwrapped": over(
        Unwrappings, "record key.wrapped", "sync .new", "name kek", "sync directory", "name .key", alone=True
    ),
    "what an emergency stands on": Play(
        opened=copying,
        steps=("its own commit", "sync .new", "name .db", "sync directory"),
        alone=True,
        once=(False, True),
    ),
}


def prepare(name: str, store: Store, patch: pytest.MonkeyPatch) -> None:
    """What a scene needs beside its store."""
    blocks = [place for place in sys.modules.values() if getattr(place, "BLOCK", None) == _BLOCK]
    for place in blocks if name in FEW else ():
        patch.setattr(place, "BLOCK", FEW[name])
    if name in ("key rotation", "keys that are destroyed"):
        store.keyring.create_ledger_key(test_rotating.ORIGIN)
