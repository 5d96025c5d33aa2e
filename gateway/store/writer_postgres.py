"""The writer on PostgreSQL: one connection a ledger, the head locked with FOR UPDATE, one statement for all rows.

A batch costs one round trip: a statement that writes everything if the head is still as this writer left it. Where it
is not, four or five (BEGIN, lock, what is open, write, COMMIT). Processes and nodes take turns at the head; each stands
on it inside its own transaction, so none needs to know of the others. The connection is within its ledger's wall from
the start (`walls`), which is why nothing is copied: PostgreSQL refuses COPY FROM behind one.
"""

import asyncio
import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import cache
from itertools import accumulate
from typing import Any

import asyncpg

from gateway.core.errors import LedgerUnavailable
from gateway.ledger.entry import RowChange
from gateway.ledger.index import COLUMNS
from gateway.store import walls
from gateway.store.batch import (
    DELEGATED,
    EMPTY,
    SESSION_UPSERT,
    Filled,
    Head,
    Row,
    opened_rows,
    session_rows,
)
from gateway.store.row_changes import KEEP, SAVE, TAKE_BACK, demanded, dollar, statement
from gateway.store.writer_base import InDoubt, LedgerWriter, WriterOptions

_START = (
    "INSERT INTO head (tenant, size, hash, recorded_at, policy, denied) VALUES ($1, $2, $3, $4, $5, $6) "
    "ON CONFLICT (tenant) DO NOTHING"
)
_HEAD = "SELECT size, hash, recorded_at, policy, denied FROM head WHERE tenant = $1"
_OPEN = "SELECT exchange FROM open_exchange WHERE tenant = $1 AND exchange = ANY($2::text[])"
_LOCK = f"{_HEAD} FOR UPDATE"
_MOVE = "UPDATE head SET size = $2, hash = $3, recorded_at = $4, policy = $5, denied = $6 WHERE tenant = $1"
_HASH = "SELECT hash FROM record WHERE tenant = $1 AND seq = $2"
_DURABLE = (
    "SELECT current_setting('fsync') <> 'off' AND current_setting('synchronous_commit') <> 'off' "
    "AND current_setting('full_page_writes') <> 'off' AND NOT pg_is_in_recovery()"
)
_DRIVER = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)
_ESCAPED, _ESCAPE = re.compile(r'["\\]'), r"\\\g<0>"
_TABLES: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("record", ("seq", *COLUMNS, "bytes", "hash"), ("bigint", *("text" for _ in COLUMNS), "bytea", "bytea")),
    ("detail", ("seq", "salt", "bytes"), ("bigint", "bytea", "bytea")),
    ("sealed", ("seq", "part", "key", "nonce", "ciphertext"), ("bigint", "text", "text", "bytea", "bytea")),
    ("subject_record", ("subject", "seq"), ("text", "bigint")),
    ("policy_active", ("seq", "digest", "activated_at"), ("bigint", "text", "text")),
    ("open_exchange", ("exchange", "node", "boot", "seq", "opened_at"), ("text", "text", "text", "bigint", "text")),
    (
        "session",
        ("key", "id", "actor", "principal", "agent", "zone", "sent", "said", "created_us", "seen_us", "expires_us"),
        ("bytea", "text", "text", "bytea", "text", "text", "text", "text", "bigint", "bigint", "bigint"),
    ),
    (
        "open_exchange",
        ("exchange", "node", "boot", "seq", "opened_at", *DELEGATED),
        ("text", "text", "text", "bigint", "text", "text", "text", "text", "text", "bigint"),
    ),
)
"""What is inserted where. Open exchanges stand here twice: those of agents that call others say more, and the others
need not pay for it."""
_AGAIN = {
    # An exchange's id is random; one that comes twice is a caller's repeat and must not stop everybody else.
    "open_exchange": "ON CONFLICT (tenant, exchange) DO UPDATE SET seq = excluded.seq, opened_at = excluded.opened_at",
    "session": SESSION_UPSERT,
}
"""What a row does that is there already."""


Counts = tuple[int, ...]
"""Of how many rows a statement is, a number for each of `_TABLES` and one for the exchanges that are closed: 0 for
none, 1 for one alone, `_MANY` for an array of them."""
_MANY = 2


@cache
def _write_statement(counts: Counts) -> str:
    """One statement that inserts so many rows into the tables of `_TABLES`, closes exchanges and moves the head.

    $1 is the tenant, $2 to $6 are the head's new size, hash, time, policy and revision of the deny-list; then come the
    exchanges to close, if there are any, and the columns of the tables that have rows (`_laid_out`).
    """
    open_ones, number = _open_ones(counts[-1])
    parts, _ = _inserts(counts[:-1], number, "")
    if open_ones:
        parts.append(f"closed AS (DELETE {open_ones})")
    return f"WITH {', '.join(parts)} {_MOVE} RETURNING size"


@cache
def _at_once_statement(counts: Counts) -> str:
    """As `_write_statement`, but it does nothing unless the head is still the expected one and as much of what it
    closes is open as is expected: the size is returned where it did. At the end come the head's expected size, hash,
    policy and revision of the deny-list, and how many are to be open, if any is closed.
    """
    open_ones, number = _open_ones(counts[-1])
    written, number = _inserts(counts[:-1], number, "moved")
    still = (
        f"size = ${number} AND hash = ${number + 1} AND policy IS NOT DISTINCT FROM ${number + 2} "
        f"AND denied = ${number + 3}"
    )
    if open_ones:
        still += f" AND ${number + 4}::bigint = (SELECT count(*) {open_ones})"
        written.append(f"closed AS (DELETE {open_ones} AND EXISTS (SELECT 1 FROM moved))")  # noqa: S608 — nothing of it is given
    moved = f"moved AS ({_MOVE} AND {still} RETURNING size)"
    return f"WITH {', '.join([moved, *written])} SELECT size FROM moved"  # noqa: S608 — names from `_TABLES`


def _open_ones(count: int) -> tuple[str, int]:
    """The exchanges that are closed and still open, $7; nothing where none is. And the number of the next parameter."""
    if not count:
        return "", 7
    which = "= $7" if count == 1 else "= ANY($7::text[])"
    return f"FROM open_exchange WHERE tenant = $1 AND exchange {which}", 8


def _inserts(counts: Counts, number: int, after: str) -> tuple[list[str], int]:
    """The parts that insert, each after the part named, where one is; their parameters begin at `number`. And the
    number of the next parameter."""
    parts = []
    for place, ((table, columns, types), count) in enumerate(zip(_TABLES, counts, strict=True)):
        if not count:
            continue
        values, source, number = _values(types, number) if count == 1 else _unnested(types, number)
        sources = ", ".join(filter(None, (after, source)))
        rows = (
            f"INSERT INTO {table} (tenant, {', '.join(columns)}) "
            f"SELECT $1, {', '.join(values)} {'FROM' if sources else ''} {sources} {_AGAIN.get(table, '')}"
        )
        parts.append(f"rows_{place} AS ({rows})")
    return parts, number


def _values(types: tuple[str, ...], number: int) -> tuple[list[str], str, int]:
    """The values of one row as they are: unfolding arrays of one takes the server longer than inserting it."""
    return [f"${number + index}::{kind}" for index, kind in enumerate(types)], "", number + len(types)


def _unnested(types: tuple[str, ...], number: int) -> tuple[list[str], str, int]:
    """The values of each row, the source of the rows, and the number of the next parameter."""
    arrays, values = [], []
    for index, kind in enumerate(types):
        if kind == "bytea":
            # All values in one, and where each stands.
            values.append(f"substring(${number}::bytea FROM r.f{index} FOR r.n{index})")
            arrays += [
                (f"f{index}", f"${number + 1}::text::int[]"),
                (f"n{index}", f"${number + 2}::text::int[]"),
            ]
            number += 3
        else:
            values.append(f"r.c{index}")
            arrays.append((f"c{index}", f"${number}::text::{kind}[]"))
            number += 1
    names, unnested = (", ".join(array[side] for array in arrays) for side in (0, 1))
    return values, f"unnest({unnested}) AS r({names})", number


class PostgresWriter(LedgerWriter):
    """One tenant's ledger on PostgreSQL."""

    def __init__(self, dsn: str, options: WriterOptions) -> None:
        super().__init__(options)
        self._dsn = dsn
        self._connection: asyncpg.Connection | None = None
        self._unconfirmed = False
        """Whether PostgreSQL said of the newest commit that a standby may not have it."""
        self._laid: tuple[Filled, tuple[Counts, list[Any]]] | None = None
        """What was filled in ahead, and its parameters (`_laid_out`)."""
        self._mapped = _Mapped(self._drop)

    async def _open(self) -> Head:
        with self._mapped:
            connection = await self._connected()
            # A crash before or after leaves no head or an empty one: the same to whoever starts next.
            await connection.execute(
                _START, self.tenant, EMPTY.size, EMPTY.hash, EMPTY.recorded_at, EMPTY.policy, EMPTY.denied
            )
            return _head(await connection.fetchrow(_HEAD, self.tenant))

    async def _close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
                await connection.close(timeout=self._wait_s)

    async def _lock(self, closing: list[str]) -> tuple[Head, set[str]]:
        with self._mapped:
            connection = await self._connected()
            await connection.execute("BEGIN")
            head = _head(await connection.fetchrow(_LOCK, self.tenant))
            if not closing:
                return head, set()
            # A statement of its own: what the first one saw of other tables may be from before it waited for the lock
            # (READ COMMITTED takes its snapshot first).
            return head, {found[0] for found in await connection.fetch(_OPEN, self.tenant, closing)}

    def _lay_out(self, filled: Filled) -> None:
        self._laid = filled, _laid_out(filled)

    async def _put(self, filled: Filled, left: Head, still_open: int) -> bool:
        connection = self._connection
        if connection is None or connection.is_closed():
            return False  # a new one must be asked first whether it is the same server
        laid, self._laid = self._laid, None
        counts, parameters = laid[1] if laid is not None and laid[0] is filled else _laid_out(filled)
        self._unconfirmed = False
        try:
            with self._mapped:
                # A crash of the server before this returns may leave all or nothing; after it, it is in the log on
                # disk, as after a COMMIT: the statement is a transaction of its own.
                moved = await connection.fetchval(
                    _at_once_statement(counts),
                    *self._moving(filled.head),
                    *parameters,
                    left.size,
                    left.hash,
                    left.policy,
                    left.denied,
                    *([still_open] if filled.closed else ()),
                )
                self._demand_confirmed()
        except LedgerUnavailable as error:
            raise InDoubt(*error.args) from error
        except BaseException:
            self._drop()  # nobody knows how far it is
            raise
        return moved is not None

    async def _change(self, change: RowChange) -> bool:
        with self._mapped:
            connection = self._locked()
            guarded = any(demanded(beside) for beside in change.beside)
            if guarded:
                await connection.execute(SAVE)
            took = await self._all(connection, change)
            if guarded:
                # Others' records are in this transaction too: what was changed for this one is all that is taken back.
                await connection.execute(KEEP if took else TAKE_BACK)
            return took

    async def _all(self, connection: asyncpg.Connection, change: RowChange) -> bool:
        """Whether all of it that must took hold; what comes after what did not is not tried."""
        if not await self._took(connection, change):
            return False
        for beside in change.beside:
            took = await self._took(connection, beside)
            if demanded(beside) and not took:
                return False
        return True

    async def _took(self, connection: asyncpg.Connection, change: RowChange) -> bool:
        text, values = statement(change, self.tenant, dollar)
        done: str = await connection.execute(text, *values)
        return done.split()[-1] == "1"

    async def _insert(self, filled: Filled) -> None:
        counts, parameters = _laid_out(filled)
        with self._mapped:
            connection = self._locked()
            moved = await connection.fetchval(_write_statement(counts), *self._moving(filled.head), *parameters)
            if moved is None:
                raise LedgerUnavailable("the ledger has no head")

    async def _commit(self) -> None:
        with self._mapped:
            # A crash of the server before this returns may leave all or nothing; after it, with fsync and
            # synchronous_commit on (demanded at every connection), it is in the log on disk.
            await self._committed(self._locked())

    async def _committed(self, connection: asyncpg.Connection) -> None:
        self._unconfirmed = False
        status = await connection.execute("COMMIT")
        if status != "COMMIT":  # PostgreSQL answers the COMMIT of a failed transaction with ROLLBACK, not an error
            raise LedgerUnavailable("PostgreSQL rolled the transaction back")
        self._demand_confirmed()

    def _demand_confirmed(self) -> None:
        """`LedgerUnavailable` where the commit is on this server alone: who cancels one that waits for a standby has it
        succeed, with a warning, and a failover would lose it."""
        if self._unconfirmed:
            raise LedgerUnavailable("PostgreSQL was told not to wait for the standby that a commit waits for")

    def _heard(self, _: object, message: asyncpg.PostgresLogMessage) -> None:
        """What the server says beside its answers, before the answer that it belongs to. Known by its place in the
        source: the words are translated, and the code is that of any warning."""
        if message.server_source_filename == "syncrep.c":
            self._unconfirmed = True

    async def _rollback(self) -> None:
        connection = self._connection
        if connection is None:
            return
        try:
            async with asyncio.timeout(1):
                await connection.execute("ROLLBACK")
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError):
            self._drop()

    async def _landed(self, seq: int, leaf_hash: bytes) -> bool:
        self._drop()
        with self._mapped:
            connection = await self._connected()
            await connection.execute("BEGIN")
            # The lock waits for the old connection's COMMIT, if the server is still at it.
            _head(await connection.fetchrow(_LOCK, self.tenant))
            found = await connection.fetchval(_HASH, self.tenant, seq)
            # Not ROLLBACK: the lock is in the server's log, so that this commit comes after the one in doubt and waits
            # for the same standby. That one may not have: its wait ends where its connection is ended.
            await self._committed(connection)
            return bool(found == leaf_hash)

    def _interrupt(self) -> None:
        self._drop()

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()

    def _moving(self, head: Head) -> tuple[str, int, bytes, str, str | None, int]:
        """$1 to $6 of either statement."""
        return self.tenant, head.size, head.hash, head.recorded_at, head.policy, head.denied

    def _locked(self) -> asyncpg.Connection:
        """The connection that holds the head. Never a new one: that would write outside the transaction, and its COMMIT
        would succeed for nothing."""
        if self._connection is None or self._connection.is_closed():
            raise LedgerUnavailable("the connection to PostgreSQL was lost in the middle of a batch")
        return self._connection

    async def _connected(self) -> asyncpg.Connection:
        connection = self._connection
        if connection is not None and not connection.is_closed():
            return connection
        patience = f"{round(self._wait_s * 800)}ms"
        connection = await asyncpg.connect(
            self._dsn,
            timeout=self._wait_s * 0.8,
            server_settings={
                "application_name": "gateway ledger",
                walls.TENANT: self.tenant,
                # What the upsert of a session may find (`batch.SESSION_UPSERT`).
                walls.ACROSS_SETTING: "session",
                # One plan fits: without this the first executions are each planned anew, for longer than they run.
                "plan_cache_mode": "force_generic_plan",
                "jit": "off",
                "client_min_messages": "warning",  # `_heard`
                "lock_timeout": patience,
                # A process that stopped in the middle of a batch must not hold the head for ever.
                "idle_in_transaction_session_timeout": f"{round(self._wait_s * 4000)}ms",
            },
        )
        try:
            if not await connection.fetchval(_DURABLE):
                raise LedgerUnavailable("PostgreSQL must run with fsync, synchronous_commit and full_page_writes")
            # It may be another server than the last one, which lacks what that had acknowledged, or has another record
            # in its place: then the head alone would not show it.
            if self._kept is not None:
                seq, leaf_hash = self._kept
                if await connection.fetchval(_HASH, self.tenant, seq) != leaf_hash:
                    raise self._lost()
        except BaseException:
            connection.terminate()
            raise
        connection.add_log_listener(self._heard)
        self._connection = connection
        return connection


class _Mapped:
    """The one place where the driver's errors become ours. A connection that is not in order is not used again.

    A class, and not a generator's context, which takes each batch more time than what stands in it."""

    def __init__(self, drop: Callable[[], None]) -> None:
        self._drop = drop

    def __enter__(self) -> None: ...

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if error is None or not isinstance(error, _DRIVER):
            return
        code = getattr(error, "sqlstate", None) or type(error).__name__
        if not isinstance(error, asyncpg.PostgresError) or isinstance(error, asyncpg.PostgresConnectionError):
            self._drop()
        raise LedgerUnavailable(f"PostgreSQL could not write: {code}") from error


def _tables(filled: Filled) -> list[list[Row]]:
    """The rows of each of `_TABLES`."""
    plain, delegated = opened_rows(filled)
    return [
        filled.record,
        filled.detail,
        filled.sealed,
        filled.subjects,
        filled.activated,
        plain,
        session_rows(filled, "") if filled.sessions else [],
        delegated,
    ]


def _laid_out(filled: Filled) -> tuple[Counts, list[Any]]:
    """Of how many rows the statement is, and its parameters from $7 on: the exchanges to close, and all columns but the
    tenant. One row is told from many only where the batch is of one record: the server keeps a plan for each kind of
    statement, and there are to be few."""
    alone, closed = len(filled.record) == 1, filled.closed
    closing = 0 if not closed else 1 if alone and len(closed) == 1 else _MANY
    parameters: list[Any] = [closed] if closing == _MANY else [*closed]
    counts = []
    for (_, _, types), rows in zip(_TABLES, _tables(filled), strict=True):
        if not rows:
            counts.append(0)
        elif alone and len(rows) == 1:
            counts.append(1)
            parameters += rows[0][1:]
        else:
            counts.append(_MANY)
            parameters += _arrays(types, rows)
    return (*counts, closing), parameters


def _arrays(types: tuple[str, ...], rows: list[Row]) -> list[str | bytes]:
    """The columns of a table but the tenant, as `_unnested` numbers them. Arrays are literals (PostgreSQL §8.15.2): of
    a list the driver looks at each element three times over, which costs more than the server takes to insert it."""
    parameters: list[str | bytes] = []
    columns: list[Any] = list(zip(*rows, strict=True))[1:]
    for kind, column in zip(types, columns, strict=True):
        if kind == "bytea":
            lengths = [len(value) for value in column]
            starts = accumulate(lengths[:-1], initial=1)
            parameters += [b"".join(column), whole_array(starts), whole_array(lengths)]
        elif kind == "bigint":
            parameters.append(whole_array(column))
        else:
            parameters.append(text_array(column))
    return parameters


def whole_array(values: Iterable[int]) -> str:
    """The literal of an array of integers."""
    return f"{{{','.join(map(str, values))}}}"


def text_array(values: Iterable[str | None]) -> str:
    """The literal of an array of texts and NULLs."""
    quoted = ["NULL" if value is None else f'"{value}"' for value in values]
    text = ",".join(quoted)
    if "\\" in text or text.count('"') != 2 * (len(quoted) - quoted.count("NULL")):
        quoted = [value if value == "NULL" else f'"{_ESCAPED.sub(_ESCAPE, value[1:-1])}"' for value in quoted]
        text = ",".join(quoted)
    return f"{{{text}}}"


def _head(row: asyncpg.Record | None) -> Head:
    if row is None:
        raise LedgerUnavailable("the ledger has no head")
    return Head(row[0], row[1], row[2], row[3], row[4])
