"""Step 8: a message to its agent, with one retry, then to the further agents that the decision permits.

A further agent is on record before its first byte. A retry goes to the same agent and only where the first try surely
did nothing: the connection was never made, or the agent said that it is not available.
"""

from contextlib import AsyncExitStack

import msgspec

from gateway.agents.client import AgentClient, WireStream
from gateway.agents.sse import is_event_stream
from gateway.core.errors import AgentError, FormatError, LedgerUnavailable, PolicyMoved
from gateway.core.message import Answer, Message, Outgoing, WireAnswer
from gateway.core.ports import Adapter, Bounds, Failpoint, Route
from gateway.exchange.exchange import Exchange, Routed
from gateway.exchange.router import Denied, Router
from gateway.exchange.scribe import Scribe
from gateway.ledger.entry import Ledger

_NOT_SENT = frozenset({"connect_failed", "timeout_connect"})
_RETRY_STATUS = 503
_SAFE_METHODS = frozenset({"GET", "HEAD"})


class Delivered(msgspec.Struct, frozen=True, kw_only=True):
    """An agent that answered: whole (`answer`), or with a stream whose head has arrived."""

    routed: Routed
    attempts: int
    answer: Answer | None = None
    stream: WireStream | None = None


class Undelivered(msgspec.Struct, frozen=True, kw_only=True):
    """No permitted agent answered. `code` is the last one's `AgentError` code."""

    routed: Routed
    attempts: int
    code: str


class Forwarder:
    """Sends messages to agents. Holds no state of exchanges."""

    def __init__(
        self, *, client: AgentClient, router: Router, scribe: Scribe, bounds: Bounds, failpoint: Failpoint | None
    ) -> None:
        self._client, self._router, self._scribe = client, router, scribe
        self._bounds, self._failpoint = bounds, failpoint

    async def forward(
        self, exchange: Exchange, routed: Routed, adapter: Adapter, ledger: Ledger, stack: AsyncExitStack
    ) -> Delivered | Undelivered:
        """The first answer. Streams stay open until `stack` closes. `LedgerUnavailable` if an attempt finds no record.

        `exchange.routed` names, at every instant, the agent that may be receiving the message.
        """
        message = _message(exchange)
        attempts = 1
        while True:
            exchange.routed = routed
            try:
                outgoing = self._outgoing(exchange, message, adapter, routed)
                return await self._tried(routed, attempts, outgoing, message, adapter, stack)
            except AgentError as error:
                following = self._following(exchange, message, routed, error)
                if following is None:
                    return Undelivered(routed=routed, attempts=attempts, code=error.code)
            attempts += 1
            routed = following
            body = self._outgoing(exchange, message, adapter, routed).body
            # A crash before this is durable: the next agent has not been asked, recovery closes the exchange. After:
            # recovery closes it too, and the record names the agent that may have received the message.
            try:
                await ledger.append(self._scribe.attempt(exchange, routed, attempts, body))
            except PolicyMoved:
                return Undelivered(routed=exchange.routed, attempts=attempts - 1, code="policy_changed")

    def _outgoing(self, exchange: Exchange, message: Message, adapter: Adapter, routed: Routed) -> Outgoing:
        try:
            outgoing = adapter.render(message, routed.route, routed.masked)
        except FormatError as error:
            raise AgentError("cannot_render") from error
        headers = (*outgoing.headers, ("traceparent", exchange.traceparent))
        return msgspec.structs.replace(outgoing, headers=headers)

    async def _tried(
        self,
        routed: Routed,
        attempts: int,
        outgoing: Outgoing,
        message: Message,
        adapter: Adapter,
        stack: AsyncExitStack,
    ) -> Delivered:
        try:
            return await self._once(routed, attempts, outgoing, message, adapter, stack)
        except AgentError as error:
            if error.code not in _NOT_SENT and error.code != "unavailable":
                raise
        return await self._once(routed, attempts, outgoing, message, adapter, stack)

    async def _once(
        self,
        routed: Routed,
        attempts: int,
        outgoing: Outgoing,
        message: Message,
        adapter: Adapter,
        stack: AsyncExitStack,
    ) -> Delivered:
        # A crash here: the record names this agent and nothing has left, or part of it has. Both read the same.
        await self._pause("forward.before")
        if message.stream:
            route = _lasting(routed.route) if message.lasting else routed.route
            stream = await stack.enter_async_context(self._client.stream(route, outgoing, self._bounds.answer_bytes))
            await self._pause("forward.after")
            if stream.status == 200 and is_event_stream(stream.header("content-type") or ""):
                return Delivered(routed=routed, attempts=attempts, stream=stream)
            body = b"".join([chunk async for chunk in stream])
            wire = WireAnswer(status=stream.status, headers=stream.headers, body=body)
        else:
            wire = await self._client.send(routed.route, outgoing, self._bounds.answer_bytes)
            await self._pause("forward.after")
        if wire.status >= 500:
            raise AgentError("unavailable" if wire.status == _RETRY_STATUS else "agent_failed")
        return Delivered(routed=routed, attempts=attempts, answer=adapter.read_answer(wire, message, routed.route))

    def _following(self, exchange: Exchange, message: Message, routed: Routed, error: AgentError) -> Routed | None:
        """The next agent that policy permits, asked anew; None when there is none, or when asking twice could do a
        thing twice (a plain HTTP request that changes something and may have arrived)."""
        repeatable = message.protocol != "http" or outgoing_is_safe(message)
        if not repeatable and error.code not in _NOT_SENT:
            return None
        if not routed.rest or exchange.headers.exact or exchange.caller is None or exchange.classified is None:
            return None
        decided = self._router.decide(exchange.caller, message, exchange.classified, routed.rest, exact=False)
        if isinstance(decided, Denied) or decided.decision.effect == "approve":
            return None
        return decided

    async def _pause(self, name: str) -> None:
        if self._failpoint is not None:
            await self._failpoint(name)


def _lasting(route: Route) -> Route:
    """The agent with the times of a stream that stays open."""
    return msgspec.structs.replace(route, idle_timeout_s=route.listen_timeout_s, timeout_s=route.listen_timeout_s)


def outgoing_is_safe(message: Message) -> bool:
    """Whether a request may be repeated without doing anything twice (RFC 9110 §9.2.1)."""
    return message.inbound.method in _SAFE_METHODS


def _message(exchange: Exchange) -> Message:
    if exchange.message is None:
        raise LedgerUnavailable("an exchange without a message cannot be forwarded")
    return exchange.message
