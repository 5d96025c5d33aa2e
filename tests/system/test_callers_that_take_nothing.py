"""Callers who keep their connection and read nothing, leave behind bytes that nobody reads, or end their own side."""

import asyncio
import json
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from gateway.settings import Settings
from gateway.web import protocol
from gateway.web.app import build_app
from gateway.web.protocol import HttpProtocol
from tests.checks.identity.certifying import SERVER, Authority
from tests.system.kit import PUBLIC, Watch
from tests.system.site import Agent, System, completion, event, send_json, served, system

SSE = [(b"content-type", b"text/event-stream")]
WORDS = event({"content": "Word after word. " * 200})
MODES: dict[str, Any] = {"classification": {"stream": "mask"}}


class Narrow(HttpProtocol):
    """With little room in the system, so that little is enough to wait."""

    def connection_made(self, transport: Any) -> None:
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        super().connection_made(transport)


class Endless:
    """An agent's behaviour: it writes for ever, `silent` nothing, until its caller has gone."""

    def __init__(self, agent: Agent, *, silent: bool = False) -> None:
        self.working, self.left = asyncio.Event(), asyncio.Event()
        self._silent = silent
        agent.behave = self._behave

    async def _behave(self, scope: Any, receive: Any, send: Any) -> None:
        gone = asyncio.create_task(self._gone(receive))
        self.working.set()
        if not self._silent:
            await send({"type": "http.response.start", "status": 200, "headers": SSE})
            while not gone.done():
                await send({"type": "http.response.body", "body": WORDS, "more_body": True})
        await gone
        self.left.set()

    async def _gone(self, receive: Any) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass


@asynccontextmanager
async def narrow(
    base: Settings, watch: Watch, http: type[HttpProtocol], *, tls: bool = False, **sections: Any
) -> AsyncIterator[tuple[System, int, ssl.SSLContext | None]]:
    """A gateway with one agent that has one place; the port that the protocol serves it at, and who trusts it."""
    agents = {"ward": {"zone": "in-house", "concurrency": 1, "queue": 0}}
    context, given = None, dict[str, Any]()
    if tls:
        folder, house = Path(base.base), Authority("house")
        certificate, key = house.issue(dns=["localhost"], purposes=SERVER).write(folder, "gateway")
        context = ssl.create_default_context(cadata=house.pem.decode())
        given = {"ssl_certfile": certificate, "ssl_keyfile": key}
    async with (
        system(base, agents=agents, failpoint=watch, **sections) as site,
        served(build_app(site.gateway), http=http, **given) as url,
    ):
        yield site, int(url.rpartition(":")[2]), context


def caller(port: int, context: ssl.SSLContext | None = None) -> socket.socket:
    """A connection with little room for what it does not read. Blocks for a handshake, if there is one."""
    one = socket.socket()
    one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    one.settimeout(20)
    one.connect(("127.0.0.1", port))
    return one if context is None else context.wrap_socket(one, server_hostname="localhost")


def asked(key: str, **more: Any) -> bytes:
    body = json.dumps({"model": "ward", "messages": [{"role": "user", "content": PUBLIC}], **more}).encode()
    head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\n"
    return head.encode() + b"content-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body) + body


def ended(site: System) -> Callable[[], Awaitable[list[dict[str, Any]]]]:
    async def found() -> list[dict[str, Any]]:
        return [record for record in await site.records() if record["event"] == "exchange.completed"]

    return found


async def at_once(call: Callable[[], Any]) -> Any:
    """What blocks, beside the loop."""
    return await asyncio.get_running_loop().run_in_executor(None, call)


async def free(site: System, key: str) -> None:
    """The agent's one place is free again."""
    site.agents["ward"].behave = None
    async with asyncio.timeout(20):
        while (answer := await site.chat(key, PUBLIC, model="ward")).status_code == 503:
            pass
    assert answer.status_code == 200


@pytest.mark.parametrize("tls", [False, True])
async def test_a_stream_that_nobody_takes_ends_on_record_and_gives_its_place_back(
    sqlite_settings: Settings, tls: bool
) -> None:
    watch, cut = Watch(), list[None]()
    http = Narrow.within(10, 0.2, lambda: cut.append(None))
    async with narrow(sqlite_settings, watch, http, tls=tls, **MODES) as (site, port, context):
        key, endless = await site.key("agent"), Endless(site.agents["ward"])
        with closing(await at_once(lambda: caller(port, context))) as one:
            one.sendall(asked(key, stream=True))
            await asyncio.wait_for(endless.working.wait(), 20)
            assert (await site.chat(key, PUBLIC, model="ward")).status_code == 503
            (end,) = await watch.until(ended(site))
            assert (end["outcome"]["code"], end["outcome"]["status"]) == ("client_disconnected", 499)
            await asyncio.wait_for(endless.left.wait(), 20)
            assert cut == [None]
            await free(site, key)


@pytest.mark.parametrize("tls", [False, True])
async def test_a_whole_answer_that_nobody_takes_keeps_its_place_until_it_is_dropped(
    sqlite_settings: Settings, tls: bool
) -> None:
    """So that there are never more of them in memory than there are places."""
    watch, cut = Watch(), asyncio.Event()
    large = "plain words " * 200_000

    async def whole(scope: Any, receive: Any, send: Any) -> None:
        await send_json(send, completion(large))

    async with narrow(sqlite_settings, watch, Narrow.within(10, 1.0, cut.set), tls=tls) as (site, port, context):
        key = await site.key("agent")
        site.agents["ward"].behave = whole
        with closing(await at_once(lambda: caller(port, context))) as one:
            one.sendall(asked(key))
            (end,) = await watch.until(ended(site))
            assert end["outcome"]["code"] == "ok", "it had been inspected and released"
            if not cut.is_set():
                answer = await site.chat(key, PUBLIC, model="ward")
                assert answer.status_code == 503 or cut.is_set()
            await asyncio.wait_for(cut.wait(), 20)
            await free(site, key)


async def test_a_large_answer_comes_whole_to_whoever_takes_it_slowly(sqlite_settings: Settings) -> None:
    watch = Watch()
    text = "".join(f"word {number} and " for number in range(100_000))
    async with narrow(sqlite_settings, watch, Narrow.within(10, 60)) as (site, port, _):
        key = await site.key("agent")
        site.agents["ward"].answer = lambda body: text
        with closing(caller(port)) as one:
            one.sendall(asked(key).replace(b"host: x", b"host: x\r\nconnection: close"))
            read = b""
            while data := await at_once(lambda: one.recv(100_000)):
                read += data
        head, _, body = read.partition(b"\r\n\r\n")
        assert b"content-length: %d\r\n" % len(body) in head + b"\r\n"
        assert json.loads(body)["choices"][0]["message"]["content"] == text


async def test_who_leaves_bytes_behind_that_nobody_reads_yet_has_left_all_the_same(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A further request behind the open one, of whatever size: the agent learns that nobody listens."""
    monkeypatch.setattr(protocol, "PAUSED_S", 0.01)
    watch = Watch()
    behind = (b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n", asked("gwk_a"), asked("gwk_a")[:-5])
    async with narrow(sqlite_settings, watch, HttpProtocol.within(10)) as (site, port, _):
        key = await site.key("agent")
        for number, (further, later) in enumerate(product(behind, (False, True)), 1):
            silent = Endless(site.agents["ward"], silent=True)
            with closing(caller(port)) as one:
                one.sendall(asked(key) if later else asked(key) + further)
                await asyncio.wait_for(silent.working.wait(), 20)
                if later:  # while nobody waits for anything more to read
                    one.sendall(further)
            await asyncio.wait_for(silent.left.wait(), 20)

            async def all_of_them(number: int = number) -> list[dict[str, Any]] | None:
                found = await ended(site)()
                return found if len(found) == number else None

            ends = await watch.until(all_of_them)
            assert {end["outcome"]["code"] for end in ends} == {"client_disconnected"}
            assert len(site.agents["ward"].received) == number, "what stood behind was not asked for"


@pytest.mark.parametrize("streamed", [False, True])
async def test_who_ends_its_own_side_before_it_has_its_answer_has_left(
    sqlite_settings: Settings, streamed: bool
) -> None:
    watch = Watch()
    async with narrow(sqlite_settings, watch, Narrow.within(10), **MODES) as (site, port, _):
        key = await site.key("agent")
        endless = Endless(site.agents["ward"], silent=not streamed)
        with closing(caller(port)) as one:
            one.sendall(asked(key, stream=streamed))
            await asyncio.wait_for(endless.working.wait(), 20)
            one.shutdown(socket.SHUT_WR)
            await asyncio.wait_for(endless.left.wait(), 20)
            (end,) = await watch.until(ended(site))
            assert end["outcome"]["code"] == "client_disconnected"


async def test_who_ends_its_own_side_with_its_request_is_never_on_record_as_answered(
    sqlite_settings: Settings,
) -> None:
    """However fast the agent is."""
    watch, working, goes_on = Watch(), asyncio.Event(), asyncio.Event()
    async with narrow(sqlite_settings, watch, HttpProtocol.within(10)) as (site, port, _):

        async def work(headers: dict[str, str]) -> None:
            working.set()
            await goes_on.wait()

        site.agents["ward"].on_request = work
        key = await site.key("agent")
        with closing(caller(port)) as one:
            one.sendall(asked(key))
            await asyncio.wait_for(working.wait(), 20)
            one.shutdown(socket.SHUT_WR)
            assert await at_once(lambda: one.recv(1)) == b""
            goes_on.set()
            (end,) = await watch.until(ended(site))
            assert end["outcome"]["code"] == "client_disconnected"
