"""A stream that is masked as it passes."""

import msgspec

from gateway.agents.own_credential import shows
from gateway.checks.classification.stream import StreamScan
from gateway.core.errors import AgentError
from gateway.core.ports import Bounds, Lanes, StreamFilter
from gateway.core.refusal import Refusal
from gateway.exchange.arrival import Responder
from gateway.exchange.delegation import APART, Flow
from gateway.exchange.digest import Digest
from gateway.exchange.ended import ENDS, EVENT_STREAM, ORDERLY, STREAM_HEADERS, base, told
from gateway.exchange.exchange import Exchange, Outcome
from gateway.exchange.forwarder import Delivered
from gateway.exchange.inspector import Inspector, StreamPlan
from gateway.exchange.passing import Back, Protocol, parties_of, stream_of
from gateway.exchange.turning import all_but


class Streamed:
    """A stream that is masked as it passes."""

    def __init__(
        self,
        back: Back,
        inspector: Inspector,
        exchange: Exchange,
        protocol: Protocol,
        delivered: Delivered,
        plan: StreamPlan,
        bounds: Bounds,
        flow: Flow,
    ) -> None:
        self._back, self._inspector, self._exchange = back, inspector, exchange
        self._delivered, self._plan, self._flow = delivered, plan, flow
        self._inherited: tuple[str, ...] = ()
        _, self._message = parties_of(exchange)
        self._lanes: StreamScan = inspector.lanes(plan, delivered.routed.route)
        lanes, turning = self._lanes, exchange.turning
        into: Lanes = lanes if turning is None else turning.lanes(lanes, all_but(plan.types))
        into = inspector.concealing(into, lanes, delivered.routed.route)
        self._filter: StreamFilter = protocol.adapter.stream(self._message, into, bounds, delivered.routed.route)
        self._digest = Digest("response")
        self._named: tuple[str, ...] = ()
        self._marks = -1
        self._stuck: frozenset[str] = frozenset({"public"})
        self._refusal: Refusal | None = None

    async def inspect(self, responder: Responder) -> Outcome:
        await responder.start(200, [*STREAM_HEADERS, *self._back.headers(self._exchange, None)])
        try:
            async for chunk in stream_of(self._delivered):
                await self._pass(self._filter.feed(chunk), responder)
                if self._filter.closing:
                    break
            await self._pass(self._filter.finish(), responder)
            await self._may(self._filter.closing)
        except AgentError as error:
            if not (self._message.lasting and error.code in ORDERLY and await self._over(responder)):
                self._refusal = Refusal(code=ENDS.get(error.code, "agent_unavailable"))
                return self._outcome(self._refusal.code, 200, error.code)
        self._digest.add(self._filter.closing)
        return self._outcome("ok", 200)

    async def _over(self, responder: Responder) -> bool:
        """The end of a stream that lasts: what was still held. False if what was read so far cannot end here."""
        try:
            await self._pass(self._filter.finish(), responder)
        except AgentError:
            return False
        return True

    async def _pass(self, data: bytes, responder: Responder) -> None:
        if data:
            await self._may(data)
        await self._stick(data)
        if data:
            self._digest.add(data)
            await responder.write(data)

    async def _may(self, data: bytes) -> None:
        """Before bytes leave: the agent's own credential is not in them; what the agent was told meanwhile is free to
        the caller, for there is no span of it to be masked; and whom the caller works for knows what it is about to be
        told. `AgentError` ends the stream."""
        if shows(self._delivered.routed.route, data):  # where no lane is: nothing of it is text
            raise AgentError("withheld")
        if self._flow is APART or not data:
            return
        self._inherited = await self._flow.known()
        if not self._plan.free.union(self._plan.left).issuperset(self._inherited):
            raise AgentError("withheld")
        shown = self._inspector.shown(self._plan, self._lanes, self._delivered.routed.route)
        told = self._plan.clear.intersection(self._inherited) - self._plan.left
        await self._flow.tell(shown | told)

    async def _stick(self, data: bytes) -> None:
        """Before bytes leave: the names that they give away, and all that the stream has said by then, are durable with
        what it continues. Of a stream that has to do with no session nothing is looked at."""
        named = self._filter.sessions
        classified = self._exchange.classified
        if not named and (classified is None or classified.joined is None):
            return
        said, marks = self._stuck, self._lanes.marks()
        if data and (marks != self._marks or not said.issuperset(self._inherited)):
            self._marks = marks
            said |= frozenset(self._inspector.said(self._lanes, self._delivered.routed.route, self._inherited))
        if named != self._named or said != self._stuck:
            self._named, self._stuck = named, said
            await self._back.announce(self._exchange, named, said)

    async def release(self, responder: Responder) -> None:
        if self._refusal is not None:
            await self._back.refuse(self._exchange, responder, self._refusal)
            return
        await responder.write(self._filter.closing, last=True)

    def cut(self) -> Outcome:
        # Whoever opened a lasting stream ends it by going away.
        return self._outcome("ok", 200) if self._message.lasting else self._outcome("client_disconnected", 499)

    def _outcome(self, code: str, status: int, reason: str | None = None) -> Outcome:
        route = self._delivered.routed.route
        inspected = self._inspector.streamed(self._plan, self._lanes, route, self._inherited)
        outcome = msgspec.structs.replace(
            base(self._delivered, code, status, reason),
            digest=self._digest.commitment(),
            size=self._digest.size,
            media_type=EVENT_STREAM,
            tokens_in=self._filter.tokens_in,
            tokens_out=self._filter.tokens_out,
            sessions=self._filter.sessions,
        )
        return told(outcome, inspected, len(inspected.scan.parts))
