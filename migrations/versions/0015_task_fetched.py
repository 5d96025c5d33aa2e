"""Tasks: when an agent first fetched the result for an exchange that it works for."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("task", sa.Column("fetched_us", sa.BigInteger, nullable=True))
