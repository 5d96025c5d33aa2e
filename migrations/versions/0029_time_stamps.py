"""What time-stamping authorities say of checkpoints."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "time_stamp",
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("size", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("tsa", sa.Text, nullable=False),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.Column("kept_us", sa.BigInteger, nullable=False),
        sa.Column("reply", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "size", "tsa", name="time_stamp_pkey"),
        sqlite_with_rowid=False,
    )
    if op.get_bind().dialect.name == "sqlite":
        for name, when, why in (("no_update", "UPDATE", "changed"), ("no_delete", "DELETE", "deleted")):
            body = f"BEGIN SELECT RAISE(ABORT, 'time_stamp: rows are never {why}'); END"
            op.execute(f"CREATE TRIGGER time_stamp_{name} BEFORE {when} ON time_stamp {body}")
        op.execute(
            "CREATE TRIGGER time_stamp_no_replace BEFORE INSERT ON time_stamp WHEN EXISTS (SELECT 1 FROM time_stamp "
            "WHERE tenant = NEW.tenant AND size = NEW.size AND tsa = NEW.tsa) BEGIN SELECT RAISE(IGNORE); END"
        )
        return
    op.execute("ALTER TABLE time_stamp ENABLE ROW LEVEL SECURITY")
    op.execute(
        "CREATE TRIGGER time_stamp_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON time_stamp "
        "FOR EACH STATEMENT EXECUTE FUNCTION gateway_refuse()"
    )
    op.execute("ALTER TABLE time_stamp ENABLE ALWAYS TRIGGER time_stamp_no_change")


def downgrade() -> None:
    op.drop_table("time_stamp")
