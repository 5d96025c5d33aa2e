"""An agent has the actions of its protocol, and a plain HTTP agent those of its routes."""

from typing import Any

import pytest

from gateway.checks.policy.actions import Actions, actions

from .making import facts


def _of(**changed: Any) -> Actions:
    agent = {"id": "a", "protocol": "openai", "url": "http://a", "zone": "in-house"} | changed
    return actions(facts(agent=[agent]).agents[0])


_REST = {"protocol": "http", "routes": ["POST /notes/{id}", "GET /up"]}
_HOSTED = {"protocol": "http", "openapi": "notes.yaml"}


@pytest.mark.parametrize(
    ("agent", "has", "lacks"),
    [
        (_REST, {"http:POST:/notes/{id}", "http:GET:/up"}, {"http:POST:/notes/42", "http:DELETE:/up", "chat"}),
        (_HOSTED, {"http:POST:/notes/{id}"}, {"tool:x", "chat", "onward:url"}),
        ({"protocol": "mcp"}, {"tool:x", "message", "task"}, {"chat", "http:GET:/up", "onward:url"}),
        ({"protocol": "a2a"}, {"message", "task", "onward:push", "onward:url"}, {"chat", "tool:x", "onward:mcp"}),
        ({}, {"chat", "respond", "embed", "onward:mcp"}, {"message", "task", "tool:x", "http:GET:/up", "receive"}),
        ({"apis": ["embeddings"]}, {"embed"}, {"chat", "respond"}),
        ({"apis": ["responses"]}, {"chat", "respond"}, {"embed"}),
        ({"protocol": "anthropic"}, {"chat", "respond", "onward:mcp"}, {"embed", "message"}),
    ],
)
def test_an_agent_has_these_actions_and_no_others(agent: dict[str, Any], has: set[str], lacks: set[str]) -> None:
    its = _of(**agent)
    assert {action for action in has | lacks if its.has(action)} == has
    assert {action for action in has | lacks if its.meet(action)} == has


@pytest.mark.parametrize(
    ("pattern", "meets"),
    [
        ("http:*:/notes/*", True),
        ("http:POST:*", True),
        ("http:DELETE:*", False),
        ("http:POST:/notes/4*", False),
        ("*", True),
        ("**", True),
        ("onward:url", False),
        ("tool:*", False),
    ],
)
def test_a_pattern_meets_what_one_of_its_actions_fits(pattern: str, meets: bool) -> None:
    assert _of(**_REST).meet(pattern) is meets


def test_what_is_open_meets_whatever_could_be_of_its_kind() -> None:
    tools, models = _of(protocol="mcp"), _of()
    assert [tools.meet(one) for one in ("tool:look*", "tool:*", "*", "**", "http:*:*")] == [True] * 4 + [False]
    assert [models.meet(one) for one in ("onward:search", "**", "chat", "task")] == [True, True, True, False]
    assert not Actions(frozenset(), ("onward:",)).meet("*"), "which leaves out what is contacted"


def test_its_actions_are_told_to_who_names_another_one() -> None:
    assert _of(**_REST).told == "http:GET:/up, http:POST:/notes/{id}"
    assert _of(protocol="mcp").told == "message, task, tool:<name>"
