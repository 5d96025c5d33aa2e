"""Whatever a database raises is one error of ours; an insert that finds the row there leaves it alone."""

import asyncio
import errno
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from gateway.core.errors import FormatError, LedgerUnavailable
from gateway.store.engine import reading, writing
from gateway.store.sql import insert_new, reachable, why
from gateway.store.tables import policy_version
from tests.store.kit import Store


@pytest.mark.parametrize(
    "error",
    [
        OperationalError("SELECT canary", {}, Exception("canary")),
        ConnectionRefusedError("canary"),
        TimeoutError("canary"),
        asyncpg.PostgresError("canary"),
        asyncpg.InterfaceError("canary"),
    ],
)
def test_errors_of_database_and_network_become_ours_without_what_they_say(error: Exception) -> None:
    with pytest.raises(LedgerUnavailable) as caught, reachable():
        raise error
    assert "canary" not in str(caught.value)
    assert caught.value.__cause__ is error


def _full(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA max_page_count = 2")
        connection.execute("CREATE TABLE canary (value BLOB)")
        connection.execute("INSERT INTO canary VALUES (zeroblob(100000))")


def _read_only(path: Path) -> None:
    path.touch()
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        connection.execute("CREATE TABLE canary (value BLOB)")


def _locked(path: Path) -> None:
    with closing(sqlite3.connect(path)) as holder, closing(sqlite3.connect(path, timeout=0)) as connection:
        holder.execute("BEGIN IMMEDIATE")
        connection.execute("CREATE TABLE canary (value BLOB)")


def _away(path: Path) -> None:
    with closing(sqlite3.connect(path / "canary" / "none.db")) as connection:
        connection.execute("SELECT 1")


def _damaged(path: Path) -> None:
    path.write_bytes(b"canary " * 1000)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE canary (value BLOB)")


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (_full, "its disk is full"),
        (_read_only, "it is read-only"),
        (_locked, "another process holds its lock"),
        (_away, "its file, or one beside it, cannot be opened or made"),
        (_damaged, "its file is none of SQLite's"),
    ],
)
def test_what_is_wrong_with_a_file_is_told_in_words(tmp_path: Path, spoil: Callable[[Path], None], told: str) -> None:
    with pytest.raises(sqlite3.Error) as caught:
        spoil(tmp_path / "some.db")
    wrapped = OperationalError("SELECT canary", {}, caught.value)
    with pytest.raises(LedgerUnavailable, match=f"^the database did not answer: {told}$"), reachable():
        raise wrapped


def test_what_is_wrong_with_a_server_or_a_disk_is_told_by_its_code() -> None:
    full = asyncpg.DiskFullError("canary")
    for error, told in (
        (full, "its disk is full"),
        (OperationalError("SELECT canary", {}, full), "its disk is full"),
        (asyncpg.ReadOnlySQLTransactionError("canary"), "it is read-only"),
        (asyncpg.LockNotAvailableError("canary"), "another process holds its lock"),
        (OSError(errno.ENOSPC, "canary"), "its disk is full"),
        (ConnectionRefusedError("canary"), None),
    ):
        assert why(error) == told


def test_other_errors_pass_through() -> None:
    with pytest.raises(FormatError), reachable():
        raise FormatError("not JSON")
    with pytest.raises(asyncio.CancelledError), reachable():
        raise asyncio.CancelledError


async def test_the_first_row_of_a_key_stays_and_the_second_says_that_it_is_not_there(store: Store) -> None:
    counts = []
    for data in (b"first", b"second"):
        row = insert_new(store.engine, policy_version).values(digest="d", bytes=data, created_at="t")
        async with writing(store.engine, None) as connection:
            counts.append((await connection.execute(row)).rowcount)
    assert counts == [1, 0]
    async with reading(store.engine, None) as connection:
        assert bytes(await connection.scalar(select(policy_version.c.bytes)) or b"") == b"first"
