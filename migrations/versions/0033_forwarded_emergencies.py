"""Forwarding: how much of an emergency ledger a destination has taken, before the record that stitches it in."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("forward_cursor", sa.Column("emergency_seq", sa.BigInteger, nullable=False, server_default="0"))


def downgrade() -> None:
    op.drop_column("forward_cursor", "emergency_seq")
