"""Whatever an agent does with a connection ends in an answer within bounds, or in one of the few agent errors."""

import asyncio
import gzip
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pyreqwest.exceptions import (
    ClientClosedError,
    ConnectError,
    ConnectTimeoutError,
    PoolTimeoutError,
    PyreqwestError,
    ReadTimeoutError,
)

from gateway.agents import client as client_module
from gateway.agents.client import AgentClient
from gateway.core.errors import AgentError, ConfigurationError, FormatError
from gateway.core.message import Outgoing, WireAnswer
from gateway.core.ports import Route

from .support import route as make_route

BRIEF = 0.15
"""Seconds until a time-out that a test waits for."""


def post(path: str = "/v1/chat/completions", body: bytes = b"{}", **headers: str) -> Outgoing:
    return Outgoing(method="POST", path=path, headers=tuple(headers.items()), body=body)


class Agent:
    """A server on loopback that answers each connection as it is told, and remembers what it saw."""

    def __init__(self, *replies: bytes, then: str = "close") -> None:
        self.replies = replies
        self.then = then
        self.requests: list[bytes] = []
        self.gone = asyncio.Event()
        self.port = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = 0
        for line in head.split(b"\r\n"):
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        self.requests.append(head + await reader.readexactly(length))
        for reply in self.replies:
            writer.write(reply)
            await writer.drain()
        while self.then == "endless":
            writer.write(b"x" * 65536)
            await writer.drain()
        if self.then == "hang":
            await reader.read()


@asynccontextmanager
async def serving(agent: Agent, tls: ssl.SSLContext | None = None, **more: Any) -> AsyncIterator[Route]:
    calls: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        calls.add(task)
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await agent(reader, writer)
        agent.gone.set()
        writer.close()
        with suppress(ConnectionError, ssl.SSLError):
            await writer.wait_closed()

    server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=tls)
    agent.port = server.sockets[0].getsockname()[1]
    scheme = "http" if tls is None else "https"
    try:
        yield make_route(**{"url": f"{scheme}://127.0.0.1:{agent.port}", **more})
    finally:
        server.close()
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        await server.wait_closed()


async def answer_of(agent: Agent, outgoing: Outgoing | None = None, max_bytes: int = 10_000, **more: Any) -> WireAnswer:
    async with serving(agent, **more) as route, AgentClient([route]) as client:
        return await client.send(route, outgoing or post(), max_bytes)


async def error_of(agent: Agent, max_bytes: int = 10_000, **more: Any) -> str:
    with pytest.raises(AgentError) as caught:
        await answer_of(agent, None, max_bytes, **more)
    return caught.value.code


def ok(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    lines = [f"HTTP/1.1 {status}", f"content-length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class TestAnswers:
    async def test_an_answer_comes_whole_with_its_status_and_headers(self) -> None:
        result = await answer_of(Agent(ok(b"no", "Content-Type: text/plain", "X-A: 1", status="418 Teapot")))
        assert (result.status, result.body) == (418, b"no")
        assert result.header("content-type") == "text/plain"
        assert result.header("x-a") == "1"

    async def test_the_agent_gets_exactly_what_was_rendered(self) -> None:
        agent = Agent(ok(b""))
        await answer_of(
            agent, post("/v1/x?q=%5BEMAIL%5D", b'{"a": 1}', authorization="Bearer k", accept="text/event-stream")
        )
        head, _, body = agent.requests[0].partition(b"\r\n\r\n")
        assert head.startswith(b"POST /v1/x?q=%5BEMAIL%5D HTTP/1.1\r\n")
        assert body == b'{"a": 1}'
        names = sorted(line.split(b":")[0].lower() for line in head.split(b"\r\n")[1:])
        assert names == [b"accept", b"accept-encoding", b"authorization", b"content-length", b"host", b"user-agent"]

    async def test_a_get_has_no_body(self) -> None:
        agent = Agent(ok(b""))
        await answer_of(agent, Outgoing(method="GET", path="/", headers=(), body=b""))
        assert b"content-length" not in agent.requests[0].lower()

    async def test_no_cookie_is_kept_and_no_proxy_of_the_environment_used(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
        monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
        agent = Agent(ok(b"", "Set-Cookie: a=b; Path=/", "connection: close"))
        async with serving(agent) as route, AgentClient([route]) as client:
            await client.send(route, post(), 100)
            await client.send(route, post(), 100)
        assert len(agent.requests) == 2
        assert b"cookie" not in agent.requests[1].lower()

    async def test_a_compressed_answer_that_nobody_asked_for_is_undone_within_bounds(self) -> None:
        result = await answer_of(Agent(ok(gzip.compress(b"{}"), "content-encoding: gzip")))
        assert (result.body, result.header("content-encoding")) == (b"{}", None)

    @pytest.mark.parametrize(
        ("body", "coding", "code"),
        [
            (gzip.compress(b"\0" * 1_000_000, mtime=0), "gzip", "answer_too_large"),
            (b"junk", "gzip", "bad_answer"),
            (b"junk", "br", "bad_answer"),
        ],
    )
    async def test_a_compression_without_bound_or_name_is_not_undone(self, body: bytes, coding: str, code: str) -> None:
        assert await error_of(Agent(ok(body, f"content-encoding: {coding}"))) == code

    async def test_chunks_of_a_stream_arrive_before_its_end(self) -> None:
        agent = Agent(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", b"3\r\nabc\r\n", then="hang")
        async with serving(agent) as route, AgentClient([route]) as client, client.stream(route, post(), 100) as answer:
            assert answer.status == 200
            async for chunk in answer:
                assert chunk == b"abc"
                break
        await asyncio.wait_for(agent.gone.wait(), 5)


class TestMisbehaviour:
    async def test_nobody_listening_is_a_failed_connection(self) -> None:
        async with serving(Agent()) as route:
            pass
        async with AgentClient([route]) as client:
            with pytest.raises(AgentError) as caught:
                await client.send(route, post(), 100)
        assert caught.value.code == "connect_failed"

    @pytest.mark.parametrize(
        "replies",
        [
            (),
            (b"HTTP/1.1 200 OK\r\ncontent-le",),
            (b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc",),
            (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n",),
            (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\nabc\r\n",),
        ],
    )
    async def test_a_connection_that_breaks_after_the_request_was_sent_is_closed_early(
        self, replies: tuple[bytes, ...]
    ) -> None:
        assert await error_of(Agent(*replies)) == "closed_early"

    @pytest.mark.parametrize(
        "reply",
        [
            b"\x00\x01garbage\r\n\r\n",
            b"HTTP/9.9 200 OK\r\n\r\n",
            b"HTTP/1.1 abc OK\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nbad header\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nx: \xff\xfe\r\ncontent-length: 0\r\n\r\n",
        ],
    )
    async def test_garbage_is_a_bad_answer(self, reply: bytes) -> None:
        assert await error_of(Agent(reply)) == "bad_answer"

    @pytest.mark.parametrize(
        ("agent", "bounds"),
        [
            (Agent(then="hang"), {"first_byte_timeout_s": BRIEF, "idle_timeout_s": BRIEF}),
            (Agent(then="hang"), {"timeout_s": BRIEF}),
            (Agent(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc", then="hang"), {"idle_timeout_s": BRIEF}),
        ],
        ids=["a slow first byte", "the whole", "an answer that stalls"],
    )
    async def test_what_is_too_slow_times_out_and_its_connection_is_closed(
        self, agent: Agent, bounds: dict[str, Any]
    ) -> None:
        async with serving(agent, **bounds) as route, AgentClient([route]) as client:
            with pytest.raises(AgentError) as caught:
                await client.send(route, post(), 100)
            # Seen while the server still waits for it: ending the server would end the connection too.
            await asyncio.wait_for(agent.gone.wait(), 5)
        assert caught.value.code == ("timeout_total" if "timeout_s" in bounds else "timeout_response")

    @pytest.mark.parametrize("replies", [(), (b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc",)])
    async def test_the_whole_takes_no_longer_than_its_total(self, replies: tuple[bytes, ...]) -> None:
        assert await error_of(Agent(*replies, then="hang"), timeout_s=BRIEF) == "timeout_total"

    @pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"])
    async def test_a_redirect_is_not_followed(self, status: str) -> None:
        agent = Agent(ok(b"", "location: /elsewhere", status=status))
        assert await error_of(agent) == "redirected"
        assert len(agent.requests) == 1

    async def test_a_body_without_end_is_cut_at_its_bound(self) -> None:
        agent = Agent(b"HTTP/1.1 200 OK\r\n\r\n", then="endless")
        assert await error_of(agent, max_bytes=100_000) == "answer_too_large"
        await asyncio.wait_for(agent.gone.wait(), 5)

    async def test_a_false_content_length_is_not_believed(self) -> None:
        assert await error_of(Agent(b"HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\n\r\n" + b"x" * 20_000)) == (
            "answer_too_large"
        )

    async def test_cancelling_a_call_closes_its_connection(self) -> None:
        agent = Agent(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc", then="hang")
        async with serving(agent) as route, AgentClient([route]) as client:
            started = asyncio.Event()

            async def call() -> None:
                async with client.stream(route, post(), 100) as answer:
                    async for _ in answer:
                        started.set()

            task = asyncio.create_task(call())
            await asyncio.wait_for(started.wait(), 5)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await asyncio.wait_for(agent.gone.wait(), 5)

    async def test_an_error_says_nothing_but_its_code(self) -> None:
        with pytest.raises(AgentError) as caught:
            await answer_of(Agent(b"secret garbage\r\n\r\n"))
        assert str(caught.value) == "bad_answer"

    @pytest.mark.parametrize(
        ("error", "code"),
        [
            (ConnectTimeoutError("x", {"causes": [{"message": "client error (Connect)"}]}), "timeout_connect"),
            (ConnectTimeoutError("x", {"causes": [{"message": "operation timed out"}]}), "timeout_response"),
            (ConnectTimeoutError("x", {"causes": None}), "timeout_response"),
            (PoolTimeoutError("x", {"causes": None}), "overloaded"),
            (ReadTimeoutError("x", {"causes": None}), "timeout_response"),
            (ConnectError("x", {"causes": None}), "closed_early"),
            (ClientClosedError("x", {"causes": None}), "closed_early"),
            (PyreqwestError("x"), "bad_answer"),
        ],
    )
    def test_every_error_of_the_library_has_its_code(self, error: PyreqwestError, code: str) -> None:
        assert client_module._mapped(error).code == code


class TestAddress:
    @pytest.mark.parametrize(
        "path", ["x", "//evil.test/", "/a/../b", "/a/%2e%2E/b", "/a/.%2e", "/.", "/a\\..\\b", "/a#b", "/a?b#c"]
    )
    async def test_a_path_never_leads_out_of_the_agents_address(self, path: str) -> None:
        agent = Agent(ok(b""))
        async with serving(agent) as route, AgentClient([route]) as client:
            if path.startswith("//"):
                await client.send(route, post(path), 100)
                assert agent.requests[0].startswith(b"POST //evil.test/ ")
                return
            with pytest.raises(FormatError):
                await client.send(route, post(path), 100)
        assert agent.requests == []

    async def test_a_header_that_http_cannot_carry_is_not_sent(self) -> None:
        agent = Agent(ok(b""))
        with pytest.raises(FormatError):
            await answer_of(agent, post(accept="a\r\nx: y"))
        assert agent.requests == []


def certificates(directory: Path, name: str = "") -> tuple[Path, Path]:
    """A root (`<name>root.pem`), and a certificate for 127.0.0.1 that it signed, with its key: PEM files."""
    now = datetime.now(UTC)
    keys = {role: ec.generate_private_key(ec.SECP256R1()) for role in ("root", "agent")}
    names = {role: x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name + role)]) for role in keys}
    for role in keys:
        extension: x509.ExtensionType = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
        made = (
            x509.CertificateBuilder()
            .subject_name(names[role])
            .issuer_name(names["root"])
            .public_key(keys[role].public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(extension, False)
            .add_extension(x509.BasicConstraints(ca=role == "root", path_length=None), True)
            .sign(keys["root"], hashes.SHA256())
        )
        (directory / f"{name}{role}.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_file = directory / f"{name}agent.key"
    key_file.write_bytes(
        keys["agent"].private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return directory / f"{name}agent.pem", key_file


class TestTLS:
    def context(self, directory: Path) -> ssl.SSLContext:
        cert, key = certificates(directory)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        return context

    async def test_an_agent_vouched_for_by_its_configured_authority_is_reached(self, tmp_path: Path) -> None:
        agent = Agent(ok(b"{}"))
        trusted = {"ca": str(tmp_path / "root.pem")}
        async with serving(agent, self.context(tmp_path), **trusted) as route, AgentClient([route]) as client:
            assert (await client.send(route, post(), 100)).body == b"{}"

    @pytest.mark.parametrize("ca", [None, "other-root"])
    async def test_a_certificate_that_nobody_vouches_for_is_refused_before_anything_is_sent(
        self, tmp_path: Path, ca: str | None
    ) -> None:
        certificates(tmp_path, "other-")
        agent = Agent(ok(b"{}"))
        given = str(tmp_path / f"{ca}.pem") if ca else None
        async with serving(agent, self.context(tmp_path), ca=given) as route, AgentClient([route]) as client:
            with pytest.raises(AgentError) as caught:
                await client.send(route, post(), 100)
        assert caught.value.code == "connect_failed"
        assert agent.requests == []

    async def test_plain_http_where_tls_is_configured_is_refused(self) -> None:
        agent = Agent(ok(b"{}"))
        async with serving(agent) as route:
            secure = make_route(url=route.url.replace("http:", "https:"), connect_timeout_s=BRIEF)
            async with AgentClient([secure]) as client:
                with pytest.raises(AgentError) as caught:
                    await client.send(secure, post(), 100)
        assert caught.value.code == "timeout_connect"
        assert agent.requests == []

    @pytest.mark.parametrize("content", [None, b"", b"no certificate"])
    def test_a_ca_file_that_holds_no_certificate_stops_the_start(self, tmp_path: Path, content: bytes | None) -> None:
        file = tmp_path / "ca.pem"
        if content is not None:
            file.write_bytes(content)
        with pytest.raises(ConfigurationError):
            AgentClient([make_route(ca=str(file))])
