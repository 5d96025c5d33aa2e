"""One connection at the door: its body within bounds of size and time, its answer, its caller going away."""

import asyncio
import gc
import weakref
from typing import Any

import pytest

from gateway.core.refusal import Refusal
from gateway.settings import Server
from gateway.web.traffic import TLS, Connection, arrival_of


class Wire:
    """ASGI's two callables, scripted: after the last message nothing ever comes, but a disconnect if `gone` is set."""

    def __init__(self, *messages: dict[str, Any]) -> None:
        self.messages, self.sent = list(messages), list[dict[str, Any]]()
        self.gone, self.waited = asyncio.Event(), asyncio.Event()

    async def receive(self) -> dict[str, Any]:
        if self.messages:
            return self.messages.pop(0)
        self.waited.set()
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        self.sent.append(message)


def piece(data: bytes, more: bool = False) -> dict[str, Any]:
    return {"type": "http.request", "body": data, "more_body": more}


def scope(*headers: tuple[bytes, bytes]) -> dict[str, Any]:
    return {
        "type": "http",
        "method": "POST",
        "path": "/v1/chat/completions",
        "query_string": b"a=1",
        "headers": list(headers),
        "client": ("192.0.2.7", 4711),
        "scheme": "https",
    }


def connection(wire: Wire, *headers: tuple[bytes, bytes], **server: Any) -> Connection:
    return Connection(scope(*headers), wire.receive, wire.send, Server(**server))


async def test_a_body_in_pieces_is_read_whole_and_then_the_connection_is_watched() -> None:
    wire = Wire(piece(b"he", True), piece(b"llo"))
    one = connection(wire)
    assert await one.read() == b"hello"
    wire.gone.set()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.Event().wait()
    assert one.gone


async def test_nobody_looks_after_a_caller_before_the_answer_takes_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.web.traffic.WATCH_AFTER_S", 3600)
    wire = Wire(piece(b"hello"))
    one = connection(wire)
    await one.read()
    wire.gone.set()
    await asyncio.sleep(0)
    assert not one.gone
    await one.start(200, [])
    await one.write(b"", last=True)
    one.close()
    assert len(asyncio.all_tasks()) == 1, "no task was made for it"


@pytest.mark.parametrize("after_s", [0, 3600])
async def test_a_request_that_ended_is_watched_no_more_and_freed_at_once(
    monkeypatch: pytest.MonkeyPatch, after_s: float
) -> None:
    monkeypatch.setattr("gateway.web.traffic.WATCH_AFTER_S", after_s)
    wire = Wire(piece(b"hello"))
    one = connection(wire)
    await one.read()
    if after_s == 0:
        await wire.waited.wait()
    one.close()
    gone = weakref.ref(one)
    gc.disable()
    try:
        del one
        for _ in range(3):  # turns of the loop in which the watch ends
            await asyncio.sleep(0)
        assert gone() is None, "not even the garbage collector is needed"
    finally:
        gc.enable()


async def test_a_cancellation_that_is_not_the_body_s_own_time_goes_on() -> None:
    one = connection(Wire(piece(b"x", True)), body_timeout_s=3600)
    reading = asyncio.create_task(one.read())
    await asyncio.sleep(0)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading


@pytest.mark.parametrize("declared", [b"2000", b"9" * 40])
async def test_a_body_that_says_that_it_is_too_large_is_not_read_at_all(declared: bytes) -> None:
    wire = Wire(piece(b"x"))
    refused = await connection(wire, (b"content-length", declared), max_body_bytes=1024).read()
    assert isinstance(refused, Refusal)
    assert (refused.code, len(wire.messages)) == ("body_too_large", 1)


async def test_a_body_that_grows_beyond_the_bound_is_refused_whatever_it_said() -> None:
    wire = Wire(*(piece(b"x" * 600, True) for _ in range(5)))
    refused = await connection(wire, (b"content-length", b"10"), max_body_bytes=1024).read()
    assert isinstance(refused, Refusal)
    assert (refused.code, len(wire.messages)) == ("body_too_large", 3)


async def test_a_body_that_does_not_come_in_time_or_breaks_off_is_refused() -> None:
    slow = await connection(Wire(piece(b"x", True)), body_timeout_s=0.01).read()
    assert isinstance(slow, Refusal)
    assert slow.code == "body_too_slow"
    broken = await connection(Wire(piece(b"x", True), {"type": "http.disconnect"})).read()
    assert isinstance(broken, Refusal)
    assert broken.code == "body_incomplete"


async def test_an_arrival_says_what_the_server_knows_of_a_request() -> None:
    async def unread() -> bytes:
        return b""

    one = arrival_of(scope((b"x-purpose", b"TREAT")), unread, "openai")
    assert (one.source, one.tls, one.query, one.header("x-purpose")) == ("192.0.2.7", "proxy", "a=1", "TREAT")


@pytest.mark.parametrize(
    ("scheme", "state", "told"),
    [
        ("http", {}, None),
        ("http", {TLS: "TLSv1.3 X"}, None),
        ("https", {TLS: "TLSv1.3 X"}, "TLSv1.3 X"),
        ("https", {}, "proxy"),
        ("https", {TLS: 3}, "proxy"),
    ],
)
async def test_how_a_connection_is_encrypted_is_told_by_who_ends_it(scheme: str, state: Any, told: str | None) -> None:
    async def unread() -> bytes:
        return b""

    assert arrival_of({**scope(), "scheme": scheme, "state": state}, unread, "openai").tls == told


async def test_an_answer_is_sent_in_pieces_the_last_of_which_says_so() -> None:
    wire = Wire()
    one = connection(wire)
    await one.start(200, [("X-Exchange-Id", "1")])
    await one.write(b"a")
    await one.write(b"b", last=True)
    assert one.started
    assert [message.get("more_body") for message in wire.sent] == [None, True, False]
    assert wire.sent[0]["headers"] == [(b"x-exchange-id", b"1")]
