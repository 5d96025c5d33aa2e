"""Migrations: both databases arrive at the one definition, whole or not at all."""

import sqlite3
import stat
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from gateway.core.errors import ConfigurationError
from gateway.core.ids import SYSTEM
from gateway.ledger.record import NodeInfo
from gateway.settings import Settings, parse
from gateway.store import migrate
from gateway.store.api_keys import Administrator, ApiKeyStore, Grant, NewKey
from gateway.store.engine import open_engine, target, writing
from gateway.store.node import Claim, claim_all, register
from gateway.store.tables import metadata
from tests.services import Postgres
from tests.store.kit import SEAL, Store, opened
from tests.store.ledger_kit import connected


def _differences(connection: Connection) -> list[object]:
    return list(compare_metadata(MigrationContext.configure(connection), metadata))


async def test_the_migrated_database_is_exactly_the_defined_one(database: Settings) -> None:
    engine = open_engine(target(database))
    async with engine.connect() as connection:
        assert await connection.run_sync(_differences) == []
    await engine.dispose()


def test_files_are_named_for_their_revisions_in_order() -> None:
    scripts = ScriptDirectory(str(migrate.migrations()))
    assert migrate.head() == scripts.get_current_head()
    for script in scripts.walk_revisions():
        assert Path(script.path).name.partition("_")[0] == script.revision
        assert script.down_revision is None or str(script.down_revision) < script.revision


async def test_a_database_without_any_revision_is_known_as_such(sqlite_settings: Settings) -> None:
    engine = open_engine(target(sqlite_settings))
    async with writing(engine, None) as connection:
        await connection.execute(text("DELETE FROM alembic_version"))
    assert await migrate.revision(engine) is None
    async with writing(engine, None) as connection:
        await connection.execute(text("DROP TABLE alembic_version"))
    assert await migrate.revision(engine) is None
    await engine.dispose()


async def test_upgrading_twice_changes_nothing(database: Settings) -> None:
    assert await migrate.current(database) == migrate.head()
    assert await migrate.upgrade(database) == migrate.head()
    assert await migrate.current(database) == migrate.head()


async def test_a_sqlite_database_is_made_in_wal_mode_and_readable_by_its_owner_alone(tmp_path: Path) -> None:
    settings = parse({"database": {"url": "sqlite:///new.db"}}, {}, tmp_path)
    assert await migrate.current(settings) is None
    await migrate.upgrade(settings)
    path = tmp_path / "new.db"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


async def test_sqlite_tables_are_those_with_a_rowid_that_the_definition_says(sqlite_settings: Settings) -> None:
    connection = sqlite3.connect(target(sqlite_settings).path)
    made = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'").fetchall()
    connection.close()
    with_rowid = {name for name, sql in made if "WITHOUT ROWID" not in sql} - {"alembic_version"}
    defined = {t.name for t in metadata.tables.values() if t.dialect_options["sqlite"]["with_rowid"]}
    assert with_rowid == defined == {"record"}


async def test_a_migration_that_fails_half_way_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = parse({"database": {"url": "sqlite:///half.db"}}, {}, tmp_path)
    path = tmp_path / "half.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE tile (in_the_way)")
    connection.close()
    with pytest.raises(ConfigurationError):
        await migrate.upgrade(settings)
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall() == [("tile",)]
    connection.close()


async def test_a_database_of_a_newer_version_is_refused_and_left_alone(database: Settings) -> None:
    where = target(database)
    if where.kind == "sqlite":
        engine = open_engine(where)
        async with writing(engine, None) as connection:
            await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        await engine.dispose()
    else:
        async with connected(where.owner_dsn) as owner:
            await owner.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(ConfigurationError, match="9999"):
        await migrate.upgrade(database)
    assert await migrate.current(database) == "9999"
    engine = open_engine(where)
    try:
        with pytest.raises(ConfigurationError, match="take a newer one"):  # and not that it should be migrated
            await migrate.demand_current(engine)
    finally:
        await engine.dispose()


async def test_serving_from_a_database_at_another_revision_is_refused(tmp_path: Path) -> None:
    settings = parse({"database": {"url": "sqlite:///empty.db"}}, {}, tmp_path)
    sqlite3.connect(tmp_path / "empty.db").close()
    engine = open_engine(target(settings))
    with pytest.raises(ConfigurationError, match="gateway migrate"):
        await migrate.demand_current(engine)
    await engine.dispose()


_BEFORE = ("ALTER TABLE api_key DROP COLUMN seal", "UPDATE alembic_version SET version_num = '0035'")


async def test_api_keys_of_before_are_sealed_once_and_what_is_put_in_later_never_is(
    database: Settings, tmp_path: Path
) -> None:
    async with opened(database, tmp_path) as store:
        store.keyring.create_search_key(SYSTEM)
        keys = ApiKeyStore(store.engine, store.clock, store.keyring.search_key(SYSTEM))
        async with store.writer() as writer:
            by = Administrator(ledger=writer, tenant=writer.tenant)
            grant = Grant(owner="ada", kind="person", roles=("admin",), zone="in-house")
            made = [await keys.create(by, "default", grant) for _ in range(2)]
        assert all(isinstance(one, NewKey) for one in made)
        await _as_owner(store, *_BEFORE)
        assert await migrate.upgrade(database) == migrate.head()
        assert [one.sealed for one in await keys.list("default")] == [True, True]
        await _as_owner(store, f"UPDATE api_key SET seal = NULL WHERE id = '{(await keys.list('default'))[0].id}'")
        assert await migrate.upgrade(database) == migrate.head()
        assert [one.sealed for one in await keys.list("default")] == [False, True]


async def test_api_keys_of_before_are_not_passed_over_where_there_is_no_keyring(
    database: Settings, tmp_path: Path
) -> None:
    async with opened(database, tmp_path / "elsewhere") as store:
        keys = ApiKeyStore(store.engine, store.clock, SEAL)
        async with store.writer() as writer:
            by = Administrator(ledger=writer, tenant=writer.tenant)
            await keys.create(by, "default", Grant(owner="ada", kind="person", roles=("admin",), zone="in-house"))
        await _as_owner(store, *_BEFORE)
        with pytest.raises(ConfigurationError, match="key"):
            await migrate.upgrade(database)
        assert await migrate.current(database) == "0035", "all of it or nothing"


async def test_nothing_is_changed_under_a_node_that_serves(
    database: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrate, "claim_all", partial(claim_all, wait_s=0.2))
    async with opened(database, tmp_path) as store:
        store.keyring.create_search_key(SYSTEM)
        others = [Claim(store.where, NodeInfo(id=f"nd_{name}", boot="bt_1"), 0.2) for name in ("gone", "here")]
        for name in ("gone", "here"):
            await register(store.engine, NodeInfo(id=f"nd_{name}", boot="bt_1"), store.clock)
        await others[1].take()
        assert await migrate.upgrade(database) == migrate.head(), "where there is nothing to do nobody is in the way"
        await _as_owner(store, *_BEFORE)
        with pytest.raises(ConfigurationError, match="serves from this database"):
            await migrate.upgrade(database)
        assert await migrate.current(database) == "0035"
        await others[1].release()
        assert await migrate.upgrade(database) == migrate.head()
        for one in others:  # what was claimed for it is free again
            await one.take()
            await one.release()


async def _as_owner(store: Store, *statements: str) -> None:
    async with store.bare() as bare, bare.engine.begin() as connection:
        for statement in statements:
            await connection.exec_driver_sql(statement)


@pytest.mark.parametrize("name", ["missing/gateway.db", "."])
async def test_a_sqlite_file_that_cannot_be_made_is_a_clear_error(tmp_path: Path, name: str) -> None:
    settings = parse({"database": {"url": f"sqlite:///{name}"}}, {}, tmp_path)
    with pytest.raises(ConfigurationError, match=r"database\.url"):
        await migrate.upgrade(settings)


@pytest.mark.postgres
async def test_migrating_needs_an_owner_who_is_not_the_role_that_serves(
    postgres_server: Postgres, postgres_database: tuple[str, str], tmp_path: Path
) -> None:
    owner, application = postgres_database
    with pytest.raises(ConfigurationError, match="owner_url"):
        await migrate.upgrade(parse({"database": {"url": application}}, {}, tmp_path))
    with pytest.raises(ConfigurationError, match="different roles"):
        await migrate.upgrade(parse({"database": {"url": owner, "owner_url": owner}}, {}, tmp_path))
    nobody = application.replace(postgres_server.role, "nobody_of_this_name")
    with pytest.raises(ConfigurationError, match="CREATE ROLE"):
        await migrate.upgrade(parse({"database": {"url": nobody, "owner_url": owner}}, {}, tmp_path))
