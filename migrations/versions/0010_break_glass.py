"""Broken glass: roles that were lent for minutes, and their reviews."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "break_glass",
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("persons", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("reviewer", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("opened_us", sa.BigInteger, nullable=False),
        sa.Column("until_us", sa.BigInteger, nullable=False),
        sa.Column("reviewed_us", sa.BigInteger, nullable=True),
        sa.Column("reviewed_by", sa.Text, nullable=True),
        sa.Column("justified", sa.Boolean, nullable=True),
        sa.PrimaryKeyConstraint("tenant", "id", name="break_glass_pkey"),
        sqlite_with_rowid=False,
    )
    op.create_index("break_glass_until_us", "break_glass", ["until_us"])
