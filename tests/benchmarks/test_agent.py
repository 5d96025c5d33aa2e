"""The benchmark's agent answers like one, and counts each request at its own listener once."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from benchmarks import agent
from benchmarks.deltas import DELTAS, FOUND
from benchmarks.load import ask

STREAMED = {"model": "m", "stream": True}


@asynccontextmanager
async def listeners(*names: str, manner: agent.Manner = agent.AT_ONCE) -> AsyncIterator[dict[str, int]]:
    """The agent's ports by name; at the end its side of every connection has seen the other's end."""
    ports, servers = await agent.serve(names, manner)
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
        assert json.loads(await ask(ports["one"], "/count")) == {"requests": 3, "held": 0}
        assert json.loads(await ask(ports["two"], "/count")) == {"requests": 0, "held": 0}


async def test_what_is_not_http_is_hung_up_on() -> None:
    async with listeners("one") as ports:
        reader, writer = await asyncio.open_connection("127.0.0.1", ports["one"])
        writer.write(b"\x00\x01\x02 nothing\r\n\r\n")
        assert await reader.read() == b""
        writer.close()
        assert json.loads(await ask(ports["one"], "/count")) == {"requests": 0, "held": 0}


def test_every_third_answer_holds_something_to_find() -> None:
    assert [FOUND.encode() in answer for answer in agent.ANSWERS] == [False, False, True]


@pytest.mark.parametrize("pace_s", [0.0, 0.0001])
async def test_who_asks_for_a_stream_gets_every_delta(pace_s: float) -> None:
    async with listeners("one", manner=agent.Manner(pace_s=pace_s)) as ports, httpx.AsyncClient() as client:
        for _ in range(2):
            answer = await client.post(f"http://127.0.0.1:{ports['one']}/v1/chat/completions", json=STREAMED)
            assert answer.headers["content-type"] == "text/event-stream"
            assert answer.text.count("data: ") == DELTAS + 3
            assert answer.text.endswith("data: [DONE]\n\n")


async def test_a_stream_is_held_until_it_is_told_to_go_on() -> None:
    async with listeners("one", manner=agent.Manner(hold=50)) as ports, httpx.AsyncClient() as client:
        url = f"http://127.0.0.1:{ports['one']}/v1/chat/completions"
        async with client.stream("POST", url, json=STREAMED) as answer:
            pieces = answer.aiter_text()
            seen = ""
            while seen.count("data: ") < 51:
                seen += await anext(pieces)
            while json.loads(await ask(ports["one"], "/count"))["held"] == 0:
                pass
            assert seen.count("data: ") == 51
            await ask(ports["one"], "/release")
            seen += "".join([piece async for piece in pieces])
            assert seen.count("data: ") == DELTAS + 3
        assert json.loads(await ask(ports["one"], "/count")) == {"requests": 1, "held": 0}


async def test_a_stream_whose_reader_is_gone_ends() -> None:
    async with listeners("one", manner=agent.Manner(hold=1)) as ports:
        reader, writer = await asyncio.open_connection("127.0.0.1", ports["one"])
        writer.write(b'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 15\r\n\r\n{"stream":true}')
        assert await reader.readuntil(b"data: ")
        writer.transport.abort()
        while json.loads(await ask(ports["one"], "/count"))["held"] == 0:
            pass
        await ask(ports["one"], "/release")
        assert json.loads(await ask(ports["one"], "/count")) == {"requests": 1, "held": 0}
