"""One sick agent slows nobody else: it is queued for, shed, let rest and passed over, and the record says so."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from gateway.settings import Settings
from tests.services import free_port
from tests.system.kit import HEALTH, PUBLIC, TRACE, TRACEPARENT, code, events, recorded
from tests.system.site import Agent, System, completion, event, send_json, system

SSE = [(b"content-type", b"text/event-stream")]
Behaviour = Callable[[dict[str, Any], Any, Any], Awaitable[None]]


def _two(**sick: Any) -> dict[str, dict[str, Any]]:
    """An agent that will be sick and one that is well, in one zone, and without a capability in common."""
    return {"sick": {"zone": "in-house", **sick}, "well": {"zone": "in-house"}}


def _answers(status: int, body: bytes = b"", headers: tuple[tuple[bytes, bytes], ...] = ()) -> Behaviour:
    async def behave(scope: dict[str, Any], receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": status, "headers": list(headers)})
        await send({"type": "http.response.body", "body": body})

    return behave


def _breaks_off(*headers: tuple[bytes, bytes], piece: bytes = b"{") -> Behaviour:
    async def behave(scope: dict[str, Any], receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": list(headers)})
        await send({"type": "http.response.body", "body": piece, "more_body": True})
        raise ConnectionAbortedError

    return behave


async def _hangs(scope: dict[str, Any], receive: Any, send: Any) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


class Held:
    """Holds every request until it is let go, and tells how many there are."""

    def __init__(self, agent: Agent) -> None:
        self.count, self._moved, self._go = 0, asyncio.Event(), asyncio.Event()
        agent.behave = self._behave

    async def until(self, count: int) -> None:
        async with asyncio.timeout(20):
            while self.count < count:
                self._moved.clear()
                await self._moved.wait()

    def let_go(self) -> None:
        self._go.set()

    async def _behave(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        self.count += 1
        self._moved.set()
        await self._go.wait()
        await send_json(send, completion("at last"))


async def _queued(site: System, agent: str, count: int) -> None:
    """Until so many wait for a place at the agent, as the metrics tell it."""
    async with asyncio.timeout(20):
        while f'gateway_agent_queued{{agent="{agent}"}} {count}.0' not in (await site.http.get("/metrics")).text:
            pass


async def test_two_hundred_requests_to_one_agent_finish_while_another_hangs(sqlite_settings: Settings) -> None:
    agents = _two(concurrency=4, queue=2, queue_timeout_s=600.0)
    async with system(sqlite_settings, agents=agents) as site:
        held, key = Held(site.agents["sick"]), await site.key("clerk")
        hung = [asyncio.create_task(site.chat(key, PUBLIC, model="sick")) for _ in range(6)]
        await held.until(4)
        await _queued(site, "sick", 2)
        shed = await site.chat(key, PUBLIC, model="sick")
        assert (shed.status_code, code(shed), shed.headers["retry-after"]) == (503, "agent_overloaded", "600")
        assert await events(site, shed) == ["exchange.denied"]
        for _ in range(10):
            answers = await asyncio.gather(*(site.chat(key, PUBLIC, model="well") for _ in range(20)))
            assert {answer.status_code for answer in answers} == {200}
        assert not any(task.done() for task in hung)
        assert len(site.agents["well"].received) == 200
        assert held.count == 4, "never more than its places"
        held.let_go()
        assert {answer.status_code for answer in await asyncio.gather(*hung)} == {200}
        assert held.count == 6, "who waited was served"


async def test_a_caller_who_gives_up_waiting_for_a_place_leaves_none_behind(sqlite_settings: Settings) -> None:
    agents = _two(concurrency=1, queue=1, queue_timeout_s=600.0)
    async with system(sqlite_settings, agents=agents) as site:
        held, key = Held(site.agents["sick"]), await site.key("clerk")
        first = asyncio.create_task(site.chat(key, PUBLIC, model="sick"))
        await held.until(1)
        waiting = asyncio.create_task(site.chat(key, PUBLIC, model="sick"))
        await _queued(site, "sick", 1)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await _queued(site, "sick", 0)
        held.let_go()
        assert (await first).status_code == 200
        assert (await site.chat(key, PUBLIC, model="sick")).status_code == 200
        assert len(site.agents["sick"].received) == 2, "what waited was never sent"
        requested = [record for record in await site.records() if record["event"] == "exchange.requested"]
        assert len(requested) == 2, "nor did anything claim that it would be"


async def test_a_stream_holds_its_place_until_it_ends(sqlite_settings: Settings) -> None:
    agents = {"only": {"zone": "in-house", "concurrency": 1, "queue": 0}}
    async with system(sqlite_settings, agents=agents) as site:
        key = await site.key("clerk")
        go = asyncio.Event()

        async def slowly(scope: dict[str, Any], receive: Any, send: Any) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": SSE})
            await send({"type": "http.response.body", "body": event({"content": "Hm. " * 400}), "more_body": True})
            await go.wait()
            await send({"type": "http.response.body", "body": event({}, "stop") + b"data: [DONE]\n\n"})

        site.agents["only"].behave = slowly
        headers = {"authorization": f"Bearer {key}"}
        body = {"model": "only", "stream": True, "messages": [{"role": "user", "content": PUBLIC}]}
        async with site.http.stream("POST", "/v1/chat/completions", json=body, headers=headers) as answer:
            chunks = answer.aiter_raw()
            assert b"Hm." in await anext(chunks)
            assert code(await site.chat(key, PUBLIC, model="only")) == "agent_overloaded"
            go.set()
            async for _ in chunks:
                pass
        site.agents["only"].behave = None
        assert (await site.chat(key, PUBLIC, model="only")).status_code == 200


FAULTS: dict[str, Behaviour] = {
    "errors": _answers(500),
    "not available": _answers(503),
    "babbles": _answers(200, b"canary"),
    "breaks off": _breaks_off((b"content-type", b"application/json")),
    "hangs": _hangs,
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_an_agent_that_keeps_failing_is_let_rest_and_nothing_is_sent_or_claimed(
    sqlite_settings: Settings, fault: str
) -> None:
    rest = {"retries": 0, "first_byte_timeout_s": 0.1, "breaker": {"calls": 3, "open_s": 600.0, "open_max_s": 600.0}}
    async with system(sqlite_settings, agents=_two(**rest)) as site:
        site.agents["sick"].behave = FAULTS[fault]
        key = await site.key("clerk")
        for _ in range(3):
            assert (await site.chat(key, PUBLIC, model="sick")).status_code in (502, 504)
        refused = await site.chat(key, PUBLIC, model="sick")
        assert (refused.status_code, code(refused)) == (503, "agent_suspended")
        assert 600 <= int(refused.headers["retry-after"]) <= 751
        (record,) = await site.trail(refused.headers["x-exchange-id"])
        assert (record["event"], record["decision"]["effect"]) == ("exchange.denied", "deny")
        assert record["outcome"]["code"] == "agent_suspended"
        assert [(one["agent"], one["healthy"]) for one in record["candidates"]] == [("sick", False)]
        assert len(site.agents["sick"].received) == 3
        assert (await site.chat(key, PUBLIC, model="well")).status_code == 200
        assert (await site.http.get("/readyz")).status_code == 200, "the gateway is as ready as before"
        metrics = (await site.http.get("/metrics")).text
        assert 'gateway_agent_breaker{agent="sick"} 2.0' in metrics
        assert 'gateway_agent_healthy{agent="well"} 1.0' in metrics
        assert 'gateway_agent_shed_total{agent="sick"} 1.0' in metrics


@pytest.mark.parametrize("status", [400, 401, 404, 422, 429])
async def test_what_an_agent_refuses_and_who_leaves_do_not_make_it_sick(sqlite_settings: Settings, status: int) -> None:
    agents = _two(retries=0, breaker={"calls": 1})
    async with system(sqlite_settings, agents=agents) as site:
        site.agents["sick"].behave = _answers(
            status, b'{"error": {"message": "no"}}', ((b"content-type", b"application/json"),)
        )
        key = await site.key("clerk")
        for _ in range(3):
            await site.chat(key, PUBLIC, model="sick")
        site.agents["sick"].behave = None
        assert (await site.chat(key, "Use the key AKIAIOSFODNN7EXAMPLQ for it.", model="sick")).status_code == 403
        assert (await site.chat(key, PUBLIC, model="sick")).status_code == 200


async def test_streams_that_break_off_make_an_agent_sick(sqlite_settings: Settings) -> None:
    agents = _two(breaker={"calls": 2, "open_s": 600.0})
    async with system(sqlite_settings, agents=agents) as site:
        site.agents["sick"].behave = _breaks_off(*SSE, piece=event({"content": "Beginning. " * 200}))
        key = await site.key("clerk")
        for _ in range(2):
            assert (await site.chat(key, PUBLIC, model="sick", stream=True)).status_code == 200
        assert code(await site.chat(key, PUBLIC, model="sick", stream=True)) == "agent_suspended"


async def test_the_next_agent_of_the_zone_takes_over_and_the_record_says_who_was_sick(
    sqlite_settings: Settings,
) -> None:
    agents: dict[str, dict[str, Any]] = {
        "ward": {"zone": "in-house", "capabilities": ["summarize"], "breaker": {"calls": 1, "open_s": 600.0}},
        "cloud": {"zone": "cloud", "processor": "cloud-inc", "capabilities": ["summarize"]},
        "desk": {"zone": "in-house", "capabilities": ["summarize"]},
    }
    async with system(sqlite_settings, agents=agents) as site:
        key = await site.key("clerk")
        site.agents["ward"].behave = _answers(500)
        first = await site.chat(key, PUBLIC, model="summarize")
        assert first.headers["x-routed-agent"] == "cloud", "a fall-back goes by the operator's order"
        second = await site.chat(key, PUBLIC, model="summarize")
        assert second.headers["x-routed-agent"] == "desk", "the sick one's place is its zone's"
        intent = (await site.trail(second.headers["x-exchange-id"]))[0]
        told = [(one["agent"], one["healthy"], one["answer"]) for one in intent["candidates"]]
        assert told == [("ward", False, "allow"), ("desk", True, "allow")]
        assert len(site.agents["ward"].received) == 1


@pytest.mark.parametrize("fault", [*FAULTS, "down"])
async def test_a_privacy_pinned_message_never_reaches_a_public_model_however_its_agents_fail(
    sqlite_settings: Settings, fault: str
) -> None:
    """While they fail, and while they are let rest for it."""
    quick = {"retries": 1, "first_byte_timeout_s": 0.1, "breaker": {"calls": 2, "open_s": 600.0}}
    where = {"url": f"http://127.0.0.1:{free_port()}"} if fault == "down" else {}
    agents: dict[str, dict[str, Any]] = {
        "ward": {"zone": "in-house", "capabilities": ["summarize"], **quick, **where},
        "desk": {"zone": "in-house", "capabilities": ["summarize"], **quick, **where},
        "cloud": {"zone": "cloud", "processor": "cloud-inc", "capabilities": ["summarize"]},
    }
    async with system(sqlite_settings, agents=agents) as site:
        if fault != "down":
            site.agents["ward"].behave = site.agents["desk"].behave = FAULTS[fault]
        key = await site.key("clinician")
        codes = [code(await site.chat(key, HEALTH, model="summarize", stream=stream)) for stream in (False, True) * 3]
        assert codes[-1] == "agent_suspended"
        assert not site.agents["cloud"].received
        assert (await site.chat(key, PUBLIC, model="summarize")).headers["x-routed-agent"] == "cloud"


@pytest.mark.parametrize("fault", FAULTS)
async def test_each_further_agent_is_on_record_before_its_first_byte_however_the_one_before_fails(
    database: Settings, fault: str
) -> None:
    async with system(
        database,
        agents={
            "cloud": {
                "zone": "cloud",
                "processor": "cloud-inc",
                "capabilities": ["summarize"],
                "first_byte_timeout_s": 0.1,
                "retries": 0,
            },
            "ward": {"zone": "in-house", "capabilities": ["summarize"]},
        },
    ) as site:
        site.agents["cloud"].behave = FAULTS[fault]
        found: list[tuple[str, ...]] = []

        async def look(headers: dict[str, str]) -> None:
            found.extend(await recorded(database, TRACE))

        site.agents["ward"].on_request = look
        answer: httpx.Response = await site.chat(await site.key("clerk"), PUBLIC, headers={"traceparent": TRACEPARENT})
        assert answer.status_code == 200, answer.text
        assert answer.headers["x-routed-agent"] == "ward"
        assert [row[:2] for row in found] == [("exchange.requested", "cloud"), ("exchange.attempted", "ward")]


async def test_health_checks_are_asked_bare_and_tell_who_is_sick(sqlite_settings: Settings) -> None:
    agents: dict[str, dict[str, Any]] = {
        "ward": {
            "zone": "in-house",
            "capabilities": ["summarize"],
            "credential": "env:PATH",
            "health": "/up",
            "health_interval_s": 0.1,
        },
        "desk": {"zone": "in-house", "capabilities": ["summarize"]},
    }
    async with system(sqlite_settings, agents=agents) as site:
        asked, ward = asyncio.Event(), site.agents["ward"]

        async def unwell(scope: dict[str, Any], receive: Any, send: Any) -> None:
            assert (scope["method"], scope["path"]) == ("GET", "/up")
            if len(ward.received) >= 3:  # so that two have come back
                asked.set()
            await _answers(503)(scope, receive, send)

        ward.behave = unwell
        await asyncio.wait_for(asked.wait(), 20)
        assert all("authorization" not in headers and body == b"" for headers, body in ward.received)
        answer = await site.chat(await site.key("clerk"), PUBLIC, model="summarize")
        assert answer.headers["x-routed-agent"] == "desk"
