"""Whatever an agent does with a connection ends in an answer within bounds, or in one of the few agent errors."""

import asyncio
import gzip
import random
import ssl
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.agents import watched
from gateway.agents.client import AgentClient
from gateway.agents.http1 import connection
from gateway.agents.http1.tls import pin_of
from gateway.core.errors import AgentError, ConfigurationError
from gateway.core.message import Outgoing, WireAnswer
from gateway.core.ports import Route

from .support import route as make_route
from .wire import BRIEF, Agent, certificates, ok, post, server_context, serving

TLS_1_2 = "TLSv1.2 ECDHE-ECDSA-AES256-GCM-SHA384"


async def answer_of(agent: Agent, outgoing: Outgoing | None = None, max_bytes: int = 10_000, **more: Any) -> WireAnswer:
    async with serving(agent, **more) as route, AgentClient([route]) as client:
        return await client.send(route, outgoing or post(), max_bytes)


async def error_of(agent: Agent, max_bytes: int = 10_000, **more: Any) -> str:
    with pytest.raises(AgentError) as caught:
        await answer_of(agent, None, max_bytes, **more)
    return caught.value.code


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

    async def test_a_slow_reader_gets_every_byte_of_a_large_answer(self) -> None:
        pieces = [bytes([number]) * 100_000 for number in range(40)]
        framed = [b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces]
        agent = Agent(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", *framed, b"0\r\n\r\n")
        seen = bytearray()
        async with (
            serving(agent) as route,
            AgentClient([route]) as client,
            client.stream(route, post(), 1 << 24) as answer,
        ):
            async for piece in answer:
                seen += piece
                for _ in range(20):
                    await asyncio.sleep(0)
        assert seen == b"".join(pieces)

    async def test_a_large_request_arrives_whole(self) -> None:
        agent, body = Agent(ok(b"{}")), b"x" * 3_000_000
        await answer_of(agent, post(body=body))
        assert agent.requests[0].endswith(b"\r\n\r\n" + body)

    async def test_an_agent_is_reached_without_a_byte_sent(self) -> None:
        agent = Agent(ok(b""))
        async with serving(agent) as route, AgentClient([route]) as client:
            await client.reach(route)
            assert (agent.connections, agent.requests) == (1, [])
            assert (await client.send(route, post(), 100)).status == 200
        assert agent.connections == 2

    async def test_head_has_no_body(self) -> None:
        outgoing = Outgoing(method="HEAD", path="/", headers=(), body=b"")
        result = await answer_of(Agent(b"HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\n", then="hang"), outgoing)
        assert result.body == b""

    @pytest.mark.parametrize("then", ["close", "abort"])
    @pytest.mark.parametrize("secure", [False, True])
    async def test_the_end_of_a_connection_ends_an_answer_but_under_tls_only_if_the_agent_says_so(
        self, tmp_path: Path, secure: bool, then: str
    ) -> None:
        tls = server_context(*certificates(tmp_path)) if secure else None
        ca = str(tmp_path / "root.pem") if secure else None
        agent = Agent(b"HTTP/1.1 200 OK\r\n\r\n", b"abc", then=then)
        async with serving(agent, tls, ca=ca) as route, AgentClient([route]) as client:
            if secure and then == "abort":
                with pytest.raises(AgentError, match="closed_early"):
                    await client.send(route, post(), 100)
            else:
                assert (await client.send(route, post(), 100)).body == b"abc"


class TestReuse:
    async def test_calls_follow_each_other_on_one_connection(self) -> None:
        agent = Agent(ok(b"{}"), then="again")
        async with serving(agent) as route, AgentClient([route]) as client:
            for _ in range(3):
                assert (await client.send(route, post(), 100)).body == b"{}"
                async with client.stream(route, post(), 100) as answer:
                    assert await answer.whole() == b"{}"
        assert (agent.connections, len(agent.requests)) == (1, 6)

    async def test_calls_at_the_same_time_have_one_each(self) -> None:
        agent = Agent(ok(b"{}"), then="again")
        async with serving(agent) as route, AgentClient([route]) as client:
            await asyncio.gather(*(client.send(route, post(), 100) for _ in range(5)))
        assert (agent.connections, len(agent.requests)) == (5, 5)

    async def test_a_stream_that_was_left_before_its_end_is_not_read_by_the_next_call(self) -> None:
        agent = Agent(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", b"3\r\nabc\r\n", then="again")
        async with serving(agent) as route, AgentClient([route]) as client:
            for _ in range(2):
                async with client.stream(route, post(), 100) as answer:
                    assert await anext(aiter(answer)) == b"abc"
                with pytest.raises(AgentError, match="closed_early"):
                    await answer.whole()
        assert agent.connections == 2

    async def test_nothing_is_sent_twice(self) -> None:
        """Not even where a connection that was kept is closed by the agent without an answer: it may have acted."""
        agent = Agent(then="close")
        async with serving(agent) as route, AgentClient([route]) as client:
            with pytest.raises(AgentError, match="closed_early"):
                await client.send(route, post(), 100)
        assert len(agent.requests) == 1

    async def test_a_connection_that_the_agent_closed_while_idle_is_not_used(self) -> None:
        agent = Agent(ok(b"{}"), then="close")
        async with serving(agent) as route, AgentClient([route]) as client:
            for _ in range(3):
                agent.gone.clear()
                await client.send(route, post(), 100)
                await asyncio.wait_for(agent.gone.wait(), 5)
        assert agent.connections == 3


class Moody(Agent):
    """Answers each request with the request's own body, in one of many ways."""

    def __init__(self, chance: random.Random) -> None:
        super().__init__(then="again")
        self.chance, self.open, self.most = chance, 0, 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open += 1
        self.most = max(self.most, self.open)
        try:
            await super().__call__(reader, writer)
        finally:
            self.open -= 1

    async def _once(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = await reader.readexactly(8)
        mood = self.chance.choice(("whole", "whole", "chunks", "until close", "early end", "junk", "more", "hints"))
        data = ok(body)
        if mood == "chunks":
            chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in body)
            data = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n"
        elif mood == "until close":
            data = b"HTTP/1.1 200 OK\r\n\r\n" + body
        elif mood == "early end":
            data = data[: self.chance.randrange(len(data))]
        elif mood == "junk":
            data = b"junk"
        elif mood == "more":  # an answer that nobody asked for
            data += ok(b"intruder")
        elif mood == "hints":
            data = b"HTTP/1.1 103 Early Hints\r\n\r\n" + data
        while data:
            cut = self.chance.randint(1, len(data))
            writer.write(data[:cut])
            await writer.drain()
            data = data[cut:]
            await asyncio.sleep(0)
        if mood in ("until close", "early end"):
            raise ConnectionResetError


@pytest.mark.parametrize("seed", range(3))
async def test_no_call_ever_gets_the_answer_of_another(seed: int) -> None:
    """Many calls at once over few connections, with agents that misbehave and callers who go away at any point."""
    chance, agent = random.Random(seed), Moody(random.Random(seed + 100))
    seen: list[bool] = []
    codes: set[str] = set()
    times = ("connect_timeout_s", "first_byte_timeout_s", "idle_timeout_s", "timeout_s")
    long: dict[str, Any] = dict.fromkeys(times, 60.0)
    async with serving(agent, max_connections=5, **long) as route, AgentClient([route]) as client:

        async def call(number: int) -> None:
            body = b"%08d" % number
            try:
                if number % 3:
                    seen.append((await client.send(route, post(body=body), 100)).body == body)
                else:
                    async with client.stream(route, post(body=body), 100) as answer:
                        seen.append(await answer.whole() == body)
            except AgentError as error:
                codes.add(error.code)

        async def leave(task: asyncio.Task[None]) -> None:
            for _ in range(chance.randint(1, 40)):
                await asyncio.sleep(0)
            task.cancel()

        calls = [asyncio.create_task(call(number)) for number in range(200)]
        await asyncio.gather(*(leave(task) for task in calls if chance.random() < 0.2))
        found = await asyncio.wait_for(asyncio.gather(*calls, return_exceptions=True), 60)
        assert {type(result) for result in found} <= {type(None), asyncio.CancelledError}
        assert (await asyncio.wait_for(settled(client, route), 5)).status == 200
    assert len(seen) > 50
    assert all(seen)
    assert codes <= {"closed_early", "bad_answer"}
    assert agent.most <= 5 + 5, "a connection that the client has closed may still be open at the agent"


async def settled(client: AgentClient, route: Route) -> WireAnswer:
    """The first whole answer: no place is lost, whatever happened before."""
    while True:
        with suppress(AgentError):
            return await client.send(route, post(body=b"settled!"), 100)


class TestMisbehaviour:
    async def test_who_would_not_be_connected_to_is_not_reached(self) -> None:
        for url, code in (("http://169.254.169.254", "address_refused"), ("http://127.0.0.1:9", "connect_failed")):
            route = make_route(url=url)
            async with AgentClient([route]) as client:
                with pytest.raises(AgentError) as caught:
                    await client.reach(route)
            assert caught.value.code == code

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
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\nabc\r\n",
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
        self, agent: Agent, bounds: dict[str, Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(connection, "IDLE_S", BRIEF)
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

    @pytest.mark.parametrize("secure", [False, True])
    @pytest.mark.parametrize("streamed", [False, True])
    async def test_cancelling_a_call_before_its_answer_closes_its_connection(
        self, tmp_path: Path, streamed: bool, secure: bool
    ) -> None:
        tls = server_context(*certificates(tmp_path)) if secure else None
        agent = Agent(then="hang")
        ca = str(tmp_path / "root.pem") if secure else None
        async with serving(agent, tls, ca=ca) as route, AgentClient([route]) as client:

            async def call() -> None:
                if streamed:
                    async with client.stream(route, post(), 100):
                        pass
                else:
                    await client.send(route, post(), 100)

            task = asyncio.create_task(call())
            await asyncio.wait_for(agent.asked.wait(), 5)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            # Seen while the client is still open: it is the call's end that closes, not the client's.
            await asyncio.wait_for(agent.gone.wait(), 5)

    @pytest.mark.parametrize("streamed", [False, True])
    async def test_cancelling_a_call_in_the_middle_of_its_answer_closes_its_connection(self, streamed: bool) -> None:
        agent = Agent(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc", then="hang")
        async with serving(agent) as route, AgentClient([route]) as client:
            started = asyncio.Event()

            async def call() -> None:
                if not streamed:
                    started.set()
                    await client.send(route, post(), 100)
                async with client.stream(route, post(), 100) as answer:
                    async for _ in answer:
                        started.set()

            task = asyncio.create_task(call())
            await asyncio.wait_for(started.wait(), 5)
            await asyncio.wait_for(agent.asked.wait(), 5)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await asyncio.wait_for(agent.gone.wait(), 5)

    async def test_an_error_says_nothing_but_its_code(self) -> None:
        with pytest.raises(AgentError) as caught:
            await answer_of(Agent(b"secret garbage\r\n\r\n"))
        assert str(caught.value) == "bad_answer"


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
            with pytest.raises(AgentError, match="cannot_render"):
                await client.send(route, post(path), 100)
        assert agent.connections == 0

    async def test_a_header_that_http_cannot_carry_is_not_sent(self) -> None:
        agent = Agent(ok(b""))
        with pytest.raises(AgentError, match="cannot_render"):
            await answer_of(agent, post(accept="a\r\nx: y"))
        assert agent.connections == 0


class TestTLS:
    async def code(self, agent: Agent, tls: ssl.SSLContext, host: str = "127.0.0.1", **more: Any) -> str:
        """What becomes of a call; whatever it is, nothing was sent."""
        async with serving(agent, tls, **more) as route:
            named = make_route(**{"url": f"https://{host}:{agent.port}", **more})
            async with AgentClient([named]) as client:
                with pytest.raises(AgentError) as caught:
                    await client.send(named, post(), 100)
            assert route.url.startswith("https:")
        assert agent.requests == []
        return caught.value.code

    async def test_an_agent_vouched_for_by_its_configured_authority_is_reached(self, tmp_path: Path) -> None:
        agent = Agent(ok(b"{}"), then="again")
        tls = server_context(*certificates(tmp_path))
        async with (
            serving(agent, tls, ca=str(tmp_path / "root.pem")) as route,
            AgentClient([route]) as client,
        ):
            assert (await client.send(route, post(), 100)).body == b"{}"
            async with client.stream(route, post(), 100) as answer:
                assert await answer.whole() == b"{}"
        assert agent.connections == 1

    @pytest.mark.parametrize("secure", [True, False])
    @pytest.mark.parametrize("whole", [True, False])
    async def test_who_sends_is_told_once_it_begins_to_leave_and_over_which_tls_whatever_comes_of_it(
        self, tmp_path: Path, secure: bool, whole: bool
    ) -> None:
        tls = server_context(*certificates(tmp_path)) if secure else None
        agent, over = Agent(b"", then="close"), list[str | None]()
        ca = str(tmp_path / "root.pem") if secure else None
        async with serving(agent, tls, ca=ca) as route, AgentClient([route]) as client:
            sending = client.send if whole else lambda *given: client.stream(*given).open()
            with pytest.raises(AgentError, match="closed_early"):
                await sending(route, post(), 100, over.append)
        assert len(over) == 1
        assert (over[0] or "").startswith("TLSv1.") == secure
        async with AgentClient([route]) as client:
            with pytest.raises(AgentError, match="connect_failed"):
                await client.send(route, post(), 100, over.append)
        assert len(over) == 1, "nothing left"

    @pytest.mark.parametrize("ca", [None, "other-root"])
    async def test_a_certificate_that_nobody_vouches_for_is_refused(self, tmp_path: Path, ca: str | None) -> None:
        certificates(tmp_path, "other-")
        given = str(tmp_path / f"{ca}.pem") if ca else None
        assert await self.code(Agent(), server_context(*certificates(tmp_path)), ca=given) == "connect_failed"

    async def test_a_configured_authority_stands_in_the_place_of_the_systems(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        tls = server_context(*certificates(tmp_path))
        certificates(tmp_path, "other-")
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "root.pem"))
        agent = Agent(ok(b"{}"))
        async with serving(agent, tls) as route, AgentClient([route]) as client:
            assert (await client.send(route, post(), 100)).status == 200
        assert await self.code(Agent(), tls, ca=str(tmp_path / "other-root.pem")) == "connect_failed"

    @pytest.mark.parametrize("days", [(-3, -1), (1, 3)], ids=["expired", "not yet valid"])
    async def test_a_certificate_out_of_its_time_is_refused(self, tmp_path: Path, days: tuple[int, int]) -> None:
        tls = server_context(*certificates(tmp_path, days=days))
        assert await self.code(Agent(), tls, ca=str(tmp_path / "root.pem")) == "connect_failed"

    @pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
    async def test_a_certificate_for_another_name_is_refused(self, tmp_path: Path, host: str) -> None:
        tls = server_context(*certificates(tmp_path, address="127.0.0.2"))
        assert await self.code(Agent(), tls, host, ca=str(tmp_path / "root.pem")) == "connect_failed"

    async def test_the_key_that_an_agent_must_hold_may_be_pinned(self, tmp_path: Path) -> None:
        certificate, key = certificates(tmp_path)
        right = pin_of(x509.load_pem_x509_certificate(certificate.read_bytes()).public_bytes(Encoding.DER))
        wrong = "sha256:" + "0" * 64
        more: dict[str, Any] = {"ca": str(tmp_path / "root.pem")}
        tls = server_context(certificate, key)
        agent = Agent(ok(b"{}"))
        async with serving(agent, tls, pin=(wrong, right), **more) as route, AgentClient([route]) as client:
            assert (await client.send(route, post(), 100)).status == 200
        assert await self.code(Agent(), tls, pin=(wrong,), **more) == "connect_failed"

    async def test_an_answer_says_over_which_tls_it_came(self, tmp_path: Path) -> None:
        tls = server_context(*certificates(tmp_path))
        tls.maximum_version = ssl.TLSVersion.TLSv1_2
        tls.set_ciphers("ECDHE-ECDSA-AES256-GCM-SHA384")
        ca = {"ca": str(tmp_path / "root.pem")}
        agent = Agent(ok(b"{}"), ok(gzip.compress(b"{}"), "Content-Encoding: gzip"), ok(b"{}"))
        async with serving(agent, tls, **ca) as route, AgentClient([route]) as client:
            first, packed = await client.send(route, post(), 100), await client.send(route, post(), 100)
            async with client.stream(route, post(), 100) as stream:
                told = stream.tls
        assert (first.tls, packed.tls, packed.body, told) == (TLS_1_2, TLS_1_2, b"{}", TLS_1_2)

    async def test_an_answer_over_plain_http_says_nothing_of_tls(self) -> None:
        async with serving(Agent(ok(b"{}"), ok(b"{}"))) as route, AgentClient([route]) as client:
            assert (await client.send(route, post(), 100)).tls is None
            async with client.stream(route, post(), 100) as stream:
                assert stream.tls is None

    async def test_a_pin_replaces_no_authority(self, tmp_path: Path) -> None:
        certificate, key = certificates(tmp_path)
        right = pin_of(x509.load_pem_x509_certificate(certificate.read_bytes()).public_bytes(Encoding.DER))
        assert await self.code(Agent(), server_context(certificate, key), pin=(right,)) == "connect_failed"

    async def test_an_agent_that_asks_who_we_are_is_shown_a_certificate(self, tmp_path: Path) -> None:
        certificate, key = certificates(tmp_path, "caller-")
        tls = server_context(*certificates(tmp_path), callers=tmp_path / "caller-root.pem")
        shown = {"client_certificate": str(certificate), "client_key": str(key)}
        agent = Agent(ok(b"{}"))
        async with serving(agent, tls, ca=str(tmp_path / "root.pem"), **shown) as route, AgentClient([route]) as client:
            assert (await client.send(route, post(), 100)).status == 200

    async def test_one_that_was_renewed_is_shown_to_the_next_connection(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(watched, "LOOK_S", 0)
        (tmp_path / "next").mkdir()
        files = certificates(tmp_path, "caller-")
        after = certificates(tmp_path / "next", "caller-")
        tls = server_context(*certificates(tmp_path), callers=tmp_path / "next" / "caller-root.pem")
        tls.maximum_version = ssl.TLSVersion.TLSv1_2  # so that it is told in the handshake, not after
        shown = {"client_certificate": str(files[0]), "client_key": str(files[1])}
        agent = Agent(ok(b"{}"))
        async with serving(agent, tls, ca=str(tmp_path / "root.pem"), **shown) as route, AgentClient([route]) as client:
            with pytest.raises(AgentError, match="connect_failed"):
                await client.send(route, post(), 100)
            for new, file in zip(after, files, strict=True):
                new.replace(file)
            assert (await client.send(route, post(), 100)).status == 200

    async def test_without_one_it_refuses_us(self, tmp_path: Path) -> None:
        tls = server_context(*certificates(tmp_path), callers=tmp_path / "root.pem")
        tls.maximum_version = ssl.TLSVersion.TLSv1_2  # so that it is told in the handshake, not after
        assert await self.code(Agent(), tls, ca=str(tmp_path / "root.pem")) == "connect_failed"

    async def test_a_version_of_tls_that_is_too_old_is_refused(self, tmp_path: Path) -> None:
        tls = server_context(*certificates(tmp_path))
        tls.set_ciphers("DEFAULT@SECLEVEL=0")
        with warnings.catch_warnings(action="ignore"):
            tls.minimum_version = tls.maximum_version = ssl.TLSVersion.TLSv1_1
        assert await self.code(Agent(), tls, ca=str(tmp_path / "root.pem")) == "connect_failed"

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


class Doing(Agent):
    """An agent that does with a connection what a test says."""

    def __init__(self, does: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]) -> None:
        super().__init__()
        self.does = does

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self.does(reader, writer)


class TestUploads:
    async def _pieces(self, *pieces: bytes, taken: list[int] | None = None) -> AsyncIterator[bytes]:
        for piece in pieces:
            if taken is not None:
                taken.append(len(piece))
            yield piece

    async def test_a_body_in_pieces_arrives_whole_and_the_connection_is_used_again(self) -> None:
        agent, body = Agent(ok(b"{}"), then="again"), b"x" * 1_000_000
        async with serving(agent) as route, AgentClient([route]) as client:
            for _ in range(2):
                answer = await client.upload(route, post(body=b""), self._pieces(body, body, b"end"), 2_000_003, 100)
                assert (answer.status, answer.body) == (200, b"{}")
        assert [request.endswith(b"\r\n\r\n" + body + body + b"end") for request in agent.requests] == [True, True]
        assert b"content-length: 2000003\r\n" in agent.requests[0]
        assert agent.connections == 1

    async def test_no_more_is_taken_than_the_other_side_reads(self) -> None:
        taken: list[int] = []

        async def unread(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await asyncio.Event().wait()

        agent = Doing(unread)
        pieces = self._pieces(*[b"x" * 1_000_000] * 100, taken=taken)
        with pytest.raises(AgentError) as caught:
            async with serving(agent, idle_timeout_s=BRIEF) as route, AgentClient([route]) as client:
                await client.upload(route, post(body=b""), pieces, 100_000_000, 100)
        assert caught.value.code == "timeout_response"
        assert len(taken) < 50

    @pytest.mark.parametrize("pieces", [(b"short",), (b"", b""), (b"x" * 99,)], ids=["short", "nothing", "long"])
    async def test_what_is_not_of_the_size_that_was_announced_is_cut_off(self, pieces: tuple[bytes, ...]) -> None:
        agent = Agent(ok(b"{}"))
        async with serving(agent) as route, AgentClient([route]) as client:
            with pytest.raises(AgentError) as caught:
                await client.upload(route, post(body=b""), self._pieces(*pieces), 20, 100)
            await asyncio.wait_for(agent.gone.wait(), 5)
        assert (caught.value.code, agent.requests) == ("cannot_render", [])

    @pytest.mark.parametrize("status", ["413 Content Too Large", "200 OK"])
    async def test_an_answer_before_the_end_is_the_answer_unless_it_says_yes_to_what_has_not_left(
        self, status: str
    ) -> None:
        full = ok(b"so far", status=status)

        async def early(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(full)
            await writer.drain()
            await reader.read(1 << 30)

        agent = Doing(early)
        async with serving(agent) as route, AgentClient([route]) as client:
            sending = client.upload(route, post(body=b""), self._pieces(*[b"x" * 1_000_000] * 100), 100_000_000, 100)
            if status.startswith("200"):
                with pytest.raises(AgentError, match="bad_answer"):
                    await sending
            else:
                answer = await sending
                assert (answer.status, answer.body) == (413, b"so far")
            await asyncio.wait_for(agent.gone.wait(), 5)

    async def test_a_yes_while_the_last_piece_is_still_here_is_none(self) -> None:
        async def early(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            cast(asyncio.Transport, writer.transport).pause_reading()
            writer.write(ok(b"{}"))
            await asyncio.Event().wait()

        async with serving(Doing(early)) as route, AgentClient([route]) as client:
            with pytest.raises(AgentError, match="bad_answer"):
                await client.upload(route, post(body=b""), self._pieces(b"x" * 100_000_000), 100_000_000, 100)

    async def test_who_closes_in_the_middle_has_not_got_it(self) -> None:
        async def closing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.transport.abort()

        agent = Doing(closing)
        with pytest.raises(AgentError) as caught:
            async with serving(agent) as route, AgentClient([route]) as client:
                await client.upload(route, post(body=b""), self._pieces(*[b"x" * 1_000_000] * 50), 50_000_000, 100)
        assert caught.value.code == "closed_early"
