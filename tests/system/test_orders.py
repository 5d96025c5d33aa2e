"""The operator's order of agents, through a whole gateway: who gets the message, what falls back, what is on record."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from gateway.settings import Settings
from tests.conftest import ManualClock
from tests.system.kit import HEALTH, PUBLIC, TRACE, TRACEPARENT, policies, recorded
from tests.system.oracle import speaks
from tests.system.site import Agent, System, completion, send_json, system
from tests.system.test_stored_responses import STORED, client

AGENTS: dict[str, dict[str, Any]] = {
    "ward": {"zone": "in-house", "capabilities": ["summarize"], "concurrency": 4, "retries": 0},
    "cloud": {
        "zone": "cloud",
        "processor": "cloud-inc",
        "capabilities": ["summarize"],
        "concurrency": 4,
        "retries": 0,
    },
    "desk": {"zone": "in-house", "capabilities": ["summarize"], "concurrency": 4, "retries": 0},
}


def _ordered(order: str) -> dict[str, Any]:
    return {"capability": [{"id": "summarize", "order": order}]}


async def _routed(site: System, key: str, text: str = PUBLIC, **more: Any) -> str:
    answer = await site.chat(key, text, model="summarize", **more)
    assert answer.status_code == 200, answer.text
    return str(answer.headers["x-routed-agent"])


def _takes(agent: Agent, clock: ManualClock, seconds: float) -> None:
    async def on_request(headers: dict[str, str]) -> None:
        clock.advance(seconds)

    agent.on_request = on_request


async def test_the_fastest_is_asked_as_it_was_measured(sqlite_settings: Settings) -> None:
    clock = ManualClock()
    async with system(sqlite_settings, agents=AGENTS, clock=clock, **_ordered("fastest")) as site:
        key = await site.key("clerk")
        for name, seconds in (("ward", 0.4), ("cloud", 0.2), ("desk", 0.1)):
            _takes(site.agents[name], clock, seconds)
        assert [await _routed(site, key) for _ in range(5)] == ["ward", "cloud", "desk", "desk", "desk"]
        assert await _routed(site, key, stream=True) == "ward", "of its streams nothing is known yet"
        answer = await site.chat(key, PUBLIC, model="summarize")
        intent, _ = await site.trail(answer.headers["x-exchange-id"])
        assert intent["inputs"]["order"] == "fastest"
        assert [one["agent"] for one in intent["candidates"]] == ["desk"]
        _takes(site.agents["desk"], clock, 3)
        assert [await _routed(site, key) for _ in range(2)] == ["desk", "cloud"]
        told = (await site.http.get("/metrics")).text
        assert 'gateway_agent_answer_seconds{agent="ward"} 0.4' in told
        assert 'gateway_agent_stream_seconds{agent="ward"} 0.4' in told
        assert 'gateway_agent_stream_seconds{agent="desk"}' not in told


async def test_the_least_loaded_is_asked(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings, agents=AGENTS, **_ordered("least_loaded")) as site:
        key = await site.key("clerk")
        assert [await _routed(site, key) for _ in range(2)] == ["ward", "ward"]
        there, go = asyncio.Event(), asyncio.Event()

        async def behave(scope: dict[str, Any], receive: Any, send: Any) -> None:
            there.set()
            await go.wait()
            await send_json(send, completion("at last"))

        site.agents["ward"].behave = behave
        waiting = asyncio.create_task(_routed(site, key))
        async with asyncio.timeout(20):
            await there.wait()
        assert await _routed(site, key) == "cloud"
        assert await _routed(site, key, HEALTH) == "desk", "the cloud is as free, and denied"
        assert 'gateway_agent_load{agent="ward"} 0.25' in (await site.http.get("/metrics")).text
        go.set()
        assert await waiting == "ward"
        site.agents["ward"].behave = None
        assert await _routed(site, key) == "ward"


PRICES = [
    {"agent": "ward", "request": 30},
    {"agent": "cloud", "request": 1},
    {"agent": "desk", "request": 2, "output": 2_000_000},
]


async def test_the_cheapest_is_asked_of_those_that_policy_permits(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings, agents=AGENTS, price=PRICES, **_ordered("cheapest")) as site:
        key = await site.key("clerk")
        assert await _routed(site, key) == "cloud"
        answer = await site.chat(key, HEALTH, model="summarize", max_tokens=5)
        assert answer.headers["x-routed-agent"] == "desk"
        intent, _ = await site.trail(answer.headers["x-exchange-id"])
        assert intent["inputs"]["order"] == "cheapest"
        assert [(one["agent"], one["answer"]) for one in intent["candidates"]] == [("cloud", "deny"), ("desk", "allow")]
        assert await _routed(site, key, HEALTH, max_tokens=5000) == "ward", "for a long answer"
        assert HEALTH not in str(site.agents["cloud"].bodies)


async def test_a_named_agent_is_asked_and_an_exact_request_goes_by_the_configuration(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings, agents=AGENTS, price=PRICES, **_ordered("cheapest")) as site:
        key = await site.key("clerk")
        for model, headers, agent in (
            ("ward", {}, "ward"),
            ("summarize", {"x-route": "exact"}, "ward"),
        ):
            answer = await site.chat(key, PUBLIC, model=model, headers=headers)
            assert answer.headers["x-routed-agent"] == agent
            intent, _ = await site.trail(answer.headers["x-exchange-id"])
            assert "order" not in intent["inputs"]


async def test_a_session_stays_with_its_agent_however_cheap_another_one_is(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    sections = {"policy": policies(tmp_path, *STORED), "price": PRICES, **_ordered("cheapest")}
    async with system(sqlite_settings, agents=AGENTS, **sections) as site, client(site) as api:
        for agent in site.agents.values():
            speaks(agent)
        first = await api.responses.with_raw_response.create(model="summarize", input=HEALTH, store=True)
        holder = first.headers["x-routed-agent"]
        fresh = await api.responses.with_raw_response.create(model="summarize", input=PUBLIC)
        assert (holder == "cloud", fresh.headers["x-routed-agent"]) == (False, "cloud")
        later = await api.responses.with_raw_response.create(
            model="summarize", input=PUBLIC, previous_response_id=first.parse().id, store=True
        )
        assert later.headers["x-routed-agent"] == holder
        intent, _ = await site.trail(later.headers["x-exchange-id"])
        assert "order" not in intent["inputs"]


async def test_fall_back_goes_on_in_the_same_order_and_says_so(sqlite_settings: Settings) -> None:
    async def behave(scope: dict[str, Any], receive: Any, send: Any) -> None:
        await send_json(send, {}, 503)

    async with system(sqlite_settings, agents=AGENTS, price=PRICES, **_ordered("cheapest")) as site:
        site.agents["cloud"].behave = behave
        key = await site.key("clerk")
        answer = await site.chat(key, PUBLIC, model="summarize", max_tokens=5, headers={"traceparent": TRACEPARENT})
        assert answer.status_code == 200
        first, second, end = await site.trail(answer.headers["x-exchange-id"])
        assert [first["agent"], second["agent"], end["agent"]] == ["cloud", "desk", "desk"]
        assert [first["inputs"]["order"], second["inputs"]["order"]] == ["cheapest", "cheapest"]
        assert [row[0] for row in await recorded(sqlite_settings, TRACE)] == [
            "exchange.requested",
            "exchange.attempted",
            "exchange.completed",
        ]


@pytest.mark.parametrize("order", ["static", "fastest"])
async def test_the_api_tells_the_order_and_what_it_means(sqlite_settings: Settings, order: str) -> None:
    async with system(sqlite_settings, agents=AGENTS, **_ordered(order)) as site:
        key = await site.key("compliance")
        headers = {"authorization": f"Bearer {key}"}
        asked = {"classes": ["phi"], "roles": ["clerk"], "purpose": "TREAT"}
        found = (await site.http.post("/policy/explain", json=asked, headers=headers)).json()
        if order == "static":
            assert found["orders"] == []
            return
        (told,) = found["orders"]
        assert (told["capability"], told["order"], told["agents"]) == ("summarize", order, ["ward", "cloud", "desk"])
        exchange = (await site.chat(await site.key("clerk"), HEALTH, model="summarize")).headers["x-exchange-id"]
        of_record = (await site.http.post("/policy/explain", json={"exchange": exchange}, headers=headers)).json()
        assert [(one["capability"], one["order"], one["agents"]) for one in of_record["orders"]] == [
            (None, order, ["ward"])
        ]
