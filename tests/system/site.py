"""A whole gateway for tests: a real installation in a directory, real HTTP agents, a real server on loopback."""

import asyncio
import json
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from gateway.bootstrap import Gateway, Site, open_gateway, open_site
from gateway.core.ports import Clock, Failpoint
from gateway.settings import Settings, parse
from gateway.store.api_keys import Administrator, Grant, NewKey
from gateway.store.keyring import Keyring
from gateway.web.app import build_app

_TRUST = ssl.create_default_context()
"""Made once: reading in the authorities of the machine takes longer than a request."""
SHIPPED = Path(__file__).parents[2] / "policies"
ZONES = [
    {"id": "in-house", "trusted": True, "region": "DE"},
    {"id": "partner"},
    {"id": "cloud", "region": "US"},
]
PROCESSOR = {
    "id": "cloud-inc",
    "legal_name": "Cloud Inc.",
    "address": "1 Cloud Way",
    "country": "US",
    "agreement": {
        "kind": "BAA",
        "digest": "sha256:" + "0" * 64,
        "valid_until": "2099-12-31",
        "classes": ["pii", "phi"],
    },
}
Handler = Callable[[dict[str, Any], Callable[[], Awaitable[Any]], Callable[[Any], Awaitable[None]]], Awaitable[None]]


class Agent:
    """A real HTTP agent of the OpenAI protocol that remembers what it received. `answer` and `chunks` may be set."""

    def __init__(self) -> None:
        self.received: list[tuple[dict[str, str], bytes]] = []
        self.paths: list[str] = []
        self.answer: Callable[[dict[str, Any]], str] = lambda body: str(body["messages"][-1]["content"])
        self.pieces: Callable[[str], list[str]] = lambda text: pieces(text, 3)
        self.on_request: Callable[[dict[str, str]], Awaitable[None]] | None = None
        self.behave: Handler | None = None
        self.url = ""

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.received]

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        self.received.append((headers, body))
        self.paths.append(scope["path"])
        if self.on_request is not None:
            await self.on_request(headers)
        if self.behave is not None:
            await self.behave(scope, receive, send)
            return
        document = json.loads(body) if body else {}
        if not scope["path"].endswith("/chat/completions"):
            await send_json(send, {"echo": document, "path": scope["path"]})
        elif document.get("stream"):
            await self._stream(send, self.answer(document))
        else:
            await send_json(send, completion(self.answer(document)))

    async def _stream(self, send: Any, text: str) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]})
        for piece in self.pieces(text):
            await send({"type": "http.response.body", "body": event({"content": piece}), "more_body": True})
        await send({"type": "http.response.body", "body": event({}, "stop") + b"data: [DONE]\n\n"})


def pieces(text: str, size: int) -> list[str]:
    """A text in pieces of so many characters."""
    return [text[i : i + size] for i in range(0, len(text), size)]


def completion(text: str) -> dict[str, Any]:
    return {
        "id": "c1",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7},
    }


def event(delta: dict[str, Any], finish: str | None = None) -> bytes:
    chunk = {
        "id": "c1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "m",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
    }
    return b"data: " + json.dumps(chunk).encode() + b"\n\n"


async def send_json(send: Any, document: Any, status: int = 200) -> None:
    body = json.dumps(document).encode()
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": body})


class _Server(uvicorn.Server):
    """Stops when it is told to, not at the next tick of a tenth of a second; takes no signals."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.began, self.ended = asyncio.Event(), asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are the test runner's."""
        yield

    async def main_loop(self) -> None:
        await self.on_tick(0)
        self.began.set()
        await self.ended.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn's, without the tenth of a second that it waits in any case: the tests start thousands of them."""
        for server in self.servers:
            server.close()
        for listening in sockets or []:
            listening.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        await asyncio.sleep(0)  # so that connections without a request under way are gone
        await self._wait_tasks_to_complete()
        if not self.force_exit:
            await self.lifespan.shutdown()


@asynccontextmanager
async def served(app: Any, *, lifespan: str = "off", **more: Any) -> AsyncIterator[str]:
    """An ASGI application behind a real server on a free loopback port; gives its address. `more`: of uvicorn's."""
    # With the protocol named, asyncio switches Nagle's algorithm off, as servers that bind by themselves do.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    options: dict[str, Any] = {
        "log_config": None,
        "log_level": "critical",
        "access_log": False,
        "loop": "asyncio",
        "proxy_headers": False,
    }
    config = uvicorn.Config(app, lifespan=lifespan, **{**options, **more})  # type: ignore[arg-type]
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listening]))
    began = asyncio.create_task(server.began.wait())
    await asyncio.wait((task, began), return_when=asyncio.FIRST_COMPLETED)
    if not began.done():
        began.cancel()
        raise AssertionError("the server did not start")
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        # An agent may still be at work for a caller who gave up: it is left to its loop.
        server.force_exit = lifespan == "off"
        server.ended.set()
        await task
        listening.close()


def settings_for(base: Settings, agents: Mapping[str, dict[str, Any]], **sections: Any) -> Settings:
    """Settings on an existing database (`database` fixture), with agents by id and further sections or tables."""
    document: dict[str, Any] = {
        "database": {"url": base.database.url},
        "policy": {"directory": str(SHIPPED)},
        "keys": {"directory": "keys"},
        "zone": ZONES,
        "processor": [PROCESSOR],
        "agent": [{"id": name, "protocol": "openai", **values} for name, values in agents.items()],
        **sections,
        # A machine that is busy with other tests is no reason to leave a text unscanned.
        "classification": {"budget_ms": 10_000, **sections.get("classification", {})},
    }
    if base.database.owner_url is not None:
        document["database"]["owner_url"] = base.database.owner_url
    return parse(document, {}, Path(base.base))


class System:
    """A running gateway with its agents, and clients to it."""

    def __init__(self, gateway: Gateway, url: str, agents: dict[str, Agent]) -> None:
        self.gateway, self.url, self.agents = gateway, url, agents
        self.http = httpx.AsyncClient(base_url=url, timeout=30, verify=_TRUST)

    async def key(self, *roles: str, **grant: Any) -> str:
        """A fresh API key with these roles."""
        made = await new_key(self.gateway.site, *roles, **grant)
        return made.plain

    async def chat(self, key: str, text: str, model: str = "cloud", **options: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer {key}", **options.pop("headers", {})}
        body = {"model": model, "messages": [{"role": "user", "content": text}], **options}
        return await self.http.post("/v1/chat/completions", json=body, headers=headers)

    async def trail(self, exchange: str) -> list[dict[str, Any]]:
        """The envelopes of one exchange, straight from the store."""
        reader = self.gateway.site.reader("default")
        return [json.loads(stored.envelope) for stored in await reader.exchange(exchange)]

    async def records(self, tenant: str = "default") -> list[dict[str, Any]]:
        reader = self.gateway.site.reader(tenant)
        return [json.loads(stored.envelope) async for stored in reader.records(0, await reader.size())]


async def new_key(site: Site, *roles: str, tenant: str = "default", **grant: Any) -> NewKey:
    writer = await site.writer(tenant)
    by = Administrator(ledger=writer, tenant=writer.tenant)
    values = {"owner": "tester", "kind": "service", "zone": "in-house", "purposes": ("TREAT",), **grant}
    made = await site.api_keys.create(by, tenant, Grant(roles=roles or ("agent",), **values))
    if not isinstance(made, NewKey):
        raise AssertionError(made)
    return made


@asynccontextmanager
async def system(
    base: Settings,
    *,
    agents: Mapping[str, dict[str, Any]] | None = None,
    failpoint: Failpoint | None = None,
    clock: Clock | None = None,
    **sections: Any,
) -> AsyncIterator[System]:
    """A gateway over three agents (`cloud`, `ward`, `desk`), all of capability `summarize`, unless others are given."""
    wanted = agents or {
        "cloud": {"zone": "cloud", "processor": "cloud-inc", "capabilities": ["summarize"]},
        "ward": {"zone": "in-house", "capabilities": ["summarize"]},
        "desk": {"zone": "in-house", "capabilities": ["summarize", "lookup"]},
    }
    keys = Path(base.base) / "keys"
    if not keys.exists():
        Keyring.create(keys).close()
    async with AsyncExitStack() as stack:
        running: dict[str, Agent] = {}
        described: dict[str, dict[str, Any]] = {}
        for name, values in wanted.items():
            agent = running[name] = Agent()
            if values.get("pull"):  # nothing is sent to it
                described[name] = dict(values)
                continue
            agent.url = str(values.get("url") or "") or await stack.enter_async_context(served(agent))
            described[name] = {**values, "url": agent.url}
        settings = settings_for(base, described, **sections)
        gateway = await stack.enter_async_context(open_gateway(settings, failpoint=failpoint, clock=clock))
        url = await stack.enter_async_context(served(build_app(gateway), lifespan="on"))
        running_system = System(gateway, url, running)
        stack.push_async_callback(running_system.http.aclose)
        yield running_system


__all__ = [
    "Agent",
    "System",
    "completion",
    "event",
    "new_key",
    "open_site",
    "pieces",
    "served",
    "settings_for",
    "system",
]
