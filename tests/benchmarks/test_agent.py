"""The benchmark's agent answers like one, and counts each request at its own listener once."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from benchmarks import agent
from benchmarks.load import ask


@asynccontextmanager
async def listeners(*names: str) -> AsyncIterator[dict[str, int]]:
    """The agent's ports by name; at the end its side of every connection has seen the other's end."""
    ports, servers = await agent.serve(list(names))
    try:
        yield ports
    finally:
        for server in servers:
            server.close()
        for _ in range(10):
            await asyncio.sleep(0)


async def test_requests_are_counted_by_listener() -> None:
    async with listeners("one", "two") as ports:
        async with httpx.AsyncClient() as client:
            for _ in range(3):
                answer = await client.post(f"http://127.0.0.1:{ports['one']}/v1/chat/completions", json={"model": "m"})
                assert answer.json()["choices"][0]["message"]["content"]
        assert json.loads(await ask(ports["one"], "/count")) == {"requests": 3}
        assert json.loads(await ask(ports["two"], "/count")) == {"requests": 0}


async def test_what_is_not_http_is_hung_up_on() -> None:
    async with listeners("one") as ports:
        reader, writer = await asyncio.open_connection("127.0.0.1", ports["one"])
        writer.write(b"\x00\x01\x02 nothing\r\n\r\n")
        assert await reader.read() == b""
        writer.close()
        assert json.loads(await ask(ports["one"], "/count")) == {"requests": 0}


def test_every_third_answer_holds_something_to_find() -> None:
    assert [agent.FOUND.encode() in answer for answer in agent.ANSWERS] == [False, False, True]
