"""`gateway restore`: what it needs to be told, what it tells, and that a database in use is left alone."""

import fcntl
from pathlib import Path

from tests.cli.kit import Run


def test_a_backup_takes_the_databases_place_and_what_is_older_now_is_told(site: Path, gateway: Run) -> None:
    made = gateway("keys", "create", "--owner", "ada", "--kind", "service", "--role", "auditor", "--zone", "in-house")
    assert made.code == 0
    assert gateway("backup", "b").code == 0
    key = gateway("keys", "list", "--json").data["keys"][0]["id"]
    assert gateway("keys", "revoke", key).code == 0
    done = gateway("restore", "b", "--reason", "a mistake")
    assert (done.code, "see to 1 key.revoked again" in done.out) == (0, True), done.err
    assert list(site.glob("gateway.db.replaced-*"))
    (told,) = [
        one
        for one in gateway("audit", "query", "--json").data["records"]
        if one["record"]["event"] == "restore.completed"
    ]
    assert (told["detail"]["reason"], "1 key.revoked" in told["detail"]["diff"]) == ("a mistake", True)
    assert told["record"]["range"][0] < told["record"]["range"][1]
    assert gateway("audit", "verify").code == 0


def test_without_a_newer_copy_that_must_be_said(site: Path, gateway: Run) -> None:
    assert gateway("backup", "b").code == 0
    both = gateway("restore", "b", "--reason", "x", "--newer", "b", "--no-newer")
    assert (both.code, "contradict" in both.err) == (2, True)
    for file in site.glob("gateway.db*"):
        file.unlink()
    refused = gateway("restore", "b", "--reason", "x")
    assert (refused.code, "--no-newer" in refused.err) == (2, True)
    done = gateway("restore", "b", "--reason", "the disk was lost", "--no-newer", "--json")
    assert (done.code, done.data["aside"], done.data["since"]) == (0, None, {}), done.err
    assert gateway("audit", "verify").code == 0


def test_a_database_that_is_served_from_is_left_alone(site: Path, gateway: Run) -> None:
    assert gateway("backup", "b").code == 0
    with (site / "gateway.db.serving").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        refused = gateway("restore", "b", "--reason", "x")
    assert (refused.code, "another process serves" in refused.err) == (2, True)
    assert not list(site.glob("gateway.db.restoring*"))


def test_how_many_records_are_gone_is_told(site: Path, gateway: Run) -> None:
    assert gateway("backup", "b").code == 0
    made = gateway("keys", "create", "--owner", "ada", "--kind", "service", "--role", "auditor", "--zone", "in-house")
    assert made.code == 0
    size = gateway("audit", "verify", "--json").data["size"]
    done = gateway("restore", "b", "--reason", "a mistake")
    (line,) = [line for line in done.out.splitlines() if "and are gone" in line and "key.created" in line]
    assert f"to {size}, and are gone: " in line  # the verification is on record, too
    again = gateway("restore", "b", "--reason", "again", "--no-newer")
    assert "default: no newer copy was read: how many records came after these is not known" in again.out


def test_a_refused_restore_leaves_no_copy_behind(site: Path, gateway: Run) -> None:
    assert gateway("backup", "b").code == 0
    (site / "keys").rename(site / "elsewhere")
    refused = gateway("restore", "b", "--reason", "x", "--no-newer")
    assert (refused.code, "the keyring that the database was made with" in refused.err) == (2, True)
    assert not list(site.glob("gateway.db.restoring*"))
