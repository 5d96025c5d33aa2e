"""One reader of a ledger's records, wherever they lie: in archives first, and then in the database.

What is read of an archive is known to be the ledger's: its file is, byte by byte, the one on record (`demand`, before
anything of it is used), and each record's hash is the one in the ledger's tree, as it is read. So an archive that is
away, was changed or is another ledger's gives nothing. At most one block of an archive is held at a time.

Who asks has put on record what it reads.
"""

from collections.abc import AsyncIterator, Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.core.errors import RecordsArchived
from gateway.core.ids import uuid7_us
from gateway.core.ports import Opening, StoredCheckpoint, StoredRecord
from gateway.exchange.archived import LOOKED_INTO, Archives, blocks, in_period
from gateway.ledger.record import timestamp
from gateway.store.archives import Archived
from gateway.store.decided import Decided, DecidedStore
from gateway.store.reader import StoreReader
from gateway.store.tree import TreeReader

_LAST_US = 253_402_300_799_999_999
"""The end of the year 9999, after which no record says when it was."""


class Trail:
    """Records of one ledger, by its id. `core.ports.RecordReader`, and what is read of a period."""

    def __init__(self, engine: AsyncEngine, ledger: str, archives: Archives) -> None:
        self._ledger, self._archives = ledger, archives
        self._reader, self._tree = StoreReader(engine, ledger), TreeReader(engine, ledger)
        self._decided = DecidedStore(engine, ledger)

    # -------------------------------------------------------------------------------------------------- where they lie

    async def demand(self, first: int, end: int) -> tuple[Archived, ...]:
        """The archives that some of records `first` ≤ seq < `end` lie in, each at hand and as it is on record.
        `RecordsArchived` for those that are not at hand, `VerificationError` for one that is not what is on record."""
        every = await self._archives.store.all(self._ledger)
        return await self._sure([one for one in every if one.first < end and first < one.end])

    async def demand_period(self, since: str, until: str) -> tuple[Archived, ...]:
        """The same for what occurred from `since` on and before `until` (27 characters each)."""
        return await self._sure(await self._archives.store.among(self._ledger, since, until))

    async def _sure(self, found: Sequence[Archived]) -> tuple[Archived, ...]:
        away = [one.id for one in found if self._archives.at_hand(self._ledger, one) is None]
        if away:
            raise RecordsArchived(away)
        for one in found:
            await self._archives.sure(self._ledger, one)
        return tuple(found)

    # ----------------------------------------------------------------------------------------------------- by numbers

    async def size(self) -> int:
        return await self._reader.size()

    async def records(self, first: int, end: int, *, details: bool = False) -> AsyncIterator[StoredRecord]:
        """`RecordsArchived` where some of them lie in an archive that is not at hand."""
        async for lot in self.lots(first, end, details=details):
            for record in lot:
                yield record

    async def lots(self, first: int, end: int, *, details: bool = False) -> AsyncIterator[Sequence[StoredRecord]]:
        """The same, some thousand at a time: what is of one block of an archive comes at once."""
        at = first
        while at < end:
            one = await self._archives.store.holding(self._ledger, at)
            if one is not None:
                async for lot in self._of(one, at, end, details):
                    yield lot
                at = one.end
                continue
            async for lot in self._reader.lots(at, end, details=details):
                # Records leave the database from the oldest on: if any of a lot is gone, the first is.
                if lot[0].seq > at and await self._archives.store.holding(self._ledger, at) is not None:
                    break  # archived while they were read, and so the rest of them is read there
                yield lot
                at = lot[-1].seq + 1
            else:
                if at >= end or await self._archives.store.holding(self._ledger, at) is None:
                    return

    async def _of(self, one: Archived, first: int, end: int, details: bool) -> AsyncIterator[Sequence[StoredRecord]]:
        for low, high in blocks(one):
            parts = self._archives.records(
                self._ledger, one, self._tree, max(low, first), min(high, end), details=details
            )
            if lot := [record async for part in parts for record in part]:
                yield lot

    async def runs(self, seqs: Sequence[int]) -> list[Sequence[int]]:
        """By what is in the database; of an archive a whole block is held in any case."""
        return await self._reader.runs(seqs)

    async def details(self, seqs: Sequence[int]) -> Mapping[int, Opening]:
        """`RecordsArchived` where some of them may lie in an archive that is not at hand."""
        found = dict(await self._reader.details(seqs))
        # Looked for there first: what is archived between the two looks is in an archive at the second.
        left = [seq for seq in seqs if seq not in found]
        while left and (one := await self._archives.store.holding(self._ledger, left[0])) is not None:
            here = [seq for seq in left if seq < one.end]
            found |= await self._archived_details(one, here)
            left = left[len(here) :]
        return found

    async def _archived_details(self, one: Archived, seqs: Sequence[int]) -> dict[int, Opening]:
        wanted, found = frozenset(seqs), dict[int, Opening]()

        def asked(record: StoredRecord) -> bool:
            return record.seq in wanted

        async for part in self._archives.records(self._ledger, one, self._tree, seqs[0], seqs[-1] + 1, asked):
            for record in part:
                if record.detail is not None and record.detail_salt is not None:
                    found[record.seq] = Opening(record.detail_salt, record.detail)
        return found

    async def record(self, seq: int) -> StoredRecord | None:
        """One record with its detail, None where there is none."""
        found = await self._reader.record(seq)
        return await self._archives.record(self._ledger, seq, self._tree) if found is None else found

    async def exchange(self, exchange: str) -> list[StoredRecord]:
        """All records of one exchange in order, but for what lies in archives that are not looked into (`beyond`);
        empty when there is no such exchange. `RecordsArchived` where it may lie in an archive that is not at hand: its
        id says when it began."""
        found, at = await self._reader.exchange(exchange), began(exchange)
        if at is None:
            return found
        before = await self._archives.exchange(self._ledger, exchange, at, self._tree)
        known = {one.seq for one in before}
        return [*before, *(one for one in found if one.seq not in known)]

    async def beyond(self, exchange: str) -> tuple[str, ...]:
        """Ids of the archives that records of an exchange may lie in, and that `exchange` does not look into, since
        each is gone over whole: those behind the archive of its time and the one after it."""
        at = began(exchange)
        later = () if at is None else (await self._archives.store.among(self._ledger, at, None))[LOOKED_INTO:]
        return tuple(one.id for one in later)

    async def checkpoint(self, at_least: int = 0) -> StoredCheckpoint | None:
        return await self._reader.checkpoint(at_least)

    async def inclusion(self, index: int, size: int) -> list[bytes]:
        return await self._reader.inclusion(index, size)

    async def consistency(self, first: int, second: int) -> list[bytes]:
        return await self._reader.consistency(first, second)

    # ------------------------------------------------------------------------------------------------------- by times

    async def period(
        self, events: Sequence[str], since: str, until: str, subject: str | None = None
    ) -> AsyncIterator[Sequence[Decided]]:
        """Records of these events that occurred from `since` on and before `until` (27 characters each), with their
        details, some at a time: of archives in the order of their numbers, then of the database in the order of their
        times. `subject`: only what is linked to this pseudonym.

        `RecordsArchived` where an archive is not at hand, or was made of some of them while they were read: what was
        given until then is not all of it, and who asks again is given all.
        """
        store, ledger = self._archives.store, self._ledger
        before = await store.all(ledger)
        for one in await store.among(ledger, since, until):
            async for some in self._archived(one, events, since, until, subject):
                yield some
        first = before[-1].end if before else 0
        async for chunk in self._decided.chunks(events, since, until, first=first, subject=subject):
            yield chunk
        meanwhile = [one.id for one in await store.among(ledger, since, until) if one.first >= first]
        if meanwhile:
            raise RecordsArchived(meanwhile)

    async def _archived(
        self, one: Archived, events: Sequence[str], since: str, until: str, subject: str | None
    ) -> AsyncIterator[Sequence[Decided]]:
        chosen = in_period(events, since, until)
        for first, end in blocks(one):
            linked = None
            if subject is not None:
                linked = await self._archives.store.places(self._ledger, (subject,), first, end)
                if not linked:
                    continue

            def asked(record: StoredRecord, linked: frozenset[int] | None = linked) -> bool:
                return (linked is None or record.seq in linked) and chosen(record)

            async for some in self._archives.records(self._ledger, one, self._tree, first, end, asked):
                yield [Decided(record.envelope, record.detail) for record in some]


def began(exchange: str) -> str | None:
    """When an exchange began (27 characters), by its id; None for what is no id of one."""
    began_us = uuid7_us(exchange)
    return None if began_us is None or began_us > _LAST_US else timestamp(began_us)
