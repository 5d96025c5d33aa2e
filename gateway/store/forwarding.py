"""How far each destination has taken a ledger's records, in the database: whichever node goes on goes on from there.

A cursor is changed by who knows its version, so that a node which was thought dead takes nothing back and skips
nothing. What matters to a reviewer (that it began, was reset, left records out, stands) is changed in the transaction
of the record that says so; how far it is otherwise needs none.
"""

from collections.abc import Mapping

import msgspec
from sqlalchemy import ColumnElement, Row, and_, func, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.core.canonical import MAX_INTEGER
from gateway.ledger.entry import Column, RowChange
from gateway.store.engine import reading, writing
from gateway.store.sql import reachable
from gateway.store.tables import forward_cursor, record


class Cursor(msgspec.Struct, frozen=True, kw_only=True):
    """One destination in one ledger. `tenant` is the ledger's id; times are microseconds since the epoch."""

    tenant: str
    forward: str
    """The destination's configured id."""
    next_seq: int
    """The first record that it has not taken: every one before it was taken, or does not fit its filter."""
    emergency_seq: int = 0
    """How many records of the emergency ledger that this one stitches in, if it does, were taken so before it."""
    version: int = 0
    changed_us: int
    failing_us: int | None = None
    """Since when it takes nothing."""
    code: str | None = None
    """Why."""
    stalled: int = 0
    """1 where that is on record."""


PASSED = MAX_INTEGER
"""More records than any emergency ledger has: of the one that the next record stitches in none is to be sent."""


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """What lies before a cursor: `size` records there are, `first` the number of the first of them from the cursor on
    that is there, `since` when it came on record (27 characters); None where there is none."""

    size: int
    first: int | None
    since: str | None


class ForwardStore:
    """Cursors of all ledgers. `LedgerUnavailable` from every method when the database does not answer."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def get(self, tenant: str, forward: str) -> Cursor | None:
        query = select(forward_cursor).where(forward_cursor.c.tenant == tenant, forward_cursor.c.forward == forward)
        with reachable():
            async with reading(self._engine, tenant) as connection:
                row = (await connection.execute(query)).one_or_none()
        return None if row is None else _cursor(row)

    async def all(self, tenant: str) -> tuple[Cursor, ...]:
        """A tenant's, also of destinations that are not configured any more, by their names."""
        query = select(forward_cursor).where(forward_cursor.c.tenant == tenant).order_by(forward_cursor.c.forward)
        with reachable():
            async with reading(self._engine, tenant) as connection:
                return tuple(_cursor(row) for row in (await connection.execute(query)).all())

    async def waiting(self, tenant: str, next_seq: int) -> Waiting:
        """What there is from this number on. Two look-ups by key, whatever the size of the ledger."""
        newest = select(func.max(record.c.seq)).where(record.c.tenant == tenant)
        first = select(record.c.seq, record.c.recorded_at).where(record.c.tenant == tenant, record.c.seq >= next_seq)
        with reachable():
            async with reading(self._engine, tenant) as connection:
                size = await connection.scalar(newest)
                row = (await connection.execute(first.order_by(record.c.seq).limit(1))).one_or_none()
        return Waiting(
            size=0 if size is None else int(size) + 1,
            first=None if row is None else row.seq,
            since=None if row is None else row.recorded_at,
        )

    async def advance(self, cursor: Cursor, next_seq: int, now_us: int, emergency_seq: int = 0) -> Cursor | None:
        """It has taken everything before this number, and so many records of what that stitches in, and so does not
        fail; None where somebody else has moved it."""
        # A crash before the commit: it gets the same records again. After it: the next ones.
        return await self._set(
            cursor, now_us, next_seq=next_seq, emergency_seq=emergency_seq, failing_us=None, code=None
        )

    async def fails(self, cursor: Cursor, code: str, now_us: int) -> Cursor | None:
        """It takes nothing; since when, the first of these says. None where somebody else has moved it."""
        since = now_us if cursor.failing_us is None else cursor.failing_us
        return await self._set(cursor, now_us, failing_us=since, code=code)

    async def _set(self, cursor: Cursor, now_us: int, **values: Column) -> Cursor | None:
        changed = {**values, "version": cursor.version + 1, "changed_us": now_us}
        with reachable():
            async with writing(self._engine, cursor.tenant) as connection:
                done = await connection.execute(update(forward_cursor).where(_mine(cursor)).values(changed))
        return msgspec.structs.replace(cursor, **changed) if done.rowcount == 1 else None


def begun(cursor: Cursor) -> RowChange:
    """It begins, in the transaction of the record that says so. One that is there already is left alone."""
    values = msgspec.structs.asdict(cursor)
    del values["tenant"]
    return RowChange(table="forward_cursor", values=values)


def moved(cursor: Cursor, next_seq: int, now_us: int, *, emergency_seq: int = 0) -> RowChange:
    """It goes on from another number, in the transaction of the record that says so. `emergency_seq`: `PASSED` where
    it is not to be sent what that record stitches in."""
    place: dict[str, Column] = {"next_seq": next_seq, "emergency_seq": emergency_seq}
    return _changed(cursor, now_us, {**place, "failing_us": None, "code": None})


def told(cursor: Cursor, stalled: bool, now_us: int) -> RowChange:
    """That it stands, or goes on again, is on record."""
    return _changed(cursor, now_us, {"stalled": int(stalled)})


def _changed(cursor: Cursor, now_us: int, values: Mapping[str, Column]) -> RowChange:
    return RowChange(
        table="forward_cursor",
        values={**values, "version": cursor.version + 1, "changed_us": now_us},
        where={"forward": cursor.forward, "version": cursor.version},
    )


def _mine(cursor: Cursor) -> ColumnElement[bool]:
    own = forward_cursor.c
    return and_(own.tenant == cursor.tenant, own.forward == cursor.forward, own.version == cursor.version)


def _cursor(row: Row[tuple[object, ...]]) -> Cursor:
    return Cursor(**dict(row._mapping))
