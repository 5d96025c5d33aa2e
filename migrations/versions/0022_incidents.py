"""Incidents, until somebody closes them; those that are on record already among them."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "incident",
        *(_text(name) for name in ("tenant", "id")),
        *(_text(name, null=True) for name in ("exchange", "agent", "zone")),
        _text("opened_at"),
        sa.Column("version", sa.BigInteger, autoincrement=False, nullable=False),
        *(_text(name, null=True) for name in ("closed_at", "closed_by", "disposition")),
        sa.PrimaryKeyConstraint("tenant", "id", name="incident_pkey"),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO incident (tenant, id, exchange, agent, zone, opened_at, version) SELECT tenant, id, exchange, "
        "agent, zone, occurred_at, 0 FROM record WHERE event = 'incident.opened'"
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE incident ENABLE ROW LEVEL SECURITY")


def downgrade() -> None:
    op.drop_table("incident")


def _text(name: str, *, null: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=null)
