"""Emergency ledgers as the database knows them: by which key each is known, and what file it came to lie in.

A row comes with the record that names the key (`emergency.prepared`), and is changed once, with the record that names
the file (`emergency.stitched`): the database itself refuses any other change (migration 0030).
"""

from typing import Any

import msgspec
from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.ledger.entry import RowChange
from gateway.store.engine import reading
from gateway.store.sql import reachable
from gateway.store.tables import emergency

STANDING, STITCHED = "standing", "stitched"


class Emergency(msgspec.Struct, frozen=True, kw_only=True):
    """One emergency ledger. What is None is known once it was stitched."""

    id: str
    node: str
    """The node that may write it."""
    state: str
    origin: str
    vkey: str
    prepared_us: int
    began_us: int | None = None
    """When it began to take records."""
    ended_us: int | None = None
    records: int | None = None
    archive: str | None = None
    digest: str | None = None
    """`sha256:` and 64 hex digits of its file."""
    bytes: int | None = None
    """Of its file."""


class EmergencyStore:
    """Emergency ledgers of all nodes. `LedgerUnavailable` when the database does not answer."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def all(self, ledger: str) -> tuple[Emergency, ...]:
        """Those that belong to a ledger, in the order in which they were prepared."""
        return await self._some(ledger, _of(ledger))

    async def of_node(self, ledger: str, node: str) -> tuple[Emergency, ...]:
        """The same, of one node."""
        return await self._some(ledger, _of(ledger).where(emergency.c.node == node))

    async def _some(self, ledger: str, query: Select[Any]) -> tuple[Emergency, ...]:
        with reachable():
            async with reading(self._engine, ledger) as connection:
                rows = (await connection.execute(query)).all()
        names = Emergency.__struct_fields__
        return tuple(Emergency(**{name: getattr(row, name) for name in names}) for row in rows)


def prepared(one: Emergency) -> RowChange:
    """The row of a new one, for the transaction of the record that names its key."""
    names = ("id", "node", "state", "origin", "vkey", "prepared_us")
    return RowChange(table="emergency", values={name: getattr(one, name) for name in names})


def stitched(one: Emergency) -> RowChange:
    """That it lies in a file, for the transaction of the record that says so; takes hold of nothing the second time."""
    names = ("state", "began_us", "ended_us", "records", "archive", "digest", "bytes")
    return RowChange(
        table="emergency",
        values={name: getattr(one, name) for name in names},
        where={"id": one.id, "state": STANDING},
    )


def _of(ledger: str) -> Select[Any]:
    mine = emergency.c.tenant == ledger
    return select(emergency).where(mine).order_by(emergency.c.prepared_us, emergency.c.id)
