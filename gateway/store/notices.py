"""Notices that are to be delivered: in the database until they are, or are given up, whatever becomes of the process.

A row belongs to who has counted its try (`take`), for as long as that may last; whoever dies over it is waited for.
"""

from collections.abc import Collection, Iterable, Mapping

import msgspec
from sqlalchemy import ColumnElement, Row, and_, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from gateway.ledger.entry import RowChange
from gateway.store.engine import reading, writing
from gateway.store.sql import reachable
from gateway.store.tables import notice


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """One notice to one channel. `tenant` is the ledger's id; times are microseconds since the epoch."""

    tenant: str
    id: str
    channel: str
    body: bytes
    created_us: int
    due_us: int
    """Not before then it is tried (again)."""
    tries: int = 0


async def insert_notices(connection: AsyncConnection, notices: Iterable[Notice]) -> None:
    """Keep these in the transaction of what they tell."""
    rows = [msgspec.structs.asdict(one) for one in notices]
    if rows:
        await connection.execute(insert(notice), rows)


class NoticeStore:
    """Notices. `LedgerUnavailable` from every method when the database does not answer."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def put(self, notices: Iterable[Notice]) -> None:
        """Keep these. When this returns they are durable; where it fails, those of some tenants may be."""
        wanted: dict[str, list[Notice]] = {}
        for one in notices:
            wanted.setdefault(one.tenant, []).append(one)
        with reachable():
            for tenant, some in wanted.items():
                async with writing(self._engine, tenant) as connection:
                    await insert_notices(connection, some)

    async def waiting(self) -> Mapping[tuple[str, str], int]:
        """How many wait, by tenant (the ledger's id) and channel."""
        query = select(notice.c.tenant, notice.c.channel, func.count()).group_by(notice.c.tenant, notice.c.channel)
        with reachable():
            async with reading(self._engine, None, across="notice") as connection:
                return {(tenant, name): number for tenant, name, number in (await connection.execute(query)).all()}

    async def due(
        self, now_us: int, limit: int, *, channel: str | None = None, beside: Collection[str] = ()
    ) -> tuple[Notice, ...]:
        """What is to be tried now, of all tenants, the longest due first: for one channel, or for all but those
        `beside`."""
        mine = notice.c.channel.not_in(beside) if channel is None else notice.c.channel == channel
        query = select(notice).where(notice.c.due_us <= now_us, mine).order_by(notice.c.due_us).limit(limit)
        with reachable():
            async with reading(self._engine, None, across="notice") as connection:
                return tuple(_notice(row) for row in (await connection.execute(query)).all())

    async def take(self, one: Notice, until_us: int) -> Notice | None:
        """Count a try that is made now and may last until then; None where somebody else has counted it."""
        taken = msgspec.structs.replace(one, tries=one.tries + 1, due_us=until_us)
        return taken if await self._set(one, {"tries": taken.tries, "due_us": until_us}) else None

    async def later(self, one: Notice, due_us: int) -> None:
        """Have it tried again at that time."""
        await self._set(one, {"due_us": due_us})

    async def untried(self, one: Notice, due_us: int) -> None:
        """The try that was counted was none: have it made at that time."""
        await self._set(one, {"tries": one.tries - 1, "due_us": due_us})

    async def remove(self, one: Notice) -> None:
        """It is delivered."""
        with reachable():
            async with writing(self._engine, one.tenant) as connection:
                await connection.execute(delete(notice).where(_mine(one)))

    async def _set(self, one: Notice, values: dict[str, int]) -> bool:
        with reachable():
            async with writing(self._engine, one.tenant) as connection:
                done = await connection.execute(update(notice).where(_mine(one)).values(values))
        return done.rowcount == 1


def addition(one: Notice) -> RowChange:
    """It is to be delivered, in the transaction of the record of what it tells."""
    values = msgspec.structs.asdict(one)
    del values["tenant"]
    return RowChange(table="notice", values=values)


def removal(one: Notice) -> RowChange:
    """It is given up, in the transaction of the record that says so."""
    return RowChange(table="notice", where={"id": one.id, "tries": one.tries})


def _mine(one: Notice) -> ColumnElement[bool]:
    return and_(notice.c.tenant == one.tenant, notice.c.id == one.id, notice.c.tries == one.tries)


def _notice(row: Row[tuple[object, ...]]) -> Notice:
    return Notice(**dict(row._mapping))
