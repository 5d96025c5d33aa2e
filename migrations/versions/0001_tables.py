"""All tables, and the rules that the database itself enforces on them."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

APPEND_ONLY = ("record", "checkpoint", "tile", "policy_version", "policy_active")
NEVER_UPDATED = ("detail", "sealed", "subject_record", "pseudonym")
NEVER_DELETED = ("head", "tenant", "api_key")


def upgrade() -> None:
    _record()
    _beside()
    _tree()
    _running()
    _administration()
    if op.get_bind().dialect.name == "sqlite":
        _sqlite_rules()
    else:
        _postgresql_rules()


def _text(name: str, *, null: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=null)


def _whole(name: str, *, null: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, autoincrement=False, nullable=null)


def _blob(name: str) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary, nullable=False)


def _table(name: str, key: tuple[str, ...], *items: sa.schema.SchemaItem, rowid: bool = False) -> None:
    op.create_table(name, *items, sa.PrimaryKeyConstraint(*key, name=f"{name}_pkey"), sqlite_with_rowid=rowid)


def _record() -> None:
    _table(
        "record",
        ("tenant", "seq"),
        _text("tenant"),
        _whole("seq"),
        _text("id"),
        _text("event"),
        _text("occurred_at"),
        _text("recorded_at"),
        *(_text(name, null=True) for name in ("exchange", "actor", "agent", "action", "decision", "purpose")),
        *(_text(name, null=True) for name in ("outcome", "zone", "classes", "trace")),
        _blob("bytes"),
        _blob("hash"),
        rowid=True,
    )
    for column in ("exchange", "trace", "occurred_at"):
        op.create_index(f"record_{column}", "record", ["tenant", column])


def _beside() -> None:
    _table("detail", ("tenant", "seq"), _text("tenant"), _whole("seq"), _blob("salt"), _blob("bytes"))
    _table(
        "sealed",
        ("tenant", "seq", "part"),
        _text("tenant"),
        _whole("seq"),
        _text("part"),
        _text("key"),
        _blob("nonce"),
        _blob("ciphertext"),
    )
    _table("subject_record", ("tenant", "subject", "seq"), _text("tenant"), _text("subject"), _whole("seq"))
    _table(
        "pseudonym",
        ("tenant", "kind", "lookup"),
        _text("tenant"),
        _text("kind"),
        _blob("lookup"),
        _text("id"),
        _text("created_at"),
    )
    op.create_index("pseudonym_id", "pseudonym", ["tenant", "id"])


def _tree() -> None:
    _table(
        "head",
        ("tenant",),
        _text("tenant"),
        _whole("size"),
        _blob("hash"),
        _text("recorded_at"),
        _text("policy", null=True),
    )
    _table("checkpoint", ("tenant", "size"), _text("tenant"), _whole("size"), _blob("root"), _blob("note"))
    _table(
        "tile",
        ("tenant", "level", "idx"),
        _text("tenant"),
        sa.Column("level", sa.Integer, autoincrement=False, nullable=False),
        _whole("idx"),
        _blob("hashes"),
    )


def _running() -> None:
    _table(
        "open_exchange",
        ("tenant", "exchange"),
        _text("tenant"),
        _text("exchange"),
        _text("node"),
        _text("boot"),
        _whole("seq"),
        _text("opened_at"),
    )
    _table("node", ("id",), _text("id"), _text("boot"), _whole("started_at"), _whole("lease_until"))
    _table("lease", ("name",), _text("name"), _text("holder"), _whole("until_us"))


def _administration() -> None:
    _table(
        "api_key",
        ("id",),
        *(_text(name) for name in ("id", "tenant", "prefix")),
        _blob("hash"),
        *(_text(name) for name in ("owner", "kind", "roles", "zone", "purposes", "floor")),
        _text("rate", null=True),
        _whole("created_us"),
        _whole("expires_us", null=True),
        _whole("revoked_us", null=True),
        sa.UniqueConstraint("prefix", name="api_key_prefix_key"),
    )
    _table("policy_version", ("digest",), _text("digest"), _blob("bytes"), _text("created_at"))
    _table("policy_active", ("tenant", "seq"), _text("tenant"), _whole("seq"), _text("digest"), _text("activated_at"))
    _table(
        "tenant",
        ("id",),
        _text("id"),
        _text("ledger"),
        _text("origin", null=True),
        _text("created_at"),
        sa.UniqueConstraint("ledger", name="tenant_ledger_key"),
        sa.UniqueConstraint("origin", name="tenant_origin_key"),
    )


def _sqlite_rules() -> None:
    def refuse(name: str, when: str, table: str, why: str, condition: str = "") -> None:
        body = f"BEGIN SELECT RAISE(ABORT, '{table}: {why}'); END"
        op.execute(f"CREATE TRIGGER {table}_{name} BEFORE {when} ON {table} {condition} {body}")

    for table in APPEND_ONLY + NEVER_UPDATED:
        refuse("no_update", "UPDATE", table, "rows are never changed")
    for table in APPEND_ONLY + NEVER_DELETED:
        refuse("no_delete", "DELETE", table, "rows are never deleted")
    # INSERT OR REPLACE removes the row in its way without firing delete triggers: so no insert may find one there. A
    # table with a rowid has a second, unnamed key: REPLACE with the rowid of an old row and the next free primary key
    # would remove that row. So only `record` has one (its rows are too long for an index's pages), and a trigger more.
    # NEW.rowid is undefined (in fact -1) where the statement sets none: whatever it is, refusing is the safe side.
    newest = "(SELECT seq FROM record WHERE tenant = NEW.tenant ORDER BY seq DESC LIMIT 1)"
    order = f"NEW.seq IS NOT coalesce({newest}, -1) + 1 OR {_there('record', ('rowid',))}"
    refuse("in_order", "INSERT", "record", "seq must be the next one, and its rowid free", f"WHEN {order}")
    for table, key in {
        "detail": ("tenant", "seq"),
        "sealed": ("tenant", "seq", "part"),
        "policy_active": ("tenant", "seq"),
        "head": ("tenant",),
        "tenant": ("id",),
        "api_key": ("id",),
    }.items():
        refuse("no_replace", "INSERT", table, "the row is there already", f"WHEN {_there(table, key)}")
    # A second unique key is a second way for REPLACE to remove a row.
    refuse("no_replace_prefix", "INSERT", "api_key", "the prefix is taken", f"WHEN {_there('api_key', ('prefix',))}")
    refuse("no_replace_ledger", "INSERT", "tenant", "the ledger is taken", f"WHEN {_there('tenant', ('ledger',))}")
    refuse("no_replace_origin", "INSERT", "tenant", "the origin is taken", f"WHEN {_there('tenant', ('origin',))}")
    refuse(
        "fixed_key",
        "UPDATE",
        "tenant",
        "id, ledger and origin never change",
        "WHEN NEW.id IS NOT OLD.id OR NEW.ledger IS NOT OLD.ledger OR (NEW.origin IS NOT OLD.origin AND "
        f"(OLD.origin IS NOT NULL OR {_there('tenant', ('origin',))}))",
    )
    refuse(
        "fixed_key",
        "UPDATE",
        "api_key",
        "a key is never another one, and never comes back",
        "WHEN NEW.id IS NOT OLD.id OR NEW.prefix IS NOT OLD.prefix OR NEW.hash IS NOT OLD.hash "
        "OR (OLD.revoked_us IS NOT NULL AND NEW.revoked_us IS NOT OLD.revoked_us)",
    )
    # What is there already is left alone, so that writing the same thing again (after a crash, or by two at once with
    # ON CONFLICT DO NOTHING) is no error.
    for table, key in {
        "checkpoint": ("tenant", "size"),
        "tile": ("tenant", "level", "idx"),
        "policy_version": ("digest",),
        "subject_record": ("tenant", "subject", "seq"),
        "pseudonym": ("tenant", "kind", "lookup"),
    }.items():
        op.execute(
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN {_there(table, key)} "
            "BEGIN SELECT RAISE(IGNORE); END"
        )
    refuse("starts_empty", "INSERT", "head", "a ledger starts empty", "WHEN NEW.size IS NOT 0")
    refuse(
        "grows",
        "UPDATE",
        "head",
        "size only grows",
        "WHEN NEW.tenant IS NOT OLD.tenant OR NEW.size IS NULL OR NEW.size <= OLD.size",
    )


def _there(table: str, key: tuple[str, ...]) -> str:
    same = " AND ".join(f"{column} = NEW.{column}" for column in key)
    return f"EXISTS (SELECT 1 FROM {table} WHERE {same})"  # noqa: S608 — names from this file


def _postgresql_rules() -> None:
    op.execute(
        "CREATE FUNCTION gateway_refuse() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS "
        "$$ BEGIN RAISE EXCEPTION '%: rows are never changed or deleted', TG_TABLE_NAME "
        "USING ERRCODE = 'insufficient_privilege'; END $$"
    )
    op.execute(
        "CREATE FUNCTION gateway_head_grows() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS "
        "$$ BEGIN IF TG_OP = 'INSERT' THEN IF NEW.size <> 0 THEN RAISE EXCEPTION 'head: a ledger starts empty' "
        "USING ERRCODE = 'insufficient_privilege'; END IF; "
        "ELSIF NEW.tenant <> OLD.tenant OR NEW.size <= OLD.size THEN RAISE EXCEPTION 'head: size only grows' "
        "USING ERRCODE = 'insufficient_privilege'; END IF; RETURN NEW; END $$"
    )
    op.execute(
        "CREATE FUNCTION gateway_tenant_fixed() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS "
        "$$ BEGIN IF NEW.id <> OLD.id OR NEW.ledger <> OLD.ledger OR (OLD.origin IS NOT NULL "
        "AND NEW.origin IS DISTINCT FROM OLD.origin) THEN RAISE EXCEPTION 'tenant: id, ledger and origin never change' "
        "USING ERRCODE = 'insufficient_privilege'; END IF; RETURN NEW; END $$"
    )
    op.execute(
        "CREATE FUNCTION gateway_api_key_fixed() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS "
        "$$ BEGIN IF NEW.id <> OLD.id OR NEW.prefix <> OLD.prefix OR NEW.hash <> OLD.hash "
        "OR (OLD.revoked_us IS NOT NULL AND NEW.revoked_us IS DISTINCT FROM OLD.revoked_us) THEN "
        "RAISE EXCEPTION 'api_key: a key is never another one, and never comes back' "
        "USING ERRCODE = 'insufficient_privilege'; END IF; RETURN NEW; END $$"
    )
    # Statement triggers, so that TRUNCATE, an upsert and a statement that finds no row are refused alike; ALWAYS, so
    # that session_replication_role = replica does not switch them off.
    for table in APPEND_ONLY:
        _postgresql_trigger(table, "no_change", "BEFORE UPDATE OR DELETE OR TRUNCATE", "STATEMENT", "gateway_refuse")
    for table in NEVER_UPDATED:
        _postgresql_trigger(table, "no_change", "BEFORE UPDATE OR TRUNCATE", "STATEMENT", "gateway_refuse")
    for table in NEVER_DELETED:
        _postgresql_trigger(table, "no_delete", "BEFORE DELETE OR TRUNCATE", "STATEMENT", "gateway_refuse")
    _postgresql_trigger("head", "grows", "BEFORE INSERT OR UPDATE", "ROW", "gateway_head_grows")
    _postgresql_trigger("tenant", "fixed_key", "BEFORE UPDATE", "ROW", "gateway_tenant_fixed")
    _postgresql_trigger("api_key", "fixed_key", "BEFORE UPDATE", "ROW", "gateway_api_key_fixed")


def _postgresql_trigger(table: str, name: str, when: str, each: str, function: str) -> None:
    op.execute(f"CREATE TRIGGER {table}_{name} {when} ON {table} FOR EACH {each} EXECUTE FUNCTION {function}()")
    op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_{name}")
