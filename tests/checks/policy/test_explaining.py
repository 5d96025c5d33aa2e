"""How a decision comes about: the plain reading agrees with casbin, and names the nearest rule that would allow it."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.checks.policy import explaining
from gateway.checks.policy.engine import Ask, Engine
from gateway.checks.policy.explaining import MAX_CONSIDERED, Considered, Miss, shortened
from gateway.checks.policy.policy import PURPOSE_REQUIRED, UNKNOWN_AGENT, Policy
from gateway.checks.policy.structure import structure
from gateway.checks.policy.tenancy import Own
from gateway.core.errors import VerificationError

from .making import DAY_US, NOON_US, configured, policy, question, rule, rules, shipped
from .test_engine import _MORE_GROUPS, _ask, _held, _request, _rule

OWN = Own.of(structure(configured(), "1"), "default")


@settings(max_examples=60, deadline=None)
@given(given_rules=st.lists(_rule, min_size=1, max_size=14), requests=st.lists(_request, min_size=1, max_size=8))
def test_the_rule_that_decides_is_the_one_that_casbin_finds(
    given_rules: list[dict[str, Any]], requests: list[Any]
) -> None:
    lines = [rule(f"r-{number}", **columns) for number, columns in enumerate(given_rules)]
    loaded = rules(*lines, _MORE_GROUPS)
    engine = Engine(loaded)
    for roles, data, target, action, purpose, facts in requests:
        ask = Ask(_held(loaded, roles), data, target, action, purpose, frozenset(facts))
        answer = engine.answer(ask)
        found = explaining.considered(loaded, ask, OWN, NOON_US)
        decided = [one.rule for one in found if one.decided]
        assert decided == ([] if answer.rule is None else [answer.rule.id])
        assert all(one.misses for one in found if not one.decided)
        near = explaining.nearest(loaded, ask, OWN, NOON_US)
        assert (near is not None) or not any(one.allows for one in found)


def test_each_column_that_does_not_fit_is_named_with_what_the_rule_has_there() -> None:
    loaded = rules(
        rule(
            "far", 1, "role:clinician", agent="agent:sky", action="embed", purpose="purpose:HPAYMT", when="zone:trusted"
        )
    )
    (one,) = explaining.considered(loaded, _ask(loaded, "clerk"), OWN, NOON_US)
    assert not one.decided
    assert one.misses == (
        Miss(column="role", wanted="role:clinician"),
        Miss(column="agent", wanted="agent:sky"),
        Miss(column="action", wanted="embed"),
        Miss(column="purpose", wanted="purpose:HPAYMT"),
        Miss(column="when", wanted="zone:trusted"),
    )


def test_rules_about_other_classes_are_not_considered_and_none_after_the_one_that_decides() -> None:
    loaded = rules(rule("other", 1, data="class:pii"), rule("this", 2), rule("later", 3, eft="deny"))
    (one,) = explaining.considered(loaded, _ask(loaded, "clerk"), OWN, NOON_US)
    assert (one.rule, one.decided) == ("this", True)


def test_the_nearest_rule_needs_a_condition_rather_than_another_agent_and_none_that_a_denial_forestalls() -> None:
    loaded = rules(
        rule("elsewhere", 1, agent="zone:partner"),
        rule("trusted", 2, when="zone:trusted"),
        rule("never", 3, eft="deny"),
        rule("after", 4),
    )
    near = explaining.nearest(loaded, _ask(loaded, "clerk"), OWN, NOON_US)
    assert near is not None
    assert (near.rule, near.misses) == ("trusted", (Miss(column="when", wanted="zone:trusted"),))
    forestalled = rules(rule("never", 3, eft="deny"), rule("after", 4))
    near = explaining.nearest(forestalled, _ask(forestalled, "clerk"), OWN, NOON_US)
    assert near is not None
    assert (near.rule, near.misses) == ("after", ())


def test_a_rule_on_trial_is_told_as_such_and_neither_decides_nor_forestalls() -> None:
    loaded = rules(
        rule("trial", 1, action="chat", eft="deny", obligations="observe:2026-01-05"), rule("open", 2, action="chat")
    )
    ask = _ask(loaded, "clerk")
    watched, decided = explaining.considered(loaded, ask, OWN, NOON_US)
    assert (watched.rule, watched.watched, watched.decided) == ("trial", True, False)
    assert (decided.rule, decided.decided) == ("open", True)
    (one,) = explaining.considered(loaded, ask, OWN, NOON_US + DAY_US)
    assert (one.rule, one.decided) == ("trial", True)
    near = explaining.nearest(loaded, ask, OWN, NOON_US)
    assert near is not None
    assert near.rule == "open"


def test_an_explanation_of_what_is_watched_agrees_with_the_answer() -> None:
    served = policy(
        rule("trial", 1, action="chat", eft="deny", obligations="observe:2026-01-05"), rule("open", 2, action="chat")
    )
    ruling, (derivation,) = served.derived(question("public"), "local", now_us=NOON_US)
    assert (ruling.allowed, derivation.rule, derivation.considered[0].watched) == (True, "open", True)


def test_nothing_is_near_where_no_rule_allows() -> None:
    loaded = rules(rule(eft="deny"))
    assert explaining.nearest(loaded, _ask(loaded, "clerk"), OWN, NOON_US) is None


def test_rules_about_other_tenants_are_left_out() -> None:
    loaded = rules(
        rule("theirs", 1, when="tenant:other"),
        rule("their-agent", 2, agent="agent:sky"),
        rule("ours", 3, when="tenant:default"),
        tenant=[{"id": "default", "name": "D"}, {"id": "other", "name": "O"}],
    )
    ask = _ask(loaded, "clerk", facts=frozenset({"tenant:default"}))
    mine = Own("default", frozenset({"agent:local"}), frozenset())
    assert [one.rule for one in explaining.considered(loaded, ask, mine, NOON_US)] == ["ours"]
    near = explaining.nearest(loaded, ask, mine, NOON_US)
    assert near is not None
    assert near.rule == "ours"


def _one(number: int, misses: int, decided: bool = False) -> Considered:
    return Considered(
        rule=f"r-{number}",
        priority=number + 1,
        allows=True,
        obligations=(),
        text="A sentence in words.",
        misses=tuple(Miss(column="when", wanted="zone:trusted") for _ in range(misses)),
        decided=decided,
    )


def test_of_too_many_the_closest_are_told_in_order_and_the_one_that_decides() -> None:
    some = (_one(0, 1), _one(1, 0, decided=True))
    assert shortened(some) == (some, 0)
    many = (*(_one(number, 5 if number % 2 else 1) for number in range(2 * MAX_CONSIDERED)), _one(500, 0, decided=True))
    told, left_out = shortened(many)
    assert (len(told), left_out) == (MAX_CONSIDERED, MAX_CONSIDERED + 1)
    assert told[-1].decided
    assert [one.priority for one in told] == sorted(one.priority for one in told)
    assert {len(one.misses) for one in told[:-1]} == {1}


def test_the_shipped_set_explains_a_denial_and_what_would_allow_it() -> None:
    found = shipped()
    ruling, (derived,) = found.derived(question("phi"), "sky", now_us=NOON_US)
    assert ruling == found.ruling(question("phi"), "sky", now_us=NOON_US)
    assert (derived.rule, derived.allowed) == ("phi-nowhere-else", False)
    assert derived.considered[-1].decided
    assert derived.nearest is not None
    assert (derived.nearest.rule, derived.nearest.misses) == ("pii-cloud-masked", ())


def test_what_is_built_in_explains_itself_beside_the_rule_that_matched() -> None:
    _, (derived,) = shipped().derived(question("phi", purpose=None), "local", now_us=NOON_US)
    assert derived.rule == PURPOSE_REQUIRED
    assert derived.considered[-1].rule == "phi-in-house"
    assert derived.considered[-1].decided


def test_answers_are_explained_for_the_callers_zone_and_an_agent_that_is_not_there_has_no_derivation() -> None:
    found = shipped()
    ruling, (derived,) = found.derived(question("pii", zone="cloud"), None, now_us=NOON_US)
    assert ruling == found.receive(question("pii", zone="cloud"), now_us=NOON_US)
    assert derived.rule == "pii-answer-cloud"
    ruling, none = found.derived(question("pii"), "nobody", now_us=NOON_US)
    assert (ruling.rules, none) == ((UNKNOWN_AGENT,), ())


def test_an_answer_that_the_rules_do_not_explain_is_an_error_and_no_story(monkeypatch: pytest.MonkeyPatch) -> None:
    found: Policy = policy(rule("one", 1), rule("two", 2, eft="deny"))
    other = policy(rule("two", 1, eft="deny"))
    monkeypatch.setattr(found, "_engine", other._engine)
    with pytest.raises(VerificationError):
        found.derived(question("public"), "local", now_us=NOON_US)
