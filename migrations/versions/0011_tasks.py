"""Tasks, and what is sealed of them."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "task",
        *(_text(name) for name in ("tenant", "id", "state")),
        _whole("version"),
        _text("actor"),
        *(_blob(name) for name in ("principal", "standing")),
        *(_text(name) for name in ("protocol", "target", "action")),
        _small("priority"),
        *(_whole(name) for name in ("due_us", "expires_us")),
        *(_small(name) for name in ("tries", "most_tries")),
        _text("cancelled_by", null=True),
        _whole("created_us"),
        _whole("ended_us", null=True),
        _text("holder", null=True),
        _whole("lease_us", null=True),
        _text("code", null=True),
        _small("status", null=True),
        _text("exchange"),
        _text("last_exchange", null=True),
        _text("trace"),
        _blob("idempotency", null=True),
        _blob("digest"),
        sa.PrimaryKeyConstraint("tenant", "id", name="task_pkey"),
        sqlite_with_rowid=False,
    )
    op.create_index("task_idempotency", "task", ["tenant", "idempotency"], unique=True)
    op.create_index("task_state", "task", ["state", "tenant", "due_us"])
    op.create_table(
        "task_content",
        *(_text(name) for name in ("tenant", "task", "part", "key")),
        *(_blob(name) for name in ("nonce", "ciphertext")),
        sa.PrimaryKeyConstraint("tenant", "task", "part", name="task_content_pkey"),
        sqlite_with_rowid=False,
    )


def _text(name: str, *, null: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=null)


def _whole(name: str, *, null: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, autoincrement=False, nullable=null)


def _small(name: str, *, null: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, autoincrement=False, nullable=null)


def _blob(name: str, *, null: bool = False) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary, nullable=null)
