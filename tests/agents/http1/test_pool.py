"""Connections are used again, counted, and made to addresses that were looked at."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from gateway.agents.http1.connection import Connection
from gateway.agents.http1.pool import Pool
from gateway.core.errors import AgentError, ConfigurationError
from gateway.core.ports import Route

from ..support import route as make_route
from ..wire import BRIEF, Agent, ok, post, serving
from .test_address import names


def ipv6() -> bool:
    with suppress(OSError), socket.socket(socket.AF_INET6) as place:
        place.bind(("::1", 0))
        return True
    return False


@asynccontextmanager
async def pooled(agent: Agent | None = None, **more: Any) -> AsyncIterator[tuple[Pool, Route]]:
    async with serving(agent or Agent(ok(b"{}"), then="again"), **more) as route:
        pool = Pool(route)
        yield pool, route
        await pool.close()


def deadline(seconds: float = 30.0) -> float:
    return asyncio.get_running_loop().time() + seconds


async def call(pool: Pool, route: Route, connection: Connection) -> bytes:
    connection.send(pool.form.render(post()), route, bodiless=False, max_bytes=1000, deadline=deadline(), whole=True)
    return (await connection.answered()).take()


async def refused(pool: Pool, seconds: float = 30.0) -> str:
    with pytest.raises(AgentError) as caught:
        await pool.connect(deadline(seconds))
    return caught.value.code


class TestReuse:
    async def test_the_one_used_last_is_used_next(self) -> None:
        async with pooled() as (pool, route):
            first, second = await pool.connect(deadline()), await pool.connect(deadline())
            for connection in (first, second):
                assert await call(pool, route, connection) == b"{}"
                pool.give(connection)
            assert pool.take() is second
            assert pool.take() is first
            assert pool.take() is None

    async def test_one_that_was_closed_meanwhile_is_passed_over(self) -> None:
        agent = Agent(ok(b"{}"))
        async with pooled(agent) as (pool, route):
            connection = await pool.connect(deadline())
            await call(pool, route, connection)
            pool.give(connection)
            await asyncio.wait_for(agent.gone.wait(), 5)
            assert pool.take() is None

    async def test_one_that_was_not_used_is_closed(self) -> None:
        agent = Agent(then="hang")
        async with pooled(agent) as (pool, _):
            pool.give(await pool.connect(deadline()))
            assert pool.take() is None
            await asyncio.wait_for(agent.gone.wait(), 5)


class TestBound:
    async def test_who_finds_none_free_gets_the_next_that_is(self) -> None:
        async with pooled(max_connections=1) as (pool, route):
            first = await pool.connect(deadline())
            waiting = asyncio.create_task(pool.connect(deadline()))
            await asyncio.sleep(0)
            await call(pool, route, first)
            pool.give(first)
            assert await waiting is first

    async def test_or_may_make_one_when_another_has_ended(self) -> None:
        async with pooled(max_connections=1) as (pool, _):
            first = await pool.connect(deadline())
            waiting = asyncio.create_task(pool.connect(deadline()))
            await asyncio.sleep(0)
            pool.give(first)
            assert await waiting is not first

    async def test_who_waits_is_served_before_who_comes(self) -> None:
        async with pooled(max_connections=1) as (pool, route):
            first = await pool.connect(deadline())
            order: list[str] = []

            async def use(name: str) -> None:
                connection = pool.take() or await pool.connect(deadline())
                order.append(name)
                await call(pool, route, connection)
                pool.give(connection)

            waiting = [asyncio.create_task(use(name)) for name in "abc"]
            await asyncio.sleep(0)
            await call(pool, route, first)
            pool.give(first)
            await asyncio.gather(*waiting, use("late"))
            assert order == ["a", "b", "c", "late"]

    async def test_a_wait_ends_with_the_time_to_connect(self) -> None:
        async with pooled(max_connections=1, connect_timeout_s=BRIEF) as (pool, _):
            await pool.connect(deadline())
            assert await refused(pool) == "overloaded"
            assert await refused(pool, BRIEF / 2) == "timeout_total"

    async def test_a_turn_that_nobody_takes_any_more_is_the_next_ones(self) -> None:
        async with pooled(max_connections=1) as (pool, route):
            first = await pool.connect(deadline())
            gone, waiting = (asyncio.create_task(pool.connect(deadline())) for _ in range(2))
            await asyncio.sleep(0)
            await call(pool, route, first)
            pool.give(first)  # the turn of the first who waits
            gone.cancel()
            assert await asyncio.wait_for(waiting, 5) is first
            assert gone.cancelled()

    async def test_one_who_leaves_is_not_waited_for(self) -> None:
        async with pooled(max_connections=1) as (pool, route):
            first = await pool.connect(deadline())
            gone = asyncio.create_task(pool.connect(deadline()))
            await asyncio.sleep(0)
            gone.cancel()
            await asyncio.wait([gone])
            await call(pool, route, first)
            pool.give(first)
            assert pool.take() is first

    async def test_what_could_not_be_made_does_not_count(self) -> None:
        async with serving(Agent()) as route:
            pass
        pool = Pool(make_route(url=route.url, max_connections=1))
        assert [await refused(pool) for _ in range(3)] == ["connect_failed"] * 3
        await pool.close()

    async def test_nor_does_what_was_cancelled_while_it_was_made(self) -> None:
        agent = Silent()
        async with agent.listening() as url:
            pool = Pool(make_route(url=url.replace("http:", "https:"), max_connections=1))
            for _ in range(2):
                agent.met.clear()
                agent.left.clear()
                connecting = asyncio.create_task(pool.connect(deadline()))
                await asyncio.wait_for(agent.met.wait(), 5)
                connecting.cancel()
                await asyncio.wait([connecting])
                # The agent sees at once that nobody waits for its handshake.
                await asyncio.wait_for(agent.left.wait(), 5)
            await pool.close()


class Silent:
    """Takes connections and says nothing."""

    def __init__(self) -> None:
        self.met, self.left = asyncio.Event(), asyncio.Event()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[str]:
        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.met.set()
            while await reader.read(1000):
                pass
            writer.close()
            self.left.set()

        server = await asyncio.start_server(handle, "127.0.0.1", 0)
        async with server:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


class TestAddresses:
    @pytest.mark.parametrize(
        "host",
        ["169.254.169.254", "[fe80::1]", "0.0.0.0", "[::ffff:169.254.169.254]", "224.0.0.1"],  # noqa: S104
    )
    async def test_some_are_never_connected_to(self, host: str) -> None:
        pool = Pool(make_route(url=f"http://{host}:9"))
        assert await refused(pool) == "address_refused"
        await pool.close()

    async def test_none_outside_the_configured_networks_is(self) -> None:
        agent = Agent()
        async with pooled(agent, addresses=("10.0.0.0/8",)) as (pool, _):
            assert await refused(pool) == "address_refused"
        assert agent.connections == 0

    async def test_one_inside_is(self) -> None:
        async with pooled(addresses=("127.0.0.0/8",)) as (pool, route):
            assert await call(pool, route, await pool.connect(deadline())) == b"{}"

    async def test_the_first_that_answers_is_taken_and_the_name_stays(self, monkeypatch: pytest.MonkeyPatch) -> None:
        agent = Agent(ok(b"{}"))
        async with serving(agent) as route:
            names(monkeypatch, ["127.0.0.9", "127.0.0.1"])
            named = make_route(url=f"http://agent.test:{agent.port}")
            pool = Pool(named)
            assert await call(pool, named, await pool.connect(deadline())) == b"{}"
            await pool.close()
        assert f"host: agent.test:{agent.port}\r\n".encode() in agent.requests[0]
        assert route.url.endswith(str(agent.port))

    async def test_an_address_that_never_answers_leaves_time_for_the_next(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        agent = Agent(ok(b"{}"))
        async with serving(agent):
            names(monkeypatch, ["127.0.0.9", "127.0.0.1"])
            named = make_route(url=f"http://agent.test:{agent.port}", connect_timeout_s=2 * BRIEF)
            pool = Pool(named)
            real = Pool._dialled

            async def dialled(self: Pool, loop: asyncio.AbstractEventLoop, address: Any) -> Connection:
                if str(address) == "127.0.0.9":
                    await asyncio.Event().wait()
                return await real(self, loop, address)

            monkeypatch.setattr(Pool, "_dialled", dialled)
            assert await call(pool, named, await pool.connect(deadline())) == b"{}"
            names(monkeypatch, ["127.0.0.9"])
            assert await refused(pool) == "timeout_connect"
            assert await refused(pool, BRIEF / 2) == "timeout_total"
            await pool.close()

    @pytest.mark.skipif(not ipv6(), reason="no IPv6 on this machine")
    async def test_ipv6_has_its_brackets(self) -> None:
        agent = Agent(ok(b"{}"))
        async with serving(agent, host="::1") as route:
            pool = Pool(route)
            assert await call(pool, route, await pool.connect(deadline())) == b"{}"
            await pool.close()
        assert b"\r\nhost: [::1]:" in agent.requests[0]


class TestEnds:
    async def test_calls_under_way_end_and_no_others_begin(self) -> None:
        agent = Agent(then="hang")
        async with pooled(agent, max_connections=1) as (pool, route):
            calling = asyncio.create_task(call(pool, route, await pool.connect(deadline())))
            await asyncio.wait_for(agent.asked.wait(), 5)
            waiting = asyncio.create_task(refused(pool))
            await asyncio.sleep(0)
            await pool.close()
            with pytest.raises(AgentError, match="closed_early"):
                await calling
            assert await waiting == "connect_failed"
            assert await refused(pool) == "connect_failed"
            await asyncio.wait_for(agent.gone.wait(), 5)
            await pool.close()

    async def test_a_connection_that_is_made_meanwhile_is_closed(self) -> None:
        async with pooled() as (pool, _):
            connecting = asyncio.create_task(refused(pool))
            await asyncio.sleep(0)
            await pool.close()
            assert await connecting == "connect_failed"

    @pytest.mark.parametrize(
        "more",
        [{"url": "http://a b"}, {"addresses": ("nowhere",)}, {"ca": "nowhere"}, {"client_certificate": "nowhere"}],
    )
    def test_what_cannot_be_connected_to_stops_the_start(self, more: dict[str, Any], tmp_path: Path) -> None:
        with pytest.raises(ConfigurationError, match="agent scribe"):
            Pool(make_route(**more))
