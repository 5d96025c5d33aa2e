"""MCP: sessions of its older versions, and the tools of agents, pinned as they were first seen."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _table(
        "mcp_session",
        ("id",),
        *(_text(name) for name in ("id", "tenant", "actor", "agent", "upstream")),
        _whole("created_us"),
        _whole("used_us"),
    )
    op.create_index("mcp_session_used_us", "mcp_session", ["used_us"])
    _table(
        "tool",
        ("tenant", "agent", "name"),
        *(_text(name) for name in ("tenant", "agent", "name", "state", "digest")),
        sa.Column("definition", sa.LargeBinary, nullable=False),
        _text("offered_digest", null=True),
        sa.Column("offered", sa.LargeBinary, nullable=True),
        _whole("first_seen_us"),
        _whole("changed_us", null=True),
        _whole("released_us", null=True),
        _text("released_by", null=True),
    )
    # A pin that could be removed would let a changed tool pass as a new one.
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE TRIGGER tool_no_delete BEFORE DELETE ON tool "
            "BEGIN SELECT RAISE(ABORT, 'tool: rows are never deleted'); END"
        )
        # INSERT OR REPLACE removes the row in its way without firing delete triggers. What is there is left alone, so
        # that two who see a tool first at once are no error.
        op.execute(
            "CREATE TRIGGER tool_no_replace BEFORE INSERT ON tool WHEN EXISTS (SELECT 1 FROM tool "
            "WHERE tenant = NEW.tenant AND agent = NEW.agent AND name = NEW.name) BEGIN SELECT RAISE(IGNORE); END"
        )
    else:
        op.execute(
            "CREATE TRIGGER tool_no_delete BEFORE DELETE OR TRUNCATE ON tool "
            "FOR EACH STATEMENT EXECUTE FUNCTION gateway_refuse()"
        )
        op.execute("ALTER TABLE tool ENABLE ALWAYS TRIGGER tool_no_delete")


def _text(name: str, *, null: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=null)


def _whole(name: str, *, null: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, autoincrement=False, nullable=null)


def _table(name: str, key: tuple[str, ...], *items: sa.schema.SchemaItem) -> None:
    op.create_table(name, *items, sa.PrimaryKeyConstraint(*key, name=f"{name}_pkey"), sqlite_with_rowid=False)
