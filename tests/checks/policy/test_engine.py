"""casbin behind its index: the same answer and the same rule as the plain enforcer over all rules."""

import logging
from collections.abc import Callable
from typing import Any

import casbin
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.checks.policy import words
from gateway.checks.policy.engine import NOTHING, Ask, Engine, Names, holds
from gateway.checks.policy.load import Rules
from gateway.checks.policy.model import MODEL

from .making import rule, rules

_CLASSES = ["public", "internal", "pii", "phi", "pci", "secret", "special-category", "unscanned", "personal", "any"]
_TARGETS = ["agent:local", "agent:friend", "agent:sky", "zone:in-house", "zone:partner", "zone:cloud"]
_ROLES = ["user", "clerk", "clinician", "lead", "chief"]
_ACTIONS = ["chat", "receive", "tool:look", "tool:look_up", "http:GET:/notes/{id}", "http:POST:/notes", "onward:url"]
_PATTERNS = [*_ACTIONS, "*", "tool:*", "tool:look*", "http:*:/notes/*", "http:GET:*", "http:*:*"]
_PURPOSES = ["purpose:none", "purpose:TREAT", "purpose:HPAYMT"]
_TERMS = ["contract:valid", "zone:trusted", "time:08:00-18:00", "network:ward", "strength:token"]
_MORE_GROUPS = "g, role:lead, role:clerk\ng, role:chief, role:lead\ng3, zone:cloud, zone:partner\n"

_rule = st.fixed_dictionaries(
    {
        "priority": st.integers(1, 9),
        "role": st.sampled_from(["role:*", *(f"role:{name}" for name in _ROLES)]),
        "data": st.sampled_from([f"class:{name}" for name in _CLASSES]),
        "agent": st.sampled_from([*_TARGETS, "zone:*", "capability:triage"]),
        "action": st.sampled_from(_PATTERNS),
        "purpose": st.sampled_from(["purpose:*", *_PURPOSES]),
        "when": st.lists(st.sampled_from(_TERMS), unique=True, max_size=2).map(lambda some: ";".join(some) or "always"),
        "eft": st.sampled_from(["allow", "deny"]),
    }
)
_request = st.tuples(
    st.lists(st.sampled_from([*_ROLES, "stranger"]), max_size=3, unique=True),
    st.sampled_from([f"class:{name}" for name in _CLASSES]),
    st.sampled_from(_TARGETS),
    st.sampled_from(_ACTIONS),
    st.sampled_from(_PURPOSES),
    st.sets(st.sampled_from(_TERMS)),
)


class _Plain:
    """casbin as anyone would use it: its own role managers, every rule, every grouping, nothing cached."""

    def __init__(self, loaded: Rules) -> None:
        self.enforcer: Any = casbin.Enforcer(casbin.Enforcer.new_model(text=MODEL))
        self.enforcer.add_function("action", words.action_matches)
        self.enforcer.add_function("purpose", words.purpose_matches)
        self.enforcer.add_function("holds", holds)
        self.enforcer.add_policies([found.casbin() for found in loaded.rules])
        for kind, edges in loaded.edges.items():
            for edge in dict.fromkeys(edges):
                self.enforcer.add_named_grouping_policy(kind, *edge)
        self.callers = 0

    def ask(self, roles: list[str], *rest: object) -> tuple[bool, str | None]:
        self.callers += 1
        caller = f"caller:default/{self.callers}"
        for role in ["*", *roles]:
            self.enforcer.add_named_grouping_policy("g", caller, f"role:{role}")
        allowed, row = self.enforcer.enforce_ex(caller, *rest)
        return allowed, row[9] if row else None


def _held(loaded: Rules, roles: list[str]) -> frozenset[str]:
    return frozenset({"role:*"}.union(*(loaded.roles.closure(f"role:{role}") for role in roles)))


@settings(max_examples=60, deadline=None)
@given(given_rules=st.lists(_rule, min_size=1, max_size=14), requests=st.lists(_request, min_size=1, max_size=8))
def test_answer_and_rule_are_those_of_the_plain_enforcer(
    given_rules: list[dict[str, Any]], requests: list[Any]
) -> None:
    lines = [rule(f"r-{number}", **columns) for number, columns in enumerate(given_rules)]
    loaded = rules(*lines, _MORE_GROUPS)
    engine, plain = Engine(loaded), _Plain(loaded)
    for roles, data, target, action, purpose, facts in requests:
        found = engine.answer(Ask(_held(loaded, roles), data, target, action, purpose, frozenset(facts)))
        expected = plain.ask(roles, data, target, action, purpose, Names(frozenset(facts)))
        assert (found.allowed, found.rule and found.rule.id) == expected


def _ask(loaded: Rules, *roles: str, **changed: Any) -> Ask:
    base: dict[str, Any] = {
        "caller": _held(loaded, list(roles)),
        "data": "class:public",
        "target": "agent:local",
        "action": "chat",
        "purpose": "purpose:none",
        "facts": frozenset(),
    }
    return Ask(**(base | changed))


def test_a_wildcard_denial_is_found_behind_every_column() -> None:
    for wide in (
        {"role": "role:*"},
        {"data": "class:any"},
        {"agent": "zone:*"},
        {"agent": "capability:triage"},
        {"action": "*"},
    ):
        loaded = rules(rule("deny", 1, eft="deny", **{"action": "chat", **wide}), rule("allow", 2))
        found = Engine(loaded).answer(_ask(loaded, "clerk"))
        assert (found.allowed, found.rule and found.rule.id) == (False, "deny")


def test_when_no_rule_is_left_casbin_is_not_asked_and_nothing_is_allowed() -> None:
    loaded = rules(rule())
    engine = Engine(loaded)
    engine._enforcer.first = None  # type: ignore[assignment,method-assign]  # calling it would raise
    for changed in ({"data": ""}, {"target": ""}, {"caller": frozenset({""})}, {"target": "agent:sky"}):
        assert engine.answer(_ask(loaded, "clerk", **changed)) == NOTHING


def test_a_condition_that_does_not_hold_lets_the_next_rule_decide() -> None:
    loaded = rules(rule("first", 1, when="zone:trusted"), rule("second", 2, eft="deny"))
    engine = Engine(loaded)
    assert engine.answer(_ask(loaded, "clerk", facts=frozenset({"zone:trusted"}))).allowed
    found = engine.answer(_ask(loaded, "clerk"))
    assert found.rule is not None
    assert found.rule.id == "second"


def test_what_casbin_raises_is_not_swallowed_here() -> None:
    loaded = rules(rule())
    engine = Engine(loaded)

    def broken(*_: object) -> tuple[bool, list[str]]:
        raise RuntimeError("broken")

    engine._enforcer.enforce_ex = broken
    with pytest.raises(RuntimeError, match="broken"):
        engine.answer(_ask(loaded, "clerk"))


def test_casbins_switch_is_not_there() -> None:
    with pytest.raises(NotImplementedError):
        Engine(rules(rule()))._enforcer.enable_enforce(False)


def test_nothing_of_a_request_reaches_a_log(caplog: pytest.LogCaptureFixture) -> None:
    """Even where another library switches casbin's loggers on again."""
    loaded = rules(rule())
    engine = Engine(loaded)
    caplog.set_level(logging.DEBUG)
    for name in ("casbin", "casbin.enforcer"):
        logging.getLogger(name).disabled = False
    try:
        assert engine.answer(_ask(loaded, "clerk")).allowed
        assert not engine.answer(_ask(loaded, "clerk", target="agent:sky")).allowed
        assert not engine.answer(
            _ask(loaded, "clerk", purpose="purpose:TREAT", action="tool:x", target="agent:sky")
        ).allowed
    finally:
        for name in ("casbin", "casbin.enforcer"):
            logging.getLogger(name).disabled = True
    assert not caplog.records


def test_the_matcher_is_parsed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = rules(rule())
    engine = Engine(loaded)
    engine.answer(_ask(loaded, "clerk"))
    parsed: list[str] = []
    original: Callable[..., Any] = casbin.Enforcer._get_expression

    def counted(expression: str, functions: dict[str, Any]) -> Any:
        parsed.append(expression)
        return original(expression, functions)

    monkeypatch.setattr(casbin.Enforcer, "_get_expression", staticmethod(counted))
    for action in ("chat", "embed", "task"):
        engine.answer(_ask(loaded, "clerk", action=action))
    assert not parsed


def test_only_rules_that_can_match_are_put_to_casbin() -> None:
    """With ten thousand rules, casbin sees the few that name this role, class, target, action and purpose."""
    lines = [
        rule(f"r-{number}", number + 1, role=f"role:team-{number % 100}", action=f"tool:t{number}")
        for number in range(10_000)
    ]
    loaded = rules(*lines)
    engine = Engine(loaded)
    seen: list[int] = []
    original = engine._enforcer.first

    def counted(rows: list[list[str]], *request: object) -> tuple[bool, list[str]]:
        seen.append(len(rows))
        return original(rows, *request)

    engine._enforcer.first = counted  # type: ignore[method-assign]
    found = engine.answer(_ask(loaded, "team-7", action="tool:t9907"))
    assert found.rule is not None
    assert found.rule.id == "r-9907"
    assert seen == [1]
