"""Who may take a message of which protocol."""

import msgspec

from gateway.agents.registry import Registry
from gateway.checks.schema import Schema
from gateway.core.decision import Fit, Unfit
from gateway.core.message import Inbound, Message
from gateway.core.ports import Bounds
from gateway.exchange.protocols import alone, conversing, offer, speaking, wire_protocols
from gateway.settings import Agent, Settings, Zone
from tests.agents.a2a_making import AGENT, message, read, rpc

_IN_HOUSE = Zone(id="in-house", trusted=True)


def _registry() -> Registry:
    agents = (
        Agent(id="chatty", protocol="openai", url="http://a", zone="in-house", capabilities=("summarize",)),
        Agent(id="claude", protocol="anthropic", url="http://c", zone="in-house", capabilities=("rhyme",)),
        Agent(id="plain", protocol="http", url="http://b", zone="in-house", capabilities=("summarize", "file")),
    )
    return Registry(Settings(zone=(_IN_HOUSE,), agent=agents), lambda reference: reference)


def _message(target: str) -> Message:
    inbound = Inbound(method="POST", path="/", query="", headers=(), body=b"")
    return Message(
        protocol="openai",
        action="chat",
        target=target,
        stream=False,
        body=b"",
        media_type="",
        parts=(),
        inbound=inbound,
    )


def _names(target: str, family: str) -> list[str]:
    return [route.id for route in speaking(_registry(), family, _message(target))]


def test_a_named_agent_must_speak_the_protocol_itself() -> None:
    assert _names("chatty", "openai") == ["chatty", "plain"]
    assert _names("plain", "openai") == []


def test_for_a_capability_those_that_offer_it_are_asked_if_one_of_them_speaks_it() -> None:
    assert _names("summarize", "openai") == ["chatty", "plain"]
    assert _names("file", "openai") == []
    assert _names("nothing", "openai") == []


def test_a_conversation_with_one_agent_has_no_other_candidate() -> None:
    assert [route.id for route in alone(_registry(), "http", _message("plain"))] == ["plain"]
    assert alone(_registry(), "openai", _message("plain")) == ()
    assert alone(_registry(), "http", _message("summarize")) == ()


def test_every_protocol_has_the_adapter_of_its_name() -> None:
    bounds = Bounds(body_bytes=1000, answer_bytes=1000, depth=10)
    protocols = wire_protocols(_registry(), bounds, {}, {})
    assert {name: protocol.adapter.protocol for name, protocol in protocols.items()} == {
        name: name for name in protocols
    }


def test_what_a_protocol_demands_is_compiled_once_however_often_protocols_are_wired() -> None:
    bounds = Bounds(body_bytes=1000, answer_bytes=1000, depth=10)
    first, again = (wire_protocols(_registry(), bounds, {}, {}) for _ in range(2))
    own = {name: protocol.schema for name, protocol in first.items() if protocol.schema is not None}
    assert len(set(map(id, own.values()))) == len(own) >= 5
    assert all(again[name].schema is schema for name, schema in own.items())


def test_what_can_be_translated_may_go_to_agents_of_the_other_families() -> None:
    def names(target: str) -> list[str]:
        return [route.id for route in conversing(_registry(), _message(target))]

    assert (names("chatty"), names("claude"), names("rhyme")) == (["chatty", "plain"], ["claude"], ["claude"])
    assert (names("plain"), names("file"), names("nothing")) == ([], [], [])


def test_an_agent_is_offered_what_it_can_read_or_told_to_be_unfit() -> None:
    registry, bounds = _registry(), Bounds(body_bytes=1000, answer_bytes=1000, depth=10)
    protocols = wire_protocols(registry, bounds, {}, {})
    said, (chatty, _, plain) = _message("chatty"), registry.routes
    assert offer(protocols, said, chatty) == Fit(None)
    assert offer(protocols, said, plain) == Unfit("protocol")
    assert offer(protocols, msgspec.structs.replace(said, protocol="http"), chatty) == Unfit("protocol")


def test_a_schema_speaks_of_some_messages_of_a_protocol_alone() -> None:
    bounds = Bounds(body_bytes=1000, answer_bytes=1000, depth=10)
    protocols = wire_protocols(_registry(), bounds, {}, {})
    said, asked = read(rpc("SendMessage", {"message": message()})), read(rpc("GetTask", {"id": "t-1"}))
    assert offer(protocols, said, AGENT) == Fit({"message": message()})
    assert offer(protocols, asked, AGENT) == Fit(None)


def test_a_schema_is_held_against_the_callers_words_only_where_the_agent_gets_those() -> None:
    bounds = Bounds(body_bytes=1000, answer_bytes=1000, depth=10)
    schemas = {name: Schema({}) for name in ("chatty", "claude", "plain")}
    protocols = wire_protocols(_registry(), bounds, schemas, schemas)
    assert set(protocols["openai"].schemas) == {"chatty"}
    assert set(protocols["openai"].answer_schemas) == set(schemas)
