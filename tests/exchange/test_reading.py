"""A body becomes a message for agents that may be asked, or ends as a refusal that says what would be right."""

import json
from typing import Any

import msgspec
import pytest

from gateway.agents.openai import OpenAIAdapter
from gateway.checks.schema import Schema
from gateway.core.message import Message
from gateway.core.ports import Route
from gateway.core.refusal import Refusal
from gateway.exchange.exchange import Exchange
from gateway.exchange.passing import Protocol
from gateway.exchange.reading import read_again, read_message
from tests.exchange.making import BOUNDS, LOCAL, SKY, exchange, identity, route

CHAT = {"model": "local", "messages": [{"role": "user", "content": "hello"}]}
JSON = ("content-type", "application/json")


class Lost:
    """A governor that knows no such session."""

    async def admit(self, exchange: Exchange, message: Message, agent: Route) -> Message | Refusal:
        return Refusal(code="not_found")


def protocol(**fields: Any) -> Protocol:
    values: dict[str, Any] = {
        "adapter": OpenAIAdapter(BOUNDS),
        "candidates": lambda message: (LOCAL, SKY),
        "error_type": "application/json",
        "schema": None,
        "schemas": {},
        "answer_schemas": {},
        "target_field": "/model",
        "target_hint": "an agent",
        **fields,
    }
    return Protocol(**values)


def asked(document: object = CHAT, scopes: tuple[str, ...] = ()) -> Exchange:
    async def body() -> bytes | Refusal:
        return document if isinstance(document, bytes) else json.dumps(document).encode()

    found = exchange(JSON, body=body)
    found.identity = identity(scopes=scopes)
    return found


async def test_a_message_is_read_for_the_agents_that_may_be_asked() -> None:
    one = asked()
    read = await read_message(one, protocol(), BOUNDS)
    assert not isinstance(read, Refusal)
    assert read == (one.message, (LOCAL, SKY))
    assert one.inbound is not None
    assert [part.text for part in read[0].parts] == ["local", "hello"]


async def test_a_message_is_read_again_from_the_same_body_by_what_is_in_force_now() -> None:
    told: list[int] = []

    async def body() -> bytes:
        told.append(1)
        return json.dumps(CHAT).encode()

    one = exchange(JSON, body=body)
    schema = Schema({"required": ["model"]})
    spoken = protocol(schemas={LOCAL.id: schema})
    assert (await read_again(one, spoken, BOUNDS)) == Refusal(code="policy_changed", retry_after=1), "not read before"
    read = await read_message(one, spoken, BOUNDS)
    assert read == await read_again(one, spoken, BOUNDS)
    schema.become(Schema({"required": ["purpose"]}))
    refused = await read_again(one, spoken, BOUNDS)
    assert isinstance(refused, Refusal)
    assert refused.code == "schema_violation"
    assert told == [1], "a body can be read once"


async def test_what_a_governor_has_taken_note_of_is_to_be_sent_again() -> None:
    one = asked()
    assert not isinstance(await read_message(one, protocol(), BOUNDS), Refusal)
    found = await read_again(one, protocol(governor=Lost()), BOUNDS)
    assert found == Refusal(code="policy_changed", retry_after=1)


async def test_what_is_around_a_body_is_looked_at_like_its_parts() -> None:
    one = asked()
    one.arrival = type(one.arrival)(**{**_fields(one.arrival), "query": "q=jane.roe@example.com"})
    read = await read_message(one, protocol(), BOUNDS)
    assert not isinstance(read, Refusal)
    assert any("jane.roe@example.com" in part.text for part in read[0].parts)


@pytest.mark.parametrize(
    ("fields", "document", "code"),
    [
        ({}, b"{", "body_not_json"),
        ({"candidates": lambda message: ()}, CHAT, "unknown_target"),
        ({"schemas": {"local": Schema({"required": ["seed"]})}}, CHAT, "schema_violation"),
        ({"schema": Schema({"required": ["seed"]})}, CHAT, "schema_violation"),
        ({"answer_schemas": {"local": Schema({})}}, {**CHAT, "stream": True}, "feature_unsupported"),
        ({"governor": Lost()}, CHAT, "not_found"),
    ],
)
async def test_what_fits_nobody_ends_here(fields: dict[str, Any], document: object, code: str) -> None:
    read = await read_message(asked(document), protocol(**fields), BOUNDS)
    assert isinstance(read, Refusal)
    assert read.code == code


async def test_a_body_is_read_only_for_who_may_send_one_and_then_for_agents_in_its_scopes() -> None:
    shared = {**CHAT, "model": "triage"}  # a capability, which both have
    narrow = await read_message(asked(shared, ("traffic:sky",)), protocol(), BOUNDS)
    assert not isinstance(narrow, Refusal)
    assert narrow[1] == (SKY,)
    for scopes, body in ((("records:read",), b"never read"), (("traffic:other",), CHAT)):
        one = asked(body, scopes)
        read = await read_message(one, protocol(), BOUNDS)
        assert isinstance(read, Refusal)
        assert read.code == "scope_required"
        assert (one.inbound is None) == (body == b"never read")


def _fields(value: Any) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__struct_fields__}


PULLED, ELSE = route("pulled", pull=True), route("else")


@pytest.mark.parametrize(
    ("named", "candidates", "task", "stream", "found"),
    [
        ("pulled", (PULLED, ELSE), True, False, (PULLED, ELSE)),
        ("pulled", (PULLED, ELSE), False, False, "tasks_only"),
        ("pulled", (PULLED, ELSE), True, True, "feature_unsupported"),
        ("triage", (PULLED, ELSE), False, False, (ELSE,)),
        ("triage", (PULLED, ELSE), True, True, (ELSE,)),
        ("triage", (PULLED,), False, False, "tasks_only"),
        ("else", (ELSE, PULLED), False, False, (ELSE,)),
    ],
)
async def test_an_agent_that_fetches_its_requests_is_reached_by_tasks_alone(
    named: str, candidates: tuple[Route, ...], task: bool, stream: bool, found: Any
) -> None:
    one = asked({**CHAT, "model": named, "stream": stream})
    one.arrival = msgspec.structs.replace(one.arrival, identity=identity() if task else None)
    read = await read_message(one, protocol(candidates=lambda message: candidates), BOUNDS)
    assert (read.code if isinstance(read, Refusal) else read[1]) == found
