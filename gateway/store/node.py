"""Who serves: a node's claim to its id, and its lease, by which others see that it lives.

The claim keeps two processes from serving under one node id at once: the second would take the first one's exchanges
for those of a former boot, and close them. It ends with the process, whatever way that ends: on SQLite a lock on a file
beside the database (one file, one serving process), on PostgreSQL a session's advisory lock.
"""

import fcntl
import os
from hashlib import sha256
from pathlib import Path

import asyncpg
from sqlalchemy import Connection, delete, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.core.errors import ConfigurationError, LedgerUnavailable
from gateway.core.ports import Clock
from gateway.ledger.record import NodeInfo
from gateway.store import tables
from gateway.store.engine import Target, reading, writing

LEASE_S = 30.0
FAR_US = 600 * 1_000_000
"""An end further away than this was set by a clock that has jumped: it says nothing of who lives."""


class Claim:
    """The claim of one node id, held from `take` until `release` or the end of the process."""

    def __init__(self, where: Target, node: NodeInfo, wait_s: float = 5.0) -> None:
        """`wait_s`: how long PostgreSQL may take to notice that a predecessor's connection is gone."""
        self._where, self._node, self._wait_s = where, node, wait_s
        self._file: int | None = None
        self._connection: asyncpg.Connection | None = None

    async def take(self) -> None:
        """`ConfigurationError` if another process serves; `LedgerUnavailable` if the database cannot be asked."""
        if self._where.kind == "sqlite":
            self._lock_file(Path(f"{self._where.path}.serving"))
        else:
            await self._lock_session()

    async def held(self) -> bool:
        """Whether the claim still stands, taken anew if its connection was lost; False while another holds it or the
        database is gone."""
        if self._where.kind == "sqlite":
            return self._file is not None
        if self._connection is not None and not self._connection.is_closed():
            return True
        try:
            await self._lock_session()
        except (ConfigurationError, LedgerUnavailable):
            return False
        return True

    async def release(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None

    def _lock_file(self, path: Path) -> None:
        try:
            file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise LedgerUnavailable("the directory of the database cannot be written") from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(file)
            raise ConfigurationError(
                "another process serves from this database file: SQLite has room for one"
            ) from error
        self._file = file

    async def _lock_session(self) -> None:
        try:
            settings = {"application_name": "gateway node", "lock_timeout": f"{max(1, round(self._wait_s * 1000))}ms"}
            connection = await asyncpg.connect(self._where.dsn, timeout=5, server_settings=settings)
            try:
                await connection.execute(
                    "SELECT pg_advisory_lock($1)", _lock_of(self._node.id), timeout=self._wait_s + 5
                )
            except BaseException:
                connection.terminate()
                raise
        except asyncpg.LockNotAvailableError as error:
            raise ConfigurationError(
                "another process serves under this node's id: each needs one of its own"
            ) from error
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
            raise LedgerUnavailable(f"PostgreSQL could not be asked: {type(error).__name__}") from error
        self._connection = connection


def claim_all(connection: Connection, wait_s: float = 5.0) -> None:
    """On PostgreSQL: take the claims of all nodes that are registered, until the transaction ends, so that none serves
    and none begins to. `ConfigurationError` if one serves; `wait_s` as of `Claim`."""
    connection.execute(text(f"SET LOCAL lock_timeout = {max(1, round(wait_s * 1000))}"))
    for node in connection.scalars(select(tables.node.c.id)).all():
        try:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _lock_of(node)})
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) != asyncpg.LockNotAvailableError.sqlstate:
                raise
            raise ConfigurationError(
                f"a node serves from this database ({node}): stop all nodes first, and migrate then"
            ) from error
    connection.execute(text("SET LOCAL lock_timeout TO DEFAULT"))


def demand_no_server(path: Path) -> None:
    """On SQLite: `ConfigurationError` if a process serves from this file."""
    try:
        file = os.open(f"{path}.serving", os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:  # none ever did
        return
    except OSError as error:
        raise LedgerUnavailable("the lock of the database's file cannot be read") from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise ConfigurationError("a process serves from this database file: stop it first, and migrate then") from error
    finally:
        os.close(file)


def _lock_of(node: str) -> int:
    """The number of the advisory lock that is a node's claim on PostgreSQL."""
    return int.from_bytes(sha256(b"gateway node " + node.encode()).digest()[:8], signed=True)


async def register(engine: AsyncEngine, node: NodeInfo, clock: Clock, lease_s: float = LEASE_S) -> None:
    """Enter this boot of the node, with its first lease. The claim must be held."""
    now = clock.now_us()
    row = {"boot": node.boot, "started_at": now, "lease_until": now + round(lease_s * 1e6)}
    async with writing(engine, None) as connection:
        changed = await connection.execute(update(tables.node).where(tables.node.c.id == node.id).values(**row))
        if changed.rowcount == 0:
            await connection.execute(tables.node.insert().values(id=node.id, **row))


async def renew_lease(engine: AsyncEngine, node: NodeInfo, clock: Clock, lease_s: float = LEASE_S) -> bool:
    """Prolong the lease; False if the row speaks of another boot, or is gone. Late is as good as in time: what others
    closed meanwhile stays closed, and our end of it is then recorded as late."""
    until = clock.now_us() + round(lease_s * 1e6)
    mine = (tables.node.c.id == node.id) & (tables.node.c.boot == node.boot)
    async with writing(engine, None) as connection:
        changed = await connection.execute(update(tables.node).where(mine).values(lease_until=until))
        return changed.rowcount == 1


async def retire(engine: AsyncEngine, node: NodeInfo) -> None:
    """Take the node off the list, so that what it may have left open is closed by whoever looks first."""
    mine = (tables.node.c.id == node.id) & (tables.node.c.boot == node.boot)
    async with writing(engine, None) as connection:
        await connection.execute(delete(tables.node).where(mine))


async def living(engine: AsyncEngine, clock: Clock) -> dict[str, str]:
    """Node id → boot, of every node whose lease has not expired."""
    now, until = clock.now_us(), tables.node.c.lease_until
    query = select(tables.node.c.id, tables.node.c.boot).where(until > now, until <= now + FAR_US)
    async with reading(engine, None) as connection:
        return {row.id: row.boot for row in await connection.execute(query)}
