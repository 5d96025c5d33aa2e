"""Bytes to an agent and back, within bounds of size and time. The only place that opens connections to agents.

What it never does: follow a redirect, use a proxy of the environment, keep a cookie, undo a compression without bound,
send a request twice. Retries and fall-back are the pipeline's. Every failure is an `AgentError`; cancelling a call
closes its connection: at once where the answer's head has arrived, otherwise when the agent's own time is up, because
pyreqwest does not tell its worker that nobody waits for the head any more.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_pem_x509_certificates
from pyreqwest.client import Client, ClientBuilder
from pyreqwest.exceptions import (
    ConnectError,
    ConnectTimeoutError,
    DecodeError,
    PoolTimeoutError,
    PyreqwestError,
    RequestError,
    RequestTimeoutError,
)
from pyreqwest.request import StreamRequest
from pyreqwest.response import Response

from gateway.agents.bodies import decompress
from gateway.core.errors import AgentError, ConfigurationError, FormatError
from gateway.core.message import Outgoing, WireAnswer
from gateway.core.ports import Bounds, Route
from gateway.core.refusal import Refusal

_USER_AGENT = "agent-compliance-gateway"
_IDLE_CONNECTION = timedelta(seconds=4)
"""Idle connections are given up before common servers (five seconds) do, so that no request meets a closing one."""
_SHORT = 65_536
"""Bytes of an answer that are read in one go."""
_GRACE_S = 1.0
"""How much later the library's own time-outs come than ours: they only close what a cancelled call left behind."""
_DOT_SEGMENT = re.compile(r"/(?:\.|%2e){1,2}(?:[/\\]|$)|\\", re.IGNORECASE)
"""What URL parsers resolve or rewrite, and what would lead out of the agent's base path."""


class WireStream:
    """An answer whose head has arrived. Iterate once over its body; each chunk as the agent sent it."""

    def __init__(self, response: Response, route: Route, deadline: float, max_bytes: int) -> None:
        self.status = response.status
        self.headers = _headers(response)
        self._response = response
        self._route = route
        self._deadline = deadline
        self._left = max_bytes

    def header(self, name: str) -> str | None:
        """The first value of a header by its lower-case name."""
        for key, value in self.headers:
            if key == name:
                return value
        return None

    async def whole(self) -> bytes:
        """The body, read to its end; errors as for its chunks. A short body that says its length must come whole within
        the idle time, which spares a time-out and a wake-up for each chunk."""
        length = self.header("content-length") or ""
        if not (length.isascii() and length.isdigit() and int(length[:19]) <= min(self._left, _SHORT)):
            return b"".join([chunk async for chunk in self])
        limit = min(asyncio.get_running_loop().time() + self._route.idle_timeout_s, self._deadline)
        try:
            async with asyncio.timeout_at(limit):
                return (await self._response.bytes()).to_bytes()
        except PyreqwestError as error:
            raise AgentError("closed_early") from error
        except TimeoutError as error:
            raise _timeout(limit, self._deadline) from error

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """`AgentError`: `closed_early`, `timeout_response` (idle), `timeout_total`, `answer_too_large`."""
        reader = self._response.body_reader
        loop = asyncio.get_running_loop()
        while True:
            limit = min(loop.time() + self._route.idle_timeout_s, self._deadline)
            try:
                async with asyncio.timeout_at(limit):
                    chunk = await reader.read_chunk()
            except PyreqwestError as error:
                raise AgentError("closed_early") from error
            except TimeoutError as error:
                raise _timeout(limit, self._deadline) from error
            if chunk is None:
                return
            self._left -= len(chunk)
            if self._left < 0:
                raise AgentError("answer_too_large")
            yield chunk.to_bytes()


class AgentClient:
    """One pooled HTTP client per agent, built once. Close it, or use it as a context manager.

    TLS is verified against the system's authorities and, where the agent has a `ca`, against those as well.
    """

    def __init__(self, routes: Iterable[Route]) -> None:
        """`ConfigurationError` for a `ca` file that cannot be read or holds no certificate."""
        self._clients = {route.id: _build(route) for route in routes}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections; calls under way end with `AgentError`."""
        for client in self._clients.values():
            await client.close()

    async def send(self, route: Route, outgoing: Outgoing, max_bytes: int) -> WireAnswer:
        """The agent's whole answer, whatever its status; at most `max_bytes`, compressed or not."""
        async with self.stream(route, outgoing, max_bytes) as answer:
            body = await answer.whole()
        headers = answer.headers
        coding = answer.header("content-encoding")
        if coding is not None:
            plain = decompress(body, coding, Bounds(body_bytes=max_bytes, answer_bytes=max_bytes, depth=0))
            if isinstance(plain, Refusal):
                raise AgentError("answer_too_large" if plain.code == "body_too_large" else "bad_answer")
            body = plain
            headers = tuple(item for item in headers if item[0] != "content-encoding")
        return WireAnswer(status=answer.status, headers=headers, body=body)

    @asynccontextmanager
    async def stream(self, route: Route, outgoing: Outgoing, max_bytes: int) -> AsyncIterator[WireStream]:
        """The agent's answer as it comes; leaving the context closes it. Content codings are left as they are."""
        deadline = asyncio.get_running_loop().time() + route.timeout_s
        request = _request(self._clients[route.id], route, outgoing)
        response = await _head(request, route, deadline)
        try:
            answer = WireStream(response, route, deadline, max_bytes)
            if 300 <= answer.status < 400 and answer.header("location") is not None:
                raise AgentError("redirected")
            yield answer
        finally:
            await request.__aexit__(None, None, None)


def _build(route: Route) -> Client:
    builder = (
        ClientBuilder()
        .no_proxy()
        .follow_redirects(False)
        .referer(False)
        .default_cookie_store(False)
        .gzip(False)
        .brotli(False)
        .zstd(False)
        .deflate(False)
        .http1_only()
        .user_agent(_USER_AGENT)
        .pool_idle_timeout(_IDLE_CONNECTION)
        .connect_timeout(timedelta(seconds=route.connect_timeout_s))
        .read_timeout(timedelta(seconds=max(route.first_byte_timeout_s, route.idle_timeout_s) + _GRACE_S))
        .timeout(timedelta(seconds=route.timeout_s + _GRACE_S))
    )
    if route.ca is not None:
        try:
            pem = Path(route.ca).read_bytes()
            for certificate in load_pem_x509_certificates(pem):
                builder = builder.add_root_certificate_der(certificate.public_bytes(Encoding.DER))
        except OSError as error:
            raise ConfigurationError(f"the ca file of agent {route.id} cannot be read") from error
        except (PyreqwestError, ValueError) as error:
            raise ConfigurationError(f"the ca file of agent {route.id} must hold certificates in PEM") from error
    try:
        return builder.build()
    except PyreqwestError as error:
        raise ConfigurationError(f"no HTTP client can be built for agent {route.id}") from error


def _request(client: Client, route: Route, outgoing: Outgoing) -> StreamRequest:
    path = outgoing.path.partition("?")[0]
    if (path and not path.startswith("/")) or "#" in outgoing.path or _DOT_SEGMENT.search(path):
        raise FormatError("a path that would lead elsewhere than the agent's address")
    try:
        builder = client.request(outgoing.method, route.url + outgoing.path)
        for name, value in outgoing.headers:
            builder = builder.header(name, value, is_sensitive=name == "authorization")
        builder = builder.header("accept-encoding", "identity")
        if outgoing.body or outgoing.method in ("POST", "PUT", "PATCH"):
            builder = builder.body_bytes(outgoing.body)
        # The default would wait for the first 64 KiB of the answer before its head is given.
        return builder.streamed_read_buffer_limit(0).build_streamed()
    except ValueError as error:  # of which pyreqwest's BuilderError is one
        raise FormatError("a request that HTTP cannot carry") from error


async def _head(request: StreamRequest, route: Route, deadline: float) -> Response:
    limit = min(asyncio.get_running_loop().time() + route.first_byte_timeout_s, deadline)
    try:
        async with asyncio.timeout_at(limit):
            return await request.__aenter__()
    except PyreqwestError as error:
        raise _mapped(error) from error
    except TimeoutError as error:
        raise _timeout(limit, deadline) from error


def _timeout(limit: float, deadline: float) -> AgentError:
    return AgentError("timeout_response" if limit < deadline else "timeout_total")


def _mapped(error: PyreqwestError) -> AgentError:
    """What a failure before the answer's head means. Only what surely happened before connecting counts as such.

    pyreqwest says `ConnectError` and `ConnectTimeoutError` also of a connection that broke or was silent after the
    request was sent, and only the text of the causes (reqwest's own) tells the two apart; an unknown text counts as
    sent.
    """
    if isinstance(error, ConnectTimeoutError):
        return AgentError("timeout_connect" if _before_sending(error) else "timeout_response")
    if isinstance(error, PoolTimeoutError):
        return AgentError("overloaded")
    if isinstance(error, RequestTimeoutError):
        return AgentError("timeout_response")
    if isinstance(error, DecodeError):
        return AgentError("bad_answer")
    if isinstance(error, ConnectError):
        return AgentError("connect_failed" if _before_sending(error) else "closed_early")
    return AgentError("closed_early" if isinstance(error, RequestError) else "bad_answer")


def _before_sending(error: ConnectError | ConnectTimeoutError) -> bool:
    causes = error.details["causes"] or []
    return any(cause["message"] == "client error (Connect)" for cause in causes)


def _headers(response: Response) -> tuple[tuple[str, str], ...]:
    try:
        return tuple((name.lower(), value) for name, value in response.headers.items())
    except ValueError as error:  # a value that is not UTF-8
        raise AgentError("bad_answer") from error
