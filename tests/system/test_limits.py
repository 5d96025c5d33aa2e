"""Limits on what is used, through a whole gateway: exact under parallel requests, given back on every way out."""

import asyncio
import json
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from benchmarks.load import load
from gateway.core.errors import DenialsMoved, LedgerUnavailable
from gateway.exchange.admission import Admission
from gateway.exchange.caching import Caching
from gateway.ledger.entry import Appended, Entry
from gateway.settings import Settings
from gateway.store.writer_base import LedgerWriter
from tests.system.kit import HEALTH, PUBLIC, Watch, code, events, streamed
from tests.system.site import System, event, system

SSE = [(b"content-type", b"text/event-stream")]
FEW: dict[str, Any] = {"credential": "1000000/second", "tenant": "1000000/second", "target": "1000000/second"}


def limit(name: str, what: str, count: int, **fields: Any) -> dict[str, Any]:
    return {"name": name, "what": what, "count": count, "window_s": 3600, **fields}


def request(key: str, model: str) -> bytes:
    """A chat as it goes over the wire."""
    body = json.dumps({"model": model, "messages": [{"role": "user", "content": PUBLIC}]})
    return (
        f"POST /v1/chat/completions HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


def used(site: System) -> dict[str, int]:
    """What is counted now, by the limit's name."""
    counters: Any = site.gateway.quotas.counters if site.gateway.quotas else None
    return {key.split(":")[1]: total for key, _, total in counters.totals()} | {
        key.split(":")[1]: 1 for key, _ in counters.leases()
    }


async def test_64_callers_at_once_get_exactly_as_many_as_the_limit_has(sqlite_settings: Settings) -> None:
    limits = [limit("thousand", "requests", 1000)]
    async with system(sqlite_settings, limits=FEW, limit=limits) as site:
        sent = request(await site.key("clerk"), "desk")
        measured = await load(urlsplit(site.url).port or 0, [sent], connections=64, seconds=60, total=1088)
        assert (measured.statuses, measured.broken) == ({"200": 1000, "429": 88}, 0)
        assert len(site.agents["desk"].received) == 1000


async def test_a_refusal_names_the_limit_is_recorded_once_and_reaches_no_agent(sqlite_settings: Settings) -> None:
    limits = [limit("small", "tokens", 100, agents=["cloud"])]
    async with system(sqlite_settings, limit=limits) as site:
        key = await site.key("clerk")
        good = await site.chat(key, PUBLIC, max_tokens=80)
        assert good.status_code == 200
        assert used(site) == {"small": 7}
        alone = await site.chat(key, PUBLIC, max_tokens=100)
        assert (alone.status_code, code(alone)) == (413, "request_over_limit")
        assert "retry-after" not in alone.headers
        assert await events(site, alone) == ["exchange.denied"]
        bad = await site.chat(key, PUBLIC, max_tokens=80)
        assert (bad.status_code, code(bad)) == (429, "quota_exceeded")
        assert "the limit small" in bad.text
        assert bad.headers["ratelimit"].endswith('"small";r=0;t=' + bad.headers["retry-after"])
        assert int(bad.headers["retry-after"]) > 3500
        assert await events(site, bad) == ["exchange.denied"]
        assert len(site.agents["cloud"].received) == 1
        assert (await site.chat(key, PUBLIC, model="desk", max_tokens=95)).status_code == 200


async def test_a_limit_on_a_data_class_meets_what_is_of_that_class_alone(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings, limit=[limit("health", "requests", 1, classes=["phi"])]) as site:
        key = await site.key("clinician")
        statuses = [(await site.chat(key, text, model="ward")).status_code for text in (HEALTH, PUBLIC, HEALTH, PUBLIC)]
        assert statuses == [200, 200, 429, 200]


async def test_spend_is_reserved_settled_and_on_record(sqlite_settings: Settings) -> None:
    prices = [{"agent": name, "input": 1_000_000, "output": 2_000_000} for name in ("cloud", "ward", "desk")]
    limits = [limit("budget", "spend", 300, per=["caller"])]
    async with system(sqlite_settings, limit=limits, price=prices) as site:
        key, other = await site.key("clerk"), await site.key("clerk", owner="somebody else")
        answer = await site.chat(key, PUBLIC, max_tokens=100)
        assert answer.status_code == 200
        _, end = await site.trail(answer.headers["x-exchange-id"])
        assert end["outcome"]["cost"] == 3 + 2 * 4
        assert used(site) == {"budget": 11}
        refused = await site.chat(key, PUBLIC, max_tokens=140)
        assert (refused.status_code, code(refused)) == (429, "budget_exceeded")
        assert (await site.chat(other, PUBLIC, max_tokens=140)).status_code == 200


async def test_a_soft_limit_lets_pass_warns_and_is_on_record(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings, limit=[limit("watch", "requests", 1, hard=False)]) as site:
        key = await site.key("clerk")
        first, second, third = [await site.chat(key, PUBLIC) for _ in range(3)]
        assert [answer.status_code for answer in (first, second, third)] == [200, 200, 200]
        assert '"watch";r=0' in second.headers["ratelimit"]
        assert await events(site, second) == ["limit.warned", "exchange.requested", "exchange.completed"]
        assert await events(site, third) == ["exchange.requested", "exchange.completed"]
        (warned,) = [record for record in await site.records() if record["event"] == "limit.warned"]
        assert (warned["limit"], warned["count"], warned["window_s"]) == ("watch", 1, 3600)
        metrics = (await site.http.get("/metrics")).text
        whose = site.gateway.site.tenants["default"].ledger
        assert f'gateway_limited_total{{kind="soft",limit="watch",tenant="{whose}",what="requests"}} 2.0' in metrics


async def test_every_way_out_gives_back_what_it_held(sqlite_settings: Settings) -> None:
    """Answered, streamed, denied, an agent that fails, and a caller who goes away."""
    limits = [limit("at-once", "concurrency", 1), limit("tokens", "tokens", 100_000)]
    watch = Watch()
    async with system(sqlite_settings, limit=limits, failpoint=watch) as site:
        key = await site.key("clerk")
        assert (await site.chat(key, PUBLIC)).status_code == 200
        assert (await site.chat(key, PUBLIC, stream=True)).status_code == 200
        assert used(site).keys() == {"tokens"}

        async def failing(scope: Any, receive: Any, send: Any) -> None:
            raise ConnectionError

        async def never(headers: dict[str, str]) -> None:
            asked.set()
            await asyncio.Event().wait()

        asked = asyncio.Event()
        site.agents["desk"].on_request = never
        before = used(site)["tokens"]
        gone = asyncio.create_task(site.chat(key, PUBLIC, model="desk", max_tokens=1000, headers={"x-route": "exact"}))
        async with asyncio.timeout(20):
            await asked.wait()
        assert used(site).keys() == {"tokens", "at-once"}
        assert (await site.chat(key, PUBLIC)).status_code == 429
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone

        async def ended() -> bool:
            return any(r.get("outcome", {}).get("code") == "client_disconnected" for r in await site.records())

        await watch.until(ended)
        assert used(site).keys() == {"tokens"}
        assert used(site)["tokens"] >= before + 1000  # nobody knows what the agent did
        assert (await site.chat(key, PUBLIC)).status_code == 200


@pytest.mark.parametrize("mode", ["mask", "buffer"])
async def test_a_stream_is_settled_to_what_its_agent_says_whether_the_caller_asks_or_not(
    sqlite_settings: Settings, mode: str
) -> None:
    """And by its text, not by the bytes of its events, where the agent may not be asked."""
    agents: dict[str, dict[str, Any]] = {
        "ward": {"zone": "in-house"},
        "desk": {"zone": "in-house", "stream_usage": False},
    }
    sections: dict[str, Any] = {"classification": {"stream": mode}, "limits": {"output_tokens": 1}}
    async with system(sqlite_settings, agents=agents, limit=[limit("all", "tokens", 100_000)], **sections) as site:
        key, text = await site.key("clerk"), "Word after word. " * 50

        async def answer(scope: Any, receive: Any, send: Any) -> None:
            asked = (site.agents["ward"].bodies or [{}])[-1].get("stream_options") == {"include_usage": True}
            await send({"type": "http.response.start", "status": 200, "headers": SSE})
            pieces = [event({"content": text[at : at + 4]}) for at in range(0, len(text), 4)]
            usage = b'data: {"choices":[],"usage":{"prompt_tokens":11,"completion_tokens":22}}\n\n'
            body = b"".join(pieces) + event({}, "stop") + (usage if asked else b"") + b"data: [DONE]\n\n"
            await send({"type": "http.response.body", "body": body})

        for agent in site.agents.values():
            agent.behave = answer
        answered = await site.chat(key, PUBLIC, model="ward", stream=True)
        assert streamed(answered.text) == text
        assert "usage" not in answered.text
        assert used(site) == {"all": 33}
        outcome = (await site.trail(answered.headers["x-exchange-id"]))[-1]["outcome"]
        assert (outcome["tokens_in"], outcome["tokens_out"]) == (11, 22)
        asking = await site.chat(key, PUBLIC, model="ward", stream=True, stream_options={"include_usage": True})
        assert '"completion_tokens":22' in asking.text.replace(" ", "")
        assert used(site) == {"all": 66}
        site.agents["ward"].received.clear()
        silent = await site.chat(key, PUBLIC, model="desk", stream=True)
        assert "stream_options" not in site.agents["desk"].bodies[-1]
        assert streamed(silent.text) == text
        taken = used(site)["all"] - 66 - len(PUBLIC) // 4
        assert len(text) // 4 <= taken <= len(text) // 4 + 5
        assert mode == "buffer" or len(silent.content) > 20 * len(text)


async def test_who_is_turned_away_by_the_ledger_or_the_agent_has_used_nothing(sqlite_settings: Settings) -> None:
    watch = Watch()
    async with system(sqlite_settings, limit=[limit("all", "tokens", 100_000)], failpoint=watch) as site:
        key = await site.key("clerk")
        watch.failing = True
        assert (await site.chat(key, PUBLIC)).status_code == 503
        watch.failing = False
        assert used(site) == {}


async def test_what_a_warning_or_a_refused_intent_precedes_is_counted_when_nothing_of_it_comes_on_record(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    missed = list[bool]()

    async def unreadable(*_: object) -> None:
        raise LedgerUnavailable("gone")

    async with system(sqlite_settings, limit=[limit("watch", "requests", 1, hard=False)]) as site:
        key = await site.key("clerk")
        assert (await site.chat(key, PUBLIC)).status_code == 200
        monkeypatch.setattr(LedgerWriter, "missed", lambda self: missed.append(True))
        with monkeypatch.context() as patched:
            patched.setattr(Caching, "find", unreadable)
            answer = await site.chat(key, PUBLIC)
        assert (answer.status_code, missed) == (503, [True])
        assert await events(site, answer) == ["limit.warned"]

        submit = LedgerWriter.submit

        def moved(self: LedgerWriter, entry: Entry, only_if_open: bool = False) -> asyncio.Future[Appended | None]:
            if not entry.opens:
                return submit(self, entry, only_if_open)
            refused = asyncio.get_running_loop().create_future()
            refused.set_exception(DenialsMoved("moved"))
            return refused

        monkeypatch.setattr(LedgerWriter, "submit", moved)
        monkeypatch.setattr(Admission, "again", unreadable)
        answer = await site.chat(key, PUBLIC)
        assert (answer.status_code, missed) == (503, [True, True])
        assert await events(site, answer) == []


async def test_a_further_agent_is_held_to_its_own_limits(sqlite_settings: Settings) -> None:
    agents = {
        "first": {"url": "http://127.0.0.1:1", "zone": "in-house", "capabilities": ["summarize"]},
        "second": {"zone": "in-house", "capabilities": ["summarize"]},
    }
    limits = [
        limit("first", "tokens", 5000, agents=["first"]),
        limit("second", "requests", 1, agents=["second"]),
        limit("both", "tokens", 100_000),
    ]
    async with system(sqlite_settings, agents=agents, limit=limits) as site:
        key = await site.key("clerk")
        answer = await site.chat(key, PUBLIC, model="first")
        assert (answer.status_code, answer.headers["x-routed-agent"]) == (200, "second")
        assert used(site) == {"second": 1, "both": 7}
        again = await site.chat(key, PUBLIC, model="first")
        assert (again.status_code, code(again)) == (502, "agent_unavailable")
        assert len(site.agents["second"].received) == 1


async def test_kept_answers_take_no_tokens(sqlite_settings: Settings) -> None:
    agents = {"desk": {"zone": "in-house", "capabilities": ["summarize"], "cache_s": 60}}
    prices = [{"agent": "desk", "input": 1_000_000}]
    async with system(sqlite_settings, agents=agents, limit=[limit("all", "tokens", 5000)], price=prices) as site:
        key = await site.key("clerk")
        for _ in range(2):
            answer = await site.chat(key, PUBLIC, model="desk")
            assert answer.status_code == 200
        assert used(site) == {"all": 7}
        *_, end = await site.trail(answer.headers["x-exchange-id"])
        assert (end["outcome"]["code"], end["outcome"]["cost"]) == ("cached", 0)


async def test_without_limits_and_prices_there_is_nothing_to_reserve_from(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings) as site:
        assert site.gateway.quotas is None
        answer: httpx.Response = await site.chat(await site.key("clerk"), PUBLIC)
        assert answer.headers["ratelimit"].startswith('"credential"')
