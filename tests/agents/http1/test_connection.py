"""One connection: what it tells its caller, when it gives up, and when it may be used again. What agents do with real
ones is in tests/agents/test_client.py."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from typing import Any, cast

import pytest

from gateway.agents.http1 import connection as connection_module
from gateway.agents.http1.connection import BUFFER, Connection
from gateway.agents.http1.reader import BODY, HEAD, IDLE
from gateway.core.errors import AgentError

from ..support import route as make_route
from ..wire import BRIEF

HEAD_OF_10 = b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"


class Wire:
    """A transport that writes nowhere, over a real socket."""

    def __init__(self, near: socket.socket) -> None:
        self.near = near
        self.written = b""
        self.unsent = 0
        self.paused = self.aborted = self.closing = False
        self.peer: object = None

    def get_extra_info(self, name: str) -> object:
        return {"socket": self.near, "ssl_object": self.peer}[name]

    def write(self, data: bytes) -> None:
        self.written += data

    def get_write_buffer_size(self) -> int:
        return self.unsent

    def is_closing(self) -> bool:
        return self.closing

    def pause_reading(self) -> None:
        assert not self.paused
        self.paused = True

    def resume_reading(self) -> None:
        assert self.paused
        self.paused = False

    def close(self) -> None:
        self.closing = True

    def abort(self) -> None:
        self.closing = self.aborted = True


class Line:
    """A connection and both its ends."""

    def __init__(self, near: socket.socket, far: socket.socket) -> None:
        self.far, self.wire = far, Wire(near)
        self.gone: list[Connection] = []
        self.connection = Connection(asyncio.get_running_loop(), self.gone.append)
        self.connection.connection_made(cast(asyncio.BaseTransport, self.wire))

    def send(self, *, whole: bool = True, seconds: float = 60.0, max_bytes: int = 1 << 20, **more: Any) -> None:
        deadline = asyncio.get_running_loop().time() + seconds
        route = make_route(**{"first_byte_timeout_s": 30.0, "idle_timeout_s": 20.0, **more})
        self.connection.send(b"request", route, bodiless=False, max_bytes=max_bytes, deadline=deadline, whole=whole)

    def left(self) -> float:
        """Seconds until the connection gives up."""
        return self.connection._limit - asyncio.get_running_loop().time()


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    with pair() as (near, far):
        made = Line(near, far)
        yield made
        made.connection.connection_lost(None)


@contextmanager
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    near, far = socket.socketpair()
    with near, far:
        yield near, far


async def code(waiting: Any) -> str:
    with pytest.raises(AgentError) as caught:
        await waiting
    return caught.value.code


class TestAnswers:
    async def test_a_whole_answer_wakes_its_caller_once_it_has_ended(self, line: Line) -> None:
        line.send()
        assert line.wire.written == b"request"
        waiting = asyncio.create_task(line.connection.answered())
        await asyncio.sleep(0)
        for piece in (HEAD_OF_10, b"hello", b"world"):
            assert not waiting.done()
            line.connection.data_received(piece)
            await asyncio.sleep(0)
        assert (await waiting).take() == b"helloworld"

    async def test_a_streamed_one_at_its_head_and_then_at_each_piece(self, line: Line) -> None:
        line.send(whole=False)
        waiting = asyncio.create_task(line.connection.answered())
        await asyncio.sleep(0)
        line.connection.data_received(HEAD_OF_10)
        assert (await waiting).status == 200
        for piece in (b"hello", b"world"):
            taking = asyncio.create_task(line.connection.piece())
            await asyncio.sleep(0)
            line.connection.data_received(piece)
            assert await taking == piece
        assert await line.connection.piece() == b""

    async def test_what_came_together_is_one_piece(self, line: Line) -> None:
        line.send(whole=False)
        line.connection.data_received(CHUNKED + b"1\r\na\r\n1\r\nb\r\n")
        line.connection.data_received(b"1\r\nc\r\n")
        await line.connection.answered()
        assert await line.connection.piece() == b"abc"

    async def test_what_came_before_a_failure_is_not_lost(self, line: Line) -> None:
        line.send(whole=False)
        line.connection.data_received(HEAD_OF_10 + b"hello")
        line.connection.connection_lost(ConnectionResetError())
        assert await line.connection.piece() == b"hello"
        assert await code(line.connection.piece()) == "closed_early"

    async def test_an_agent_that_leaves_first_got_nothing(self, line: Line) -> None:
        line.wire.closing = True
        line.send()
        assert line.wire.written == b""
        assert await code(line.connection.answered()) == "connect_failed"

    @pytest.mark.parametrize("whole", [True, False])
    async def test_garbage_closes_at_once(self, line: Line, whole: bool) -> None:
        line.send(whole=whole)
        line.connection.data_received(b"junk")
        assert line.wire.aborted
        assert await code(line.connection.answered()) == "bad_answer"

    async def test_an_agent_that_leaves_is_told_of_once(self, line: Line) -> None:
        line.send()
        line.connection.eof_received()
        line.connection.connection_lost(None)
        line.connection.connection_lost(None)
        assert line.gone == [line.connection]
        assert await code(line.connection.answered()) == "closed_early"


class TestBackPressure:
    async def test_an_agent_is_not_read_from_while_nobody_reads_its_answer(self, line: Line) -> None:
        line.send(whole=False, max_bytes=10 * BUFFER)
        line.connection.data_received(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * BUFFER)
        states = [line.wire.paused]
        line.connection.data_received(b"x")
        line.connection.data_received(b"x")  # what was on its way
        states.append(line.wire.paused)
        assert len(await line.connection.piece()) == BUFFER + 2
        assert [*states, line.wire.paused] == [False, True, False]

    async def test_a_whole_answer_is_bounded_by_its_size_alone(self, line: Line) -> None:
        line.send(max_bytes=10 * BUFFER)
        line.connection.data_received(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 2 * BUFFER)
        assert not line.wire.paused

    async def test_a_connection_that_closed_meanwhile_is_not_asked_for_more(self, line: Line) -> None:
        line.send(whole=False, max_bytes=10 * BUFFER)
        line.connection.data_received(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 2 * BUFFER)
        line.wire.closing = True
        assert len(await line.connection.piece()) == 2 * BUFFER
        assert line.wire.paused


class TestTimes:
    async def test_the_head_the_pieces_and_the_whole_have_theirs(self, line: Line) -> None:
        line.send()
        assert 29 < line.left() <= 30
        line.connection.data_received(HEAD_OF_10)
        assert 19 < line.left() <= 20
        line.send(seconds=10)
        assert 9 < line.left() <= 10

    async def test_framing_without_content_gives_an_agent_no_more_time(self, line: Line) -> None:
        line.send()
        line.connection.data_received(CHUNKED)
        limit = line.connection._limit = line.connection._limit - 5
        for piece in (b"1;a", b"aaa", b"aaa"):
            line.connection.data_received(piece)
        assert line.connection._limit == limit
        line.connection.data_received(b"\r\nx\r\n")
        assert line.connection._limit > limit

    async def test_nor_does_it_wake_a_reader(self, line: Line) -> None:
        line.send(whole=False)
        line.connection.data_received(CHUNKED)
        taking = asyncio.create_task(line.connection.piece())
        await asyncio.sleep(0)
        limit = line.connection._limit
        line.connection.data_received(b"1;aaa")
        await asyncio.sleep(0)
        assert (line.connection._limit, taking.done()) == (limit, False)
        line.connection.data_received(b"\r\nx\r\n")
        assert await taking == b"x"

    async def test_an_interim_answer_gives_it_none_either(self, line: Line) -> None:
        line.send()
        limit = line.connection._limit
        line.connection.data_received(b"HTTP/1.1 100 Continue\r\n\r\n")
        assert (line.connection._limit, line.connection.reader.state) == (limit, HEAD)

    async def test_a_slow_reader_is_not_the_agents_fault(self, line: Line) -> None:
        line.send(whole=False)
        line.connection.data_received(HEAD_OF_10 + b"hello")
        await line.connection.piece()
        assert line.left() > 59

    async def test_room_for_more_of_a_request_is_no_answer_to_it(self, line: Line) -> None:
        """What a slow agent takes of a large request wakes whoever sends it, and not who waits for the answer."""
        line.send()
        line.connection.pause_writing()
        waiting = asyncio.create_task(line.connection.answered())
        await asyncio.sleep(0)
        line.connection.resume_writing()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert not waiting.done()
        line.connection.data_received(HEAD_OF_10 + b"helloworld")
        assert (await waiting).take() == b"helloworld"

    async def test_calls_of_one_connection_share_a_timer(self, line: Line) -> None:
        timers = set()
        for _ in range(5):
            line.send()
            line.connection.data_received(HEAD_OF_10 + b"helloworld")
            assert line.connection.rest()
            timers.add(line.connection._timer)
        assert len(timers) == 1

    @pytest.mark.parametrize(
        ("bounds", "first", "expected"),
        [
            ({"first_byte_timeout_s": BRIEF}, b"", "timeout_response"),
            ({"idle_timeout_s": BRIEF}, HEAD_OF_10 + b"x", "timeout_response"),
            ({"idle_timeout_s": BRIEF}, HEAD_OF_10, "timeout_response"),
            ({"seconds": BRIEF}, b"", "timeout_total"),
            ({"seconds": BRIEF}, HEAD_OF_10 + b"x", "timeout_total"),
        ],
    )
    @pytest.mark.parametrize("whole", [True, False])
    async def test_whoever_is_too_slow_is_given_up(
        self,
        line: Line,
        whole: bool,
        bounds: dict[str, Any],
        first: bytes,
        expected: str,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(connection_module, "IDLE_S", BRIEF)
        line.send(whole=whole, **bounds)
        if first:
            line.connection.data_received(first)

        async def read() -> None:
            await line.connection.answered()
            while await line.connection.piece():
                pass

        assert await asyncio.wait_for(code(read()), 5) == expected
        assert line.wire.aborted

    async def test_a_time_that_was_put_off_is_looked_at_again(
        self, line: Line, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(connection_module, "IDLE_S", 0.01)
        line.send(first_byte_timeout_s=BRIEF)
        assert await asyncio.wait_for(code(line.connection.answered()), 5) == "timeout_response"


class TestReuse:
    def answer(self, line: Line, data: bytes = HEAD_OF_10 + b"helloworld") -> None:
        line.send()
        line.connection.data_received(data)

    async def test_after_a_whole_answer_another_call_may_follow(self, line: Line) -> None:
        self.answer(line)
        assert line.connection.rest()
        assert (line.connection.reader.state, line.connection.fresh()) == (IDLE, True)
        self.answer(line)
        assert (await line.connection.answered()).take() == b"helloworld"

    @pytest.mark.parametrize(
        "data",
        [
            HEAD_OF_10 + b"hello",
            HEAD_OF_10 + b"helloworld!",
            b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n",
            b"HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n",
            b"junk",
            b"",
        ],
    )
    async def test_after_anything_else_none_does(self, line: Line, data: bytes) -> None:
        line.send()
        if data:
            line.connection.data_received(data)
        assert not line.connection.rest()
        assert line.wire.aborted
        assert not line.connection.fresh()

    async def test_not_while_the_request_is_still_being_sent(self, line: Line) -> None:
        line.wire.unsent = 1
        self.answer(line)
        assert not line.connection.rest()

    async def test_not_once_the_agent_has_ended_it(self, line: Line) -> None:
        self.answer(line)
        line.connection.eof_received()
        assert not line.connection.rest()

    async def test_an_end_that_the_loop_has_not_seen_yet_is_seen(self, line: Line) -> None:
        self.answer(line)
        assert line.connection.rest()
        line.far.close()
        assert not line.connection.fresh()

    async def test_so_is_a_byte_that_nobody_asked_for(self, line: Line) -> None:
        self.answer(line)
        assert line.connection.rest()
        line.far.send(b"x")
        assert not line.connection.fresh()

    async def test_bytes_on_an_idle_connection_close_it(self, line: Line) -> None:
        self.answer(line)
        assert line.connection.rest()
        line.connection.data_received(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
        assert line.wire.aborted

    async def test_one_that_lies_idle_too_long_is_closed(self, line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(connection_module, "IDLE_S", 0.0)
        self.answer(line)
        assert line.connection.rest()
        assert not line.connection.fresh()
        closed = asyncio.Event()
        monkeypatch.setattr(line.wire, "close", closed.set)
        await asyncio.wait_for(closed.wait(), 5)


class TestEnds:
    async def test_a_call_that_is_cancelled_leaves_nothing_behind(self, line: Line) -> None:
        line.send()
        waiting = asyncio.create_task(line.connection.answered())
        await asyncio.sleep(0)
        waiting.cancel()
        with suppress(asyncio.CancelledError):
            await waiting
        assert waiting.cancelled()
        line.connection.data_received(HEAD_OF_10 + b"hello")
        assert not line.connection.rest()

    async def test_a_call_may_be_failed_from_outside(self, line: Line) -> None:
        line.send(whole=False)
        line.connection.data_received(HEAD_OF_10)
        assert line.connection.reader.state == BODY
        taking = asyncio.create_task(line.connection.piece())
        await asyncio.sleep(0)
        line.connection.fail("closed_early")
        assert await code(taking) == "closed_early"
        assert line.wire.aborted
