"""The load counts what was answered, and what was not."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from benchmarks.load import load, quantile

REQUEST = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n"
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def server(serve: Serve) -> AsyncIterator[int]:
    conversations: list[asyncio.Task[None]] = []

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await serve(reader, writer)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        conversations.append(asyncio.create_task(converse(reader, writer)))

    listening = await asyncio.start_server(begin, "127.0.0.1", 0)
    try:
        yield listening.sockets[0].getsockname()[1]
    finally:
        listening.close()
        await asyncio.gather(*conversations)


def answering(*heads: bytes) -> tuple[Serve, list[bytes]]:
    """A server that gives these heads in turn, and what it was sent."""
    seen: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                seen.append(await reader.readuntil(b"\r\n\r\n"))
                writer.write(heads[(len(seen) - 1) % len(heads)] + b"content-length: 2\r\n\r\nok")
        except (asyncio.IncompleteReadError, ConnectionError):
            return

    return serve, seen


async def test_each_answer_is_counted_by_its_status() -> None:
    serve, seen = answering(b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 503 No\r\n")
    async with server(serve) as port:
        found = await load(port, [REQUEST], connections=3, seconds=0.05)
    assert found.broken == 0
    assert sum(found.statuses.values()) == len(seen)
    assert set(found.statuses) == {"200", "503"}
    # The last answer of each connection comes after the time is up.
    assert len(seen) - 3 <= found.completed < len(seen)
    assert found.rate == found.completed / 0.05
    assert 0 < found.p50_ms <= found.p99_ms


async def test_requests_are_sent_in_order_from_where_it_starts_and_around() -> None:
    serve, seen = answering(b"HTTP/1.1 200 OK\r\n")
    numbered = [b"GET /%d HTTP/1.1\r\nhost: a\r\n\r\n" % number for number in range(3)]
    async with server(serve) as port:
        await load(port, numbered, connections=1, seconds=0.05, start=2)
    assert seen[:4] == [numbered[2], numbered[0], numbered[1], numbered[2]]


async def test_a_connection_that_ends_by_itself_is_told() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")

    async with server(serve) as port:
        found = await load(port, [REQUEST], connections=2, seconds=0.05)
    assert (found.broken, found.completed, found.statuses) == (2, 0, {})


async def test_what_is_no_answer_is_told_as_broken() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"garbage\r\n\r\n")
        await reader.read()

    async with server(serve) as port:
        found = await load(port, [REQUEST], connections=1, seconds=0.05)
    assert (found.broken, found.completed) == (1, 0)


async def test_it_ends_when_so_many_requests_were_answered() -> None:
    serve, seen = answering(b"HTTP/1.1 200 OK\r\n")
    async with server(serve) as port:
        found = await load(port, [REQUEST], connections=3, seconds=60, total=20)
    assert (found.completed, len(seen), found.broken) == (20, 20, 0)
    assert found.whole == 20
    assert found.seconds < 60


async def test_what_does_not_end_as_it_should_is_told() -> None:
    serve, _ = answering(b"HTTP/1.1 200 OK\r\n")
    async with server(serve) as port:
        whole = await load(port, [REQUEST], connections=1, seconds=60, total=3, ends=b"ok")
        cut = await load(port, [REQUEST], connections=1, seconds=60, total=3, ends=b"[DONE]")
    assert (whole.broken, cut.broken) == (0, 3)


async def test_an_answer_on_its_way_counts_by_the_share_that_came() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for number in range(2):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n" + b"five!")
            if number:  # the first is whole at once, half of the second comes when the time is up
                await asyncio.sleep(0.3)
            writer.write(b"after")

    async with server(serve) as port:
        found = await load(port, [REQUEST], connections=1, seconds=0.2)
    assert found.completed == 1
    assert found.whole == 1.5
    assert found.first_p50_ms > 0


def test_a_quantile_is_one_of_the_values() -> None:
    assert quantile([], 0.5) == 0
    assert quantile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert quantile([float(number) for number in range(100)], 0.99) == 99.0
    assert quantile([1.0], 0.99) == 1.0
