"""Reviews of broken glass are due, and it is known of which that was told."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("break_glass", sa.Column("due_us", sa.BigInteger, nullable=True))
    op.add_column("break_glass", sa.Column("overdue_us", sa.BigInteger, nullable=True))
    op.execute("UPDATE break_glass SET due_us = until_us + 86400000000")  # a day after their end
