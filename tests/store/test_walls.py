"""The wall between tenants, on a real PostgreSQL and as the ordinary role that serves: what a statement that forgot its
condition would see and change is its own tenant's, or nothing."""

import ast
import os
import re
import subprocess
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy import BigInteger, Boolean, Integer, Table, func, select, text
from sqlalchemy.exc import DBAPIError

import gateway
from gateway.core.errors import FormatError
from gateway.settings import Settings
from gateway.store import migrate
from gateway.store.engine import open_engine, postgresql_engine, reading, target, writing
from gateway.store.tables import Bytes, metadata
from gateway.store.walls import ACROSS, Across, fallen, policies, walled, within
from tests.services import Postgres
from tests.store.ledger_kit import connected, rows
from tests.store.revisions import moved

MINE, THEIRS = "tn_mine", "tn_theirs"
DOCUMENT = Path(__file__).parents[2] / "docs" / "tenants.md"
_SHARED = {"node", "lease", "policy_version", "alembic_version"}
"""Tables that belong to no tenant."""


def _row(table: Table, tenant: str, **fields: object) -> dict[str, object]:
    """Some row of a tenant's."""
    values: dict[str, object] = {}
    for column in table.columns:
        if isinstance(column.type, Boolean):
            values[column.name] = True
        elif isinstance(column.type, BigInteger | Integer):
            values[column.name] = 0
        elif isinstance(column.type, Bytes):
            values[column.name] = f"{tenant} {column.name}".encode()
        else:
            values[column.name] = f"{tenant} {column.name}"
    values["id" if table.name == "tenant" else "tenant"] = tenant
    return {**values, **fields}


@pytest.fixture
async def filled(postgres_settings: Settings) -> Settings:
    """A row of each of two tenants in every table that has tenants, put there by the owner."""
    engine = postgresql_engine(target(postgres_settings).owner_dsn or "")
    async with writing(engine, None) as connection:
        # What may be named as archived has a rule of its own (`test_archives`), which these empty ledgers do not meet.
        await connection.exec_driver_sql("ALTER TABLE archive DISABLE TRIGGER archive_in_order")
        for name in walled():
            table = metadata.tables[name]
            await connection.execute(table.insert(), [_row(table, tenant) for tenant in (MINE, THEIRS)])
        await connection.exec_driver_sql("ALTER TABLE archive ENABLE ALWAYS TRIGGER archive_in_order")
    await engine.dispose()
    return postgres_settings


@pytest.fixture
async def mine(filled: Settings) -> AsyncIterator[asyncpg.Connection]:
    async with connected(target(filled).dsn, MINE) as connection:
        yield connection


@pytest.fixture
async def nobody(filled: Settings) -> AsyncIterator[asyncpg.Connection]:
    async with connected(target(filled).dsn) as connection:
        yield connection


async def _all(settings: Settings) -> Mapping[str, list[Any]]:
    """Every row of every table, as the owner sees them."""
    return {name: sorted(map(repr, await rows(settings, f"SELECT * FROM {name}"))) for name in walled()}


async def _tried(connection: asyncpg.Connection, *statements: str) -> list[str]:
    """What became of each: how many rows it took, that it was refused, or that a trigger kept what was there."""
    answers = []
    for statement in statements:
        try:
            answers.append((await connection.execute(statement)).split()[-1])
        except asyncpg.InsufficientPrivilegeError:
            answers.append("refused")
        except asyncpg.RaiseError:  # by a trigger, which no wall may lean on
            answers.append("kept")
    return answers


def _tenant(name: str) -> str:
    return "id" if name == "tenant" else "tenant"


# --------------------------------------------------------------------------------------------- what is seen and written


@pytest.mark.postgres
async def test_every_table_but_those_of_no_tenant_has_a_wall(postgres_settings: Settings) -> None:
    found = await rows(
        postgres_settings,
        "SELECT relname, relrowsecurity FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE nspname = current_schema() AND relkind IN ('r', 'p')",
    )
    assert {name for name, has_wall in found if has_wall} == set(walled())
    assert {name for name, has_wall in found if not has_wall} == _SHARED


@pytest.mark.postgres
async def test_a_statement_without_a_condition_sees_its_own_tenants_rows(mine: asyncpg.Connection) -> None:
    for name in walled():
        found = await mine.fetch(f"SELECT {_tenant(name)} FROM {name}")
        assert [row[0] for row in found] == [MINE], name


@pytest.mark.postgres
async def test_where_no_tenant_is_set_there_is_nothing_and_nothing_can_be_put(
    filled: Settings, nobody: asyncpg.Connection
) -> None:
    before = await _all(filled)
    for setting in (None, ""):
        if setting is not None:
            await nobody.execute("SELECT set_config('gateway.tenant', '', false)")
        for name in walled():
            assert await nobody.fetchval(f"SELECT count(*) FROM {name}") == 0, name
            names = ", ".join(_quoted(column.name) for column in metadata.tables[name].columns)
            for tenant in ("''", "NULL", "'tn_new'"):
                values = ", ".join(
                    tenant if column.name == _tenant(name) else _literal(column.name) for column in _columns(name)
                )
                with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.NotNullViolationError)):
                    await nobody.execute(f"INSERT INTO {name} ({names}) VALUES ({values})")
            assert set(await _tried(nobody, *_changes(name))) <= {"0", "refused"}, name
    assert await _all(filled) == before


@pytest.mark.postgres
async def test_nothing_of_anothers_can_be_put_changed_taken_over_or_given_away(
    filled: Settings, mine: asyncpg.Connection
) -> None:
    before = await _all(filled)
    for name in walled():
        key = _tenant(name)
        names = ", ".join(_quoted(column.name) for column in _columns(name))
        values = ", ".join("'tn_new'" if one.name == key else _literal(one.name) for one in _columns(name))
        put = f"INSERT INTO {name} ({names}) VALUES ({values})"
        assert await _tried(mine, put, f"{put} ON CONFLICT DO NOTHING") == ["refused"] * 2, name
        there = f"{key} = '{THEIRS}'"
        taken = [f"UPDATE {name} SET {key} = '{MINE}' WHERE {there}", f"DELETE FROM {name} WHERE {there}"]
        assert set(await _tried(mine, *taken)) <= {"0", "refused"}, name
        assert await _tried(mine, f"UPDATE {name} SET {key} = '{THEIRS}' || '2'") == ["refused"], name
    assert await _all(filled) == before
    for name in walled():
        assert set(await _tried(mine, *_changes(name))) <= {"0", "1", "refused", "kept"}, name
    after = await _all(filled)
    for name in walled():
        assert [row for row in after[name] if THEIRS in row] == [row for row in before[name] if THEIRS in row], name


def _columns(name: str) -> Any:
    return metadata.tables[name].columns


def _quoted(column: str) -> str:
    """As a name, though it may be a word of SQL."""
    return f'"{column}"'


def _literal(column: str) -> str:
    """Good for every type that there is."""
    return "'1'" if column != "justified" else "true"


def _changes(name: str) -> list[str]:
    last = _quoted(list(_columns(name))[-1].name)
    return [f"UPDATE {name} SET {last} = {last}", f"DELETE FROM {name}"]


# ------------------------------------------------------------------------------------------------ what passes the wall


@pytest.mark.postgres
@pytest.mark.parametrize(("across", "table"), [(name, table) for name in sorted(ACROSS) for table in ACROSS[name][0]])
async def test_what_is_read_over_all_tenants_is_what_was_named_and_only_read(
    filled: Settings, across: Across, table: str
) -> None:
    before = await _all(filled)
    async with connected(target(filled).dsn, MINE) as connection:
        await connection.execute(f"SELECT set_config('gateway.across', '{across}', false)")
        seen = {name: await connection.fetchval(f"SELECT count(*) FROM {name}") for name in walled()}
        assert seen == {name: 2 if name in ACROSS[across][0] else 1 for name in walled()}
        last = "expires_us" if table == "session" else list(_columns(table))[-1].name
        statements = [
            f"UPDATE {table} SET {last} = {last} WHERE tenant = '{THEIRS}'",
            f"UPDATE {table} SET tenant = '{MINE}'",
            f"DELETE FROM {table} WHERE tenant = '{THEIRS}'",
        ]
        assert set(await _tried(connection, *statements)) <= {"0", "1", "refused"}
    after = await _all(filled)
    assert [row for row in after[table] if THEIRS in row] == [row for row in before[table] if THEIRS in row]
    async with connected(target(filled).dsn) as connection:
        await connection.execute(f"SELECT set_config('gateway.across', '{across}', false)")
        assert await connection.fetchval(f"SELECT count(*) FROM {table}") == 2
        assert set(await _tried(connection, f"DELETE FROM {table}")) <= {"0", "refused"}


@pytest.mark.postgres
async def test_a_key_is_found_by_its_whole_prefix_before_anybody_is_known(filled: Settings) -> None:
    engine = open_engine(target(filled))
    api_key = metadata.tables["api_key"]
    async with reading(engine, None, prefix=f"{THEIRS} prefix") as connection:
        found = (await connection.execute(select(api_key.c.tenant))).all()
        assert [row[0] for row in found] == [THEIRS]
        assert await connection.scalar(select(func.count()).select_from(metadata.tables["tenant"])) == 0
    for prefix in ("", "%", THEIRS):
        async with reading(engine, None, prefix=prefix) as connection:
            assert await connection.scalar(select(func.count()).select_from(api_key)) == 0
    await engine.dispose()


# ------------------------------------------------------------------------------------------------------- transactions


@pytest.mark.postgres
async def test_a_transaction_is_within_its_tenant_and_the_next_one_of_the_connection_is_not(filled: Settings) -> None:
    engine = open_engine(target(filled))
    count = select(func.count()).select_from(metadata.tables["record"])
    for _ in range(3):
        async with reading(engine, MINE) as connection:
            assert await connection.scalar(count) == 1
            raw = await connection.get_raw_connection()
            used = id(raw.driver_connection)
        async with reading(engine, THEIRS):
            pass  # a wall that was said and never entered
        async with reading(engine, None) as connection:
            assert await connection.scalar(count) == 0
            assert id((await connection.get_raw_connection()).driver_connection) == used
        async with engine.connect() as connection:
            assert await connection.scalar(count) == 0
    async with writing(engine, MINE) as connection, connection.begin_nested():
        assert await connection.scalar(count) == 1
    await engine.dispose()


@pytest.mark.postgres
@pytest.mark.parametrize("odd", ["tn'; RESET ALL; --", "a\\'b", "é𝄞", '"', "$$", "tn_mine' OR '1'='1", " ", "%"])
async def test_a_tenants_name_is_a_value_whatever_it_looks_like(filled: Settings, odd: str) -> None:
    engine = open_engine(target(filled))
    async with reading(engine, odd) as connection:
        assert await connection.scalar(text("SELECT current_setting('gateway.tenant')")) == odd
        assert await connection.scalar(select(func.count()).select_from(metadata.tables["record"])) == 0
    await engine.dispose()


@pytest.mark.parametrize("odd", ["a\0b", "\ud800"])
def test_a_name_that_no_column_can_hold_is_refused_before_anything_is_sent(odd: str) -> None:
    with pytest.raises(FormatError):
        within(odd)


@pytest.mark.postgres
async def test_a_wall_that_cannot_be_entered_leaves_no_connection_behind(filled: Settings) -> None:
    engine = open_engine(target(filled))
    count = select(func.count()).select_from(metadata.tables["record"])
    for _ in range(2):
        async with engine.connect() as connection:
            _ = await connection.execution_options(gateway_within="SELECT 1 / 0;")
            with pytest.raises(DBAPIError):
                await connection.scalar(count)
        async with reading(engine, MINE) as connection:
            assert await connection.scalar(count) == 1
    await engine.dispose()


@pytest.mark.postgres
async def test_a_wall_costs_no_round_trip(filled: Settings) -> None:
    """What is sent for a transaction within a wall is what is sent for one without: the same number of messages."""
    engine = open_engine(target(filled))
    counts = []
    for tenant in (None, MINE):
        async with reading(engine, tenant) as connection:
            raw: Any = (await connection.get_raw_connection()).driver_connection
            sent: list[Any] = []
            raw.add_query_logger(sent.append)
            await connection.execute(select(metadata.tables["head"].c.size))
            raw.remove_query_logger(sent.append)
            counts.append(len(sent))
    await engine.dispose()
    assert counts[0] == counts[1]


def test_what_is_not_set_is_not_said() -> None:
    assert within() == ""
    assert within("tn_1").count("set_config") == 1
    assert within("tn_1", across="task", prefix="p").count("set_config") == 3


_WITHOUT_TENANT = {
    "emergency",
    "emergency_carry",
    "guard",
    "lease",
    "migrate",
    "node",
    "policies",
    "policy_check",
    "readiness",
    "replication",
}
"""Modules whose transactions are of no tenant, or on an emergency's SQLite, which has no walls."""
_OPENING = {"engine", "migrate"}
"""Modules that open transactions by themselves."""
_TRANSACTION = re.compile(r"\b(?:reading|writing|at_once|connect|begin|raw_connection)\b")
"""What a file that opens one has somewhere."""


def test_no_transaction_of_the_code_forgets_its_tenant() -> None:
    for path in Path(gateway.__file__).parent.rglob("*.py"):
        source = path.read_text()
        if not _TRANSACTION.search(source):
            continue
        for node in ast.walk(ast.parse(source)):
            if not isinstance(node, ast.Call):
                continue
            if isinstance(node.func, ast.Name) and node.func.id in ("reading", "writing", "at_once"):
                none = ast.unparse(node.args[1]) == "None" and not node.keywords
                assert not none or path.stem in _WITHOUT_TENANT, f"{path.name}:{node.lineno}"
            if isinstance(node.func, ast.Attribute) and node.func.attr in ("connect", "begin", "raw_connection"):
                opens = re.search(r"\bengine$", ast.unparse(node.func.value))
                assert not opens or path.stem in _OPENING, f"{path.name}:{node.lineno}"


# --------------------------------------------------------------------------------------------- migrations and backups


async def _policies(settings: Settings) -> list[Any]:
    return await rows(settings, "SELECT oid, polname FROM pg_policy ORDER BY oid")


@pytest.mark.postgres
async def test_the_wall_is_taken_down_and_raised_again_by_migrations(filled: Settings) -> None:
    owner = postgresql_engine(target(filled).owner_dsn or "")
    async with writing(owner, None) as connection:
        await connection.run_sync(moved, "0015")
    assert await _policies(filled) == []
    async with connected(target(filled).dsn) as connection:
        assert await connection.fetchval("SELECT count(*) FROM record") == 2
    # Up, and nobody has its policies yet: nothing is seen.
    async with writing(owner, None) as connection:
        await connection.run_sync(moved, "head")
    await owner.dispose()
    async with connected(target(filled).dsn, MINE) as connection:
        assert await connection.fetchval("SELECT count(*) FROM record") == 0
    await migrate.upgrade(filled)
    assert len(await _policies(filled)) == len(list(policies()))
    async with connected(target(filled).dsn, MINE) as connection:
        assert await connection.fetchval("SELECT count(*) FROM record") == 1


@pytest.mark.postgres
async def test_migrating_again_touches_no_policy_that_is_as_it_should_be(filled: Settings) -> None:
    before = await _policies(filled)
    async with connected(target(filled).dsn, MINE) as reader:
        await reader.execute("BEGIN")
        await reader.fetch("SELECT * FROM record")  # a reader of hours keeps nobody waiting
        async with connected(target(filled).owner_dsn) as owner:
            await owner.execute("DROP POLICY gateway_tenant ON tile")
            await owner.execute("COMMENT ON POLICY gateway_across ON task IS NULL")
            await owner.execute("CREATE POLICY gateway_old ON tool USING (true)")
            await owner.execute("CREATE POLICY auditors ON tool USING (false)")
        await migrate.upgrade(filled)
        await reader.execute("ROLLBACK")
    after = await _policies(filled)
    assert sorted(name for _, name in after) == sorted([*(name for _, name in before), "auditors"])
    assert len(set(before) - set(after)) == 2


@pytest.mark.postgres
async def test_another_role_gets_the_wall_and_the_one_before_it_sees_nothing_more(
    postgres_server: Postgres, filled: Settings
) -> None:
    where = target(filled)
    name = f"{postgres_server.role}_other"
    async with connected(postgres_server.superuser(where.dsn)) as admin:
        await admin.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'other'")
        try:
            password = where.dsn.partition("://")[2].partition(":")[2].partition("@")[0]
            url = where.dsn.replace(f"{postgres_server.role}:{password}", f"{name}:other")
            await migrate.upgrade(Postgres.settings(where.owner_dsn or "", url))
            for dsn, seen in ((url, 1), (where.dsn, 0)):
                async with connected(dsn, MINE) as connection:
                    assert await connection.fetchval("SELECT count(*) FROM record") == seen
        finally:
            await admin.execute(f"DROP OWNED BY {name}")
            await admin.execute(f"DROP ROLE {name}")


def _installed(name: str) -> str:
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return str(found[-1]) if found else name


@pytest.mark.postgres
async def test_the_owner_backs_up_every_row_and_the_role_that_serves_cannot(filled: Settings) -> None:
    dump = _installed("pg_dump")
    where = target(filled)

    def dumped(dsn: str) -> "subprocess.CompletedProcess[str]":
        command = [dump, "--data-only", "--table=record", f"--dbname={dsn}"]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=dict(os.environ))

    whole, refused = dumped(where.owner_dsn or ""), dumped(where.dsn)
    assert whole.returncode == 0, whole.stderr
    assert f"{MINE} event" in whole.stdout
    assert f"{THEIRS} event" in whole.stdout
    assert refused.returncode != 0
    assert "row-level security" in refused.stderr


# ----------------------------------------------------------------------------------------------------------- auditors


@pytest.mark.postgres
async def test_auditors_read_what_the_documentation_lets_them(postgres_server: Postgres, filled: Settings) -> None:
    """Its SQL, word for word but for names: one tenant's records, whatever its auditor sets; or every tenant's."""
    one, every = re.findall(r"```sql\n(.*?)```", DOCUMENT.read_text(), re.S)
    where = target(filled)
    mark = postgres_server.role.rpartition("_")[2]
    names = {"acme_auditor": f"acme_{mark}", "chief_auditor": f"chief_{mark}", "tn_...": MINE}
    for old, new in names.items():
        one, every = one.replace(old, new), every.replace(old, new)
    made = [line for line in (one + every).splitlines() if line.startswith("CREATE ROLE")]
    async with connected(postgres_server.superuser(where.dsn)) as admin, connected(where.owner_dsn) as owner:
        try:
            for line in made:
                await admin.execute(line)
            await owner.execute((one + every).replace("CREATE ROLE", "-- CREATE ROLE"))
            for name, seen in ((names["acme_auditor"], 1), (names["chief_auditor"], 2)):
                await admin.execute(f"SET ROLE {name}")
                for setting in ("tn_theirs", "session", ""):
                    await admin.execute("SELECT set_config('gateway.tenant', $1, false)", setting)
                    await admin.execute("SELECT set_config('gateway.across', $1, false)", setting)
                    for table in ("record", "detail", "checkpoint"):
                        assert await admin.fetchval(f"SELECT count(*) FROM {table}") == seen
                    with pytest.raises(asyncpg.InsufficientPrivilegeError):
                        await admin.fetchval("SELECT count(*) FROM session")
                await admin.execute("RESET ROLE")
            # What auditors may is none of the gateway's business, and takes nothing from its wall.
            engine = open_engine(where)
            async with reading(engine, MINE) as connection:
                assert await fallen(connection) is None
            await engine.dispose()
            await migrate.upgrade(filled)
            assert len([name for _, name in await _policies(filled) if not name.startswith("gateway_")]) == 6
        finally:
            await admin.execute("RESET ROLE")
            for name in (names["acme_auditor"], names["chief_auditor"]):
                if await admin.fetchval("SELECT count(*) FROM pg_roles WHERE rolname = $1", name):
                    await admin.execute(f"DROP OWNED BY {name}")
                    await admin.execute(f"DROP ROLE {name}")
