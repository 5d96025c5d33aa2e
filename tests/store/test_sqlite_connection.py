"""A connection to SQLite: as few trips to its thread as there are statements, and nothing left of who was cancelled."""

import asyncio
import gc
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.dialects.sqlite import aiosqlite
from sqlalchemy.engine import AdaptedConnection
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.util import greenlet_spawn

from gateway.store import engine as engines
from gateway.store.engine import at_once, reading, sqlite_engine, writing
from gateway.store.sqlite_connection import Cursor, SqliteConnection, connect
from gateway.store.worker import Worker

_ENDLESS = text("WITH RECURSIVE c(n) AS (SELECT began() UNION ALL SELECT n + 1 FROM c) SELECT count(*) FROM c")
_PUT = text("INSERT INTO t VALUES (:n)")
_COUNT = text("SELECT count(*) FROM t")


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    with closing(sqlite3.connect(tmp_path / "x.db")) as made:
        made.execute("PRAGMA journal_mode = WAL")
        made.execute("CREATE TABLE t (n INTEGER PRIMARY KEY)")
    engine = sqlite_engine(tmp_path / "x.db")
    yield engine
    await engine.dispose()


@pytest.fixture
def trips(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    made, run = list[Any](), Worker.run

    def counted(worker: Worker, job: Callable[[], Any]) -> Any:
        made.append(job)
        return run(worker, job)

    monkeypatch.setattr(Worker, "run", counted)
    return made


async def _adapted(connection: AsyncConnection) -> SqliteConnection:
    found: Any = (await connection.get_raw_connection()).dbapi_connection
    assert type(found) is SqliteConnection
    return found


def _adapted_of(connection: Connection) -> SqliteConnection:
    found: Any = connection.connection.dbapi_connection
    assert type(found) is SqliteConnection
    return found


def _locks(path: Path) -> None:
    """Whoever comes now has the write lock at once: `OperationalError` where somebody holds it."""
    with closing(sqlite3.connect(path, timeout=0)) as other:
        other.execute("BEGIN IMMEDIATE")


async def _cancelled(asking: "asyncio.Task[Any]") -> None:
    """It ends as one that was cancelled, and does not hang."""
    await asyncio.wait([asking], timeout=20)
    assert asking.cancelled()


class Began:
    """Tells that a statement has called `began()`, or that a transaction is about to be committed, in the thread."""

    def __init__(self) -> None:
        self._loop, self._seen, self.go_on = asyncio.get_running_loop(), asyncio.Event(), threading.Event()

    async def by(self, connection: AsyncConnection) -> None:
        adapted = await _adapted(connection)
        await greenlet_spawn(adapted.create_function, "began", 0, self._tell)

    async def committing(self, connection: AsyncConnection) -> None:
        adapted = await _adapted(connection)
        await greenlet_spawn(adapted.run, partial(adapted.driver_connection.set_trace_callback, self._traced))

    async def wait(self) -> None:
        async with asyncio.timeout(10):
            await self._seen.wait()

    def _tell(self) -> int:
        self._loop.call_soon_threadsafe(self._seen.set)
        return 1

    def hang(self) -> None:
        """In the thread: until it may go on."""
        self._tell()
        self.go_on.wait(10)

    def _traced(self, statement: str) -> None:
        if statement == "COMMIT":
            self.hang()


# -------------------------------------------------------------------------------------------------------------- trips


async def test_a_statement_is_one_trip_its_begin_none_and_what_wrote_nothing_ends_with_one(
    engine: AsyncEngine, trips: list[Any]
) -> None:
    async with reading(engine, None) as connection:
        assert await connection.scalar(_COUNT) == 0
    trips.clear()
    async with reading(engine, None) as connection:
        assert await connection.scalar(_COUNT) == 0
        assert (await connection.execute(text("SELECT 1 UNION SELECT 2"))).scalars().all() == [1, 2]
    assert len(trips) == 3
    trips.clear()
    async with reading(engine, None):
        pass
    assert not trips


async def test_a_transaction_that_writes_takes_its_lock_before_its_first_statement(
    engine: AsyncEngine, trips: list[Any], tmp_path: Path
) -> None:
    async with writing(engine, None) as connection:
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            _locks(tmp_path / "x.db")
        trips.clear()
        await connection.execute(_PUT, [{"n": 1}, {"n": 2}])
    assert len(trips) == 2
    _locks(tmp_path / "x.db")
    async with reading(engine, None) as connection:
        assert await connection.scalar(_COUNT) == 2


async def test_what_is_read_in_one_transaction_is_of_one_instant(engine: AsyncEngine) -> None:
    async with reading(engine, None) as connection:
        assert await connection.scalar(_COUNT) == 0
        async with writing(engine, None) as other:
            await other.execute(_PUT, {"n": 1})
        assert await connection.scalar(_COUNT) == 0
        await connection.rollback()
        assert await connection.scalar(_COUNT) == 1


async def test_statements_at_once_are_one_trip_with_the_end_of_their_transaction(
    engine: AsyncEngine, trips: list[Any], tmp_path: Path
) -> None:
    async with writing(engine, None) as connection:
        await connection.execute(_PUT, [{"n": 1}, {"n": 2}])
        used = await _adapted(connection)
    trips.clear()

    def read(connection: Connection) -> list[int]:
        first = connection.execute(text("SELECT min(n) FROM t")).scalar_one()
        with closing(sqlite3.connect(tmp_path / "x.db")) as other:
            other.execute("INSERT INTO t VALUES (0)")
            other.commit()
        assert connection.execute(text("SELECT min(n) FROM t")).scalar_one() == first, "one instant"
        return [first, threading.get_ident()]

    first, thread = await at_once(engine, None, read)
    assert first == 1
    assert thread != threading.get_ident()
    assert len(trips) == 1
    assert not used.driver_connection.in_transaction
    assert await at_once(engine, None, lambda connection: connection.execute(_COUNT).scalar_one()) == 3
    with pytest.raises(OperationalError, match="no such table"):
        await at_once(engine, None, lambda connection: connection.execute(text("SELECT * FROM nowhere")))
    assert not used.driver_connection.in_transaction
    async with reading(engine, None) as connection:
        assert await _adapted(connection) is used


# ------------------------------------------------------------------------------------------ errors, savepoints, streams


async def test_what_a_statement_raises_undoes_its_savepoint_and_no_more(engine: AsyncEngine) -> None:
    async with writing(engine, None) as connection:
        await connection.execute(_PUT, {"n": 1})

        async def twice() -> None:
            async with connection.begin_nested():
                await connection.execute(_PUT, {"n": 2})
                await connection.execute(_PUT, {"n": 1})

        with pytest.raises(IntegrityError):
            await twice()
        async with connection.begin_nested():
            await connection.execute(_PUT, {"n": 3})
    async with reading(engine, None) as connection, connection.begin_nested():
        assert (await connection.execute(text("SELECT n FROM t"))).scalars().all() == [1, 3]


async def test_a_lock_that_is_not_to_be_had_is_an_error_and_the_connection_goes_on(
    engine: AsyncEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "BUSY_MS", 1)
    with closing(sqlite3.connect(tmp_path / "x.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(OperationalError, match="locked"):
            async with writing(engine, None):
                pass
    async with writing(engine, None) as connection:
        await connection.execute(_PUT, {"n": 1})


async def test_a_statement_that_fails_leaves_no_transaction_and_no_lock(engine: AsyncEngine, tmp_path: Path) -> None:
    async with reading(engine, None) as connection:
        with pytest.raises(OperationalError, match="no such table"):
            await connection.execute(text("SELECT * FROM nowhere"))
        used = await _adapted(connection)
    assert not used.driver_connection.in_transaction
    with pytest.raises(IntegrityError):
        async with writing(engine, None) as connection:
            await connection.execute(_PUT, [{"n": 1}, {"n": 1}])
    _locks(tmp_path / "x.db")
    async with reading(engine, None) as connection:
        assert await _adapted(connection) is used
        assert await connection.scalar(_COUNT) == 0


async def test_rows_are_given_one_by_one_in_parts_and_as_a_stream(engine: AsyncEngine) -> None:
    rows = text("WITH RECURSIVE c(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM c WHERE n < 9) SELECT n FROM c")
    async with reading(engine, None) as connection:
        result = await connection.execute(rows)
        assert [result.fetchone(), *result.fetchmany(2), *result.fetchall()] == [(n,) for n in range(10)]
        async with connection.stream(rows) as streamed:
            assert [row.n async for row in streamed] == [*range(10)]


async def test_how_many_rows_a_statement_changed_is_known(engine: AsyncEngine) -> None:
    async with writing(engine, None) as connection:
        assert (await connection.execute(_PUT, {"n": 7})).rowcount == 1
        returned = await connection.execute(text("INSERT INTO t VALUES (8), (9) RETURNING n"))
        assert returned.scalars().all() == [8, 9]
        assert (await connection.execute(text("DELETE FROM t WHERE n > 7"))).rowcount == 2


# ---------------------------------------------------------------------------------------------------------- cancelled


async def test_who_is_cancelled_in_a_statement_breaks_it_off_and_leaves_nothing(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    began, used = Began(), list[SqliteConnection]()

    async def ask() -> None:
        async with writing(engine, None) as connection:
            used.append(await _adapted(connection))
            await began.by(connection)
            await connection.execute(_PUT, {"n": 1})
            await connection.execute(_ENDLESS)

    asking = asyncio.create_task(ask())
    await began.wait()
    asking.cancel()
    await _cancelled(asking)
    _locks(tmp_path / "x.db")
    async with writing(engine, None) as connection:
        assert await _adapted(connection) is not used[0], "a connection that was cancelled is not used again"
        assert await connection.scalar(_COUNT) == 0
        await connection.execute(_PUT, {"n": 2})
    assert engine.pool.status().count("Current Checked out connections: 0") == 1


async def test_who_is_cancelled_in_statements_at_once_goes_on_when_they_have_ended_and_begins_no_other(
    engine: AsyncEngine,
) -> None:
    began, went_on, used = Began(), list[str](), list[SqliteConnection]()

    def read(connection: Connection) -> None:
        used.append(_adapted_of(connection))
        try:
            connection.execute(_ENDLESS)
        except OperationalError as error:
            went_on.append(str(error.orig))
        try:
            connection.execute(_COUNT)
        except OperationalError as error:
            went_on.append(str(error.orig))

    async with engine.connect() as connection:
        await began.by(connection)
    asking = asyncio.create_task(at_once(engine, None, read))
    await began.wait()
    asking.cancel()
    await _cancelled(asking)
    assert went_on == ["interrupted", "interrupted"]
    assert await at_once(engine, None, _adapted_of) is used[0], "nobody uses it any more"
    assert await at_once(engine, None, lambda connection: connection.execute(_COUNT).scalar_one()) == 0


async def test_who_is_cancelled_before_a_statement_has_taken_a_step_breaks_it_off_too(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite forgets an interrupt that comes then. This statement never ends by itself."""
    endless = text("WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT count(*) FROM c")
    began, run = Began(), Worker.run

    def late(worker: Worker, job: Callable[[], Any]) -> Any:
        monkeypatch.setattr(Worker, "run", run)

        def held() -> Any:
            began.hang()
            return job()

        return run(worker, held)

    async def ask() -> None:
        async with reading(engine, None) as connection:
            await connection.execute(_COUNT)
            monkeypatch.setattr(Worker, "run", late)
            await connection.execute(endless)

    asking = asyncio.create_task(ask())
    await began.wait()
    asking.cancel()
    for _ in range(10):
        await asyncio.sleep(0)
    began.go_on.set()
    await _cancelled(asking)
    async with reading(engine, None) as connection:
        assert await connection.scalar(_COUNT) == 0


async def test_what_is_raised_for_who_was_cancelled_is_told_to_nobody(engine: AsyncEngine) -> None:
    told, began = list[dict[str, Any]](), Began()
    asyncio.get_running_loop().set_exception_handler(lambda _, said: told.append(said))
    async with engine.connect() as connection:
        await began.by(connection)
    asking = asyncio.create_task(at_once(engine, None, lambda connection: connection.execute(_ENDLESS)))
    await began.wait()
    asking.cancel()
    await _cancelled(asking)
    del asking
    gc.collect()
    assert told == []


async def test_who_is_cancelled_again_where_a_statement_hangs_leaves_nobody_its_connection(
    engine: AsyncEngine,
) -> None:
    began = Began()

    def hang(connection: Connection) -> None:
        _ = connection.execute(_COUNT).scalar_one()
        began.hang()

    asking = asyncio.create_task(at_once(engine, None, hang))
    await began.wait()
    asking.cancel()
    await asyncio.sleep(0)
    assert not asking.done()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert await at_once(engine, None, lambda connection: connection.execute(_COUNT).scalar_one()) == 0
    began.go_on.set()


async def test_who_is_cancelled_while_it_commits_goes_on_when_that_is_done(engine: AsyncEngine) -> None:
    began = Began()

    async def put() -> None:
        async with writing(engine, None) as connection:
            await began.committing(connection)
            await connection.execute(_PUT, {"n": 1})

    putting = asyncio.create_task(put())
    await began.wait()
    putting.cancel()
    await asyncio.sleep(0)
    assert not putting.done(), "nothing of it is under way once it has ended"
    began.go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await putting
    async with reading(engine, None) as connection:
        assert await connection.scalar(_COUNT) == 1


async def test_who_is_cancelled_while_it_waits_for_a_lock_does_not_get_it_later(
    engine: AsyncEngine, tmp_path: Path, trips: list[Any]
) -> None:
    async def put() -> None:
        async with writing(engine, None) as connection:
            await connection.execute(_PUT, {"n": 1})

    async with engine.connect() as connection:
        await connection.execute(_COUNT)
    trips.clear()
    with closing(sqlite3.connect(tmp_path / "x.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        putting = asyncio.create_task(put())
        for _ in range(10):
            await asyncio.sleep(0)
        assert len(trips) == 1
        putting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await putting
    _locks(tmp_path / "x.db")
    async with reading(engine, None) as connection:
        assert await connection.scalar(_COUNT) == 0


def test_a_loop_that_ends_while_a_statement_runs_ends(tmp_path: Path) -> None:
    """As when the gateway is stopped: what is under way is cancelled and waited for."""
    path = tmp_path / "x.db"

    async def leave() -> None:
        engine, began = sqlite_engine(path, mode="rwc"), Began()

        async def ask() -> None:
            async with writing(engine, None) as connection:
                await began.by(connection)
                await connection.execute(_ENDLESS)

        leave.asking = asyncio.create_task(ask())  # type: ignore[attr-defined]  # kept, so that it goes on
        await began.wait()
        await engine.dispose()

    asyncio.run(leave())
    _locks(path)


class _Slow(sqlite3.Connection):
    opening, go_on, closed = threading.Event(), threading.Event(), threading.Event()

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.opening.set()
        self.go_on.wait(10)

    def close(self) -> None:
        super().close()
        self.closed.set()


async def test_who_is_cancelled_while_it_connects_leaves_no_connection_and_no_thread(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    connecting = asyncio.create_task(connect(str(tmp_path / "x.db"), factory=_Slow))
    assert await asyncio.to_thread(_Slow.opening.wait, 10)
    threads = [one for one in set(threading.enumerate()) - before if one.name == "sqlite"]
    connecting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await connecting
    _Slow.go_on.set()
    threads[0].join(10)
    assert not threads[0].is_alive()
    assert _Slow.closed.is_set()


# ------------------------------------------------------------------------------------------------------- closed, lost


async def test_a_connection_that_was_closed_under_its_user_is_replaced(engine: AsyncEngine) -> None:
    async with reading(engine, None) as connection:
        adapted = await _adapted(connection)
        await greenlet_spawn(adapted.close)
        await greenlet_spawn(adapted.close)
        with pytest.raises(OperationalError, match="connection closed") as caught:
            await connection.scalar(_COUNT)
        assert caught.value.connection_invalidated
    async with reading(engine, None) as connection:
        assert await connection.scalar(_COUNT) == 0


async def test_a_connection_that_was_lost_is_told_and_closed_with_its_thread(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    before = set(threading.enumerate())
    lost = [await connect(str(path), isolation_level=None, check_same_thread=False, factory=engines._Prepared)]
    threads = set(threading.enumerate()) - before
    await greenlet_spawn(lost[0].run, partial(lost[0].driver_connection.execute, "BEGIN IMMEDIATE"))
    with pytest.warns(ResourceWarning, match="was lost"):
        lost.clear()
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()
    _locks(path)


async def test_a_connection_that_nobody_waits_for_is_closed_by_its_thread(tmp_path: Path) -> None:
    """As the pool does where it finds one that was never given back: outside of any greenlet."""
    before = set(threading.enumerate())
    lost = await connect(str(tmp_path / "x.db"), isolation_level=None)
    threads = set(threading.enumerate()) - before
    lost.terminate()
    lost.terminate()
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()


def test_the_library_asks_for_nothing_that_is_not_here() -> None:
    """What its own connection and cursor for aiosqlite have is what its dialect may ask for: where another version has
    more, it is to be looked into, and taken along or added to what is known not to be asked for."""

    def names(of: type) -> set[str]:
        return {name for name in dir(of) if not name.startswith("_") or name == "_async_soft_close"}

    ours = names(SqliteConnection) | {"dbapi"}
    assert names(aiosqlite.AsyncAdapt_aiosqlite_connection) - ours == {"create", "execute", "isolation_level"}
    assert names(AdaptedConnection) - {*vars(SqliteConnection)} == {"driver_connection", "run_async"}, "not looked into"
    cursor = names(Cursor) | {"description", "rowcount", "lastrowid", "server_side"}
    assert names(aiosqlite.AsyncAdapt_aiosqlite_cursor) - cursor == {"nextset", "setinputsizes"}
