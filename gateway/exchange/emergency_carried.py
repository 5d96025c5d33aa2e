"""What bundles of a ledger take along of its emergency ledgers, found where these lie."""

from collections.abc import Mapping, Sequence
from contextlib import aclosing
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.core.ports import Opening
from gateway.evidence.archive import BLOCK
from gateway.exchange.emergency_blocks import EmergencyBlocks
from gateway.ledger.emergency import PREPARED, Stitched
from gateway.ledger.record import parse
from gateway.store.search import Filters, Search


class Carried:
    """`evidence.carried.Source` of one ledger."""

    def __init__(self, blocks: EmergencyBlocks, engine: AsyncEngine, ledger: str) -> None:
        self._blocks, self._search = blocks, Search(engine, ledger)

    def held(self, one: Stitched) -> Path | None:
        """Its file, where that is at hand."""
        return self._blocks.file(one)

    async def details(self, one: Stitched, seqs: Sequence[int]) -> Mapping[int, Opening]:
        """The details of records of one block, as far as they still open; nothing for none. `RecordsArchived` where its
        file is not at hand any more, `VerificationError` where that is not what is on record."""
        if not seqs:
            return {}
        number = seqs[0] // BLOCK
        records = await self._blocks.records(one, number)
        found = await self._blocks.detailed(one, [records[seq - number * BLOCK] for seq in seqs])
        return {
            record.seq: Opening(record.detail_salt or b"", record.detail)
            for record in found
            if record.detail is not None
        }

    async def prepared(self, one: Stitched) -> int | None:
        """The newest record that names a key for it, looked for among those in the database."""
        async with aclosing(self._search.stream(Filters(event=PREPARED), order="desc")) as hits:
            async for hit in hits:
                if parse(hit.stored.envelope).emergency == one.id:
                    return hit.stored.seq
        return None
