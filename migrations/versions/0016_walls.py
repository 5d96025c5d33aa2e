"""Row-level security on PostgreSQL: no row of a table with a tenant is there without a policy.

The policies themselves are not here: each migration gives the role that serves those that the program knows
(`gateway.store.walls`), as it gives it its rights.
"""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

WALLED = (
    *("api_key", "approval", "break_glass", "checkpoint", "denied", "detail", "head", "mcp_session", "notice"),
    *(
        "open_exchange",
        "policy_active",
        "pseudonym",
        "record",
        "sealed",
        "session",
        "sticking",
        "subject_record",
        "task",
    ),
    *("task_callback", "task_content", "tenant", "tile", "tool"),
)


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table in WALLED:
            op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        # Policies beside the program's own (auditors') are the operator's: they stay, and say nothing without this.
        for table in WALLED:
            for name in ("gateway_tenant", "gateway_across", "gateway_found", "gateway_prefix"):
                op.execute(f"DROP POLICY IF EXISTS {name} ON {table}")
            op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
