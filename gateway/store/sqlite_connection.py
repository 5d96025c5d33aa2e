"""A connection to SQLite for SQLAlchemy that goes to its thread once for each statement, or once for many.

SQLite blocks, so that each connection has a thread. The usual driver goes there and back for each call that SQLAlchemy
makes: for a new cursor, the statement, its rows and the cursor's end, and before it the three of a BEGIN. Each way
wakes a thread and then the loop, which takes longer than most statements do. Here all of a statement is one job, and
what would only be found to be nothing is not asked; a function that makes several may be one job as well (`whole`).
SQLAlchemy's dialect for aiosqlite is what it is used with; of aiosqlite itself nothing is.
"""

import asyncio
import sqlite3
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy.engine import AdaptedConnection
from sqlalchemy.util import await_only
from sqlalchemy.util.concurrency import in_greenlet

from gateway.store.worker import Worker

T = TypeVar("T")
_AGAIN_S = 0.05
"""After so long what nobody waits for any more is interrupted again."""


async def connect(database: str, **options: Any) -> "SqliteConnection":
    """A connection that is open. `options` are those of `sqlite3.connect`; whatever that raises."""
    worker, opened = Worker("sqlite"), list[sqlite3.Connection]()

    def close() -> None:
        for one in opened:
            one.close()

    try:
        await worker.run(lambda: opened.append(sqlite3.connect(database, **options)))
    except BaseException:
        worker.close(close)  # nobody waits any more for what may be open by then
        raise
    return SqliteConnection(worker, opened[0])


class SqliteConnection(AdaptedConnection):
    """What SQLAlchemy takes for a connection of the driver (PEP 249), used in a greenlet of its own.

    Jobs of the thread are done in the order in which they came. A wait that is cancelled breaks off the statement that
    it waits for, and does not stop the job: SQLAlchemy closes such a connection, after the job and before the one who
    was cancelled goes on, and what was not committed is undone.
    """

    def __init__(self, worker: Worker, raw: sqlite3.Connection) -> None:
        self._worker, self._raw, self._closed = worker, raw, False
        self._connection: Any = raw
        """`driver_connection` of SQLAlchemy: for the thread alone."""
        self._begins = False
        """Whether the next statement begins a transaction."""
        self._settled = False
        """Whether the newest job is done, so that SQLite can be asked from outside whether it is in a transaction."""
        self._broken_off = False
        """Whether nobody waits any more for the job that is under way: what it has not begun it does not begin."""

    @property
    def closed(self) -> bool:
        """Whether it is of no more use."""
        return self._closed

    def begin(self) -> None:
        """Begin a transaction with the next statement: a BEGIN by itself takes no lock and no snapshot."""
        self._begins = True

    def cursor(self, server_side: bool = False) -> "Cursor":
        """Makes nothing yet. That of a stream holds all of its rows as well: nothing here reads without end."""
        return Cursor(self, server_side=server_side)

    def commit(self) -> None:
        """Make durable what was written since the transaction began."""
        if self._to_end():
            self.run(self._raw.commit, breakable=False)

    def rollback(self) -> None:
        """Undo what was written since the transaction began. Nothing on a closed connection, which has none."""
        if not self._closed and self._to_end():
            self.run(self._raw.rollback, breakable=False)

    def create_function(self, name: str, count: int, function: Callable[..., Any], **options: Any) -> None:
        """Have SQL call this function."""
        self.run(partial(self._raw.create_function, name, count, function, **options))

    def close(self) -> None:
        """End its transaction, close it and end its thread, after what is under way."""
        if self._closed:
            return
        self._closed = True
        closing = self._worker.run(self._raw.close)
        self._worker.close()
        await_only(closing)

    def terminate(self) -> None:
        """Close it, whoever calls: a task that was cancelled, which goes on when nothing is under way any more, or
        nobody, where it was lost."""
        if in_greenlet():
            self.close()
        elif not self._closed:
            self._closed = True
            self._worker.close(self._raw.close)

    def run(self, job: Callable[[], T], *, breakable: bool = True) -> T:
        """What `job` gives or raises, run in the thread after the BEGIN that waits. `breakable`: SQLite breaks it off
        where nobody waits for it any more. Within `whole` it is run where it stands."""
        if self._closed:
            raise sqlite3.OperationalError("connection closed")  # as the dialect knows it
        if self._begins:
            self._begins, job = False, partial(self._begun, job)
        if self._worker.here():
            if breakable and self._broken_off:
                raise sqlite3.OperationalError("interrupted")
            return job()
        self._settled = False
        doing = self._worker.run(job)
        try:
            result: T = await_only(doing)
        except asyncio.CancelledError:
            if breakable:
                self._break_off(self._worker.run(int))  # which comes after it
            raise
        finally:
            self._settled = doing.done() and not doing.cancelled()
        return result

    def whole(self, job: Callable[[], T]) -> T:
        """As `run`, for a job that makes statements through SQLAlchemy itself. Who is cancelled goes on when it has
        ended, since its `Connection` is not for two at a time; who is cancelled again, where the statement hangs, goes
        on at once and leaves nobody this connection."""
        if self._closed:
            raise sqlite3.OperationalError("connection closed")
        self._settled = self._broken_off = False
        doing = self._worker.run(job)
        try:
            result: T = await_only(asyncio.shield(doing))
        except asyncio.CancelledError:
            self._broken_off = True
            # What it raises is for nobody any more.
            doing.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
            self._await_end(doing)
            raise
        finally:
            self._settled = doing.done()
        return result

    def _break_off(self, ended: "asyncio.Future[Any]") -> None:
        """Interrupt until this is done: SQLite forgets an interrupt that comes before a statement's first step."""
        while not ended.done():
            self._raw.interrupt()
            await_only(asyncio.wait([ended], timeout=_AGAIN_S))

    def _await_end(self, doing: "asyncio.Future[Any]") -> None:
        try:
            self._break_off(doing)
        except asyncio.CancelledError:
            self._closed = True
            self._worker.close(self._raw.close)
            raise

    def _begun(self, job: Callable[[], T]) -> T:
        self._raw.execute("BEGIN").close()
        return job()

    def _to_end(self) -> bool:
        """Whether there may be a transaction to end. One that waits to begin is none, and is forgotten."""
        self._begins = False
        return not (self._settled and not self._raw.in_transaction)

    def __del__(self) -> None:
        if not self._closed:
            self._closed = True
            self._worker.close(self._raw.close)
            lost = "a connection to the database was lost and not closed"
            warnings.warn(lost, ResourceWarning, stacklevel=1, source=self)


class Cursor:
    """One statement's result, complete once it was executed: closed in the database, its rows held here."""

    arraysize = 1

    def __init__(self, connection: SqliteConnection, *, server_side: bool) -> None:
        self._connection, self.server_side = connection, server_side
        self._rows: Iterator[Any] = iter(())
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None

    def execute(self, operation: str, parameters: Sequence[Any] = ()) -> None:
        """Run a statement; whatever SQLite raises."""
        self._run(lambda cursor: cursor.execute(operation, parameters))

    def executemany(self, operation: str, parameters: Iterable[Sequence[Any]]) -> None:
        """Run a statement for each set of parameters; whatever SQLite raises."""
        self._run(lambda cursor: cursor.executemany(operation, parameters))

    def fetchall(self) -> list[Any]:
        """The rows that nobody has taken yet."""
        return list(self._rows)

    def fetchmany(self, size: int | None = None) -> list[Any]:
        """The next of them."""
        return list(islice(self._rows, self.arraysize if size is None else size))

    def fetchone(self) -> Any:
        """The next of them; None if there is none."""
        return next(self._rows, None)

    def close(self) -> None:
        """Let go of the rows."""
        self._rows = iter(())

    async def _async_soft_close(self) -> None:
        """What SQLAlchemy asks for where the rows are read later: they are here already."""

    def _run(self, statement: Callable[[sqlite3.Cursor], object]) -> None:
        raw = self._connection.driver_connection

        def job() -> tuple[list[Any], Any, int, int | None]:
            cursor: sqlite3.Cursor = raw.cursor()
            try:
                statement(cursor)
                description = cursor.description
                rows = cursor.fetchall() if description else []
                return rows, description, cursor.rowcount, cursor.lastrowid
            finally:
                cursor.close()

        rows, self.description, self.rowcount, self.lastrowid = self._connection.run(job)
        self._rows = iter(rows)
