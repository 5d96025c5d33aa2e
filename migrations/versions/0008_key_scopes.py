"""API keys: what they are narrowed to, and when they were last used."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("api_key", sa.Column("scopes", sa.Text, nullable=False, server_default="[]"))
    op.add_column("api_key", sa.Column("last_used_us", sa.BigInteger, nullable=True))
