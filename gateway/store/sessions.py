"""Sessions as the database knows them: looked up each time, grown by the writers with the records they belong to.

Nothing is remembered here. Another node may have grown a session since it was last read, and what it may hold decides
where the next message goes; the lookup is one indexed select, and only messages that name a session pay for it.
"""

import hmac
from collections.abc import Sequence

import msgspec
from sqlalchemy import bindparam, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.ledger.entry import SessionGrowth
from gateway.store.batch import SESSION_UPSERT, session_row
from gateway.store.engine import reading, writing
from gateway.store.sql import reachable
from gateway.store.tables import session

_COLUMNS = tuple(column.name for column in session.columns)
_PUT = text(
    f"INSERT INTO session ({', '.join(_COLUMNS)}) VALUES ({', '.join(f':{name}' for name in _COLUMNS)}) "  # noqa: S608
    f"{SESSION_UPSERT}"
).bindparams(*(bindparam(name, type_=session.c[name].type) for name in _COLUMNS))


class StoredSession(msgspec.Struct, frozen=True, kw_only=True):
    """A session as it is stored; fields as in `ledger.entry.SessionGrowth`. `tenant` is the ledger's id."""

    tenant: str
    key: bytes
    id: str
    actor: str
    principal: bytes
    agent: str
    zone: str
    sent: frozenset[str]
    said: frozenset[str]
    expires_us: int


class SessionStore:
    """Finds sessions. `secret`: 32 bytes that are the same on every node; with them names become keys.

    A key is HMAC-SHA256(secret, `session` ‖ 0x00 ‖ name), the same for all tenants: an agent that serves two of them
    knows only its own id, and one tenant's must not be continued by the other.
    """

    def __init__(self, engine: AsyncEngine, secret: bytes) -> None:
        self._engine, self._secret = engine, secret

    def key(self, name: str) -> bytes:
        """The key of a session's name (`kind:id`)."""
        return hmac.digest(self._secret, b"session\0" + name.encode("utf-8", "surrogatepass"), "sha256")

    def principal(self, chain: tuple[str, ...]) -> bytes:
        """What stands for whom a caller acts for; empty where it acts for itself. Lengths keep the names apart."""
        if not chain:
            return b""
        encoded = [one.encode("utf-8", "surrogatepass") for one in chain]
        joined = b"".join(len(one).to_bytes(4) + one for one in encoded)
        return hmac.digest(self._secret, b"principal\0" + joined, "sha256")

    async def find(self, keys: Sequence[bytes]) -> dict[bytes, StoredSession]:
        """Those that are there, expired ones too. `LedgerUnavailable` when the database does not answer."""
        with reachable():
            async with reading(self._engine, None, across="session") as connection:
                rows = (await connection.execute(select(session).where(session.c.key.in_(keys)))).all()
        return {
            bytes(row.key): StoredSession(
                tenant=row.tenant,
                key=bytes(row.key),
                id=row.id,
                actor=row.actor,
                principal=bytes(row.principal),
                agent=row.agent,
                zone=row.zone,
                sent=frozenset(row.sent.split()),
                said=frozenset(row.said.split()),
                expires_us=row.expires_us,
            )
            for row in rows
        }

    async def put(self, tenant: str, growths: Sequence[SessionGrowth]) -> None:
        """Make sessions durable without a record, for a name that becomes known before its exchange's outcome is.

        A crash before the commit: nobody was told the name. After: it is known here, whether anybody was told or not.
        """
        rows = [dict(zip(_COLUMNS, session_row(growth, tenant), strict=True)) for growth in growths]
        with reachable():
            async with writing(self._engine, tenant, across="session") as connection:
                await connection.execute(_PUT, rows)
