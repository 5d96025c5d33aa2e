"""What can happen to a SQLite file under its writer."""

import asyncio
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from gateway.core.errors import LedgerUnavailable
from gateway.settings import Settings
from gateway.store import writer_sqlite
from gateway.store.engine import target
from gateway.store.writer_base import LedgerWriter, WriterOptions
from gateway.store.writer_sqlite import SqliteFile, SqliteWriter
from tests.conftest import ManualClock
from tests.store.ledger_kit import NODE, TENANT, Failpoints, intent, note, outcome, until, whole, writer_on


def _connection(writer: LedgerWriter) -> sqlite3.Connection:
    assert isinstance(writer, SqliteWriter)
    return writer._file.connection()


async def test_a_locked_database_is_an_error_for_all_and_no_hang(sqlite_settings: Settings, clock: ManualClock) -> None:
    async with writer_on(sqlite_settings, clock, wait_s=0.3, retry_s=60) as writer:
        await writer.append(note())
        other = sqlite3.connect(target(sqlite_settings).path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        answers = await asyncio.gather(*(writer.append(note()) for _ in range(3)), return_exceptions=True)
        assert [type(answer) for answer in answers] == [LedgerUnavailable] * 3
        other.execute("ROLLBACK")
        other.close()
        assert (await writer.append(note())).seq == 2
    records = await whole(sqlite_settings)
    assert [(e.event, e.count) for e in records][1] == ("ledger.recovered", 3)


async def test_a_full_disk_is_an_error_and_writing_goes_on_when_there_is_room(
    sqlite_settings: Settings, clock: ManualClock
) -> None:
    async with writer_on(sqlite_settings, clock, retry_s=60) as writer:
        await writer.append(note())
        pages = _connection(writer).execute("PRAGMA page_count").fetchone()[0]
        _connection(writer).execute(f"PRAGMA max_page_count = {pages + 3}")
        answers = await asyncio.gather(*(writer.append(intent()) for _ in range(50)), return_exceptions=True)
        assert {type(answer) for answer in answers} == {LedgerUnavailable}
        assert len(await whole(sqlite_settings)) == 1
        _connection(writer).execute("PRAGMA max_page_count = 1000000")
        await writer.append(note())
    assert [(e.event, e.count) for e in await whole(sqlite_settings)][1] == ("ledger.recovered", 50)


@pytest.mark.parametrize("how", ["deleted", "replaced", "wal deleted"])
async def test_a_file_that_is_taken_away_is_an_error_and_not_written_into_the_void(
    sqlite_settings: Settings, clock: ManualClock, tmp_path: Path, how: str
) -> None:
    path = target(sqlite_settings).path
    async with writer_on(sqlite_settings, clock, retry_s=60) as writer:
        await writer.append(note())
        if how == "wal deleted":
            os.unlink(f"{path}-wal")
        else:
            shutil.copy(path, tmp_path / "copy.db")
            os.unlink(path)
            if how == "replaced":
                os.rename(tmp_path / "copy.db", path)
        with pytest.raises(LedgerUnavailable):
            await writer.append(note())


async def test_a_file_taken_away_between_insert_and_commit_is_not_acknowledged(
    sqlite_settings: Settings, clock: ManualClock
) -> None:
    path = target(sqlite_settings).path
    failpoints = Failpoints(before_commit=lambda: os.rename(path, f"{path}.away"))
    async with writer_on(sqlite_settings, clock, failpoint=failpoints, retry_s=60) as writer:
        with pytest.raises(LedgerUnavailable):
            await writer.append(note())
        failpoints.actions = {}


async def test_no_file_is_an_error_at_start_and_none_is_made(tmp_path: Path, clock: ManualClock) -> None:
    file = SqliteFile(tmp_path / "none.db")
    writer = SqliteWriter(file, WriterOptions(tenant=TENANT, node=NODE, clock=clock))
    with pytest.raises(LedgerUnavailable):
        await writer.start()
    with pytest.raises(LedgerUnavailable):
        await writer.append(note())
    assert not (tmp_path / "none.db").exists()
    file.worker.close()


async def test_a_commit_that_reports_an_error_but_landed_is_acknowledged_once_it_is_on_disk(
    sqlite_settings: Settings, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = SqliteWriter._commit_now
    failing = [True]

    def commit_and_fail(self: SqliteWriter) -> None:
        commit(self)
        if failing:
            failing.pop()
            raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(SqliteWriter, "_commit_now", commit_and_fail)
    async with writer_on(sqlite_settings, clock) as writer:
        assert (await writer.append(note())).seq == 0
        assert (await writer.append(note())).seq == 1
        assert writer.refused == 0
    assert len(await whole(sqlite_settings)) == 2


async def test_a_commit_in_doubt_that_cannot_be_forced_to_disk_is_not_acknowledged(
    sqlite_settings: Settings, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader keeps the checkpoint from finishing, so that nothing proves that the log's pages reached the disk."""
    commit = SqliteWriter._commit_now

    def commit_and_fail(self: SqliteWriter) -> None:
        commit(self)
        raise sqlite3.OperationalError("disk I/O error")

    async with writer_on(sqlite_settings, clock, wait_s=0.5, retry_s=60) as writer:
        await writer.append(note())
        reader = sqlite3.connect(target(sqlite_settings).path, isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM head").fetchall()
        monkeypatch.setattr(SqliteWriter, "_commit_now", commit_and_fail)
        with pytest.raises(LedgerUnavailable):
            await writer.append(note())
        monkeypatch.undo()
        reader.close()
        await writer.append(note())
    await whole(sqlite_settings)


async def test_a_thread_that_hangs_keeps_nobody_waiting(sqlite_settings: Settings, clock: ManualClock) -> None:
    """A statement without end stands for a disk that does not answer; it is interrupted when patience runs out."""
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
    async with writer_on(sqlite_settings, clock, wait_s=0.3, retry_s=60) as writer:
        assert isinstance(writer, SqliteWriter)
        hanging = writer._file.worker.run(lambda: _connection(writer).execute(endless).fetchall())
        with pytest.raises(LedgerUnavailable):
            await writer.append(note())
        with pytest.raises(sqlite3.OperationalError, match="interrupted"):
            await hanging
        await until(lambda: writer.healthy)
        await writer.append(note())
    await whole(sqlite_settings)


async def test_writers_of_one_process_share_a_file_and_take_turns(
    sqlite_settings: Settings, clock: ManualClock
) -> None:
    file = SqliteFile(target(sqlite_settings).path)
    tenants = [f"tn_{n}" for n in range(4)]
    failpoints = [Failpoints(), None, Failpoints(), None]
    writers = [
        SqliteWriter(file, WriterOptions(tenant=tenant, node=NODE, clock=clock, failpoint=failpoint))
        for tenant, failpoint in zip(tenants, failpoints, strict=True)
    ]
    for writer in writers:
        await writer.start()
    await asyncio.gather(*(w.append(note(w.tenant)) for _ in range(50) for w in writers))
    for writer in writers:
        await writer.stop()
    await file.worker.run(file.close)
    file.worker.close()
    for tenant in tenants:
        assert len(await whole(sqlite_settings, tenant)) == 50


async def test_an_exchange_id_that_comes_twice_does_not_stop_the_others(
    sqlite_settings: Settings, clock: ManualClock
) -> None:
    async with writer_on(sqlite_settings, clock) as writer:
        await asyncio.gather(writer.append(intent("ex_1")), writer.append(intent("ex_1")), writer.append(note()))
        await writer.append(outcome("ex_1"))
    assert len(await whole(sqlite_settings)) == 4


@pytest.mark.parametrize("count", [0, 1, 63, 64, 65, 127, 128, 129, 255, 500, 512, 513, 1_000])
def test_rows_are_inserted_in_their_order_in_few_statements_whatever_their_number(count: int) -> None:
    statements: list[str] = []
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE sealed (tenant, seq, part, key, nonce, ciphertext)")
        connection.set_trace_callback(lambda text: statements.append(text[:6]))
        rows = [("tn_1", seq, "request", f"dk_{seq}", b"n", b"c") for seq in range(count)]
        writer_sqlite._put(connection.cursor(), "sealed", list(rows))
        connection.set_trace_callback(None)
        assert connection.execute("SELECT * FROM sealed ORDER BY rowid").fetchall() == rows
    assert statements.count("INSERT") <= 3
