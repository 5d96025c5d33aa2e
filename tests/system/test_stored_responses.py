"""Sensitivity sticks to what a provider holds: stored responses and conversations, through OpenAI's own client."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from openai import APIStatusError, AsyncOpenAI

from gateway.settings import Settings
from tests.system.chatting import chats
from tests.system.kit import HEALTH, PUBLIC, policies
from tests.system.oracle import output, response, speaks
from tests.system.site import Agent, System, send_json, served, system

STORED = tuple(
    f"p, {priority}, role:user, class:{name}, zone:in-house, onward:store, purpose:*, zone:trusted, allow, none, "
    f'{name}-stored, "Trusted agents in the house may keep what they were asked."'
    for priority, name in ((150, "personal"), (700, "public"))
)


@asynccontextmanager
async def client(site: System, **grant: Any) -> AsyncIterator[AsyncOpenAI]:
    key = await site.key("clinician", **grant)
    async with AsyncOpenAI(base_url=f"{site.url}/v1", api_key=key, max_retries=0) as made:
        yield made


async def denied(api: AsyncOpenAI, **request: Any) -> tuple[int, str, str]:
    """Status, code and exchange of a request that is refused."""
    with pytest.raises(APIStatusError) as caught:
        await api.responses.create(**request)
    body: Any = caught.value.body
    return caught.value.status_code, body["code"], caught.value.response.headers["x-exchange-id"]


async def test_a_later_turn_stays_with_the_agent_that_holds_the_response(database: Settings, tmp_path: Path) -> None:
    """Harmless by itself, it would go to the cloud; what it goes on from must not."""
    async with system(database, policy=policies(tmp_path, *STORED)) as site, client(site) as api:
        for agent in site.agents.values():
            speaks(agent)
        first = await api.responses.with_raw_response.create(model="summarize", input=HEALTH, store=True)
        assert first.headers["x-routed-agent"] == "ward"
        name = first.parse().id
        assert (await api.responses.with_raw_response.create(model="summarize", input=PUBLIC)).headers[
            "x-routed-agent"
        ] == "cloud"
        later = await api.responses.with_raw_response.create(
            model="summarize", input=PUBLIC, previous_response_id=name, store=True
        )
        assert later.headers["x-routed-agent"] == "ward"
        assert site.agents["ward"].bodies[-1]["previous_response_id"] == name
        (intent, _) = await site.trail(later.headers["x-exchange-id"])
        assert intent["classes"]["inherited"] == ["phi", "pii"]
        assert {view["agent"]: view["answer"] for view in intent["candidates"]} == {"cloud": "session", "ward": "allow"}

        before = len(site.agents["cloud"].received)
        site.agents["ward"].behave = lambda scope, receive, send: send_json(send, {}, 500)
        status, code, _ = await denied(api, model="summarize", input=PUBLIC, previous_response_id=name)
        assert (status, code) == (502, "agent_unavailable")
        status, code, _ = await denied(
            api, model="cloud", input=PUBLIC, previous_response_id=name, extra_headers={"x-route": "exact"}
        )
        assert (status, code) == (403, "policy_denied")
        assert len(site.agents["cloud"].received) == before
        async with client(site, owner="somebody else") as other:
            status, code, _ = await denied(other, model="ward", input=PUBLIC, previous_response_id=name)
            assert (status, code) == (404, "not_found")


@pytest.mark.parametrize("held", [{"previous_response_id": "resp_elsewhere"}, {"conversation": "conv_elsewhere"}])
async def test_what_nobody_here_saw_begin_is_unscanned_and_stays_in_the_house(
    sqlite_settings: Settings, tmp_path: Path, held: dict[str, Any]
) -> None:
    stored = (
        "p, 160, role:user, class:unscanned, zone:in-house, onward:store, purpose:*, zone:trusted, allow, none, "
        'unscanned-stored, "Trusted agents may keep what could not be checked."'
    )
    async with system(sqlite_settings, policy=policies(tmp_path, *STORED, stored)) as site, client(site) as api:
        for agent in site.agents.values():
            speaks(agent)
        status, code, exchange = await denied(api, model="cloud", input=PUBLIC, **held)
        assert (status, code) == (403, "policy_denied")
        (record,) = await site.trail(exchange)
        assert record["classes"]["inherited"] == ["unscanned"]
        assert [view["agent"] for view in record["candidates"]] == ["cloud"]
        answer = await api.responses.with_raw_response.create(model="ward", input=PUBLIC, **held)
        assert answer.headers["x-routed-agent"] == "ward"
        assert not site.agents["cloud"].received


async def test_a_conversation_is_kept_by_its_provider_and_denied_like_storing(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings) as site, client(site) as api:
        status, code, exchange = await denied(api, model="ward", input=PUBLIC, conversation="conv_1")
        assert (status, code) == (403, "policy_denied")
        (record,) = await site.trail(exchange)
        assert {view["answer"] for view in record["candidates"]} == {"onward"}


async def test_what_was_answered_in_translation_is_held_by_nobody_and_moved_to_nobody(
    sqlite_settings: Settings,
) -> None:
    """The house's agent has chat completions alone. It has no response to go on from, and nobody else gets the turn."""
    agents = {
        "cloud": {"zone": "cloud", "processor": "cloud-inc", "capabilities": ["summarize"], "apis": ["responses"]},
        "ward": {"zone": "in-house", "capabilities": ["summarize"], "apis": ["chat"]},
    }
    async with system(sqlite_settings, agents=agents) as site, client(site) as api:
        speaks(site.agents["cloud"])
        chats(site.agents["ward"])
        first = await api.responses.with_raw_response.create(model="summarize", input=HEALTH)
        assert first.headers["x-routed-agent"] == "ward"
        assert site.agents["ward"].bodies[0]["store"] is False
        name = first.parse().id
        status, code, exchange = await denied(api, model="summarize", input=PUBLIC, previous_response_id=name)
        assert (status, code) == (403, "policy_denied")
        (record,) = await site.trail(exchange)
        assert {view["agent"]: view["answer"] for view in record["candidates"]} == {
            "cloud": "session",
            "ward": "translation",
        }
        assert (len(site.agents["ward"].received), len(site.agents["cloud"].received)) == (1, 0)


def converses(agent: Agent) -> Agent:
    """An agent that keeps what it hears in a conversation, and says in which."""

    async def behave(scope: Any, receive: Any, send: Any) -> None:
        await send_json(send, {**response(output(agent.bodies[-1])), "conversation": {"id": "conv_7"}})

    agent.behave = behave
    return agent


async def test_a_conversation_that_an_agent_has_named_is_known_and_keeps_what_was_said_in_it(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    """Harmless by itself, the next turn would go to the cloud."""
    async with system(sqlite_settings, policy=policies(tmp_path, *STORED)) as site, client(site) as api:
        for agent in site.agents.values():
            converses(agent)
        first = await api.responses.with_raw_response.create(model="summarize", input=HEALTH, store=True)
        assert first.headers["x-routed-agent"] == "ward"
        later = await api.responses.with_raw_response.create(
            model="summarize", input=PUBLIC, conversation="conv_7", store=True
        )
        assert later.headers["x-routed-agent"] == "ward"
        (intent, _) = await site.trail(later.headers["x-exchange-id"])
        assert intent["classes"]["inherited"] == ["phi", "pii"]
        assert not site.agents["cloud"].received
        async with client(site, owner="somebody else") as other:
            status, code, _ = await denied(other, model="ward", input=PUBLIC, conversation="conv_7", store=True)
            assert (status, code) == (404, "not_found")


@pytest.mark.postgres
async def test_a_stored_response_is_known_to_every_node(postgres_settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "two").mkdir()
    section = policies(tmp_path, *STORED)
    cloud, ward = speaks(Agent()), speaks(Agent())
    async with served(cloud) as sky, served(ward) as house:
        agents = {
            "cloud": {"zone": "cloud", "processor": "cloud-inc", "capabilities": ["summarize"], "url": sky},
            "ward": {"zone": "in-house", "capabilities": ["summarize"], "url": house},
        }
        async with system(postgres_settings, agents=agents, policy=section) as one:
            shutil.copytree(tmp_path / "keys", tmp_path / "two" / "keys", ignore=shutil.ignore_patterns("node-id"))
            second = msgspec.structs.replace(postgres_settings, base=str(tmp_path / "two"))
            async with system(second, agents=agents, policy=section) as two:
                key = await one.key("clinician")
                first = AsyncOpenAI(base_url=f"{one.url}/v1", api_key=key, max_retries=0)
                other = AsyncOpenAI(base_url=f"{two.url}/v1", api_key=key, max_retries=0)
                async with first, other:
                    said = await first.responses.with_raw_response.create(model="summarize", input=HEALTH, store=True)
                    assert said.headers["x-routed-agent"] == "ward"
                    later = await other.responses.with_raw_response.create(
                        model="summarize", input=PUBLIC, previous_response_id=said.parse().id, store=True
                    )
                    assert later.headers["x-routed-agent"] == "ward"
        assert not cloud.received
