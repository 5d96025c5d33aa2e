"""Open exchanges as the agents see them that call others: what sticks to such calls, what comes back of them.

The rows are those of the writers: they come with an exchange's intent and go with its end. Here they are read, and
grow. Nothing is remembered: another node may have grown a row since, and what it holds decides where a call may go.
Each growth is a statement of its own on one row, so that it never waits for a second one while a writer waits for the
first.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Select, Update, func, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.core.errors import LedgerUnavailable
from gateway.ledger.entry import Delegated
from gateway.store.batch import agent_mark, class_list, delegated_row
from gateway.store.engine import reading, writing
from gateway.store.sql import reachable
from gateway.store.tables import open_exchange

_Columns = open_exchange.c
_READ = (_Columns.tenant, _Columns.exchange, _Columns.classes, _Columns.learned, _Columns.context, _Columns.children)


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """What a call keeps of the exchange that it is made for; fields as in `ledger.entry.Delegated`."""

    trace: str
    purpose: str | None
    subjects: tuple[str, ...]
    chain: tuple[str, ...]
    persons: tuple[str, ...] = ()


class OpenExchange(msgspec.Struct, frozen=True, kw_only=True):
    """An open exchange of an agent that calls others. `tenant` is the ledger's id."""

    tenant: str
    id: str
    sent: frozenset[str]
    """Classes of what its agents were sent."""
    learned: frozenset[str]
    """Classes of what its agents were answered since."""
    context: Context
    children: int
    """Calls that were made for it, this one counted where it was entered."""


class OpenExchanges:
    """Finds and grows them. Every method raises `LedgerUnavailable` when the database does not answer."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def enter(self, tenant: str, exchange: str) -> OpenExchange | None:
        """Count a call in, and read what it carries: one statement, so that parallel calls are each counted. None for
        an exchange that is not open, or that no agent has which calls others.

        A crash after it leaves a call counted that was not made: the bound is reached earlier, never later.
        """
        statement = _of(tenant, exchange).values(children=func.coalesce(_Columns.children, 0) + 1)
        _, rows = await self._write(tenant, statement.returning(*_READ))
        return _open(rows[0]) if rows else None

    async def find(self, tenant: str, exchange: str) -> OpenExchange | None:
        """As `enter`, for what is no further call: nothing is counted."""
        mine = (_Columns.tenant == tenant, _Columns.exchange == exchange, _Columns.agents.is_not(None))
        with reachable():
            async with reading(self._engine, tenant) as connection:
                row = (await connection.execute(select(*_READ).where(*mine))).one_or_none()
        return None if row is None else _open(row)

    async def of_agent(self, agent: str) -> list[OpenExchange]:
        """All that this agent has open, in every tenant: it is one program, whoever it was told something by."""
        statement: Select[Any] = select(*_READ).where(_Columns.agents.contains(agent_mark(agent), autoescape=True))
        with reachable():
            async with reading(self._engine, None, across="open_exchange") as connection:
                rows = (await connection.execute(statement.order_by(_Columns.exchange))).all()
        return [_open(row) for row in rows]

    async def learned(self, tenant: str, exchange: str) -> frozenset[str]:
        """Classes of what the exchange's agents were answered so far. `LedgerUnavailable` for one that is not open any
        more: what it has learned is not known then."""
        statement = select(_Columns.learned).where(_Columns.tenant == tenant, _Columns.exchange == exchange)
        with reachable():
            async with reading(self._engine, tenant) as connection:
                row = (await connection.execute(statement)).one_or_none()
        if row is None:
            raise LedgerUnavailable("the exchange is not open any more")
        return frozenset((row.learned or "").split())

    async def learn(self, tenant: str, exchange: str, classes: frozenset[str]) -> None:
        """Its agents are about to be told something of these classes. A crash after it: it is stricter than it need
        be. One that has ended meanwhile learns nothing."""
        statement = _of(tenant, exchange).values(
            learned=func.coalesce(_Columns.learned, "") + class_list(sorted(classes))
        )
        await self._write(tenant, statement)

    async def extend(self, tenant: str, exchange: str, delegated: Delegated) -> None:
        """A further agent, which calls others, is about to get the message. A crash after it: it did not, and the
        exchange is about to be closed. `LedgerUnavailable` for one that is not open any more."""
        agents, classes, _, context, _ = delegated_row(delegated)
        statement = (
            update(open_exchange)
            .where(_Columns.tenant == tenant, _Columns.exchange == exchange)
            .values(
                agents=func.coalesce(_Columns.agents, "") + agents,
                classes=func.coalesce(_Columns.classes, "") + classes,
                learned=func.coalesce(_Columns.learned, ""),
                context=func.coalesce(_Columns.context, context),
            )
        )
        changed, _ = await self._write(tenant, statement)
        if changed != 1:
            raise LedgerUnavailable("the exchange is not open any more")

    async def _write(self, tenant: str, statement: Any) -> tuple[int, Sequence[Any]]:
        """One statement, committed: how many rows it changed, and those that it returns."""
        with reachable():
            async with writing(self._engine, tenant) as connection:
                result = await connection.execute(statement)
                return result.rowcount, result.all() if result.returns_rows else ()


def _of(tenant: str, exchange: str) -> Update:
    return update(open_exchange).where(
        _Columns.tenant == tenant, _Columns.exchange == exchange, _Columns.agents.is_not(None)
    )


def _open(row: Any) -> OpenExchange:
    try:
        context = msgspec.json.decode(row.context, type=Context)
    except msgspec.DecodeError as error:
        raise LedgerUnavailable("an open exchange cannot be read") from error
    return OpenExchange(
        tenant=row.tenant,
        id=row.exchange,
        sent=frozenset(row.classes.split()),
        learned=frozenset(row.learned.split()),
        context=context,
        children=row.children,
    )
