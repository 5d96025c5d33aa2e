"""`gateway evidence export`: what is selected, what is on record of it, and nothing left of what fails."""

import hashlib
import zipfile
from pathlib import Path

import pytest

from gateway.core.errors import VerificationError
from tests.cli.kit import Run
from tests.cli.tampering import tamper


def test_an_export_is_on_record_with_who_asked(gateway: Run, bundle: Path) -> None:
    made, asked = gateway("audit", "query", "--event", "audit.exported", "--json").data["records"]
    assert asked["record"]["actor"].startswith("ac_")
    assert asked["detail"]["method"] == "command-line"
    assert (made["record"]["actor"], made["record"]["outcome"]["code"]) == (asked["record"]["actor"], "ok")
    assert made["record"]["digest"] == f"sha256:{hashlib.sha256(bundle.read_bytes()).hexdigest()}"


def test_a_range_and_filters_select(gateway: Run, used: Path) -> None:
    options = ("--first", "1", "--end", "3", "--event", "key.created", "--to", "2099-01-01", "--json")
    data = gateway("evidence", "export", "--out", "range.zip", *options).data
    assert (data["first"], data["end"], data["selected"], data["opened"]) == (1, 3, 2, 2)
    none = gateway(
        "evidence", "export", "--out", "none.zip", "--no-details", "--first", "1", "--end", "3", "--json"
    ).data
    assert (none["selected"], none["opened"]) == (2, 0)
    report = gateway("evidence", "verify", "--key", "ledger.vkey", "range.zip", "--json").data["report"]
    assert report["filters"] == {"event": "key.created", "to": "2099-01-01T00:00:00.000000Z"}


def test_a_bundle_is_for_its_owner_alone(bundle: Path) -> None:
    assert bundle.stat().st_mode & 0o077 == 0


def test_nothing_is_overwritten_and_nothing_is_recorded_for_it(gateway: Run, used: Path) -> None:
    (used / "mine.zip").write_text("mine")
    assert gateway("evidence", "export", "--out", "mine.zip").code == 2
    assert (used / "mine.zip").read_text() == "mine"
    assert gateway("audit", "query", "--event", "audit.exported", "--json").data["records"] == []


@pytest.mark.parametrize(
    "options",
    [
        *(("--first", "-1"), ("--first", "2", "--end", "2"), ("--first", str(10**40)), ("--end", str(2**53 + 1))),
        *(("--decision", "maybe"), ("--out", "missing/b.zip"), ("--period", "9998-01-01", "9999-01-01")),
    ],
)
def test_a_wrong_selection_is_wrong_use(gateway: Run, used: Path, options: tuple[str, ...]) -> None:
    result = gateway("evidence", "export", "--out", "b.zip", *options)
    assert result.code == 2
    assert not (used / "b.zip").exists()


@pytest.mark.parametrize("asked", [("--about", "framework:hipaa"), ("--attach", "oscal")])
def test_what_needs_a_policy_ends_alike_where_none_is_active(gateway: Run, used: Path, asked: tuple[str, str]) -> None:
    found = gateway("evidence", "export", "--out", "b.zip", *asked)
    assert (found.code, found.out) == (1, "")
    assert "a policy that is active: none is yet" in found.err
    assert gateway("audit", "query", "--event", "audit.exported", "--json").data["records"] == []


def test_progress_is_told_in_what_it_counts(gateway: Run, used: Path) -> None:
    plain = gateway("evidence", "export", "--out", "b.zip")
    assert plain.err.splitlines()[-1] == "100 %: 4 of 4 records"
    attached = gateway("evidence", "export", "--out", "c.zip", "--attach", "csv")
    assert attached.err.splitlines()[-1] == "100 %: 14 of 14 readings of records", "seven, once more for a file"


def test_a_range_beyond_the_ledger_is_refused(gateway: Run, used: Path) -> None:
    assert gateway("evidence", "export", "--out", "b.zip", "--first", "1000").code == 1
    assert not (used / "b.zip").exists()


def test_a_ledger_that_does_not_hold_gives_no_bundle(gateway: Run, used: Path) -> None:
    tamper(used / "gateway.db", "UPDATE record SET bytes = bytes || ' ' WHERE seq = 1", restore=True)
    result = gateway("evidence", "export", "--out", "b.zip")
    assert result.code == 1
    assert [path.name for path in used.iterdir() if "undle" in path.name or path.suffix == ".zip"] == []


def test_what_fails_half_way_leaves_no_file(gateway: Run, used: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*arguments: object, write: object, **named: object) -> object:
        raise VerificationError("half way")

    monkeypatch.setattr("gateway.evidence.bundle.build", fail)
    assert gateway("evidence", "export", "--out", "b.zip").code == 1
    assert [path.name for path in used.iterdir() if path.name.startswith(".bundle") or path.suffix == ".zip"] == []


def test_bundles_of_adjoining_periods_overlap_and_show_that_they_are_of_one_history(gateway: Run, used: Path) -> None:
    assert gateway("backup", "b").code == 0  # which publishes a checkpoint
    for owner in ("ada", "ben"):
        options = ("--owner", owner, "--kind", "service", "--role", "auditor", "--zone", "in-house")
        assert gateway("keys", "create", *options).code == 0
    records = gateway("audit", "query", "--event", "key.created", "--order", "asc", "--json").data["records"]
    times = [one["record"]["recorded_at"] for one in records]
    for name, *period in (("one.zip", times[0], times[-1]), ("two.zip", times[-1], "2099-01-01")):
        assert gateway("evidence", "export", "--out", name, "--no-details", "--period", *period).code == 0
    with zipfile.ZipFile("one.zip") as one, zipfile.ZipFile("two.zip") as two:
        before, after = (bag.read("data/records.jsonl").splitlines() for bag in (one, two))
        Path("first.txt").write_bytes(two.read("data/checkpoints/first.txt"))
    assert before[-2:] == after[:2]
    told = gateway("evidence", "verify", "--key", "ledger.vkey", "--checkpoint", "first.txt", "one.zip", "--json")
    (newer,) = [step for step in told.data["steps"] if step["name"] == "newer"]
    assert (told.code, newer["state"]) == (0, "ok")
