"""Migrations: alembic, on both databases, from the source tree or from what the wheel carries.

On PostgreSQL they run as the owner (`database.owner_url`), who is not the role that serves: an owner can undo every
rule that keeps records from being changed.
"""

import asyncio
import sqlite3
from contextlib import closing
from functools import cache
from pathlib import Path

from sqlalchemy import Connection, func, inspect, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine

import gateway
from gateway.core.errors import ConfigurationError
from gateway.core.ids import SYSTEM
from gateway.settings import Settings
from gateway.store.api_keys import seal_all, sealing
from gateway.store.engine import BUSY_MS, open_engine, postgresql_engine, reading, sqlite_engine, target, writing
from gateway.store.grants import grant
from gateway.store.keyring import open_keyring
from gateway.store.node import claim_all, demand_no_server
from gateway.store.sql import why
from gateway.store.tables import api_key
from gateway.store.walls import raise_walls

# Any fixed number will do, as long as it is this one everywhere: two upgrades at once must take turns.
_LOCK = 0x6761746577617931
_SEALED = "0036"
"""From here on rows of API keys are sealed."""


def migrations() -> Path:
    """The directory of the migrations; `ConfigurationError` when neither a source tree nor a wheel has one."""
    package = Path(gateway.__file__).parent
    for place in (package / "_shipped" / "migrations", package.parent / "migrations"):
        if (place / "env.py").is_file():
            return place
    raise ConfigurationError("the migrations are missing from this installation")


@cache
def head() -> str:
    """The newest revision that this code knows. A file of a revision begins with its number, and they are in order: a
    server that starts need not read them all in."""
    known = sorted(path.name.partition("_")[0] for path in (migrations() / "versions").glob("[0-9]*_*.py"))
    if not known:
        raise ConfigurationError("the migrations are missing from this installation")
    return known[-1]


async def upgrade(settings: Settings) -> str:
    """Bring the database to the newest revision, in one transaction, and renew grants and walls. Returns the revision.

    A crash at any instant leaves the schema as it was or as it will be. Running it again changes nothing. A database
    of a newer version of this program is refused with `ConfigurationError`, and so is one to be changed that a node
    serves from: the node was written for what the database was.
    """
    where = target(settings)
    if where.kind == "sqlite":
        await _upgrade_sqlite(where.path, settings)
    else:
        if where.owner_dsn is None:
            raise ConfigurationError("database.owner_url must name the owner, who alone may migrate")
        engine = postgresql_engine(where.owner_dsn)
        try:
            async with engine.begin() as connection:
                await connection.run_sync(_upgrade_postgresql, where.role, settings)
        finally:
            await engine.dispose()
    return head()


async def current(settings: Settings) -> str | None:
    """The database's revision, None when it has none yet (or, for SQLite, when there is no file)."""
    where = target(settings)
    if where.kind == "sqlite" and not where.path.exists():
        return None
    engine = open_engine(where)
    try:
        return await revision(engine)
    finally:
        await engine.dispose()


async def revision(engine: AsyncEngine) -> str | None:
    """The revision of the database behind an engine."""
    async with reading(engine, None) as connection:
        return await connection.run_sync(_revision)


async def demand_current(engine: AsyncEngine) -> None:
    """`ConfigurationError` unless the database is at exactly the revision that this code was written for."""
    found, wanted = await revision(engine), head()
    if found is not None and found > wanted:  # of four digits each, in order
        raise ConfigurationError(
            f"the database is at revision {found}, which this version does not know: take a newer one"
        )
    if found != wanted:
        state = "has no tables yet" if found is None else f"is at revision {found}, not {wanted}"
        raise ConfigurationError(f"the database {state}: run `gateway migrate`")


async def _upgrade_sqlite(path: Path, settings: Settings) -> None:
    await asyncio.to_thread(_create, path)
    engine = sqlite_engine(path)
    try:
        async with writing(engine, None) as connection:
            await connection.run_sync(_run, settings)
    except OperationalError as error:
        told = why(error) or "another process holds its lock, or it is not such a file"
        raise ConfigurationError(f"the database file cannot be written: {told}") from error
    finally:
        await engine.dispose()


def _create(path: Path) -> None:
    """An empty database in WAL mode (which lasts), readable by its owner alone: SQLite would follow the umask."""
    try:
        path.touch(mode=0o600, exist_ok=True)
        with closing(sqlite3.connect(path, timeout=BUSY_MS / 1000)) as connection:
            mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    except (OSError, sqlite3.Error) as error:
        told = why(error)
        asked = "database.url must name a SQLite file that can be created and written"
        raise ConfigurationError(asked if told is None else f"{asked}: {told}") from error
    if mode != ("wal",):
        raise ConfigurationError("database.url must name a file on a local disk: its file system allows no WAL")


def _upgrade_postgresql(connection: Connection, role: str, settings: Settings) -> None:
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    _run(connection, settings)
    grant(connection, role)
    _let_archive(connection, role, settings.archive.least_days(settings.tenants))
    raise_walls(connection, role)


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    # As alembic keeps it: no row once everything is downgraded.
    found = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return None if found is None else str(found)


def _let_archive(connection: Connection, role: str, days: int | None) -> None:
    """Records that lie in an archive leave by a function of the owner's (migration 0028), which lets nothing go that is
    younger than what the owner's configuration says today: who serves cannot change that."""
    quote = connection.dialect.identifier_preparer.quote
    connection.exec_driver_sql(
        "CREATE OR REPLACE FUNCTION gateway_archive_days() RETURNS integer LANGUAGE sql IMMUTABLE AS "
        f"$$ SELECT {'NULL' if days is None else int(days)}::integer $$"
    )
    connection.exec_driver_sql(f"GRANT EXECUTE ON FUNCTION gateway_remove_archived() TO {quote(role)}")


def _run(connection: Connection, settings: Settings) -> None:
    # Read in by who migrates alone: it is a tenth of the time that a start of the server takes.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    found = _revision(connection)
    known = {script.revision for script in ScriptDirectory(str(migrations())).walk_revisions()}
    if found is not None and found not in known:
        raise ConfigurationError(f"the database is at revision {found}, which this version does not know: upgrade it")
    config = Config()
    config.set_main_option("script_location", str(migrations()).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    if found not in (None, head()):
        if connection.dialect.name == "sqlite":
            demand_no_server(target(settings).path)
        else:
            claim_all(connection)
    command.upgrade(config, "head")
    if found is not None and found < _SEALED:
        _seal_keys(connection, settings)


def _seal_keys(connection: Connection, settings: Settings) -> None:
    """Once, in the transaction of migration 0036: rows that are put in later have no seal, and never get one here."""
    if not connection.scalar(select(func.count()).select_from(api_key)):
        return
    keyring = open_keyring(settings)
    try:
        seal_all(connection, sealing(keyring.search_key(SYSTEM)))
    finally:
        keyring.close()
