"""The databases of a run are new, migrated and, on PostgreSQL, durable."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from benchmarks.databases import Databases
from tests.services import Postgres


def test_without_a_server_there_is_sqlite_alone(tmp_path: Path) -> None:
    found = Databases(None)
    assert (found.kinds, found.version, found.urls()) == (("sqlite",), None, None)
    assert found.make("sqlite", tmp_path / "one") == "sqlite:///gateway.db"
    with closing(sqlite3.connect(tmp_path / "one" / "gateway.db")) as connection, connection:
        assert connection.execute("SELECT count(*) FROM record").fetchone() == (0,)
    connection.close()


@pytest.mark.postgres
def test_postgresql_is_told_with_what_its_commits_wait_for(postgres_server: Postgres, tmp_path: Path) -> None:
    found = Databases(postgres_server)
    assert found.kinds == ("sqlite", "postgresql")
    assert "fsync=on" in str(found.version)
    one, two = found.make("postgresql", tmp_path), found.make("postgresql", tmp_path)
    assert one != two
    for url in (one, two):
        postgres_server.drop(url)
