"""Time-stamps of checkpoints as authorities gave them, kept beside what they are of."""

import msgspec
from sqlalchemy import Row, Select, func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.store.engine import reading, writing
from gateway.store.sql import insert_new, reachable
from gateway.store.tables import time_stamp


class KeptStamp(msgspec.Struct, frozen=True, kw_only=True):
    """A stamp of a ledger's checkpoint. Times are microseconds since the epoch."""

    size: int
    """Records of the checkpoint."""
    tsa: str
    """The authority's id in the configuration of then."""
    at_us: int
    """The authority's time."""
    kept_us: int
    """The time here when it came."""
    reply: bytes
    """The whole reply (RFC 3161 §2.4.2): a `.tsr` file."""


class StampStore:
    """Those of one ledger, by its id. What is added was verified before. `LedgerUnavailable` as of the database."""

    def __init__(self, engine: AsyncEngine, ledger: str) -> None:
        self._engine, self._ledger = engine, ledger

    async def add(self, stamp: KeptStamp) -> None:
        """Keep a stamp. One of the same authority and checkpoint that is there already stays: it says no less."""
        row = {"tenant": self._ledger, **msgspec.structs.asdict(stamp)}
        with reachable():
            async with writing(self._engine, self._ledger) as connection:
                # A crash before the commit: the authority has given one that nobody has, and is asked for another.
                # After it: it is there, and none is due until the interval is over.
                await connection.execute(insert_new(self._engine, time_stamp).values(row))

    async def last(self, tsa: str) -> KeptStamp | None:
        """The stamp of the largest checkpoint that this authority has stamped."""
        return await self._one(self._all().where(time_stamp.c.tsa == tsa).order_by(time_stamp.c.size.desc()))

    async def newest(self) -> tuple[KeptStamp, ...]:
        """The stamps of the largest checkpoint that any has stamped, the earliest first; none where there is none."""
        largest = select(func.max(time_stamp.c.size)).where(time_stamp.c.tenant == self._ledger).scalar_subquery()
        return await self._many(self._all().where(time_stamp.c.size == largest).order_by(*_EARLIEST))

    async def page(self, after: int, limit: int) -> tuple[KeptStamp, ...]:
        """Stamps of checkpoints of more than `after` records, the smallest first; so many at most, but never some of
        a checkpoint's without the others."""
        sizes = (
            select(time_stamp.c.size)
            .where(time_stamp.c.tenant == self._ledger, time_stamp.c.size > after)
            .distinct()
            .order_by(time_stamp.c.size)
            .limit(limit)
        )
        return await self._many(self._all().where(time_stamp.c.size.in_(sizes)).order_by(time_stamp.c.size, *_EARLIEST))

    async def covering(self, end: int, at_most: int) -> tuple[KeptStamp, ...]:
        """Of each authority the stamp that says most of the records before `end`, by checkpoints of `at_most` records:
        the first one that covers them all, or else the last one before. By size."""
        tsas = select(time_stamp.c.tsa).where(time_stamp.c.tenant == self._ledger).distinct().order_by(time_stamp.c.tsa)
        with reachable():
            async with reading(self._engine, self._ledger) as connection:
                names = (await connection.execute(tsas)).scalars().all()
        found = []
        for name in names:
            mine = self._all().where(time_stamp.c.tsa == name, time_stamp.c.size <= at_most)
            one = await self._one(mine.where(time_stamp.c.size >= end).order_by(time_stamp.c.size))
            found.append(one or await self._one(mine.order_by(time_stamp.c.size.desc())))
        return tuple(sorted((one for one in found if one is not None), key=lambda one: (one.size, one.tsa)))

    def _all(self) -> Select[tuple[int, str, int, int, bytes]]:
        columns = (time_stamp.c.size, time_stamp.c.tsa, time_stamp.c.at_us, time_stamp.c.kept_us, time_stamp.c.reply)
        return select(*columns).where(time_stamp.c.tenant == self._ledger)

    async def _one(self, query: Select[tuple[int, str, int, int, bytes]]) -> KeptStamp | None:
        found = await self._many(query.limit(1))
        return found[0] if found else None

    async def _many(self, query: Select[tuple[int, str, int, int, bytes]]) -> tuple[KeptStamp, ...]:
        with reachable():
            async with reading(self._engine, self._ledger) as connection:
                rows = (await connection.execute(query)).all()
        return tuple(_stamp(row) for row in rows)


_EARLIEST = (time_stamp.c.at_us, time_stamp.c.tsa)


def _stamp(row: Row[tuple[int, str, int, int, bytes]]) -> KeptStamp:
    return KeptStamp(size=row.size, tsa=row.tsa, at_us=row.at_us, kept_us=row.kept_us, reply=bytes(row.reply))
