"""The database that the settings name, and connections to it."""

import asyncio
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.util import greenlet_spawn

from gateway.core.errors import ConfigurationError
from gateway.settings import Settings, parse
from gateway.store.engine import (
    Walled,
    at_once,
    let_go,
    open_engine,
    reading,
    sqlite_engine,
    target,
    writing,
)


def _settings(tmp_path: Path, **database: str) -> Settings:
    return parse({"database": database}, {}, tmp_path)


def test_a_sqlite_path_is_taken_from_where_the_configuration_lies(tmp_path: Path) -> None:
    assert target(_settings(tmp_path, url="sqlite:///data/gateway.db")).path == tmp_path / "data" / "gateway.db"
    assert target(_settings(tmp_path, url="sqlite:////var/gateway.db")).path == Path("/var/gateway.db")


def test_a_postgresql_url_is_kept_for_the_driver_and_names_the_role(tmp_path: Path) -> None:
    where = target(
        _settings(tmp_path, url="postgresql://gw%40a@host:5433/db?sslmode=require", owner_url="postgresql://o@h/db")
    )
    assert where.dsn == "postgresql://gw%40a@host:5433/db?sslmode=require"
    assert (where.role, where.owner_dsn) == ("gw@a", "postgresql://o@h/db")


def test_a_url_may_be_a_reference_to_a_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "url").write_text("postgresql://gw:s3cret@host/db\n")
    monkeypatch.setenv("OWNER", "postgresql://owner@host/db")
    where = target(_settings(tmp_path, url="file:url", owner_url="env:OWNER"))
    assert (where.dsn, where.owner_dsn) == ("postgresql://gw:s3cret@host/db", "postgresql://owner@host/db")


@pytest.mark.parametrize("value", [None, b"", b"\x00\xff", "text", 7])
def test_what_is_bound_to_sqlite_is_read_as_it_was_and_the_driver_is_told_so(value: object) -> None:
    """Bytes and None by an entry of the driver's, without which it looks for one in vain each time."""
    with closing(sqlite3.connect(":memory:")) as connection:
        assert connection.execute("SELECT ?", (value,)).fetchone() == (value,)
    adapted = (type(value), sqlite3.PrepareProtocol) in sqlite3.adapters
    assert adapted is not isinstance(value, (str, int))


@pytest.mark.parametrize(
    "url",
    [
        "mysql://host/db",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite:///x.db?mode=memory",
        "postgresql://host/db",
        "postgresql:///db",
        "postgresql://gw@host:port/db",
        "postgresql://gw@[::1/db",
        "env:NO_SUCH_VARIABLE_HERE",
        "",
    ],
)
def test_a_url_that_says_too_little_is_refused_without_being_repeated(tmp_path: Path, url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        target(_settings(tmp_path, url=url))
    assert "database" in str(caught.value) or "environment" in str(caught.value)
    assert "gw@" not in str(caught.value)


def test_an_owner_url_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="owner_url"):
        target(_settings(tmp_path, url="postgresql://gw@h/db", owner_url="sqlite:///x.db"))


async def test_every_sqlite_connection_syncs_fully_and_overwrites_what_it_deletes(sqlite_settings: Settings) -> None:
    engine = open_engine(target(sqlite_settings))
    async with engine.connect() as connection:
        assert await connection.scalar(text("PRAGMA synchronous")) == 2
        assert await connection.scalar(text("PRAGMA secure_delete")) == 1
        assert await connection.scalar(text("PRAGMA busy_timeout")) == 5000
    await engine.dispose()


async def test_a_closed_connection_holds_no_lock_though_a_statement_of_it_is_still_held(
    sqlite_settings: Settings,
) -> None:
    """As the traceback of a task that was cancelled in a transaction holds it."""
    path, held = target(sqlite_settings).path, []
    engine = open_engine(target(sqlite_settings))
    async with engine.connect() as connection:
        _ = await connection.execution_options(gateway_writes=True)
        await connection.execute(text("SELECT 1"))
        adapted: Any = (await connection.get_raw_connection()).dbapi_connection
        await greenlet_spawn(
            adapted.run, lambda: held.append(adapted.driver_connection.execute("SELECT name FROM lease"))
        )
        with (
            pytest.raises(sqlite3.OperationalError, match="locked"),
            closing(sqlite3.connect(path, timeout=0)) as other,
        ):
            other.execute("BEGIN IMMEDIATE")
        await connection.invalidate()
        with closing(sqlite3.connect(path, timeout=0)) as other:
            other.execute("BEGIN IMMEDIATE")
    assert held
    await engine.dispose()


async def test_no_sqlite_file_is_made_by_connecting(tmp_path: Path) -> None:
    engine = sqlite_engine(tmp_path / "none.db")
    with pytest.raises(OperationalError):
        async with engine.connect() as connection:
            await connection.scalar(text("SELECT 1"))
    await engine.dispose()
    assert not (tmp_path / "none.db").exists()


async def test_a_path_may_hold_anything_that_a_path_may_hold(tmp_path: Path) -> None:
    engine = sqlite_engine(tmp_path / "a?b#c%41 é.db", mode="rwc")
    async with engine.connect() as connection:
        await connection.scalar(text("SELECT 1"))
    await engine.dispose()
    assert os.listdir(tmp_path) == ["a?b#c%41 é.db"]


async def test_writers_that_read_first_wait_for_each_other_and_lose_no_update(database: Settings) -> None:
    engine = open_engine(target(database))
    async with writing(engine, None) as connection:
        await connection.execute(text("INSERT INTO lease VALUES ('n', 'h', 0)"))

    async def increment() -> None:
        async with writing(engine, None) as connection:
            lock = "" if engine.dialect.name == "sqlite" else " FOR UPDATE"
            value = await connection.scalar(text(f"SELECT until_us FROM lease{lock}"))
            await asyncio.sleep(0)
            await connection.execute(text("UPDATE lease SET until_us = :v"), {"v": (value or 0) + 1})

    await asyncio.gather(*(increment() for _ in range(10)))
    async with engine.connect() as connection:
        assert await connection.scalar(text("SELECT until_us FROM lease")) == 10
    await engine.dispose()


async def test_a_transaction_that_fails_leaves_nothing(database: Settings) -> None:
    engine = open_engine(target(database))

    async def fail() -> None:
        async with writing(engine, None) as connection:
            await connection.execute(text("INSERT INTO lease VALUES ('n', 'h', 0)"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    async with engine.connect() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM lease")) == 0
    await engine.dispose()


async def test_who_reads_alone_reads_on_one_connection_however_many_there_are(tmp_path: Path) -> None:
    """Each has a page cache of its own, which would fill up if they took turns."""
    engine = sqlite_engine(tmp_path / "x.db", mode="rwc")
    try:
        async with engine.connect() as one, engine.connect() as two, engine.connect() as three:
            assert len({id(await each.get_raw_connection()) for each in (one, two, three)}) == 3
        used = set()
        for _ in range(6):
            async with engine.connect() as connection:
                raw = await connection.get_raw_connection()
                used.add(id(raw.driver_connection))
        assert len(used) == 1
    finally:
        await engine.dispose()


async def test_a_reading_on_postgresql_is_its_statements_and_three_trips_more(
    postgres_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether the server is there, BEGIN with the wall, and the end: each is a wait for the database."""
    engine = open_engine(target(postgres_settings))
    try:
        async with reading(engine, "tn_1") as connection:
            await connection.execute(text("SELECT 1"))
        trips: list[str] = []

        def noting(name: str) -> None:
            usual = getattr(Walled, name)

            async def noted(self: Walled, query: str, *args: Any, **options: Any) -> Any:
                trips.append(query)
                return await usual(self, query, *args, **options)

            monkeypatch.setattr(Walled, name, noted)

        noting("execute")
        noting("fetchrow")
        async with reading(engine, "tn_1") as connection:
            await connection.execute(text("SELECT 1"))
        assert [trip.split(";")[0] for trip in trips] == ["SELECT 1", "BEGIN", "ROLLBACK"]
    finally:
        await engine.dispose()


async def test_connections_whose_server_has_ended_them_are_not_given_out(postgres_settings: Settings) -> None:
    engine = open_engine(target(postgres_settings))
    pid = text("SELECT pg_backend_pid()")
    end = text("SELECT pg_terminate_backend(:pid, 5000)")
    try:
        async with reading(engine, None) as other:
            async with reading(engine, None) as first, reading(engine, None) as second:
                ended = [await first.scalar(pid), await second.scalar(pid)]
            for one in ended:
                assert await other.scalar(end, {"pid": one})
        for _ in range(3):
            async with reading(engine, None) as connection:
                assert await connection.scalar(pid) not in ended
    finally:
        await engine.dispose()


async def test_what_is_read_at_once_is_planned_once_and_nothing_else_is(database: Settings) -> None:
    engine = open_engine(target(database))

    def mode(connection: Connection) -> Any:
        return connection.scalar(text("SELECT current_setting('plan_cache_mode')"))

    def one(connection: Connection) -> Any:
        return connection.scalar(text("SELECT 1"))

    try:
        if engine.dialect.name == "sqlite":
            assert await at_once(engine, "tn_1", one) == 1  # there is nothing to say to it
            return
        assert await at_once(engine, "tn_1", mode) == "force_generic_plan"
        async with reading(engine, "tn_1") as connection:
            assert await connection.scalar(text("SELECT current_setting('plan_cache_mode')")) == "auto"
    finally:
        await engine.dispose()


@pytest.mark.postgres
async def test_connections_to_a_server_that_does_not_answer_any_more_are_let_go_of(
    postgres_settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """One that lay idle when the server froze held a stop for ever: closing it in order waits for the server."""
    engine = open_engine(target(postgres_settings))
    async with reading(engine, None) as connection:
        await connection.execute(text("SELECT 1"))
    asked = 0

    async def silent(connection: asyncpg.Connection, **_: object) -> None:
        nonlocal asked
        asked += 1
        try:
            await asyncio.Event().wait()
        finally:
            connection.terminate()  # as the driver does it where a closing is given up

    with monkeypatch.context() as frozen:
        frozen.setattr(asyncpg.Connection, "close", silent)
        await let_go(engine, 0.05)
    assert asked == 1
    assert "let go of as they are" in caplog.text
    caplog.clear()
    another = open_engine(target(postgres_settings))
    async with reading(another, None) as connection:
        await connection.execute(text("SELECT 1"))
    await let_go(another)
    assert caplog.text == ""
