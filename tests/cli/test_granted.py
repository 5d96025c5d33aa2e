"""What an API key is granted and nothing here speaks of is told beside it; the key is made all the same."""

from pathlib import Path

from tests.cli.kit import Run


def test_what_a_key_is_granted_and_nothing_here_speaks_of_is_told_by_its_place(gateway: Run, used: Path) -> None:
    """A misspelt role or purpose opens nothing, and a misspelt class is none: nobody was told."""
    where = ("keys", "create", "--owner", "ada", "--zone", "in-house")
    slips = ("--role", "clerk", "clinicain", "--purpose", "TREAT", "TRAET", "--floor", "internl", "--json")
    made = gateway(*where, *slips)
    role, purpose, floor = made.err.splitlines()
    assert (made.code, made.data["roles"]) == (0, ["clerk", "clinicain"])
    assert role.startswith("gateway: --role 2: no role of this name is known here (the nearest is clinician)")
    assert purpose.startswith("gateway: --purpose 2: no purpose of this name is known here (the nearest is TREAT)")
    assert floor.startswith("gateway: --floor 1: no data class of this name is known here (the nearest is internal)")
    assert not {"clinicain", "TRAET", "internl"} & set(made.err.replace(";", " ").split())


def test_a_scope_of_an_agent_that_is_none_is_told(gateway: Run, used: Path) -> None:
    file, agent = used / "gateway.toml", 'id = "ward"\nzone = "in-house"\nprotocol = "openai"\n'
    file.write_text(f'{file.read_text()}\n[[agent]]\n{agent}url = "http://127.0.0.1:9/v1"\ncapabilities = ["sum"]\n')
    where = ("keys", "create", "--owner", "ada", "--zone", "in-house", "--scope")
    made = gateway(*where, "audit:read", "traffic:ward", "traffic:wrad", "traffic:sum", "traffic")
    assert made.code == 0
    assert made.err.startswith("gateway: --scope 3: no agent or capability of this name is known here")
    assert "(the nearest is traffic:ward)" in made.err
    assert len(made.err.splitlines()) == 1


def test_roles_that_anything_here_speaks_of_are_nobodys_slip(gateway: Run, used: Path) -> None:
    file = used / "gateway.toml"
    file.write_text(
        file.read_text() + '\n[[break_glass]]\nrole = "on-call"\ngrants = ["clinician"]\nreviewer = "chief"\n'
    )
    policy = used / "policies" / "policy.csv"
    policy.write_text(
        policy.read_text() + "p, 431, role:clinician, class:pii, zone:partner, chat, purpose:*, always, allow, "
        '"redact;approve:2/second-reader", notes-seen, "What clinicians send to partners is masked and approved."\n'
    )
    assert gateway("check").code in (0, 1)
    where = ("keys", "create", "--owner", "ada", "--zone", "in-house")
    made = gateway(*where, "--role", "on-call", "chief", "second-reader", "auditor", "--purpose", "HOPERAT")
    assert (made.code, made.err) == (0, "")


def test_without_a_policy_that_can_be_read_nothing_is_said_of_a_key(gateway: Run, used: Path) -> None:
    (used / "policies" / "policy.csv").write_text("p, broken\n")
    made = gateway("keys", "create", "--owner", "ada", "--zone", "in-house", "--role", "clinicain")
    assert (made.code, made.err) == (0, "")
