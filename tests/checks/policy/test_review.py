"""Rules that decide nothing are told, and only those."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.checks.policy.actions import actions
from gateway.checks.policy.engine import Ask, Engine
from gateway.checks.policy.review import Answered, Remark, answered, remarks

from .making import facts, rule, rules, shipped
from .test_engine import _held, _request, _rule


def _found(*lines: str, **changed: Any) -> dict[str, Remark]:
    return {one.rule: one for one in remarks(rules(*lines, **changed), facts(**changed))}


def test_every_rule_that_ships_can_decide_where_there_are_agents_of_every_kind() -> None:
    left = {one.rule for one in shipped().remarks()}
    # The configuration of these tests has a partner's agent without an agreement.
    assert left == {"pii-partner-masked"}
    assert {one.rule for one in shipped(agent=[], processor=[]).remarks()} == set()


def test_what_somebody_answers_for_is_told_with_where_it_goes_and_so_is_what_opens_nothing() -> None:
    text = "The board has agreed to this."
    lines = (
        rule("open", 1, data="class:phi", agent="zone:cloud", when="contract:baa"),
        rule("shut", 2, data="class:phi"),
        f"o, open, class:phi, {text}\n",
        f"o, shut, class:phi, {text}\n",
    )
    assert answered(rules(*lines), facts()) == (
        Answered(rule="open", data="class:phi", targets=("agent:sky", "zone:cloud"), text=text),
        Answered(rule="shut", data="class:phi", targets=(), text=text),
    )


def test_a_rule_behind_one_that_is_only_watched_still_decides() -> None:
    watched = rule("broad", 1, "role:*", "class:any", "zone:*", "chat", eft="deny", obligations="observe:2026-12-31")
    assert "narrow" not in _found(watched, rule("narrow", 2, action="chat"))


def test_a_rule_behind_a_broader_one_is_told_with_what_comes_before_it() -> None:
    found = _found(rule("broad", 1, "role:*", "class:any", "zone:*", eft="deny"), rule("narrow", 2))
    assert list(found) == ["narrow"]
    assert found["narrow"].by == ("broad",)
    assert (found["narrow"].file, found["narrow"].line) == ("policy.csv", 18)


def test_several_rules_together_may_come_before_one() -> None:
    lines = (
        rule("house", 1, agent="zone:in-house", data="class:pii"),
        rule("out", 2, agent="zone:cloud", data="class:pii"),
        rule("partners", 3, agent="zone:partner", data="class:pii"),
        rule("late", 4, agent="zone:*", data="class:phi"),
    )
    assert _found(*lines)["late"].by == ("house", "partners", "out")
    assert _found(*lines[1:]) == {}


def test_a_rule_that_asks_for_more_is_not_in_the_way() -> None:
    for narrower in (
        {"role": "role:clerk"},
        {"action": "chat"},
        {"purpose": "purpose:TREAT"},
        {"when": "time:08:00-18:00"},
        {"data": "class:pii"},
        {"agent": "agent:local"},
    ):
        assert _found(rule("first", 1, **narrower), rule("second", 2, data="class:any", eft="deny")) == {}, narrower


def test_conditions_that_both_have_do_not_keep_one_from_covering_the_other() -> None:
    lines = (rule("first", 1, when="time:08:00-18:00"), rule("second", 2, when="time:08:00-18:00;tenant:default"))
    assert list(_found(*lines)) == ["second"]


_EVERY = [
    {"id": "local", "protocol": "mcp", "url": "http://l", "zone": "in-house", "capabilities": ["triage"]},
    {
        "id": "friend",
        "protocol": "http",
        "url": "http://f",
        "zone": "partner",
        "capabilities": ["triage"],
        "routes": ["GET /notes/{id}", "POST /notes"],
    },
    {"id": "sky", "protocol": "openai", "url": "https://c", "zone": "cloud", "processor": "acme"},
    {"id": "ward", "protocol": "openai", "url": "http://w", "zone": "in-house", "capabilities": ["triage"]},
]
"""An agent of each kind."""


@pytest.mark.parametrize(
    ("agent", "action"),
    [
        ("agent:friend", "http:POST:/notes/42"),
        ("agent:friend", "http:POST:/notes/"),
        ("agent:friend", "http:DELETE:/notes"),
        ("agent:friend", "chat"),
        ("agent:friend", "onward:url"),
        ("zone:partner", "tool:look"),
        ("agent:sky", "message"),
        ("agent:sky", "tool:look"),
        ("agent:local", "http:*:*"),
    ],
)
def test_a_rule_on_an_action_that_no_agent_of_it_has_is_told(agent: str, action: str) -> None:
    told = _found(rule("dead", agent=agent, action=action, eft="deny"), agent=_EVERY)["dead"]
    assert "no agent that it could be about has such an action" in told.why


def test_a_rule_on_an_action_that_one_agent_of_it_has_is_not_told() -> None:
    for agent, action in (
        ("agent:friend", "http:*:/notes/*"),
        ("zone:*", "http:POST:/notes"),
        ("agent:local", "tool:*"),
        ("agent:sky", "onward:anything"),
        ("capability:triage", "chat"),
        ("zone:cloud", "receive"),
        ("zone:cloud", "*"),
    ):
        assert _found(rule("live", agent=agent, action=action, eft="deny"), agent=_EVERY) == {}, action


def test_a_rule_whose_hours_never_meet_is_told() -> None:
    for when in ("weekday:mon;weekday:tue", "time:08:00-12:00;time:12:00-18:00", "time:23:00-05:00;time:06:00-07:00"):
        told = _found(rule("never", when=when, eft="deny"))["never"]
        assert told.why == "there is no time at which all its conditions hold"
    for when in (
        "weekday:mon-wed;weekday:wed-fri",
        "time:08:00-12:01;time:12:00-18:00",
        "time:23:00-05:00;weekday:mon",
    ):
        assert _found(rule("some", when=when, eft="deny")) == {}


def test_patterns_of_actions_cover_what_they_match_and_never_what_an_agent_contacts_itself() -> None:
    def _found(*lines: str) -> dict[str, Remark]:
        loaded, known = rules(*lines, agent=_EVERY), facts(agent=_EVERY)
        return {one.rule: one for one in remarks(loaded, known)}

    assert list(_found(rule("all", 1, action="tool:*"), rule("one", 2, action="tool:look"))) == ["one"]
    assert list(_found(rule("all", 1, action="tool:look*"), rule("some", 2, action="tool:look_*"))) == ["some"]
    assert _found(rule("some", 1, action="tool:look_*"), rule("all", 2, action="tool:look*")) == {}
    assert _found(rule("all", 1, action="*"), rule("onward", 2, action="onward:url")) == {}
    assert list(_found(rule("none", 1, action="*", eft="deny"), rule("onward", 2, action="onward:url"))) == ["onward"]


def test_a_rule_whose_conditions_can_never_hold_is_told() -> None:
    assert list(_found(rule("untrusted", agent="zone:cloud", when="zone:trusted"))) == ["untrusted"]
    assert list(_found(rule("elsewhere", agent="zone:in-house", when="region:FR"))) == ["elsewhere"]
    assert list(_found(rule("uncovered", agent="agent:friend", data="class:pii", when="contract:valid"))) == [
        "uncovered"
    ]
    assert _found(rule("covered", agent="agent:sky", data="class:pii", when="contract:baa")) == {}
    two = [{"id": "default", "name": "D"}, {"id": "other", "name": "O"}]
    assert list(_found(rule("both", when="tenant:default;tenant:other"), tenant=two)) == ["both"]


def test_a_zone_without_agents_counts_as_if_one_came_under_any_agreement() -> None:
    lines = (rule("cloud", agent="zone:cloud", data="class:pii", when="contract:scc", obligations="redact"),)
    assert list(_found(*lines)) == ["cloud"]
    assert _found(*lines, agent=[], processor=[]) == {}


@settings(max_examples=60, deadline=None)
@given(given_rules=st.lists(_rule, min_size=2, max_size=10), requests=st.lists(_request, min_size=1, max_size=12))
def test_what_is_told_never_decides(given_rules: list[dict[str, Any]], requests: list[Any]) -> None:
    lines = [rule(f"r-{number}", **columns) for number, columns in enumerate(given_rules)]
    loaded, known = rules(*lines, agent=_EVERY), facts(agent=_EVERY)
    told = {one.rule for one in remarks(loaded, known)}
    having = {f"agent:{agent.id}": actions(agent) for agent in known.agents}
    engine = Engine(loaded)
    trusted = {"agent:local": True, "zone:in-house": True}
    for roles, data, target, action, purpose, given_facts in requests:
        if data in ("class:any", "class:personal") or (action == "receive") != target.startswith("zone:"):
            continue
        if target in having and not having[target].has(action):
            continue
        held = set(given_facts) - {"zone:trusted"} | ({"zone:trusted"} if target in trusted else set())
        if target != "agent:sky" or data not in ("class:pii", "class:phi"):
            held -= {"contract:valid"}
        answer = engine.answer(Ask(_held(loaded, roles), data, target, action, purpose, frozenset(held)))
        assert answer.rule is None or answer.rule.id not in told
