"""What the application's role may do on PostgreSQL: exactly this, renewed at every migration by the owner."""

from sqlalchemy import Connection, text

from gateway.core.errors import ConfigurationError
from gateway.store.tables import metadata

_READ_AND_ADD = "SELECT, INSERT"
RIGHTS: dict[str, str] = {
    "record": _READ_AND_ADD,
    "checkpoint": _READ_AND_ADD,
    "tile": _READ_AND_ADD,
    "policy_version": _READ_AND_ADD,
    "policy_active": _READ_AND_ADD,
    "record_block": _READ_AND_ADD,
    "posting": _READ_AND_ADD,
    "archive": _READ_AND_ADD,
    "detail": "SELECT, INSERT, DELETE",
    "sealed": "SELECT, INSERT, DELETE",
    "subject_record": "SELECT, INSERT, DELETE",
    "pseudonym": "SELECT, INSERT, DELETE",
    "head": "SELECT, INSERT, UPDATE",
    "tenant": "SELECT, INSERT, UPDATE",
    "api_key": "SELECT, INSERT, UPDATE",
    "session": "SELECT, INSERT, UPDATE (sent, said, seen_us, expires_us)",
    "approval": "SELECT, INSERT, UPDATE",
    "break_glass": "SELECT, INSERT, UPDATE",
    "incident": "SELECT, INSERT, UPDATE",
    "forward_cursor": "SELECT, INSERT, UPDATE",
    "bundle": "SELECT, INSERT, UPDATE",
    "emergency": "SELECT, INSERT, UPDATE (state, began_us, ended_us, records, archive, digest, bytes)",
    "scheduled_bundle": "SELECT, INSERT, UPDATE",
    "subject": "SELECT, INSERT, UPDATE",
    "subject_case": "SELECT, INSERT, UPDATE",
    "policy_proposal": "SELECT, INSERT, UPDATE",
    "open_exchange": "SELECT, INSERT, UPDATE, DELETE",
    "node": "SELECT, INSERT, UPDATE, DELETE",
    "lease": "SELECT, INSERT, UPDATE, DELETE",
    "mcp_session": "SELECT, INSERT, UPDATE, DELETE",
    "tool": "SELECT, INSERT, UPDATE",
    "denied": "SELECT, INSERT, UPDATE, DELETE",
    "sticking": "SELECT, INSERT, UPDATE, DELETE",
    "task": "SELECT, INSERT, UPDATE, DELETE",
    "task_content": "SELECT, INSERT, UPDATE, DELETE",
    "task_callback": "SELECT, INSERT, UPDATE, DELETE",
    "notice": "SELECT, INSERT, UPDATE, DELETE",
    "review": _READ_AND_ADD,
    "review_note": _READ_AND_ADD,
    "cosignature": _READ_AND_ADD,
    "time_stamp": _READ_AND_ADD,
    "key_rotation": _READ_AND_ADD,
    "session_token": "SELECT, INSERT, DELETE, UPDATE (until_us)",
    "alembic_version": "SELECT",
}


def grant(connection: Connection, role: str) -> None:
    """Give `role` these rights and take every other; `ConfigurationError` when there is no such role."""
    if connection.scalar(text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": role}) is None:
        raise ConfigurationError("the role of database.url does not exist: CREATE ROLE it with LOGIN, and nothing more")
    if connection.scalar(text("SELECT current_user = :role"), {"role": role}):
        raise ConfigurationError("database.url and database.owner_url must name different roles")
    quote = connection.dialect.identifier_preparer.quote
    schema = quote(connection.scalar(text("SELECT current_schema()")) or "public")
    name = quote(role)
    for statement in (
        f"REVOKE CREATE ON SCHEMA {schema} FROM PUBLIC",
        f"REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM PUBLIC",
        f"REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {name}",
        f"GRANT USAGE ON SCHEMA {schema} TO {name}",
        *(f"GRANT {rights} ON {schema}.{quote(table)} TO {name}" for table, rights in RIGHTS.items()),
    ):
        connection.exec_driver_sql(statement)


def unlisted() -> set[str]:
    """Tables that nobody has given a right on: empty, or a table was added without thinking of it."""
    return set(metadata.tables) - set(RIGHTS)
