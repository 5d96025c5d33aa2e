"""What an emergency has learned and must not be forgotten by: data classes that stick to sessions and to callers.

Both are written over what the database has by then as any node would write them: a session only grows, of two ends the
later holds. So it may be done again after a crash, and needs no record: the emergency's own say what happened.
"""

from collections import defaultdict
from typing import Any

from sqlalchemy import Table, select
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.ledger.entry import SessionGrowth
from gateway.store import sticking as stuck
from gateway.store.engine import reading
from gateway.store.sessions import SessionStore
from gateway.store.sql import reachable
from gateway.store.tables import session, sticking


async def carry(emergency: AsyncEngine, main: AsyncEngine) -> None:
    """From the database of an emergency to the main one. `LedgerUnavailable` where either is away."""
    for tenant, rows in (await _rows(emergency, session)).items():
        await SessionStore(main, b"").put(tenant, [_growth(row) for row in rows])
    for tenant, rows in (await _rows(emergency, sticking)).items():
        await stuck.put(main, tenant, rows)


async def _rows(emergency: AsyncEngine, table: Table) -> dict[str, list[dict[str, Any]]]:
    """All rows of a table by tenant: on SQLite no wall stands before them."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    with reachable():
        async with reading(emergency, None) as connection:
            for row in await connection.execute(select(table)):
                found[row.tenant].append(dict(row._mapping))
    return found


def _growth(row: dict[str, Any]) -> SessionGrowth:
    names = ("key", "id", "actor", "principal", "agent", "zone", "seen_us", "expires_us")
    return SessionGrowth(
        **{name: row[name] for name in names}, sent=tuple(row["sent"].split()), said=tuple(row["said"].split())
    )
