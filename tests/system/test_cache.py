"""Kept answers, through a whole gateway: what agents see, what callers get, and what is on record."""

from typing import Any

import pytest

from gateway.settings import Settings
from tests.system.kit import HEALTH, MAIL, PERSONAL, PUBLIC, code, said
from tests.system.oracle import speaks
from tests.system.site import System, system

AGENTS: dict[str, dict[str, Any]] = {
    "cloud": {"zone": "cloud", "processor": "cloud-inc", "capabilities": ["summarize"], "cache_s": 600.0},
    "ward": {"zone": "in-house", "capabilities": ["summarize"], "cache_s": 600.0},
}


async def test_a_kept_answer_is_an_exchange_that_sent_nothing(database: Settings) -> None:
    async with system(database, agents=AGENTS) as site:
        key, other = await site.key("clerk"), await site.key("clerk")
        first = await site.chat(key, PUBLIC)
        again = await site.chat(other, PUBLIC)
        assert (first.status_code, again.status_code) == (200, 200)
        assert (said(first), "age" in first.headers) == (said(again), False)
        assert again.headers["age"].isdigit()
        assert again.headers["x-routed-agent"] == "cloud"
        assert again.headers["x-exchange-id"] != first.headers["x-exchange-id"]
        assert len(site.agents["cloud"].received) == 1
        intent, end = await site.trail(again.headers["x-exchange-id"])
        assert (intent["event"], intent["attempt"], end["event"]) == ("exchange.requested", 0, "exchange.completed")
        assert not {"agent", "zone", "processor", "model", "capability"} & set(intent), "nothing is said to be sent"
        assert intent["decision"]["effect"] == "route"
        assert [one["agent"] for one in intent["candidates"]] == ["cloud"]
        assert intent["request"]["commitment"]
        assert (end["agent"], end["attempt"], end["outcome"]["code"]) == ("cloud", 0, "cached")
        assert end["response"]["commitment"]
        stored = await site.gateway.site.reader("default").exchange(again.headers["x-exchange-id"])
        assert first.headers["x-exchange-id"] in (stored[-1].detail or b"").decode()


@pytest.mark.parametrize("text", [PERSONAL, HEALTH])
async def test_what_is_personal_is_never_kept(sqlite_settings: Settings, text: str) -> None:
    async with system(sqlite_settings, agents=AGENTS) as site:
        key = await site.key("clinician")
        for _ in range(2):
            assert (await site.chat(key, text)).status_code == 200
        assert _asked(site) == 2


async def test_an_answer_that_holds_personal_data_is_not_kept_whatever_was_asked(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings, agents=AGENTS) as site:
        site.agents["cloud"].answer = lambda body: f"Write to {MAIL}."
        key = await site.key("clerk")
        for _ in range(2):
            assert (await site.chat(key, PUBLIC)).status_code == 200
        assert _asked(site) == 2


async def test_other_rights_streams_and_wishes_ask_the_agent(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings, agents=AGENTS) as site:
        clerk = await site.key("clerk")
        await site.chat(clerk, PUBLIC)
        await site.chat(await site.key("analyst"), PUBLIC)
        await site.chat(await site.key("clerk", purposes=("HPAYMT",)), PUBLIC)
        await site.chat(clerk, PUBLIC, stream=True)
        await site.chat(clerk, PUBLIC, headers={"Cache-Control": "no-cache"})
        await site.chat(clerk, PUBLIC, temperature=1)
        await site.chat(clerk, PUBLIC, headers={"X-Data-Subject": "patient-77"})
        assert _asked(site) == 7
        assert "age" in (await site.chat(clerk, PUBLIC)).headers
        assert _asked(site) == 7


async def test_a_kept_answer_is_there_while_its_agent_is_not(sqlite_settings: Settings) -> None:
    agents = {"only": {"zone": "in-house", "cache_s": 600.0, "concurrency": 1, "queue": 0}}
    async with system(sqlite_settings, agents=agents) as site:
        key = await site.key("clerk")
        await site.chat(key, PUBLIC, model="only")

        async def fails(scope: Any, receive: Any, send: Any) -> None:
            await send({"type": "http.response.start", "status": 500, "headers": []})
            await send({"type": "http.response.body", "body": b""})

        site.agents["only"].behave = fails
        assert (await site.chat(key, PUBLIC, model="only")).status_code == 200
        assert code(await site.chat(key, PUBLIC + " Please.", model="only")) == "agent_unavailable"
        assert (await site.chat(await site.key("auditor"), PUBLIC, model="only")).status_code == 403


async def test_one_route_of_an_agent_is_kept_and_another_is_not(sqlite_settings: Settings) -> None:
    """A route is an agent and an action of its: an API of a model's, a template of plain HTTP."""
    agents: dict[str, dict[str, Any]] = {
        "model": {"zone": "in-house", "cache_s": 600.0, "cache_actions": ["embed"]},
        "old": {
            "zone": "in-house",
            "protocol": "http",
            "routes": ["GET /wards/{id}", "GET /news"],
            "cache_s": 600.0,
            "cache_actions": ["http:GET:/wards/{id}"],
        },
    }
    async with system(sqlite_settings, agents=agents) as site:
        speaks(site.agents["model"])
        headers = {"authorization": f"Bearer {await site.key('clerk')}"}

        async def aged(method: str, path: str, body: dict[str, Any] | None = None) -> bool:
            told = [await site.http.request(method, path, json=body, headers=headers) for _ in range(2)]
            assert [answer.status_code for answer in told] == [200, 200], told[0].text
            return "age" in told[1].headers

        assert await aged("POST", "/v1/embeddings", {"model": "model", "input": PUBLIC})
        assert not await aged("POST", "/v1/responses", {"model": "model", "input": PUBLIC})
        assert await aged("GET", "/agents/old/wards/north")
        assert not await aged("GET", "/agents/old/news")
        assert {name: len(agent.received) for name, agent in site.agents.items()} == {"model": 3, "old": 3}


async def test_without_a_time_to_keep_nothing_is(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings) as site:
        key = await site.key("clerk")
        for _ in range(2):
            answer = await site.chat(key, PUBLIC)
            assert "age" not in answer.headers
        assert _asked(site) == 2


def _asked(site: System) -> int:
    return sum(len(agent.received) for agent in site.agents.values())
