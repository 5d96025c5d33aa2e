"""Proposals of policy: what is to be in force, who says so, and what became of it."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_ACTIVATING = sa.text("state = 'activating'")


def upgrade() -> None:
    op.create_table(
        "policy_proposal",
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("terms", sa.Text, nullable=False),
        sa.Column("created_us", sa.BigInteger, nullable=False),
        sa.Column("number", sa.BigInteger, nullable=True),
        sa.Column("activated_us", sa.BigInteger, nullable=True),
        sa.PrimaryKeyConstraint("tenant", "id", name="policy_proposal_pkey"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "policy_proposal_activating",
        "policy_proposal",
        ["tenant"],
        unique=True,
        sqlite_where=_ACTIVATING,
        postgresql_where=_ACTIVATING,
    )
    op.create_index("policy_proposal_number", "policy_proposal", ["tenant", "number"], unique=True)


def downgrade() -> None:
    op.drop_table("policy_proposal")
