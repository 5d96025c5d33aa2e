"""The copy of what deciding needs: whole or the former one, of the tenants that are asked for, and bounded."""

import sqlite3
from pathlib import Path

import pytest

from gateway.core.errors import ConfigurationError
from gateway.store.api_keys import Administrator, ApiKeyStore
from gateway.store.directory import Directory
from gateway.store.emergency_copy import beside, copy
from tests.store.kit import SEAL, Store, entry
from tests.store.test_api_keys import GRANT


async def test_what_deciding_needs_is_copied_and_no_record(store: Store, sqlite_template: Path, tmp_path: Path) -> None:
    directory = Directory(store.engine, store.keyring, store.clock, "gateway.test")
    mine, theirs = await directory.entry("mine"), await directory.entry("theirs")
    keys = ApiKeyStore(store.engine, store.clock, SEAL)
    for one in (mine, theirs):
        await directory.actor(one.ledger, "eve")
        await store.append([entry(ledger=one.ledger)], one.ledger)
        async with store.writer(one.ledger) as writer:
            await keys.create(Administrator(ledger=writer, tenant=one.ledger), one.id, GRANT)
    path = tmp_path / "copy.db"
    made = await copy(store.engine, sqlite_template, path, {"mine": mine}, at_ns=7, max_rows=10)
    assert (made.at_ns, made.rows, set(made.known)) == (7, 4, {mine.ledger})
    assert path.stat().st_mode & 0o777 == 0o600
    connection = sqlite3.connect(path)
    try:
        for table, ids in (("tenant", "ledger"), ("pseudonym", "tenant"), ("head", "tenant")):
            assert connection.execute(f"SELECT {ids} FROM {table}").fetchall() == [(mine.ledger,)]
        assert connection.execute("SELECT tenant FROM api_key").fetchall() == [("mine",)]
        assert connection.execute("SELECT count(*) FROM record").fetchone() == (0,)
        assert connection.execute("SELECT size FROM head").fetchone() == (0,)
    finally:
        connection.close()
    before = path.read_bytes()
    with pytest.raises(ConfigurationError, match="max_copy_rows"):
        await copy(store.engine, sqlite_template, path, {"mine": mine}, at_ns=8, max_rows=1)
    assert path.read_bytes() == before


async def test_a_directory_that_cannot_be_written_is_named(store: Store, sqlite_template: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"emergency\.directory"):
        await copy(store.engine, sqlite_template, tmp_path / "none" / "copy.db", {}, at_ns=1, max_rows=1)


def test_what_lies_beside_a_database_is_known() -> None:
    assert Path("a.db-wal") in beside(Path("a.db"))
