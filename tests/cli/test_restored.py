"""`gateway audit acknowledge-restore`: on record, by whom and why, and only where there is something to acknowledge."""

import sqlite3
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from gateway.ledger import checkpoint
from gateway.ledger.checkpoint import Checkpoint
from gateway.ledger.note import Verifier
from gateway.ledger.witnessing import Request, judge
from gateway.settings import load
from gateway.store.keyring import open_keyring
from gateway.store.lost import Lost, LostMarks
from gateway.store.signed import SignedMarks
from gateway.store.witnessed import Witnessed
from tests.cli.kit import Run
from tests.cli.witnessing import made, witnessing


def test_what_a_witness_knows_beyond_the_ledger_is_acknowledged_on_record(site: Path, gateway: Run) -> None:
    gateway("keys", "create", "--owner", "ada", "--kind", "service", "--role", "auditor", "--zone", "in-house")
    vkey = gateway("keys", "verifier").out.strip()
    told = gateway("audit", "acknowledge-restore", "--reason", "why")
    assert (told.code, "nothing to acknowledge" in told.err) == (1, True)
    directory = site / "w"
    witness = made(directory, vkey)
    with witnessing(directory) as one, (site / "gateway.toml").open("a") as file:
        file.write(f'\n[[witness]]\nvkey = "{witness}"\nurl = "{one.url}"\ntimeout_s = 20.0\n')
        file.flush()
        assert httpx.get(one.url).status_code == 404
        assert gateway("audit", "acknowledge-restore", "--reason", "why").code == 1
        knows(site, directory, vkey)
        done = gateway("audit", "acknowledge-restore", "--reason", "the disk was lost", "--json")
        assert (done.code, done.data) == (0, {"acknowledged": [{"witness": "witness.example/w1", "size": 1_000}]})
        assert gateway("audit", "acknowledge-restore", "--reason", "again").code == 1
    (found,) = [
        one
        for one in gateway("audit", "query", "--json").data["records"]
        if one["record"]["event"] == "restore.acknowledged"
    ]
    assert (found["record"]["range"][1], found["detail"]["reason"]) == (1_000, "the disk was lost")
    assert found["detail"]["query"] == {"witness.example/w1": "1000"}


def test_what_this_node_acknowledged_and_its_database_lacks_is_acknowledged_without_a_witness(
    site: Path, gateway: Run
) -> None:
    gateway("keys", "create", "--owner", "ada", "--kind", "service", "--role", "auditor", "--zone", "in-house")
    ledger = gateway("audit", "query", "--json").data["records"][0]["record"]["tenant"]
    LostMarks(site / "keys").keep(ledger, Lost(size=99, hash="a" * 64))
    done = gateway("audit", "acknowledge-restore", "--reason", "a failover")
    assert (done.code, "knows of 99 records" in done.out) == (0, True), done.err
    again = gateway("audit", "acknowledge-restore", "--reason", "a failover")
    assert (again.code, "nothing to acknowledge" in again.err) == (1, True)
    records = gateway("audit", "query", "--json").data["records"]
    (found,) = [one["record"] for one in records if one["record"]["event"] == "restore.acknowledged"]
    assert found["range"][1] == 99


def test_a_database_that_is_put_back_behind_what_was_signed_is_not_served_until_that_is_on_record(
    site: Path, gateway: Run
) -> None:
    gateway("keys", "create", "--owner", "ada", "--kind", "service", "--role", "auditor", "--zone", "in-house")
    database, copy = site / "gateway.db", site / "copy.db"
    _copied(database, copy)
    assert gateway("evidence", "export", "--out", str(site / "bundle.zip")).code == 0
    (mark,) = (site / "keys").glob("signed-*.note")
    known = mark.read_bytes()
    verified = gateway("audit", "verify")
    size = int(known.split(b"\n")[1])
    assert (verified.code, f"that records after the first {size}, as they were signed last" in verified.out) == (
        0,
        True,
    )
    assert gateway("audit", "verify", "--checkpoint", str(mark)).code == 0
    _copied(copy, database)
    broken = gateway("audit", "verify")
    assert (broken.code, "BROKEN" in broken.out) == (1, True), "no checkpoint was given, and none is in the database"
    assert "gateway audit acknowledge-restore" in broken.out, "which says what can be done"
    checked = gateway("check")
    assert (checked.code, "acknowledge-restore" in checked.out) == (1, True), checked
    refused = gateway("serve", "--port", "0")
    assert (refused.code, "acknowledge-restore" in refused.err) == (1, True), refused.err
    assert gateway("evidence", "export", "--out", str(site / "other.zip")).code != 0, "nothing is signed either"
    assert mark.read_bytes() == known
    done = gateway("audit", "acknowledge-restore", "--reason", "the disk was lost", "--json")
    assert [one["witness"] for one in done.data["acknowledged"]] == ["checkpoint beside the keys"]
    assert not mark.exists()
    assert gateway("evidence", "export", "--out", str(site / "other.zip")).code == 0
    assert (gateway("audit", "verify").code, mark.exists()) == (0, True)
    assert gateway("audit", "acknowledge-restore", "--reason", "again").code == 1


def test_a_database_that_is_made_anew_beside_the_keys_is_not_served_until_that_is_on_record(
    site: Path, gateway: Run
) -> None:
    """Dropped whole, rows of tenants and all, it began anew under another origin and key, and a log line said so."""
    gateway("keys", "create", "--owner", "ada", "--kind", "service", "--role", "auditor", "--zone", "in-house")
    assert gateway("evidence", "export", "--out", str(site / "bundle.zip")).code == 0
    (mark,) = (site / "keys").glob("signed-*.note")
    origin = mark.read_text().split("\n")[0]
    for file in site.glob("gateway.db*"):
        file.unlink()
    assert gateway("migrate").code == 0
    checked = gateway("check")
    assert (checked.code, f"signed here for {origin}" in checked.out) == (1, True), checked
    verified = gateway("audit", "verify")
    assert (verified.code, origin in verified.out, "NOT VERIFIED" in verified.out) == (1, True, True)
    refused = gateway("serve", "--port", "0")
    assert (refused.code, "acknowledge-restore --tenant _system" in refused.err) == (1, True), refused.err
    assert gateway("audit", "acknowledge-restore", "--reason", "why").code == 1, "it is no tenant's to say"
    assert mark.exists()
    done = gateway("audit", "acknowledge-restore", "--tenant", "_system", "--reason", "the disk was lost", "--json")
    assert [one["witness"] for one in done.data["acknowledged"]] == [mark.name]
    assert not mark.exists()
    records = gateway("audit", "query", "--tenant", "_system", "--event", "restore.acknowledged", "--json").data[
        "records"
    ]
    (found,) = records
    assert (list(found["detail"]["query"]), found["detail"]["reason"]) == ([mark.name], "the disk was lost")
    assert found["record"]["range"][0] == found["record"]["range"][1], "of that ledger's own records none are gone"
    assert gateway("check").code == 0
    assert gateway("audit", "verify").code == 0
    assert gateway("audit", "acknowledge-restore", "--tenant", "_system", "--reason", "again").code == 1


def test_nothing_is_acknowledged_while_what_is_remembered_could_not_be_removed(
    site: Path, gateway: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was on record with each try, and no start served all the same."""
    gateway("keys", "create", "--owner", "ada", "--kind", "service", "--role", "auditor", "--zone", "in-house")
    ledger = gateway("audit", "query", "--json").data["records"][0]["record"]["tenant"]
    LostMarks(site / "keys").keep(ledger, Lost(size=99, hash="a" * 64))
    monkeypatch.setattr(LostMarks, "writable", False)
    monkeypatch.setattr(SignedMarks, "writable", False)
    refused = gateway("audit", "acknowledge-restore", "--reason", "a failover")
    assert (refused.code, "keys.directory must be" in refused.err) == (1, True)
    assert gateway("audit", "query", "--event", "restore.acknowledged", "--json").data["records"] == []
    assert LostMarks(site / "keys").of(ledger) == Lost(size=99, hash="a" * 64)


def _copied(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as one, closing(sqlite3.connect(target)) as other:
        one.backup(other)


def knows(site: Path, directory: Path, vkey: str) -> None:
    keyring = open_keyring(load(site / "gateway.toml"))
    signer = keyring.signer(Verifier.parse(vkey).name)
    keyring.close()
    note = checkpoint.sign(Checkpoint(signer.name, 1_000, b"r" * 32), signer)
    request = Request(old=0, proof=(), note=note)
    known = {signer.name: signer.verifier}
    Witnessed(directory / "witness.db").advance(signer.name, note, lambda last: judge(request, known, last))
