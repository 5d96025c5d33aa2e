"""The application's role has exactly the rights listed, on a real server."""

import pytest

from gateway.settings import Settings
from gateway.store.engine import target
from gateway.store.grants import RIGHTS
from gateway.store.migrate import upgrade
from tests.services import Postgres
from tests.store.ledger_kit import connected

pytestmark = pytest.mark.postgres


async def _rights(settings: Settings) -> dict[str, set[str]]:
    """Table → rights on it, and `UPDATE (COLUMN)` for each column that alone may be updated."""
    found: dict[str, set[str]] = {}
    tables = "SELECT table_name, privilege_type FROM information_schema.role_table_grants WHERE grantee = current_user"
    columns = (
        "SELECT table_name, column_name, privilege_type FROM information_schema.role_column_grants "
        "WHERE grantee = current_user"
    )
    async with connected(target(settings).dsn) as connection:
        for row in await connection.fetch(tables):
            found.setdefault(row["table_name"], set()).add(row["privilege_type"])
        for row in await connection.fetch(columns):
            if row["privilege_type"] not in found[row["table_name"]]:
                found[row["table_name"]].add(f"{row['privilege_type']} ({row['column_name']})")
    return found


def _listed(rights: str) -> set[str]:
    whole, _, columns = rights.partition(" (")
    names = [name for name in columns.rstrip(")").split(", ") if name]
    *others, last = whole.split(", ")
    return {*others, *([f"{last} ({name})" for name in names] or [last])}


async def test_the_role_has_exactly_the_rights_listed(postgres_settings: Settings) -> None:
    assert await _rights(postgres_settings) == {table: _listed(rights) for table, rights in RIGHTS.items()}


async def test_a_migration_takes_back_what_was_given_beside_the_list(
    postgres_server: Postgres, postgres_settings: Settings
) -> None:
    async with connected(postgres_server.superuser(target(postgres_settings).dsn)) as admin:
        await admin.execute(f"GRANT ALL ON record TO {postgres_server.role}")
        await admin.execute("GRANT DELETE ON record TO PUBLIC")
    await upgrade(postgres_settings)
    assert (await _rights(postgres_settings))["record"] == {"SELECT", "INSERT"}
    async with connected(target(postgres_settings).dsn) as connection:
        assert not await connection.fetchval("SELECT has_table_privilege('record', 'DELETE')")


async def test_a_role_whose_name_needs_quoting_is_served(
    postgres_server: Postgres, postgres_settings: Settings
) -> None:
    where = target(postgres_settings)
    name = 'gw "odd" role; --'
    quoted = '"gw ""odd"" role; --"'
    async with connected(postgres_server.superuser(where.dsn)) as admin:
        await admin.execute(f"CREATE ROLE {quoted} LOGIN")
        try:
            url = where.dsn.replace(postgres_server.role, "gw%20%22odd%22%20role%3B%20--")
            settings = Postgres.settings(where.owner_dsn or "", url)
            assert target(settings).role == name
            await upgrade(settings)
            rights = "SELECT has_table_privilege($1, 'record', 'INSERT')"
            assert await admin.fetchval(rights, name)
        finally:
            await admin.execute(f"DROP OWNED BY {quoted}")
            await admin.execute(f"DROP ROLE {quoted}")
