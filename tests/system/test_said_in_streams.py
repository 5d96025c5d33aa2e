"""What an agent says in a stream sticks before a byte of it leaves: a gateway killed in the middle forgets nothing.

Known of others: the pin is written when the stream has ended, and one that is cut off leaves a clean session.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import msgspec
import pytest

from gateway.settings import Settings
from tests.agents.a2a_making import message, result, task
from tests.agents.mcp_making import rpc
from tests.extraction import test_responses
from tests.extraction.planting import data
from tests.store.ledger_kit import rows
from tests.system.installation import installation
from tests.system.kit import HEALTH, PUBLIC
from tests.system.processes import child, serve_until
from tests.system.site import Agent, served, system

FILLER = " and so on" * 60
"""Longer than what is held back."""


class Turns(msgspec.Struct, frozen=True):
    """One protocol: its agent's settings, what an event of the agent's says, and what a caller sends first and then."""

    agent: dict[str, Any]
    says: Callable[[str], bytes]
    path: str
    first: dict[str, Any]
    second: dict[str, Any]
    headers: dict[str, str] = {}


def _delta(text: str) -> bytes:
    begun = {"type": "response.created", "response": {**test_responses.RESPONSE, "id": "resp_7"}}
    place = {"item_id": "i", "output_index": 0, "content_index": 0}
    return data(begun) + data({"type": "response.output_text.delta", **place, "delta": text})


def _told(text: str) -> bytes:
    said = message({"text": text}, role="ROLE_AGENT", contextId="c-1", taskId="t-1")
    return data(result({"task": task(status={"state": "TASK_STATE_WORKING", "message": said})}))


def _called(method: str) -> dict[str, Any]:
    params = {"message": message({"text": PUBLIC}, contextId="c-1")}
    return {"jsonrpc": "2.0", "id": 7, "method": method, "params": params}


TURNS = {
    "responses": Turns(
        {"protocol": "openai", "apis": ["responses"]},
        _delta,
        "/v1/responses",
        {"model": "cloud", "input": PUBLIC, "stream": True},
        {"model": "cloud", "input": PUBLIC, "previous_response_id": "resp_7"},
    ),
    "a2a": Turns(
        {"protocol": "a2a"},
        _told,
        "/a2a/cloud",
        _called("SendStreamingMessage"),
        _called("SendMessage"),
        {"a2a-version": "1.0"},
    ),
}


def talks(agent: Agent, turns: Turns, text: str) -> asyncio.Event:
    """The agent says this, and nothing more until the event is set."""
    more = asyncio.Event()

    async def behave(scope: Any, receive: Any, send: Any) -> None:
        head = [(b"content-type", b"text/event-stream")]
        await send({"type": "http.response.start", "status": 200, "headers": head})
        await send({"type": "http.response.body", "body": turns.says(text), "more_body": True})
        await more.wait()
        await send({"type": "http.response.body", "body": b""})

    agent.behave = behave
    return more


@asynccontextmanager
async def stream(url: str, key: str, turns: Turns) -> AsyncIterator[AsyncIterator[bytes]]:
    """The first turn's stream, read until the agent's words have come."""
    headers = {"authorization": f"Bearer {key}", **turns.headers}
    async with (
        httpx.AsyncClient(base_url=url, timeout=30) as client,
        client.stream("POST", turns.path, json=turns.first, headers=headers) as answer,
    ):
        arriving, seen = answer.aiter_raw(), b""
        async with asyncio.timeout(30):
            while b"diabetes" not in seen:
                seen += await anext(arriving)
        yield arriving


async def again(url: str, key: str, turns: Turns) -> httpx.Response:
    headers = {"authorization": f"Bearer {key}", **turns.headers}
    async with httpx.AsyncClient(base_url=url, timeout=30) as client:
        return await client.post(turns.path, json=turns.second, headers=headers)


@pytest.mark.parametrize("name", TURNS)
async def test_a_gateway_killed_in_the_middle_of_a_stream_holds_the_session_to_what_was_said(
    database: Settings, name: str
) -> None:
    """The agent may not be sent what it said itself: the next turn goes nowhere, whatever it says."""
    turns, agent = TURNS[name], Agent()
    more = talks(agent, turns, HEALTH + FILLER)
    async with served(agent) as address:
        described = {"id": "cloud", "zone": "cloud", "processor": "cloud-inc", "url": address, **turns.agent}
        async with installation(database, agent=[described]) as site:
            async with child(serve_until, site.file, "never", 1, "kill") as gateway:
                url = await gateway.told()
                async with stream(url, site.key, turns) as arriving:
                    await gateway.kill()
                    with pytest.raises(httpx.TransportError):
                        async for _ in arriving:
                            pass
            more.set()
            asked = len(agent.received)
            async with child(serve_until, site.file, "never", 1, "kill") as gateway:
                answer = await again(await gateway.told(), site.key, turns)
        assert "policy_denied" in answer.text
        assert len(agent.received) == asked == 1


@pytest.mark.parametrize("name", TURNS)
async def test_a_turn_that_comes_while_the_stream_goes_on_is_held_to_what_it_has_said(
    sqlite_settings: Settings, name: str
) -> None:
    turns = TURNS[name]
    agents = {"cloud": {"zone": "cloud", "processor": "cloud-inc", **turns.agent}}
    async with system(sqlite_settings, agents=agents) as site:
        more = talks(site.agents["cloud"], turns, HEALTH + FILLER)
        key = await site.key("clinician")
        async with stream(site.url, key, turns) as arriving:
            found = await rows(sqlite_settings, "SELECT said FROM session")
            assert {frozenset(row[0].split()) for row in found} == {frozenset({"phi", "pii"})}
            assert "policy_denied" in (await again(site.url, key, turns)).text
            more.set()
            async for _ in arriving:
                pass
        assert len(site.agents["cloud"].received) == 1


async def test_a_notification_on_the_stream_of_an_mcp_session_sticks_before_it_leaves(
    sqlite_settings: Settings,
) -> None:
    """Each event is a whole message, and the stream may last for hours."""
    agents = {"ward": {"zone": "in-house", "protocol": "mcp"}}
    kinds = {"accept": "application/json, text/event-stream", "mcp-protocol-version": "2025-11-25"}
    begun = {"protocolVersion": "2025-11-25", "capabilities": {}, "serverInfo": {"name": "n", "version": "1"}}
    more = asyncio.Event()

    async def behave(scope: Any, receive: Any, send: Any) -> None:
        if scope["method"] == "POST":
            body = json.dumps({"jsonrpc": "2.0", "id": 1, "result": begun}).encode()
            head = [(b"content-type", b"application/json"), (b"mcp-session-id", b"s-1")]
            await send({"type": "http.response.start", "status": 200, "headers": head})
            await send({"type": "http.response.body", "body": body})
            return
        head = [(b"content-type", b"text/event-stream")]
        await send({"type": "http.response.start", "status": 200, "headers": head})
        said = data(rpc("notifications/message", {"level": "info", "data": HEALTH}, id=None))
        await send({"type": "http.response.body", "body": said, "more_body": True})
        await more.wait()
        await send({"type": "http.response.body", "body": b""})

    async with system(sqlite_settings, agents=agents) as site:
        site.agents["ward"].behave = behave
        headers = {"authorization": f"Bearer {await site.key('clinician')}", **kinds}
        asked = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "c", "version": "1"}}
        hello = await site.http.post("/mcp/ward", json=rpc("initialize", asked), headers=headers)
        session = {"mcp-session-id": hello.headers["mcp-session-id"]}
        seen = b""
        async with site.http.stream("GET", "/mcp/ward", headers={**headers, **session}) as answer:
            arriving = answer.aiter_raw()
            async with asyncio.timeout(30):
                while b"diabetes" not in seen:
                    seen += await anext(arriving)
            found = await rows(sqlite_settings, "SELECT said FROM session")
            assert {frozenset(row[0].split()) for row in found} == {frozenset({"phi", "pii"})}
            more.set()
