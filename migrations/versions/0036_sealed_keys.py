"""Rows of API keys are sealed. Those of before are sealed by who migrates, once, in the same transaction
(`gateway.store.migrate`): it has the keyring, which this has not."""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("api_key", sa.Column("seal", sa.Text))


def downgrade() -> None:
    op.drop_column("api_key", "seal")
