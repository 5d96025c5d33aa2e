"""Tokens that stand for findings in what agents are sent, by the session that they belong to."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "session_token",
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("session", sa.Text, nullable=False),
        sa.Column("page", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("nonce", sa.LargeBinary, nullable=False),
        sa.Column("ciphertext", sa.LargeBinary, nullable=False),
        sa.Column("until_us", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "session", "page", name="session_token_pkey"),
        sqlite_with_rowid=False,
    )
    op.create_index("session_token_until_us", "session_token", ["tenant", "until_us"])
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE session_token ENABLE ROW LEVEL SECURITY")


def downgrade() -> None:
    op.drop_table("session_token")
