"""Bytes to an agent and back, within bounds of size and time. The only place that opens connections to agents.

What it never does: follow a redirect, use a proxy of the environment, keep a cookie, undo a compression without bound,
send a request twice, send to an address it has not looked at. Retries and fall-back are the pipeline's. Every failure
is an `AgentError`; cancelling a call closes its connection at once, so that the agent sees it too.
"""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable
from types import TracebackType
from typing import Self

import msgspec

from gateway.agents.bodies import decompress
from gateway.agents.http1.connection import Connection
from gateway.agents.http1.pool import Pool
from gateway.agents.http1.reader import FAILED
from gateway.core.errors import AgentError
from gateway.core.message import Outgoing, WireAnswer
from gateway.core.ports import Bounds, Route
from gateway.core.refusal import Refusal

Left = Callable[[str | None], None]
"""Told once a request begins to leave, before anybody answers: version and cipher of the connection that it is on, None
without TLS. What ends the call after that, an error or its own cancelling, ends it when it may have arrived."""


class WireStream:
    """An answer whose head has arrived. Iterate once over its body: what came together is one piece."""

    def __init__(self, connection: Connection, status: int, headers: tuple[tuple[str, str], ...]) -> None:
        self.status, self.headers, self.tls = status, headers, connection.tls
        self._connection: Connection | None = connection

    def header(self, name: str) -> str | None:
        """The first value of a header by its lower-case name."""
        return _header(self.headers, name)

    async def whole(self) -> bytes:
        """The body, read to its end; errors as for its pieces."""
        return b"".join([piece async for piece in self])

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """`AgentError`: `closed_early`, `bad_answer`, `timeout_response` (idle), `timeout_total`,
        `answer_too_large`."""
        while self._connection is not None:
            piece = await self._connection.piece()
            if not piece:
                return
            yield piece
        raise AgentError("closed_early")

    def leave(self) -> Connection | None:
        """The connection, which this has no more: another call may follow on it."""
        connection, self._connection = self._connection, None
        return connection


class Streaming:
    """An answer on its way. `close` it, however it went; or use it as a context, which is opened and closed with it."""

    def __init__(self, pool: Pool, route: Route, outgoing: Outgoing, max_bytes: int, left: Left | None = None) -> None:
        self._pool, self._route, self._outgoing, self._max_bytes = pool, route, outgoing, max_bytes
        self._left = left
        self._stream: WireStream | None = None

    async def open(self) -> WireStream:
        """The answer, once its head has arrived. `AgentError`: as of `AgentClient.send`."""
        pool = self._pool
        connection = await _sent(pool, self._route, self._outgoing, self._max_bytes, whole=False, left=self._left)
        try:
            reader = await connection.answered()
        except BaseException:
            pool.give(connection)
            raise
        self._stream = WireStream(connection, reader.status, reader.headers)
        return self._stream

    def close(self) -> None:
        """Close it, also before its end. Once or more often."""
        connection = self._stream.leave() if self._stream is not None else None
        if connection is not None:
            self._pool.give(connection)

    async def __aenter__(self) -> WireStream:
        return await self.open()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AgentClient:
    """Connections to each agent, kept for a while. Close it, or use it as a context manager.

    TLS is verified against the agent's `ca` where it has one, otherwise against the system's authorities.
    """

    def __init__(self, routes: Iterable[Route]) -> None:
        """`ConfigurationError` for an address, a network or a certificate file that cannot be used."""
        self._pools = {route.id: Pool(route) for route in routes}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections; calls under way end with `AgentError`."""
        await asyncio.gather(*(pool.close() for pool in self._pools.values()))

    async def reach(self, route: Route) -> None:
        """Connect to the agent as a call would, its address looked at and TLS with it, and close; nothing is sent.

        `AgentError`: `connect_failed`, `address_refused`, `timeout_connect` and `overloaded`.
        """
        pool = self._pools[route.id]
        connection = await pool.connect(asyncio.get_running_loop().time() + route.timeout_s)
        pool.give(connection)

    async def send(self, route: Route, outgoing: Outgoing, max_bytes: int, left: Left | None = None) -> WireAnswer:
        """The agent's whole answer, whatever its status; at most `max_bytes`, compressed or not.

        `AgentError`: `cannot_render`, `connect_failed`, `address_refused`, `timeout_connect` and `overloaded` if
        nothing was sent; any other if the agent may have received it.
        """
        pool = self._pools[route.id]
        connection = await _sent(pool, route, outgoing, max_bytes, whole=True, left=left)
        try:
            answer = await _taken(connection)
        finally:
            pool.give(connection)
        return _plain(answer, max_bytes)

    async def upload(
        self, route: Route, outgoing: Outgoing, pieces: AsyncIterable[bytes], size: int, max_bytes: int
    ) -> WireAnswer:
        """As `send`, with a body that follows in pieces, `size` bytes in all; they are taken no faster than the other
        side reads. An answer that comes before the end is the answer, and the rest is not sent.

        `AgentError`: as of `send`; `cannot_render` too where the pieces are not of that size: what was announced and
        never came is nothing that the other side may take for whole; `bad_answer` for a success that is told before
        all of it was sent: nobody has what has not left yet.
        """
        pool = self._pools[route.id]
        connection = await _sent(pool, route, outgoing, max_bytes, whole=True, following=size)
        left = size
        try:
            async for piece in pieces:
                left -= len(piece)
                if left < 0:
                    raise AgentError("cannot_render")
                if not await connection.pour(piece):
                    break
            else:
                if left:
                    raise AgentError("cannot_render")
            answer = await _taken(connection)
            if answer.status < 300 and (left or connection.early):
                raise AgentError("bad_answer")
        finally:
            if left:  # what came next on it would be taken for the rest
                connection.abort()
            pool.give(connection)
        return _plain(answer, max_bytes)

    def stream(self, route: Route, outgoing: Outgoing, max_bytes: int, left: Left | None = None) -> Streaming:
        """The agent's answer as it comes; leaving the context closes it. Content codings are left as they are."""
        return Streaming(self._pools[route.id], route, outgoing, max_bytes, left)


async def _taken(connection: Connection) -> WireAnswer:
    reader = await connection.answered()
    return WireAnswer(status=reader.status, headers=reader.headers, body=reader.take(), tls=connection.tls)


def _plain(answer: WireAnswer, max_bytes: int) -> WireAnswer:
    """An answer without its content coding."""
    coding = answer.header("content-encoding")
    if coding is None:
        return answer
    plain = decompress(answer.body, coding, Bounds(body_bytes=max_bytes, answer_bytes=max_bytes, depth=0))
    if isinstance(plain, Refusal):
        raise AgentError("answer_too_large" if plain.code == "body_too_large" else "bad_answer")
    headers = tuple(item for item in answer.headers if item[0] != "content-encoding")
    return msgspec.structs.replace(answer, headers=headers, body=plain)


async def _sent(
    pool: Pool,
    route: Route,
    outgoing: Outgoing,
    max_bytes: int,
    *,
    whole: bool,
    following: int = 0,
    left: Left | None = None,
) -> Connection:
    """The connection that a request is on its way on; `following` bytes of its body are still to come."""
    request = pool.form.render(outgoing, following)
    deadline = asyncio.get_running_loop().time() + route.timeout_s
    connection = pool.take()
    if connection is None:
        connection = await pool.connect(deadline)
    bodiless = outgoing.method == "HEAD"
    connection.send(request, route, bodiless=bodiless, max_bytes=max_bytes, deadline=deadline, whole=whole)
    if left is not None and connection.reader.state != FAILED:
        left(connection.tls)
    return connection


def _header(headers: tuple[tuple[str, str], ...], name: str) -> str | None:
    for key, value in headers:
        if key == name:
            return value
    return None
