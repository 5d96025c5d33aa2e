"""Evidence bundles by the calendar: the periods of which one is made, and what came of each."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "scheduled_bundle",
        *(sa.Column(name, sa.Text, nullable=False) for name in ("tenant", "schedule", "period", "every")),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("since_us", "until_us")),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("bundle", sa.Text),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("builds", "tries", "next_us")),
        sa.Column("code", sa.Text),
        sa.Column("told", sa.Integer, nullable=False),
        sa.Column("ended_us", sa.BigInteger),
        sa.Column("digest", sa.Text),
        sa.PrimaryKeyConstraint("tenant", "schedule", "period", name="scheduled_bundle_pkey"),
        sqlite_with_rowid=False,
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE scheduled_bundle ENABLE ROW LEVEL SECURITY")


def downgrade() -> None:
    op.drop_table("scheduled_bundle")
