"""An agent that could not be served as it is described is refused."""

from typing import Any

import msgspec
import pytest

from gateway.settings import Breaker
from tests.settings.kit import AGENT, HIDDEN, ZONE, parsed, refused


def test_what_no_stream_can_be_held_to_is_refused() -> None:
    streaming = {**AGENT, "protocol": "mcp", "answer_schema": "answer.json"}
    assert refused(zone=[ZONE], agent=[streaming]).startswith("agent[0].answer_schema: ")


@pytest.mark.parametrize(
    "changed",
    [
        {"url": f"http://user:{HIDDEN}@host"},
        {"url": f"http://host/?key={HIDDEN}"},
        {"url": "file:///etc/passwd"},
        {"credential": HIDDEN},
        {"protocol": "http"},
        {"id": "Upper Case"},
        {"capabilities": ["Not One"]},
        {"apis": ["telepathy"]},
        {"apis": ["chat"], "protocol": "anthropic"},
        {"url": "https://host", "client_certificate": "c.pem"},
        {"url": "https://host", "client_key": "c.key"},
        {"url": "https://host", "pin": ["sha256:00"]},
        {"url": "https://host", "pin": ["sha256:" + "A" * 64]},
        {"url": "http://host", "pin": ["sha256:" + "0" * 64]},
        {"url": "http://host", "ca": "ca.pem"},
        {"url": "http://host", "client_certificate": "c.pem", "client_key": "c.key"},
        {"addresses": ["10.0.0.1/8"]},
        {"addresses": ["agent.test"]},
        {"max_connections": 0},
        {"max_connections": 65536},
        {"delegation": True},
        {"callers": ["bot"]},
        {"callers": ["default/"]},
        {"callers": ["other/bot"]},
        {"callers": ["default/bot", "default/bot"]},
        {"a2a": {}},
        {"protocol": "a2a", "answer_schema": "told.json"},
        {"protocol": "a2a", "a2a": {"path": "rpc"}},
        {"protocol": "a2a", "a2a": {"path": "/rpc?x=1"}},
        {"protocol": "a2a", "a2a": {"card": ""}},
        {"protocol": "a2a", "a2a": {"card": "/card#x"}},
        {"protocol": "a2a", "a2a": {"push_urls": ["hooks.example"]}},
        {"protocol": "a2a", "a2a": {"tenants": ["../other"]}},
        {"protocol": "a2a", "a2a": {"file_urls": [f"https://user:{HIDDEN}@files.example/"]}},
    ],
)
def test_an_agent_that_could_not_be_served_or_would_tell_a_secret_is_refused(changed: dict[str, Any]) -> None:
    assert refused(zone=[ZONE], agent=[{**AGENT, **changed}]).startswith("agent[0].")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *(("timeout_s", 0), ("connect_timeout_s", -1.0), ("first_byte_timeout_s", 1e9), ("idle_timeout_s", 0.0)),
        *(("concurrency", 0), ("queue", -1), ("queue_timeout_s", 601), ("retries", 11), ("retry_budget", 1.1)),
        *(("retry_wait_s", -0.1), ("health_interval_s", 0.0)),
        *(("fault_share", 0.0), ("slow_share", 1.1), ("slow_s", -1.0), ("calls", 0), ("window_s", 0.5)),
        *(("open_s", 0.0), ("open_max_s", 1e9), ("probes", 0)),
    ],
)
def test_times_and_shares_of_an_agent_keep_to_their_bounds(key: str, value: float) -> None:
    inside = key in {field.name for field in msgspec.structs.fields(Breaker)}
    changed = {"breaker": {key: value}} if inside else {key: value}
    said = refused(zone=[ZONE], agent=[{**AGENT, **changed}])
    assert said.startswith(f"agent[0].{'breaker.' if inside else ''}{key} must lie between ")


HTTP: dict[str, Any] = {"protocol": "http", "routes": ["GET /notes/{id}", "HEAD /notes", "POST /notes"], "cache_s": 9.0}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"cache_actions": ["chat"]}, "needs cache_s, which says for how long answers are kept"),
        ({"cache_s": 9.0, "cache_actions": ["count"]}, "may hold chat, respond, embed"),
        ({"cache_s": 9.0, "apis": ["chat"], "cache_actions": ["embed"]}, "may hold chat, respond"),
        ({"cache_s": 9.0, "apis": ["embeddings"], "cache_actions": ["chat"]}, "may hold embed"),
        ({"cache_s": 9.0, "protocol": "anthropic", "cache_actions": ["embed"]}, "may hold chat, respond"),
        ({**HTTP, "cache_actions": ["http:POST:/notes"]}, "may hold http:GET:/notes/{id}, http:HEAD:/notes"),
        ({**HTTP, "cache_actions": ["GET /notes/{id}"]}, "may hold http:GET:/notes/{id}, http:HEAD:/notes"),
        ({**HTTP, "routes": ["POST /x"], "cache_actions": ["http:POST:/x"]}, "may hold nothing: of what"),
        ({"cache_s": 9.0, "protocol": "mcp", "cache_actions": ["tool:x"]}, "may hold nothing: of what this agent does"),
        ({"cache_s": 9.0, "protocol": "a2a", "cache_actions": ["message"]}, "may hold nothing: of what this agent"),
    ],
)
def test_an_action_of_which_nothing_could_be_kept_is_refused(changed: dict[str, Any], said: str) -> None:
    assert refused(zone=[ZONE], agent=[{**AGENT, **changed}]).startswith(f"agent[0].cache_actions {said}")


def test_answers_of_an_agent_that_calls_others_are_not_kept() -> None:
    """They are made of what the caller may have for whom it called, which the next one may not."""
    said = refused(zone=[ZONE], agent=[{**AGENT, "cache_s": 9.0, "callers": ["default/bot"]}])
    assert said.startswith("agent[0].cache_s must be 0 for an agent with callers")


@pytest.mark.parametrize(
    "changed",
    [
        {"cache_actions": ["chat", "respond", "embed"]},
        {"apis": ["responses"], "cache_actions": ["chat"]},
        {"protocol": "anthropic", "cache_actions": ["respond"]},
        {**HTTP, "cache_actions": ["http:GET:/notes/{id}", "http:HEAD:/notes"]},
        {"protocol": "http", "openapi": "d.json", "cache_actions": ["http:GET:/read/from/it"]},
    ],
)
def test_answers_are_kept_of_the_actions_that_an_agent_has(changed: dict[str, Any]) -> None:
    (agent,) = parsed(zone=[ZONE], agent=[{**AGENT, "cache_s": 9.0, **changed}]).agent
    assert list(agent.cache_actions) == changed["cache_actions"]


@pytest.mark.parametrize("path", ["", "healthz", "/a b", "/\u00e4", "http://elsewhere/"])
def test_a_health_check_is_a_path(path: str) -> None:
    said = refused(zone=[ZONE], agent=[{**AGENT, "health": path}])
    assert said == "agent[0].health must be a path that starts with /, below the agent's url (agent local)"


PULLS: dict[str, Any] = {
    "id": "archive",
    "protocol": "openai",
    "zone": "in-house",
    "pull": True,
    "callers": ["default/a"],
}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"url": "http://a"}, "has no url"),
        ({"health": "/healthz"}, "has no url"),
        ({"credential": "env:A"}, "has no url"),
        ({"protocol": "mcp"}, "pull is for agents of openai"),
        ({"callers": []}, "callers must say who fetches"),
        ({"callers": ["bank/a", "clinic/a"]}, "is one tenant's, and so are its callers"),
        ({"callers": ["bank/a"]}, "tenants must name the tenant of its callers"),
        ({"callers": ["bank/a"], "tenants": ["clinic"]}, "tenants must name the tenant of its callers"),
    ],
)
def test_an_agent_that_pulls_has_no_address_and_is_one_tenants(changed: dict[str, Any], said: str) -> None:
    names = ("bank", "clinic") if "bank/a" in changed.get("callers", ()) else ("default",)
    assert said in refused(zone=[ZONE], agent=[{**PULLS, **changed}], tenant=[{"id": name} for name in names])


def test_an_agent_that_pulls_needs_no_more_than_who_fetches() -> None:
    (agent,) = parsed(zone=[ZONE], agent=[PULLS]).agent
    assert (agent.pull, agent.url) == (True, "")
    assert refused(zone=[ZONE], agent=[{**AGENT, "url": ""}]).startswith("agent[0].url must be")


@pytest.mark.parametrize("how", ["bearer", "basic", "header:X-Api-Key", "header:ocp-apim-key", "header:cookie"])
def test_a_credential_is_sent_as_old_systems_want_it(how: str) -> None:
    made = parsed(zone=[ZONE], agent=[{**AGENT, "credential": "env:A", "credential_as": how}])
    assert made.agent[0].credential_as == how


@pytest.mark.parametrize(
    "how",
    ["Bearer", "token", "header:", "header:x y", "header:Host", "header:Content-Type", "header:mcp-session", "x-key"],
)
def test_a_header_that_says_something_else_holds_no_credential(how: str) -> None:
    said = refused(zone=[ZONE], agent=[{**AGENT, "credential": "env:A", "credential_as": how}])
    assert said.startswith("agent[0].credential_as must be bearer, basic or header:NAME")


def test_how_a_credential_is_sent_needs_one() -> None:
    assert (
        refused(zone=[ZONE], agent=[{**AGENT, "credential_as": "basic"}])
        == "agent[0].credential_as needs a credential (agent local)"
    )
