"""What was recorded on emergency ledgers, read with the ledger that they were stitched into.

Each is a ledger by itself, with numbers of its own; what is read of one says so (`StoredRecord.emergency`). Its records
stand right before the one that stitches it in (`Spliced.place`). Whom they are about is known by the data keys that
stand beside them: an erasure that destroys a person's keys takes the person's name from these records too.

Who asks has put on record what it reads. What lies in a file that is not at hand is named, and never left out unsaid.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import aclosing

import msgspec
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.core.errors import RecordsArchived, VerificationError
from gateway.core.ids import uuid7_us
from gateway.core.ports import StoredRecord
from gateway.evidence.archive import BLOCK
from gateway.exchange.archived import in_period
from gateway.exchange.emergency_blocks import EmergencyBlocks, Parts
from gateway.exchange.emergency_files import EmergencyFiles
from gateway.ledger.emergency import STITCHED as STITCHING
from gateway.ledger.emergency import Stitched, stitched
from gateway.ledger.record import parse
from gateway.ledger.times import parse_timestamp, timestamp
from gateway.store.decided import Decided
from gateway.store.emergencies import STITCHED, Emergency, EmergencyStore
from gateway.store.sealing import Sealer
from gateway.store.search import Filters, Search

MARGIN_US = 60 * 1_000_000
"""How much a clock may have been set while an emergency went on, for an exchange to be looked for there by its id."""
KeysOf = Callable[[str], Sequence[str]]
"""The ids of all data keys of a pseudonym. Blocking."""


class Spliced(msgspec.Struct, frozen=True, kw_only=True):
    """An emergency ledger and the number of the record that stitches it in. Where that record has left the database for
    an archive, so has all that comes before it: the place is then 0."""

    place: int
    one: Stitched


class EmergencyTrail:
    """Of one ledger, by its id."""

    def __init__(
        self, engine: AsyncEngine, ledger: str, files: EmergencyFiles, sealer: Sealer, keys_of: KeysOf
    ) -> None:
        self._ledger, self._keys_of, self.files = ledger, keys_of, files
        self._store, self._search = EmergencyStore(engine), Search(engine, ledger)
        self.blocks = EmergencyBlocks(ledger, files, sealer)
        self._told: dict[str, Spliced] = {}

    # ----------------------------------------------------------------------------------------------- which there are

    async def spliced(self) -> tuple[Spliced, ...]:
        """Those that were stitched in, in the order of their places. `VerificationError` where a row of one is not what
        the record of it says."""
        rows = [row for row in await self._store.all(self._ledger) if row.state == STITCHED]
        if any(row.id not in self._told for row in rows):
            await self._learn(rows)
        return tuple(sorted((self._told[row.id] for row in rows), key=lambda found: found.place))

    async def _learn(self, rows: Sequence[Emergency]) -> None:
        by_record: dict[str, Spliced] = {}
        async with aclosing(self._search.stream(Filters(event=STITCHING), order="asc")) as hits:
            async for hit in hits:
                one = stitched(parse(hit.stored.envelope))
                if one is not None:
                    by_record.setdefault(one.id, Spliced(place=hit.stored.seq, one=one))
        for row in rows:
            found = by_record.get(row.id) or Spliced(place=0, one=_of(row))
            if (found.one.key, found.one.digest, found.one.size) != (row.vkey, row.digest, row.records):
                raise VerificationError(f"emergency {row.id}: its row is not what the record of it says")
            self._told[row.id] = found

    async def within(self, since: str | None, until: str | None) -> tuple[Spliced, ...]:
        """Those that went on in a period (27 characters each)."""
        return tuple(found for found in await self.spliced() if overlaps(found.one, since, until))

    async def away(self, since: str | None, until: str | None) -> tuple[str, ...]:
        """Ids of those of a period whose file is not at hand."""
        return tuple(found.one.id for found in await self.within(since, until) if not self.blocks.at_hand(found.one))

    async def demand(self, since: str, until: str) -> tuple[Spliced, ...]:
        """Those of a period. `RecordsArchived` where the file of one is not at hand."""
        away = await self.away(since, until)
        if away:
            raise RecordsArchived(away)
        return await self.within(since, until)

    # ------------------------------------------------------------------------------------------------- what they hold

    async def around(self, exchange: str) -> tuple[Spliced, ...]:
        """Those that went on when an exchange began, by its id."""
        began_us = uuid7_us(exchange)
        if began_us is None:
            return ()
        return tuple(
            found
            for found in await self.spliced()
            if parse_timestamp(found.one.began) - MARGIN_US <= began_us <= parse_timestamp(found.one.ended) + MARGIN_US
        )

    async def away_around(self, exchange: str) -> tuple[str, ...]:
        """Ids of those of `around` whose file is not at hand."""
        return tuple(found.one.id for found in await self.around(exchange) if not self.blocks.at_hand(found.one))

    async def told(self, exchange: str) -> list[dict[str, object]]:
        """Those of `around` as answers tell them. `stitched`: the number of the record that stitches it in, None where
        that lies in an archive; `held`: whether its file is at hand."""
        return [
            {
                "id": one.id,
                "key": one.key,
                "records": one.size,
                "began": one.began,
                "ended": one.ended,
                "stitched": place,
                "held": self.blocks.at_hand(one),
            }
            for place, one in ((found.place or None, found.one) for found in await self.around(exchange))
        ]

    async def exchange(self, exchange: str) -> list[StoredRecord]:
        """Records of an exchange that began while one of them went on, with their details, in order; of those whose
        file is at hand."""
        named, found = f'"exchange":"{exchange}"'.encode(), list[StoredRecord]()
        for spliced in await self.around(exchange):
            if self.blocks.at_hand(spliced.one):
                async for some in self._chosen(spliced.one, lambda record: named in record.envelope):
                    found += some
        return found

    async def about(self, ids: Collection[str]) -> AsyncIterator[list[StoredRecord]]:
        """Records about any of these pseudonyms, without details, some at a time; of those whose file is at hand."""
        keys = await self.keys(ids)
        for spliced in await self.spliced() if keys else ():
            if self.blocks.at_hand(spliced.one):
                async for some in self.named_in(spliced.one, keys):
                    yield some

    async def named_in(
        self, one: Stitched, keys: frozenset[str], *, details: bool = False
    ) -> AsyncIterator[list[StoredRecord]]:
        """Records of one of them beside which anything is sealed under one of these keys, block by block."""
        for number in block_numbers(one):
            parts = await self.blocks.parts(one, number)
            linked = named(parts, keys)
            if linked:
                records = [record for record in await self.blocks.records(one, number) if record.seq in linked]
                yield await self.blocks.detailed(one, records, parts) if details else records

    async def keys(self, ids: Collection[str]) -> frozenset[str]:
        """The data keys of these pseudonyms that are there."""
        return frozenset(await asyncio.to_thread(lambda: [key for one in ids for key in self._keys_of(one)]))

    async def period(
        self, events: Sequence[str], since: str, until: str, ids: Collection[str] | None = None
    ) -> AsyncIterator[list[Decided]]:
        """Records of these events that occurred from `since` on and before `until` (27 characters each), with their
        details, some at a time, ledger by ledger. `ids`: only what is about one of these pseudonyms.

        `RecordsArchived` where a file is not at hand: before anything is given, if it was not at hand then."""
        keys = None if ids is None else await self.keys(ids)
        chosen = in_period(events, since, until)
        for spliced in await self.demand(since, until):
            async for some in self._chosen(spliced.one, chosen, keys):
                yield [Decided(record.envelope, record.detail, spliced.one.id) for record in some]

    async def written(self, one: Stitched, since: str, until: str) -> AsyncIterator[list[StoredRecord]]:
        """Records of one of them that were written from `since` on and before `until` (27 characters each), with their
        details, in order, some at a time."""

        def inside(record: StoredRecord) -> bool:
            return since <= (parse(record.envelope).recorded_at or "") < until

        async for some in self._chosen(one, inside):
            yield some

    async def _chosen(
        self, one: Stitched, chosen: Callable[[StoredRecord], bool], keys: frozenset[str] | None = None
    ) -> AsyncIterator[list[StoredRecord]]:
        """Records that are chosen, and about whom these keys are where there are such, with details, block by block."""
        for number in block_numbers(one):
            parts = None if keys is None else await self.blocks.parts(one, number)
            linked = None if keys is None or parts is None else named(parts, keys)
            if linked is not None and not linked:
                continue
            records = await self.blocks.records(one, number)
            found = [record for record in records if (linked is None or record.seq in linked) and chosen(record)]
            if found:
                yield await self.blocks.detailed(one, found, parts)
            await asyncio.sleep(0)


def named(parts: Parts, keys: frozenset[str]) -> frozenset[int]:
    """The numbers of records beside which anything is sealed under one of these keys."""
    return frozenset(
        seq for seq, some in parts.items() if any(not keys.isdisjoint(part.key.split("+")) for part in some)
    )


def overlaps(one: Stitched, since: str | None, until: str | None) -> bool:
    """Whether an emergency went on at some moment of a period (27 characters each)."""
    return (since is None or one.ended >= since) and (until is None or one.began < until)


def block_numbers(one: Stitched) -> range:
    return range((one.size + BLOCK - 1) // BLOCK)


def _of(row: Emergency) -> Stitched:
    """What its row says, where the record lies in an archive: all but the root, which its checkpoint says."""
    return Stitched(
        id=row.id,
        key=row.vkey,
        archive=row.archive or "",
        digest=row.digest or "",
        size=row.records or 0,
        root="",
        began=timestamp(row.began_us or 0),
        ended=timestamp(row.ended_us or 0),
    )
