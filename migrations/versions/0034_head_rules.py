"""The rules on the head of a ledger on PostgreSQL, as conditions of triggers: what is allowed calls no function."""

from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

_RULES = (
    ("head_starts_empty", "INSERT", "NEW.size <> 0", "a ledger starts empty"),
    ("head_grows", "UPDATE", "NEW.tenant <> OLD.tenant OR NEW.size <= OLD.size", "size only grows"),
)
_REFUSE = (
    "CREATE FUNCTION gateway_head_refuse() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS "
    "$$ BEGIN RAISE EXCEPTION 'head: %', TG_ARGV[0] USING ERRCODE = 'insufficient_privilege'; END $$"
)
_GROWS = (
    "CREATE FUNCTION gateway_head_grows() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS "
    "$$ BEGIN IF TG_OP = 'INSERT' THEN IF NEW.size <> 0 THEN RAISE EXCEPTION 'head: a ledger starts empty' "
    "USING ERRCODE = 'insufficient_privilege'; END IF; "
    "ELSIF NEW.tenant <> OLD.tenant OR NEW.size <= OLD.size THEN RAISE EXCEPTION 'head: size only grows' "
    "USING ERRCODE = 'insufficient_privilege'; END IF; RETURN NEW; END $$"
)


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return  # SQLite's have conditions since they were made
    op.execute("DROP TRIGGER head_grows ON head")
    op.execute("DROP FUNCTION gateway_head_grows()")
    op.execute(_REFUSE)
    for name, when, condition, why in _RULES:
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {when} ON head FOR EACH ROW WHEN ({condition}) "
            f"EXECUTE FUNCTION gateway_head_refuse('{why}')"
        )
        op.execute(f"ALTER TABLE head ENABLE ALWAYS TRIGGER {name}")


def downgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    for name, *_ in _RULES:
        op.execute(f"DROP TRIGGER {name} ON head")
    op.execute("DROP FUNCTION gateway_head_refuse()")
    op.execute(_GROWS)
    op.execute(
        "CREATE TRIGGER head_grows BEFORE INSERT OR UPDATE ON head FOR EACH ROW EXECUTE FUNCTION gateway_head_grows()"
    )
    op.execute("ALTER TABLE head ENABLE ALWAYS TRIGGER head_grows")
