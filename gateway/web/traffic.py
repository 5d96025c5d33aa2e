"""The traffic plane: raw ASGI, because each layer above it costs a share of every request.

A request's body is read only when the pipeline asks for it, within its bounds. A request that takes longer than
`WATCH_AFTER_S` from then on is watched, and its exchange is cancelled when the caller goes away: most are answered
sooner, and a task for each of them would cost more than the answers that are saved. Back-pressure is the server's own:
`send` waits. So does the end of an answer that is large, until the caller has taken most of it: what waits in memory
has a place at its agent, of which there are so many.

A server that says itself when a caller leaves (`web.presence`) is asked for that instead of a watch.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from functools import lru_cache
from typing import Any, Protocol, TypeAlias

from gateway.core.refusal import Refusal
from gateway.exchange.arrival import Arrival, BodyReader, Responder
from gateway.exchange.exchange import Exchange
from gateway.settings import Server
from gateway.web.presence import PRESENCE, Presence

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]

TLS = "gateway.tls"
"""Under which a server that ends TLS itself says version and cipher in the scope's `state`."""
CERTIFICATE = "gateway.certificate"
"""Under which such a server says there, in DER, what certificate the connection showed and proved to hold; or what a
trusted proxy says instead, or why what says so is not to be believed (`web.proxies`)."""
WATCH_AFTER_S = 0.25
"""How long a caller may have been gone, from the end of its body on, before anybody looks."""
LARGE = 65_536
"""Bytes of an answer, or a piece of one, beyond which it is waited for until they are taken."""
PIECE = 262_144
"""Bytes that are handed to the server at once of those."""


class Connection:
    """One request's connection: its body (read once, bounded in bytes and seconds), the way back, and a watch on it.

    A `Responder`; `read` is a `BodyReader`. `gone`: the caller went away, and the task was cancelled for it.
    Make it in the task that handles the request.
    """

    def __init__(self, scope: Scope, receive: Receive, send: Send, server: Server) -> None:
        self._receive, self._send = receive, send
        self._limit, self._seconds = server.max_body_bytes, server.body_timeout_s
        # Asked once: each time, this asks the system which process it is.
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.current_task(self._loop)
        self._declared = b"0"
        for name, value in scope["headers"]:
            if name == b"content-length":
                self._declared = value
                break
        self._presence: Presence | None = (scope.get("extensions") or _NO_STATE).get(PRESENCE)
        self._timer: asyncio.TimerHandle | None = None
        self._watch: asyncio.Task[None] | None = None
        self._slow = False
        self.started = False
        self.gone = False

    async def read(self) -> bytes | Refusal:
        """The whole body, or why not; afterwards the connection is watched."""
        if self._declared.isdigit() and int(self._declared[:19]) > self._limit:
            return self._too_large()
        timer = self._loop.call_later(self._seconds, self._give_up)
        try:
            body = await self._body()
        except asyncio.CancelledError:
            if not _ends_here(self._slow):
                raise
            return Refusal(code="body_too_slow", hint=f"the whole body within {self._seconds} seconds")
        finally:
            timer.cancel()
        if isinstance(body, bytes):
            if self._presence is not None:
                self._presence.watch(self._left)
            else:
                self._timer = self._loop.call_later(WATCH_AFTER_S, self._attend)
        return body

    async def start(self, status: int, headers: list[tuple[str, str]]) -> None:
        self.started = True
        raw = [(_name(name), value.encode("latin-1")) for name, value in headers]
        await self._send({"type": "http.response.start", "status": status, "headers": raw})

    async def write(self, data: bytes, *, last: bool = False) -> None:
        if len(data) > LARGE:
            # Before each piece the server waits for the ones before it, and with the empty one for them all.
            for at in range(0, len(data), PIECE):
                await self._send({"type": "http.response.body", "body": data[at : at + PIECE], "more_body": True})
            data = b""
        await self._send({"type": "http.response.body", "body": data, "more_body": not last})

    def close(self) -> None:
        """End the watch. Nothing refers to the request any more, so that it is freed at once: a task that was cancelled
        holds, with the place where that happened, all that stood there."""
        if self._presence is not None:
            self._presence.forget(self._left)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None

    async def _body(self) -> bytes | Refusal:
        chunks: list[bytes] = []
        size, more = 0, True
        while more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                return Refusal(code="body_incomplete")
            chunks.append(message.get("body", b""))
            size += len(chunks[-1])
            if size > self._limit:
                return self._too_large()
            more = message.get("more_body", False)
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    def _too_large(self) -> Refusal:
        return Refusal(code="body_too_large", hint=f"at most {self._limit} bytes")

    def _give_up(self) -> None:
        self._slow = True
        self._cancel()

    def _attend(self) -> None:
        self._watch = self._loop.create_task(self._departure())

    async def _departure(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._left()

    def _left(self) -> None:
        self.gone = True
        self._cancel()

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()


@lru_cache(256)
def _name(name: str) -> bytes:
    """A header's name as it is sent. Names come from this gateway's code, so that few are kept."""
    return name.lower().encode("latin-1")


def _ends_here(ours: bool) -> bool:
    """Whether a cancellation of this task goes no further: it was `ours`, and nobody else cancelled it beside."""
    task = asyncio.current_task()
    return ours and task is not None and task.uncancel() == 0


class Handler(Protocol):
    """What handles requests: a `Pipeline`, or what stands before one."""

    async def handle(self, arrival: Arrival, responder: Responder) -> Exchange: ...


class Traffic:
    """An ASGI application for one protocol."""

    def __init__(self, pipeline: Handler, server: Server, protocol: str) -> None:
        self._pipeline, self._server, self._protocol = pipeline, server, protocol

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        connection = Connection(scope, receive, send, self._server)
        try:
            await self._pipeline.handle(arrival_of(scope, connection.read, self._protocol), connection)
        except asyncio.CancelledError:
            # The caller has gone, and the exchange's end is on its way to the record. Any other cancellation is the
            # server's, and goes on.
            if not _ends_here(connection.gone):
                raise
        finally:
            connection.close()


def arrival_of(scope: Scope, body: BodyReader, protocol: str) -> Arrival:
    """What ASGI says of a request, before its body is read."""
    client, state = scope.get("client"), scope.get("state") or _NO_STATE
    return Arrival(
        protocol=protocol,
        method=scope["method"],
        path=scope["path"],
        query=scope["query_string"].decode("latin-1"),
        headers=tuple([(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]),
        source=client[0] if client else "local",
        tls=_tls(scope, state),
        certificate=state.get(CERTIFICATE),
        body=body,
    )


def _tls(scope: Scope, state: Mapping[str, Any]) -> str | None:
    """How the caller's connection is encrypted: as the server says, or as far as a trusted proxy says it."""
    if scope.get("scheme") != "https":
        return None
    told = state.get(TLS)
    return told if isinstance(told, str) else "proxy"


_NO_STATE: Mapping[str, Any] = {}
