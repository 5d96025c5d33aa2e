"""Requests arrive at their rate, whether those before them were answered or not, and none is forgotten."""

import asyncio

import pytest

from benchmarks import arrivals
from benchmarks.arrivals import arrive

from .test_load import REQUEST, answering, server


async def test_as_many_arrive_as_the_rate_says_and_all_are_answered() -> None:
    serve, seen = answering(b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 503 No\r\n")
    async with server(serve) as port:
        found = await arrive(port, [REQUEST], rate=400, seconds=0.5)
    assert 150 < found.sent == len(seen) < 260
    assert set(found.statuses) == {"200", "503"}
    assert sum(found.statuses.values()) == found.sent
    assert found.lost == 0
    assert 0 < found.p50_ms <= found.p99_ms


async def test_the_same_arrive_each_time() -> None:
    counts = []
    for _ in range(2):
        serve, seen = answering(b"HTTP/1.1 200 OK\r\n")
        numbered = [b"GET /%d HTTP/1.1\r\nhost: a\r\n\r\n" % number for number in range(3)]
        async with server(serve) as port:
            await arrive(port, numbered, rate=200, seconds=0.2, start=2)
        counts.append(len(seen))
        assert sorted(set(seen)) == numbered
    assert counts[0] == counts[1]


async def test_who_waits_keeps_nobody_else_from_arriving() -> None:
    gate, waiting = asyncio.Event(), 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal waiting
        await reader.readuntil(b"\r\n\r\n")
        waiting += 1
        if waiting == 20:
            gate.set()
        await gate.wait()
        writer.write(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok")

    async with server(serve) as port:
        found = await arrive(port, [REQUEST], rate=200, seconds=0.5)
    assert found.sent >= 20
    assert found.statuses == {"200": found.sent}


async def test_what_is_never_answered_is_lost() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")

    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"garbage\r\n\r\n")
        await reader.read()

    for behaviour in (serve, babble):
        async with server(behaviour) as port:
            found = await arrive(port, [REQUEST], rate=100, seconds=0.1)
        assert (found.lost, found.statuses) == (found.sent, {})
    closed = await arrive(port, [REQUEST], rate=100, seconds=0.1)
    assert closed.lost == closed.sent > 0


async def test_who_does_not_answer_in_time_is_lost_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrivals, "DRAIN_S", 0.1)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with server(serve) as port:
        found = await arrive(port, [REQUEST], rate=100, seconds=0.1)
    assert found.lost == found.sent > 0
