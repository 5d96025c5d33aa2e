"""What a policy activation says that it changed."""

from gateway.checks.policy.changes import between
from gateway.checks.policy.version import PolicySet, diff, policy_set

from .making import ENGINE, configured, document, files, rule


def _set(*lines: str, **changed: object) -> PolicySet:
    return policy_set(files(*lines), configured(**changed), ENGINE)


def test_nothing_differs_between_a_set_and_itself() -> None:
    assert diff(_set(rule()), _set(rule())) == ()


def test_rules_are_named_by_their_ids_and_moving_a_line_is_no_change() -> None:
    old = _set(rule("a", 1), rule("b", 2), rule("c", 3))
    new = _set(rule("c", 3), rule("a", 1, eft="deny"), rule("d", 4), "f, role:clerk, class:pii\n")
    assert diff(old, new) == (
        "line f role:clerk class:pii added",
        "rule a changed",
        "rule b removed",
        "rule d added",
    )


def test_settings_are_named_down_to_the_field_without_values() -> None:
    agents = document()["agent"]
    agents[2] |= {"url": "https://elsewhere.example", "floor": ["pii"]}
    agents[0]["id"] = "lokal"
    zones = document()["zone"][::-1]
    lines = diff(_set(rule()), _set(rule(), agent=agents, zone=zones))
    assert lines == (
        "agent local removed",
        "agent lokal added",
        "agent sky changed: floor, url",
        "order of zones changed",
    )


def test_files_and_single_settings_are_named() -> None:
    one = policy_set(files(rule()) | {"schemas/a.json": b"{}"}, configured(), ENGINE)
    other = policy_set(files(rule()) | {"schemas/b.json": b"{}"}, configured(), "2")
    assert diff(one, other) == ("setting engine changed", "file schemas/a.json removed", "file schemas/b.json added")


def test_the_first_version_lists_everything_as_added() -> None:
    lines = diff(None, _set(rule("only")))
    assert "rule only added" in lines
    assert "agent sky added" in lines
    assert all(line.endswith("added") for line in lines)


def test_an_old_set_in_a_form_that_is_not_understood_is_compared_whole() -> None:
    new = _set(rule()).members
    assert "file policy.csv changed" in between({"policy.csv": b'p, "', "structure.json": new["structure.json"]}, new)
    assert "file policy.csv changed" in between({"policy.csv": b"p, 1"}, new)
    for garbled in (b"{", b"[]", b'{"agents":[{}]}', b'{"agents":[1]}', b'{"agents":{"a":1}}'):
        assert "file structure.json changed" in between({"structure.json": garbled}, new)


def test_another_order_of_agents_is_named_by_its_capability() -> None:
    plain, fast = _set(rule()), _set(rule(), capability=[{"id": "triage", "order": "fastest"}])
    idle = _set(rule(), capability=[{"id": "triage", "order": "least_loaded"}])
    assert diff(plain, fast) == ("capability triage added",)
    assert diff(fast, idle) == ("capability triage changed: order",)
