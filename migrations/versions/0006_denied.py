"""The deny-list, and its revision in the head of each ledger."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("head", sa.Column("denied", sa.BigInteger, nullable=False, server_default="0"))
    op.create_table(
        "denied",
        *(sa.Column(name, sa.Text, nullable=False) for name in ("tenant", "kind", "issuer", "name", "id")),
        sa.Column("until_us", sa.BigInteger, nullable=True),
        sa.Column("created_us", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "kind", "issuer", "name", name="denied_pkey"),
        sqlite_with_rowid=False,
    )
