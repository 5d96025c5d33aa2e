"""Callers' connections are bounded in bytes and seconds, whatever is or is not sent on them."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import Any

import httpx
import pytest
import uvicorn
from uvicorn.server import ServerState

from gateway.web.protocol import MAX_HEAD, HttpProtocol
from tests.system.site import served

REQUEST = b"GET /a HTTP/1.1\r\nhost: x\r\n\r\n"
BEGUN = b"GET /a HTTP/1.1\r\nhost: x\r\n"
BODY = b"POST /a HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n"


class Timer:
    def __init__(self, when: float, call: Callable[[], None]) -> None:
        self.when, self.call, self.cancelled = when, call, False

    def cancel(self) -> None:
        self.cancelled = True


class Loop:
    """A loop whose time goes on when a test says so. Nothing it is told to run is run: answers are the test's."""

    def __init__(self) -> None:
        self.now = 0.0
        self.timers: list[Timer] = []

    def time(self) -> float:
        return self.now

    def call_at(self, when: float, call: Callable[[], None]) -> Timer:
        self.timers.append(Timer(when, call))
        return self.timers[-1]

    def call_later(self, delay: float, call: Callable[[], None]) -> Timer:
        return self.call_at(self.now + delay, call)

    def create_task(self, coroutine: Coroutine[Any, Any, None], **_: Any) -> "asyncio.Future[None]":
        coroutine.close()
        return asyncio.get_running_loop().create_future()

    def pass_to(self, when: float) -> None:
        """Every timer until then, in its time."""
        while True:
            due = [timer for timer in self.timers if not timer.cancelled and timer.when <= when]
            if not due:
                self.now = when
                return
            first = min(due, key=lambda timer: timer.when)
            self.timers.remove(first)
            self.now = max(self.now, first.when)
            first.call()

    @property
    def waiting(self) -> int:
        return sum(not timer.cancelled for timer in self.timers)


class Transport:
    """Remembers what was written; closing it is the end."""

    def __init__(self) -> None:
        self.written = b""
        self.closed = self.aborted = False
        self.unsent = 0

    def write(self, data: bytes) -> None:
        self.written += data

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.closed = self.aborted = True

    def get_write_buffer_size(self) -> int:
        return self.unsent

    def is_closing(self) -> bool:
        return self.closed

    def get_extra_info(self, name: str, default: object = None) -> object:
        return default

    def pause_reading(self) -> None:
        """Nothing is read unless the test sends it."""

    def resume_reading(self) -> None:
        """As above."""


class Connection:
    """One connection with a limit of ten seconds and 75 for idle ones."""

    def __init__(self, **more: Any) -> None:
        self.loop, self.transport = Loop(), Transport()
        config = uvicorn.Config(_nothing, log_config=None, timeout_keep_alive=75, lifespan="off", ws="none")
        config.load()
        made: Any = HttpProtocol.within(10.0, **more)
        self.protocol: Any = made(config=config, server_state=ServerState(), app_state={}, _loop=self.loop)
        self.protocol.connection_made(self.transport)

    def sends(self, data: bytes) -> None:
        self.protocol.data_received(data)

    def answered(self) -> None:
        """The request that was begun last has its whole answer."""
        self.protocol.cycle.response_complete = True
        self.protocol.on_response_complete()


async def _nothing(scope: Any, receive: Any, send: Any) -> None:
    """Never run."""


@pytest.fixture
async def connection() -> Connection:
    return Connection()


def problem_of(connection: Connection) -> tuple[bytes, str]:
    """The first line of the one answer, and the code of the problem that it is."""
    head, _, body = connection.transport.written.partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    headers = dict(line.decode().split(": ") for line in lines)
    assert headers["content-type"] == "application/problem+json"
    assert headers["content-length"] == str(len(body))
    document = json.loads(body)
    assert document["exchange"] == headers["x-exchange-id"]
    assert str(document["status"]).encode() == first.split(b" ")[1]
    return first, str(document["type"]).rpartition(":")[2]


@pytest.mark.parametrize(
    "data", [b"canary\r\n\r\n", b"GET / HTTP/1.1\r\nhost: x\r\nhost: canary\r\n\r\n", b"GET /\0canary HTTP/1.1\r\n"]
)
async def test_what_is_no_request_is_told_so_in_the_form_of_all_errors_and_without_a_word_of_it(
    connection: Connection, data: bytes
) -> None:
    connection.sends(data)
    assert problem_of(connection) == (b"HTTP/1.1 400 Bad Request", "request_malformed")
    assert b"canary" not in connection.transport.written
    assert connection.transport.closed


async def test_a_head_that_does_not_come_in_time_is_answered_and_closed(connection: Connection) -> None:
    connection.loop.pass_to(3)
    connection.sends(BEGUN)
    for second in range(4, 13):
        connection.loop.pass_to(second)
        connection.sends(b"a: b\r\n")  # however often a little more of it comes
        assert connection.transport.written == b""
    connection.loop.pass_to(13)
    assert problem_of(connection) == (b"HTTP/1.1 408 Request Timeout", "request_too_slow")
    assert connection.transport.closed


async def test_a_head_of_whatever_length_is_cut_at_its_bound(connection: Connection) -> None:
    connection.sends(BEGUN)
    sent = 0
    while not connection.transport.closed:
        connection.sends(b"a: " + b"b" * 1000 + b"\r\n")
        sent += 1005
    assert sent <= MAX_HEAD + 1005
    assert problem_of(connection) == (b"HTTP/1.1 431 Request Header Fields Too Large", "head_too_large")


async def test_a_connection_on_which_nothing_comes_is_closed_as_an_idle_one(connection: Connection) -> None:
    connection.loop.pass_to(74)
    assert not connection.transport.closed
    connection.loop.pass_to(75)
    assert (connection.transport.closed, connection.transport.written) == (True, b"")


async def test_what_belongs_to_a_request_that_was_answered_early_is_not_read_for_ever(connection: Connection) -> None:
    connection.sends(BODY)
    connection.answered()
    for second in range(1, 20):
        connection.loop.pass_to(second)
        connection.sends(b"x" if second < 9 else b"")
        assert not connection.transport.closed
    connection.loop.pass_to(20)
    assert (connection.transport.closed, connection.transport.written) == (True, b"")


async def test_a_body_that_nobody_gave_up_waiting_for_ends_the_connection(connection: Connection) -> None:
    connection.sends(BODY + b"xx")
    connection.loop.pass_to(19.9)
    assert not connection.transport.closed
    connection.loop.pass_to(20)
    assert connection.transport.closed


async def test_requests_in_time_are_left_alone_however_long_their_answers_take(connection: Connection) -> None:
    for begin in (0, 30, 61):
        connection.loop.pass_to(begin)
        connection.sends(BODY)
        connection.sends(b"x" * 10)
        connection.loop.pass_to(begin + 29)
        connection.answered()
    assert not connection.transport.closed
    assert connection.loop.waiting == 2  # the look, and the end of idleness
    connection.protocol.connection_lost(None)
    assert connection.loop.waiting == 0


async def test_a_request_behind_one_that_is_still_answered_is_not_overdue(connection: Connection) -> None:
    connection.sends(REQUEST + BEGUN)
    connection.loop.pass_to(95)
    assert not connection.transport.closed
    connection.answered()
    connection.loop.pass_to(104.9)
    assert not connection.transport.closed
    connection.loop.pass_to(105)
    assert connection.transport.closed


@pytest.mark.parametrize(
    "head",
    [
        b"GET /a HTTP/1.1\r\n\r\n",
        b"GET /a HTTP/1.1\r\nhost: x\r\nHost: x\r\n\r\n",
        b"GET /a HTTP/1.0\r\nhost: x\r\nhost: y\r\n\r\n",
    ],
)
async def test_a_request_without_its_one_host_is_malformed(connection: Connection, head: bytes) -> None:
    connection.sends(head)
    assert connection.transport.written.startswith(b"HTTP/1.1 400 ")
    assert connection.transport.closed
    assert connection.protocol.cycle is None


async def test_a_request_of_the_older_version_needs_no_host(connection: Connection) -> None:
    connection.sends(b"GET /a HTTP/1.0\r\n\r\n")
    assert not connection.transport.closed
    assert connection.protocol.cycle is not None


async def test_what_is_malformed_is_not_answered_in_the_midst_of_another_answer(connection: Connection) -> None:
    connection.sends(REQUEST)
    connection.sends(b"GET /b HTTP/1.1\r\n\r\n")
    assert (connection.transport.closed, connection.transport.written) == (True, b"")


async def test_trailers_are_dropped(connection: Connection) -> None:
    connection.sends(b"POST /a HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n0\r\n")
    scope = connection.protocol.scope
    for _ in range(5):
        connection.sends(b"x-api-key: gwk_other\r\n")
    connection.sends(b"\r\n")
    assert scope["headers"] == [(b"host", b"x"), (b"transfer-encoding", b"chunked")]
    assert len(connection.protocol.headers) == 0


OFFERS = (
    b"connection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAoAAA\r\n",
    b"Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n",
    b"connection: upgrade\r\nupgrade: foo/2, h2c\r\nUPGRADE: tls/1.0\r\n",
)
FRAMED = (b"content-length: %d\r\n\r\n%b", b"transfer-encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n")


@pytest.mark.parametrize("offer", OFFERS)
@pytest.mark.parametrize("framed", FRAMED)
@pytest.mark.parametrize("piece", [1, 7, 10_000])
async def test_an_offered_protocol_is_passed_over_and_the_body_is_the_requests(
    offer: bytes, framed: bytes, piece: int
) -> None:
    """Whatever its pieces are, and whatever it looks like; and the connection goes on."""
    connection = Connection()
    request = b"POST /%d HTTP/1.1\r\nHost: x\r\n" + offer + framed % (len(REQUEST), REQUEST)
    for number in range(3):
        data = request.replace(b"/%d", b"/%d" % number)
        for at in range(0, len(data), piece):
            connection.sends(data[at : at + piece])
        cycle = connection.protocol.cycle
        assert (cycle.scope["method"], cycle.scope["path"]) == ("POST", f"/{number}")
        assert (bytes(cycle.body), cycle.more_body, cycle.keep_alive) == (REQUEST, False, True)
        assert not connection.protocol.pipeline
        assert b"upgrade" not in dict(cycle.scope["headers"])
        connection.answered()
    assert (connection.transport.closed, connection.transport.written) == (False, b"")


async def test_offers_one_behind_the_other_are_each_a_request(connection: Connection) -> None:
    connection.sends((b"GET /a HTTP/1.1\r\nhost: x\r\n" + OFFERS[0] + b"\r\n") * 5 + REQUEST)
    assert len(connection.protocol.pipeline) == 5  # behind the first one
    assert not connection.transport.closed


@pytest.mark.parametrize(
    "line", [b"host: y\r\n", b"transfer-encoding: xchunked\r\n", b"content-length: 3\r\ntransfer-encoding: chunked\r\n"]
)
async def test_an_offer_makes_no_head_good_that_others_might_read_otherwise(
    connection: Connection, line: bytes
) -> None:
    connection.sends(b"POST /a HTTP/1.1\r\nhost: x\r\n" + OFFERS[0] + line + b"\r\nabc")
    assert problem_of(connection)[1] == "request_malformed"
    assert connection.transport.closed
    assert connection.protocol.cycle is None


async def test_an_offer_gives_a_request_no_more_time(connection: Connection) -> None:
    head = BODY.replace(b"\r\n\r\n", b"\r\n" + OFFERS[0] + b"\r\n")
    connection.sends(head[:-2])
    connection.loop.pass_to(9)
    connection.sends(head[-2:])
    connection.loop.pass_to(19.9)
    assert not connection.transport.closed
    connection.loop.pass_to(20)
    assert connection.transport.closed


async def test_no_tunnel_is_opened_and_what_is_sent_into_it_is_no_request(connection: Connection) -> None:
    connection.sends(b"CONNECT /a HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % len(REQUEST) + REQUEST)
    cycle = connection.protocol.cycle
    assert (cycle.scope["method"], cycle.keep_alive) == ("CONNECT", False)
    assert (bytes(cycle.body), cycle.more_body) == (b"", False)
    assert not connection.protocol.pipeline


async def test_a_caller_that_takes_nothing_for_as_long_is_cut_off_and_one_that_takes_some_is_not() -> None:
    counted: list[None] = []
    connection = Connection(write_s=30.0, cut=lambda: counted.append(None))
    connection.sends(REQUEST)
    connection.transport.unsent = 1000
    for second in range(5, 205, 25):  # one byte in each 25 seconds
        connection.loop.pass_to(second)
        connection.transport.unsent -= 1
    connection.loop.pass_to(195)
    connection.transport.unsent += 500  # more is written, which is nothing that was taken
    connection.loop.pass_to(209)
    assert not connection.transport.closed
    connection.loop.pass_to(180 + 30 + 10)
    assert (connection.transport.aborted, counted) == (True, [None])


async def test_a_whole_answer_that_nobody_takes_ends_with_its_connection() -> None:
    """Whether it is kept open for a next request, is idle for too long, or was to be closed behind the answer."""
    for closing in (False, True):
        connection = Connection(write_s=30.0)
        connection.sends(REQUEST)
        connection.transport.unsent = 1000
        connection.answered()
        connection.transport.closed = closing
        connection.loop.pass_to(29)
        assert not connection.transport.aborted
        connection.loop.pass_to(41)
        assert connection.transport.aborted


async def test_a_caller_that_has_taken_everything_may_be_silent_for_long(connection: Connection) -> None:
    connection.sends(REQUEST)
    connection.transport.unsent = 10
    connection.loop.pass_to(55)
    connection.transport.unsent = 0
    connection.loop.pass_to(600)
    assert not connection.transport.closed


async def test_a_request_that_is_overdue_closes_a_connection_once_and_what_waits_is_looked_after(
    connection: Connection,
) -> None:
    connection.sends(BODY)
    connection.transport.unsent = 10
    connection.loop.pass_to(20)
    assert (connection.transport.closed, connection.transport.aborted) == (True, False)
    connection.loop.pass_to(80)
    assert connection.transport.aborted


async def test_an_end_in_whatever_order_leaves_no_timer(connection: Connection) -> None:
    connection.protocol.connection_lost(ConnectionResetError())
    assert connection.loop.waiting == 0


async def test_it_serves_as_uvicorns_own_does() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        body = (await receive())["body"]
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": scope["path"].encode() + body})

    async with served(app, http=HttpProtocol.within(5.0)) as url, httpx.AsyncClient(base_url=url) as client:
        for number in range(3):
            assert (await client.post(f"/{number}", content=b"x" * number)).text == f"/{number}" + "x" * number
