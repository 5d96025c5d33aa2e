"""Step 8: a message to its agent, sent again where that is safe, then to the further agents that the decision permits.

A further agent is on record before its first byte, and has a place for it. A retry goes to the same agent, needs no
record of its own, and is made where the try before surely did nothing: the connection was never made. What may be done
twice (`repeatable`) is sent again too where the agent said that it is not available (503, or 529 as Messages has it) or
has enough (429). That is no proof that nothing was done: proxies say 503 for a connection that broke after the request
was delivered. Everything at one agent stays within its `timeout_s`.
"""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

import msgspec

from gateway.agents.client import AgentClient, WireStream
from gateway.agents.pulling import Pulling
from gateway.agents.sse import is_event_stream
from gateway.core.errors import AgentError, FormatError, LedgerUnavailable, PolicyMoved
from gateway.core.message import Answer, Message, Outgoing, WireAnswer
from gateway.core.ports import Adapter, Bounds, Failpoint, Route
from gateway.core.refusal import Refusal
from gateway.exchange.assertions import Assertions
from gateway.exchange.choosing import Chooser, as_before
from gateway.exchange.delegation import Delegation
from gateway.exchange.exchange import Exchange, Routed
from gateway.exchange.health import Health, Place
from gateway.exchange.notices import Notices
from gateway.exchange.quotas import Quotas
from gateway.exchange.retry import retry_after_s
from gateway.exchange.router import Denied
from gateway.exchange.scribe import Scribe
from gateway.ledger.entry import Ledger

_UNAVAILABLE, _ENOUGH = frozenset({503, 529}), 429
_PATIENCE = frozenset({408, 425, _ENOUGH})
"""Refusals that may say when to come back, as any failure may (RFC 9110 §10.2.3)."""
_UNCONNECTED = frozenset({"connect_failed", "timeout_connect"})
"""What is certain to have done nothing: it never left."""
_TURNED_AWAY = frozenset({"unavailable", "enough"})
"""Answers of 503, 529 or 429: by what they mean nothing was done, but whoever gave them may not know."""
_NOT_SENT = frozenset({"address_refused", "overloaded", "cannot_render"})
"""What is as certain, but would be no different the next moment with the same agent."""
_SAFE_METHODS = frozenset({"GET", "HEAD"})
_ANSWERS = frozenset({"chat", "respond", "embed"})
_READING = frozenset(
    f"onward:{kind}" for kind in ("url", "web_search", "web_fetch", "file_search", "tool_search", "model", "region")
)
"""What an agent does by itself and may do twice. Any other tool of its provider's may change something."""
_SECOND_NS = 1_000_000_000


class Delivered(msgspec.Struct, frozen=True, kw_only=True):
    """An agent that answered: whole (`answer`), or with a stream whose head has arrived."""

    routed: Routed
    attempts: int
    answer: Answer | None = None
    stream: WireStream | None = None
    wire: WireAnswer | None = None
    """The whole answer as it came, where it came from an agent just now."""
    kept_of: str | None = None
    """The exchange that a kept answer is from: nobody was asked for it, and `attempts` is 0."""


class Undelivered(msgspec.Struct, frozen=True, kw_only=True):
    """No permitted agent answered. `code` is the last one's `AgentError` code."""

    routed: Routed
    attempts: int
    code: str
    answered: int | None = None
    """The status that it answered with last, where it was reached and did."""


class _Call(msgspec.Struct, frozen=True, kw_only=True):
    """What one agent is asked, until it has answered or is given up."""

    routed: Routed
    attempts: int
    outgoing: Outgoing
    place: Place
    vouched: Callable[[], Outgoing] | None = None
    """The same with the gateway's word on it, a new one for each try; None where the agent does not ask for it."""


class _Tried(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a try: an answer or the code of an error, and the seconds the agent asks to be left alone for."""

    found: Delivered | None = None
    code: str = "agent_failed"
    """Why another try or another agent may be right, where there is no answer to be passed on at once."""
    asked_s: float | None = None
    answered: int | None = None


class Forwarder:
    """Sends messages to agents. Holds no state of exchanges."""

    def __init__(
        self,
        *,
        client: AgentClient,
        router: Chooser,
        health: Health,
        scribe: Scribe,
        bounds: Bounds,
        failpoint: Failpoint | None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        assertions: Assertions | None = None,
        quotas: Quotas | None = None,
        delegation: Delegation | None = None,
        notices: Notices | None = None,
        pulling: Pulling | None = None,
    ) -> None:
        self._client, self._router, self._health, self._scribe = client, router, health, scribe
        self._bounds, self._failpoint, self._sleep = bounds, failpoint, sleep
        self._assertions, self._quotas, self._delegation = assertions, quotas, delegation
        self._notices = notices
        self._pulling = pulling

    def elsewhere(self, scribe: Scribe, delegation: Delegation) -> "Forwarder":
        """The same on other ledgers, for agents that are sent to."""
        return Forwarder(
            client=self._client,
            router=self._router,
            health=self._health,
            scribe=scribe,
            bounds=self._bounds,
            failpoint=self._failpoint,
            sleep=self._sleep,
            assertions=self._assertions,
            quotas=self._quotas,
            delegation=delegation,
        )

    async def forward(
        self, exchange: Exchange, routed: Routed, adapter: Adapter, ledger: Ledger
    ) -> Delivered | Undelivered:
        """The first answer. Streams and places are the exchange's to give back. `LedgerUnavailable` if an attempt finds
        no record.

        `exchange.routed` names, at every instant, the agent that may be receiving the message, and `exchange.place` is
        the place it has there; `exchange.sent` whether anything has begun to leave for it, and `exchange.agent_tls`
        over which TLS.
        """
        message, place = _known(exchange)
        call: _Call | None = self._call(exchange, message, adapter, routed, 1, place)
        attempts, tried = 1, _Tried(code="cannot_render")
        while True:
            exchange.routed, exchange.agent_tls, exchange.sent = routed, None, False
            if call is not None:
                tried = await self._asked(exchange, call, message, adapter)
                exchange.asked_s = tried.asked_s
            if tried.found is not None and tried.code != "enough":
                return tried.found
            call = await self._following(exchange, message, adapter, routed, attempts, tried.code, ledger)
            if call is None:
                return tried.found or Undelivered(
                    routed=routed, attempts=attempts, code=tried.code, answered=tried.answered
                )
            if call.routed.decision.policy != routed.decision.policy:  # taken over since: it was classified before that
                return Undelivered(routed=routed, attempts=attempts, code="policy_changed")
            # A crash before this is durable: the next agent has not been asked, recovery closes the exchange. After:
            # recovery closes it too, and the record names the agent that may have received the message.
            try:
                if self._delegation is not None and call.routed.route.calls:
                    await self._delegation.extend(exchange, call.routed)
                await ledger.append(self._scribe.attempt(exchange, call.routed, call.attempts, call.outgoing.body))
            except PolicyMoved:
                return Undelivered(routed=routed, attempts=attempts, code="policy_changed")
            if call.routed.decision.obligations and self._notices is not None:
                await self._notices.decided(exchange, call.routed)
            place.release()
            routed, attempts, place = call.routed, call.attempts, call.place
            exchange.place = place

    def _call(
        self, exchange: Exchange, message: Message, adapter: Adapter, routed: Routed, attempts: int, place: Place
    ) -> _Call | None:
        """What the agent will be asked; None where the message cannot be written for it."""
        try:
            outgoing = adapter.render(message, routed.route, routed.masked)
        except (FormatError, AgentError):
            return None
        headers = (*outgoing.headers, ("traceparent", exchange.traceparent))
        if routed.route.delegation and self._delegation is not None:
            headers += self._delegation.headers(exchange, routed.route)
        outgoing = msgspec.structs.replace(outgoing, headers=headers)
        vouched = None
        if routed.route.assertion and self._assertions is not None:
            vouched = partial(self._assertions.vouched, exchange, routed, outgoing)
        return _Call(routed=routed, attempts=attempts, outgoing=outgoing, place=place, vouched=vouched)

    async def _asked(self, exchange: Exchange, call: _Call, message: Message, adapter: Adapter) -> _Tried:
        """What the agent says, after as many tries as it, its retry budget and its time allow."""
        now, route = self._health.now, call.routed.route
        ends, tries = now() + int(route.timeout_s * _SECOND_NS), 1
        while True:
            tried = await self._try(exchange, call, route, message, adapter)
            if tried.code not in _UNCONNECTED and not (tried.code in _TURNED_AWAY and repeatable(message)):
                return tried
            wait_s = call.place.retry_in_s(tries, tried.asked_s, (ends - now()) / _SECOND_NS)
            if wait_s is None:
                return tried
            await self._sleep(wait_s)
            left_s = (ends - now()) / _SECOND_NS
            if left_s <= 0 or not call.place.again():
                return tried
            route, tries = msgspec.structs.replace(route, timeout_s=left_s), tries + 1

    async def _try(self, exchange: Exchange, call: _Call, route: Route, message: Message, adapter: Adapter) -> _Tried:
        """One try, told to the agent's breaker."""
        started, asked_s, answered, whole = self._health.now(), None, None, False
        try:
            outgoing = call.outgoing if call.vouched is None else call.vouched()
            found = await self._sent(exchange, route, outgoing, message)
            exchange.agent_tls = found.tls
            took_ns = self._health.now() - started
            if isinstance(found, WireStream):
                call.place.answered(took_ns, streamed=message.stream)
                if message.lasting:  # it listens rather than works, and would keep others out for as long as it does
                    call.place.release()
                return _Tried(found=Delivered(routed=call.routed, attempts=call.attempts, stream=found), code="ok")
            answered = found.status
            if found.status >= 500 or found.status in _PATIENCE:
                asked_s = retry_after_s(found.header("retry-after"), self._health.now_us())
            if found.status >= 500:
                raise AgentError("unavailable" if found.status in _UNAVAILABLE else "agent_failed")
            if found.status >= 400:  # a refusal is an answer, whether it can be read or not
                call.place.answered(took_ns, found.status, streamed=message.stream)
            whole = message.protocol == "http" or found.status == _ENOUGH
            answer = _read(found, message, call.routed.route, adapter)
        except AgentError as error:
            # What a plain agent answers on a path, in which form, is for whoever asks to choose: no fault of its own.
            call.place.failed(error.code, whole=whole)
            return _Tried(code=error.code, asked_s=asked_s, answered=answered)
        call.place.answered(took_ns, found.status, streamed=message.stream)
        return _Tried(
            found=Delivered(routed=call.routed, attempts=call.attempts, answer=answer, wire=found),
            code="enough" if found.status == _ENOUGH else "ok",
            asked_s=asked_s,
        )

    async def _sent(
        self, exchange: Exchange, route: Route, outgoing: Outgoing, message: Message
    ) -> WireStream | WireAnswer:
        # A crash here: the record names this agent and nothing has left, or part of it has. Both read the same.
        await self._pause("forward.before")
        if self._pulling is not None and route.pull:
            wire = await self._pulling.send(exchange.ticket, route, outgoing, self._bounds.answer_bytes, exchange.left)
            await self._pause("forward.after")
            return wire
        if not message.stream:
            wire = await self._client.send(route, outgoing, self._bounds.answer_bytes, exchange.left)
            await self._pause("forward.after")
            return wire
        if message.lasting:
            route = _lasting(route)
        streaming = self._client.stream(route, outgoing, self._bounds.answer_bytes, exchange.left)
        exchange.held.append(streaming.close)
        stream = await streaming.open()
        await self._pause("forward.after")
        if stream.status == 200 and is_event_stream(stream.header("content-type") or ""):
            return stream
        body = b"".join([chunk async for chunk in stream])
        return WireAnswer(status=stream.status, headers=stream.headers, body=body, tls=stream.tls)

    async def _following(
        self,
        exchange: Exchange,
        message: Message,
        adapter: Adapter,
        routed: Routed,
        attempts: int,
        code: str,
        ledger: Ledger,
    ) -> _Call | None:
        """The next agent that policy permits, asked anew, that has a place for the message and is within its limits;
        None when there is none, or when asking twice could do a thing twice (a request that changes something and may
        have arrived). Its place is the exchange's to give back."""
        unsent = code in _UNCONNECTED | _NOT_SENT
        if not unsent and not repeatable(message):
            return None
        undone = unsent or code in _TURNED_AWAY
        if exchange.headers.exact or exchange.caller is None or exchange.classified is None:
            return None
        # Who fetches its requests has been asked for before the intent, or not at all.
        rest = tuple(route for route in routed.rest if not route.pull)
        while rest:
            decided = self._router.decide(exchange.caller, message, exchange.classified, rest, exact=False)
            if isinstance(decided, Denied) or decided.decision.effect == "approve":
                return None
            decided = as_before(routed, decided)
            # What could not be told of it does not go to it either; the next one may have another channel, or none.
            place = None if self._untold(exchange.caller.tenant, decided) else self._health.try_admit(decided.route.id)
            if isinstance(place, Place):
                exchange.held.append(place.release)
                call = self._call(exchange, message, adapter, decided, attempts + 1, place)
                if call is not None and await self._within(exchange, decided.route, undone, ledger):
                    return call
                place.release()
            rest = tuple(route for route in decided.rest if route in rest and route.id != decided.route.id)
        return None

    def _untold(self, tenant: str, routed: Routed) -> bool:
        """Whether a rule wants told that this agent gets it, and that cannot be."""
        return self._notices is not None and self._notices.refused(tenant, routed.decision.obligations) is not None

    async def _within(self, exchange: Exchange, route: Route, undone: bool, ledger: Ledger) -> bool:
        """Whether a further agent is within the limits that apply to it."""
        if self._quotas is None:
            return True
        found = await self._quotas.further(exchange, route, undone=undone)
        if isinstance(found, Refusal):
            return False
        await self._quotas.record(found, lambda passed: ledger.append(self._scribe.warned(exchange, passed)))
        return True

    async def _pause(self, name: str) -> None:
        if self._failpoint is not None:
            await self._failpoint(name)


def _read(found: WireAnswer, message: Message, route: Route, adapter: Adapter) -> Answer:
    """`AgentError` for what cannot be read. Who stands before an agent says in a page of its own that it has enough:
    then that is what is known of it."""
    try:
        return adapter.read_answer(found, message, route)
    except AgentError as error:
        if found.status != _ENOUGH:
            raise
        raise AgentError("unavailable") from error


def _lasting(route: Route) -> Route:
    """The agent with the times of a stream that stays open."""
    return msgspec.structs.replace(route, idle_timeout_s=route.listen_timeout_s, timeout_s=route.listen_timeout_s)


def repeatable(message: Message) -> bool:
    """Whether a request may be repeated without doing anything twice: a model's answer to a text, or plain HTTP of a
    safe method (RFC 9110 §9.2.1). A tool's call, also by a provider for its model, a task, and what is not known here
    may not."""
    if message.protocol == "http":
        return message.inbound.method in _SAFE_METHODS
    return message.action in _ANSWERS and _READING.issuperset(message.onward)


def _known(exchange: Exchange) -> tuple[Message, Place]:
    if exchange.message is None or exchange.place is None:
        raise LedgerUnavailable("an exchange without a message or a place cannot be forwarded")
    return exchange.message, exchange.place
