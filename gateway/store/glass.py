"""Broken glass in the database: who was lent which role, until when, and whether that has been reviewed.

A row changes only from one version to the next, and is never deleted: what was lent stays to be reviewed.
"""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager

import msgspec
from sqlalchemy import ColumnElement, Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from gateway.core.errors import LedgerUnavailable
from gateway.store.engine import reading, writing
from gateway.store.notices import Notice, insert_notices
from gateway.store.sql import reachable
from gateway.store.tables import break_glass


class Broken(msgspec.Struct, frozen=True, kw_only=True):
    """A role that was lent. `tenant` is the ledger's id; times are microseconds since the epoch."""

    tenant: str
    id: str
    version: int
    actor: str
    """The pseudonym of whom it was lent to."""
    persons: tuple[str, ...]
    """Everybody who stands behind that credential, as opaque ids."""
    role: str
    reviewer: str
    """The role of who reviews it."""
    reason: str
    opened_us: int
    until_us: int
    reviewed_us: int | None = None
    reviewed_by: str | None = None
    justified: bool | None = None
    due_us: int | None = None
    """By when it is to be reviewed."""
    overdue_us: int | None = None
    """When it was told that it was not."""


class GlassStore:
    """What was lent. `LedgerUnavailable` from every method when the database does not answer."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def put(self, made: Broken, notices: Sequence[Notice] = ()) -> None:
        """Keep a new one, with the notices that tell of it."""
        with reachable():
            async with writing(self._engine, made.tenant) as connection:
                await connection.execute(insert(break_glass).values(_row(made)))
                await insert_notices(connection, notices)

    async def get(self, tenant: str, glass_id: str) -> Broken | None:
        mine = (break_glass.c.tenant == tenant, break_glass.c.id == glass_id)
        found = await self._some(reading(self._engine, tenant), *mine, limit=1)
        return found[0] if found else None

    async def open(self, now_us: int) -> tuple[Broken, ...]:
        """All that are lent at this time, of every tenant."""
        every = reading(self._engine, None, across="break_glass")
        return await self._some(every, break_glass.c.until_us > now_us, limit=10_000)

    async def overdue(self, tenant: str, now_us: int) -> tuple[Broken, ...]:
        """A tenant's that nobody has reviewed, although it was due."""
        late = (break_glass.c.reviewed_us.is_(None), break_glass.c.due_us <= now_us)
        return await self._some(reading(self._engine, tenant), break_glass.c.tenant == tenant, *late, limit=10_000)

    async def newest(self, tenant: str, limit: int) -> tuple[Broken, ...]:
        """A tenant's, those that nobody has reviewed first, the newest of them first."""
        return await self._some(reading(self._engine, tenant), break_glass.c.tenant == tenant, limit=limit)

    async def change(self, was: Broken, becomes: Broken) -> bool:
        """Put a row in the place of the one that was read; False, and nothing done, if that has changed meanwhile."""
        values = {name: value for name, value in _row(becomes).items() if name not in ("tenant", "id")}
        mine = (break_glass.c.tenant == was.tenant, break_glass.c.id == was.id, break_glass.c.version == was.version)
        with reachable():
            async with writing(self._engine, was.tenant) as connection:
                done = await connection.execute(
                    update(break_glass).where(*mine).values({**values, "version": was.version + 1})
                )
        return done.rowcount == 1

    async def _some(
        self, transaction: AbstractAsyncContextManager[AsyncConnection], *where: ColumnElement[bool], limit: int
    ) -> tuple[Broken, ...]:
        query = select(break_glass).where(*where)
        query = query.order_by(break_glass.c.reviewed_us.is_not(None), break_glass.c.opened_us.desc()).limit(limit)
        with reachable():
            async with transaction as connection:
                return tuple(_broken(row) for row in (await connection.execute(query)).all())


def _row(one: Broken) -> dict[str, object]:
    return {**msgspec.structs.asdict(one), "persons": msgspec.json.encode(one.persons).decode()}


def _broken(row: Row[tuple[object, ...]]) -> Broken:
    values = dict(row._mapping)
    try:
        return Broken(**{**values, "persons": msgspec.json.decode(row.persons, type=tuple[str, ...])})
    except (msgspec.MsgspecError, TypeError) as error:
        raise LedgerUnavailable("a row of broken glass cannot be read") from error
