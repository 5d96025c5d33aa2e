"""Data classes that were denied to a caller lately."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sticking",
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("principal", sa.LargeBinary, nullable=False),
        sa.Column("class", sa.Text, nullable=False),
        sa.Column("until_us", sa.BigInteger, nullable=False),
        sa.Column("noted_us", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "actor", "principal", "class", name="sticking_pkey"),
        sqlite_with_rowid=False,
    )
