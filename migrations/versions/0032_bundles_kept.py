"""Evidence bundles: what decides what is in one, and what is kept of it while it is built."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("bundle", sa.Column("basis", sa.LargeBinary))
    for name in ("work_key", "kept"):
        op.add_column("bundle", sa.Column(name, sa.Text))


def downgrade() -> None:
    for name in ("kept", "work_key", "basis"):
        op.drop_column("bundle", name)
