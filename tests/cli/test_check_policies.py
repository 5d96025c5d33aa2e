"""`gateway check` says what a start would do with the policy directory, and what waits to be activated."""

from pathlib import Path
from typing import Any

import pytest

from gateway.bootstrap import SystemClock
from tests.cli.kit import Run, change
from tests.cli.test_agents import AGENT, offer
from tests.cli.test_check import line, states
from tests.cli.test_proposals import by, later, made_staffed, staffed, started

__all__ = ["made_staffed", "staffed"]
OPENING = """
g2, class:board, class:any
p, 10, role:clerk, class:board, zone:cloud, chat, purpose:*, always, allow, none, board-out, "Papers go out."
o, board-out, class:board, "The board has said so."
p, 11, role:clerk, class:board, zone:cloud, chat, purpose:*, always, allow, redact, board-masked, "Papers go masked."
"""


def _waiting(data: Any) -> list[str]:
    return [one["text"] for one in data["checks"] if one["name"].startswith("proposal pp_")]


def test_what_a_start_would_do_with_the_directory_is_told(gateway: Run, site: Path) -> None:
    def active() -> str:
        found = gateway("check", "--json")
        assert found.code == 0
        return str(line(found.data, "active")["text"])

    assert active().startswith("nothing is active yet")
    started(site)
    assert active() == "the policy directory"
    later(site)
    assert active() == "a start activates the policy directory (1 changes for default)"
    proposal = gateway("policy", "propose", "--json").data
    assert gateway("policy", "activate", proposal["id"]).code == 0
    assert gateway("policy", "rollback").code == 0
    assert active().startswith("not the policy directory, which waits for its activation or was in force before")
    change(site / "policies" / "policy.csv", ", later, ", ", otherwise, ")
    assert "gone back to by a rollback: that start undoes it" in active()
    started(site)
    assert active() == "the policy directory"


def test_what_waits_for_a_second_person_is_looked_at_as_the_directory_is(gateway: Run, staffed: Path) -> None:
    refused = gateway("check", "--json")
    assert (refused.code, line(refused.data, "active")["state"]) == (1, "bad")
    assert "gateway policy propose" in line(refused.data, "active")["text"]
    with (staffed / "policies" / "policy.csv").open("a") as file:
        file.write(OPENING)
    first = by(gateway, "ADA", "propose").data["id"]
    later_directory = (staffed / "policies" / "policy.csv").read_text()
    (staffed / "policies" / "policy.csv").write_text(later_directory.replace(OPENING, ""))
    second = by(gateway, "ADA", "propose").data["id"]
    found = gateway("check", "--json")
    assert found.code == 0
    assert "board-out" not in line(found.data, "openings")["text"], "it is not in the directory any more"
    told = line(found.data, f"proposal {first}")["text"]
    assert "waits for another person than who proposed it" in told
    assert "board-masked (policy.csv:" in told
    assert "others are asked before it" in told
    assert "board-out lets class:board into" in told
    assert by(gateway, "EVE", "activate", second).code == 0
    (stale,) = _waiting(gateway("check", "--json").data)
    assert "stale: another version has been activated since" in stale


def test_what_waits_for_another_gateway_toml_is_told_so(gateway: Run, staffed: Path) -> None:
    by(gateway, "ADA", "propose")
    agent = '\n[[agent]]\nid = "ward"\nprotocol = "openai"\nurl = "http://127.0.0.1:9"\nzone = "in-house"\n'
    with (staffed / "gateway.toml").open("a") as file:
        file.write(agent)
    by(gateway, "ADA", "propose")
    found = gateway("check", "--json")
    assert line(found.data, "active")["state"] == "bad"
    assert "start with the gateway.toml that the active version was made for" in line(found.data, "active")["text"]
    assert _waiting(found.data) == []


@pytest.mark.parametrize("broken", ["policies/policy.csv", "gateway.db"])
def test_without_policies_or_a_database_nothing_is_said_of_either(gateway: Run, site: Path, broken: str) -> None:
    for file in site.rglob(Path(broken).name):
        file.write_bytes(b"nothing")
    assert line(gateway("check", "--json").data, "active")["state"] == "skipped"


def test_a_role_that_must_approve_and_that_nobody_has_is_told_with_the_nearest(gateway: Run, site: Path) -> None:
    columns = "role:clinician, class:phi, zone:in-house, chat, purpose:TREAT, always, allow"
    policy = site / "policies" / "policy.csv"
    shipped = policy.read_text()
    policy.write_text(f'{shipped}p, 90, {columns}, approve:2/privcy, asked, "Two say so."\n')
    found = gateway("check", "--json")
    assert found.code == 0
    text = line(found.data, "approvers")["text"]
    assert text.startswith("asked: nobody is known to have the role privcy (the nearest is privacy)")
    policy.write_text(f'{shipped}p, 90, {columns}, approve:privacy, asked, "One says so."\n')
    assert "approvers" not in states(gateway("check", "--json").data)
    policy.write_text(f'{shipped}p, 90, {columns}, approve:ward-lead, asked, "One says so."\n')
    assert "approvers" in states(gateway("check", "--json").data)
    started(site)
    made = gateway("keys", "create", "--owner", "ada", "--kind", "person", "--role", "ward-lead", "--zone", "in-house")
    assert made.code == 0
    assert "approvers" not in states(gateway("check", "--json").data)
    key = gateway("keys", "list", "--json").data["keys"][0]["id"]
    assert gateway("keys", "revoke", key).code == 0
    assert "approvers" in states(gateway("check", "--json").data)


def test_a_role_that_a_rule_is_about_and_that_nobody_has_is_told_with_the_nearest(gateway: Run, site: Path) -> None:
    """A slip in a rule that denies closes nothing, and nobody was told."""
    policy = site / "policies" / "policy.csv"
    shipped = policy.read_text()

    def told(*lines: str) -> str:
        policy.write_text("\n".join((shipped, *lines, "")))
        found = gateway("check", "--json")
        assert found.code == 0
        return "".join(str(one["text"]) for one in found.data["checks"] if one["name"] == "roles")

    def deny(role: str) -> str:
        return f'p, 90, {role}, class:phi, zone:*, chat, purpose:*, always, deny, none, closed, "These do not."'

    assert told() == told(deny("role:clinician"), "f, role:clerk, class:pii") == told(deny("role:*")) == ""
    text = told(deny("role:clinican"))
    assert text.startswith("closed: nobody is known to have the role clinican (the nearest is clinician). A rule about")
    floor = told("f, role:clinican, class:phi", "x, role:clrk, chat")
    assert "an f line: nobody is known to have the role clinican (the nearest is clinician)" in floor
    assert "an x line: nobody is known to have the role clrk (the nearest is clerk)" in floor
    elsewhere = told("g, caller:defualt/alice, role:user")
    assert elsewhere.startswith("a g line: there is no tenant defualt (the nearest is default)")
    grouped = told("g, role:clinican, role:user")
    policy.write_text(shipped)
    started(site)
    assert gateway("keys", "create", "--owner", "ada", "--role", "clinician", "ward", "--zone", "in-house").code == 0
    assert grouped == ""
    assert "a g line: nobody is known to have the role clinican (the nearest is clinician)" in told(
        "g, role:clinican, role:user"
    )
    assert told(deny("role:ward")) == "", "a key has it"


def test_a_role_that_keys_alone_bring_does_not_hide_a_slip_in_a_rule(gateway: Run, site: Path) -> None:
    """A key that was made with the slip made the rule look as if it were somebody's."""
    policy = site / "policies" / "policy.csv"
    shipped = policy.read_text()

    def told(role: str) -> str:
        columns = f"{role}, class:phi, zone:*, chat, purpose:*, always, deny, none"
        policy.write_text(f'{shipped}p, 90, {columns}, closed, "These do not."\n')
        found = gateway("check", "--json")
        assert found.code == 0
        return "".join(str(one["text"]) for one in found.data["checks"] if one["name"] == "roles")

    started(site)
    for role in ("clrk", "ward-lead", "clerk"):
        assert gateway("keys", "create", "--owner", "ada", "--role", role, "--zone", "in-house").code == 0
    slip = gateway("keys", "list", "--json").data["keys"][0]["id"]
    assert told("role:clrk").startswith(
        f"closed: API keys alone have the role clrk (the nearest is clerk): {slip}. A rule"
    )
    assert told("role:ward-lead") == "", "nothing else is called nearly so"
    assert told("role:clerk") == ""
    assert gateway("keys", "revoke", slip).code == 0
    assert told("role:clrk").startswith("closed: nobody is known to have the role clrk (the nearest is clerk). A rule")


def test_a_key_that_has_expired_gives_nobody_a_role(gateway: Run, site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    policy = site / "policies" / "policy.csv"
    columns = "role:ward-lead, class:phi, zone:*, chat, purpose:*, always, deny, none"
    started(site)
    made = ("keys", "create", "--owner", "ada", "--role", "ward-lead", "--zone", "in-house", "--expires", "30d")
    assert gateway(*made).code == 0
    policy.write_text(f'{policy.read_text()}p, 90, {columns}, closed, "These do not."\n')
    assert "roles" not in states(gateway("check", "--json").data)
    in_a_month = SystemClock().now_us() + 31 * 86_400 * 1_000_000
    monkeypatch.setattr(SystemClock, "now_us", lambda clock: in_a_month)
    assert "ward-lead" in line(gateway("check", "--json").data, "roles")["text"]


def test_a_tool_that_a_rule_is_about_and_that_no_agent_was_seen_to_have_is_told_with_the_nearest(
    gateway: Run, site: Path
) -> None:
    """A slip in a rule that denies a tool closes nothing, and nobody was told."""
    with (site / "gateway.toml").open("a") as file:
        file.write(AGENT)
    policy = site / "policies" / "policy.csv"
    shipped = policy.read_text()

    def told(name: str) -> str:
        deny = f'p, 90, role:*, class:any, zone:*, tool:{name}, purpose:*, always, deny, none, closed, "Not this."'
        policy.write_text(f"{shipped}{deny}\n")
        found = gateway("check", "--json")
        assert found.code == 0
        return "".join(str(one["text"]) for one in found.data["checks"] if one["name"] == "tools")

    assert told("export_recrods") == "", "nothing was seen yet"
    policy.write_text(shipped)
    started(site)
    offer(site, "exports", "export_records")
    text = told("export_recrods")
    assert text.startswith("closed: no agent was seen to have the tool export_recrods (the nearest is export_records).")
    assert [told(name) for name in ("export_records", "export_*", "delete_everything")] == [""] * 3
