"""The writer on PostgreSQL: one connection a ledger, the head locked with FOR UPDATE, one statement for all rows.

A batch costs one round trip: a statement that writes everything if the head is still as this writer left it. Where it
is not, four (BEGIN, lock, write, COMMIT). Processes and nodes take turns at the head; each stands on it inside its own
transaction, so none needs to know of the others. The connection is within its ledger's wall from the start (`walls`),
which is why nothing is copied: PostgreSQL refuses COPY FROM behind one.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
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
    Waiting,
    changing,
    closing,
    opened_rows,
    session_rows,
)
from gateway.store.row_changes import dollar, statement
from gateway.store.writer_base import LedgerWriter, WriterOptions

_START = (
    "INSERT INTO head (tenant, size, hash, recorded_at, policy, denied) VALUES ($1, $2, $3, $4, $5, $6) "
    "ON CONFLICT (tenant) DO NOTHING"
)
_HEAD = "SELECT size, hash, recorded_at, policy, denied FROM head WHERE tenant = $1"
_OPEN = "SELECT exchange FROM open_exchange WHERE tenant = $1 AND exchange = ANY($2::text[])"
_LOCK = f"{_HEAD} FOR UPDATE"
_LOCK_AND_OPEN = (
    "SELECT size, hash, recorded_at, policy, denied, ARRAY(SELECT exchange FROM open_exchange "
    "WHERE tenant = $1 AND exchange = ANY($2::text[])) FROM head WHERE tenant = $1 FOR UPDATE"
)
_OPEN_COUNT = "SELECT count(*) FROM open_exchange WHERE tenant = $1 AND exchange = ANY($6::text[])"
_MOVE = "UPDATE head SET size = $2, hash = $3, recorded_at = $4, policy = $5, denied = $7 WHERE tenant = $1"
_HASH = "SELECT hash FROM record WHERE tenant = $1 AND seq = $2"
_DURABLE = (
    "SELECT current_setting('fsync') <> 'off' AND current_setting('synchronous_commit') <> 'off' "
    "AND current_setting('full_page_writes') <> 'off' AND NOT pg_is_in_recovery()"
)
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


@cache
def _write_statement(present: tuple[bool, ...]) -> str:
    """One statement that inserts into the tables of `_TABLES` that are present, closes exchanges and moves the head.

    $1 is the tenant, $2 to $5 are the head's new size, hash, time and policy, $6 the exchanges to close, $7 the
    deny-list's revision; then the columns of the tables present (`_columns`).
    """
    parts, _ = _inserts(present, "")
    parts.append("closed AS (DELETE FROM open_exchange WHERE tenant = $1 AND exchange = ANY($6::text[]))")
    return f"WITH {', '.join(parts)} {_MOVE} RETURNING size"


def _inserts(present: tuple[bool, ...], where: str) -> tuple[list[str], int]:
    """The parts that insert, and the number of the next parameter."""
    parts, number = [], 8
    for place, ((table, columns, types), there) in enumerate(zip(_TABLES, present, strict=True)):
        if not there:
            continue
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
        # An exchange's id is random; one that comes twice is a caller's repeat and must not stop everybody else.
        again = ""
        if table == "open_exchange":
            again = " ON CONFLICT (tenant, exchange) DO UPDATE SET seq = excluded.seq, opened_at = excluded.opened_at"
        if table == "session":
            again = f" {SESSION_UPSERT}"
        names, unnested = (", ".join(array[side] for array in arrays) for side in (0, 1))
        rows = (
            f"INSERT INTO {table} (tenant, {', '.join(columns)}) "  # noqa: S608 — names from `_TABLES`
            f"SELECT $1, {', '.join(values)} FROM unnest({unnested}) AS r({names}){where}{again}"
        )
        parts.append(f"rows_{place} AS ({rows})")
    return parts, number


@cache
def _at_once_statement(present: tuple[bool, ...]) -> str:
    """As `_write_statement`, but it does nothing unless the head is still the expected one and as much of what it
    closes is open as is expected: the size is returned where it did. After the arrays come the head's expected size,
    hash, policy and revision of the deny-list, and how many are to be open.
    """
    written, number = _inserts(present, " WHERE EXISTS (SELECT 1 FROM moved)")
    still = (
        f"size = ${number} AND hash = ${number + 1} AND policy IS NOT DISTINCT FROM ${number + 2} "
        f"AND denied = ${number + 3} AND ${number + 4}::bigint = ({_OPEN_COUNT})"
    )
    closed = (
        "closed AS (DELETE FROM open_exchange WHERE tenant = $1 AND exchange = ANY($6::text[]) "
        "AND EXISTS (SELECT 1 FROM moved))"
    )
    moved = f"moved AS ({_MOVE} AND {still} RETURNING size)"
    return f"WITH {', '.join([moved, *written, closed])} SELECT size FROM moved"  # noqa: S608


class PostgresWriter(LedgerWriter):
    """One tenant's ledger on PostgreSQL."""

    def __init__(self, dsn: str, options: WriterOptions) -> None:
        super().__init__(options)
        self._dsn = dsn
        self._connection: asyncpg.Connection | None = None
        self._left: Head | None = None
        """The head as this writer left it, committed: if it is still that, nobody else has written since."""
        self._leaving: Head | None = None
        """The head of the transaction under way."""

    async def _open(self) -> Head:
        async with self._mapped():
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
        async with self._mapped():
            connection = await self._connected()
            await connection.execute("BEGIN")
            if not closing:
                return _head(await connection.fetchrow(_LOCK, self.tenant)), set()
            row = await connection.fetchrow(_LOCK_AND_OPEN, self.tenant, closing)
            head, still_open = _head(row), set(row[5])
            if self._left is None or head.size != self._left.size:
                # Somebody else has written. What this statement saw of the open exchanges may be from before it waited
                # for the lock (READ COMMITTED takes its snapshot first); a new statement sees what is.
                still_open = {found[0] for found in await connection.fetch(_OPEN, self.tenant, closing)}
            return head, still_open

    async def _write(self, waiting: list[Waiting], taken: int, refused: int) -> Filled:
        if not changing(waiting):
            filled = await self._write_at_once(waiting, taken, refused)
            if filled is not None:
                return filled
        return await super()._write(waiting, taken, refused)

    async def _write_at_once(self, waiting: list[Waiting], taken: int, refused: int) -> Filled | None:
        """The whole transaction as one statement, which costs one round trip instead of four. It stands on the head
        that this writer left and on what it closes being open, and does nothing where either is not so; then, and
        where there is nothing to stand on, None: the transaction is made step by step."""
        left, connection = self._left, self._connection
        if left is None or connection is None or connection.is_closed():
            return None
        filled = self._filled(waiting, left, set(closing(waiting)))
        if not filled.record:
            return None  # what refuses them all must be the head as it is
        # What begins and ends within the batch is in no table yet, and must not be.
        brief = {waiter.entry.draft.exchange for waiter in waiting if waiter.entry.opens} if filled.closed else ()
        head, tables = filled.head, _tables(filled)
        statement = _at_once_statement(tuple(bool(rows) for rows in tables))
        await self._pause("ledger.before_insert")
        await self._pause("ledger.before_commit")
        self._left = None
        try:
            async with self._mapped():
                # A crash of the server before this returns may leave all or nothing; after it, it is in the log on
                # disk, as after a COMMIT: the statement is a transaction of its own.
                moved = await connection.fetchval(
                    statement,
                    self.tenant,
                    head.size,
                    head.hash,
                    head.recorded_at,
                    head.policy,
                    filled.closed,
                    head.denied,
                    *_columns(tables),
                    left.size,
                    left.hash,
                    left.policy,
                    left.denied,
                    sum(exchange not in brief for exchange in filled.closed),
                )
        except LedgerUnavailable as error:
            await self._doubtful(filled, taken, refused, error)
            return filled
        except BaseException:
            self._drop()  # nobody knows how far it is
            raise
        if moved is None:
            return None
        self._left = head
        try:
            await self._pause("ledger.after_commit")
        except Exception as error:  # noqa: BLE001 — raised again unless the records are found to be there
            await self._doubtful(filled, taken, refused, error)
        return filled

    async def _change(self, change: RowChange) -> bool:
        async with self._mapped():
            connection = self._locked()
            text, values = statement(change, self.tenant, dollar)
            took: bool = (await connection.execute(text, *values)).split()[-1] == "1"
            for beside in change.beside if took else ():
                text, values = statement(beside, self.tenant, dollar)
                await connection.execute(text, *values)
            return took

    async def _insert(self, filled: Filled) -> None:
        head, tables = filled.head, _tables(filled)
        async with self._mapped():
            connection = self._locked()
            statement = _write_statement(tuple(bool(rows) for rows in tables))
            moved = await connection.fetchval(
                statement,
                self.tenant,
                head.size,
                head.hash,
                head.recorded_at,
                head.policy,
                filled.closed,
                head.denied,
                *_columns(tables),
            )
            if moved is None:
                raise LedgerUnavailable("the ledger has no head")
            self._leaving = head

    async def _commit(self) -> None:
        async with self._mapped():
            # A crash of the server before this returns may leave all or nothing; after it, with fsync and
            # synchronous_commit on (demanded at every connection), it is in the log on disk.
            status = await self._locked().execute("COMMIT")
            if status != "COMMIT":  # PostgreSQL answers the COMMIT of a failed transaction with ROLLBACK, not an error
                raise LedgerUnavailable("PostgreSQL rolled the transaction back")
            self._left = self._leaving

    async def _rollback(self) -> None:
        self._left = None
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
        async with self._mapped():
            connection = await self._connected()
            await connection.execute("BEGIN")
            # The lock waits for the old connection's COMMIT, if the server is still at it.
            _head(await connection.fetchrow(_LOCK, self.tenant))
            found = await connection.fetchval(_HASH, self.tenant, seq)
            await connection.execute("ROLLBACK")
            return bool(found == leaf_hash)

    def _interrupt(self) -> None:
        self._drop()

    def _drop(self) -> None:
        self._left = None
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()

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
        self._left = None
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
        self._connection = connection
        return connection

    @asynccontextmanager
    async def _mapped(self) -> AsyncIterator[None]:
        """The one place where the driver's errors become ours. A connection that is not in order is not used again."""
        try:
            yield
        except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError) as error:
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


def _columns(tables: list[list[Row]]) -> list[str | bytes]:
    """All columns but the tenant, as `_inserts` numbers them. Arrays are literals (PostgreSQL §8.15.2): of a list the
    driver looks at each element three times over, which costs more than the server takes to insert it."""
    parameters: list[str | bytes] = []
    for (_, _, types), rows in zip(_TABLES, tables, strict=True):
        if not rows:
            continue
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
