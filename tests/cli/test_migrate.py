"""`gateway migrate`: to this version's revision, again and again, on both databases."""

from pathlib import Path

import pytest

from gateway.store.migrate import head
from tests.cli.kit import Run
from tests.services import Postgres


def test_a_new_database_is_brought_to_the_newest_revision_once(gateway: Run, site: Path) -> None:
    (site / "gateway.db").unlink()
    assert gateway("migrate", "--json").data == {"revision": head(), "before": None}
    assert gateway("migrate", "--json").data == {"revision": head(), "before": head()}
    assert "already" in gateway("migrate").out


def test_a_file_that_is_no_database_is_told(gateway: Run, site: Path) -> None:
    (site / "gateway.db").write_bytes(b"not a database " * 100)
    result = gateway("migrate")
    assert result.code == 1
    assert result.err.count("\n") == 1


@pytest.mark.postgres
def test_postgresql_is_migrated_by_its_owner_and_checked_as_its_user(
    gateway: Run, site: Path, postgres_server: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, user = postgres_server.database(migrated=False)
    monkeypatch.setenv("GATEWAY_DATABASE_URL", user)
    assert "run `gateway migrate`" in gateway("keys", "list").err
    assert "owner_url" in gateway("migrate").err
    monkeypatch.setenv("GATEWAY_DATABASE_OWNER_URL", owner)
    assert gateway("migrate").code == 0
    assert gateway("keys", "list", "--json").data == {"keys": []}
    assert "postgresql with a wall between tenants, without standbys, 2 ledgers" in gateway("check").out
    postgres_server.drop(owner)
