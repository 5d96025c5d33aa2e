"""Where in archives what a bundle is about lies: an exchange, a person's records, a time.

A row of an archive says which times it is of, and links say whose records it holds; what its records are, it says
itself. Nothing of a file is believed that the ledger's tree does not have (`Archives.records`), and a file that may
hold some of what is looked for and is not at hand is named, never passed over.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Collection, Sequence
from contextlib import aclosing

from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.core.errors import RecordsArchived, VerificationError
from gateway.core.ports import StoredRecord
from gateway.exchange.archived import Archives, blocks
from gateway.exchange.trail import began
from gateway.ledger.emergency import Stitched, stitched
from gateway.ledger.record import parse
from gateway.store.archives import Archived
from gateway.store.tree import TreeReader


class Whereabouts:
    """Of one ledger, by its id. Each method: `RecordsArchived` for files that are not at hand, all of which it names,
    `VerificationError` for one that holds something else than the ledger."""

    def __init__(self, engine: AsyncEngine, ledger: str, archives: Archives) -> None:
        self._ledger, self._archives, self._tree = ledger, archives, TreeReader(engine, ledger)

    async def exchange(self, exchange: str, *, every: bool) -> list[int]:
        """The numbers of archived records of an exchange, in order: of all that there are, or of some, with the first.
        Archives of all later times are looked into: what people make of an exchange names it years afterwards."""
        at, found = began(exchange), list[int]()
        if at is None:
            return found
        named = f'"exchange":"{exchange}"'.encode()
        candidates = await self._archives.store.among(self._ledger, at, None)
        if every:
            self._demand(candidates)
        for one in candidates:
            async with aclosing(self._named(one, named)) as chunks:
                async for some in chunks:
                    found += [record.seq for record in some]
                    if not every:
                        return found
        return found

    async def _named(self, one: Archived, text: bytes) -> AsyncGenerator[Sequence[StoredRecord], None]:
        def asked(record: StoredRecord) -> bool:
            return text in record.envelope

        async for some in self._archives.records(
            self._ledger, one, self._tree, one.first, one.end, asked, details=False
        ):
            yield some

    async def about(self, ids: Collection[str]) -> AsyncIterator[Sequence[StoredRecord]]:
        """Archived records about any of these pseudonyms, in order, without details, some at a time. Only archives that
        have such are read, and of these only the blocks that do."""
        store, subjects = self._archives.store, tuple(ids)
        linked = await store.about(self._ledger, subjects)
        candidates = [one for one in await store.all(self._ledger) if one.id in linked]
        self._demand(candidates)
        for one in candidates:
            for first, end in blocks(one):
                places = await store.places(self._ledger, subjects, first, end)
                if not places:
                    continue

                def asked(record: StoredRecord, places: frozenset[int] = places) -> bool:
                    return record.seq in places

                async for some in self._archives.records(
                    self._ledger, one, self._tree, first, end, asked, details=False
                ):
                    yield some

    async def stitching(self, emergency: Stitched) -> int:
        """The number of the archived record that stitches an emergency ledger in. `VerificationError` where there is
        none."""
        text = f'"archive":"{emergency.archive}"'.encode()
        candidates = await self._archives.store.among(self._ledger, emergency.began, None)
        for one in candidates:
            async with aclosing(self._named(one, text)) as chunks:
                async for some in chunks:
                    for record in some:
                        told = stitched(parse(record.envelope))
                        if told is not None and told.id == emergency.id:
                            return record.seq
        raise VerificationError(f"emergency {emergency.id}: no record stitches it in")

    async def bounds(self, at: str, size: int) -> tuple[int, int]:
        """Numbers, the second of which may be `size`, between which, both included, the first record lies that was
        recorded at this time (27 characters) or later: those of an archive, or of what is in the database."""
        every = await self._archives.store.all(self._ledger)
        for one in every:
            if one.recorded_at >= at:
                return one.first, one.end - 1
        return (every[-1].end if every else 0), size

    def _demand(self, candidates: Sequence[Archived]) -> None:
        away = [one.id for one in candidates if self._archives.at_hand(self._ledger, one) is None]
        if away:
            raise RecordsArchived(away)
