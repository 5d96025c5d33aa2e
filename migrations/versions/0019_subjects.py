"""Data subjects: who is one with whom, whose data are restricted or being erased, and what stands against it."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_MARKED = sa.text("merged IS NOT NULL OR restricted_us IS NOT NULL OR erasing IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "subject",
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("merged", sa.Text),
        sa.Column("restricted_us", sa.BigInteger),
        sa.Column("erasing", sa.Text),
        sa.Column("created_us", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name="subject_pkey"),
        sqlite_with_rowid=False,
    )
    op.create_index("subject_marked", "subject", ["tenant"], sqlite_where=_MARKED, postgresql_where=_MARKED)
    op.create_table(
        "subject_case",
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("opened_us", sa.BigInteger, nullable=False),
        sa.Column("due_us", sa.BigInteger),
        sa.Column("ripe_us", sa.BigInteger),
        sa.Column("ended_us", sa.BigInteger),
        sa.Column("terms", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name="subject_case_pkey"),
        sqlite_with_rowid=False,
    )
    op.create_index("subject_case_subject", "subject_case", ["tenant", "subject"])
    op.create_index("subject_case_state", "subject_case", ["tenant", "kind", "state"])


def downgrade() -> None:
    op.drop_table("subject_case")
    op.drop_table("subject")
