"""Every table, once. alembic's migrations create them on both databases; a test compares the two definitions.

`tenant` in every table but `tenant` and `api_key` is the ledger's id (random, or `_system`), never the configured id.
Times of the record are the 27 characters of the envelope (fixed form, so they compare as text); `*_us` are microseconds
since the epoch. No foreign keys: records outlive everything that could be referred to.

Who may change what is enforced by the database itself, by triggers and grants (`migrations/`):

| tables                                                        | insert | update      | delete |
|---------------------------------------------------------------|--------|-------------|--------|
| record, checkpoint, tile, policy_version, policy_active       | yes    | never       | never  |
| record_block, archive, key_rotation, time_stamp               | yes    | never       | never  |
| posting                                                       | yes    | never       | never  |
| detail, sealed                                                | yes    | never       | yes    |
| subject_record, pseudonym                                     | yes    | never       | yes    |
| head                                                          | yes    | grows only  | never  |
| tenant, api_key, tool                                         | yes    | yes         | never  |
| open_exchange, node, lease, mcp_session, denied, sticking     | yes    | yes         | yes    |
| task, task_content, task_callback, notice, session_token      | yes    | yes         | yes    |
| session, approval, break_glass, subject, subject_case         | yes    | yes         | never  |
| incident, forward_cursor, bundle, emergency                   | yes    | yes         | never  |
| scheduled_bundle                                              | yes    | yes         | never  |
| policy_proposal                                               | yes    | yes         | never  |
| review, review_note, cosignature                              | yes    | never       | never  |

But for one thing: records of a range that `archive` names, and their postings, may be removed (`archives`); on
PostgreSQL by a function of the owner alone, and not before the days that the owner has set.
"""

from sqlalchemy import BigInteger, Boolean, Column, Dialect, Index, Integer, LargeBinary, MetaData, Table, Text, text
from sqlalchemy.types import TypeDecorator

CONTENT = "part LIKE 'content:%'"
"""Which sealed parts are kept content, as its index and its queries say it."""
MARKED = "merged IS NOT NULL OR restricted_us IS NOT NULL OR erasing IS NOT NULL"
"""Which data subjects anything sticks to, as the index and the queries of these say it."""
ACTIVATING = "state = 'activating'"
"""Which proposal is being activated, as its index says it."""


class Bytes(TypeDecorator[bytes]):
    """Bytes, whatever a column holds. SQLite lets who tampers put text or a number into a column of bytes; that must
    come out as other bytes, which verification finds and names, and not as an error of every reader."""

    impl = LargeBinary
    cache_ok = True

    def process_result_value(self, value: object, dialect: Dialect) -> bytes | None:
        return None if value is None else as_bytes(value)


def as_bytes(value: object) -> bytes:
    """What a column of bytes holds, as `Bytes` has it: for who reads so many that asking it for each is too much."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")


metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "uq": "%(table_name)s_%(column_0_name)s_key",
        "ix": "%(column_0_label)s",
    }
)

# On SQLite a table with a rowid has a second, unnamed key: `INSERT OR REPLACE` with the rowid of an old row and the
# next free primary key would remove that row past every delete trigger. So only `record` has one, because its rows are
# long (a third faster), and a trigger that looks at it.
record = Table(
    "record",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("id", Text, nullable=False),
    Column("event", Text, nullable=False),
    Column("occurred_at", Text, nullable=False),
    Column("recorded_at", Text, nullable=False),
    Column("exchange", Text),
    Column("actor", Text),
    Column("agent", Text),
    Column("action", Text),
    Column("decision", Text),
    Column("purpose", Text),
    Column("outcome", Text),
    Column("zone", Text),
    Column("classes", Text),
    Column("trace", Text),
    Column("bytes", Bytes, nullable=False),
    Column("hash", Bytes, nullable=False),
    Index("record_exchange", "tenant", "exchange"),
    Index("record_trace", "tenant", "trace"),
    Index("record_occurred_at", "tenant", "occurred_at"),
)
"""The records. `bytes` is the envelope and the truth, `hash` its leaf hash (32 bytes); the rest is an index on it."""

detail = Table(
    "detail",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("salt", Bytes, nullable=False),
    Column("bytes", Bytes, nullable=False),
    sqlite_with_rowid=False,
)
"""Details beside the records, and the 32 bytes their commitment was made with."""

sealed = Table(
    "sealed",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("part", Text, primary_key=True),
    Column("key", Text, nullable=False),
    Column("nonce", Bytes, nullable=False),
    Column("ciphertext", Bytes, nullable=False),
    Index("sealed_content", "tenant", "seq", sqlite_where=text(CONTENT), postgresql_where=text(CONTENT)),
    sqlite_with_rowid=False,
)
"""Sealed openings and content (`ledger.entry.SealedPart`). Kept content is the part `content:` and the time at which
its days are over (`store.kept`)."""

subject_record = Table(
    "subject_record",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)
"""Which records are about a data subject, by pseudonym."""

record_block = Table(
    "record_block",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("block", BigInteger, primary_key=True, autoincrement=False),
    Column("first_at", Text, nullable=False),
    Column("last_at", Text, nullable=False),
    sqlite_with_rowid=False,
)
"""Blocks of records whose postings are there, and the earliest and the latest time at which one of them occurred."""

posting = Table(
    "posting",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("field", Text, primary_key=True),
    Column("value", Text, primary_key=True),
    Column("block", BigInteger, primary_key=True, autoincrement=False),
    Column("places", Bytes, nullable=False),
    sqlite_with_rowid=False,
)
"""At which places of a block the records are that have this value (`store.postings`): an index on `record`."""

archive = Table(
    "archive",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("first_seq", BigInteger, primary_key=True, autoincrement=False),
    Column("end_seq", BigInteger, nullable=False),
    Column("id", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("first_at", Text, nullable=False),
    Column("last_at", Text, nullable=False),
    Column("last_hash", Bytes, nullable=False),
    Column("recorded_at", Text, nullable=False),
    Column("checkpoint", BigInteger, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""Ranges of records that lie in an archive (`store.archives`): one after the other from record 0 on. Their hashes stay
in `tile`, their times in `record_block`, and whom they are about in `subject_record`."""

pseudonym = Table(
    "pseudonym",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("lookup", Bytes, primary_key=True),
    Column("id", Text, nullable=False),
    Column("created_at", Text, nullable=False),
    Index("pseudonym_id", "tenant", "id"),
    sqlite_with_rowid=False,
)
"""HMAC of an identifier (`lookup`, 32 bytes) → its random id. `kind` is `actor`, or `subject` with what is under it: a
subject may have identifiers of several kinds (`subject:mrn`)."""

head = Table(
    "head",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("hash", Bytes, nullable=False),
    Column("recorded_at", Text, nullable=False),
    Column("policy", Text),
    Column("denied", BigInteger, nullable=False, server_default="0"),
    sqlite_with_rowid=False,
)
"""One row a ledger: how many records it has, the newest one's leaf hash and time (32 zero bytes and the empty string
for none), the active policy digest, and the revision of the deny-list. Writers lock it, and with it the order of the
ledger."""

checkpoint = Table(
    "checkpoint",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("root", Bytes, nullable=False),
    Column("note", Bytes, nullable=False),
    sqlite_with_rowid=False,
)
"""Signed checkpoints: `note` is the whole signed note."""

cosignature = Table(
    "cosignature",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("witness", Text, primary_key=True),
    Column("line", Text, nullable=False),
    Column("seconds", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""What witnesses say of checkpoints (C2SP tlog-cosignature): `line` stands below the note, `seconds` is its POSIX time,
`witness` the name of its key."""

time_stamp = Table(
    "time_stamp",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("tsa", Text, primary_key=True),
    Column("at_us", BigInteger, nullable=False),
    Column("kept_us", BigInteger, nullable=False),
    Column("reply", Bytes, nullable=False),
    sqlite_with_rowid=False,
)
"""What time-stamping authorities say of checkpoints (RFC 3161): `reply` is the whole reply, `at_us` the authority's
time, `kept_us` the time here when it came, `tsa` the authority's id in the configuration."""

key_rotation = Table(
    "key_rotation",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("until_size", BigInteger, nullable=False),
    Column("until_us", BigInteger, nullable=False),
    Column("statement", Bytes, nullable=False),
    sqlite_with_rowid=False,
)
"""By which statements a ledger's keys replaced each other, counted from 1 (`ledger.rotation`). The old key counts alone
for checkpoints of up to `until_size` records, and signs beside the new one until `until_us`."""

tile = Table(
    "tile",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("idx", BigInteger, primary_key=True, autoincrement=False),
    Column("hashes", Bytes, nullable=False),
    sqlite_with_rowid=False,
)
"""Full tiles of the tree (C2SP tlog-tiles): 256 hashes, 8,192 bytes each."""

open_exchange = Table(
    "open_exchange",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("exchange", Text, primary_key=True),
    Column("node", Text, nullable=False),
    Column("boot", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("opened_at", Text, nullable=False),
    Column("agents", Text),
    Column("classes", Text),
    Column("learned", Text),
    Column("context", Text),
    Column("children", BigInteger),
    sqlite_with_rowid=False,
)
"""Exchanges whose intent (record `seq`) is durable and whose end is not yet. Where an agent that itself calls others
may have the message: those agents (`|id|` each), the classes of what they were sent (`classes`) and of what they were
answered since (`learned`), class names that are each followed by a space; what a call made for it keeps (`context`,
JSON); and how many were made (`children`). Empty otherwise (`ledger.entry.Delegated`)."""

node = Table(
    "node",
    metadata,
    Column("id", Text, primary_key=True),
    Column("boot", Text, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("lease_until", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""Serving processes: `started_at` and `lease_until` in microseconds since the epoch."""

lease = Table(
    "lease",
    metadata,
    Column("name", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("until_us", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""Work that one process at a time does (`checkpoint/<ledger>`), for databases without advisory locks."""

session = Table(
    "session",
    metadata,
    Column("tenant", Text, nullable=False),
    Column("key", Bytes, primary_key=True),
    Column("id", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("principal", Bytes, nullable=False),
    Column("agent", Text, nullable=False),
    Column("zone", Text, nullable=False),
    Column("sent", Text, nullable=False),
    Column("said", Text, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("seen_us", BigInteger, nullable=False),
    Column("expires_us", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""Sessions that agents hold (`ledger.entry.SessionGrowth`), by the HMAC of their name, over all tenants. `sent` and
`said` are class names, each followed by a space; they are only ever added to. Rows outlive their expiry, so that what
has expired is not taken for new."""

session_token = Table(
    "session_token",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("session", Text, primary_key=True),
    Column("page", Integer, primary_key=True, autoincrement=False),
    Column("key", Text, nullable=False),
    Column("nonce", Bytes, nullable=False),
    Column("ciphertext", Bytes, nullable=False),
    Column("until_us", BigInteger, nullable=False),
    Index("session_token_until_us", "tenant", "until_us"),
    sqlite_with_rowid=False,
)
"""Tokens of a session (`core.tokens`) and what each stands for, sealed, in pages: those that one exchange has added.
A page is never changed but for `until_us`, when it is destroyed unless the session goes on."""

api_key = Table(
    "api_key",
    metadata,
    Column("id", Text, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("prefix", Text, nullable=False, unique=True),
    Column("hash", Bytes, nullable=False),
    Column("owner", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("roles", Text, nullable=False),
    Column("zone", Text, nullable=False),
    Column("purposes", Text, nullable=False),
    Column("floor", Text, nullable=False),
    Column("rate", Text),
    Column("created_us", BigInteger, nullable=False),
    Column("expires_us", BigInteger),
    Column("revoked_us", BigInteger),
    Column("scopes", Text, nullable=False, server_default="[]"),
    Column("last_used_us", BigInteger),
    Column("seal", Text),
    sqlite_with_rowid=False,
)
"""API keys (`core.ports.KeyRecord`); `tenant` is the configured id; `roles`, `purposes`, `floor` and `scopes` are JSON
arrays; `seal` is of all columns but `last_used_us` (`store.api_keys`)."""

denied = Table(
    "denied",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("issuer", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("id", Text, nullable=False),
    Column("until_us", BigInteger),
    Column("created_us", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""Tokens and subjects that are denied (`store.denials.Denial`). `issuer` is empty for owners of API keys."""

sticking = Table(
    "sticking",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("actor", Text, primary_key=True),
    Column("principal", Bytes, primary_key=True),
    Column("class", Text, primary_key=True),
    Column("until_us", BigInteger, nullable=False),
    Column("noted_us", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""Data classes that were denied to a caller lately, and stick to it until then (`store.sticking`). `principal` is the
HMAC of whom the actor acts for, empty where it acts for itself."""

policy_version = Table(
    "policy_version",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("bytes", Bytes, nullable=False),
    Column("created_at", Text, nullable=False),
    sqlite_with_rowid=False,
)
"""Every policy that was ever active or proposed, whole, by its digest."""

policy_active = Table(
    "policy_active",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("digest", Text, nullable=False),
    Column("activated_at", Text, nullable=False),
    sqlite_with_rowid=False,
)
"""Which policy a ledger was under from record `seq` on. Written by the writer, with that record, in one transaction."""

policy_proposal = Table(
    "policy_proposal",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("digest", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("terms", Text, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("number", BigInteger),
    Column("activated_us", BigInteger),
    Column("seal", Text),
    Index(
        "policy_proposal_activating",
        "tenant",
        unique=True,
        sqlite_where=text(ACTIVATING),
        postgresql_where=text(ACTIVATING),
    ),
    Index("policy_proposal_number", "tenant", "number", unique=True),
    sqlite_with_rowid=False,
)
"""Policy sets that were proposed, or activated at a start (`store.proposals`): the operator's own (`_system`). `terms`
is JSON: digests, names of what changes, pseudonyms, HMACs of persons, and their own words, as in the record's
detail. At most one row is `activating`. `seal` is an HMAC of the row, under a key that is not in the database."""

tenant = Table(
    "tenant",
    metadata,
    Column("id", Text, primary_key=True),
    Column("ledger", Text, nullable=False, unique=True),
    Column("origin", Text, unique=True),
    Column("created_at", Text, nullable=False),
    sqlite_with_rowid=False,
)
"""Configured tenant id → the random id of its ledger, and the checkpoint origin that witnesses know it by."""

mcp_session = Table(
    "mcp_session",
    metadata,
    Column("id", Text, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("agent", Text, nullable=False),
    Column("upstream", Text, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("used_us", BigInteger, nullable=False),
    Index("mcp_session_used_us", "used_us"),
    sqlite_with_rowid=False,
)
"""Sessions of MCP: SHA-256 (hex) of the id that a caller was given → the agent's own id of it (`upstream`), sealed
under a key that is made from the caller's."""

tool = Table(
    "tool",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("agent", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("definition", Bytes, nullable=False),
    Column("offered_digest", Text),
    Column("offered", Bytes),
    Column("first_seen_us", BigInteger, nullable=False),
    Column("changed_us", BigInteger),
    Column("released_us", BigInteger),
    Column("released_by", Text),
    sqlite_with_rowid=False,
)
"""Tools of agents as a tenant first saw or last released them (`store.tools`). `state` is `pinned`, `quarantined` or
`stale`; `definition` and `offered` (what a quarantined one has become) are JSON, each with its digest; `released_by` is
the pseudonym of who released it."""

approval = Table(
    "approval",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("lookup", Bytes),
    Column("request", Bytes, nullable=False),
    Column("binding", Bytes, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("expires_us", BigInteger, nullable=False),
    Column("terms", Bytes, nullable=False),
    Column("answers", Bytes, nullable=False),
    Column("edit", Bytes, nullable=False),
    Column("sealed_key", Text),
    Column("nonce", Bytes),
    Column("ciphertext", Bytes),
    Index("approval_lookup", "tenant", "lookup", unique=True),
    Index("approval_state", "tenant", "state", "created_us"),
    sqlite_with_rowid=False,
)
"""What waits for people, and what they have said (`store.approvals`). `lookup`, `request` and `binding` are HMACs of 32
bytes; `terms`, `answers` and `edit` JSON without anything of the request; the request itself is sealed
(`sealed_key`, `nonce`, `ciphertext`), and gone once nobody may look at it."""

break_glass = Table(
    "break_glass",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("persons", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("reviewer", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("opened_us", BigInteger, nullable=False),
    Column("until_us", BigInteger, nullable=False),
    Column("reviewed_us", BigInteger),
    Column("reviewed_by", Text),
    Column("justified", Boolean),
    Column("due_us", BigInteger),
    Column("overdue_us", BigInteger),
    Index("break_glass_until_us", "until_us"),
    sqlite_with_rowid=False,
)
"""Roles that were lent for minutes, and their reviews (`store.glass`). `persons` is a JSON array of HMACs; `reason` the
person's own words, as in the record's detail; `overdue_us` is when it was told that no review was made by `due_us`."""

notice = Table(
    "notice",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("channel", Text, nullable=False),
    Column("body", Bytes, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("due_us", BigInteger, nullable=False),
    Column("tries", Integer, nullable=False),
    Index("notice_due_us", "due_us"),
    Index("notice_channel", "channel"),
    sqlite_with_rowid=False,
)
"""Notices that are not delivered yet (`store.notices`). `body` names ids and what the configuration names, nothing of a
message."""

task = Table(
    "task",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("principal", Bytes, nullable=False),
    Column("protocol", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("due_us", BigInteger, nullable=False),
    Column("expires_us", BigInteger, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("most_tries", Integer, nullable=False),
    Column("cancelled_by", Text),
    Column("created_us", BigInteger, nullable=False),
    Column("ended_us", BigInteger),
    Column("holder", Text),
    Column("lease_us", BigInteger),
    Column("code", Text),
    Column("status", Integer),
    Column("exchange", Text, nullable=False),
    Column("last_exchange", Text),
    Column("trace", Text, nullable=False),
    Column("idempotency", Bytes),
    Column("digest", Bytes, nullable=False),
    Column("callback", Text),
    Column("fetched_us", BigInteger),
    Index("task_idempotency", "tenant", "idempotency", unique=True),
    Index("task_state", "state", "tenant", "due_us"),
    sqlite_with_rowid=False,
)
"""Tasks (`store.tasks`). `version` grows with each change of hands, so that who has lost a task cannot end it."""

task_content = Table(
    "task_content",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("task", Text, primary_key=True),
    Column("part", Text, primary_key=True),
    Column("key", Text, nullable=False),
    Column("nonce", Bytes, nullable=False),
    Column("ciphertext", Bytes, nullable=False),
    sqlite_with_rowid=False,
)
"""The sealed `request` of a task and its `result`, apart from what lists and claims read."""

task_callback = Table(
    "task_callback",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("task", Text, nullable=False),
    Column("callback", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("due_us", BigInteger, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("ended_us", BigInteger),
    Column("code", Text),
    Column("status", Integer),
    Index("task_callback_task", "tenant", "task"),
    Index("task_callback_state", "state", "due_us"),
    sqlite_with_rowid=False,
)
"""What is to be told of ends of tasks to registered destinations (`store.callbacks`)."""

review = Table(
    "review",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("created_us", BigInteger, nullable=False),
    Column("since", Text, nullable=False),
    Column("until", Text, nullable=False),
    Column("engine", Text, nullable=False),
    Column("population", BigInteger, nullable=False),
    Column("items", Bytes, nullable=False),
    sqlite_with_rowid=False,
)
"""Samples that people judge (`store.reviews`). `items` is JSON: sequence number and exchange of each that was drawn, in
that order."""

review_note = Table(
    "review_note",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("review", Text, primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("slot", Text, primary_key=True),
    Column("actor", Text, nullable=False),
    Column("persons", Text, nullable=False),
    Column("found", Text, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""That somebody was shown a message of a sample (`slot` is `seen:` and the record's id) or judged it (`mark:1`, then
`mark:2`). `persons` is a JSON array of opaque ids, `found` counts by finding type."""

subject = Table(
    "subject",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("merged", Text),
    Column("restricted_us", BigInteger),
    Column("erasing", Text),
    Column("created_us", BigInteger, nullable=False),
    Index("subject_marked", "tenant", sqlite_where=text(MARKED), postgresql_where=text(MARKED)),
    sqlite_with_rowid=False,
)
"""Data subjects of whom anything is to be known beside their records (`store.subjects`), by pseudonym. `merged`: the
pseudonym of whom it is one with; `restricted_us`: since when its data are not to be processed; `erasing`: the case that
it is being erased for, or was."""

subject_case = Table(
    "subject_case",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("opened_us", BigInteger, nullable=False),
    Column("due_us", BigInteger),
    Column("ripe_us", BigInteger),
    Column("ended_us", BigInteger),
    Column("terms", Bytes, nullable=False),
    Index("subject_case_subject", "tenant", "subject"),
    Index("subject_case_state", "tenant", "kind", "state"),
    sqlite_with_rowid=False,
)
"""What data subjects asked for and what stands against it: holds, erasures, accesses. `terms` is JSON
(`store.subject_cases.Terms`), and names no person but by HMACs and pseudonyms."""

bundle = Table(
    "bundle",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("asked", Bytes, nullable=False),
    Column("actor", Text),
    Column("kind", Text),
    Column("exchange", Text),
    Column("trace", Text),
    Column("tries", BigInteger, nullable=False),
    Column("done", BigInteger, nullable=False),
    Column("total", BigInteger, nullable=False),
    Column("node", Text),
    Column("first", BigInteger),
    Column("end", BigInteger),
    Column("bytes", BigInteger),
    Column("digest", Text),
    Column("reason", Text),
    Column("ended_us", BigInteger),
    Column("expires_us", BigInteger),
    Column("basis", Bytes),
    Column("work_key", Text),
    Column("kept", Text),
    sqlite_with_rowid=False,
)
"""Evidence bundles (`store.bundle_jobs`), from the wish for one to the end of its file, which lies apart."""

emergency = Table(
    "emergency",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("node", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("vkey", Text, nullable=False),
    Column("prepared_us", BigInteger, nullable=False),
    Column("began_us", BigInteger),
    Column("ended_us", BigInteger),
    Column("records", BigInteger),
    Column("archive", Text),
    Column("digest", Text),
    Column("bytes", BigInteger),
    sqlite_with_rowid=False,
)
"""Emergency ledgers of nodes (`store.emergencies`): each with its own origin and key, on record before it is needed.
`standing` until it was used and is over; `stitched` from the record on that names its file."""

scheduled_bundle = Table(
    "scheduled_bundle",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("schedule", Text, primary_key=True),
    Column("period", Text, primary_key=True),
    Column("every", Text, nullable=False),
    Column("since_us", BigInteger, nullable=False),
    Column("until_us", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("bundle", Text),
    Column("builds", BigInteger, nullable=False),
    Column("tries", BigInteger, nullable=False),
    Column("next_us", BigInteger, nullable=False),
    Column("code", Text),
    Column("told", Integer, nullable=False),
    Column("ended_us", BigInteger),
    Column("digest", Text),
    sqlite_with_rowid=False,
)
"""Periods of which a bundle is made and delivered (`store.scheduled`), by the schedule's configured id."""

incident = Table(
    "incident",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("exchange", Text),
    Column("agent", Text),
    Column("zone", Text),
    Column("opened_at", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("closed_at", Text),
    Column("closed_by", Text),
    Column("disposition", Text),
    sqlite_with_rowid=False,
)
"""What should not have left (`store.incidents`), by the id of the record that says so, until somebody has closed it."""

forward_cursor = Table(
    "forward_cursor",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("forward", Text, primary_key=True),
    Column("next_seq", BigInteger, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("changed_us", BigInteger, nullable=False),
    Column("failing_us", BigInteger),
    Column("code", Text),
    Column("stalled", Integer, nullable=False),
    Column("emergency_seq", BigInteger, nullable=False, server_default="0"),
    sqlite_with_rowid=False,
)
"""How far a destination has taken a ledger's records (`store.forwarding`), by its configured id. `next_seq`: the first
record that it has not taken, `emergency_seq`: how many of the emergency ledger's that this stitches in it has;
`failing_us` and `code`: since when it takes nothing, and why; `stalled`: 1 where that is
on record."""
