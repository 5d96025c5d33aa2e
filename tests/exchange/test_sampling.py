"""Every exchange has the same chance, anybody can draw again, and what was drawn and from what is on record."""

from collections import Counter
from collections.abc import AsyncIterator
from hashlib import sha256

import pytest

from gateway.core.refusal import Refusal
from gateway.exchange.audit_scribe import Reader
from gateway.exchange.metrics import Metrics
from gateway.exchange.sampling import MAX_SIZE, Sampler
from gateway.ledger.entry import Appended, Entry
from gateway.ledger.record import Detail, Envelope, SampleInfo, seal, timestamp
from gateway.store.reviews import Review
from tests.conftest import ManualClock
from tests.exchange.making import NODE

PERIOD = ("2020-01-01T00:00:00.000000Z", "2100-01-01T00:00:00.000000Z")
BY = Reader(actor="ac_1", kind="person", detail=Detail(subject="alice"))


class Site:
    """A ledger with so many kept exchanges, every third of them in the cloud."""

    def __init__(self, clock: ManualClock, size: int = 10) -> None:
        self.clock, self.size = clock, size
        self.appended: list[Entry] = []
        self.asked: list[tuple[str, str, str]] = []
        self.metrics = Metrics()

    async def exchanges(self, ledger: str, since: str, until: str) -> AsyncIterator[list[bytes]]:
        self.asked.append((ledger, since, until))
        found = [self.envelope(seq) for seq in range(self.size)]
        for start in range(0, len(found) + 1, 4):
            yield [seal(one, seq, bytes(32), one.occurred_at) for seq, one in enumerate(found)][start : start + 4]

    def envelope(self, seq: int) -> Envelope:
        at = timestamp(self.clock.now_us())
        zone = "in-house" if seq % 3 else "cloud"
        return Envelope(
            id=f"id-{seq}",
            tenant="tn_1",
            event="exchange.requested",
            occurred_at=at,
            exchange=f"ex_{seq}",
            zone=zone,
        )

    async def append(self, entry: Entry) -> Appended:
        self.appended.append(entry)
        return Appended(seq=99, leaf_hash=bytes(32), recorded_at=timestamp(self.clock.now_us()))

    async def draw(self, size: int, seed: str | None = None) -> tuple[Review, SampleInfo] | Refusal:
        return await Sampler(
            tenant="tn_1",
            ledger=self,
            kept=self,
            engine="7-a",
            clock=self.clock,
            node=NODE,
            metrics=self.metrics,
        ).draw(BY, *PERIOD, size, seed)

    async def drawn(self, size: int, seed: str | None = None) -> tuple[Review, SampleInfo]:
        done = await self.draw(size, seed)
        assert not isinstance(done, Refusal)
        return done


async def test_what_was_drawn_and_from_what_is_on_record_with_the_sample(clock: ManualClock) -> None:
    site = Site(clock)
    review, sample = await site.drawn(4, "again")
    (entry,) = site.appended
    envelope = entry.envelope
    assert (envelope.event, envelope.review, envelope.count, envelope.engine) == ("review.sampled", review.id, 4, "7-a")
    assert (envelope.actor, envelope.actor_kind, envelope.sample) == ("ac_1", "person", sample)
    assert (sample.since, sample.until, sample.seed) == (*PERIOD, "again")
    assert sample.population == {"cloud": 4, "in-house": 6}
    assert entry.change is not None
    assert entry.change.table == "review"
    assert (review.population, [seq for seq, _ in review.items]) == (10, list(sample.records))
    assert site.asked == [("tn_1", *PERIOD)]
    assert b'gateway_reviews_total{event="sampled",tenant="tn_1"} 1.0' in site.metrics.exposition()


async def test_with_the_seed_anybody_draws_the_same_from_the_exchanges_alone(clock: ManualClock) -> None:
    _, sample = await Site(clock, 50).drawn(7, "again")
    keys = {seq: sha256(b"again\0ex_%d" % seq).digest() for seq in range(50)}
    assert list(sample.records) == sorted(keys, key=lambda seq: keys[seq])[:7]
    assert (await Site(clock, 50).drawn(7, "again"))[1] == sample
    assert (await Site(clock, 50).drawn(7, "other"))[1].records != sample.records


async def test_a_larger_sample_of_one_seed_begins_with_the_smaller_one(clock: ManualClock) -> None:
    small, large = (await Site(clock, 50).drawn(5, "s"))[1], (await Site(clock, 50).drawn(9, "s"))[1]
    assert large.records[:5] == small.records


async def test_without_a_seed_each_draw_is_another_and_its_seed_is_told(clock: ManualClock) -> None:
    site = Site(clock, 50)
    first, second = (await site.drawn(10))[1], (await site.drawn(10))[1]
    assert first.seed != second.seed
    assert len(first.seed) == 32
    assert first.records != second.records


async def test_all_have_the_same_chance(clock: ManualClock) -> None:
    """Over 400 draws of 5 of 10 each is drawn about 200 times; the seeds are fixed."""
    site, times = Site(clock), Counter[int]()
    for seed in range(400):
        times.update((await site.drawn(5, f"s{seed}"))[1].records)
    assert all(140 < times[seq] < 260 for seq in range(10))


async def test_where_there_are_fewer_all_are_drawn_and_where_there_is_nothing_nothing_is(clock: ManualClock) -> None:
    assert sorted((await Site(clock, 3).drawn(9))[1].records) == [0, 1, 2]
    empty = Site(clock, 0)
    refused = await empty.draw(9)
    assert isinstance(refused, Refusal)
    assert (refused.code, empty.appended) == ("not_found", [])


@pytest.mark.parametrize(
    ("size", "seed", "field"),
    [(0, None, "size"), (MAX_SIZE + 1, None, "size"), (1, "", "seed"), (1, "a b", "seed"), (1, "x" * 65, "seed")],
)
async def test_a_size_or_a_seed_that_cannot_be_is_refused(
    clock: ManualClock, size: int, seed: str | None, field: str
) -> None:
    site = Site(clock)
    refused = await site.draw(size, seed)
    assert isinstance(refused, Refusal)
    assert (refused.code, refused.field, site.asked) == ("parameter_invalid", field, [])


async def test_of_too_many_zones_no_figure_could_be_told(clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.exchange.sampling.MAX_ZONES", 1)
    refused = await Site(clock).draw(1)
    assert isinstance(refused, Refusal)
    assert refused.field == "from"
