"""What stood when a range of records began, told from the records before it: by event, through the index, and from
archives that are at hand.

Of an archive every block is read, for nothing tells which of its records are of which event. One that is not at hand
stops nothing: what stood is told from the records after it alone, since what it ended would else be told as standing.
"""

import asyncio
import heapq
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, aclosing, suppress

from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.core.errors import RecordsArchived
from gateway.core.ports import StoredRecord
from gateway.evidence.figures.seen import NONE, Known, seen
from gateway.evidence.figures.standing import LOOKED_FOR, Before, Stood
from gateway.evidence.reports.basis import Life
from gateway.exchange.archived import Archives
from gateway.ledger.record import parse, parse_detail
from gateway.store.archives import Archived
from gateway.store.search import Filters, Search
from gateway.store.tree import TreeReader

TRIES = 3
"""Times that what stood is looked for, where records are archived meanwhile."""
LIVES = 200
"""Starts, and stops, that are looked at: of nodes that come and go, the last so many times."""
TURN = 64
"""Records after which others get their turn."""
_NAMED = tuple(f'"event":"{event}"'.encode() for event in LOOKED_FOR)


class StoodReader:
    """Of one ledger, by its id."""

    def __init__(self, engine: AsyncEngine, ledger: str, archives: Archives) -> None:
        self._ledger, self._archives = ledger, archives
        self._search, self._tree = Search(engine, ledger), TreeReader(engine, ledger)

    async def before(self, first: int, at: str) -> Stood:
        """What records before `first` put in force and still stood at a time (27 characters). `VerificationError` for
        an archive that is not what is on record. Where records are archived while they are looked for, it is begun
        anew, `TRIES` times in all, and `RecordsArchived` then."""
        for _ in range(TRIES - 1):
            with suppress(RecordsArchived):
                return await self._before(first, at)
        return await self._before(first, at)

    async def life(self, first: int) -> Life:
        """Of each node the last start or stop before this record, as far as the database holds it."""
        newest: dict[str, tuple[str, str, str, int]] = {}
        for event in ("ledger.started", "ledger.stopped"):
            asked, number = Filters(event=event), 0
            async with aclosing(self._search.stream(asked, order="desc", end=first)) as hits:
                async for hit in hits:
                    envelope = parse(hit.stored.envelope)
                    node = NONE if envelope.node is None else envelope.node.id
                    if hit.stored.seq > newest.get(node, ("", "", "", -1))[3]:
                        newest[node] = (node, event, envelope.occurred_at, hit.stored.seq)
                    number += 1
                    if number == LIVES:
                        break
        return Life(rows=sorted(newest.values()), whole=not (await self._search.extent())[0])

    async def _before(self, first: int, at: str) -> Stood:
        found, number = Before(), 0
        known_from, archives = await self._at_hand(first)
        async for stored in self._records(archives, known_from, first):
            detail = None if stored.detail is None else parse_detail(stored.detail)
            found.feed(seen(parse(stored.envelope), detail, Known()))
            number += 1
            if number % TURN == 0:
                await asyncio.sleep(0)
        return Stood(start=found.start(at), known_from=known_from)

    async def _at_hand(self, first: int) -> tuple[int, Sequence[Archived]]:
        """From which record on everything before `first` can be read, and the archives of it."""
        every = [one for one in await self._archives.store.all(self._ledger) if one.first < first]
        away = [one.end for one in every if self._archives.at_hand(self._ledger, one) is None]
        known_from = min(max(away, default=0), first)
        return known_from, [one for one in every if one.first >= known_from]

    async def _records(self, archives: Sequence[Archived], known_from: int, first: int) -> AsyncIterator[StoredRecord]:
        online = known_from
        for one in archives:
            await self._archives.sure(self._ledger, one)
            end = min(one.end, first)
            async for some in self._archives.records(self._ledger, one, self._tree, one.first, end, _asked):
                for stored in some:
                    yield stored
            online = one.end
        async for stored in self._online(online, first):
            yield stored

    async def _online(self, first: int, end: int) -> AsyncIterator[StoredRecord]:
        """Those in the database, of all events, in the order of their numbers: one lot of each event is held."""
        if first >= end:
            return
        async with AsyncExitStack() as stack:
            streams = []
            for event in LOOKED_FOR:
                found = self._search.stream(Filters(event=event), order="asc", details=True, first=first, end=end)
                streams.append(await stack.enter_async_context(aclosing(found)))
            waiting: list[tuple[int, int, StoredRecord]] = []
            for place, stream in enumerate(streams):
                if (hit := await anext(stream, None)) is not None:
                    waiting.append((hit.stored.seq, place, hit.stored))
            # Each search tells of what leaves the database after it has begun; what left it before, since the archives
            # were listed, is in neither.
            if (await self._search.extent())[0] > first:
                raise RecordsArchived([one.id for one in await self._archives.store.all(self._ledger)][-1:])
            heapq.heapify(waiting)
            while waiting:
                _, place, stored = waiting[0]
                yield stored
                hit = await anext(streams[place], None)
                if hit is None:
                    heapq.heappop(waiting)
                else:
                    heapq.heapreplace(waiting, (hit.stored.seq, place, hit.stored))


def _asked(record: StoredRecord) -> bool:
    return any(name in record.envelope for name in _NAMED) and parse(record.envelope).event in LOOKED_FOR
