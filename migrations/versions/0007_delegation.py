"""Delegation: what the calls of an agent carry that has an exchange open."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("agents", "classes", "learned", "context"):
        op.add_column("open_exchange", sa.Column(name, sa.Text, nullable=True))
    op.add_column("open_exchange", sa.Column("children", sa.BigInteger, nullable=True))
