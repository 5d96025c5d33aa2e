"""Bundles of periods as the database knows them: one row for each schedule, tenant and period, never two.

The row of a period is there before the period is over, so that whoever lives later finds what nobody made. Every change
demands the `version` that it was decided on: of two who do the same, one does. What a reviewer is told of is changed in
the transaction of the record that says so.
"""

from collections.abc import Mapping, Sequence

import msgspec
from sqlalchemy import ColumnElement, Row, and_, func, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.ledger.entry import Column, RowChange
from gateway.store.engine import reading, writing
from gateway.store.sql import insert_new, reachable
from gateway.store.tables import scheduled_bundle

WAITING, DUE, DELIVERED, FAILED, MISSED = "waiting", "due", "delivered", "failed", "missed"
OPEN = (WAITING, DUE)
MAX_LISTED = 500


class Scheduled(msgspec.Struct, frozen=True, kw_only=True):
    """One period of one schedule. `tenant` is the ledger's id; times are microseconds since the epoch.

    It is `waiting` until the period is over, then `due` until its bundle is `delivered`, `failed` where that was given
    up, `missed` where it was over for too long when somebody came.
    """

    tenant: str
    schedule: str
    """The schedule's configured id."""
    period: str
    """As `core.periods` names it."""
    every: str
    since_us: int
    until_us: int
    state: str = WAITING
    version: int = 0
    bundle: str | None = None
    """The id of the bundle that is made of it."""
    builds: int = 0
    """Bundles that were asked for."""
    tries: int = 0
    """Times that it came to nothing."""
    next_us: int = 0
    """Not before then it is tried (again)."""
    code: str | None = None
    """Why it came to nothing the last time."""
    told: int = 0
    """1 where that it does is on record."""
    ended_us: int | None = None
    digest: str | None = None
    """SHA-256 of what was delivered, in hex."""


class ScheduledStore:
    """Periods of all ledgers. `LedgerUnavailable` from every method when the database does not answer."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def add(self, one: Scheduled) -> bool:
        """A period that waits to be over; False where it is there already."""
        # A crash before the commit: whoever looks next adds it. After it: it is there.
        values = msgspec.structs.asdict(one)
        with reachable():
            async with writing(self._engine, one.tenant) as connection:
                done = await connection.execute(insert_new(self._engine, scheduled_bundle).values(**values))
        return done.rowcount == 1

    async def get(self, tenant: str, schedule: str, period: str) -> Scheduled | None:
        mine = scheduled_bundle.c
        found = await self._some(tenant, mine.schedule == schedule, mine.period == period, limit=1)
        return found[0] if found else None

    async def open(self, tenant: str, schedule: str, every: str) -> Sequence[Scheduled]:
        """Those of a schedule that are not over, the oldest first."""
        mine = scheduled_bundle.c
        found = await self._some(tenant, mine.schedule == schedule, mine.every == every, mine.state.in_(OPEN))
        return found[::-1]

    async def latest(self, tenant: str, schedule: str, every: str, now_us: int) -> Scheduled | None:
        """The newest that has begun by now."""
        mine = scheduled_bundle.c
        begun = (mine.schedule == schedule, mine.every == every, mine.since_us <= now_us)
        found = await self._some(tenant, *begun, limit=1)
        return found[0] if found else None

    async def newest(self, tenant: str, limit: int = MAX_LISTED) -> Sequence[Scheduled]:
        """A tenant's, of every schedule that ever was, the newest period first."""
        return await self._some(tenant, limit=limit)

    async def succeeded(self, tenant: str, schedule: str) -> int | None:
        """When a bundle of this schedule was delivered last."""
        mine = scheduled_bundle.c
        query = select(func.max(mine.ended_us)).where(
            mine.tenant == tenant, mine.schedule == schedule, mine.state == DELIVERED
        )
        with reachable():
            async with reading(self._engine, tenant) as connection:
                found = await connection.scalar(query)
        return None if found is None else int(found)

    async def change(self, one: Scheduled, **values: Column) -> Scheduled | None:
        """Other values of a row that is as it is known here; None where it is not any more."""
        later: dict[str, Column] = {**values, "version": one.version + 1}
        with reachable():
            async with writing(self._engine, one.tenant) as connection:
                done = await connection.execute(update(scheduled_bundle).where(_mine(one)).values(later))
        return msgspec.structs.replace(one, **later) if done.rowcount == 1 else None

    async def _some(self, tenant: str, *where: ColumnElement[bool], limit: int = MAX_LISTED) -> list[Scheduled]:
        query = select(scheduled_bundle).where(scheduled_bundle.c.tenant == tenant, *where)
        order = (scheduled_bundle.c.until_us.desc(), scheduled_bundle.c.schedule)
        with reachable():
            async with reading(self._engine, tenant) as connection:
                return [_row(row) for row in (await connection.execute(query.order_by(*order).limit(limit))).all()]


def changed(one: Scheduled, values: Mapping[str, Column], beside: tuple[RowChange, ...] = ()) -> RowChange:
    """Other values of a row, in the transaction of the record that says so; `beside` follows only with it."""
    return RowChange(
        table="scheduled_bundle",
        values={**values, "version": one.version + 1},
        where={"schedule": one.schedule, "period": one.period, "version": one.version},
        beside=beside,
    )


def _mine(one: Scheduled) -> ColumnElement[bool]:
    own = scheduled_bundle.c
    return and_(
        own.tenant == one.tenant,
        own.schedule == one.schedule,
        own.period == one.period,
        own.version == one.version,
    )


def _row(row: Row[tuple[object, ...]]) -> Scheduled:
    return Scheduled(**dict(row._mapping))
