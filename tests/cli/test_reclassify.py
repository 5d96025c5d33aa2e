"""`gateway reclassify`: what an engine of today finds in what went out, from the request to the incident."""

from pathlib import Path

import httpx

from tests.checks.classification.test_own import BADGE, toml
from tests.cli.kit import Run
from tests.cli.serving import SlowAgent, serving
from tests.cli.test_serve import key

PERIOD = ("--from", "2020-01-01", "--to", "2100-01-01")
RULES = """
p, 1, role:user, class:public, zone:in-house, chat, purpose:*, always, allow, keep-content:30, kept, "Kept for a month."
p, 2, role:user, class:internal, zone:in-house, chat, purpose:*, always, deny, none, stays, "Internal data go nowhere."
"""
BADGE_TEXT = "EMP-204518"


def _send(site: Path, headers: dict[str, str]) -> None:
    with SlowAgent() as agent:
        agent.may_answer.set()
        with (site / "gateway.toml").open("a") as file:
            file.write(agent.configured())
        with serving(site) as server:
            for text in (f"May {BADGE_TEXT} come in?", "What are the opening hours?"):
                body = {"model": "slow", "messages": [{"role": "user", "content": text}]}
                answer = httpx.post(f"{server.url}/v1/chat/completions", json=body, headers=headers, timeout=60)
                assert answer.status_code == 200
            server.signal()
            assert server.ended().code == 0


def test_what_a_later_engine_finds_in_what_went_out_is_an_incident_once(gateway: Run, site: Path) -> None:
    with (site / "policies" / "policy.csv").open("a") as file:
        file.write(RULES)
    _send(site, key(gateway))
    same = gateway("reclassify", *PERIOD, "--json")
    assert (same.code, same.data["kept"], same.data["known"], same.data["reclassified"]) == (0, 2, 2, 0)

    (site / "policies" / "recognizers" / "own.toml").write_bytes(toml(BADGE))
    found = gateway("reclassify", *PERIOD, "--json")
    assert found.code == 1
    assert (found.data["reclassified"], found.data["more"], found.data["incident_count"]) == (2, 1, 1)
    assert found.data["classes"] == {"internal": 1, "pii": 1}
    told = gateway("reclassify", *PERIOD)
    assert told.code == 0
    assert "kept          2, of which this engine has searched 2 before" in told.out

    (opened,) = gateway("audit", "query", "--event", "incident.opened", "--json").data["records"]
    assert [opened["record"]["exchange"]] == found.data["incidents"]
    assert opened["record"]["outcome"] == {"code": "should_not_have_left"}
    assert opened["record"]["found"] == {"x-badge": 1}
    assert "Internal data go nowhere." in opened["detail"]["explanation"]
    again = gateway("audit", "query", "--event", "exchange.reclassified", "--json")
    assert {one["record"]["outcome"]["code"] for one in again.data["records"]} == {"ok", "should_not_have_left"}
    assert gateway("audit", "verify").code == 0
    assert BADGE_TEXT not in gateway("audit", "query", "--json").out
    files = [file for file in site.rglob("*") if file.is_file() and "policies" not in file.parts]
    assert all(BADGE_TEXT.encode() not in file.read_bytes() for file in files)


def test_a_wrong_period_is_wrong_use(gateway: Run, site: Path) -> None:
    wrong = gateway("reclassify", "--from", "soon", "--to", "2026-02-01")
    assert (wrong.code, "--from" in wrong.err) == (2, True)
