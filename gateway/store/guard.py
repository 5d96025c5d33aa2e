"""What a database must be like before anybody serves from it: `guard` refuses the rest, each with its reason."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from gateway.core.errors import ConfigurationError
from gateway.store.engine import reading
from gateway.store.migrate import demand_current
from gateway.store.walls import fallen

APPEND_ONLY = (
    *("record", "checkpoint", "tile", "policy_version", "policy_active", "record_block", "posting"),
    *("key_rotation", "archive", "time_stamp"),
)
NEVER_UPDATED = ("detail", "sealed", "subject_record", "pseudonym")
NEVER_DELETED = ("head", "tenant", "api_key", "tool", "emergency")

SQLITE_TRIGGERS = frozenset(
    {f"{table}_no_update" for table in APPEND_ONLY + NEVER_UPDATED}
    | {f"{table}_no_delete" for table in APPEND_ONLY + NEVER_DELETED}
    | {f"{table}_no_replace" for table in APPEND_ONLY + NEVER_UPDATED + NEVER_DELETED if table != "record"}
    | {"record_in_order", "head_starts_empty", "head_grows", "tenant_fixed_key", "api_key_fixed_key"}
    | {"key_rotation_in_order", "archive_in_order", "emergency_once"}
    | {"api_key_no_replace_prefix", "tenant_no_replace_ledger", "tenant_no_replace_origin"}
)
POSTGRES_TRIGGERS = frozenset(
    {f"{table}_no_change" for table in APPEND_ONLY + NEVER_UPDATED}
    | {f"{table}_no_delete" for table in NEVER_DELETED}
    | {"head_starts_empty", "head_grows", "tenant_fixed_key", "api_key_fixed_key", "key_rotation_in_order"}
    | {"archive_in_order", "emergency_once"}
)
_OLDEST_POSTGRES = 150_000

# Each: what must be false, and what to do about it. The role is the one that serves.
_ROLE = (
    (
        "SELECT rolsuper FROM pg_roles WHERE rolname = current_user",
        "database.url must not name a superuser: it could undo every rule on the records",
    ),
    (
        "SELECT EXISTS (SELECT 1 FROM pg_roles WHERE (rolbypassrls OR rolsuper) "
        "AND pg_has_role(current_user, oid, 'MEMBER'))",
        "database.url must not name a role with BYPASSRLS, nor a member of one: no wall would stand between tenants",
    ),
    (
        "SELECT rolcreaterole FROM pg_roles WHERE rolname = current_user",
        "database.url must not name a role with CREATEROLE: it could make itself the owner",
    ),
    (
        "SELECT rolreplication FROM pg_roles WHERE rolname = current_user",
        "database.url must not name a role with REPLICATION: it could copy the database past every right",
    ),
    (
        "SELECT EXISTS (SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = "
        "current_schema() AND c.relkind IN ('r', 'p') AND pg_has_role(current_user, c.relowner, 'MEMBER'))",
        "database.url must not name the owner of the tables, or a member of the owner's role: migrations alone run as "
        "database.owner_url",
    ),
    (
        "SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = current_database() "
        "AND pg_has_role(current_user, datdba, 'MEMBER')) OR EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = "
        "current_schema() AND pg_has_role(current_user, nspowner, 'MEMBER'))",
        "database.url must not name the owner of the database or of its schema, nor a member of their role",
    ),
    (
        "SELECT EXISTS (SELECT 1 FROM pg_roles WHERE rolname IN ('pg_write_all_data', 'pg_execute_server_program', "
        "'pg_write_server_files', 'pg_read_server_files') AND pg_has_role(current_user, oid, 'MEMBER'))",
        "database.url must not name a member of a predefined role that writes data or reaches the server's files",
    ),
    (
        "SELECT has_schema_privilege(current_user, current_schema(), 'CREATE')",
        "database.url must name a role without CREATE on the schema: run `gateway migrate`",
    ),
)
_SETTINGS = (("fsync", "off"), ("full_page_writes", "off"), ("synchronous_commit", "off"))


async def guard(engine: AsyncEngine) -> None:
    """`ConfigurationError` unless this database keeps what it acknowledges and lets nobody who serves change it.

    Checked: revision, durability settings, triggers, and on PostgreSQL the rights of the role that serves and the wall
    between tenants (`walls`). Not checked: what the file system or the disk below do with a sync.
    """
    await demand_current(engine)
    async with reading(engine, None) as connection:
        if engine.dialect.name == "sqlite":
            await _guard_sqlite(connection)
        else:
            await _guard_postgres(connection)


async def _guard_sqlite(connection: AsyncConnection) -> None:
    if await connection.scalar(text("PRAGMA journal_mode")) != "wal":
        raise ConfigurationError("the database's journal mode must be WAL: run `gateway migrate`")
    if (await connection.scalar(text("PRAGMA synchronous")) or 0) < 2:
        raise ConfigurationError("SQLite must run with synchronous = FULL")
    found = await connection.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'"))
    _demand_triggers(SQLITE_TRIGGERS - set(found))


async def _guard_postgres(connection: AsyncConnection) -> None:
    version = await connection.scalar(text("SELECT current_setting('server_version_num')::int"))
    if version is None or version < _OLDEST_POSTGRES:
        raise ConfigurationError("PostgreSQL must be version 15 or newer")
    for name, refused in _SETTINGS:
        if await connection.scalar(text("SELECT current_setting(:name)"), {"name": name}) == refused:
            raise ConfigurationError(f"PostgreSQL must not run with {name} = {refused}: a crash would lose records")
    for question, advice in _ROLE:
        if await connection.scalar(text(question)):
            raise ConfigurationError(advice)
    await _demand_rights(connection)
    # A enabled always, O only outside replication (which session_replication_role can claim to be), D disabled.
    found = await connection.scalars(
        text(
            "SELECT t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = "
            "c.relnamespace WHERE n.nspname = current_schema() AND NOT t.tgisinternal AND t.tgenabled = 'A'"
        )
    )
    _demand_triggers(POSTGRES_TRIGGERS - set(found))
    missing = await fallen(connection)
    if missing is not None:
        raise ConfigurationError(f"the wall between tenants does not stand: {missing}: run `gateway migrate`")


async def _demand_rights(connection: AsyncConnection) -> None:
    refused = {
        **dict.fromkeys(APPEND_ONLY, "UPDATE, DELETE, TRUNCATE, TRIGGER"),
        **dict.fromkeys(NEVER_UPDATED, "UPDATE, TRUNCATE, TRIGGER"),
        **dict.fromkeys(NEVER_DELETED, "DELETE, TRUNCATE, TRIGGER"),
    }
    for table, rights in refused.items():
        question = text("SELECT has_table_privilege(current_user, :table, :rights)")
        if await connection.scalar(question, {"table": table, "rights": rights}):
            raise ConfigurationError(
                f"the role of database.url must not have any of {rights} on {table}: run `gateway migrate`"
            )


def _demand_triggers(missing: frozenset[str]) -> None:
    if missing:
        raise ConfigurationError(f"the database's own rules are gone or switched off: {', '.join(sorted(missing))}")
