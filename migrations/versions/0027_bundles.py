"""Evidence bundles: what was asked for, how far it is, and what came of it."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "bundle",
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("created_us", sa.BigInteger, nullable=False),
        sa.Column("asked", sa.LargeBinary, nullable=False),
        *(sa.Column(name, sa.Text) for name in ("actor", "kind", "exchange", "trace")),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("tries", "done", "total")),
        sa.Column("node", sa.Text),
        *(sa.Column(name, sa.BigInteger) for name in ("first", "end", "bytes")),
        *(sa.Column(name, sa.Text) for name in ("digest", "reason")),
        *(sa.Column(name, sa.BigInteger) for name in ("ended_us", "expires_us")),
        sa.PrimaryKeyConstraint("tenant", "id", name="bundle_pkey"),
        sqlite_with_rowid=False,
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE bundle ENABLE ROW LEVEL SECURITY")


def downgrade() -> None:
    op.drop_table("bundle")
