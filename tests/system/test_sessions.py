"""Sensitivity sticks: what was said in a session decides where its later turns may go, on every path and node.

The wire protocol here is chat, taught to name sessions: a request by its headers, an answer by a word in its text.
"""

import asyncio
import re
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from gateway.agents.openai import OpenAIAdapter
from gateway.core.message import Answer, Message
from gateway.core.refusal import Refusal
from gateway.settings import Settings
from gateway.store.sessions import SessionStore, StoredSession
from tests.conftest import ManualClock
from tests.store.ledger_kit import rows
from tests.system.kit import HEALTH, PERSONAL, PUBLIC, code, policies
from tests.system.site import Agent, System, event, send_json, served, system

DAY_S = 86_400
ONE = "a2a-context:1"
_BEGAN = re.compile(rb"began:([\w:-]+)")


class Naming:
    """A stream's filter that knows which sessions its bytes have named."""

    def __init__(self, filter: Any) -> None:
        self._filter = filter
        self.sessions: tuple[str, ...] = ()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._filter, name)

    def feed(self, data: bytes) -> Any:
        self.sessions += tuple(name.decode() for name in _BEGAN.findall(data))
        return self._filter.feed(data)


@pytest.fixture(autouse=True)
def named(monkeypatch: pytest.MonkeyPatch) -> None:
    read, read_answer, stream = OpenAIAdapter.read, OpenAIAdapter.read_answer, OpenAIAdapter.stream

    def naming(self: Any, request: Any, bounds: Any) -> Message | Refusal:
        found = read(self, request, bounds)
        if isinstance(found, Refusal):
            return found
        given = {name: tuple((request.header(f"x-{name}") or "").split()) for name in ("sessions", "references")}
        return msgspec.structs.replace(found, onward=tuple((request.header("x-onward") or "").split()), **given)

    def answering(self: Any, answer: Any, *more: Any) -> Answer:
        names = tuple(name.decode() for name in _BEGAN.findall(answer.body))
        return msgspec.structs.replace(read_answer(self, answer, *more), sessions=names)

    monkeypatch.setattr(OpenAIAdapter, "read", naming)
    monkeypatch.setattr(OpenAIAdapter, "read_answer", answering)
    monkeypatch.setattr(OpenAIAdapter, "stream", lambda self, *more: Naming(stream(self, *more)))


async def turn(site: System, key: str, text: str, model: str = "summarize", **named: Any) -> httpx.Response:
    headers = {f"x-{name}": value for name, value in named.items() if isinstance(value, str)}
    return await site.chat(key, text, model, headers=headers, **{k: v for k, v in named.items() if k == "stream"})


def asked(site: System) -> dict[str, int]:
    return {name: len(agent.received) for name, agent in site.agents.items()}


async def held(settings: Settings) -> list[tuple[Any, ...]]:
    columns = "SELECT agent, zone, sent, said FROM session ORDER BY created_us, key"
    return [tuple(row) for row in await rows(settings, columns)]


async def test_a_fallback_that_moved_a_privacy_pinned_session_to_a_public_model(database: Settings) -> None:
    """Known of others: the trusted agent fails, and the next turn, harmless by itself, goes on at a public one."""
    async with system(database) as site:
        key = await site.key("clinician")
        first = await turn(site, key, HEALTH, sessions=ONE)
        assert (first.status_code, first.headers["x-routed-agent"]) == (200, "ward")
        assert (await turn(site, key, PUBLIC)).headers["x-routed-agent"] == "cloud"
        second = await turn(site, key, PUBLIC, sessions=ONE)
        assert second.headers["x-routed-agent"] == "ward"
        intent = (await site.trail(second.headers["x-exchange-id"]))[0]
        assert intent["classes"]["inherited"] == ["phi", "pii"]
        assert intent["session"].startswith("se_")
        assert {view["agent"]: view["answer"] for view in intent["candidates"]} == {
            "cloud": "session",
            "ward": "allow",
        }

        before = asked(site)
        site.agents["ward"].behave = lambda scope, receive, send: send_json(send, {}, 500)
        failed = await turn(site, key, PUBLIC, sessions=ONE)
        assert (failed.status_code, code(failed)) == (502, "agent_unavailable")
        direct = await turn(site, key, PUBLIC, "cloud", sessions=ONE)
        assert direct.status_code == 502
        exact = await site.chat(key, PUBLIC, "cloud", headers={"x-sessions": ONE, "x-route": "exact"})
        assert (exact.status_code, code(exact)) == (403, "policy_denied")
        assert asked(site) == {**before, "ward": before["ward"] + 2}


async def test_a_session_pin_that_expired_with_its_cache(sqlite_settings: Settings, clock: ManualClock) -> None:
    """Known of others: the pin lives in a cache, and what comes after the cache's time or a restart starts clean."""
    async with apart() as agents:
        async with system(sqlite_settings, agents=agents, clock=clock) as site:
            key = await site.key("clinician")
            assert (await turn(site, key, HEALTH, sessions=ONE)).headers["x-routed-agent"] == "ward"
        for _ in range(3):
            clock.advance(29 * DAY_S)
            async with system(sqlite_settings, agents=agents, clock=clock) as site:
                again = await turn(site, key, PUBLIC, sessions=ONE)
                assert again.headers["x-routed-agent"] == "ward"
                assert (await turn(site, key, PUBLIC)).headers["x-routed-agent"] == "cloud"
        clock.advance(30 * DAY_S)
        async with system(sqlite_settings, agents=agents, clock=clock) as site:
            ended = await turn(site, key, PUBLIC, sessions=ONE)
            assert (ended.status_code, code(ended)) == (404, "not_found")
            [record] = await site.trail(ended.headers["x-exchange-id"])
            assert (record["event"], record["outcome"]["code"]) == ("exchange.denied", "not_found")


@asynccontextmanager
async def apart() -> AsyncIterator[dict[str, dict[str, Any]]]:
    """Agents that outlive a gateway: the cloud one first, then the ward's."""
    async with served(Agent()) as cloud, served(Agent()) as ward:
        yield {
            "cloud": {"zone": "cloud", "processor": "cloud-inc", "capabilities": ["summarize"], "url": cloud},
            "ward": {"zone": "in-house", "capabilities": ["summarize"], "url": ward},
        }


async def test_classes_are_durable_before_the_agent_has_a_byte_and_before_the_answer_is_released(
    database: Settings,
) -> None:
    seen: list[list[tuple[Any, ...]]] = []

    async def failpoint(name: str) -> None:
        if name == "outcome.recorded":
            seen.append(await held(database))

    async with system(database, failpoint=failpoint) as site:
        key = await site.key("clinician")

        async def look(_: dict[str, str]) -> None:
            seen.append(await held(database))

        site.agents["ward"].on_request = look
        site.agents["ward"].answer = lambda body: "The card is 4111 1111 1111 1111, began:a2a-task:7"
        assert (await turn(site, key, HEALTH, sessions=ONE)).status_code == 200
    first = ("ward", "in-house", "phi pii ", "")
    assert seen[0] == [first]
    assert sorted(seen[1]) == [("ward", "in-house", "phi pii ", "pci "), ("ward", "in-house", "phi pii ", "pci ")]


async def test_what_an_agent_says_sticks_and_ends_a_session_that_it_may_not_have(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings) as site:
        key = await site.key("clinician")
        site.agents["cloud"].answer = lambda body: HEALTH
        assert (await turn(site, key, PUBLIC, "cloud", sessions=ONE)).headers["x-routed-agent"] == "cloud"
        denied = await turn(site, key, PUBLIC, "cloud", sessions=ONE)
        assert (denied.status_code, code(denied)) == (403, "policy_denied")
        assert asked(site) == {"cloud": 1, "ward": 0, "desk": 0}


async def test_what_was_masked_on_its_way_out_does_not_end_the_session(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings) as site:
        key = await site.key("clinician")
        site.agents["cloud"].answer = lambda body: "Ask jim.poe@example.org."
        for text in (PERSONAL, PUBLIC, PERSONAL):
            answer = await turn(site, key, text, "cloud", sessions=ONE)
            assert (answer.status_code, answer.headers["x-routed-agent"]) == (200, "cloud")
        assert await held(sqlite_settings) == [("cloud", "cloud", "", "pii ")]


async def test_a_session_is_one_callers_and_one_tenants(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings) as site:
        key, other = await site.key("clinician"), await site.key("clinician", owner="somebody else")
        same = await site.key("clinician")
        await turn(site, key, HEALTH, sessions=ONE)
        before = asked(site)
        for named in ({"sessions": ONE}, {"references": ONE}):
            refused = await turn(site, other, PUBLIC, "ward", **named)
            assert (refused.status_code, code(refused)) == (404, "not_found")
        assert asked(site) == before
        assert (await turn(site, same, PUBLIC, sessions=ONE)).headers["x-routed-agent"] == "ward"


async def test_what_a_provider_holds_and_nobody_here_knows_is_unscanned(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings) as site:
        key = await site.key("clinician")
        denied = await turn(site, key, PUBLIC, "cloud", references="openai-response:1")
        assert (denied.status_code, code(denied)) == (403, "policy_denied")
        [record] = await site.trail(denied.headers["x-exchange-id"])
        assert record["classes"]["inherited"] == ["unscanned"]
        assert [view["agent"] for view in record["candidates"]] == ["cloud"]
        site.agents["cloud"].answer = lambda body: "began:openai-response:1"
        await turn(site, key, PUBLIC, "cloud")
        known = await turn(site, key, PUBLIC, "cloud", references="openai-response:1", sessions="openai-response:1")
        assert known.headers["x-routed-agent"] == "cloud"


async def test_an_id_that_is_seen_early_in_a_stream_and_used_at_once_is_known_by_then(database: Settings) -> None:
    """Nobody is told a name before it is durable: whoever uses it while its stream goes on finds it pinned."""
    async with system(database) as site:
        key, other = await site.key("clinician"), await site.key("clinician", owner="somebody else")
        more = asyncio.Event()

        async def behave(scope: Any, receive: Any, send: Any) -> None:
            head = [(b"content-type", b"text/event-stream")]
            await send({"type": "http.response.start", "status": 200, "headers": head})
            begun = event({"content": "began:a2a-task:9 " + "word " * 300})
            await send({"type": "http.response.body", "body": begun, "more_body": True})
            await more.wait()
            await send({"type": "http.response.body", "body": event({}, "stop") + b"data: [DONE]\n\n"})

        site.agents["ward"].behave = behave
        headers = {"authorization": f"Bearer {key}"}
        body = {"model": "ward", "stream": True, "messages": [{"role": "user", "content": HEALTH}]}
        async with site.http.stream("POST", "/v1/chat/completions", json=body, headers=headers) as answer:
            arriving = answer.aiter_bytes()
            while b"began" not in await anext(arriving):
                pass
            assert await held(database) == [("ward", "in-house", "phi pii ", "")]
            site.agents["ward"].behave = None
            stolen = await turn(site, other, PUBLIC, sessions="a2a-task:9")
            assert (stolen.status_code, code(stolen)) == (404, "not_found")
            mine = await turn(site, key, PUBLIC, sessions="a2a-task:9")
            assert mine.headers["x-routed-agent"] == "ward"
            more.set()
            async for _ in arriving:
                pass
        [_, end] = await site.trail(answer.headers["x-exchange-id"])
        assert end["session"].startswith("se_")


async def test_two_that_begin_the_same_session_at_once_do_not_share_it(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    find, looked, both_looked = SessionStore.find, list[None](), asyncio.Event()

    async def finding(self: SessionStore, keys: Sequence[bytes]) -> dict[bytes, StoredSession]:
        found = await find(self, keys)
        looked.append(None)
        if len(looked) == 2:
            both_looked.set()
        await both_looked.wait()
        return found

    monkeypatch.setattr(SessionStore, "find", finding)
    async with system(sqlite_settings) as site:
        key, other = await site.key("clinician"), await site.key("clinician", owner="somebody else")
        both = await asyncio.gather(*(turn(site, who, PUBLIC, "ward", sessions=ONE) for who in (key, other)))
        assert sorted(answer.status_code for answer in both) == [200, 404]
        lost = next(answer for answer in both if answer.status_code == 404)
        assert code(lost) == "not_found"
        assert [record["event"] for record in await site.trail(lost.headers["x-exchange-id"])] == [
            "exchange.requested",
            "exchange.completed",
        ]
        assert asked(site)["ward"] == 1


@pytest.mark.postgres
async def test_a_session_is_the_same_on_every_node(postgres_settings: Settings, tmp_path: Path) -> None:
    async with apart() as agents, system(postgres_settings, agents=agents) as one:
        (tmp_path / "two").mkdir()
        shutil.copytree(tmp_path / "keys", tmp_path / "two" / "keys", ignore=shutil.ignore_patterns("node-id"))
        second = msgspec.structs.replace(postgres_settings, base=str(tmp_path / "two"))
        async with system(second, agents=agents) as two:
            key = await one.key("clinician")
            assert (await turn(one, key, PUBLIC, sessions=ONE)).headers["x-routed-agent"] == "cloud"
            assert (await turn(two, key, HEALTH, sessions="a2a-context:2")).headers["x-routed-agent"] == "ward"
            denied = await turn(two, key, HEALTH, sessions=ONE)
            assert (denied.status_code, code(denied)) == (403, "policy_denied")
            assert (await turn(one, key, PUBLIC, sessions="a2a-context:2")).headers["x-routed-agent"] == "ward"


async def test_a_chat_carries_its_history_itself_and_needs_no_session(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings) as site:
        key = await site.key("clinician")
        headers = {"authorization": f"Bearer {key}"}
        history = [{"role": "user", "content": HEALTH}, {"role": "assistant", "content": "Noted."}]
        body = {"model": "cloud", "messages": [*history, {"role": "user", "content": PUBLIC}]}
        answer = await site.http.post("/v1/chat/completions", json=body, headers=headers)
        assert answer.headers["x-routed-agent"] == "ward"
        assert await held(sqlite_settings) == []


async def test_what_an_agent_would_contact_by_itself_is_denied_until_a_rule_names_it(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    async with system(sqlite_settings) as site:
        key = await site.key("clinician")
        denied = await turn(site, key, PUBLIC, onward="onward:web_search")
        assert (denied.status_code, code(denied)) == (403, "policy_denied")
        [record] = await site.trail(denied.headers["x-exchange-id"])
        assert {view["answer"] for view in record["candidates"]} == {"onward"}
        assert asked(site) == {"cloud": 0, "ward": 0, "desk": 0}
    rule = (
        "p, 700, role:user, class:public, zone:cloud, onward:web_search, purpose:*, always, allow, none, "
        'public-search, "Public words may be searched for."'
    )
    async with system(sqlite_settings, policy=policies(tmp_path, rule)) as site:
        for text, actions, status in (
            (PUBLIC, "onward:web_search", 200),
            (PUBLIC, "onward:web_search onward:mcp", 403),
            (PERSONAL, "onward:web_search", 403),
        ):
            answer = await turn(site, key, text, "cloud", onward=actions)
            assert (answer.status_code, text) == (status, text)
