"""Cosignatures of checkpoints as witnesses gave them, kept beside what they are of."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.core.errors import FormatError, VerificationError
from gateway.ledger.cosignature import Seen
from gateway.ledger.record import Envelope, parse, parse_timestamp
from gateway.store.engine import reading, writing
from gateway.store.sql import insert_new, reachable
from gateway.store.tables import cosignature, record

WITNESSED, ACKNOWLEDGED = "checkpoint.witnessed", "restore.acknowledged"


class CosignatureStore:
    """Those of one ledger, by its id. What is added was verified before. `LedgerUnavailable` as of the database."""

    def __init__(self, engine: AsyncEngine, ledger: str) -> None:
        self._engine, self._ledger = engine, ledger

    async def add(self, size: int, line: str, seen: Seen) -> None:
        """Keep a witness's line for the checkpoint of this size. One that is there already stays: it says no less."""
        row = {"tenant": self._ledger, "size": size, "witness": seen.witness, "line": line, "seconds": seen.seconds}
        with reachable():
            async with writing(self._engine, self._ledger) as connection:
                # A crash before the commit: the witness has it, and is asked again for the same. After: it is served.
                await connection.execute(insert_new(self._engine, cosignature).values(row))

    async def of(self, size: int) -> dict[str, tuple[str, int]]:
        """The lines below the checkpoint of this size by their witnesses, each with its POSIX seconds."""
        query = select(cosignature.c.witness, cosignature.c.line, cosignature.c.seconds)
        query = query.where(cosignature.c.tenant == self._ledger, cosignature.c.size == size)
        with reachable():
            async with reading(self._engine, self._ledger) as connection:
                rows = (await connection.execute(query.order_by(cosignature.c.witness))).all()
        return {row.witness: (row.line, row.seconds) for row in rows}

    async def last(self, witness: str) -> int:
        """The size of the largest checkpoint that this witness is known to have cosigned; 0 for none."""
        return await self._last(witness, 0)

    async def _last(self, witness: str, after_s: int) -> int:
        query = select(func.max(cosignature.c.size))
        query = query.where(cosignature.c.tenant == self._ledger, cosignature.c.witness == witness)
        query = query.where(cosignature.c.seconds >= after_s)
        with reachable():
            async with reading(self._engine, self._ledger) as connection:
                return int(await connection.scalar(query) or 0)

    async def witnessed(self, witnesses: Sequence[str], quorum: int) -> int:
        """The size of the largest checkpoint that so many of these witnesses have cosigned; 0 for none."""
        query = (
            select(cosignature.c.size)
            .where(cosignature.c.tenant == self._ledger, cosignature.c.witness.in_(witnesses))
            .group_by(cosignature.c.size)
            .having(func.count() >= quorum)
            .order_by(cosignature.c.size.desc())
            .limit(1)
        )
        with reachable():
            async with reading(self._engine, self._ledger) as connection:
                return int(await connection.scalar(query) or 0)

    async def covering(self, end: int) -> tuple[tuple[str, int, int], ...]:
        """Of each witness the checkpoint that says most of the records before `end`: the first one that it has cosigned
        of them all, or else the last one before. Name, size, POSIX seconds; by size and name."""
        mine = cosignature.c.tenant == self._ledger
        first = select(cosignature.c.witness, func.min(cosignature.c.size)).where(mine, cosignature.c.size >= end)
        last = select(cosignature.c.witness, func.max(cosignature.c.size)).where(mine, cosignature.c.size < end)
        by_witness, found = cosignature.c.witness, []
        with reachable():
            async with reading(self._engine, self._ledger) as connection:
                sizes = {row[0]: row[1] for row in (await connection.execute(last.group_by(by_witness))).all()}
                sizes |= {row[0]: row[1] for row in (await connection.execute(first.group_by(by_witness))).all()}
                for name, size in sizes.items():
                    at = select(cosignature.c.seconds).where(mine, by_witness == name, cosignature.c.size == size)
                    found.append((str(name), int(size), int(await connection.scalar(at) or 0)))
        return tuple(sorted(found, key=lambda one: (one[1], one[0])))

    async def recorded(self, size: int) -> bool:
        """Whether it is on record that the checkpoint of this size was witnessed."""
        query = select(record.c.bytes).where(record.c.tenant == self._ledger, record.c.seq >= size)
        with reachable():
            async with reading(self._engine, self._ledger) as connection:
                rows = (await connection.execute(query.where(record.c.event == WITNESSED))).scalars().all()
        return any((told := _parsed(bytes(data)).checkpoint) is not None and told[0] == size for data in rows)

    async def acknowledged(self, witness: str) -> int:
        """Up to which size of this witness it was acknowledged, last, that the ledger is behind it; 0 for never, and
        once the witness has cosigned what came after that: it has begun anew, and knows this history by now."""
        query = select(record.c.seq, record.c.bytes)
        query = query.where(record.c.tenant == self._ledger, record.c.event == ACKNOWLEDGED)
        with reachable():
            async with reading(self._engine, self._ledger) as connection:
                row = (await connection.execute(query.order_by(record.c.seq.desc()).limit(1))).one_or_none()
        if row is None:
            return 0
        told = _parsed(bytes(row.bytes))
        # Not what it had cosigned before, of which lines may have been left where records were cut off.
        at_s = parse_timestamp(told.recorded_at or told.occurred_at) // 1_000_000
        if await self._last(witness, at_s) > row.seq:
            return 0
        return 0 if told.range is None else told.range[1]


def _parsed(data: bytes) -> Envelope:
    try:
        return parse(data)
    except FormatError as error:
        raise VerificationError("witnesses: a record about them is not a record") from error
