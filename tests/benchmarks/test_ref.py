"""The reference passes bodies and streams through, both ways, and does nothing else."""

import asyncio
from typing import Any

import httpx
import pytest

from benchmarks import ref
from tests.system.site import Agent, served


@pytest.fixture
def agent() -> Agent:
    return Agent()


async def test_body_and_answer_pass_unchanged(agent: Agent) -> None:
    async with served(agent) as url, ref.client() as client, served(ref.PassThrough(client, url)) as door:
        async with httpx.AsyncClient() as caller:
            document: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "word " * 200}]}
            answer = await caller.post(f"{door}/v1/chat/completions", json=document)
        assert answer.status_code == 200
        assert answer.json()["choices"][0]["message"]["content"] == "word " * 200
        assert agent.paths == ["/v1/chat/completions"]
        assert agent.bodies == [document]


async def test_an_error_of_the_agent_passes_too(agent: Agent) -> None:
    async def refuse(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 418, "headers": []})
        await send({"type": "http.response.body", "body": b"no"})

    agent.behave = refuse
    async with served(agent) as url, ref.client() as client, served(ref.PassThrough(client, url)) as door:
        async with httpx.AsyncClient() as caller:
            answer = await caller.post(f"{door}/v1/chat/completions", content=b"{}")
        assert (answer.status_code, answer.content) == (418, b"no")


async def test_a_stream_passes_as_it_comes(agent: Agent) -> None:
    gate = asyncio.Event()

    async def behave(scope: Any, receive: Any, send: Any) -> None:
        events = [(b"content-type", b"text/event-stream")]
        await send({"type": "http.response.start", "status": 200, "headers": events})
        await send({"type": "http.response.body", "body": b"data: 1\n\n", "more_body": True})
        await gate.wait()
        await send({"type": "http.response.body", "body": b"data: 2\n\n"})

    agent.behave = behave
    async with (
        served(agent) as url,
        ref.client() as client,
        served(ref.PassThrough(client, url)) as door,
        httpx.AsyncClient() as caller,
        caller.stream("POST", f"{door}/v1/chat/completions", content=b'{"stream": true}') as answer,
    ):
        assert answer.headers["content-type"] == "text/event-stream"
        pieces = answer.aiter_raw()
        assert await anext(pieces) == b"data: 1\n\n"
        gate.set()
        assert b"".join([piece async for piece in pieces]) == b"data: 2\n\n"
