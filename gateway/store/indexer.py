"""Makes the postings of blocks that are full (`postings`), in order, after the records and apart from their writer.

What is not made yet is looked through record by record, so that being late costs time and never a record. Whoever makes
a block makes the same: two at once leave one of the same.
"""

import asyncio
from collections.abc import Mapping
from typing import Any, cast

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.core.errors import VerificationError
from gateway.store.engine import reading, writing
from gateway.store.postings import BLOCK, FIELDS, Postings, encode, put
from gateway.store.sql import insert_new, reachable
from gateway.store.tables import posting, record, record_block

_TURN = 256
"""Records that are looked at before others have their turn in the loop: about a millisecond."""
_COLUMNS = (record.c.seq, record.c.occurred_at, record.c.classes, *(record.c[name] for name in FIELDS))


class Indexer:
    """Makes the postings of one ledger, by its id."""

    def __init__(self, engine: AsyncEngine, ledger: str) -> None:
        self._engine, self._ledger = engine, ledger
        self._next: int | None = None

    async def run(self, most: int = 64) -> int:
        """Make what is due, `most` blocks of it; how many were made. `VerificationError` where a record is missing,
        `LedgerUnavailable` if the database cannot be reached."""
        if self._next is None:
            self._next = await self._made()
        newest = await self._newest()
        made = 0
        while made < most and newest >= (self._next + 1) * BLOCK - 1:
            await self._make(self._next)
            self._next += 1
            made += 1
        return made

    async def _make(self, block: int) -> None:
        first, end = block * BLOCK, (block + 1) * BLOCK
        postings: Postings = {}
        times: list[str] = []
        while first < end:
            some = await self._records(first, min(first + _TURN, end))
            for seq, row in enumerate(some, first):
                if row["seq"] != seq:
                    raise VerificationError(f"postings: record {seq} is missing")
                put(postings, seq % BLOCK, row)
                times.append(row["occurred_at"])
            first += len(some)
            if not some:
                raise VerificationError(f"postings: record {first} is missing")
            await asyncio.sleep(0)
        rows = [
            {"tenant": self._ledger, "field": field, "value": value, "block": block, "places": encode(bits)}
            for (field, value), bits in postings.items()
        ]
        place = {"tenant": self._ledger, "block": block}
        mark = insert_new(self._engine, record_block).values(**place, first_at=min(times), last_at=max(times))
        # A crash before the commit: nothing, and the next run makes it. After it: the block is there as a whole.
        with reachable():
            async with writing(self._engine, self._ledger) as connection:
                if (await connection.execute(mark)).rowcount:
                    await connection.execute(posting.insert(), rows)

    async def _records(self, first: int, end: int) -> list[Mapping[str, Any]]:
        query = select(*_COLUMNS).where(record.c.tenant == self._ledger, record.c.seq >= first, record.c.seq < end)
        with reachable():
            async with reading(self._engine, self._ledger) as connection:
                found = (await connection.execute(query.order_by(record.c.seq))).mappings().all()
        return cast(list[Mapping[str, Any]], list(found))

    async def _made(self) -> int:
        """How many blocks there are: they are made in order."""
        query = select(func.max(record_block.c.block)).where(record_block.c.tenant == self._ledger)
        with reachable():
            async with reading(self._engine, self._ledger) as connection:
                newest = await connection.scalar(query)
        return 0 if newest is None else int(newest) + 1

    async def _newest(self) -> int:
        query = select(func.max(record.c.seq)).where(record.c.tenant == self._ledger)
        with reachable():
            async with reading(self._engine, self._ledger) as connection:
                newest = await connection.scalar(query)
        return -1 if newest is None else int(newest)
