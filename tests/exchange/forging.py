"""What a database administrator writes: any row, past the database's own rules, which stand again afterwards."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.store.engine import Target
from tests.store.ledger_kit import changing


@asynccontextmanager
async def forging(where: Target) -> AsyncIterator[AsyncConnection]:
    """A connection past the rules of the head and of what is only added to."""
    async with changing(where) as connection:
        again = await (_sqlite(connection) if where.kind == "sqlite" else _postgresql(connection))
        yield connection
        for statement in again:
            await connection.execute(text(statement))


async def _sqlite(connection: AsyncConnection) -> list[str]:
    found = (await connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"))).all()
    for name, _ in found:
        await connection.execute(text(f"DROP TRIGGER {name}"))
    return [str(sql).replace(":", "\\:") for _, sql in found]


async def _postgresql(connection: AsyncConnection) -> list[str]:
    query = "SELECT c.relname, t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE NOT t.tgisinternal"
    found = (await connection.execute(text(query))).all()
    for table, name in found:
        await connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER {name}"))
    return [f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}" for table, name in found]


async def head(connection: AsyncConnection, ledger: str, digest: str) -> None:
    """The head of a ledger, and its history, name a policy."""
    values = {"ledger": ledger, "digest": digest}
    await connection.execute(text("UPDATE head SET policy = :digest WHERE tenant = :ledger"), values)
    await connection.execute(
        text(
            "INSERT INTO policy_active (tenant, seq, digest, activated_at) "
            "SELECT tenant, size - 1, :digest, recorded_at FROM head WHERE tenant = :ledger "
            "ON CONFLICT (tenant, seq) DO UPDATE SET digest = excluded.digest"
        ),
        values,
    )


async def row(connection: AsyncConnection, proposal_id: str) -> dict[str, Any]:
    """A row of the table of proposals."""
    query = text("SELECT * FROM policy_proposal WHERE id = :id")
    return dict((await connection.execute(query, {"id": proposal_id})).mappings().one())


async def put(connection: AsyncConnection, values: dict[str, Any]) -> None:
    """A row into the table of proposals, over one of its id."""
    await connection.execute(text("DELETE FROM policy_proposal WHERE id = :id"), {"id": values["id"]})
    names = ", ".join(values)
    places = ", ".join(f":{name}" for name in values)
    await connection.execute(text(f"INSERT INTO policy_proposal ({names}) VALUES ({places})"), values)


async def change(connection: AsyncConnection, proposal_id: str, **values: Any) -> None:
    """Other values in a row of a proposal; `terms` by its fields."""
    found = await row(connection, proposal_id)
    terms = {**msgspec.json.decode(found["terms"]), **values.pop("terms", {})}
    await put(connection, {**found, **values, "terms": msgspec.json.encode(terms).decode()})
