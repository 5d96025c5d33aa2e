"""Kept content: found among the sealed parts without looking at the others."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_CONTENT = sa.text("part LIKE 'content:%'")


def upgrade() -> None:
    op.create_index("sealed_content", "sealed", ["tenant", "seq"], sqlite_where=_CONTENT, postgresql_where=_CONTENT)


def downgrade() -> None:
    op.drop_index("sealed_content", "sealed")
