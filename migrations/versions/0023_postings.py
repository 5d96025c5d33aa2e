"""Postings: where in a ledger the values of enumerated columns are, for searches of any size."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_TABLES = {"record_block": ("tenant", "block"), "posting": ("tenant", "field", "value", "block")}


def upgrade() -> None:
    op.create_table(
        "record_block",
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("block", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("first_at", sa.Text, nullable=False),
        sa.Column("last_at", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "block", name="record_block_pkey"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "posting",
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("field", sa.Text, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("block", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("places", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "field", "value", "block", name="posting_pkey"),
        sqlite_with_rowid=False,
    )
    for table, key in _TABLES.items():
        if op.get_bind().dialect.name == "sqlite":
            _sqlite_rules(table, key)
        else:
            op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
            op.execute(
                f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION gateway_refuse()"
            )
            op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_no_change")


def _sqlite_rules(table: str, key: tuple[str, ...]) -> None:
    for name, when, why in (("no_update", "UPDATE", "changed"), ("no_delete", "DELETE", "deleted")):
        body = f"BEGIN SELECT RAISE(ABORT, '{table}: rows are never {why}'); END"
        op.execute(f"CREATE TRIGGER {table}_{name} BEFORE {when} ON {table} {body}")
    # What is there already is left alone, so that making the same block again is no error.
    same = " AND ".join(f"{column} = NEW.{column}" for column in key)
    there = f"EXISTS (SELECT 1 FROM {table} WHERE {same})"  # noqa: S608 — names from this file
    op.execute(
        f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN {there} BEGIN SELECT RAISE(IGNORE); END"
    )


def downgrade() -> None:
    for table in _TABLES:
        op.drop_table(table)
