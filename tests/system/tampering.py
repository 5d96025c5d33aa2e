"""What somebody with all rights on the database can do to a ledger: each a function on an open database without its
triggers. Numbers pick a place; every function does a thing, whatever the number."""

import sqlite3
from collections.abc import Callable
from typing import Any, Protocol, TypeAlias

from gateway.ledger.chain import leaf_hash
from gateway.ledger.index import COLUMNS, index_columns
from gateway.ledger.record import Envelope, parse, seal


class Connection(Protocol):
    """What is needed of a SQLite connection, or of one to PostgreSQL that stands for it: `?` for what is given."""

    def execute(self, sql: str, parameters: Any = ..., /) -> Any: ...


Tamper: TypeAlias = Callable[[Connection, str, int, int], None]
"""Given the connection, the ledger's id, and two numbers."""


def drop_rules(connection: sqlite3.Connection) -> None:
    """The database's own rules, which its owner can always undo."""
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {name}")


def size(connection: Connection, ledger: str) -> int:
    found: int = connection.execute("SELECT count(*) FROM record WHERE tenant = ?", (ledger,)).fetchone()[0]
    return found


# ------------------------------------------------------------------------------------------------- bytes and columns


def envelope_byte(connection: Connection, ledger: str, at: int, how: int) -> None:
    """Any byte of any envelope."""
    _byte(connection, "record", "bytes", ledger, at, how)


def leaf(connection: Connection, ledger: str, at: int, how: int) -> None:
    """Any byte of any stored hash."""
    _byte(connection, "record", "hash", ledger, at, how)


def detail_byte(connection: Connection, ledger: str, at: int, how: int) -> None:
    """Any byte of any detail."""
    _byte(connection, "detail", "bytes", ledger, at, how)


def salt_byte(connection: Connection, ledger: str, at: int, how: int) -> None:
    _byte(connection, "detail", "salt", ledger, at, how)


def checkpoint_note(connection: Connection, ledger: str, at: int, how: int) -> None:
    """Any byte of any signed checkpoint."""
    _byte(connection, "checkpoint", "note", ledger, at, how)


def checkpoint_root(connection: Connection, ledger: str, at: int, how: int) -> None:
    _byte(connection, "checkpoint", "root", ledger, at, how)


def checkpoint_size(connection: Connection, ledger: str, at: int, how: int) -> None:
    seqs = _column(connection, "SELECT size FROM checkpoint WHERE tenant = ? ORDER BY size", ledger)
    where = (ledger, seqs[at % len(seqs)])
    connection.execute("UPDATE checkpoint SET size = size + ? WHERE tenant = ? AND size = ?", (1000 + how, *where))


def index_column(connection: Connection, ledger: str, at: int, how: int) -> None:
    """Any index column of any record: changed, emptied, or given where there was none."""
    name = COLUMNS[how % len(COLUMNS)]
    where = (ledger, at % size(connection, ledger))
    (old,) = connection.execute(f"SELECT {name} FROM record WHERE tenant = ? AND seq = ?", where).fetchone()
    new = "x" if old is None else None if how % 2 and name not in _NEVER_NULL else f"{old}x"
    connection.execute(f"UPDATE record SET {name} = ? WHERE tenant = ? AND seq = ?", (new, *where))


_NEVER_NULL = ("id", "event", "occurred_at", "recorded_at")


def head_hash(connection: Connection, ledger: str, at: int, how: int) -> None:
    _byte(connection, "head", "hash", ledger, at, how)


def head_size(connection: Connection, ledger: str, at: int, how: int) -> None:
    """A head that speaks of more records, or of fewer."""
    by = 1 + at % (size(connection, ledger) - 1)
    connection.execute("UPDATE head SET size = size + ? WHERE tenant = ?", (by if how % 2 else -by, ledger))


# ------------------------------------------------------------------------------------------------------ whole records


def swap(connection: Connection, ledger: str, at: int, how: int) -> None:
    """Two records change places, with everything that is beside them."""
    total = size(connection, ledger)
    one = at % total
    other = (one + 1 + how % (total - 1)) % total
    for table in ("record", "detail"):
        _move(connection, table, ledger, one, -1)
        _move(connection, table, ledger, other, one)
        _move(connection, table, ledger, -1, other)


def swap_details(connection: Connection, ledger: str, at: int, how: int) -> None:
    seqs = _column(connection, "SELECT seq FROM detail WHERE tenant = ? ORDER BY seq", ledger)
    one = at % len(seqs)
    other = (one + 1 + how % (len(seqs) - 1)) % len(seqs)
    _move(connection, "detail", ledger, seqs[one], -1)
    _move(connection, "detail", ledger, seqs[other], seqs[one])
    _move(connection, "detail", ledger, -1, seqs[other])


def foreign_detail(connection: Connection, ledger: str, at: int, how: int) -> None:
    """A detail beside a record that has none."""
    query = "SELECT seq FROM record r WHERE tenant = ? AND NOT EXISTS (SELECT 1 FROM detail d WHERE d.seq = r.seq)"
    seqs = _column(connection, query, ledger)
    row = (ledger, seqs[at % len(seqs)], bytes([how]) * 32, b"{}")
    connection.execute("INSERT INTO detail VALUES (?, ?, ?, ?)", row)


def delete_one(connection: Connection, ledger: str, at: int, how: int) -> None:
    """One record that is not the newest: simply, or with those after it moved up."""
    total = size(connection, ledger)
    seq = at % (total - 1)
    connection.execute("DELETE FROM record WHERE tenant = ? AND seq = ?", (ledger, seq))
    if how % 2:
        for later in range(seq + 1, total):
            _move(connection, "record", ledger, later, later - 1)


def delete_newest(connection: Connection, ledger: str, at: int, how: int) -> None:
    """The newest records, and the head left as it was."""
    first = at % (size(connection, ledger) - 1) + 1
    connection.execute("DELETE FROM record WHERE tenant = ? AND seq >= ?", (ledger, first))


def insert(connection: Connection, ledger: str, at: int, how: int) -> None:
    """A copy of some record between two others, those after it moved on."""
    total = size(connection, ledger)
    seq = at % total
    for later in range(total - 1, seq - 1, -1):
        _move(connection, "record", ledger, later, later + 1)
    source = how % total
    source += source >= seq
    names = ", ".join((*COLUMNS, "bytes", "hash"))
    connection.execute(
        f"INSERT INTO record (tenant, seq, {names}) "
        f"SELECT tenant, CAST(? AS BIGINT), {names} FROM record WHERE tenant = ? AND seq = ?",
        (seq, ledger, source),
    )


def beyond(connection: Connection, ledger: str, at: int, how: int) -> None:
    """A copy of some record behind the newest one, next to it or with a gap: what the serving role could do by itself
    on PostgreSQL."""
    total, names = size(connection, ledger), ", ".join((*COLUMNS, "bytes", "hash"))
    connection.execute(
        f"INSERT INTO record (tenant, seq, {names}) "
        f"SELECT tenant, CAST(? AS BIGINT), {names} FROM record WHERE tenant = ? AND seq = ?",
        (total + how, ledger, at % total),
    )


def rewrite_one(connection: Connection, ledger: str, at: int, how: int) -> None:
    """A record that says something else, with its hash and its index columns made to fit; nothing after it."""
    seq = at % (size(connection, ledger) - 1)
    _put(connection, ledger, seq, _other(_envelope(connection, ledger, seq), how))


# ----------------------------------------------------------------------------------- what only a checkpoint can find


def cut(connection: Connection, ledger: str, first: int) -> None:
    """The newest records from `first` on, the head adjusted, and no checkpoint left that covers them."""
    for table in ("record", "detail", "sealed", "subject_record"):
        connection.execute(f"DELETE FROM {table} WHERE tenant = ? AND seq >= ?", (ledger, first))
    connection.execute("DELETE FROM checkpoint WHERE tenant = ? AND size > ?", (ledger, first))
    _place_head(connection, ledger)


def rewrite_from(connection: Connection, ledger: str, first: int, how: int) -> None:
    """Everything from `first` on: record `first` says something else, all links, hashes, columns and the head are made
    to fit, and no checkpoint is left that covers it."""
    for seq in range(first, size(connection, ledger)):
        envelope = _envelope(connection, ledger, seq)
        _put(connection, ledger, seq, _other(envelope, how) if seq == first else envelope)
    connection.execute("DELETE FROM checkpoint WHERE tenant = ? AND size > ?", (ledger, first))
    _place_head(connection, ledger)


def rewrite_without_a_word(connection: Connection, ledger: str, first: int, how: int) -> None:
    """The same, and no record is left that tells of a checkpoint which is not there."""
    for seq in range(first, size(connection, ledger)):
        envelope = _envelope(connection, ledger, seq)
        point = envelope.checkpoint
        if envelope.event == "checkpoint.published" and point is not None and point[0] > first:
            envelope.event, envelope.checkpoint = "config.changed", None
        _put(connection, ledger, seq, _other(envelope, how) if seq == first else envelope)
    connection.execute("DELETE FROM checkpoint WHERE tenant = ? AND size > ?", (ledger, first))
    _place_head(connection, ledger)


def _place_head(connection: Connection, ledger: str) -> None:
    connection.execute(
        "UPDATE head SET (size, hash, recorded_at) = (SELECT seq + 1, hash, recorded_at FROM record "
        "WHERE tenant = ? ORDER BY seq DESC LIMIT 1) WHERE tenant = ?",
        (ledger, ledger),
    )


def _envelope(connection: Connection, ledger: str, seq: int) -> Envelope:
    query = "SELECT bytes FROM record WHERE tenant = ? AND seq = ?"
    return parse(connection.execute(query, (ledger, seq)).fetchone()[0])


def _other(envelope: Envelope, how: int) -> Envelope:
    """The same record with another agent."""
    envelope.agent = f"agent-{how}"
    return envelope


def _put(connection: Connection, ledger: str, seq: int, envelope: Envelope) -> None:
    """Give an envelope the place `seq`, linked to the record before as it stands, with all columns to fit."""
    before = connection.execute("SELECT hash FROM record WHERE tenant = ? AND seq = ?", (ledger, seq - 1)).fetchone()
    data = seal(envelope, seq, before[0] if before else bytes(32), envelope.recorded_at or "")
    names = ", ".join(f"{name} = ?" for name in (*COLUMNS, "bytes", "hash"))
    values = (*index_columns(envelope), data, leaf_hash(data), ledger, seq)
    connection.execute(f"UPDATE record SET {names} WHERE tenant = ? AND seq = ?", values)


def _byte(connection: Connection, table: str, column: str, ledger: str, at: int, how: int) -> None:
    """One byte of a column's values taken together becomes another one."""
    key = _KEYS[table]
    query = f"SELECT {key}, {column} FROM {table} WHERE tenant = ? ORDER BY {key}"
    rows = connection.execute(query, (ledger,)).fetchall()
    at %= sum(len(row[1]) for row in rows)
    for place, old in rows:
        if at < len(old):
            new = bytearray(old)
            new[at] = (new[at] + 1 + how % 255) % 256
            where = (bytes(new), ledger, place)
            connection.execute(f"UPDATE {table} SET {column} = ? WHERE tenant = ? AND {key} = ?", where)
            return
        at -= len(old)


_KEYS = {"record": "seq", "detail": "seq", "checkpoint": "size", "head": "tenant"}


def _column(connection: Connection, query: str, ledger: str) -> list[int]:
    return [row[0] for row in connection.execute(query, (ledger,))]


def _move(connection: Connection, table: str, ledger: str, seq: int, to: int) -> None:
    connection.execute(f"UPDATE {table} SET seq = ? WHERE tenant = ? AND seq = ?", (to, ledger, seq))


FOUND: tuple[Tamper, ...] = (
    envelope_byte,
    leaf,
    detail_byte,
    salt_byte,
    checkpoint_note,
    checkpoint_root,
    checkpoint_size,
    index_column,
    head_hash,
    head_size,
    swap,
    swap_details,
    foreign_detail,
    delete_one,
    delete_newest,
    insert,
    beyond,
    rewrite_one,
)
"""What is found without a checkpoint from elsewhere."""
