"""`gateway audit sign-off`: the report's file is known by its digest, and the person by the key."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.cli.kit import Run


def test_a_report_is_made_looked_at_and_signed_off(gateway: Run, site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = ("--owner", "eve", "--zone", "in-house", "--role", "compliance", "--kind", "person")
    monkeypatch.setenv("KEY_EVE", gateway("keys", "create", *wanted, "--json").data["key"])
    until = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    period = ("--from", "2020-01-01", "--to", until)
    report = site / "review.json"
    made = gateway("evidence", "report", "activity-review", *period, "--out", str(report), "--json")
    assert made.code == 0, made.err

    said = ("--disposition", "no_findings", "--reason", "Nothing unusual.", "--key", "env:KEY_EVE")
    done = gateway("audit", "sign-off", *period, "--report", str(report), *said, "--json")
    assert done.code == 0, done.err
    assert done.data["report"] == f"sha256:{hashlib.sha256(report.read_bytes()).hexdigest()}"
    assert (done.data["first"], done.data["end"]) == (made.data["first"], made.data["end"])
    (found,) = gateway("audit", "query", "--event", "review.signed", "--json").data["records"]
    assert found["record"]["digest"] == done.data["report"]

    refused = gateway("audit", "sign-off", "--from", "2020-01-01", "--to", "2100-01-01", "--report", str(report), *said)
    assert (refused.code, "--to" in refused.err) == (1, True)
    gone = gateway("audit", "sign-off", *period, "--report", str(site / "none.html"), *said)
    assert (gone.code, "--report must be a file" in gone.err) == (2, True)
