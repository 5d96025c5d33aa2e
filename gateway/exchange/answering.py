"""Steps 9 and 10 for each kind of answer: inspected, put on record, and only then released as complete.

Each `Passing` is one answer on its way: `inspect` lets pass what may pass before the outcome is on record (of a stream
everything but its closing event, of a whole answer nothing) and gives the outcome; `release` sends the rest.
"""

from collections.abc import Mapping

from gateway.core.ports import Bounds, Frames
from gateway.core.refusal import Refusal
from gateway.exchange.arrival import Responder
from gateway.exchange.buffered import Buffered
from gateway.exchange.challenge import challenge
from gateway.exchange.delegation import Delegation, Flow
from gateway.exchange.ended import ENDS, STRICTNESS, failed
from gateway.exchange.events import Evented
from gateway.exchange.exchange import Exchange
from gateway.exchange.forwarder import Delivered, Undelivered
from gateway.exchange.inspector import Inspected, Inspector
from gateway.exchange.passing import Passing, Protocol, parties_of
from gateway.exchange.receipts import Receipts
from gateway.exchange.retry import told_s
from gateway.exchange.sessions import Sessions
from gateway.exchange.streamed import Streamed
from gateway.exchange.tokens import Tokens
from gateway.exchange.turning import turning_of
from gateway.exchange.whole import Refused, Whole


class Answering:
    """Prepares the way back. Holds no state of exchanges."""

    def __init__(
        self,
        *,
        inspector: Inspector,
        bounds: Bounds,
        protocols: Mapping[str, Protocol],
        sessions: Sessions,
        tokens: Tokens,
        delegation: Delegation,
        receipts: Receipts,
    ) -> None:
        self._inspector, self._bounds, self._protocols = inspector, bounds, protocols
        self._sessions, self._tokens, self._delegation = sessions, tokens, delegation
        self._receipts = receipts

    def elsewhere(
        self, *, sessions: Sessions, tokens: Tokens, delegation: Delegation, receipts: Receipts
    ) -> "Answering":
        """The same on other ledgers."""
        return Answering(
            inspector=self._inspector,
            bounds=self._bounds,
            protocols=self._protocols,
            sessions=sessions,
            tokens=tokens,
            delegation=delegation,
            receipts=receipts,
        )

    async def prepare(self, exchange: Exchange, protocol: Protocol, delivered: Delivered | Undelivered) -> Passing:
        """The way back of this answer, its receipt at hand."""
        await self._receipts.sign(exchange)
        if isinstance(delivered, Undelivered):
            code = ENDS.get(delivered.code, "agent_unavailable")
            refusal = Refusal(code=code, retry_after=told_s(exchange.asked_s))
            return Refused(self, exchange, refusal, failed(delivered, refusal))
        classified = exchange.classified
        exchange.turning = turning_of(exchange.message, None if classified is None else classified.tokens)
        if delivered.stream is None:
            return Whole(self, self._inspector, exchange, protocol, delivered, self._delegation.flow(exchange))
        flow = self._delegation.flow(exchange)
        caller, message = parties_of(exchange)
        if protocol.frames is not None:
            return self._evented(exchange, protocol, delivered, protocol.frames(message, self._bounds), flow)
        plan = self._inspector.plan(caller, message, delivered.routed.route)
        if plan.mode == "buffer":
            return Buffered(self, self._inspector, exchange, protocol, delivered, self._bounds, flow)
        return Streamed(self, self._inspector, exchange, protocol, delivered, plan, self._bounds, flow)

    def _evented(
        self, exchange: Exchange, protocol: Protocol, delivered: Delivered, frames: Frames, flow: Flow
    ) -> Evented:
        wire = () if delivered.stream is None else delivered.stream.headers
        own = () if protocol.governor is None else protocol.governor.stream_headers(exchange, wire)

        async def refuse(responder: Responder, refusal: Refusal) -> None:
            await self.refuse(exchange, responder, refusal)

        async def announce(names: tuple[str, ...], classes: frozenset[str]) -> None:
            await self.announce(exchange, names, classes)

        async def changed() -> None:
            if protocol.governor is not None:
                await protocol.governor.changed(exchange)

        headers = [*own, *self.headers(exchange, None)]
        parties = parties_of(exchange)
        turning = exchange.turning
        return Evented(self._inspector, parties, delivered, frames, headers, refuse, announce, flow, changed, turning)

    async def refuse(
        self, exchange: Exchange, responder: Responder, refusal: Refusal, inspected: Inspected | None = None
    ) -> None:
        """An error in the protocol's own form; in a stream that has begun, as its last event. `inspected`: of the
        answer that is withheld."""
        protocol = self._protocols[exchange.arrival.protocol]
        pending, kind = refusal.pending, protocol.error_type
        if pending is not None and pending.body is not None and not responder.started:
            body = pending.body
        elif protocol.error is not None:
            body = protocol.error(refusal, exchange.id, exchange.inbound)
        else:
            body = protocol.adapter.error(refusal, exchange.id)
        if responder.started:
            await responder.write(protocol.error_event + b"data: " + body + b"\n\n", last=True)
            return
        await self._receipts.sign(exchange)
        # What was accepted, and waits, is no error and has not the media type of one.
        told = "deny" if pending is None else "approve"
        headers = [
            ("content-type", kind if pending is None or pending.told is None else pending.media_type),
            *self.headers(exchange, inspected, denied=told),
        ]
        if pending is not None:
            headers.append(("Location", pending.link))
        metadata = None if protocol.metadata is None else protocol.metadata(exchange.arrival.path)
        challenged = challenge(refusal, metadata)
        if challenged is not None:
            headers.append(("www-authenticate", challenged))
        if refusal.retry_after is not None and not any(name == "Retry-After" for name, _ in exchange.rate):
            headers.append(("Retry-After", str(refusal.retry_after)))
        headers.append(("content-length", str(len(body))))
        await responder.start(protocol.told(refusal.code, refusal.status), headers)
        await responder.write(body, last=True)

    async def announce(self, exchange: Exchange, names: tuple[str, ...], classes: frozenset[str]) -> None:
        """Make the names that a stream gives away, and the classes of what it has said, durable with its sessions
        before their bytes leave."""
        if exchange.caller is not None and exchange.classified is not None and exchange.routed is not None:
            if exchange.classified.tokens:
                await self._tokens.named(exchange, names)
            caller, begins = exchange.caller, exchange.begins
            await self._sessions.announce(caller, exchange.classified, exchange.routed, names, classes, begins)

    def headers(
        self, exchange: Exchange, inspected: Inspected | None, *, denied: str | None = None
    ) -> list[tuple[str, str]]:
        """The gateway's own response headers. `X-Decision` is the strictest of both directions; `denied`: what it says
        where nothing was sent."""
        headers = [("X-Exchange-Id", exchange.id), ("traceparent", exchange.traceparent), *exchange.rate]
        headers += self._receipts.headers(exchange)
        if exchange.routed is None or not exchange.opened:
            return [*headers, ("X-Decision", denied)] if exchange.caller is not None and denied else headers
        effect, observed = exchange.routed.decision.effect, exchange.routed.decision.observed
        if observed is not None:
            headers.append(("X-Decision-Observed", observed.effect))
        if inspected is not None:
            effect = max(effect, inspected.decision.effect, key=STRICTNESS.index)
        return [*headers, ("X-Routed-Agent", exchange.routed.route.id), ("X-Decision", effect)]
