"""An agent that reads slowly, or not at all, holds back what is meant for it and nothing else.

A request is read whole before a byte of it leaves, so the caller's own connection is not what waits: what an agent has
not taken yet waits here, for as many requests as have a place at it, and no longer than it may be silent.
"""

import asyncio
import gc
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from gateway.agents.http1.connection import Connection
from gateway.settings import Settings
from tests.system.kit import PUBLIC, code
from tests.system.site import System, completion, system
from tests.system.test_sick_agents import _queued as queued

BODY = 8 << 20
"""`max_body_bytes`: more than the system takes on its way to who does not read."""
LARGE = "data:image/png;base64," + "A" * (BODY - 4096)
HEAD = 16_384
"""More than the head of a request to an agent."""


class Reader(asyncio.Protocol):
    """One connection of an agent that reads nothing until it is let go, and then answers a whole request."""

    def __init__(self, agent: "SlowAgent") -> None:
        self._agent, self._data, self._ends = agent, bytearray(), 0

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._agent.taken(self, transport)

    def data_received(self, data: bytes) -> None:
        self._data += data
        if not self._ends:
            head, apart, _ = bytes(self._data[:HEAD]).lower().partition(b"\r\n\r\n")
            if not apart:
                return
            length = next(line[15:] for line in head.split(b"\r\n") if line.startswith(b"content-length:"))
            self._ends = len(head) + 4 + int(length)
        if len(self._data) == self._ends:
            self._agent.bodies.append(bytes(self._data))
            answer = httpx.Response(200, json=completion("at last")).content
            head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(answer)
            self._transport.write(head + answer)
            self._data, self._ends = bytearray(), 0

    def connection_lost(self, error: Exception | None) -> None:
        self._agent.lost(self)


class SlowAgent:
    """Counts who has come and who is gone; what it holds of a request is next to nothing."""

    def __init__(self) -> None:
        self.url, self.bodies = "", list[bytes]()
        self.held: dict[Reader, Any] = {}
        self.gone = self.came = 0
        self._reads = False
        self._moved = asyncio.Event()

    def taken(self, reader: Reader, transport: Any) -> None:
        self.held[reader] = transport
        self.came += 1
        if self._reads:
            self._release(transport)
        else:
            transport.pause_reading()
        self._moved.set()

    def lost(self, reader: Reader) -> None:
        del self.held[reader]
        self.gone += 1
        self._moved.set()

    def let_go(self) -> None:
        """From now on it reads as it should."""
        self._reads = True
        for transport in self.held.values():
            self._release(transport)
            transport.resume_reading()

    def _release(self, transport: Any) -> None:
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)

    async def until(self, name: str, count: int) -> None:
        async with asyncio.timeout(30):
            while getattr(self, name) < count:
                self._moved.clear()
                await self._moved.wait()


@asynccontextmanager
async def slow(base: Settings, **sick: Any) -> AsyncIterator[tuple[System, SlowAgent, str]]:
    """A gateway before a slow agent and one that is well; a caller's key."""
    agent = SlowAgent()
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)  # its connections have no more than that either
    listening.bind(("127.0.0.1", 0))
    server = await asyncio.get_running_loop().create_server(lambda: Reader(agent), sock=listening)
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    agents = {"slow": {"zone": "in-house", "retries": 0, "url": url, **sick}, "well": {"zone": "in-house"}}
    try:
        async with system(base, agents=agents, server={"max_body_bytes": BODY}) as site:
            yield site, agent, await site.key("clerk")
    finally:
        server.close()
        await server.wait_closed()


def unsent() -> list[int]:
    """Bytes that wait in this process to be taken, of each connection to an agent."""
    found = [one._transport for one in gc.get_objects() if isinstance(one, Connection)]
    return [size for size in (one.get_write_buffer_size() for one in found if one is not None) if size]


def _large(site: System, key: str, **more: Any) -> asyncio.Task[httpx.Response]:
    content = [{"type": "image_url", "image_url": {"url": LARGE}}]
    body = {"model": "slow", "messages": [{"role": "user", "content": content}], **more}
    headers = {"authorization": f"Bearer {key}"}
    return asyncio.create_task(site.http.post("/v1/chat/completions", json=body, headers=headers))


async def test_only_what_has_a_place_at_it_waits_for_an_agent_that_does_not_read(sqlite_settings: Settings) -> None:
    async with slow(sqlite_settings, concurrency=2, queue=1, queue_timeout_s=600.0) as (site, agent, key):
        sent = [_large(site, key) for _ in range(3)]
        await agent.until("came", 2)
        await queued(site, "slow", 1)
        shed = await _large(site, key)
        assert (shed.status_code, code(shed)) == (503, "agent_overloaded")
        for _ in range(5):
            answers = await asyncio.gather(*(site.chat(key, PUBLIC, model="well") for _ in range(10)))
            assert {answer.status_code for answer in answers} == {200}
        waiting = unsent()
        assert 0 < len(waiting) <= 2, "one request for each of its places, and no more"
        assert max(waiting) <= BODY + HEAD
        assert not any(task.done() for task in sent)
        assert agent.came == 2
        agent.let_go()
        assert {answer.status_code for answer in await asyncio.gather(*sent)} == {200}
        assert len(agent.bodies) == 3
        assert all(LARGE.encode() in body for body in agent.bodies), "whole, however slowly it was taken"
        assert not unsent()


@pytest.mark.parametrize("flowing", [False, True])
async def test_an_agent_that_never_reads_is_a_timeout_and_nothing_of_the_request_stays(
    sqlite_settings: Settings, flowing: bool
) -> None:
    async with slow(sqlite_settings, concurrency=1, queue=0, first_byte_timeout_s=0.5) as (site, agent, key):
        answer = await _large(site, key, stream=flowing)
        assert (answer.status_code, code(answer)) == (504, "agent_timeout")
        assert not unsent()
        agent.let_go()
        await agent.until("gone", 1)
        assert not agent.bodies, "what it was sent ends in the middle"
        end = (await site.trail(answer.headers["x-exchange-id"]))[-1]
        assert (end["event"], end["outcome"]["code"]) == ("exchange.completed", "agent_timeout")
        assert (await site.chat(key, PUBLIC, model="slow")).status_code == 200, "its place is free again"
