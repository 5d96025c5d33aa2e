"""The gateway with another HTTP client to agents, or another kind of route: what was not chosen, to be measured.

    python -m benchmarks.variants CLIENT ROUTE serve …

Clients: `ours`, `pyreqwest`, `aiohttp` where it is installed. Routes: `before` (plain ASGI before the framework, as in
service), Litestar's `asgi` and `post`. Everything else is the gateway as it is. Neither retries, proxies, redirects nor
compressed answers are looked after here: enough for the benchmark's agent and nobody else.
"""

import asyncio
import importlib
import sys
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Self

from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_pem_x509_certificate
from litestar import Litestar, Request, Response, asgi, post
from litestar.response import Stream
from litestar.types import ASGIApp
from pyreqwest.client import ClientBuilder

from gateway.agents.client import AgentClient, Left, WireStream
from gateway.agents.http1 import tls
from gateway.bootstrap import Gateway
from gateway.bootstrap import gateway as building
from gateway.cli import main, serve
from gateway.core.message import Outgoing, WireAnswer
from gateway.core.ports import Route
from gateway.exchange.exchange import Exchange
from gateway.web.traffic import Receive, Scope, Send, Traffic, arrival_of

ROUTES = ("before", "asgi", "post")
PATH = "/v1/chat/completions"
Pieces = Callable[[], AsyncIterator[bytes]]


class Borrowed(WireStream):
    """A stream of another client, in the form that the pipeline takes."""

    def __init__(self, status: int, headers: Iterable[tuple[str, str]], pieces: Pieces) -> None:
        self.status, self.headers, self.tls = status, _lower(headers), None
        self._pieces = pieces

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._pieces():
            yield piece


class Opening:
    """A stream of another client on its way: as the gateway's own `Streaming`."""

    def __init__(self, context: AbstractAsyncContextManager[WireStream]) -> None:
        self._context = context
        self._closing: asyncio.Task[bool | None] | None = None
        self._opened = False

    async def open(self) -> WireStream:
        stream = await self._context.__aenter__()
        self._opened = True
        return stream

    def close(self) -> None:
        """In a task of its own: other clients cannot close at once."""
        if self._opened and self._closing is None:
            self._closing = asyncio.create_task(self._context.__aexit__(None, None, None))


class _Client(ABC):
    """What the pipeline asks of a client to agents. Subclasses say how one call is made."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._routes = tuple(routes)
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        await self._stack.enter_async_context(self._opened())
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    @abstractmethod
    def _opened(self) -> AbstractAsyncContextManager[None]: ...

    @abstractmethod
    async def send(self, route: Route, outgoing: Outgoing, max_bytes: int, left: Left | None = None) -> WireAnswer: ...

    @abstractmethod
    def streamed(self, route: Route, outgoing: Outgoing) -> AbstractAsyncContextManager[WireStream]: ...

    def stream(self, route: Route, outgoing: Outgoing, max_bytes: int, left: Left | None = None) -> Opening:
        return Opening(self.streamed(route, outgoing))

    def _secure(self) -> Route | None:
        """An agent with an authority of its own: all of them have the same."""
        return next((route for route in self._routes if route.ca is not None), None)


class Pyreqwest(_Client):
    """reqwest (Rust) from Python."""

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[None]:
        builder = ClientBuilder().no_proxy().follow_redirects(False).http1_only().default_cookie_store(False)
        secure = self._secure()
        if secure is not None and secure.ca is not None:
            builder = builder.add_root_certificate_der(_der(secure.ca))
        async with builder.build() as self._client:
            yield

    def _request(self, route: Route, outgoing: Outgoing) -> Any:
        request = self._client.request(outgoing.method, route.url.rstrip("/") + outgoing.path)
        for name, value in outgoing.headers:
            request = request.header(name, value)
        return request.body_bytes(outgoing.body)

    async def send(self, route: Route, outgoing: Outgoing, max_bytes: int, left: Left | None = None) -> WireAnswer:
        answer = await self._request(route, outgoing).build().send()
        body = (await answer.bytes()).to_bytes()
        return WireAnswer(status=answer.status, headers=_lower(answer.headers.items()), body=body)

    @asynccontextmanager
    async def streamed(self, route: Route, outgoing: Outgoing) -> AsyncIterator[WireStream]:
        request = self._request(route, outgoing).streamed_read_buffer_limit(0)
        async with request.build_streamed() as answer:

            async def pieces() -> AsyncIterator[bytes]:
                while (chunk := await answer.body_reader.read_chunk()) is not None:
                    yield chunk.to_bytes()

            yield Borrowed(answer.status, answer.headers.items(), pieces)


class Aiohttp(_Client):
    """aiohttp, which is no dependency."""

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[None]:
        library: Any = importlib.import_module("aiohttp")
        secure = self._secure()
        connector = library.TCPConnector(limit=0, ssl=True if secure is None else tls.context(secure))
        jar = library.DummyCookieJar()
        async with library.ClientSession(connector=connector, cookie_jar=jar) as self._session:
            yield

    def _asked(self, route: Route, outgoing: Outgoing) -> Any:
        url, headers = route.url.rstrip("/") + outgoing.path, dict(outgoing.headers)
        return self._session.request(outgoing.method, url, data=outgoing.body, headers=headers, allow_redirects=False)

    async def send(self, route: Route, outgoing: Outgoing, max_bytes: int, left: Left | None = None) -> WireAnswer:
        async with self._asked(route, outgoing) as answer:
            return WireAnswer(status=answer.status, headers=_lower(answer.headers.items()), body=await answer.read())

    @asynccontextmanager
    async def streamed(self, route: Route, outgoing: Outgoing) -> AsyncIterator[WireStream]:
        async with self._asked(route, outgoing) as answer:
            yield Borrowed(answer.status, answer.headers.items(), answer.content.iter_any)


CLIENTS: dict[str, Any] = {"ours": AgentClient, "pyreqwest": Pyreqwest, "aiohttp": Aiohttp}


def _der(certificate: str) -> bytes:
    return load_pem_x509_certificate(Path(certificate).read_bytes()).public_bytes(Encoding.DER)


def _lower(headers: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple((name.lower(), value) for name, value in headers)


def by_asgi(gateway: Gateway) -> Litestar:
    """Traffic as a raw ASGI route of the framework's."""
    traffic = Traffic(gateway.pipeline, gateway.site.settings.server, "openai")

    @asgi(PATH, copy_scope=False)
    async def raw(scope: Scope, receive: Receive, send: Send) -> None:
        await traffic(scope, receive, send)

    return _application(raw)


class Answered:
    """A `Responder` whose answer a handler of the framework gives."""

    def __init__(self) -> None:
        self.started = False
        self.begun: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.status, self.headers = 200, dict[str, str]()
        self._pieces: asyncio.Queue[tuple[bytes, bool]] = asyncio.Queue(maxsize=8)

    async def start(self, status: int, headers: list[tuple[str, str]]) -> None:
        self.started, self.status, self.headers = True, status, dict(headers)
        self.begun.set_result(None)

    async def write(self, data: bytes, *, last: bool = False) -> None:
        await self._pieces.put((data, last))

    async def pieces(self) -> AsyncIterator[bytes]:
        last = False
        while not last:
            data, last = await self._pieces.get()
            if data:
                yield data


def by_post(gateway: Gateway) -> Litestar:
    """Traffic as an ordinary handler of the framework's."""
    under_way: set[asyncio.Task[Exchange]] = set()

    @post(PATH, status_code=200)
    async def handler(request: Request[Any, Any, Any]) -> Response[Any]:
        responder = Answered()
        arrival = arrival_of(request.scope, request.body, "openai")  # type: ignore[arg-type]  # its scope is a TypedDict
        task = asyncio.create_task(gateway.pipeline.handle(arrival, responder))
        under_way.add(task)
        task.add_done_callback(under_way.discard)
        await responder.begun
        if responder.headers.get("content-type") == "text/event-stream":
            return Stream(responder.pieces(), status_code=responder.status, headers=responder.headers)
        body = b"".join([piece async for piece in responder.pieces()])
        return Response(body, status_code=responder.status, headers=responder.headers)

    return _application(handler)


def _application(handler: Any) -> Litestar:
    return Litestar([handler], openapi_config=None, logging_config=None, debug=False)


APPLICATIONS: dict[str, Callable[[Gateway], ASGIApp]] = {"asgi": by_asgi, "post": by_post}


def run(arguments: list[str]) -> int:
    client, route, *rest = arguments
    vars(building)["AgentClient"] = CLIENTS[client]
    if route != "before":
        vars(serve)["build_app"] = APPLICATIONS[route]
    return main.main(rest)


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
