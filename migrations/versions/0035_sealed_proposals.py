"""Rows of proposals are sealed. Those of before have no seal: a start takes over the last one that ledgers bear out."""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("policy_proposal", sa.Column("seal", sa.Text))


def downgrade() -> None:
    op.drop_column("policy_proposal", "seal")
