"""Callers who go away: while the record is written, while the agent works, in the middle of a stream."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from gateway.settings import Settings
from tests.system.kit import PUBLIC, SSN, Watch
from tests.system.site import System, event, system

SSE = [(b"content-type", b"text/event-stream")]


def _ended(site: System) -> Callable[[], Awaitable[list[dict[str, Any]]]]:
    async def ended() -> list[dict[str, Any]]:
        return [record for record in await site.records() if record["event"] == "exchange.completed"]

    return ended


async def _gone(task: "asyncio.Task[httpx.Response]") -> None:
    """The caller hangs up."""
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize("stream", [False, True])
async def test_a_caller_who_goes_while_the_agent_works_is_on_record(database: Settings, stream: bool) -> None:
    watch = Watch()
    async with system(database, failpoint=watch) as site:
        working, told = asyncio.Event(), asyncio.Event()

        async def work(scope: Any, receive: Any, send: Any) -> None:
            working.set()
            while (await receive())["type"] != "http.disconnect":
                pass
            told.set()

        site.agents["cloud"].behave = work
        key = await site.key("clerk")
        task = asyncio.create_task(site.chat(key, PUBLIC, stream=stream))
        await asyncio.wait_for(working.wait(), 10)
        await _gone(task)
        # The agent learns it before it has said a word: nobody pays for an answer that nobody reads.
        await asyncio.wait_for(told.wait(), 10)
        (end,) = await watch.until(_ended(site))
        assert (end["outcome"]["code"], end["outcome"]["status"]) == ("client_disconnected", 499)
        assert end["agent"] == "cloud"
        # Nobody else is asked for a caller who is gone.
        assert not site.agents["ward"].received
        site.agents["cloud"].behave = None
        assert (await site.chat(key, PUBLIC)).status_code == 200


async def test_a_caller_who_goes_in_mid_stream_is_on_record_with_what_was_released(database: Settings) -> None:
    watch = Watch()
    async with system(database, failpoint=watch, classification={"stream": "mask"}) as site:
        key = await site.key("clerk", zone="cloud")

        async def endless(scope: Any, receive: Any, send: Any) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": SSE})
            first = event({"content": f"SSN: {SSN}. " + "Word after word. " * 60})
            await send({"type": "http.response.body", "body": first, "more_body": True})
            while (await receive())["type"] != "http.disconnect":
                pass
            stopped.set()

        stopped = asyncio.Event()
        site.agents["ward"].behave = endless
        body = {"model": "ward", "stream": True, "messages": [{"role": "user", "content": PUBLIC}]}
        headers = {"authorization": f"Bearer {key}"}
        async with site.http.stream("POST", "/v1/chat/completions", json=body, headers=headers) as answer:
            async for chunk in answer.aiter_raw():
                assert b"[US-SSN]" in chunk
                break
        (end,) = await watch.until(_ended(site))
        assert (end["outcome"]["code"], end["outcome"]["status"]) == ("client_disconnected", 499)
        assert end["found"] == {"us-ssn": 1}
        assert end["response"]["bytes"] > 0
        assert end["response"]["commitment"]
        # The agent is told that nobody listens any more.
        await asyncio.wait_for(stopped.wait(), 10)


async def test_a_caller_who_is_seen_to_go_while_the_intent_is_written_discloses_nothing(
    database: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The intent may come to be all the same; then it has its end, and no agent was asked."""
    monkeypatch.setattr("gateway.web.traffic.WATCH_AFTER_S", 0)
    watch, reached, released = Watch(), asyncio.Event(), asyncio.Event()
    armed = False

    async def failpoint(name: str) -> None:
        if armed and name == "ledger.before_commit" and not released.is_set():
            reached.set()
            await released.wait()
        await watch(name)

    async with system(database, failpoint=failpoint) as site:
        key = await site.key("clerk")
        await site.chat(key, PUBLIC)
        armed = True
        task = asyncio.create_task(site.chat(key, "Another text."))
        await asyncio.wait_for(reached.wait(), 10)
        await _gone(task)
        released.set()

        async def both() -> list[dict[str, Any]] | None:
            found = await _ended(site)()
            return found if len(found) == 2 else None

        _, end = await watch.until(both)
        assert end["outcome"]["code"] == "client_disconnected"
        assert len(site.agents["cloud"].received) == 1
        opened = [record["exchange"] for record in await site.records() if record["event"] == "exchange.requested"]
        assert opened[-1] == end["exchange"]


async def test_a_caller_who_goes_before_anybody_looks_has_one_end_like_everybody(
    database: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is answered sooner than that is answered: the record says what was asked and what was released."""
    monkeypatch.setattr("gateway.web.traffic.WATCH_AFTER_S", 3600)
    watch = Watch()
    async with system(database, failpoint=watch) as site:
        working, goes_on = asyncio.Event(), asyncio.Event()

        async def work(headers: dict[str, str]) -> None:
            working.set()
            await goes_on.wait()

        site.agents["cloud"].on_request = work
        task = asyncio.create_task(site.chat(await site.key("clerk"), PUBLIC))
        await asyncio.wait_for(working.wait(), 10)
        await _gone(task)
        goes_on.set()
        (end,) = await watch.until(_ended(site))
        assert end["outcome"]["code"] == "ok"


async def test_a_caller_who_goes_before_the_answer_is_released_has_an_end_and_only_one(
    sqlite_settings: Settings,
) -> None:
    watch, reached, released = Watch(), asyncio.Event(), asyncio.Event()
    armed = False

    async def failpoint(name: str) -> None:
        if armed and name == "outcome.recorded":
            reached.set()
            await released.wait()
        await watch(name)

    async with system(sqlite_settings, failpoint=failpoint) as site:
        armed = True
        task = asyncio.create_task(site.chat(await site.key("clerk"), PUBLIC))
        await asyncio.wait_for(reached.wait(), 10)
        await _gone(task)
        released.set()
        await site.gateway.pipeline.drain()
        ended = await _ended(site)()
        assert [record["outcome"]["code"] for record in ended] == ["ok"]


async def test_many_callers_who_go_at_once_all_have_their_end(database: Settings) -> None:
    watch = Watch()
    async with system(database, failpoint=watch) as site:
        count, all_in = 0, asyncio.Event()

        async def work(headers: dict[str, str]) -> None:
            nonlocal count
            count += 1
            if count == 20:
                all_in.set()
            await asyncio.Event().wait()

        site.agents["cloud"].on_request = work
        key = await site.key("clerk")
        tasks = [asyncio.create_task(site.chat(key, f"Text {number}.")) for number in range(20)]
        await asyncio.wait_for(all_in.wait(), 20)
        for task in tasks:
            await _gone(task)

        async def twenty() -> list[dict[str, Any]] | None:
            found = await _ended(site)()
            return found if len(found) >= 20 else None

        ended = await watch.until(twenty)
        assert len({record["exchange"] for record in ended}) == 20
        assert {record["outcome"]["code"] for record in ended} == {"client_disconnected"}


async def test_a_stop_of_the_gateway_leaves_no_exchange_without_its_end(sqlite_settings: Settings) -> None:
    """Requests that are under way when the server stops are closed before the ledger is."""
    async with system(sqlite_settings) as site:
        working = asyncio.Event()

        async def work(headers: dict[str, str]) -> None:
            working.set()
            await asyncio.Event().wait()

        site.agents["cloud"].on_request = work
        task = asyncio.create_task(site.chat(await site.key("clerk"), PUBLIC))
        await asyncio.wait_for(working.wait(), 10)
        await _gone(task)
    async with system(sqlite_settings) as again:
        kinds = [record["event"] for record in await again.records()]
        assert kinds.count("exchange.requested") == 1
        assert kinds.count("exchange.completed") + kinds.count("exchange.interrupted") == 1
