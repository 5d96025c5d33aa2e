"""Statements by which ledgers' keys replace each other."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_NAME = "key_rotation"


def upgrade() -> None:
    op.create_table(
        _NAME,
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("number", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("until_size", sa.BigInteger, nullable=False),
        sa.Column("until_us", sa.BigInteger, nullable=False),
        sa.Column("statement", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "number", name="key_rotation_pkey"),
        sqlite_with_rowid=False,
    )
    if op.get_bind().dialect.name == "sqlite":
        _sqlite_rules()
    else:
        _postgresql_rules()


# A key counts for checkpoints of up to `until_size` records: a row that comes after a larger checkpoint would take the
# signature from that. It is left out, and so is its record. Whoever publishes looks for rows under the same lock.


def _sqlite_rules() -> None:
    for name, when, why in (("no_update", "UPDATE", "changed"), ("no_delete", "DELETE", "deleted")):
        body = f"BEGIN SELECT RAISE(ABORT, '{_NAME}: rows are never {why}'); END"
        op.execute(f"CREATE TRIGGER {_NAME}_{name} BEFORE {when} ON {_NAME} {body}")
    there = f"EXISTS (SELECT 1 FROM {_NAME} WHERE tenant = NEW.tenant AND number = NEW.number)"  # noqa: S608
    late = "EXISTS (SELECT 1 FROM checkpoint WHERE tenant = NEW.tenant AND size > NEW.until_size)"
    for name, when in (("no_replace", there), ("in_order", late)):
        op.execute(
            f"CREATE TRIGGER {_NAME}_{name} BEFORE INSERT ON {_NAME} WHEN {when} BEGIN SELECT RAISE(IGNORE); END"
        )


def _postgresql_rules() -> None:
    op.execute(f"ALTER TABLE {_NAME} ENABLE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE TRIGGER {_NAME}_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {_NAME} "
        "FOR EACH STATEMENT EXECUTE FUNCTION gateway_refuse()"
    )
    op.execute(
        "CREATE FUNCTION gateway_key_rotation_in_order() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog "
        "AS $$ DECLARE late boolean; BEGIN "
        "EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I.checkpoint WHERE tenant = $1 AND size > $2)', TG_TABLE_SCHEMA)"
        " INTO late USING NEW.tenant, NEW.until_size; "
        "IF late THEN RETURN NULL; END IF; RETURN NEW; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {_NAME}_in_order BEFORE INSERT ON {_NAME} "
        "FOR EACH ROW EXECUTE FUNCTION gateway_key_rotation_in_order()"
    )
    for name in ("no_change", "in_order"):
        op.execute(f"ALTER TABLE {_NAME} ENABLE ALWAYS TRIGGER {_NAME}_{name}")


def downgrade() -> None:
    op.drop_table(_NAME)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION gateway_key_rotation_in_order()")
