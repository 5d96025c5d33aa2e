"""Verification of what nothing may be appended to any more: it is done all the same, and is no success."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from gateway.cli.verifying import Verification
from gateway.store.verification import Verdict
from tests.cli.kit import Run
from tests.cli.tampering import tamper

VERDICT = Verdict(size=3, covered=1, details=2, commitments=1, checkpoints=1)


@pytest.fixture
def used(gateway: Run, site: Path) -> Path:
    """An installation with a record."""
    assert gateway("keys", "create", "--owner", "alice", "--zone", "in-house").code == 0
    return site


def test_a_ledger_without_its_databases_rules_is_verified_and_not_on_record(gateway: Run, used: Path) -> None:
    tamper(used / "gateway.db", "UPDATE record SET purpose = 'TREAT' WHERE seq = 0")
    data = gateway("audit", "verify", "--json").data
    assert (data["ok"], data["on_record"]) == (False, False)
    assert data["failure"].startswith("record 0: index: the column purpose")
    assert "record_no_update" in data["problem"]


def test_lost_rules_alone_are_no_success(gateway: Run, used: Path) -> None:
    tamper(used / "gateway.db")
    result = gateway("audit", "verify")
    assert result.code == 1
    assert result.out.splitlines()[-1] == "NOT VERIFIED"
    assert "not on record, the database's own rules are gone" in result.out


def test_a_head_that_was_moved_is_found(gateway: Run, used: Path) -> None:
    tamper(used / "gateway.db", "UPDATE head SET hash = zeroblob(32) WHERE size = 1", restore=True)
    data = gateway("audit", "verify", "--json").data
    assert (data["ok"], data["on_record"]) == (False, False)
    assert data["failure"].startswith("head: ")


def test_a_file_that_cannot_be_written_is_verified(gateway: Run, used: Path) -> None:
    (used / "gateway.db").chmod(0o400)
    data = gateway("audit", "verify", "--json").data
    assert data["failure"] is None


def test_where_nothing_can_be_read_that_is_said(gateway: Run, used: Path) -> None:
    (used / "keys").rename(used / "elsewhere")
    assert gateway("audit", "verify").code == 2
    (used / "elsewhere").rename(used / "keys")
    (used / "gateway.db").write_bytes(b"not a database " * 100)
    result = gateway("audit", "verify")
    assert (result.code, result.out) == (1, "")


def test_of_a_database_that_an_older_version_made_it_says_what_is_to_be_done(gateway: Run, used: Path) -> None:
    """Where a table is not there yet that reading needs, the database seemed to be away."""
    with closing(sqlite3.connect(used / "gateway.db")) as connection:
        connection.executescript("DROP TABLE key_rotation; UPDATE alembic_version SET version_num = '0011'")
    found = gateway("audit", "verify")
    assert (found.code, found.out) == (2, "")
    assert "is at revision 0011" in found.err
    assert "run `gateway migrate`" in found.err


def test_an_unknown_tenant_has_nothing_to_verify(gateway: Run, site: Path) -> None:
    tamper(site / "gateway.db")
    result = gateway("audit", "verify")
    assert result.code == 2
    assert "no ledger" in result.err


def test_how_many_processes_go_over_it_changes_nothing_that_is_said(gateway: Run, used: Path) -> None:
    said = [gateway("audit", "verify", "--json", "--processes", count) for count in ("1", "2")]
    assert [one.code for one in said] == [0, 0]
    assert {**said[1].data, "size": 0, "details": 0, "uncovered": 0} == {
        **said[0].data,
        "size": 0,
        "details": 0,
        "uncovered": 0,
    }
    assert [gateway("audit", "verify", "--processes", count).code for count in ("0", "65")] == [2, 2]


def test_only_a_verdict_without_fault_that_is_on_record_is_a_success() -> None:
    assert Verification(verdict=VERDICT, against=True).ok
    assert not Verification(verdict=VERDICT, against=True, problem="a reason").ok
    data = Verification(verdict=VERDICT, against=False).data()
    assert (data["ok"], data["size"], data["uncovered"], data["on_record"]) == (True, 3, 2, True)
