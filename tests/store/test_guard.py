"""What is refused to be served from, each refusal tried on a real database that has the fault."""

import asyncio
import sqlite3
from contextlib import closing

import asyncpg
import pytest
from sqlalchemy import event

from gateway.core.errors import ConfigurationError, LedgerUnavailable
from gateway.settings import Settings
from gateway.store.engine import open_engine, postgresql_engine, target
from gateway.store.guard import POSTGRES_TRIGGERS, SQLITE_TRIGGERS, guard
from tests.conftest import ManualClock
from tests.services import Postgres
from tests.store.ledger_kit import connected, writer_on


async def _guarded(settings: Settings) -> None:
    engine = open_engine(target(settings))
    try:
        await guard(engine)
    finally:
        await engine.dispose()


async def test_a_migrated_database_with_an_ordinary_role_is_accepted(database: Settings) -> None:
    await _guarded(database)


async def test_every_trigger_that_the_migration_made_is_demanded(sqlite_settings: Settings) -> None:
    with closing(sqlite3.connect(target(sqlite_settings).path)) as connection, connection:
        made = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")}
    connection.close()
    assert made == SQLITE_TRIGGERS


@pytest.mark.parametrize("trigger", sorted(SQLITE_TRIGGERS))
async def test_sqlite_without_one_of_its_rules_is_refused(sqlite_settings: Settings, trigger: str) -> None:
    with closing(sqlite3.connect(target(sqlite_settings).path)) as connection, connection:
        connection.execute(f"DROP TRIGGER {trigger}")
    connection.close()
    with pytest.raises(ConfigurationError, match=trigger):
        await _guarded(sqlite_settings)


async def test_sqlite_outside_wal_mode_is_refused(sqlite_settings: Settings) -> None:
    with closing(sqlite3.connect(target(sqlite_settings).path)) as connection, connection:
        connection.execute("PRAGMA journal_mode = DELETE")
    connection.close()
    with pytest.raises(ConfigurationError, match="WAL"):
        await _guarded(sqlite_settings)


@pytest.mark.parametrize("mode", ["OFF", "NORMAL"])
async def test_sqlite_with_synchronous_below_full_is_refused(sqlite_settings: Settings, mode: str) -> None:
    engine = open_engine(target(sqlite_settings))

    def weaken(connection: object, _: object) -> None:
        cursor = connection.cursor()  # type: ignore[attr-defined]
        cursor.execute(f"PRAGMA synchronous = {mode}")
        cursor.close()

    event.listen(engine.sync_engine, "connect", weaken)
    with pytest.raises(ConfigurationError, match="synchronous"):
        await guard(engine)
    await engine.dispose()


async def test_a_database_at_another_revision_is_refused(sqlite_settings: Settings) -> None:
    with closing(sqlite3.connect(target(sqlite_settings).path)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '0000'")
    connection.close()
    with pytest.raises(ConfigurationError, match="gateway migrate"):
        await _guarded(sqlite_settings)


async def _as_superuser(server: Postgres, settings: Settings, *statements: str) -> None:
    async with connected(server.superuser(target(settings).dsn)) as connection:
        for statement in statements:
            await connection.execute(statement)


@pytest.mark.postgres
async def test_serving_as_a_superuser_is_refused(postgres_server: Postgres, postgres_settings: Settings) -> None:
    engine = postgresql_engine(postgres_server.superuser(target(postgres_settings).dsn))
    with pytest.raises(ConfigurationError, match="superuser"):
        await guard(engine)
    await engine.dispose()


@pytest.mark.postgres
async def test_serving_as_the_owner_is_refused(postgres_settings: Settings) -> None:
    engine = postgresql_engine(target(postgres_settings).owner_dsn or "")
    with pytest.raises(ConfigurationError, match="owner"):
        await guard(engine)
    await engine.dispose()


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("grant", "match"),
    [
        ("GRANT {owner} TO {role}", "owner"),
        ("GRANT pg_write_all_data TO {role}", "predefined role"),
        ("GRANT pg_execute_server_program TO {role}", "predefined role"),
        ("ALTER ROLE {role} CREATEROLE", "CREATEROLE"),
        ("ALTER ROLE {role} REPLICATION", "REPLICATION"),
        ("ALTER ROLE {role} BYPASSRLS", "BYPASSRLS"),
        ("CREATE ROLE {role}_past BYPASSRLS; GRANT {role}_past TO {role}", "BYPASSRLS"),
        ("ALTER TABLE detail DISABLE ROW LEVEL SECURITY", "detail"),
        ("DROP POLICY gateway_tenant ON head", r"head\.gateway_tenant"),
        ("ALTER POLICY gateway_across ON task TO {owner}", r"task\.gateway_across"),
        ("CREATE POLICY all_of_it ON record FOR SELECT USING (true)", r"record\.all_of_it"),
        ("CREATE POLICY all_of_it ON task TO {role} USING (true)", r"task\.all_of_it"),
        ("GRANT CREATE ON SCHEMA public TO {role}", "CREATE"),
        ("GRANT UPDATE ON record TO {role}", "record"),
        ("GRANT DELETE ON record TO PUBLIC", "record"),
        ("GRANT TRUNCATE ON checkpoint TO {role}", "checkpoint"),
        ("GRANT DELETE ON head TO {role}", "head"),
        ("GRANT UPDATE ON sealed TO {role}", "sealed"),
        ("GRANT TRIGGER ON record TO {role}", "record"),
        ("ALTER ROLE {role} SET synchronous_commit = off", "synchronous_commit"),
    ],
)
async def test_a_role_that_may_more_than_it_should_is_refused(
    postgres_server: Postgres, postgres_settings: Settings, grant: str, match: str
) -> None:
    names = {"role": postgres_server.role, "owner": postgres_server.owner}
    undo = [
        "REVOKE {owner} FROM {role}",
        "REVOKE pg_write_all_data, pg_execute_server_program FROM {role}",
        "ALTER ROLE {role} NOCREATEROLE NOREPLICATION NOBYPASSRLS",
        "ALTER ROLE {role} RESET synchronous_commit",
        "DROP ROLE IF EXISTS {role}_past",
    ]
    await _as_superuser(postgres_server, postgres_settings, grant.format(**names))
    try:
        with pytest.raises(ConfigurationError, match=match):
            await _guarded(postgres_settings)
    finally:
        await _as_superuser(postgres_server, postgres_settings, *(line.format(**names) for line in undo))


@pytest.mark.postgres
@pytest.mark.parametrize("how", ["DISABLE TRIGGER", "ENABLE TRIGGER", "drop"])
async def test_postgresql_without_one_of_its_rules_is_refused(
    postgres_server: Postgres, postgres_settings: Settings, how: str
) -> None:
    for name in ("record_no_change", "head_grows"):
        table = name.partition("_")[0]
        statement = f"DROP TRIGGER {name} ON {table}" if how == "drop" else f"ALTER TABLE {table} {how} {name}"
        await _as_superuser(postgres_server, postgres_settings, statement)
        with pytest.raises(ConfigurationError, match=name):
            await _guarded(postgres_settings)


@pytest.mark.postgres
async def test_every_trigger_that_the_postgresql_migration_made_is_demanded(postgres_settings: Settings) -> None:
    async with connected(target(postgres_settings).dsn) as connection:
        made = {row[0] for row in await connection.fetch("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal")}
    assert made == POSTGRES_TRIGGERS


@pytest.mark.postgres
@pytest.mark.parametrize("name", ["fsync", "full_page_writes"])
async def test_a_server_that_would_lose_records_in_a_crash_is_refused(
    postgres_server: Postgres, postgres_settings: Settings, clock: ManualClock, name: str
) -> None:
    if not postgres_server.private:
        pytest.skip("the server is not the tests' own: its settings stay as they are")
    async with connected(postgres_server.superuser(target(postgres_settings).dsn)) as connection:
        await _set(connection, f"SET {name} = off", name, "off")
        try:
            with pytest.raises(ConfigurationError, match=name):
                await _guarded(postgres_settings)
            async with writer_on(postgres_settings, clock):
                pytest.fail("the writer started")
        except LedgerUnavailable:
            pass
        finally:
            await _set(connection, f"RESET {name}", name, "on")
    await _guarded(postgres_settings)


async def _set(connection: asyncpg.Connection, change: str, name: str, value: str) -> None:
    """Change a setting, and wait until new connections see it: they inherit it from the server's first process."""
    await connection.execute(f"ALTER SYSTEM {change}")
    await connection.execute("SELECT pg_reload_conf()")
    await _seen(connection, name, value)


async def _seen(connection: asyncpg.Connection, name: str, value: str) -> None:
    async with asyncio.timeout(20):
        while await connection.fetchval("SELECT current_setting($1)", name) != value:
            pass
