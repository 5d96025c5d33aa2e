"""Samples of what was sent that people judge, and who has looked at and judged what of them."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

TABLES = ("review", "review_note")


def upgrade() -> None:
    op.create_table(
        "review",
        *(_text(name) for name in ("tenant", "id")),
        _whole("created_us"),
        *(_text(name) for name in ("since", "until", "engine")),
        _whole("population"),
        sa.Column("items", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name="review_pkey"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "review_note",
        *(_text(name) for name in ("tenant", "review")),
        sa.Column("place", sa.Integer, autoincrement=False, nullable=False),
        *(_text(name) for name in ("slot", "actor", "persons", "found")),
        _whole("at_us"),
        sa.PrimaryKeyConstraint("tenant", "review", "place", "slot", name="review_note_pkey"),
        sqlite_with_rowid=False,
    )
    if op.get_bind().dialect.name == "postgresql":
        for table in TABLES:
            op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


def _whole(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, autoincrement=False, nullable=False)
