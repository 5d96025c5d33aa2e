"""Where the database is, and connections to it for everything that is not the writers' hot path.

`Target` is the one reading of `[database]`: the same DSN goes to asyncpg directly (writers) and through SQLAlchemy, so
that what works for one (sockets, `sslmode`, password files) works for the other.
"""

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal, TypeVar
from urllib.parse import quote, unquote, urlsplit

import asyncpg
import msgspec
from sqlalchemy import URL, Connection, event
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.util import await_only

from gateway.core.errors import ConfigurationError
from gateway.settings import Settings, secret
from gateway.store import sqlite_connection
from gateway.store.pool import Pool
from gateway.store.walls import Across, within

T = TypeVar("T")

# What they say already: bytes are bytes, and None is NULL. Where nothing is said the driver asks each such value for a
# protocol of its own and catches the answer that there is none, which costs more than to bind it.
sqlite3.register_adapter(bytes, bytes)
sqlite3.register_adapter(type(None), {None: None}.__getitem__)

_PLANNED = "SELECT set_config('plan_cache_mode', 'force_generic_plan', true);"
"""On PostgreSQL, with a transaction's BEGIN: a statement's plan is made once for a connection, whatever it is told."""
BUSY_MS = 5_000
"""How long a SQLite connection waits for another's lock."""
CLOSE_S = 5.0
"""How long connections may take to be closed when a process ends."""
_log = logging.getLogger("gateway.store")


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """A database: for SQLite the file, for PostgreSQL the DSN and the role it serves as."""

    kind: Literal["sqlite", "postgresql"]
    path: Path = Path()
    dsn: str = ""
    owner_dsn: str | None = None
    role: str = ""


def target(settings: Settings) -> Target:
    """The database that the settings name; `ConfigurationError` for another kind or a URL that says too little."""
    url = _resolved(settings.database.url, settings)
    if url.startswith("sqlite:///"):
        if "?" in url or url == "sqlite:///" or ":memory:" in url:
            raise ConfigurationError("database.url must name a file: sqlite:///gateway.db")
        return Target(kind="sqlite", path=settings.path(url.removeprefix("sqlite:///")).resolve())
    if not url.startswith(("postgresql://", "postgres://")):
        raise ConfigurationError("database.url must start with sqlite:/// or postgresql://")
    owner = settings.database.owner_url
    owner_dsn = None if owner is None else _resolved(owner, settings)
    if owner_dsn is not None and not owner_dsn.startswith(("postgresql://", "postgres://")):
        raise ConfigurationError("database.owner_url must start with postgresql://")
    role = _user(url)
    if not role:
        raise ConfigurationError("database.url must name the role to serve as: postgresql://ROLE@host/database")
    return Target(kind="postgresql", dsn=url, owner_dsn=owner_dsn, role=role)


def open_engine(where: Target) -> AsyncEngine:
    """A pooled engine with the application's rights. Nothing is connected yet, and no SQLite file is ever created."""
    return sqlite_engine(where.path) if where.kind == "sqlite" else postgresql_engine(where.dsn)


def sqlite_engine(path: Path, *, mode: Literal["rw", "rwc", "ro"] = "rw") -> AsyncEngine:
    """An engine on a SQLite file, every connection with the pragmas that durability and waiting need."""
    uri = f"file:{quote(str(path))}?mode={mode}"
    # The connection used last is used next: each has a page cache and a thread whose memory is never given back, and
    # where they take turns all of them fill up.
    engine = create_async_engine(URL.create("sqlite+aiosqlite", database=str(path)), poolclass=Pool, pool_use_lifo=True)

    def connected(*_: object) -> sqlite_connection.SqliteConnection:
        if mode != "rwc" and not path.is_file():
            raise sqlite3.OperationalError("there is no database file")
        return await_only(
            sqlite_connection.connect(uri, uri=True, isolation_level=None, timeout=BUSY_MS / 1000, factory=_Prepared)
        )

    event.listen(engine.sync_engine, "do_connect", connected)
    event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine


class _Prepared(sqlite3.Connection):
    """A connection with the pragmas that durability needs, which lets its lock go when it is closed."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        try:
            self.execute("PRAGMA synchronous = FULL").close()
            self.execute("PRAGMA secure_delete = ON").close()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """A transaction ends with it. By itself it does not where a statement of it is still held by somebody, the
        traceback of one who was cancelled: SQLite keeps such a connection, and its lock, until that is let go."""
        try:
            if self.in_transaction:
                self.rollback()
        finally:
            super().close()


class Walled(asyncpg.Connection):  # type: ignore[misc]  # the driver has no types
    """A connection whose next transaction begins within a wall (`walls.within`): said with its BEGIN, so that it costs
    no round trip and cannot be left out. Where nothing was said, a transaction sees nothing of any tenant."""

    within = ""

    async def execute(self, query: str, *args: Any, **options: Any) -> Any:
        if not self.within or not query.startswith("BEGIN"):
            return await super().execute(query, *args, **options)
        query, self.within = f"{query} {self.within}", ""
        try:
            return await super().execute(query, *args, **options)
        except BaseException:
            self.terminate()  # it may stand in a transaction that nobody knows of
            raise


def postgresql_engine(dsn: str) -> AsyncEngine:
    """An engine on PostgreSQL; the DSN is read by asyncpg alone."""

    async def connect(**_: object) -> Any:
        settings = {"application_name": "gateway"}
        return await asyncpg.connect(dsn, timeout=10, server_settings=settings, connection_class=Walled)

    engine = create_async_engine("postgresql+asyncpg://", poolclass=Pool, async_creator=connect)
    event.listen(engine.sync_engine, "checkout", _answers)
    event.listen(engine.sync_engine, "begin", _begin_postgresql)
    return engine


async def let_go(engine: AsyncEngine, within_s: float = CLOSE_S) -> None:
    """Close an engine's connections. A server that does not answer is told nothing after `within_s` seconds: to close
    one in order is to wait for it, and it may never answer."""
    try:
        async with asyncio.timeout(within_s):
            await engine.dispose()
    except TimeoutError:
        _log.error("the database did not answer while its connections were closed: they are let go of as they are")


@asynccontextmanager
async def reading(
    engine: AsyncEngine,
    tenant: str | None,
    *,
    across: Across | None = None,
    prefix: str | None = None,
    planned: bool = False,
) -> AsyncIterator[AsyncConnection]:
    """A transaction that reads a tenant's rows: `tenant` is what stands in their column of that name. None: rows of
    tables without tenants, and of those with one only what `walls` lists: with `across` all of that table, with
    `prefix` the API key that has it. `planned`: for statements that go by their keys whatever they are told, since a
    plan of its own for each that is told otherwise costs more than to carry it out."""
    async with engine.connect() as connection:
        said = within(tenant, across=across, prefix=prefix) + (_PLANNED if planned else "")
        _ = await connection.execution_options(gateway_within=said)
        yield connection


@asynccontextmanager
async def writing(
    engine: AsyncEngine, tenant: str | None, *, across: Across | None = None
) -> AsyncIterator[AsyncConnection]:
    """A transaction that will write a tenant's rows (None: of tables without tenants): commits at the end, rolls back
    on an exception.

    On SQLite it takes the write lock at once: a transaction that reads first and writes later fails without waiting
    when another has written in between (SQLITE_BUSY_SNAPSHOT).
    """
    async with engine.connect() as connection:
        _ = await connection.execution_options(gateway_writes=True, gateway_within=within(tenant, across=across))
        async with connection.begin():
            yield connection


async def at_once(engine: AsyncEngine, tenant: str | None, read: Callable[[Connection], T]) -> T:
    """What `read` makes of a tenant's rows (`reading`, `planned`) in one transaction, by statements that follow each
    other.

    On SQLite all of it, the end of the transaction too, is one trip to the connection's thread: `read` waits for
    nothing but its statements, writes nothing, and touches nothing that is the loop's."""
    async with reading(engine, tenant, planned=True) as connection:
        return await connection.run_sync(_at_once, read)


def _at_once(connection: Connection, read: Callable[[Connection], T]) -> T:
    adapted: Any = connection.connection.dbapi_connection
    if not isinstance(adapted, sqlite_connection.SqliteConnection):
        return read(connection)

    def whole() -> T:
        try:
            return read(connection)
        finally:
            connection.rollback()

    try:
        return adapted.whole(whole)
    finally:
        if adapted.closed:
            connection.invalidate()  # the pool makes another


def _begin_sqlite(connection: Connection) -> None:
    # The driver is in autocommit (isolation_level None), so that BEGIN stands where it is written, DDL included.
    options = connection.get_execution_options()
    if options.get("gateway_bare", False):
        return  # what is to run in no transaction
    if options.get("gateway_writes", False):
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        adapted: Any = connection.connection.dbapi_connection
        adapted.begin()


def _answers(adapted: Any, *_: object) -> None:
    """Ask a connection of the pool whether its server is there, before it is given out; where it is not, the pool lets
    go of all it has and makes another. In one trip: the pool's own question is a transaction of three."""
    try:
        await_only(adapted.driver_connection.execute("SELECT 1"))
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
        raise InvalidatePoolError("the database did not answer") from error


def _begin_postgresql(connection: Connection) -> None:
    # Always, so that nothing is left of a transaction that was never begun.
    raw: Any = connection.connection.driver_connection
    raw.within = connection.get_execution_options().get("gateway_within", "")


def _resolved(url: str, settings: Settings) -> str:
    return secret(url, settings.base) if url.startswith(("env:", "file:")) else url


def _user(url: str) -> str:
    try:
        parts = urlsplit(url)
        _ = parts.port  # read, and found wrong, only now
    except ValueError as error:
        raise ConfigurationError(
            "database.url is not a URL of the form postgresql://ROLE@HOST:PORT/DATABASE"
        ) from error
    return unquote(parts.username or "")
