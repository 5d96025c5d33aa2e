"""Searching a ledger together with the emergency ledgers that were stitched into it, as if it were one.

The order is that of the ledger, and what was recorded on an emergency ledger stands, in its own order, right before the
record that stitches it in: nothing ever comes between records that a page was given of already. A cursor names the
ledger that it is in. Where there is no emergency ledger in the period it is `store.search` alone.

One request looks at a bounded part, as there: records of files count like records of the database. A file that this
process has not read before is read whole, once, and where it is large ends the page. One that is not at hand is passed
over; who asks says which those are (`EmergencyTrail.away`).
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

import msgspec

from gateway.core.errors import FormatError, VerificationError
from gateway.core.ports import StoredRecord
from gateway.core.refusal import Refusal
from gateway.evidence.archive import BLOCK
from gateway.exchange.emergency_blocks import Parts
from gateway.exchange.emergency_trail import EmergencyTrail, Spliced, named
from gateway.exchange.matching import Match
from gateway.ledger.emergency import Stitched
from gateway.store.candidates import Looks, Order
from gateway.store.search import MAX_LIMIT, Filters, Hit, Page, Place, Search, wrong_cursor, wrong_limit


class Segment(msgspec.Struct, frozen=True, kw_only=True):
    """Records `first` ≤ seq < `end` of the main ledger, or, with `spliced`, all of an emergency ledger."""

    first: int = 0
    end: int | None = None
    spliced: Spliced | None = None

    def passed(self, place: Place, *, up: bool) -> bool:
        """Whether all of it comes before a place in the main ledger, or is that."""
        if self.spliced is not None:
            return self.spliced.place <= place.seq if up else self.spliced.place > place.seq
        return (self.end is not None and place.seq + 1 >= self.end) if up else place.seq <= self.first

    def holds(self, place: Place) -> bool:
        """Whether a place is one of its own ledger."""
        return place.emergency == (None if self.spliced is None else self.spliced.one.id)

    def over(self, *, up: bool) -> Place:
        """Where a search is that is through with it."""
        if self.spliced is not None:
            return Place(seq=self.spliced.one.size - 1 if up else 0, emergency=self.spliced.one.id)
        return Place(seq=(self.end or 1) - 1 if up else self.first)


class SplicedSearch:
    """Of one ledger."""

    def __init__(self, search: Search, trail: EmergencyTrail) -> None:
        self._search, self._trail = search, trail

    async def page(self, filters: Filters, *, order: Order, limit: int, cursor: str | None) -> Page | Refusal:
        """As `Search.page`, with details."""
        spliced = await self._trail.within(filters.since, filters.until)
        if not spliced:
            return await self._search.page(filters, order=order, limit=limit, cursor=cursor, details=True)
        if not 1 <= limit <= MAX_LIMIT:
            return wrong_limit()
        place = None if cursor is None else self._search.place(cursor, filters, order)
        parts, up = segments(spliced, up=order == "asc"), order == "asc"
        begin = 0 if place is None else _begin(parts, place, up=up)
        if begin is None or (cursor is not None and place is None):
            return wrong_cursor()
        asked, looks, hits = await self._asked(filters, order), Looks(), list[Hit]()
        for part in parts[begin:]:
            if looks.left <= 0 and place is not None:
                break
            after = place.seq if place is not None and part is parts[begin] and part.holds(place) else None
            found, last = await self._part(asked, part, after, limit + 1 - len(hits), looks)
            hits += found
            place = part.over(up=up) if last is None else _place(part, last)
            if len(hits) > limit:
                hits, place = hits[:limit], place_of(hits[limit - 1])
                break
            if last is not None:
                break
        else:
            place = None
        return Page(hits=tuple(hits), cursor=None if place is None else self._search.cursor(place, filters, order))

    async def stream(self, filters: Filters, *, order: Order) -> AsyncGenerator[Hit, None]:
        """As `Search.stream`, with details."""
        _, size = await self._search.extent()
        spliced = [one for one in await self._trail.within(filters.since, filters.until) if one.place < size]
        asked = await self._asked(filters, order)
        for part in segments(spliced, up=order == "asc"):
            if part.spliced is None:
                end = size if part.end is None else min(size, part.end)
                found = self._search.stream(filters, order=order, details=True, first=part.first, end=end)
                async with aclosing(found) as hits:
                    async for hit in hits:
                        yield hit
                continue
            after: int | None = None
            while self._trail.blocks.at_hand(part.spliced.one):
                some, after = await self._own(asked, part.spliced.one, after, BLOCK, Looks(left=1))
                for hit in some:
                    yield hit
                if after is None:
                    break

    async def _asked(self, filters: Filters, order: Order) -> "_Asked":
        keys = None if filters.subject is None else await self._trail.keys((filters.subject,))
        return _Asked(filters=filters, order=order, match=Match(filters), keys=keys)

    async def _part(
        self, asked: "_Asked", part: Segment, after: int | None, most: int, looks: Looks
    ) -> tuple[list[Hit], int | None]:
        """At most `most` that fit, and the last number that was looked at; None where that was all."""
        if part.spliced is None:
            return await self._search.part(
                asked.filters,
                order=asked.order,
                after=after,
                most=most,
                first=part.first,
                end=part.end,
                looks=looks,
            )
        if not self._trail.blocks.at_hand(part.spliced.one):
            return [], None
        return await self._own(asked, part.spliced.one, after, most, looks)

    async def _own(
        self, asked: "_Asked", one: Stitched, after: int | None, most: int, looks: Looks
    ) -> tuple[list[Hit], int | None]:
        """Of an emergency ledger, block by block."""
        up, hits = asked.order == "asc", list[Hit]()
        at = (0 if up else one.size - 1) if after is None else after + 1 if up else after - 1
        while 0 <= at < one.size:
            if looks.left <= 0:
                return hits, at - 1 if up else at + 1
            looks.spend(0 if self._trail.blocks.sure(one) else one.size)
            first = at // BLOCK * BLOCK
            low, high = (at, min(first + BLOCK, one.size)) if up else (first, at + 1)
            looks.spend(high - low)
            hits += await self._block(asked, one, low, high, most - len(hits))
            if len(hits) == most:
                return hits, hits[-1].stored.seq
            at = high if up else low - 1
        return hits, None

    async def _block(self, asked: "_Asked", one: Stitched, low: int, high: int, most: int) -> list[Hit]:
        """Of records `low` ≤ seq < `high`, which are of one block."""
        blocks, number = self._trail.blocks, low // BLOCK
        parts: Parts | None = None
        if asked.keys is not None:
            parts = await blocks.parts(one, number)
            linked = named(parts, asked.keys)
            if not linked:
                return []
        start = number * BLOCK
        records: Sequence[StoredRecord] = (await blocks.records(one, number))[low - start : high - start]
        if parts is not None:
            records = [record for record in records if record.seq in linked]
        if asked.order == "desc":
            records = records[::-1]
        try:
            hits = await asyncio.to_thread(asked.match.hits, records, most)
        except FormatError as error:
            raise VerificationError(f"emergency {one.id}: {error}") from error
        detailed = await blocks.detailed(one, [hit.stored for hit in hits], parts)
        return [msgspec.structs.replace(hit, stored=stored) for hit, stored in zip(hits, detailed, strict=True)]


class _Asked(msgspec.Struct, frozen=True):
    """A question. `keys`: the data keys of the subject that is asked for, if one is."""

    filters: Filters
    order: Order
    match: Match
    keys: frozenset[str] | None


def segments(spliced: Sequence[Spliced], *, up: bool) -> list[Segment]:
    """What is looked at one after the other: the main ledger in pieces, and between them the emergency ledgers, which
    are given in the order of their places."""
    parts: list[Segment] = []
    first = 0
    for one in spliced:
        if one.place > first:
            parts.append(Segment(first=first, end=one.place))
        first = max(first, one.place)
        parts.append(Segment(spliced=one))
    parts.append(Segment(first=first))
    return parts if up else parts[::-1]


def place_of(hit: Hit) -> Place:
    return Place(seq=hit.stored.seq, emergency=hit.stored.emergency)


def _place(part: Segment, seq: int) -> Place:
    return Place(seq=seq, emergency=None if part.spliced is None else part.spliced.one.id)


def _begin(parts: Sequence[Segment], place: Place, *, up: bool) -> int | None:
    """The part in which a search goes on; None for a place in an emergency ledger that is none of these."""
    if place.emergency is None:
        return next((index for index, part in enumerate(parts) if not part.passed(place, up=up)), len(parts))
    ids = [None if part.spliced is None else part.spliced.one.id for part in parts]
    return ids.index(place.emergency) if place.emergency in ids else None
