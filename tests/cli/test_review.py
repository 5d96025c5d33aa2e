"""`gateway review`: from a request that is kept to a miss rate, by people with keys of their own."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.bootstrap import open_site
from gateway.cli.common import load_settings
from gateway.store.api_keys import Administrator, Grant, NewKey
from tests.cli.kit import Run, change
from tests.cli.serving import SlowAgent, forked
from tests.cli.test_serve import key

PERIOD = ("--from", "2020-01-01", "--to", "2100-01-01")
RULE = """
p, 1, role:user, class:public, zone:in-house, chat, purpose:*, always, allow, keep-content:30, kept, "Kept for a month."
"""
SECRET = "the one they call Sunflower"


@pytest.fixture
def staffed(gateway: Run, site: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation that has kept three messages of alice's, and two reviewers and alice with keys."""
    with (site / "policies" / "policy.csv").open("a") as file:
        file.write(RULE)
    headers = key(gateway)
    with SlowAgent() as agent:
        agent.may_answer.set()
        with (site / "gateway.toml").open("a") as file:
            file.write(agent.configured())
        with forked(site) as server:
            for number in range(3):
                body = {"model": "slow", "messages": [{"role": "user", "content": f"Greet {SECRET}, {number}."}]}
                answer = httpx.post(f"{server.url}/v1/chat/completions", json=body, headers=headers, timeout=60)
                assert answer.status_code == 200
            server.signal()
            assert server.ended().code == 0

    async def prepare() -> None:
        async with open_site(load_settings(site / "gateway.toml")) as opened:
            ledger, writer = opened.tenants["default"].ledger, await opened.writer("default")
            by = Administrator(ledger=writer, tenant=ledger)
            for owner, role in (("eve", "privacy"), ("max", "compliance"), ("alice", "privacy"), ("zoe", "clerk")):
                grant = Grant(owner=owner, kind="person", roles=(role,), zone="in-house")
                made = await opened.api_keys.create(by, "default", grant)
                assert isinstance(made, NewKey)
                monkeypatch.setenv(f"KEY_{owner.upper()}", made.plain)

    asyncio.run(prepare())
    change(site / "gateway.toml", "miss_opens_incident = false", "miss_opens_incident = true ")
    return site


def _as(name: str) -> tuple[str, str]:
    return ("--key", f"env:KEY_{name}")


def test_from_the_sample_to_the_rate(gateway: Run, staffed: Path) -> None:
    nothing = gateway("review", "rate")
    assert (nothing.code, "not measured" in nothing.out) == (0, True)
    drawn = gateway("review", "sample", *PERIOD, "--size", "2", "--seed", "again", "--json")
    assert drawn.code == 0, drawn.err
    review, told = drawn.data["id"], drawn.data
    assert (told["size"], told["population"], told["seed"]) == (2, {"in-house": 3}, "again")

    shown = gateway("review", "show", review, *_as("EVE"))
    assert (shown.code, SECRET in shown.out) == (0, True)
    assert gateway("review", "show", review, *_as("ALICE")).code == 1, "they are her own"
    assert gateway("review", "show", review, *_as("ZOE")).code == 1
    marked = gateway("review", "mark", review, "--place", "1", "--missed", "person", *_as("EVE"), "--json")
    assert marked.data == {"review": review, "place": 1, "number": 1, "outcome": "missed"}
    (incident,) = gateway("incidents", "list", "--json").data["incidents"]
    assert (incident["zone"], incident["closed_at"]) == ("in-house", None)
    (opened,) = gateway("audit", "query", "--event", "incident.opened", "--json").data["records"]
    assert (opened["record"]["outcome"], opened["record"]["found"]) == ({"code": "marked"}, {"person": 1})
    assert (opened["record"]["id"], opened["record"]["exchange"]) == (incident["id"], incident["exchange"])
    assert gateway("review", "show", review, "--place", "1", *_as("MAX")).code == 0
    second = gateway("review", "mark", review, "--place", "1", "--complete", *_as("MAX"))
    assert (second.code, "the second judgement" in second.out) == (0, True)
    assert gateway("review", "show", review, *_as("MAX"), "--json").data["place"] == 2

    listed = gateway("review", "list", "--json").data["reviews"]
    assert [(one["judged"], one["judged_twice"], one["open"]) for one in listed] == [(1, 1, [2])]
    rate = gateway("review", "rate", review)
    assert "miss rate   1.0000 (0.0250 to 1.0000): 1 of 1 messages" in rate.out
    assert "1 of 2 drawn, 1 by two people, who differed on 1" in rate.out
    assert "1 were looked at and not judged" in rate.out
    assert "speaks of   3 exchanges" in rate.out
    (figure,) = gateway("review", "rate", "--json").data["samples"]
    assert figure["types"]["person"]["findings"] == {"held": 1, "missed": 1, "wrong": 0}

    assert gateway("keys", "verifier", "--out", "ledger.vkey").code == 0
    assert gateway("evidence", "export", "--out", "bundle.zip").code == 0
    verified = gateway("evidence", "verify", "--key", "ledger.vkey", "bundle.zip")
    assert "miss rate    1.0000 (0.0250 to 1.0000): 1 of 1 messages" in verified.out

    assert gateway("audit", "verify").code == 0
    records = gateway("audit", "query", "--json").data["records"]
    _on_record(records)
    assert SECRET not in str(records)
    files = [file for file in staffed.rglob("*") if file.is_file() and "policies" not in file.parts]
    assert all(SECRET.encode() not in file.read_bytes() for file in files)


def _on_record(records: list[dict[str, Any]]) -> None:
    """The draw, each look before its judgement, and each reading of the rate."""
    events = [one["record"]["event"] for one in reversed(records)]
    assert [one for one in events if one.startswith(("review.", "content."))] == [
        "review.sampled",
        "content.revealed",
        "review.marked",
        "content.revealed",
        "review.marked",
        "content.revealed",
    ]
    reads = [one["detail"]["query"] for one in records if one["record"]["event"] == "audit.read"]
    assert sum("misses" in query for query in reads) == 3


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("sample", "--from", "soon", "--to", "2026-02-01", "--size", "1"), "--from"),
        (("sample", *PERIOD, "--size", "0"), "--size"),
        (("sample", *PERIOD, "--size", "1", "--seed", "a b"), "--seed"),
        (("mark", "rv_1", "--place", "1", "--key", "env:KEY_EVE"), "--complete"),
        (("mark", "rv_1", "--place", "1", "--complete", "--missed", "person", "--key", "env:KEY_EVE"), "--complete"),
        (("mark", "rv_1", "--place", "1", "--missed", "person=0", "--key", "env:KEY_EVE"), "--missed"),
        (
            ("mark", "rv_1", "--place", "1", "--complete", "--wrong", "a=1", "--wrong", "a", "--key", "env:KEY_EVE"),
            "--wrong",
        ),
    ],
)
def test_wrong_use_is_told_by_its_option(
    gateway: Run, site: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], word: str
) -> None:
    made = gateway("keys", "create", "--owner", "eve", "--zone", "in-house", "--role", "privacy", "--json")
    monkeypatch.setenv("KEY_EVE", made.data["key"])
    wrong = gateway("review", *arguments)
    assert (wrong.code, word in wrong.err) == (2, True)


def test_what_is_not_there_is_said(gateway: Run, site: Path) -> None:
    none = gateway("review", "sample", *PERIOD, "--size", "1")
    assert (none.code, "content is still kept" in none.err) == (1, True)
    assert gateway("review", "rate", "rv_none").code == 1
    assert gateway("review", "list", "--json").data == {"reviews": []}
