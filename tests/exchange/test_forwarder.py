"""A message is sent again only where the first try did nothing, and to another agent only once that is on record."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from gateway.agents.client import Left
from gateway.agents.openai import OpenAIAdapter
from gateway.core.errors import AgentError, FormatError, LedgerUnavailable, PolicyMoved
from gateway.core.message import Outgoing, WireAnswer
from gateway.core.ports import Route
from gateway.exchange.choosing import Chooser
from gateway.exchange.exchange import Exchange, Routed
from gateway.exchange.forwarder import Delivered, Forwarder, Undelivered
from gateway.exchange.health import Health, Place
from gateway.ledger.entry import Appended, Entry
from gateway.settings import Breaker
from tests.checks.policy.making import rule
from tests.conftest import ManualClock
from tests.exchange.making import (
    BOUNDS,
    FRIEND,
    LOCAL,
    SKY,
    caller,
    classified,
    exchange,
    health,
    message,
    router,
)
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
        self.timeouts: list[float] = []
        self.takes: Callable[[], None] = lambda: None

    async def send(self, route: Route, outgoing: Outgoing, max_bytes: int, left: Left) -> WireAnswer:
        self.happened.append(f"send {route.id}")
        self.sent.append(outgoing)
        self.timeouts.append(route.timeout_s)
        self.takes()
        answer = self.answers.pop(0)
        if not isinstance(answer, str):
            left(answer.tls)
            return answer
        code, _, tls = answer.partition(" over ")
        if code not in UNSENT:
            left(tls or None)
        raise AgentError(code)


UNSENT = frozenset({"connect_failed", "timeout_connect", "address_refused", "overloaded", "cannot_render"})


class Record:
    """A ledger that writes down what it was given, or fails."""

    def __init__(self, happened: list[str], error: Exception | None = None) -> None:
        self.happened, self.error = happened, error

    async def append(self, entry: Entry) -> Appended:
        if self.error is not None:
            raise self.error
        self.happened.append(f"record {entry.envelope.agent} {entry.envelope.attempt}")
        return Appended(seq=0, leaf_hash=b"", recorded_at="")


def failing(status: int, *headers: tuple[str, str]) -> WireAnswer:
    return WireAnswer(status=status, headers=headers, body=b"")


def enough(*headers: tuple[str, str]) -> WireAnswer:
    body = b'{"error": {"message": "slow down", "type": "rate", "code": "rate"}}'
    return WireAnswer(status=429, headers=(("content-type", "application/json"), *headers), body=body)


def over(answer: WireAnswer, tls: str) -> WireAnswer:
    return msgspec.structs.replace(answer, tls=tls)


async def forwarded(
    clock: ManualClock,
    *answers: WireAnswer | str,
    headers: tuple[tuple[str, str], ...] = (),
    error: Exception | None = None,
    adapter: Any = None,
    agents: Health | None = None,
    takes_s: float = 0.0,
    lines: tuple[str, ...] = (ANYWHERE,),
    **changed: Any,
) -> tuple[Delivered | Undelivered, list[str], Exchange]:
    """A message sent to `local`, with `friend` and `sky` behind it; what came of it and what happened, in order."""
    happened: list[str] = []
    agents = agents or health(clock)
    routes = Chooser(router(clock, *lines), agents)
    one = exchange(*headers)
    one.caller = caller()
    one.identity = one.caller.identity
    one.message = msgspec.structs.replace(message("hello"), **changed)
    one.classified = classified(clock, one.message.parts)
    decided = routes.decide(one.caller, one.message, one.classified, (LOCAL, FRIEND, SKY), exact=False)
    assert isinstance(decided, Routed)
    place = await agents.admit(decided.route.id)
    assert isinstance(place, Place)
    one.place = place
    double = Agents(happened, *answers)
    double.takes = lambda: clock.advance(takes_s)
    client: Any = double

    async def sleep(seconds: float) -> None:
        happened.append(f"wait {seconds:g}")
        clock.advance(seconds)

    forwarder = Forwarder(
        client=client,
        router=routes,
        health=agents,
        scribe=scribe(clock),
        bounds=BOUNDS,
        failpoint=None,
        sleep=sleep,
    )
    one.held.append(place.release)
    try:
        found = await forwarder.forward(one, decided, adapter or OpenAIAdapter(BOUNDS), Record(happened, error))
        assert sum(state.under_way for state in agents.states()) >= 1, "what is under way has its place"
    finally:
        one.give_back()
    assert all(("traceparent", one.traceparent) in sent.headers for sent in double.sent)
    assert [state.under_way for state in agents.states()] == [0, 0, 0], "and gives it back"
    happened = [word for word in happened if word != "wait 0"]
    if not all(left == 1.0 for left in double.timeouts):
        happened.append(f"left {double.timeouts}")
    return found, happened, one


async def test_the_first_answer_is_the_answer(clock: ManualClock) -> None:
    found, happened, _ = await forwarded(clock, ANSWER)
    assert isinstance(found, Delivered)
    assert (found.attempts, happened) == (1, ["send local"])


@pytest.mark.parametrize("first", ["connect_failed", "timeout_connect", failing(503), failing(529), enough()])
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


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ((over(ANSWER, "TLSv1.3 A"),), "TLSv1.3 A"),
        ((over(failing(503), "TLSv1.2 A"), over(ANSWER, "TLSv1.3 B")), "TLSv1.3 B"),
        ((over(failing(500), "TLSv1.3 A"), over(ANSWER, "TLSv1.3 B")), "TLSv1.3 B"),
        ((over(failing(500), "TLSv1.3 A"), ANSWER), None),
        ((over(failing(500), "TLSv1.3 A"), "timeout_response", "closed_early"), None),
        (("timeout_response over TLSv1.3 A", "overloaded", "closed_early over TLSv1.3 C"), "TLSv1.3 C"),
        (("timeout_response over TLSv1.3 A", "connect_failed", "connect_failed", "overloaded"), None),
        ((over(failing(500), "A"), over(failing(500), "B"), over(failing(500), "C")), "C"),
        ((over(enough(), "A"), over(enough(), "B"), *["overloaded"] * 2), None),
    ],
    ids=[
        *("one", "a retry", "a further agent", "plain http", "no answer", "none of the last"),
        *("the last was not reached", "the last failed", "the last was full"),
    ],
)
async def test_the_exchange_knows_the_tls_that_its_last_agent_was_sent_it_over(
    clock: ManualClock, answers: tuple[WireAnswer | str, ...], told: str | None
) -> None:
    _, _, one = await forwarded(clock, *answers)
    assert one.agent_tls == told


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        (("timeout_response over A",), (True, "A")),
        (("timeout_response",), (True, None)),
        (("connect_failed", "connect_failed"), (False, None)),
        ((over(failing(503), "A"), "connect_failed"), (True, "A")),
    ],
    ids=["no answer", "no answer over plain http", "never sent", "an earlier try"],
)
async def test_what_may_have_arrived_at_the_one_agent_is_known_with_its_tls(
    clock: ManualClock, answers: tuple[WireAnswer | str, ...], told: tuple[bool, str | None]
) -> None:
    found, _, one = await forwarded(clock, *answers, headers=(("x-route", "exact"),))
    assert isinstance(found, Undelivered)
    assert (one.sent, one.agent_tls) == told


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


@pytest.mark.parametrize(
    ("onward", "repeated"),
    [
        ("mcp", False),
        ("code_interpreter", False),
        ("store", False),
        ("tool", False),
        ("web_search", True),
        ("url", True),
    ],
)
async def test_what_a_provider_may_have_done_for_its_model_is_not_asked_for_twice(
    clock: ManualClock, onward: str, repeated: bool
) -> None:
    everything = (
        rule("anything", agent="zone:*", action="*"),
        rule("onward", priority=11, agent="zone:*", action=f"onward:{onward}"),
    )
    asked: dict[str, Any] = {"onward": (f"onward:{onward}",), "lines": everything}
    _, happened, _ = await forwarded(clock, "closed_early", ANSWER, **asked)
    assert ("send friend" in happened) is repeated
    _, happened, _ = await forwarded(clock, "connect_failed", "connect_failed", ANSWER, **asked)
    assert "send friend" in happened


@pytest.mark.parametrize("action", ["tool:delete", "message", "task", "made-up"])
async def test_what_may_have_changed_something_is_not_asked_of_another_agent(clock: ManualClock, action: str) -> None:
    everything = (rule("anything", agent="zone:*", action="*"),)
    _, happened, _ = await forwarded(clock, "closed_early", action=action, lines=everything)
    assert happened == ["send local"]
    for status in (failing(503), failing(529), enough()):
        _, happened, _ = await forwarded(clock, status, action=action, lines=everything)
        assert happened == ["send local"], "no proof that it did nothing"
    lost = ("connect_failed", "timeout_connect", ANSWER)
    _, happened, _ = await forwarded(clock, *lost, action=action, lines=everything)
    assert happened == ["send local", "send local", "record friend 2", "send friend"]


@pytest.mark.parametrize(("method", "repeated"), [("POST", False), ("PUT", False), ("GET", True)])
async def test_plain_http_that_changes_something_is_not_sent_again_after_a_503(
    clock: ManualClock, method: str, repeated: bool
) -> None:
    everything = (rule("anything", agent="zone:*", action="*"),)
    inbound = msgspec.structs.replace(message("hello").inbound, method=method)
    asked: dict[str, Any] = {"protocol": "http", "inbound": inbound, "lines": everything}
    _, happened, _ = await forwarded(clock, failing(503), failing(503), ANSWER, **asked)
    assert ("send friend" in happened, happened.count("send local")) == (repeated, 1 + repeated)


async def test_what_an_agent_says_that_cannot_be_read_is_its_fault_but_for_plain_http(clock: ManualClock) -> None:
    """Which path is asked for, and in which form, is the caller's choice: the agent rests for no tenant."""
    exact = (("x-route", "exact"),)
    garbage = WireAnswer(status=200, headers=(("content-type", "application/json"),), body=b"{")
    for protocol, well in (("http", True), ("openai", False)):
        agents = health(clock, breaker=Breaker(calls=1))
        await forwarded(clock, garbage, agents=agents, headers=exact, protocol=protocol)
        assert agents.healthy("local") is well
    agents = health(clock, breaker=Breaker(calls=1))
    await forwarded(clock, "redirected", agents=agents, headers=exact)
    assert agents.healthy("local")
    await forwarded(clock, failing(500), agents=agents, headers=exact, protocol="http")
    assert not agents.healthy("local")


@pytest.mark.parametrize("code", ["address_refused", "overloaded", "cannot_render"])
async def test_what_never_left_may_be_asked_of_another_agent_at_once(clock: ManualClock, code: str) -> None:
    everything = (rule("anything", agent="zone:*", action="*"),)
    _, happened, _ = await forwarded(clock, code, ANSWER, action="tool:delete", lines=everything)
    assert happened == ["send local", "record friend 2", "send friend"]


async def test_an_exchange_without_a_message_is_not_forwarded(clock: ManualClock) -> None:
    agents = health(clock)
    routes = Chooser(router(clock, ANYWHERE), agents)
    client: Any = Agents([])
    forwarder = Forwarder(
        client=client, router=routes, health=agents, scribe=scribe(clock), bounds=BOUNDS, failpoint=None
    )
    nothing: Any = None
    with pytest.raises(LedgerUnavailable):
        await forwarder.forward(exchange(), nothing, OpenAIAdapter(BOUNDS), Record([]))


async def test_an_agent_that_says_when_is_asked_then_within_the_time_there_is(clock: ManualClock) -> None:
    agents = health(clock, retries=3)
    soon, later = ("retry-after", "0"), ("retry-after", "1")
    _, happened, _ = await forwarded(clock, failing(503, soon), enough(soon), ANSWER, agents=agents, takes_s=0.25)
    assert happened == ["send local"] * 3 + ["left [1.0, 0.75, 0.5]"]
    found, happened, _ = await forwarded(clock, failing(503, later), ANSWER, agents=agents)
    assert happened == ["send local", "record friend 2", "send friend"], "a second is all that it had"
    assert isinstance(found, Delivered)


async def test_a_wait_that_an_agent_asks_for_is_waited(clock: ManualClock) -> None:
    date = ("retry-after", "Tue, 24 Nov 2026 01:02:03 GMT")
    clock.us = 1_795_482_122_500_000
    _, happened, _ = await forwarded(clock, failing(503, date), ANSWER)
    assert happened[:2] == ["send local", "wait 0.5"]


@pytest.mark.parametrize("status", [500, 503])
async def test_how_long_the_last_agent_wants_to_be_left_alone_is_known_of_the_exchange(
    clock: ManualClock, status: int
) -> None:
    exact = (("x-route", "exact"),)
    answer = failing(status, ("retry-after", "90"))
    _, _, one = await forwarded(clock, answer, agents=health(clock, retries=0), headers=exact)
    assert one.asked_s == 90.0


async def test_an_agent_that_has_enough_is_followed_by_the_next_and_its_own_answer_stands_where_there_is_none(
    clock: ManualClock,
) -> None:
    agents = health(clock, retries=0)
    found, happened, _ = await forwarded(clock, enough(), ANSWER, agents=agents)
    assert happened == ["send local", "record friend 2", "send friend"]
    exact = (("x-route", "exact"),)
    found, happened, _ = await forwarded(clock, enough(), agents=agents, headers=exact)
    assert happened == ["send local"]
    assert isinstance(found, Delivered)
    assert found.answer is not None
    assert found.answer.status == 429


async def test_a_page_that_says_that_an_agent_has_enough_is_believed_though_it_cannot_be_read(
    clock: ManualClock,
) -> None:
    headers = (("content-type", "text/html"), ("retry-after", "7"))
    page = WireAnswer(status=429, headers=headers, body=b"<h1>Too many requests</h1>")
    found, happened, _ = await forwarded(clock, page, ANSWER, agents=health(clock, retries=0))
    assert happened == ["send local", "record friend 2", "send friend"]
    found, happened, one = await forwarded(
        clock, page, agents=health(clock, retries=0), headers=(("x-route", "exact"),)
    )
    assert happened == ["send local"]
    assert isinstance(found, Undelivered)
    assert (found.code, one.asked_s) == ("unavailable", 7.0)


async def test_retries_stop_where_the_budget_ends(clock: ManualClock) -> None:
    agents = health(clock, retries=10, retry_budget=0.0, breaker=Breaker(calls=1000))
    exact = (("x-route", "exact"),)
    _, happened, _ = await forwarded(clock, *["connect_failed"] * 11, agents=agents, headers=exact)
    assert happened.count("send local") == 11
    _, happened, _ = await forwarded(clock, "connect_failed", agents=agents, headers=exact)
    assert happened == ["send local"]


async def test_retries_stop_where_the_breaker_opens(clock: ManualClock) -> None:
    agents = health(clock, retries=10, breaker=Breaker(calls=2))
    _, happened, _ = await forwarded(clock, "connect_failed", "connect_failed", ANSWER, agents=agents)
    assert happened == ["send local", "send local", "record friend 2", "send friend"]
    assert not agents.healthy("local")


async def test_an_agent_that_rests_or_is_full_is_not_fallen_back_to(clock: ManualClock) -> None:
    agents = health(clock, retries=0, concurrency=1, queue=0, breaker=Breaker(calls=1))
    place = await agents.admit("friend")
    assert isinstance(place, Place)
    place.failed("closed_early")
    place.release()
    _, happened, _ = await forwarded(clock, "closed_early", ANSWER, agents=agents)
    assert happened == ["send local", "record sky 2", "send sky"]


async def test_the_last_ones_error_is_told_when_the_rest_have_no_place(clock: ManualClock) -> None:
    agents = health(clock, retries=0, breaker=Breaker(calls=1))
    for name in ("friend", "sky"):
        place = await agents.admit(name)
        assert isinstance(place, Place)
        place.failed("closed_early")
        place.release()
    found, happened, one = await forwarded(clock, "timeout_total", agents=agents)
    assert isinstance(found, Undelivered)
    assert (found.code, found.attempts, happened) == ("timeout_total", 1, ["send local"])
    assert one.routed is not None
    assert one.routed.route == LOCAL


async def test_a_privacy_pinned_message_never_falls_back_to_a_public_model(clock: ManualClock) -> None:
    """Whatever its agent does: down, slow, full of errors, babbling."""
    pinned = (rule("at-home", data="class:any", agent="zone:in-house"),)
    for failure in ("connect_failed", "timeout_response", "closed_early", "bad_answer", failing(503), failing(500)):
        found, happened, _ = await forwarded(clock, failure, failure, lines=pinned)
        assert isinstance(found, Undelivered)
        assert set(happened) == {"send local"}


class Unwritable(OpenAIAdapter):
    """Cannot write the message for some agents."""

    def __init__(self, *agents: str) -> None:
        super().__init__(BOUNDS)
        self.agents = agents

    def render(self, message: Any, agent: Route, masked: Any) -> Outgoing:
        if agent.id in self.agents:
            raise FormatError("not for this one")
        return super().render(message, agent, masked)


async def test_an_agent_that_the_message_cannot_be_written_for_is_passed_over(clock: ManualClock) -> None:
    found, happened, one = await forwarded(clock, ANSWER, adapter=Unwritable("local", "friend"))
    assert isinstance(found, Delivered)
    assert one.routed is not None
    assert one.routed.route == SKY
    assert happened == ["record sky 2", "send sky"]
    found, happened, _ = await forwarded(clock, adapter=Unwritable("local", "friend", "sky"))
    assert isinstance(found, Undelivered)
    assert (found.code, happened) == ("cannot_render", [])
