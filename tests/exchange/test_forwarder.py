"""A message is sent again only where the first try did nothing, and to another agent only once that is on record."""

from contextlib import AsyncExitStack
from typing import Any

import msgspec
import pytest

from gateway.agents.openai import OpenAIAdapter
from gateway.core.errors import AgentError, LedgerUnavailable, PolicyMoved
from gateway.core.message import Outgoing, WireAnswer
from gateway.core.ports import Route
from gateway.exchange.exchange import Exchange, Routed
from gateway.exchange.forwarder import Delivered, Forwarder, Undelivered
from gateway.ledger.entry import Appended, Entry
from tests.checks.policy.making import rule
from tests.conftest import ManualClock
from tests.exchange.making import BOUNDS, FRIEND, LOCAL, SKY, caller, classified, exchange, message, router
from tests.exchange.test_scribe import scribe
from tests.system.site import completion

ANSWER = WireAnswer(
    status=200,
    headers=(("content-type", "application/json"),),
    body=msgspec.json.encode(completion("hi")),
)
ANYWHERE = rule("anywhere", agent="zone:*")


class Agents:
    """Answers as it is told, in order: an answer, or the code of an error. Writes down what happened."""

    def __init__(self, happened: list[str], *answers: WireAnswer | str) -> None:
        self.happened, self.answers = happened, list(answers)
        self.sent: list[Outgoing] = []

    async def send(self, route: Route, outgoing: Outgoing, max_bytes: int) -> WireAnswer:
        self.happened.append(f"send {route.id}")
        self.sent.append(outgoing)
        answer = self.answers.pop(0)
        if isinstance(answer, str):
            raise AgentError(answer)
        return answer


class Record:
    """A ledger that writes down what it was given, or fails."""

    def __init__(self, happened: list[str], error: Exception | None = None) -> None:
        self.happened, self.error = happened, error

    async def append(self, entry: Entry) -> Appended:
        if self.error is not None:
            raise self.error
        self.happened.append(f"record {entry.envelope.agent} {entry.envelope.attempt}")
        return Appended(seq=0, leaf_hash=b"", recorded_at="")


def failing(status: int) -> WireAnswer:
    return WireAnswer(status=status, headers=(), body=b"")


async def forwarded(
    clock: ManualClock,
    *answers: WireAnswer | str,
    headers: tuple[tuple[str, str], ...] = (),
    error: Exception | None = None,
    adapter: Any = None,
    **changed: Any,
) -> tuple[Delivered | Undelivered, list[str], Exchange]:
    """A message sent to `local`, with `friend` and `sky` behind it; what came of it and what happened, in order."""
    happened: list[str] = []
    routes = router(clock, ANYWHERE)
    one = exchange(*headers)
    one.caller = caller()
    one.identity = one.caller.identity
    one.message = msgspec.structs.replace(message("hello"), **changed)
    one.classified = classified(clock, one.message.parts)
    decided = routes.decide(one.caller, one.message, one.classified, (LOCAL, FRIEND, SKY), exact=False)
    assert isinstance(decided, Routed)
    client: Any = Agents(happened, *answers)
    forwarder = Forwarder(client=client, router=routes, scribe=scribe(clock), bounds=BOUNDS, failpoint=None)
    async with AsyncExitStack() as stack:
        found = await forwarder.forward(one, decided, adapter or OpenAIAdapter(BOUNDS), Record(happened, error), stack)
    assert all(("traceparent", one.traceparent) in sent.headers for sent in client.sent)
    return found, happened, one


async def test_the_first_answer_is_the_answer(clock: ManualClock) -> None:
    found, happened, _ = await forwarded(clock, ANSWER)
    assert isinstance(found, Delivered)
    assert (found.attempts, happened) == (1, ["send local"])


@pytest.mark.parametrize("first", ["connect_failed", "timeout_connect", failing(503)])
async def test_what_was_surely_not_done_is_tried_once_more_with_the_same_agent(
    clock: ManualClock, first: WireAnswer | str
) -> None:
    found, happened, _ = await forwarded(clock, first, ANSWER)
    assert isinstance(found, Delivered)
    assert happened == ["send local", "send local"]


@pytest.mark.parametrize("first", ["timeout_response", "closed_early", "bad_answer", failing(500)])
async def test_what_may_have_been_done_is_not_tried_again_with_the_same_agent(
    clock: ManualClock, first: WireAnswer | str
) -> None:
    _, happened, _ = await forwarded(clock, first, ANSWER)
    assert happened == ["send local", "record friend 2", "send friend"]


async def test_the_next_agent_is_on_record_before_its_first_byte_and_the_exchange_names_it(clock: ManualClock) -> None:
    found, happened, one = await forwarded(clock, "connect_failed", "connect_failed", "closed_early", ANSWER)
    assert happened == ["send local", "send local", "record friend 2", "send friend", "record sky 3", "send sky"]
    assert isinstance(found, Delivered)
    assert found.attempts == 3
    assert one.routed is not None
    assert one.routed.route == SKY


async def test_an_attempt_that_finds_no_record_is_not_made(clock: ManualClock) -> None:
    with pytest.raises(LedgerUnavailable):
        await forwarded(clock, "closed_early", error=LedgerUnavailable("down"))
    found, happened, one = await forwarded(clock, "closed_early", error=PolicyMoved("moved"))
    assert isinstance(found, Undelivered)
    assert (found.code, found.attempts, happened) == ("policy_changed", 1, ["send local"])
    assert one.routed is not None
    assert one.routed.route == LOCAL


async def test_when_no_agent_is_left_the_last_ones_code_is_told(clock: ManualClock) -> None:
    found, _, _ = await forwarded(clock, "closed_early", "bad_answer", "timeout_total")
    assert isinstance(found, Undelivered)
    assert (found.code, found.attempts, found.routed.route) == ("timeout_total", 3, SKY)


async def test_exact_falls_back_to_nobody(clock: ManualClock) -> None:
    found, happened, _ = await forwarded(clock, "closed_early", headers=(("x-route", "exact"),))
    assert isinstance(found, Undelivered)
    assert happened == ["send local"]


class Plain(OpenAIAdapter):
    """Sends a plain HTTP message on as it is."""

    def render(self, message: Any, agent: Route, masked: Any) -> Outgoing:
        return Outgoing(method=message.inbound.method, path="/notes", headers=(), body=message.body)


@pytest.mark.parametrize(("method", "repeated"), [("POST", False), ("DELETE", False), ("GET", True), ("HEAD", True)])
async def test_plain_http_that_changes_something_and_may_have_arrived_is_never_repeated(
    clock: ManualClock, method: str, repeated: bool
) -> None:
    inbound = msgspec.structs.replace(message("hello").inbound, method=method)
    _, happened, _ = await forwarded(
        clock, "closed_early", ANSWER, protocol="http", inbound=inbound, adapter=Plain(BOUNDS)
    )
    assert ("send friend" in happened) is repeated


async def test_an_exchange_without_a_message_is_not_forwarded(clock: ManualClock) -> None:
    routes = router(clock, ANYWHERE)
    client: Any = Agents([])
    forwarder = Forwarder(client=client, router=routes, scribe=scribe(clock), bounds=BOUNDS, failpoint=None)
    nothing: Any = None
    with pytest.raises(LedgerUnavailable):
        async with AsyncExitStack() as stack:
            await forwarder.forward(exchange(), nothing, OpenAIAdapter(BOUNDS), Record([]), stack)
