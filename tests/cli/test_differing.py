"""Whoever reads a record that was changed behind the gateway's back is told, and the command does not end well."""

import json
from pathlib import Path

import pytest

from gateway.cli import differing
from tests.cli.kit import Run
from tests.cli.tampering import tamper

_CSV, _LINES = ("--format", "csv"), ("--format", "ndjson")
WAYS = ((), ("--json",), ("--all",), ("--all", "--json"), _CSV, _LINES, ("--all", *_CSV))
CHANGES = {
    "agent = 'ward'": ["columns"],
    "bytes = replace(bytes, 'key.created', 'key.revoked')": ["bytes", "columns"],
    "bytes = bytes || ' '": ["bytes"],
    "bytes = x'00'": ["bytes"],
    "bytes = 7": ["bytes"],
    "hash = zeroblob(32)": ["bytes"],
}


@pytest.mark.parametrize("way", WAYS)
def test_a_record_that_was_changed_is_told_and_the_command_fails(
    gateway: Run, used: Path, way: tuple[str, ...]
) -> None:
    assert gateway("audit", "query", *way).code == 0
    tamper(used / "gateway.db", "UPDATE record SET agent = 'ward' WHERE seq = 1", restore=True)
    result = gateway("audit", "query", *way)
    assert result.code == 1
    first, second = result.err.splitlines()
    assert first == "gateway: record 1 is not as it was recorded: columns"
    assert "audit verify" in second


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_was_put_there_the_rest_is_shown_and_what_differs_is_named(
    gateway: Run, used: Path, change: str
) -> None:
    tamper(used / "gateway.db", f"UPDATE record SET {change} WHERE seq = 1", restore=True)
    records = gateway("audit", "query", "--order", "asc", "--json").data["records"]
    assert [one["seq"] for one in records[:3]] == [0, 1, 2]
    assert [one["differs"] for one in records[:3]] == [[], CHANGES[change], []]


def test_a_detail_that_was_changed_is_told(gateway: Run, used: Path) -> None:
    tamper(used / "gateway.db", "UPDATE detail SET bytes = '{' WHERE seq = 1", restore=True)
    lines = [json.loads(line) for line in gateway("audit", "query", "--all", "--format", "ndjson").out.splitlines()]
    (changed,) = [one for one in lines if one["differs"]]
    assert (changed["seq"], changed["differs"], changed["detail"]) == (1, ["detail"], None)


def test_who_follows_is_told_too(gateway: Run, used: Path) -> None:
    tamper(used / "gateway.db", "UPDATE record SET agent = 'ward' WHERE seq = 1", restore=True)
    result = gateway("audit", "tail", "--after", "0", "--limit", "2")
    assert result.code == 1
    assert result.err.startswith("gateway: record 1 is not as it was recorded: columns")


def test_of_many_some_are_named_and_all_are_counted(gateway: Run, used: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(differing, "NAMED", 1)
    tamper(used / "gateway.db", "UPDATE record SET agent = 'ward'", restore=True)
    err = gateway("audit", "query", "--event", "key.created").err.splitlines()
    assert len(err) == 3
    assert err[1] == "gateway: 3 records are not as they were recorded; the first 1 are named"
