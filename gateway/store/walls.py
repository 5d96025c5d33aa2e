"""Row-level security on PostgreSQL: a second wall behind the code's own conditions, held by the database itself.

Every table with a tenant has a policy for the role that serves: it sees and writes the rows of the tenant that the
transaction has set (`engine.reading`, `engine.writing`; a writer's connection has its ledger's from the start), and
where none is set, no row at all. A statement that forgot its condition finds nothing of anybody else's. It is no wall
against who can run statements of their own as that role: they may set what they like.

What passes it is listed here, and nowhere else: `ACROSS`, each for reading one kind of thing; and an API key by its
prefix. Tables without a tenant (`node`, `lease`, `policy_version`) have no wall. The owner is behind none, so that
migrations and backups see all there is; that is why nobody serves as the owner (`guard`).

On SQLite there are no policies, and nothing here happens.
"""

from collections.abc import Iterator
from hashlib import sha256
from typing import Literal

import msgspec
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.core.errors import FormatError
from gateway.store.tables import metadata

TENANT = "gateway.tenant"
"""The setting that holds what stands in the column `tenant`: a ledger's id, or for API keys the configured one. In the
table `tenant` it is either."""
ACROSS_SETTING = "gateway.across"
PREFIX = "gateway.prefix"

Across = Literal["session", "open_exchange", "break_glass", "sticking", "task", "notice"]
ACROSS: dict[Across, tuple[tuple[str, ...], str]] = {
    "session": (("session",), "another tenant's name is never taken for new (`sessions`, and the writers' upsert)"),
    "open_exchange": (("open_exchange",), "an agent is one program, whoever told it something (`of_agent`)"),
    "break_glass": (("break_glass",), "each node holds what is lent, each row by its tenant (`glass.open`)"),
    "sticking": (("sticking",), "each node holds what sticks, each row by its tenant (`look`, `prune`)"),
    "task": (
        ("task", "task_callback"),
        "what is next, waits or is over (`tasks.depths`, `next_us`, `sweep`; `callbacks`)",
    ),
    "notice": (("notice",), "what is to be told next, each row by its tenant (`notices.due`, `waiting`)"),
}
"""Tables whose rows a transaction may read over all tenants where it says so, and why. What it writes stays its own
tenant's."""
_OURS = "gateway_"

# A subquery is evaluated once a statement, a bare call once a row. A setting that was set in an earlier transaction of
# the connection is empty and not null afterwards.
_OWN = f"(SELECT nullif(current_setting('{TENANT}', true), ''))"
_PAST = f"(SELECT current_setting('{ACROSS_SETTING}', true))"
_KEY = f"(SELECT current_setting('{PREFIX}', true))"


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """A policy of the role that serves. `using`: which rows there are to it; `check`: which it may write."""

    table: str
    name: str
    command: Literal["ALL", "SELECT", "UPDATE"]
    using: str
    check: str | None = None

    def ddl(self, table: str, role: str) -> str:
        """How it is made; `table` and `role` quoted."""
        check = "" if self.check is None else f" WITH CHECK ({self.check})"
        return f"CREATE POLICY {self.name} ON {table} FOR {self.command} TO {role} USING ({self.using}){check}"


def walled() -> tuple[str, ...]:
    """The tables that have a tenant, and so a wall."""
    return tuple(sorted(name for name, table in metadata.tables.items() if name == "tenant" or "tenant" in table.c))


def policies() -> Iterator[Policy]:
    """All policies there are to be."""
    for table in walled():
        using, check = f"tenant = {_OWN}", f"tenant = {_OWN}"
        if table == "tenant":
            using, check = f"id = {_OWN} OR ledger = {_OWN}", f"id = {_OWN}"
        yield Policy(table=table, name="gateway_tenant", command="ALL", using=using, check=check)
    for across, (tables, _) in ACROSS.items():
        for table in tables:
            yield Policy(table=table, name="gateway_across", command="SELECT", using=f"{_PAST} = '{across}'")
    # An upsert that finds another tenant's session must leave it as it is; not to see it would be an error. What it
    # writes is checked all the same, and the column `tenant` is not among those that may be updated (`grants`).
    yield Policy(
        table="session",
        name="gateway_found",
        command="UPDATE",
        using=f"{_PAST} = 'session'",
        check=f"tenant = {_OWN}",
    )
    # Before anybody is known there is no tenant: the key says whose it is.
    yield Policy(table="api_key", name="gateway_prefix", command="SELECT", using=f"prefix = {_KEY}")


def within(tenant: str | None = None, *, across: Across | None = None, prefix: str | None = None) -> str:
    """SQL that says within which wall a transaction is, to be run with its BEGIN. Values are written in hexadecimal,
    so that there is nothing to escape, however the server reads strings. `FormatError` for one that no column holds."""
    given = ((TENANT, tenant), (ACROSS_SETTING, across), (PREFIX, prefix))
    return "".join(
        f"SELECT set_config('{name}', convert_from(decode('{_hex(value)}', 'hex'), 'UTF8'), true);"
        for name, value in given
        if value is not None
    )


def _hex(value: str) -> str:
    try:
        data = value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise FormatError("a tenant's name must be text") from error
    if b"\0" in data:
        raise FormatError("a tenant's name must be text without zero characters")
    return data.hex()


# ---------------------------------------------------------------------------------------------------- made and checked


def raise_walls(connection: Connection, role: str) -> None:
    """Give every table with a tenant its policies for `role`, as the owner. What is as it should be is not touched: a
    policy cannot be changed without keeping everybody from its table for a moment. Policies of other names stay."""
    quote = connection.dialect.identifier_preparer.quote
    schema = quote(connection.scalar(text("SELECT current_schema()")) or "public")
    for table in connection.scalars(text(_UNWALLED), {"tables": list(walled())}).all():
        connection.exec_driver_sql(f"ALTER TABLE {schema}.{quote(table)} ENABLE ROW LEVEL SECURITY")
    found = {(row.on_table, row.name): row.made_as for row in connection.execute(text(_MADE), {"ours": _OURS})}
    wanted = {(one.table, one.name): one.ddl(f"{schema}.{quote(one.table)}", quote(role)) for one in policies()}
    for (table, name), made_as in found.items():
        ddl = wanted.get((table, name))
        if ddl is None or made_as != _digest(ddl):
            connection.exec_driver_sql(f"DROP POLICY {quote(name)} ON {schema}.{quote(table)}")
    for (table, name), ddl in wanted.items():
        if found.get((table, name)) != _digest(ddl):
            connection.exec_driver_sql(ddl)
            connection.exec_driver_sql(f"COMMENT ON POLICY {name} ON {schema}.{quote(table)} IS '{_digest(ddl)}'")


async def fallen(connection: AsyncConnection) -> str | None:
    """What is wrong with the wall before the role of this connection; None where it stands: a table without it, a
    policy that is missing, one more that opens it. Not checked: what a policy of ours says, which only the owner could
    have changed."""
    open_tables = (await connection.scalars(text(_INACTIVE), {"tables": list(walled())})).all()
    if open_tables:
        return f"no row-level security for it on {', '.join(open_tables)}"
    found = {(row.on_table, row.name): row.command for row in await connection.execute(text(_APPLYING))}
    wanted = {(one.table, one.name): one.command for one in policies()}
    missing = sorted(".".join(key) for key in wanted if found.get(key) != wanted[key])
    if missing:
        return f"no policy {', '.join(missing)}"
    more = sorted(".".join(key) for key in found if key not in wanted)
    return f"a policy beside its own: {', '.join(more)}" if more else None


def _digest(ddl: str) -> str:
    return f"sha256:{sha256(ddl.encode('utf-8', 'surrogatepass')).hexdigest()}"


_UNWALLED = (
    "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = current_schema() "
    "AND c.relname = ANY(CAST(:tables AS text[])) AND NOT c.relrowsecurity ORDER BY 1"
)
_INACTIVE = (
    "SELECT t FROM unnest(CAST(:tables AS text[])) AS t WHERE NOT row_security_active(quote_ident(t)) ORDER BY 1"
)
_MADE = (
    "SELECT c.relname AS on_table, p.polname AS name, obj_description(p.oid, 'pg_policy') AS made_as "
    "FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace "
    "WHERE n.nspname = current_schema() AND starts_with(p.polname::text, :ours) ORDER BY 1, 2"
)
# A policy without roles is everybody's. Restrictive ones only take away.
_APPLYING = (
    "SELECT c.relname AS on_table, p.polname AS name, "
    "CASE p.polcmd WHEN '*' THEN 'ALL' WHEN 'r' THEN 'SELECT' WHEN 'w' THEN 'UPDATE' ELSE 'other' END AS command "
    "FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace "
    "WHERE n.nspname = current_schema() AND p.polpermissive AND (p.polroles = '{0}' OR EXISTS "
    "(SELECT 1 FROM unnest(p.polroles) AS r WHERE pg_has_role(current_user, r, 'MEMBER')))"
)
