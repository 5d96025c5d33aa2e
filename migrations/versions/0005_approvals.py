"""Approvals: what waits for people, and what they have said."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "approval",
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("lookup", sa.LargeBinary, nullable=True),
        sa.Column("request", sa.LargeBinary, nullable=False),
        sa.Column("binding", sa.LargeBinary, nullable=False),
        sa.Column("created_us", sa.BigInteger, nullable=False),
        sa.Column("expires_us", sa.BigInteger, nullable=False),
        sa.Column("terms", sa.LargeBinary, nullable=False),
        sa.Column("answers", sa.LargeBinary, nullable=False),
        sa.Column("edit", sa.LargeBinary, nullable=False),
        sa.Column("sealed_key", sa.Text, nullable=True),
        sa.Column("nonce", sa.LargeBinary, nullable=True),
        sa.Column("ciphertext", sa.LargeBinary, nullable=True),
        sa.PrimaryKeyConstraint("tenant", "id", name="approval_pkey"),
        sqlite_with_rowid=False,
    )
    # A lookup that was given up is null, of which there may be many.
    op.create_index("approval_lookup", "approval", ["tenant", "lookup"], unique=True)
    op.create_index("approval_state", "approval", ["tenant", "state", "created_us"])
