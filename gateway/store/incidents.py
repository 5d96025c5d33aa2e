"""Incidents in the database: what should not have left, until somebody has closed it.

Rows are added and changed in the transactions of the records that say the same; the records are the truth.
"""

import msgspec
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.ledger.entry import RowChange
from gateway.store.engine import reading
from gateway.store.sql import reachable
from gateway.store.tables import incident


class Incident(msgspec.Struct, frozen=True, kw_only=True):
    """One incident. `tenant` is the ledger's id, `id` that of the record that opened it; times as records have them."""

    tenant: str
    id: str
    exchange: str | None
    """Of what left."""
    agent: str | None
    zone: str | None
    opened_at: str
    version: int = 0
    closed_at: str | None = None
    closed_by: str | None = None
    """A pseudonym."""
    disposition: str | None = None


class IncidentStore:
    """Incidents of all ledgers. `LedgerUnavailable` from every method when the database does not answer."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def get(self, tenant: str, incident_id: str) -> Incident | None:
        found = await self._some(tenant, incident.c.id == incident_id, limit=1)
        return found[0] if found else None

    async def newest(self, tenant: str, limit: int, *, closed: bool) -> tuple[Incident, ...]:
        """A tenant's, the newest first: those that are open, or those that are closed."""
        state = incident.c.closed_at.is_not(None) if closed else incident.c.closed_at.is_(None)
        return await self._some(tenant, state, limit=limit)

    async def open(self, tenant: str) -> int:
        """How many of a tenant's are open."""
        query = select(func.count()).where(incident.c.tenant == tenant, incident.c.closed_at.is_(None))
        with reachable():
            async with reading(self._engine, tenant) as connection:
                return int(await connection.scalar(query) or 0)

    async def _some(self, tenant: str, *where: ColumnElement[bool], limit: int) -> tuple[Incident, ...]:
        query = select(incident).where(incident.c.tenant == tenant, *where)
        query = query.order_by(incident.c.opened_at.desc(), incident.c.id).limit(limit)
        with reachable():
            async with reading(self._engine, tenant) as connection:
                return tuple(Incident(**dict(row._mapping)) for row in (await connection.execute(query)).all())


def opened(one: Incident, beside: tuple[RowChange, ...] = ()) -> RowChange:
    """It is open, in the transaction of the record that says so; `beside`: the notices that tell of it."""
    values = msgspec.structs.asdict(one)
    del values["tenant"]
    return RowChange(table="incident", values=values, beside=beside)


def closed(one: Incident, at: str, by: str, disposition: str) -> RowChange:
    """Somebody has closed it. Takes hold of nothing where somebody else has."""
    return RowChange(
        table="incident",
        values={"closed_at": at, "closed_by": by, "disposition": disposition, "version": one.version + 1},
        where={"id": one.id, "version": one.version},
    )
