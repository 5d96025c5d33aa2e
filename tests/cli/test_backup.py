"""`gateway backup`: on record before it is made, never over anything, and told what it holds."""

from pathlib import Path

from tests.cli.kit import Run


def test_a_backup_is_made_and_on_record_and_never_over_another(site: Path, gateway: Run) -> None:
    done = gateway("backup", site / "b", "--json")
    assert (done.code, done.data["database"]) == (0, "sqlite")
    assert {one["tenant"] for one in done.data["ledgers"]} == {"default", "_system"}
    again = gateway("backup", site / "b")
    assert (again.code, "is not empty" in again.err) == (2, True)
    told = gateway("backup", site / "c")
    assert (told.code, "the keyring is not in it" in told.out, "_system: " in told.out) == (0, True, True)
    records = gateway("audit", "query", "--json").data["records"]
    assert [one["record"]["event"] for one in records].count("backup.taken") == 2
