"""What is to be told of tasks to registered destinations; a result belongs to no standing any more."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("task", _text("callback", null=True))
    op.drop_column("task", "standing")
    op.create_table(
        "task_callback",
        *(_text(name) for name in ("tenant", "id", "task", "callback", "state")),
        _whole("version"),
        _small("tries"),
        *(_whole(name) for name in ("due_us", "created_us")),
        _whole("ended_us", null=True),
        _text("code", null=True),
        _small("status", null=True),
        sa.PrimaryKeyConstraint("tenant", "id", name="task_callback_pkey"),
        sqlite_with_rowid=False,
    )
    op.create_index("task_callback_task", "task_callback", ["tenant", "task"])
    op.create_index("task_callback_state", "task_callback", ["state", "due_us"])


def _text(name: str, *, null: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=null)


def _whole(name: str, *, null: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, autoincrement=False, nullable=null)


def _small(name: str, *, null: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, autoincrement=False, nullable=null)
