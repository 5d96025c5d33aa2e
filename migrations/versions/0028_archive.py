"""Ranges of records that lie in an archive, and the one way in which these leave the database."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

_FLOOR = "coalesce((SELECT max(end_seq) FROM archive WHERE tenant = {row}.tenant), 0)"
_ORDER = """
CREATE FUNCTION gateway_archive_order() RETURNS trigger LANGUAGE plpgsql SET search_path = {schema}, pg_temp AS $$
BEGIN
    -- One that is there already is not another one: whoever adds it a second time is told so by its key.
    IF EXISTS (SELECT 1 FROM archive WHERE tenant = NEW.tenant AND first_seq = NEW.first_seq) THEN
        RETURN NEW;
    END IF;
    IF NEW.first_seq <> coalesce((SELECT max(end_seq) FROM archive WHERE tenant = NEW.tenant), 0)
        OR NEW.end_seq <= NEW.first_seq
        OR NEW.end_seq >= coalesce((SELECT size FROM head WHERE tenant = NEW.tenant), 0)
    THEN
        RAISE EXCEPTION 'archive: ranges must follow one another, and leave a record'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$
"""
# A posting is found by its whole key: a join by hash would read those of every block.
_REMOVE = """
CREATE FUNCTION gateway_remove_archived() RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER
SET search_path = {schema}, pg_temp SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off
AS $$
DECLARE
    whose text := nullif(current_setting('gateway.tenant', true), '');
    days integer := gateway_archive_days();
    lowest bigint; stop bigint; newest text; gone bigint;
BEGIN
    SELECT min(seq) INTO lowest FROM record WHERE tenant = whose;
    SELECT max(end_seq) INTO stop FROM archive WHERE tenant = whose;
    IF lowest IS NULL OR stop IS NULL OR lowest >= stop THEN
        RETURN 0;
    END IF;
    stop := least((lowest / 4096 + 1) * 4096, stop);
    SELECT recorded_at INTO newest FROM record WHERE tenant = whose AND seq = stop - 1;
    IF days IS NULL OR newest IS NULL OR newest > to_char(
        (now() AT TIME ZONE 'UTC') - make_interval(days => days), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'
    ) THEN
        RAISE EXCEPTION 'record: not old enough to be removed' USING ERRCODE = 'insufficient_privilege';
    END IF;
    PERFORM set_config('gateway.archived', 'removing', true);
    DELETE FROM posting p USING (
        SELECT DISTINCT v.field, v.value FROM record r CROSS JOIN LATERAL (VALUES
            ('actor', r.actor), ('agent', r.agent), ('action', r.action), ('decision', r.decision),
            ('purpose', r.purpose), ('outcome', r.outcome), ('zone', r.zone), ('event', r.event)
        ) AS v(field, value) WHERE r.tenant = whose AND r.seq >= lowest AND r.seq < stop
        UNION SELECT DISTINCT 'data_class', c.name
        FROM record r CROSS JOIN LATERAL unnest(string_to_array(r.classes, '|')) AS c(name)
        WHERE r.tenant = whose AND r.seq >= lowest AND r.seq < stop
    ) AS k
    WHERE p.tenant = whose AND p.field = k.field AND p.value = k.value AND p.block = lowest / 4096;
    DELETE FROM record WHERE tenant = whose AND seq >= lowest AND seq < stop;
    GET DIAGNOSTICS gone = ROW_COUNT;
    PERFORM set_config('gateway.archived', '', true);
    RETURN gone;
END $$
"""


def upgrade() -> None:
    op.create_table(
        "archive",
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("first_seq", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("end_seq", sa.BigInteger, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("first_at", sa.Text, nullable=False),
        sa.Column("last_at", sa.Text, nullable=False),
        sa.Column("last_hash", sa.LargeBinary, nullable=False),
        sa.Column("recorded_at", sa.Text, nullable=False),
        sa.Column("checkpoint", sa.BigInteger, nullable=False),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "first_seq", name="archive_pkey"),
        sqlite_with_rowid=False,
    )
    if op.get_bind().dialect.name == "sqlite":
        _sqlite_rules()
    else:
        _postgresql_rules()


def _sqlite_rules() -> None:
    for name, when, why in (("no_update", "UPDATE", "changed"), ("no_delete", "DELETE", "deleted")):
        body = f"BEGIN SELECT RAISE(ABORT, 'archive: rows are never {why}'); END"
        op.execute(f"CREATE TRIGGER archive_{name} BEFORE {when} ON archive {body}")
    op.execute(
        "CREATE TRIGGER archive_no_replace BEFORE INSERT ON archive WHEN EXISTS (SELECT 1 FROM archive WHERE "
        "tenant = NEW.tenant AND first_seq = NEW.first_seq) BEGIN SELECT RAISE(IGNORE); END"
    )
    # The newest record stays: by it the next one's number is found.
    size = "coalesce((SELECT size FROM head WHERE tenant = NEW.tenant), 0)"
    same = "SELECT 1 FROM archive WHERE tenant = NEW.tenant AND first_seq = NEW.first_seq"
    wrong = f"NEW.end_seq IS NULL OR NEW.end_seq <= NEW.first_seq OR NEW.end_seq >= {size}"
    op.execute(
        f"CREATE TRIGGER archive_in_order BEFORE INSERT ON archive WHEN NOT EXISTS ({same}) "
        f"AND (NEW.first_seq IS NOT {_FLOOR.format(row='NEW')} OR {wrong}) "
        "BEGIN SELECT RAISE(ABORT, 'archive: ranges must follow one another, and leave a record'); END"
    )
    for table, lies in {
        "record": f"OLD.seq >= {_FLOOR.format(row='OLD')}",
        "posting": f"(OLD.block + 1) * 4096 > {_FLOOR.format(row='OLD')}",
    }.items():
        op.execute(f"DROP TRIGGER {table}_no_delete")
        op.execute(
            f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} WHEN {lies} "
            f"BEGIN SELECT RAISE(ABORT, '{table}: rows are never deleted'); END"
        )


def _postgresql_rules() -> None:
    op.execute("ALTER TABLE archive ENABLE ROW LEVEL SECURITY")
    op.execute(
        "CREATE TRIGGER archive_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON archive "
        "FOR EACH STATEMENT EXECUTE FUNCTION gateway_refuse()"
    )
    connection = op.get_bind()
    quote = connection.dialect.identifier_preparer.quote
    schema = quote(connection.scalar(sa.text("SELECT current_schema()")) or "public")
    connection.exec_driver_sql(_ORDER.replace("{schema}", schema))
    op.execute(
        "CREATE TRIGGER archive_in_order BEFORE INSERT ON archive FOR EACH ROW EXECUTE FUNCTION gateway_archive_order()"
    )
    for name in ("archive_no_change", "archive_in_order"):
        op.execute(f"ALTER TABLE archive ENABLE ALWAYS TRIGGER {name}")
    _removal(schema)


def _removal(schema: str) -> None:
    """The role that serves has no right to delete a record. A function of the owner does it, a block at a time, the
    oldest first, and only what lies in an archive and is older than the days that the owner set at the last migration
    (`gateway_archive_days`; before one was set, nothing)."""
    op.execute(
        "CREATE FUNCTION gateway_archive_days() RETURNS integer LANGUAGE sql IMMUTABLE AS $$ SELECT NULL::integer $$"
    )
    # The triggers refuse as before, whoever asks: the setting opens nothing to who has no right to delete, and who has
    # it, the owner, could take the triggers away.
    op.execute(
        "CREATE FUNCTION gateway_refuse_unarchived() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS "
        "$$ BEGIN IF TG_OP = 'DELETE' AND current_setting('gateway.archived', true) = 'removing' THEN RETURN NULL; "
        "END IF; RAISE EXCEPTION '%: rows are never changed or deleted', TG_TABLE_NAME "
        "USING ERRCODE = 'insufficient_privilege'; END $$"
    )
    for table in ("record", "posting"):
        op.execute(f"DROP TRIGGER {table}_no_change ON {table}")
        op.execute(
            f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION gateway_refuse_unarchived()"
        )
        op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_no_change")
    # Not as text of SQLAlchemy's, which would take what follows a colon for a parameter.
    op.get_bind().exec_driver_sql(_REMOVE.replace("{schema}", schema))
    for function in ("gateway_remove_archived", "gateway_archive_days"):
        op.execute(f"REVOKE ALL ON FUNCTION {function}() FROM PUBLIC")


def downgrade() -> None:
    connection = op.get_bind()
    gone = connection.scalar(
        sa.text(
            "SELECT count(*) FROM archive AS a WHERE a.end_seq > a.first_seq AND NOT EXISTS "
            "(SELECT 1 FROM record AS r WHERE r.tenant = a.tenant AND r.seq = a.first_seq)"
        )
    )
    if gone:
        raise RuntimeError("records lie in archives alone: the version before would take them for lost")
    if connection.dialect.name == "sqlite":
        for table in ("record", "posting"):
            op.execute(f"DROP TRIGGER {table}_no_delete")
            op.execute(
                f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table}: rows are never deleted'); END"
            )
    else:
        for table in ("record", "posting"):
            op.execute(f"DROP TRIGGER {table}_no_change ON {table}")
            op.execute(
                f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION gateway_refuse()"
            )
            op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_no_change")
        for function in ("gateway_remove_archived", "gateway_archive_days", "gateway_refuse_unarchived"):
            op.execute(f"DROP FUNCTION {function}()")
    op.drop_table("archive")
    if connection.dialect.name == "postgresql":
        op.execute("DROP FUNCTION gateway_archive_order()")
