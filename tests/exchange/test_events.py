"""Streams of whole messages: each is inspected before it leaves, the last one only once that is on record."""

from collections.abc import AsyncIterator, Mapping
from typing import Any, cast

import msgspec
import pytest

from gateway.agents.client import WireStream
from gateway.core.decision import Decision
from gateway.core.errors import AgentError
from gateway.core.message import Message, Part
from gateway.core.ports import Frame
from gateway.core.refusal import Refusal
from gateway.exchange.arrival import Responder
from gateway.exchange.events import Evented
from gateway.exchange.exchange import Routed
from gateway.exchange.forwarder import Delivered
from tests.conftest import ManualClock
from tests.exchange.making import LOCAL, MAIL, caller, message
from tests.exchange.test_inspector import ALL, MASKED, WITHHELD, inspector


def routed() -> Routed:
    decision = Decision(effect="route", agent="local", rules=(), obligations=(), policy="sha256:1", candidates=())
    return Routed(decision=decision, route=LOCAL, masked={}, rest=(), inputs={}, explanation=())


class Stream:
    """Chunks, then an error if there is one."""

    def __init__(self, *chunks: str, error: str | None = None) -> None:
        self.chunks, self.error = chunks, error
        self.status, self.headers = 200, ()
        self.read = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self.chunks:
            self.read += 1
            yield chunk.encode()
        if self.error is not None:
            raise AgentError(self.error)


class Words:
    """Frames of one word each; `end` is the last one."""

    def feed(self, data: bytes) -> list[Frame]:
        words = data.decode().split("|")
        return [
            Frame(
                parts=(Part("/a", word),),
                sessions=(word,) if word.startswith("task:") else (),
                last=word.startswith("end"),
            )
            for word in words
        ]

    def finish(self) -> list[Frame]:
        raise AgentError("closed_early")

    def render(self, frame: Frame, masked: Mapping[str, str]) -> bytes:
        return masked.get("/a", frame.parts[0].text).encode() + b";"


class Caller:
    """What reached the caller."""

    def __init__(self) -> None:
        self.started = False
        self.got: list[bytes] = []
        self.ended = False
        self.headers: list[tuple[str, str]] = []

    async def start(self, status: int, headers: list[tuple[str, str]]) -> None:
        self.started, self.headers = True, headers

    async def write(self, data: bytes, *, last: bool = False) -> None:
        self.got.append(data)
        self.ended = last


async def refuse(responder: Responder, refusal: Refusal) -> None:
    await responder.write(f"refused {refusal.code}".encode(), last=True)


async def announce(names: tuple[str, ...], classes: frozenset[str]) -> None:
    assert not names


def evented(clock: ManualClock, stream: Stream, *lines: str, asked: Message | None = None, **more: Any) -> Evented:
    delivered = Delivered(routed=routed(), attempts=1, stream=cast(WireStream, stream))
    parties = (caller(), asked or message())
    return Evented(inspector(clock, *lines), parties, delivered, Words(), [("X-Own", "1")], refuse, announce)


async def test_events_leave_as_they_come_and_the_last_one_after_the_outcome(clock: ManualClock) -> None:
    to = Caller()
    passing = evented(clock, Stream("one|two", "end", "never read"), ALL)
    outcome = await passing.inspect(to)
    assert to.got == [b"one;", b"two;"]
    assert (outcome.code, outcome.status, outcome.parts, outcome.size) == ("ok", 200, 3, 12)
    await passing.release(to)
    assert (to.got[-1], to.ended) == (b"end;", True)
    assert ("X-Own", "1") in to.headers
    assert ("x-accel-buffering", "no") in to.headers


async def test_each_event_is_masked_before_it_leaves_and_all_that_was_found_is_told(clock: ManualClock) -> None:
    to = Caller()
    passing = evented(clock, Stream(f"to {MAIL}", f"end {MAIL}"), ALL, MASKED)
    outcome = await passing.inspect(to)
    await passing.release(to)
    assert to.got == [b"to [EMAIL];", b"end [EMAIL];"]
    assert (outcome.found, outcome.classes, outcome.scanned) == ({"email": 2}, ("pii",), "full")
    assert outcome.decision is not None
    assert (outcome.decision.effect, outcome.decision.rules) == ("redact", ("pii-masked",))


async def test_an_event_that_may_not_be_released_ends_the_stream_and_nothing_after_it_passes(
    clock: ManualClock,
) -> None:
    to = Caller()
    passing = evented(clock, Stream(f"one|to {MAIL}|two", "end"), ALL, WITHHELD)
    outcome = await passing.inspect(to)
    await passing.release(to)
    assert to.got == [b"one;", b"refused answer_withheld"]
    assert outcome.code == "answer_withheld"


@pytest.mark.parametrize(("error", "code"), [("timeout_total", "agent_timeout"), ("bad_answer", "agent_bad_answer")])
async def test_an_agent_that_fails_in_the_middle_ends_the_stream_with_an_error(
    clock: ManualClock, error: str, code: str
) -> None:
    to = Caller()
    passing = evented(clock, Stream("one", error=error), ALL)
    outcome = await passing.inspect(to)
    await passing.release(to)
    assert (outcome.code, outcome.reason, to.got[-1].decode()) == (code, error, f"refused {code}")


async def test_a_stream_without_its_last_event_ends_with_an_error(clock: ManualClock) -> None:
    outcome = await evented(clock, Stream("one"), ALL).inspect(Caller())
    assert (outcome.code, outcome.reason) == ("agent_unavailable", "closed_early")


async def test_a_lasting_stream_ends_in_order_when_its_time_is_up_or_its_caller_goes(clock: ManualClock) -> None:
    to = Caller()
    asked = msgspec.structs.replace(message(), lasting=True)
    passing = evented(clock, Stream("one", error="timeout_total"), ALL, asked=asked)
    outcome = await passing.inspect(to)
    await passing.release(to)
    assert (outcome.code, to.got, to.ended) == ("ok", [b"one;", b""], True)
    assert passing.cut().code == "ok"


async def test_a_caller_who_goes_away_leaves_what_was_found_so_far(clock: ManualClock) -> None:
    passing = evented(clock, Stream(f"to {MAIL}", error="closed_early"), ALL)
    await passing.inspect(Caller())
    outcome = passing.cut()
    assert (outcome.code, outcome.status, outcome.found) == ("client_disconnected", 499, {"email": 1})


async def test_what_follows_an_event_about_health_is_about_health(clock: ManualClock) -> None:
    first = f"Mr. John Carter, {MAIL}, was diagnosed with diabetes."
    outcome = await evented(clock, Stream(first, f"end {MAIL}"), ALL).inspect(Caller())
    assert outcome.classes == ("phi", "pii")


async def test_an_answer_without_a_stream_is_a_bad_one(clock: ManualClock) -> None:
    delivered = Delivered(routed=routed(), attempts=1)
    passing = Evented(inspector(clock, ALL), (caller(), message()), delivered, Words(), [], refuse, announce)
    with pytest.raises(AgentError):
        await passing.inspect(Caller())


async def test_a_name_is_announced_once_and_before_the_event_that_gives_it_away(clock: ManualClock) -> None:
    to = Caller()

    async def told(names: tuple[str, ...], classes: frozenset[str]) -> None:
        to.got.append(b"announced " + ",".join(names).encode())

    delivered = Delivered(routed=routed(), attempts=1, stream=cast(WireStream, Stream("one|task:1|task:1|task:2|end")))
    passing = Evented(inspector(clock, ALL), (caller(), message()), delivered, Words(), [], refuse, told)
    outcome = await passing.inspect(to)
    assert to.got == [b"one;", b"announced task:1", b"task:1;", b"task:1;", b"announced task:1,task:2", b"task:2;"]
    assert outcome.sessions == ("task:1", "task:2")


async def test_a_class_is_told_once_and_before_the_first_event_that_shows_it_or_is_masked_for_it(
    clock: ManualClock,
) -> None:
    to = Caller()

    async def told(names: tuple[str, ...], classes: frozenset[str]) -> None:
        to.got.append(b"told " + ",".join((*names, *sorted(classes))).encode())

    script = f"one|to {MAIL}|task:1|to {MAIL}|key AKIAIOSFODNN7EXAMPLQ|end"
    delivered = Delivered(routed=routed(), attempts=1, stream=cast(WireStream, Stream(script)))
    passing = Evented(inspector(clock, ALL, MASKED), (caller(), message()), delivered, Words(), [], refuse, told)
    outcome = await passing.inspect(to)
    assert to.got == [
        b"one;",
        b"told pii,public",
        b"to [EMAIL];",
        b"told task:1,pii,public",
        b"task:1;",
        b"to [EMAIL];",
        b"told task:1,pii,public,secret",
        b"key AKIAIOSFODNN7EXAMPLQ;",
    ]
    assert outcome.classes == ("pii", "secret")
