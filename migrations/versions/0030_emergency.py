"""Emergency ledgers of nodes."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

_NAME = "emergency"
_FIXED = ("tenant", "id", "node", "origin", "vkey", "prepared_us")
"""What is never changed: by which key a ledger is known must be as it was before the ledger was needed."""


def upgrade() -> None:
    op.create_table(
        _NAME,
        *(sa.Column(name, sa.Text, nullable=False) for name in ("tenant", "id", "node", "state", "origin", "vkey")),
        sa.Column("prepared_us", sa.BigInteger, nullable=False),
        *(sa.Column(name, sa.BigInteger) for name in ("began_us", "ended_us", "records")),
        *(sa.Column(name, sa.Text) for name in ("archive", "digest")),
        sa.Column("bytes", sa.BigInteger),
        sa.PrimaryKeyConstraint("tenant", "id", name="emergency_pkey"),
        sqlite_with_rowid=False,
    )
    if op.get_bind().dialect.name == "sqlite":
        _sqlite_rules()
    else:
        _postgresql_rules()


# What was stitched stays so: a ledger that could be stitched again could be replaced by another.


def _sqlite_rules() -> None:
    body = f"BEGIN SELECT RAISE(ABORT, '{_NAME}: rows are never deleted'); END"
    op.execute(f"CREATE TRIGGER {_NAME}_no_delete BEFORE DELETE ON {_NAME} {body}")
    changed = " OR ".join(f"OLD.{name} IS NOT NEW.{name}" for name in _FIXED)
    body = f"BEGIN SELECT RAISE(ABORT, '{_NAME}: what was stitched stays'); END"
    op.execute(f"CREATE TRIGGER {_NAME}_once BEFORE UPDATE ON {_NAME} WHEN OLD.state <> 'standing' OR {changed} {body}")
    there = f"EXISTS (SELECT 1 FROM {_NAME} WHERE tenant = NEW.tenant AND id = NEW.id)"  # noqa: S608
    op.execute(
        f"CREATE TRIGGER {_NAME}_no_replace BEFORE INSERT ON {_NAME} WHEN {there} BEGIN SELECT RAISE(IGNORE); END"
    )


def _postgresql_rules() -> None:
    op.execute(f"ALTER TABLE {_NAME} ENABLE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE TRIGGER {_NAME}_no_delete BEFORE DELETE OR TRUNCATE ON {_NAME} "
        "FOR EACH STATEMENT EXECUTE FUNCTION gateway_refuse()"
    )
    op.execute(
        "CREATE FUNCTION gateway_emergency_once() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION 'emergency: what was stitched stays'; END $$"
    )
    changed = " OR ".join(f"OLD.{name} IS DISTINCT FROM NEW.{name}" for name in _FIXED)
    op.execute(
        f"CREATE TRIGGER {_NAME}_once BEFORE UPDATE ON {_NAME} FOR EACH ROW "
        f"WHEN (OLD.state <> 'standing' OR {changed}) EXECUTE FUNCTION gateway_emergency_once()"
    )
    for name in ("no_delete", "once"):
        op.execute(f"ALTER TABLE {_NAME} ENABLE ALWAYS TRIGGER {_NAME}_{name}")


def downgrade() -> None:
    op.drop_table(_NAME)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION gateway_emergency_once()")
