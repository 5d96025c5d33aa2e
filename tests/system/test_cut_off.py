"""Who is denied, or loses the key, gets nothing more of what is under way: on record, told, and the agent left."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from gateway.core.refusal import Refusal
from gateway.exchange import underway
from gateway.settings import Settings
from gateway.store.api_keys import Administrator
from tests.system.kit import PUBLIC, Watch, code
from tests.system.mcp_agent import mcp_site
from tests.system.site import Agent, System, event, new_key, system
from tests.web.tasking import chat, tasking

BOTH = "application/json, text/event-stream"
SSE = [(b"content-type", b"text/event-stream")]
STREAMED: dict[str, Any] = {"classification": {"stream": "mask"}}


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(underway, "LOOK_S", 0.01)


class Endless:
    """An agent's behaviour: an event, and then nothing until its caller has gone. `says`: whether it says even that."""

    def __init__(self, agent: Agent, first: bytes | None) -> None:
        self.working, self.left = asyncio.Event(), asyncio.Event()
        self._first = first
        agent.behave = self._behave

    async def _behave(self, scope: Any, receive: Any, send: Any) -> None:
        if self._first is not None:
            await send({"type": "http.response.start", "status": 200, "headers": SSE})
            await send({"type": "http.response.body", "body": self._first, "more_body": True})
        self.working.set()
        while (await receive())["type"] != "http.disconnect":
            pass
        self.left.set()


def initialize() -> dict[str, Any]:
    about = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}
    return {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": about}


WORDS = event({"content": "Word after word. " * 60})


async def by(site: System) -> Administrator:
    writer = await site.gateway.site.writer("default")
    return Administrator(ledger=writer, tenant=writer.tenant)


async def deny(site: System, owner: str) -> None:
    found = await site.gateway.site.denials.deny(await by(site), "subject", owner)
    assert not isinstance(found, Refusal)


def ended(site: System) -> Callable[[], Awaitable[list[dict[str, Any]]]]:
    async def found() -> list[dict[str, Any]]:
        return [record for record in await site.records() if record["event"] == "exchange.completed"]

    return found


@asynccontextmanager
async def streaming(site: System, key: str, **body: Any) -> AsyncIterator[httpx.Response]:
    asked = {"model": "ward", "stream": True, "messages": [{"role": "user", "content": PUBLIC}], **body}
    headers = {"authorization": f"Bearer {key}"}
    async with site.http.stream("POST", "/v1/chat/completions", json=asked, headers=headers) as answer:
        yield answer


async def test_a_stream_of_who_is_denied_ends_with_an_error_event_and_on_record(database: Settings) -> None:
    watch = Watch()
    async with system(database, failpoint=watch, **STREAMED) as site, asyncio.timeout(20):
        agent = Endless(site.agents["ward"], WORDS)
        key, others = await site.key("clerk", owner="app"), await site.key("clerk", owner="nurse")
        async with streaming(site, others) as unharmed, streaming(site, key) as answer:
            pieces = answer.aiter_raw()
            text = await anext(pieces)
            going_on = unharmed.aiter_raw()
            assert b"Word" in await anext(going_on)
            await deny(site, "app")
            text += b"".join([piece async for piece in pieces])
            *_, last = [line for line in text.decode().split("\n\n") if line]
            error = json.loads(last.removeprefix("data: "))["error"]
            assert (error["code"], error["exchange"]) == ("credential_denied", answer.headers["x-exchange-id"])
            assert b"[DONE]" not in text
            await agent.left.wait()
            (end,) = await watch.until(ended(site))
            assert (end["outcome"]["code"], end["outcome"]["status"]) == ("credential_denied", 200)
            assert (end["exchange"], end["agent"]) == (error["exchange"], "ward")
            assert 0 < end["outcome"]["bytes"] == end["response"]["bytes"] <= len(text) - len(last)
            assert end["response"]["commitment"]
            assert len(site.gateway.pipeline.parts.underway) == 1, "whoever is not denied goes on"


@pytest.mark.parametrize("stream", [False, True])
async def test_a_request_that_the_agent_is_still_at_work_for_is_401(database: Settings, stream: bool) -> None:
    async with system(database) as site, asyncio.timeout(20):
        agent = Endless(site.agents["cloud"], None)
        made = await new_key(site.gateway.site, "clerk")
        asking = asyncio.create_task(site.chat(made.plain, PUBLIC, stream=stream))
        await agent.working.wait()
        await site.gateway.site.api_keys.revoke(await by(site), "default", made.record.id)
        answer = await asking
        assert (answer.status_code, code(answer)) == (401, "credential_revoked")
        assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'
        await agent.left.wait()
        assert not site.agents["ward"].received, "nobody else is asked for it"
        _, end = await site.trail(answer.headers["x-exchange-id"])
        assert (end["outcome"]["code"], end["outcome"]["status"]) == ("credential_revoked", 401)
        # What was taken is given back: the gateway serves others as before.
        site.agents["cloud"].behave = None
        assert (await site.chat(await site.key("clerk"), PUBLIC)).status_code == 200
        assert len(site.gateway.pipeline.parts.underway) == 0


async def test_a_rotation_without_an_overlap_cuts_what_the_old_key_began(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings) as site, asyncio.timeout(20):
        agent = Endless(site.agents["cloud"], None)
        made = await new_key(site.gateway.site, "clerk")
        asking = asyncio.create_task(site.chat(made.plain, PUBLIC))
        await agent.working.wait()
        await site.gateway.site.api_keys.rotate(await by(site), "default", made.record.id, overlap_s=0)
        assert code(await asking) == "credential_expired"


@pytest.mark.postgres
async def test_a_denial_on_one_node_cuts_on_the_other(postgres_settings: Settings, tmp_path: Path) -> None:
    async with system(postgres_settings) as one, asyncio.timeout(30):
        second = tmp_path / "two"
        shutil.copytree(tmp_path / "keys", second / "keys", ignore=shutil.ignore_patterns("node-id"))
        async with system(msgspec.structs.replace(postgres_settings, base=str(second)), **STREAMED) as two:
            agent = Endless(two.agents["ward"], WORDS)
            key = await one.key("clerk", owner="app")
            async with streaming(two, key) as answer:
                pieces = answer.aiter_raw()
                await anext(pieces)
                await deny(one, "app")
                rest = b"".join([piece async for piece in pieces])
            assert b"credential_denied" in rest
            await agent.left.wait()


async def test_a_caller_who_does_not_read_holds_nothing(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its end is on record and the agent left, although it could not be told."""
    monkeypatch.setattr("gateway.pipeline.GOODBYE_S", 0.01)
    watch = Watch()
    async with system(sqlite_settings, failpoint=watch, **STREAMED) as site, asyncio.timeout(30):
        flood = Flood(site.agents["ward"])
        key = await site.key("clerk", owner="app")
        async with unread(site, key):
            await deny(site, "app")
            (end,) = await watch.until(ended(site))
            assert end["outcome"]["code"] == "credential_denied"
            await flood.left.wait()


class Flood:
    """An agent's behaviour: words without end, until its caller has gone."""

    def __init__(self, agent: Agent) -> None:
        self.left = asyncio.Event()
        agent.behave = self._behave

    async def _behave(self, scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": SSE})
        gone = asyncio.ensure_future(_departure(receive))
        while not gone.done():
            await send({"type": "http.response.body", "body": WORDS * 20, "more_body": True})
            await asyncio.sleep(0)
        self.left.set()


@asynccontextmanager
async def unread(site: System, key: str) -> AsyncIterator[None]:
    """A stream of which the caller reads the head and nothing else."""
    host, port = site.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port), limit=1024)
    body = json.dumps({"model": "ward", "stream": True, "messages": [{"role": "user", "content": PUBLIC}]}).encode()
    head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\n"
    writer.write(f"{head}content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body)
    await reader.readuntil(b"\r\n\r\n")
    try:
        yield
    finally:
        writer.close()


async def _departure(receive: Any) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def test_an_end_that_cannot_be_recorded_is_told_as_such_and_closed_later(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(underway, "LOOK_S", 3600)
    watch = Watch()
    async with system(sqlite_settings, failpoint=watch) as site, asyncio.timeout(30):
        site.gateway.site.denials.on_moved = lambda tenant: None
        agent = Endless(site.agents["cloud"], None)
        key = await site.key("clerk", owner="app")
        asking = asyncio.create_task(site.chat(key, PUBLIC))
        await agent.working.wait()
        await deny(site, "app")
        watch.failing = True
        open_here = site.gateway.pipeline.parts.underway
        open_here.moved((await by(site)).tenant)
        await open_here.look()
        answer = await asking
        watch.failing = False
        assert (answer.status_code, code(answer)) == (503, "ledger_unavailable")
        await agent.left.wait()
        assert (await site.chat(await site.key("clerk", owner="nurse"), PUBLIC, model="ward")).status_code == 200
        ends = [one["event"] for one in await site.trail(answer.headers["x-exchange-id"])]
        assert ends[0] == "exchange.requested"
        assert len(ends) == 2


async def test_a_caller_who_does_not_read_holds_nothing_either_where_its_end_cannot_be_recorded(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The agent is left at once, and the exchange over as soon as it might have been told."""
    monkeypatch.setattr("gateway.pipeline.GOODBYE_S", 0.01)
    monkeypatch.setattr(underway, "LOOK_S", 3600)
    watch, over = Watch(), asyncio.Event()
    async with system(sqlite_settings, failpoint=watch, **STREAMED) as site, asyncio.timeout(30):
        site.gateway.site.denials.on_moved = lambda tenant: None
        flood = Flood(site.agents["ward"])
        open_here = site.gateway.pipeline.parts.underway
        forget = open_here.over

        def forgotten(exchange: Any) -> None:
            forget(exchange)
            over.set()

        async def unheard(*_: Any) -> None:
            await asyncio.Event().wait()

        monkeypatch.setattr(open_here, "over", forgotten)
        monkeypatch.setattr(site.gateway.pipeline.parts.answering, "refuse", unheard)
        async with unread(site, await site.key("clerk", owner="app")):
            await deny(site, "app")
            watch.failing = True
            open_here.moved((await by(site)).tenant)
            await open_here.look()
            await flood.left.wait()
            await over.wait()
            assert len(open_here) == 0
            watch.failing = False


async def test_who_only_listens_is_cut_too(sqlite_settings: Settings) -> None:
    """A stream of notifications, which lasts until one side ends it, and would have ended orderly."""
    watch = Watch()
    async with mcp_site(sqlite_settings, failpoint=watch) as site, asyncio.timeout(30):
        key = await site.key("clerk", owner="app")
        headers = {
            "authorization": f"Bearer {key}",
            "accept": "text/event-stream",
            "mcp-protocol-version": "2025-11-25",
        }
        begun = await site.http.post("/mcp/tools", json=initialize(), headers={**headers, "accept": BOTH})
        headers["mcp-session-id"] = begun.headers["mcp-session-id"]
        async with site.http.stream("GET", "/mcp/tools", headers=headers) as listening:
            assert listening.status_code == 200
            await deny(site, "app")
            told = b"".join([piece async for piece in listening.aiter_raw()])
        assert json.loads(told.removeprefix(b"data: "))["error"]["data"]["code"] == "credential_denied"
        _, end = await site.trail(listening.headers["x-exchange-id"])
        assert (end["outcome"]["code"], end["outcome"]["status"]) == ("credential_denied", 200)


async def test_a_task_that_is_run_for_who_is_denied_fails_and_is_not_tried_again(database: Settings) -> None:
    async with tasking(database) as t, asyncio.timeout(30):
        agent = Endless(t.site.agents["ward"], None)
        made = await new_key(t.site.gateway.site, "clinician", owner="app")
        own = t.by(made.plain)
        task = await own.submit(chat())
        await agent.working.wait()
        await deny(t.site, "app")
        await agent.left.wait()

        async def ended() -> str | None:
            found = await t.site.gateway.tasks.store.get(t.ledger, task)
            return None if found is None or found.ended_us is None else f"{found.state} {found.code}"

        assert await t.watch.until(ended) == "failed credential_denied"
        assert len(t.site.agents["ward"].received) == 1
