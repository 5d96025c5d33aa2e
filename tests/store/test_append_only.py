"""What the database itself refuses, tried on the real ones with the rights of whoever serves."""

import itertools
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import asyncpg
import pytest

from gateway.settings import Settings, parse
from gateway.store.engine import target
from gateway.store.guard import APPEND_ONLY, NEVER_DELETED, NEVER_UPDATED
from gateway.store.tables import metadata
from gateway.store.walls import walled
from tests.conftest import ManualClock
from tests.services import run_apart
from tests.store.ledger_kit import (
    TENANT,
    activation,
    changing,
    connected,
    data_key,
    intent,
    note,
    part,
    rows,
    whole,
    writer_on,
)
from tests.store.ledger_kit import Keys as RememberingKeys

_OTHERS = (
    f"INSERT INTO checkpoint VALUES ('{TENANT}', 3, 'r', 'n')",
    f"INSERT INTO tile VALUES ('{TENANT}', 0, 0, 'h')",
    f"INSERT INTO record_block VALUES ('{TENANT}', 0, 't', 't')",
    f"INSERT INTO key_rotation VALUES ('{TENANT}', 1, 3, 1, 's')",
    f"INSERT INTO posting VALUES ('{TENANT}', 'agent', 'a', 0, 'p')",
    f"INSERT INTO archive VALUES ('{TENANT}', 0, 1, 'ar_1', 'sha256:x', 1, 't', 't', 'h', 't', 3, 1)",
    "INSERT INTO policy_version VALUES ('sha256:x', 'b', 't')",
    f"INSERT INTO pseudonym VALUES ('{TENANT}', 'actor', 'l', 'ac_1', 't')",
    f"INSERT INTO tenant VALUES ('default', '{TENANT}', 'gateway.internal/ledger/x', 't')",
    f"INSERT INTO time_stamp VALUES ('{TENANT}', 3, 'tsa', 1, 1, 'r')",
    "INSERT INTO emergency (tenant, id, node, state, origin, vkey, prepared_us) "
    f"VALUES ('{TENANT}', 'em_1', 'nd_1', 'stitched', 'o', 'k', 1)",
    "INSERT INTO tool (tenant, agent, name, state, digest, definition, first_seen_us) "
    f"VALUES ('{TENANT}', 'a', 'n', 'pinned', 'sha256:x', 'b', 1)",
    "INSERT INTO api_key (id, tenant, prefix, hash, owner, kind, roles, zone, purposes, floor, rate, created_us) "
    f"VALUES ('k1', '{TENANT}', 'p1', 'h', 'o', 'service', '[]', 'z', '[]', '[]', NULL, 1)",
)
_ALL = APPEND_ONLY + NEVER_UPDATED + NEVER_DELETED


async def _fill(settings: Settings, clock: ManualClock) -> None:
    """At least one row in every protected table."""
    async with writer_on(settings, clock, keyring=RememberingKeys()) as writer:
        await writer.append(activation())
        await writer.append(intent(sealed=(part(),), keys=(data_key(),), subjects=("su_1",)))
        await writer.append(note())


# ------------------------------------------------------------------------------------------------------------ SQLite


@pytest.fixture(scope="module")
def sqlite_filled(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with a row in every protected table, closed: to be copied."""
    directory = tmp_path_factory.mktemp("filled")
    shutil.copy(sqlite_template, directory / "gateway.db")
    settings = parse({"database": {"url": "sqlite:///gateway.db"}}, {}, directory)
    run_apart(_fill(settings, ManualClock()))
    with closing(sqlite3.connect(directory / "gateway.db", isolation_level=None)) as connection:
        for statement in _OTHERS:
            connection.execute(statement)
    assert [path.name for path in directory.iterdir()] == ["gateway.db"]
    return directory / "gateway.db"


@pytest.fixture
def sqlite(sqlite_filled: Path, tmp_path: Path) -> sqlite3.Connection:
    shutil.copy(sqlite_filled, tmp_path / "gateway.db")
    return sqlite3.connect(tmp_path / "gateway.db", isolation_level=None)


@pytest.fixture
def refused(sqlite: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """A connection whose every row must be the same after the test."""
    before = list(sqlite.iterdump())
    yield sqlite
    after = list(sqlite.iterdump())
    sqlite.close()
    assert before == after


@pytest.mark.parametrize("how", ["UPDATE", "UPDATE OR REPLACE", "UPDATE OR IGNORE"])
def test_sqlite_refuses_to_update(refused: sqlite3.Connection, how: str) -> None:
    for table in APPEND_ONLY + NEVER_UPDATED:
        column = refused.execute(f"PRAGMA table_info({table})").fetchall()[-1][1]
        with pytest.raises(sqlite3.IntegrityError, match=f"{table}.* never changed"):
            refused.execute(f"{how} {table} SET {column} = 'x'")


def test_sqlite_refuses_to_delete(refused: sqlite3.Connection) -> None:
    for table in APPEND_ONLY + NEVER_DELETED:
        with pytest.raises(sqlite3.IntegrityError, match=f"{table}.* never deleted"):
            refused.execute(f"DELETE FROM {table}")


@pytest.mark.parametrize("how", ["INSERT OR REPLACE", "REPLACE", "INSERT OR IGNORE", "INSERT"])
def test_sqlite_lets_no_insert_take_the_place_of_a_row(refused: sqlite3.Connection, how: str) -> None:
    for table in _ALL:
        columns = [row[1] for row in refused.execute(f"PRAGMA table_info({table})")]
        keys = {row[1] for row in refused.execute(f"PRAGMA table_info({table})") if row[5]}
        values = ", ".join(name if name in keys else f"coalesce({name}, 'x') || 'x'" for name in columns)
        with suppress(sqlite3.IntegrityError):  # refused aloud, or left as it was: the fixture looks
            refused.execute(f"{how} INTO {table} SELECT {values} FROM {table}")


def test_sqlite_refuses_an_upsert(refused: sqlite3.Connection) -> None:
    for table in _ALL:
        info = refused.execute(f"PRAGMA table_info({table})").fetchall()
        columns, keys = [row[1] for row in info], [row[1] for row in info if row[5]]
        with suppress(sqlite3.IntegrityError):
            refused.execute(
                f"INSERT INTO {table} SELECT {', '.join(columns)} FROM {table} WHERE true "
                f"ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {columns[-1]} = 'x'"
            )


@pytest.mark.parametrize("rowid", ["rowid", "'1'", "1.0", "CAST(rowid AS TEXT)", "oid"])
@pytest.mark.parametrize("tenant", [TENANT, "tn_other"])
def test_sqlite_lets_no_insert_take_a_record_by_its_rowid(refused: sqlite3.Connection, rowid: str, tenant: str) -> None:
    """The next sequence number, which the order allows, with the rowid of a record that is there."""
    names = [row[1] for row in refused.execute("PRAGMA table_info(record)")]
    seq = "3" if tenant == TENANT else "0"
    values = ", ".join({"tenant": f"'{tenant}'", "seq": seq}.get(name, name) for name in names)
    with pytest.raises(sqlite3.IntegrityError, match="its rowid free"):
        refused.execute(
            f"INSERT OR REPLACE INTO record (rowid, {', '.join(names)}) "
            f"SELECT {rowid}, {values} FROM record WHERE seq = 0"
        )


@pytest.mark.parametrize("seq", [-1, 0, 2, 4, 1_000_000, "NULL", "'3x'", 3.5])
def test_sqlite_takes_only_the_next_sequence_number(refused: sqlite3.Connection, seq: object) -> None:
    names = [row[1] for row in refused.execute("PRAGMA table_info(record)")]
    values = ", ".join(str(seq) if name == "seq" else name for name in names)
    with pytest.raises(sqlite3.IntegrityError):
        refused.execute(f"INSERT INTO record SELECT {values} FROM record WHERE seq = 0")


@pytest.mark.parametrize(
    "change", ["size = size - 1", "size = 0", "size = NULL", "policy = 'x'", "tenant = 'x', size = 9"]
)
def test_sqlite_lets_the_head_only_grow(refused: sqlite3.Connection, change: str) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="size only grows"):
        refused.execute(f"UPDATE OR REPLACE head SET {change}")


def test_sqlite_lets_a_ledger_start_only_empty(refused: sqlite3.Connection) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="starts empty"):
        refused.execute("INSERT INTO head VALUES ('tn_new', 5, 'h', '', NULL, 0)")


_FIXED = (
    "UPDATE tenant SET ledger = 'tn_new'",
    "UPDATE tenant SET id = 'new'",
    "UPDATE tenant SET origin = 'new'",
    "UPDATE api_key SET hash = 'new'",
    "UPDATE api_key SET prefix = 'new'",
)


@pytest.mark.parametrize("statement", _FIXED)
def test_sqlite_keeps_the_names_of_ledgers_and_keys(refused: sqlite3.Connection, statement: str) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        refused.execute(statement)


@pytest.mark.parametrize("column", ["ledger", "origin", "prefix"])
def test_sqlite_lets_no_insert_take_a_row_by_its_second_key(refused: sqlite3.Connection, column: str) -> None:
    table = "api_key" if column == "prefix" else "tenant"
    info = [row[1] for row in refused.execute(f"PRAGMA table_info({table})")]
    same = {"id": "'another'", column: column, "ledger": "'l2'", "origin": "'o2'", "prefix": "'p2'"}
    same[column] = column
    values = ", ".join(same.get(name, name) for name in info)
    with pytest.raises(sqlite3.IntegrityError, match="is taken"):
        refused.execute(f"INSERT OR REPLACE INTO {table} SELECT {values} FROM {table}")


def test_sqlite_lets_a_key_be_revoked_once_and_for_all(sqlite: sqlite3.Connection) -> None:
    sqlite.execute("UPDATE api_key SET revoked_us = 5")
    for change in ("revoked_us = NULL", "revoked_us = 9"):
        with pytest.raises(sqlite3.IntegrityError):
            sqlite.execute(f"UPDATE api_key SET {change}")
    sqlite.close()


@pytest.mark.parametrize("table", NEVER_UPDATED)
def test_sqlite_lets_what_may_have_to_be_erased_be_deleted(sqlite: sqlite3.Connection, table: str) -> None:
    assert sqlite.execute(f"DELETE FROM {table}").rowcount > 0
    sqlite.close()


# -------------------------------------------------------------------------------------------------------- PostgreSQL


@pytest.fixture
async def postgres_filled(postgres_settings: Settings, clock: ManualClock) -> Settings:
    await _fill(postgres_settings, clock)
    async with changing(target(postgres_settings)) as connection:
        for statement in _OTHERS:
            await connection.exec_driver_sql(statement)
    return postgres_settings


async def _refused(settings: Settings, statements: list[str], *, owner: bool = False) -> None:
    """Each fails, and every row is the same afterwards."""
    where = target(settings)
    before = {table: await rows(settings, f"SELECT * FROM {table}") for table in _ALL}
    assert all(before.values())
    async with connected(where.owner_dsn if owner else where.dsn, TENANT) as connection:
        for statement in statements:
            with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.UniqueViolationError)):
                await connection.execute(statement)
    assert before == {table: await rows(settings, f"SELECT * FROM {table}") for table in _ALL}


@pytest.mark.postgres
@pytest.mark.parametrize("owner", [False, True], ids=["application", "owner"])
async def test_postgresql_refuses_to_update_delete_or_truncate_even_where_no_row_is_meant(
    postgres_filled: Settings, owner: bool
) -> None:
    """The owner too, as long as nobody takes the triggers away."""
    statements = []
    for table in _ALL:
        column = "seq" if table in ("record", "detail", "sealed", "subject_record", "policy_active") else "tenant"
        column = {"policy_version": "digest", "tenant": "id", "api_key": "id"}.get(table, column)
        if table in APPEND_ONLY + NEVER_UPDATED:
            statements += [
                f"UPDATE {table} SET {column} = {column}",
                f"UPDATE {table} SET {column} = {column} WHERE false",
            ]
        if table in APPEND_ONLY + NEVER_DELETED:
            statements += [f"DELETE FROM {table}", f"DELETE FROM {table} WHERE false"]
        statements += [f"TRUNCATE {table}", f"TRUNCATE {table} CASCADE"]
    await _refused(postgres_filled, statements, owner=owner)


@pytest.mark.postgres
async def test_postgresql_refuses_upserts_and_merges(postgres_filled: Settings) -> None:
    await _refused(
        postgres_filled,
        [
            "INSERT INTO record SELECT * FROM record ON CONFLICT (tenant, seq) DO UPDATE SET bytes = 'x'",
            "MERGE INTO record r USING record s ON r.seq = s.seq WHEN MATCHED THEN DELETE",
            "MERGE INTO record r USING record s ON r.seq = s.seq WHEN MATCHED THEN UPDATE SET bytes = 'x'",
            "WITH gone AS (DELETE FROM record RETURNING *) SELECT * FROM gone",
            "INSERT INTO record SELECT * FROM record",
        ],
    )


@pytest.mark.postgres
@pytest.mark.parametrize("owner", [False, True], ids=["application", "owner"])
async def test_postgresql_lets_the_head_only_grow(postgres_filled: Settings, owner: bool) -> None:
    changes = ("size = size - 1", "size = size", "policy = 'x'", "tenant = 'x', size = 9")
    statements = [f"UPDATE head SET {change}" for change in changes]
    statements.append("INSERT INTO head VALUES ('tn_new', 5, 'h', '', NULL, 0)")
    await _refused(postgres_filled, [*statements, *_FIXED], owner=owner)


@pytest.mark.postgres
async def test_postgresql_lets_nobody_who_serves_touch_the_rules(postgres_filled: Settings) -> None:
    statements = [
        "ALTER TABLE record DISABLE TRIGGER record_no_change",
        "ALTER TABLE record DISABLE TRIGGER ALL",
        "DROP TRIGGER record_no_change ON record",
        "DROP TABLE record",
        "ALTER TABLE record RENAME TO recordings",
        "SET session_replication_role = replica",
        "CREATE OR REPLACE FUNCTION gateway_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$",
        "CREATE TRIGGER mine BEFORE INSERT ON record FOR EACH ROW EXECUTE FUNCTION gateway_refuse()",
        "CREATE TABLE mine (a int)",
        "CREATE RULE mine AS ON INSERT TO record DO INSTEAD NOTHING",
        "COPY record TO PROGRAM 'cat'",
        "UPDATE alembic_version SET version_num = '0000'",
    ]
    await _refused(postgres_filled, statements)


@pytest.mark.postgres
async def test_postgresql_refuses_to_copy_into_any_table_behind_the_wall(postgres_filled: Settings) -> None:
    """COPY would pass the wall's conditions by, so PostgreSQL does not let a role copy that stands before one: neither
    the next record of its own ledger, nor one of another's, nor any row beside them."""
    where, tables = target(postgres_filled), walled()
    assert {"record", "detail", "checkpoint", "head"} <= set(tables)
    before = {table: await rows(postgres_filled, f"SELECT * FROM {table}") for table in tables}
    for tenant, row_security in itertools.product((TENANT, "tn_other", None), ("on", "off")):
        async with connected(where.dsn, tenant) as connection:
            await connection.execute(f"SET row_security = {row_security}")
            for table in tables:
                with pytest.raises((asyncpg.FeatureNotSupportedError, asyncpg.InsufficientPrivilegeError)):
                    await connection.copy_records_to_table(table, records=_copied(table, before[table]))
    assert before == {table: await rows(postgres_filled, f"SELECT * FROM {table}") for table in tables}


def _copied(table: str, found: list[tuple[object, ...]]) -> list[tuple[object, ...]]:
    """The rows that are there; of records the newest one as the next."""
    if table != "record":
        return found
    columns = [column.name for column in metadata.tables[table].columns]
    row = dict(zip(columns, found[-1], strict=True))
    return [tuple({**row, "seq": len(found)}.values())]


@pytest.mark.postgres
async def test_postgresql_lets_a_copy_by_its_owner_add_and_nothing_else(postgres_filled: Settings) -> None:
    """Nobody serves as the owner, and even then COPY changes no row: it meets the same keys and triggers."""
    where = target(postgres_filled)
    before = {table: await rows(postgres_filled, f"SELECT * FROM {table}") for table in _ALL}
    async with connected(where.owner_dsn) as connection:
        for table in _ALL:
            with pytest.raises((asyncpg.UniqueViolationError, asyncpg.InsufficientPrivilegeError)):
                await connection.copy_records_to_table(table, records=before[table])
    assert before == {table: await rows(postgres_filled, f"SELECT * FROM {table}") for table in _ALL}


@pytest.mark.postgres
async def test_postgresql_keeps_its_rules_under_replication_role(
    postgres_filled: Settings, postgres_server: object
) -> None:
    """A superuser who says that the session replicates switches ordinary triggers off; these stay on."""
    from_server = postgres_server.superuser(target(postgres_filled).dsn)  # type: ignore[attr-defined]
    async with connected(from_server) as connection:
        await connection.execute("SET session_replication_role = replica")
        for statement in ("UPDATE record SET bytes = 'x'", "DELETE FROM record", "TRUNCATE record"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
    assert len(await whole(postgres_filled)) == 3


@pytest.mark.postgres
async def test_postgresql_lets_what_may_have_to_be_erased_be_deleted(postgres_filled: Settings) -> None:
    async with connected(target(postgres_filled).dsn, TENANT) as connection:
        for table in NEVER_UPDATED:
            assert await connection.execute(f"DELETE FROM {table}") == "DELETE 1"
