"""What is known of a caller: whether it is there, and what it takes."""

import asyncio
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest

from gateway.web import presence
from gateway.web.presence import Patience, Presence, Standing, standing


def seen(unsent: int, acknowledged: int = 0, *, waits: bool | None = None) -> Standing:
    return Standing(unsent=unsent, waits=unsent > 0 if waits is None else waits, acknowledged=acknowledged, ended=False)


def test_who_watches_is_told_once_it_leaves_or_at_once() -> None:
    told: list[str] = []
    caller = Presence()
    first, second = (lambda: told.append("first")), (lambda: told.append("second"))
    caller.watch(first)
    caller.forget(first)
    caller.watch(second)
    caller.forget(first)  # who has no say any more
    caller.left()
    assert (told, caller.gone) == (["second"], True)
    caller.watch(first)
    assert told == ["second", "first"]


def test_patience_begins_anew_with_whatever_is_taken() -> None:
    patience = Patience(30)
    assert patience.ends(seen(0), 1) is None
    assert patience.ends(seen(10), 5) == 35
    assert patience.ends(seen(10), 20) == 35
    assert patience.ends(seen(90), 21) == 35, "what was written is not taken"
    assert patience.ends(seen(89), 22) == 52, "less than the last time"
    assert patience.ends(seen(200, 1), 23) == 53, "more was written than was acknowledged"
    assert patience.ends(seen(0, 1, waits=True), 24) == 54
    assert patience.ends(seen(0, 1, waits=True), 53) == 54
    assert patience.ends(seen(0, 2), 54) is None
    assert patience.ends(seen(10, 2), 90) == 120


class Sender(asyncio.Protocol):
    """Writes what it was made for, and reads nothing more."""

    def __init__(self, made: "asyncio.Future[asyncio.Transport]", data: bytes) -> None:
        self._made, self._data = made, data

    def connection_made(self, transport: Any) -> None:
        transport.pause_reading()
        transport.write(self._data)
        self._made.set_result(transport)


@contextmanager
def caller(port: int) -> Iterator[socket.socket]:
    with closing(socket.socket()) as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        one.connect(("127.0.0.1", port))
        one.settimeout(10)
        yield one


async def until(found: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not found():
            await asyncio.to_thread(time.sleep, 0.001)


@pytest.mark.parametrize("told", [True, False])
async def test_what_a_caller_takes_is_seen_by_its_systems_word_or_without_it(
    monkeypatch: pytest.MonkeyPatch, told: bool
) -> None:
    if not told:
        monkeypatch.setattr(presence, "_INFO", None)
    loop = asyncio.get_running_loop()
    made: asyncio.Future[asyncio.Transport] = loop.create_future()
    server = await loop.create_server(lambda: Sender(made, b"x" * 20_000_000), "127.0.0.1", 0)
    async with server:
        with caller(server.sockets[0].getsockname()[1]) as one:
            transport = await made
            first = standing(transport)
            assert first.waits
            assert first.unsent > 0
            taken = 0
            while not standing(transport).beyond(first):
                taken += len(await loop.run_in_executor(None, one.recv, 1 << 20))
                assert taken < 20_000_000
            assert not standing(transport).ended
            if told:
                one.shutdown(socket.SHUT_WR)
                await until(lambda: standing(transport).ended)
            transport.abort()
            await asyncio.sleep(0)
            standing(transport)  # of one that is no more there is nothing to be said, and nothing raised


async def test_an_answer_that_was_taken_whole_waits_for_nobody() -> None:
    loop = asyncio.get_running_loop()
    made: asyncio.Future[asyncio.Transport] = loop.create_future()
    server = await loop.create_server(lambda: Sender(made, b"x" * 100), "127.0.0.1", 0)
    async with server:
        with caller(server.sockets[0].getsockname()[1]) as one:
            transport = await made
            assert len(await loop.run_in_executor(None, one.recv, 100)) == 100
            await until(lambda: not standing(transport).waits)
            transport.abort()


class Closed:
    """A transport whose socket is no more, and what asking it raises."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def get_write_buffer_size(self) -> int:
        return 3

    def get_extra_info(self, name: str) -> "Closed":
        return self

    def getsockopt(self, *_: int) -> bytes:
        raise self._error


@pytest.mark.parametrize("error", [OSError(9, "bad file descriptor"), ValueError("negative file descriptor")])
def test_of_a_socket_that_is_no_more_nothing_is_told(error: Exception) -> None:
    transport: Any = Closed(error)
    found = standing(transport)
    assert (found.unsent, found.waits, found.ended, found.acknowledged) == (3, True, False, 0)
