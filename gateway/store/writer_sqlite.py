"""The writer on SQLite: one connection in one thread, WAL, synchronous = FULL.

Other processes may append to the same file through the same code: BEGIN IMMEDIATE orders them, and the head is read
inside the transaction. Writers of one process share a `SqliteFile`, so that they take turns without polling its lock.
"""

import asyncio
import json
import os
import sqlite3
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, suppress
from functools import cache, partial
from itertools import chain
from pathlib import Path
from typing import ParamSpec, TypeVar
from urllib.parse import quote

from gateway.core.errors import LedgerUnavailable
from gateway.ledger.entry import RowChange
from gateway.store.batch import (
    EMPTY,
    SESSION_UPSERT,
    Filled,
    Head,
    Row,
    Waiting,
    changing,
    closing,
    opened_rows,
    overtaken,
    session_rows,
)
from gateway.store.row_changes import KEEP, SAVE, TAKE_BACK, demanded, qmark, statement
from gateway.store.tables import open_exchange
from gateway.store.worker import Worker
from gateway.store.writer_base import InDoubt, LedgerWriter, WriterOptions

P = ParamSpec("P")
T = TypeVar("T")
_CLOSE = (
    "DELETE FROM open_exchange WHERE tenant = ? AND exchange IN (SELECT value FROM json_each(?)) RETURNING exchange"
)
_CLOSE_ONE = "DELETE FROM open_exchange WHERE tenant = ? AND exchange = ? RETURNING exchange"
_HEAD = "SELECT size, hash, recorded_at, policy, denied FROM head WHERE tenant = ?"
_MOVE = "UPDATE head SET size = ?, hash = ?, recorded_at = ?, policy = ?, denied = ? WHERE tenant = ?"
_MOVE_FROM = f"{_MOVE} AND size = ? AND hash = ? AND policy IS ? AND denied = ?"
_START = "INSERT INTO head SELECT ?, ?, ?, ?, ?, ? WHERE NOT EXISTS (SELECT 1 FROM head WHERE tenant = ?)"
_HASH = "SELECT hash FROM record WHERE tenant = ? AND seq = ?"
_MOST_ROWS, _ROWS = 512, 64
"""Rows a statement: one call into SQLite for many rows. Each call lets go of the interpreter's lock, and to get it back
from a busy event loop takes longer than the rows do: hence no executemany, with a call for each row, and as many rows
at once as there are, in lots of a multiple of `_ROWS` and a rest."""
_FEW = 16
"""Entries that are filled in before their transaction begins, in the loop: the thread comes to them with cold caches.
Of more than that nothing is gained, and it would be done for nothing where another process has written meanwhile."""
_OPENED = tuple(column.name for column in open_exchange.columns)
_STATEMENTS = 8 * (_ROWS + _MOST_ROWS // _ROWS)
"""Statements that stay prepared: one for each table and number of rows."""


@cache
def _insert(table: str, columns: int, rows: int) -> str:
    # An exchange's id is random; one that comes twice is a caller's repeat and must not stop everybody else's records.
    verb = "INSERT OR REPLACE" if table == "open_exchange" else "INSERT"
    # The first column is the tenant, and the same in all rows: handed over once.
    row = f"(?1{', ?' * (columns - 1)})"
    # Those of agents that call others have more columns, which are the last.
    into = f"open_exchange ({', '.join(_OPENED[:columns])})" if table == "open_exchange" else table
    grows = f" {SESSION_UPSERT}" if table == "session" else ""
    return f"{verb} INTO {into} VALUES {', '.join([row] * rows)}{grows}"


class SqliteFile:
    """A database file, its connection and the thread that alone uses it. Methods but `run` are for that thread."""

    def __init__(self, path: Path, wait_s: float = 5.0) -> None:
        self.path = path
        self.worker = Worker("ledger-sqlite")
        self.turn = asyncio.Lock()
        """Held by the writer whose transaction is under way."""
        self._wait_s = wait_s
        self._files = (str(path), f"{path}-wal")
        self._connection: sqlite3.Connection | None = None
        self._identity: tuple[int, ...] = ()

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def connection(self) -> sqlite3.Connection:
        """The connection, opened if there is none: `LedgerUnavailable` unless it makes commits durable."""
        connection = self.opened()
        if connection is not None:
            return connection
        uri = f"file:{quote(str(self.path))}?mode=rw"
        # A little less than the writer's patience, so that a lock held by another is an error and not a hang.
        connection = sqlite3.connect(
            uri,
            uri=True,
            isolation_level=None,
            timeout=self._wait_s * 0.8,
            check_same_thread=False,
            cached_statements=_STATEMENTS,
        )
        try:
            connection.execute("PRAGMA synchronous = FULL")
            # The indexes on random ids touch pages all over the file: room for them, and fewer copies of each page on
            # its way from the log to the file.
            connection.execute("PRAGMA cache_size = -16384")
            connection.execute("PRAGMA wal_autocheckpoint = 4000")
            if connection.execute("PRAGMA journal_mode").fetchone() != ("wal",):
                raise LedgerUnavailable("the database's journal must be WAL: run `gateway migrate`")
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()  # opens the WAL
            self._identity = self._found()
        except BaseException:
            connection.close()
            raise
        self._connection = connection
        return connection

    def opened(self) -> sqlite3.Connection | None:
        """The connection, if there is one."""
        if self._connection is not None:
            # Moved, replaced or deleted under us: what we would commit now, nobody would ever find.
            self.verify_there()
        return self._connection

    def locked(self) -> sqlite3.Connection:
        """The connection with a transaction under way. Never a new one, which would write outside of it."""
        if self._connection is None or not self._connection.in_transaction:
            raise LedgerUnavailable("the transaction on the database file was lost")
        return self._connection

    def verify_there(self) -> None:
        """`LedgerUnavailable` unless file and WAL are still those that were opened."""
        if self._found() != self._identity:
            self.close()
            raise LedgerUnavailable("the database file was replaced while it was open")

    def interrupt(self) -> None:
        """Break off a statement that waits or works (not a sync). From any thread."""
        connection = self._connection
        if connection is not None:
            with suppress(sqlite3.ProgrammingError):  # closed meanwhile
                connection.interrupt()

    def _found(self) -> tuple[int, ...]:
        file, wal = map(os.stat, self._files)
        return (file.st_dev, file.st_ino, wal.st_dev, wal.st_ino)


class SqliteWriter(LedgerWriter):
    """One tenant's ledger in a SQLite file."""

    _most_at_once = _FEW

    def __init__(self, file: SqliteFile, options: WriterOptions) -> None:
        super().__init__(options)
        self._file = file

    async def _open(self) -> Head:
        return await self._file.worker.run(partial(_mapped, self._open_now))

    async def _close(self) -> None:
        """The file stays open: it is its other writers' too, and closed by whoever opened it."""

    async def _lock(self, closing: list[str]) -> tuple[Head, set[str]]:
        return await self._file.worker.run(partial(_mapped, self._lock_now, closing))

    async def _change(self, change: RowChange) -> bool:
        return await self._file.worker.run(partial(_mapped, self._change_now, change))

    async def _insert(self, filled: Filled) -> None:
        await self._file.worker.run(partial(_mapped, self._insert_now, filled))

    async def _commit(self) -> None:
        await self._file.worker.run(partial(_mapped, self._commit_now))

    async def _rollback(self) -> None:
        await self._file.worker.run(self._rollback_now)

    async def _landed(self, seq: int, leaf_hash: bytes) -> bool:
        return await self._file.worker.run(partial(_mapped, self._landed_now, seq, leaf_hash))

    def _turn(self) -> AbstractAsyncContextManager[object]:
        return self._file.turn

    def _interrupt(self) -> None:
        self._file.interrupt()

    def _put(self, filled: Filled, left: Head, still_open: int) -> "asyncio.Future[bool]":
        return self._file.worker.run(partial(_mapped, self._put_now, filled, left, still_open))

    async def _write_in_steps(self, waiting: list[Waiting], taken: int, refused: int) -> Filled:
        if self._failpoint is not None:
            return await super()._write_in_steps(waiting, taken, refused)
        # The same steps in one go: nothing to wait for in between, so no hand-over between threads.
        filled, error = await self._file.worker.run(partial(_mapped, self._write_now, waiting))
        if error is not None:
            await self._doubtful(filled, taken, refused, error)
        return filled

    def _put_now(self, filled: Filled, left: Head, still_open: int) -> bool:
        connection = self._file.opened()
        if connection is None:
            return False  # a new one must be asked first whether it is the same file
        try:
            cursor = connection.cursor()
            cursor.execute("BEGIN IMMEDIATE")
            cursor.execute(_MOVE_FROM, (*self._moving(filled.head), left.size, left.hash, left.policy, left.denied))
            if cursor.rowcount != 1 or len(self._close_now(cursor, filled.closed)) != still_open:
                self._rollback_now()
                return False
            self._rows_now(cursor, filled)
        except BaseException:
            self._rollback_now()
            raise
        error = self._doubt_now()
        if error is not None:
            raise InDoubt(_reason(error)) from error
        return True

    def _write_now(self, waiting: list[Waiting]) -> tuple[Filled, Exception | None]:
        try:
            head, still_open = self._lock_now(closing(waiting))
            self._demand_whole(head)
            for waiter, change in changing(waiting):
                waiter.left_out = overtaken(waiter, waiting, head) or not self._change_now(change)
            filled = self._filled(waiting, head, still_open)
            if not filled.record:
                self._rollback_now()
                return filled, None
            self._insert_now(filled)
        except BaseException:
            self._rollback_now()
            raise
        return filled, self._doubt_now()

    # ------------------------------------------------------------------------------------------------ in the thread

    def _open_now(self) -> Head:
        connection = self._file.connection()
        start = (self.tenant, EMPTY.size, EMPTY.hash, EMPTY.recorded_at, EMPTY.policy, EMPTY.denied, self.tenant)
        # A crash before or after leaves no head or an empty one: the same to whoever starts next.
        connection.execute(_START, start)
        return self._head(connection)

    def _lock_now(self, closing: list[str]) -> tuple[Head, set[str]]:
        connection = self._file.connection()
        connection.execute("BEGIN IMMEDIATE")
        # Those that are open end with this transaction: `fill` ends each exchange that is found here.
        still_open = self._close_now(connection.cursor(), closing)
        head = self._head(connection)
        if self._kept is not None and head.size > self._kept[0] + 1:
            # Somebody else has written: after this writer's newest record, or in the place of it.
            row = connection.execute(_HASH, (self.tenant, self._kept[0])).fetchone()
            if row is None or row[0] != self._kept[1]:
                raise self._lost()
        return head, still_open

    def _close_now(self, cursor: sqlite3.Cursor, closing: list[str]) -> set[str]:
        """Close these exchanges; which of them were open."""
        if not closing:
            return set()
        close, named = (_CLOSE_ONE, closing[0]) if len(closing) == 1 else (_CLOSE, json.dumps(closing))
        return {row[0] for row in cursor.execute(close, (self.tenant, named)).fetchall()}

    def _head(self, connection: sqlite3.Connection) -> Head:
        row = connection.execute(_HEAD, (self.tenant,)).fetchone()
        if row is None:
            raise LedgerUnavailable("the ledger has no head")
        return Head(*row)

    def _change_now(self, change: RowChange) -> bool:
        connection = self._file.locked()
        guarded = any(demanded(beside) for beside in change.beside)
        if guarded:
            connection.execute(SAVE)
        took = self._all_now(connection, change)
        if guarded:
            # Others' records are in this transaction too: what was changed for this one is all that is taken back.
            connection.execute(KEEP if took else TAKE_BACK)
        return took

    def _all_now(self, connection: sqlite3.Connection, change: RowChange) -> bool:
        """Whether all of it that must took hold; what comes after what did not is not tried."""
        if connection.execute(*statement(change, self.tenant, qmark)).rowcount != 1:
            return False
        for beside in change.beside:
            took = connection.execute(*statement(beside, self.tenant, qmark)).rowcount == 1
            if demanded(beside) and not took:
                return False
        return True

    def _insert_now(self, filled: Filled) -> None:
        connection = self._file.locked()
        self._rows_now(connection.cursor(), filled)
        if connection.execute(_MOVE, self._moving(filled.head)).rowcount != 1:
            raise LedgerUnavailable("the ledger has no head")

    def _rows_now(self, cursor: sqlite3.Cursor, filled: Filled) -> None:
        for table, rows in (
            ("record", filled.record),
            ("detail", filled.detail),
            ("sealed", filled.sealed),
            ("subject_record", filled.subjects),
            ("session", session_rows(filled, self.tenant) if filled.sessions else []),
            ("policy_active", filled.activated),
            *(("open_exchange", rows) for rows in opened_rows(filled)),
        ):
            if rows:
                _put(cursor, table, rows)

    def _moving(self, head: Head) -> tuple[int, bytes, str, str | None, int, str]:
        """The parameters of `_MOVE`."""
        return head.size, head.hash, head.recorded_at, head.policy, head.denied, self.tenant

    def _commit_now(self) -> None:
        # A crash before this returns may leave all or nothing; after it, with synchronous = FULL, the WAL is synced.
        self._file.locked().execute("COMMIT")
        self._file.verify_there()

    def _doubt_now(self) -> sqlite3.Error | OSError | LedgerUnavailable | None:
        """Commit: why nobody can tell whether it is there; None where it is."""
        try:
            self._commit_now()
        except (sqlite3.Error, OSError, LedgerUnavailable) as error:
            return error
        return None

    def _rollback_now(self) -> None:
        """Never raises: a connection that cannot roll back is dropped, and its transaction with it."""
        try:
            connection = self._file.connection()
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        except (sqlite3.Error, OSError, LedgerUnavailable):
            self._file.close()

    def _landed_now(self, seq: int, leaf_hash: bytes) -> bool:
        self._file.close()
        connection = self._file.connection()
        connection.execute("BEGIN IMMEDIATE")
        try:
            row = connection.execute(_HASH, (self.tenant, seq)).fetchone()
        finally:
            connection.execute("ROLLBACK")
        if row is None or row[0] != leaf_hash:
            return False
        # A sync that failed may have marked the WAL's pages clean without writing them, and a second one would then
        # succeed for nothing. A whole checkpoint writes and syncs what they hold to the database file itself.
        return bool(connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0)


def _put(cursor: sqlite3.Cursor, table: str, rows: list[Row]) -> None:
    if len(rows) == 1:
        cursor.execute(_insert(table, len(rows[0]), 1), rows[0])
        return
    start = 0
    while left := len(rows) - start:
        lot = left if left < _ROWS else min(_MOST_ROWS, left - left % _ROWS)
        values = [rows[start][0], *chain.from_iterable([row[1:] for row in rows[start : start + lot]])]
        cursor.execute(_insert(table, len(rows[start]), lot), values)
        start += lot


def _mapped(call: Callable[P, T], *args: P.args, **named: P.kwargs) -> T:
    try:
        return call(*args, **named)
    except (sqlite3.Error, OSError) as error:
        raise LedgerUnavailable(_reason(error)) from error


def _reason(error: sqlite3.Error | OSError | LedgerUnavailable) -> str:
    if isinstance(error, LedgerUnavailable):
        return str(error)
    name = error.sqlite_errorname if hasattr(error, "sqlite_errorname") else None
    return f"SQLite could not write: {name or type(error).__name__}"
