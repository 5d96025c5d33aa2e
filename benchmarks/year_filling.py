"""A generated year written into a database by the product's own writer, and its oldest records into archives.

Records lie before the period and after it, which must be in none of its figures but those of what stood.
"""

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from benchmarks.year import Place, Year, truth
from benchmarks.year_access import Access
from benchmarks.year_exchanges import Exchanges
from benchmarks.year_hand import DAY_US, HOUR_US, START_US, YEAR_US, Drawn, Hand
from benchmarks.year_persons import FEW, MANY, MERGED, NOBODY, ONE, OTHER, PURGED
from benchmarks.year_register import AROUND, Around
from benchmarks.year_site import RANGE, SQLITE, install
from benchmarks.year_truth import Truth
from benchmarks.year_versions import TENANT, TEXTS
from gateway import __version__
from gateway.bootstrap import Site, archiving_of, due, open_site
from gateway.bootstrap.policies import proposed, settled
from gateway.exchange.archiving import Busy
from gateway.ledger.commitment import committed, new_salt
from gateway.ledger.encoding import to_base64
from gateway.ledger.entry import Entry, RowChange
from gateway.ledger.merkle import Frontier
from gateway.ledger.published import PUBLISHED
from gateway.ledger.record import Envelope
from gateway.ledger.times import parse_timestamp
from gateway.settings import load
from gateway.store.archives import Archived
from gateway.store.incidents import Incident, opened
from gateway.store.indexer import Indexer
from gateway.store.reader import StoreReader
from gateway.store.retention import RetentionStore
from gateway.store.subjects import marked
from gateway.store.tree import TreeReader

LOT = 1_000
BETWEEN, AFTER = 40, 60
"""Exchanges of nobody's account between what changed before the year and the year, and after it."""
ENDS_US = START_US + YEAR_US
ABOUT: Sequence[tuple[str, ...] | None] = (None, (MANY,), (FEW,), (ONE, OTHER), (NOBODY,))
"""Whom these are about: those above all of whom the period must tell nothing of them."""


@dataclass
class Clock:
    """Stands where it is put."""

    us: int

    def now_us(self) -> int:
        return self.us

    def monotonic_ns(self) -> int:
        return time.monotonic_ns()

    def thread_ns(self) -> int:
        return time.thread_time_ns()


class Written(NamedTuple):
    """A year that lies in a database."""

    configuration: Path
    origin: str
    year: Year
    archives: Sequence[Archived]
    drawn: Mapping[int, Drawn]
    """Number → what a record was made of, but for what the installation itself has recorded."""


class Filling:
    """Writes records through a site's writer, each at the time at which it occurred."""

    def __init__(self, site: Site, clock: Clock, merged: RowChange, size: int) -> None:
        """`merged`: what goes with the record that makes two pseudonyms one person; `size`: how many there are."""
        self._site, self._clock, self._merged = site, clock, merged
        self._ledger = site.tenants[TENANT].ledger
        self._gone: list[int] = []
        self.size = size
        self.drawn: dict[int, Drawn] = {}
        """Number → what was written there."""

    async def some(self, others: Sequence[Drawn]) -> None:
        """Records of which no report tells, many at a time: these are all written at the time of the last."""
        writer = await self._site.writer(TENANT)
        for start in range(0, len(others), LOT):
            lot = others[start : start + LOT]
            self._clock.us = parse_timestamp(lot[-1].envelope.occurred_at)
            await asyncio.gather(*(writer.append(self._entry(one)) for one in lot))
            self._took(lot)

    async def add(self, drawn: Drawn) -> None:
        """The next one, at its time: it is there that a report looks for it."""
        self._clock.us = parse_timestamp(drawn.envelope.occurred_at)
        place = await (await self._site.writer(TENANT)).append(self._entry(drawn))
        if (place.seq, place.recorded_at) != (self.size, drawn.envelope.occurred_at):
            raise ValueError(f"record {place.seq} lies elsewhere or was written at another time than the truth has")
        if drawn.gone:
            self._gone.append(place.seq)
        self._took([drawn])

    async def rooted(self, drawn: Drawn, truth: Truth) -> None:
        """A record that is to be added and tells of a checkpoint tells of the tree that there is, and so does the
        truth: whoever verifies a bundle holds the one against the other."""
        one = drawn.envelope
        if one.event != PUBLISHED or one.checkpoint is None:
            return
        size = min(one.checkpoint[0], self.size)
        peaks = await TreeReader(self._site.engine, self._ledger).peaks(size)
        truth.rooted(one, (size, to_base64(Frontier(size, peaks).root())))

    async def deleted(self) -> None:
        """Details that are not there any more are destroyed, as retention does."""
        await RetentionStore(self._site.engine).destroy(self._ledger, self._gone, "details")

    def _took(self, some: Sequence[Drawn]) -> None:
        self.drawn.update(enumerate(some, self.size))
        self.size += len(some)

    def _entry(self, drawn: Drawn) -> Entry:
        placeless = {"seq": None, "prev": None, "recorded_at": None, "detail": None}
        one, salt = msgspec.structs.replace(drawn.envelope, tenant=self._ledger, **placeless), None
        if drawn.encoded is not None:
            salt = new_salt()
            one.detail = committed(salt, "detail", drawn.encoded)
        merges = one.event == "subject.merged" and one.subject in MERGED.values()
        return Entry.of(
            one,
            detail=drawn.encoded,
            salt=salt,
            subjects=tuple(dict.fromkeys(drawn.about)),
            change=self._merged if merges else self._incident(one) if one.event == "incident.opened" else None,
        )

    def _incident(self, one: Envelope) -> RowChange:
        at = one.occurred_at
        row = Incident(
            tenant=self._ledger, id=one.id, exchange=one.exchange, agent=one.agent, zone=one.zone, opened_at=at
        )
        return opened(row)


def write(directory: Path, exchanges: int, *, seed: int = 7, url: str = SQLITE) -> Written:
    """A year, what was before it and what came after it, in a new installation; as many of its first records archived
    as are whole archives."""
    return asyncio.run(_written(install(directory, url), exchanges, seed))


async def _written(configuration: Path, exchanges: int, seed: int) -> Written:
    clock = Clock(START_US - YEAR_US)
    async with open_site(load(configuration), clock=clock) as site:
        await settled(site, proposed(site.settings)[1])
        entry = site.tenants[TENANT]
        known = await site.flags.row(entry.ledger, OTHER)
        for text in TEXTS.values():
            await site.policies.put(text)
        filling = Filling(
            site, clock, marked(known, merged=MERGED[OTHER]), await StoreReader(site.engine, entry.ledger).size()
        )
        early = range(START_US - 390 * DAY_US, START_US - 310 * DAY_US, HOUR_US // 2)
        await filling.some(_others(early, seed=1, least=RANGE))
        between = _others(range(START_US - 19 * DAY_US, START_US, 19 * DAY_US // BETWEEN), seed=2)
        year = Year(exchanges, seed, place=Place(before=filling.size, between=len(between)))
        for one in year.drawn_before:
            await filling.add(one)
        await filling.some(between)
        for _ in year.records():
            if year.newest is not None:
                await filling.rooted(year.newest, year.truth)
                await filling.add(year.newest)
        if clock.us >= ENDS_US:
            raise ValueError(f"a year of {exchanges} exchanges is not over when it ends: ask for another number")
        after = range(ENDS_US, ENDS_US + 20 * DAY_US, 20 * DAY_US // AFTER)
        await filling.some(_others(after, seed=3, access=True))
        await filling.deleted()
        clock.us = ENDS_US + 30 * DAY_US
        return Written(configuration, entry.origin, year, await _archived(site), filling.drawn)


def _others(times: Iterable[int], *, seed: int, least: int = 0, access: bool = False) -> list[Drawn]:
    """Records that are in no figure of the year: an exchange at each of these times, as long as there are not `least`
    records. `access`: with keys and entries of the deny-list, too."""
    hand = Hand(Truth(), seed, PURGED)
    exchanges, keys = Exchanges(hand), Access(hand)
    found = list[Drawn]()
    for turn, at in enumerate(times):
        exchanges.draw(at, ABOUT[turn % len(ABOUT)])
        if access:
            keys.draw(turn * 37 + 13, at)
        found += [drawn for _, drawn in hand.due(at)]
        if 0 < least <= len(found):
            break
    return [*found, *(drawn for _, drawn in hand.due(None))]


async def _archived(site: Site) -> Sequence[Archived]:
    """All whole archives that there are of what was written before the year's end."""
    await (await site.checkpointer(TENANT)).publish(force=True)
    await Indexer(site.engine, site.tenants[TENANT].ledger).run()
    made_of, waits = await due(site, archiving_of(site), TENANT, ENDS_US)
    if isinstance(waits, Busy):
        raise ValueError("another process archives this database")
    if waits is not None:
        raise ValueError(f"records {waits.first} to {waits.end - 1} were not archived: {waits.reason}")
    return made_of


def truth_of(written: Written, known_from: int) -> dict[str, Any]:
    """What is true where what stood before the year is known from this record on."""
    return {**truth(written.year, known_from), AROUND: around_of(written, known_from)}


def around_of(written: Written, known_from: int) -> Around:
    """What is true of the database, beside the year's own records."""
    year = written.year
    first, end = year.truth.first, year.truth.last + 1
    return Around(
        ledger=written.origin,
        generator=f"agent-compliance-gateway {__version__}",
        known_from=known_from,
        measured=False,
        misses=tuple(year.truth.misses) or ("not measured",),
        stamps=(),
        cosigned=(),
        archives=[
            (one.id, one.first - first, one.end - first)
            for one in written.archives
            if one.first < end and one.end > first
        ],
        away=None,
        kept=_kept(written),
        life=_life(written, first),
        whole=False,
    )


def _life(written: Written, first: int) -> list[tuple[str, str, str, int]]:
    """As `year_register.LIFE`, of what is in the database."""
    newest: dict[str, tuple[str, str, str, int]] = {}
    for number in range(written.archives[-1].end, first):
        drawn = written.drawn.get(number)
        if drawn is not None and drawn.envelope.event in ("ledger.started", "ledger.stopped"):
            node = "none" if drawn.envelope.node is None else drawn.envelope.node.id
            newest[node] = (node, drawn.envelope.event, drawn.envelope.occurred_at, number)
    return sorted(newest.values())


def _kept(written: Written) -> tuple[int, str, int, int, str]:
    """As `year_register.KEPT`; the first archive begins with records that were drawn."""
    archives, times = written.archives, {number: one.envelope.occurred_at for number, one in written.drawn.items()}
    first, left = archives[0], archives[-1].end
    earliest = min(at for number, at in times.items() if first.first <= number < first.end)
    return left, times[left], len(archives), first.first, earliest
