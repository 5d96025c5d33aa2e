"""A ledger followed as it grows, with the emergency ledgers that are stitched into it: by who reads on, and by what
forwards.

What was recorded on an emergency ledger comes, in its own order, right before the record that stitches it in, as in
searches (`spliced_search`). So nothing ever comes before a place that was passed, and a place (`At`) says in two
numbers how far somebody is.
"""

import asyncio
from collections.abc import Sequence

import msgspec

from gateway.core.errors import FormatError, VerificationError
from gateway.core.ports import StoredRecord
from gateway.evidence.archive import BLOCK
from gateway.exchange.emergency_blocks import Parts
from gateway.exchange.emergency_trail import EmergencyTrail, named
from gateway.exchange.matching import Match
from gateway.ledger.emergency import Stitched
from gateway.store.archives import ArchiveStore
from gateway.store.search import CHUNK, Filters, Hit, Search


class At(msgspec.Struct, frozen=True, order=True):
    """Behind every record before `seq`, and behind `own` records of the emergency ledger that record `seq` stitches in,
    if it stitches in one."""

    seq: int
    own: int = 0


class Lot(msgspec.Struct, frozen=True):
    """What comes next: the records that fit, all of one ledger; where to go on; and how many records of the emergency
    ledger that they are of come after them."""

    hits: Sequence[Hit]
    after: At
    left: int = 0


class Gone(msgspec.Struct, frozen=True):
    """Records `first` ≤ seq < `end` that came next and are not in the database any more; the archives they lie in."""

    archives: tuple[str, ...]
    first: int
    end: int


async def gone(search: Search, archives: ArchiveStore, ledger: str, at: At, lot: Lot) -> Gone | None:
    """What a lot from this place on passes over, because it was archived; None where that is nothing.

    Asked for after the lot, so that what left meanwhile is not missed: of a lot with filters it may then be told of
    records that were looked at.
    """
    if lot.after.seq <= at.seq:
        return None
    lowest, _ = await search.extent()
    end = min(lowest, lot.hits[0].stored.seq if lot.hits else lot.after.seq)
    if end <= at.seq:
        return None
    found = [one.id for one in await archives.all(ledger) if one.first < end and one.end > at.seq]
    return Gone(tuple(found), at.seq, end)


class Following:
    """Of one ledger."""

    def __init__(self, search: Search, trail: EmergencyTrail) -> None:
        self._search, self._trail = search, trail

    async def lot(self, filters: Filters, at: At, *, details: bool = False, limit: int = CHUNK) -> Lot:
        """What fits from a place on, `limit` at most; nothing, and the same place, where nothing is new.

        `RecordsArchived` names the emergency ledger that comes next where its file is not at hand, `VerificationError`
        where that is not what is on record: nobody is told of what comes after it as if there were nothing between.
        """
        hits, last = await self._search.newer(filters, at.seq - 1, details=details, limit=limit)
        if last < at.seq:
            return Lot((), at)
        # Asked for after the records: a row says that it is stitched in in the transaction of the record that does so.
        spliced = [one for one in await self._trail.spliced() if at.seq <= one.place <= last]
        if spliced and spliced[0].place == at.seq:
            if at.own < spliced[0].one.size:
                return await self._own(filters, spliced[0].one, at, details, limit)
            spliced = spliced[1:]
        end = spliced[0].place if spliced else last + 1
        return Lot([hit for hit in hits if hit.stored.seq < end], At(end))

    async def _own(self, filters: Filters, one: Stitched, at: At, details: bool, limit: int) -> Lot:
        """Of an emergency ledger, to the end of a block at most."""
        blocks, number = self._trail.blocks, at.own // BLOCK
        block = await blocks.records(one, number)
        records: Sequence[StoredRecord] = block[at.own - number * BLOCK :]
        parts: Parts | None = None
        if filters.subject is not None:
            parts = await blocks.parts(one, number)
            linked = named(parts, await self._trail.keys((filters.subject,)))
            records = [record for record in records if record.seq in linked]
        try:
            hits = await asyncio.to_thread(Match(filters).hits, records, limit)
        except FormatError as error:
            raise VerificationError(f"emergency {one.id}: {error}") from error
        own = hits[-1].stored.seq + 1 if len(hits) == limit else number * BLOCK + len(block)
        if details:
            shown = await blocks.detailed(one, [hit.stored for hit in hits], parts)
            hits = [msgspec.structs.replace(hit, stored=stored) for hit, stored in zip(hits, shown, strict=True)]
        return Lot(hits, At(at.seq, own), one.size - own)
