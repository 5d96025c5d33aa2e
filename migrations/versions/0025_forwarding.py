"""How far destinations have taken the records that are forwarded to them."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "forward_cursor",
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("forward", sa.Text, nullable=False),
        sa.Column("next_seq", sa.BigInteger, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("changed_us", sa.BigInteger, nullable=False),
        sa.Column("failing_us", sa.BigInteger),
        sa.Column("code", sa.Text),
        sa.Column("stalled", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "forward", name="forward_cursor_pkey"),
        sqlite_with_rowid=False,
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE forward_cursor ENABLE ROW LEVEL SECURITY")


def downgrade() -> None:
    op.drop_table("forward_cursor")
