"""Samples of what was sent: drawn, shown and judged by a person, who finds that something was missed."""

from typing import Any

from gateway.core.message import Part
from gateway.core.refusal import Refusal
from gateway.exchange import kept
from gateway.exchange.audit_scribe import Reader
from gateway.exchange.marking import MarkedMisses
from gateway.exchange.metrics import Metrics
from gateway.exchange.notices import Notices
from gateway.exchange.reviewing import Item, Marked, Reviewing
from gateway.exchange.sampling import Sampler
from gateway.ledger.times import timestamp
from gateway.store.kept import KeptStore
from gateway.store.notices import NoticeStore
from gateway.store.reader import StoreReader
from gateway.store.reviews import Review, ReviewStore
from gateway.store.sealing import Sealer
from gateway.store.writer_base import LedgerWriter
from tests.exchange.durable_base import OfLedger
from tests.exchange.erasure_kit import exchanged
from tests.exchange.making import engine
from tests.exchange.subject_kit import Registry
from tests.store.kit import LEDGER, NODE, Store

TEXT = kept.encode((Part("/messages/0/content", "Greet those from upstairs"),), {}, health_context=False)


class Reviews(OfLedger):
    """A sample of one message each time."""

    def __init__(self, store: Store, writer: LedgerWriter, found: Registry) -> None:
        super().__init__(store, writer)
        self.found, clock, metrics = found, store.clock, Metrics()
        self._samples, contents, one = ReviewStore(store.engine), KeptStore(store.engine, clock), engine(clock)
        told = Notices(
            client=None, channels=[], store=NoticeStore(store.engine), clock=clock, node=NODE, metrics=metrics
        )
        common: dict[str, Any] = {"kept": contents, "clock": clock, "node": NODE, "metrics": metrics}
        self._sampler = Sampler(tenant=LEDGER, ledger=writer, engine=one.version, **common)
        self._reviewing = Reviewing(
            samples=self._samples,
            sealer=Sealer(store.keyring),
            engine=one,
            person_of=lambda tenant, name: f"person-{name}",
            misses=MarkedMisses(
                records=lambda ledger: StoreReader(store.engine, ledger),
                engine=one,
                notices=told,
                clock=clock,
                node=NODE,
            ),
            **common,
        )
        self._sent = 0

    async def work(self) -> None:
        """One more message that was sent, in a period of its own."""
        self.store.clock.advance(1)
        said: dict[str, Any] = {"us": self.store.clock.now_us(), "zone": "cloud", "action": "chat"}
        await exchanged(self.found, opens=True, content=TEXT, **said)
        self._sent += 1

    async def round(self) -> None:
        """As a person goes about it, who looks first at what is there."""
        found = await self._reviews()
        if len(found) < self._sent:
            now = self.store.clock.now_us()
            drawn = await self._sampler.draw(Reader(actor="ac_1"), timestamp(now), timestamp(now + 1), 1)
            assert not isinstance(drawn, Refusal), drawn
            found = await self._reviews()
        who = self.found.who()
        if not any(note.judges for note in await self._samples.notes(LEDGER, found[0].id)):
            assert isinstance(await self._reviewing.show(who, found[0].id, 1), Item)
            marked = await self._reviewing.mark(who, found[0].id, 1, missed={"person": 1}, wrong={})
            assert isinstance(marked, Marked)

    async def _reviews(self) -> tuple[Review, ...]:
        return await self._samples.newest(LEDGER, 1_000)

    async def done(self) -> None:
        reviews = await self._reviews()
        assert len(reviews) == self._sent
        notes = {one.id: await self._samples.notes(LEDGER, one.id) for one in reviews}
        assert [sum(note.judges for note in some) for some in notes.values()] == [1] * self._sent, "once each"
        ids = sorted(notes)
        for event in ("review.sampled", "review.marked"):
            assert sorted(one.review or "" for one in await self.records(event)) == ids, "each is on record, once"
        shown = [one.review for one in await self.records("content.revealed")]
        assert len(shown) == sum(not note.judges for some in notes.values() for note in some)
        incidents = [one.range for one in await self.records("incident.opened")]
        assert len(incidents) == len(set(incidents)) == self._sent
