"""Steps 9 and 10 for each kind of answer: inspected, put on record, and only then released as complete.

Each `Passing` is one answer on its way: `inspect` lets pass what may pass before the outcome is on record (of a stream
everything but its closing event, of a whole answer nothing) and gives the outcome; `release` sends the rest.
"""

from collections.abc import Callable, Mapping
from typing import Protocol as Port

import msgspec

from gateway.agents.client import WireStream
from gateway.checks.classification.stream import StreamScan
from gateway.checks.schema import Schema
from gateway.core.caller import Caller
from gateway.core.errors import AgentError
from gateway.core.message import Answer, Inbound, Message
from gateway.core.ports import Adapter, Bounds, Frames, Route, StreamFilter
from gateway.core.refusal import Refusal
from gateway.exchange.arrival import Responder
from gateway.exchange.challenge import challenge
from gateway.exchange.delegation import APART, Delegation, Flow
from gateway.exchange.digest import Digest
from gateway.exchange.ended import ENDS, EVENT_STREAM, ORDERLY, STREAM_HEADERS, STRICTNESS, base, told
from gateway.exchange.events import Evented
from gateway.exchange.exchange import Exchange, Outcome
from gateway.exchange.forwarder import Delivered, Undelivered
from gateway.exchange.governor import Governor
from gateway.exchange.inspector import Inspected, Inspector, StreamPlan
from gateway.exchange.sessions import Sessions


class Protocol(msgspec.Struct, frozen=True, kw_only=True):
    """A wire protocol with what the configuration adds to it. Schemas are by agent id.

    `frames` reads the streams of a protocol whose events are each a whole message. `error`, where an error names the
    request it answers (JSON-RPC), writes it instead of the adapter's own: refusal, exchange, and the request if it was
    read. `metadata` gives the address of the metadata of the resource at a path (RFC 9728). `error_event` names
    an error in a stream, for clients that tell events by their names. `status` gives the HTTP status of a refusal, by
    its code, where the protocol wants another than the refusal's own.
    """

    adapter: Adapter
    candidates: Callable[[Message], tuple[Route, ...]]
    error_type: str
    schema: Schema | None
    schemas: Mapping[str, Schema]
    answer_schemas: Mapping[str, Schema]
    target_field: str
    target_hint: str
    governor: Governor | None = None
    frames: Callable[[Message, Bounds], Frames] | None = None
    error: Callable[[Refusal, str, Inbound | None], bytes] | None = None
    metadata: Callable[[str], str] | None = None
    error_event: bytes = b""
    status: Callable[[str], int] | None = None


class Passing(Port):
    """One answer on its way to the caller."""

    async def inspect(self, responder: Responder) -> Outcome:
        """Let pass what may pass before the outcome is on record. Never raises for what an agent does."""
        ...

    async def release(self, responder: Responder) -> None:
        """The rest, after the outcome is on record."""
        ...

    def cut(self) -> Outcome:
        """The outcome if the caller goes away now."""
        ...


class Answering:
    """Prepares the way back. Holds no state of exchanges."""

    def __init__(
        self,
        *,
        inspector: Inspector,
        bounds: Bounds,
        protocols: Mapping[str, Protocol],
        sessions: Sessions,
        delegation: Delegation,
    ) -> None:
        self._inspector, self._bounds, self._protocols = inspector, bounds, protocols
        self._sessions, self._delegation = sessions, delegation

    def prepare(self, exchange: Exchange, protocol: Protocol, delivered: Delivered | Undelivered) -> Passing:
        """The way back of this answer."""
        if isinstance(delivered, Undelivered):
            refusal = Refusal(code=ENDS.get(delivered.code, "agent_unavailable"))
            return _Refused(self, exchange, refusal, base(delivered, refusal.code, refusal.status, delivered.code))
        if delivered.stream is None:
            return _Whole(self, self._inspector, exchange, protocol, delivered, self._delegation.flow(exchange))
        flow = self._delegation.flow(exchange)
        caller, message = _parties(exchange)
        if protocol.frames is not None:
            return self._evented(exchange, protocol, delivered, protocol.frames(message, self._bounds), flow)
        plan = self._inspector.plan(caller, message, delivered.routed.route)
        if plan.mode == "buffer":
            return _Buffered(self, self._inspector, exchange, protocol, delivered, self._bounds, flow)
        return _Streamed(self, self._inspector, exchange, protocol, delivered, plan, self._bounds, flow)

    def _evented(
        self, exchange: Exchange, protocol: Protocol, delivered: Delivered, frames: Frames, flow: Flow
    ) -> Evented:
        wire = () if delivered.stream is None else delivered.stream.headers
        own = () if protocol.governor is None else protocol.governor.stream_headers(exchange, wire)

        async def refuse(responder: Responder, refusal: Refusal) -> None:
            await self.refuse(exchange, responder, refusal)

        async def announce(names: tuple[str, ...]) -> None:
            await self.announce(exchange, names)

        headers = [*own, *self.headers(exchange, None)]
        return Evented(self._inspector, _parties(exchange), delivered, frames, headers, refuse, announce, flow)

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
        own = protocol.status is None or (pending is not None and pending.told is not None)
        status = refusal.status if own or protocol.status is None else protocol.status(refusal.code)
        await responder.start(status, headers)
        await responder.write(body, last=True)

    async def announce(self, exchange: Exchange, names: tuple[str, ...]) -> None:
        """Make the names that a stream is about to give away durable, before their bytes leave."""
        if exchange.caller is not None and exchange.classified is not None and exchange.routed is not None:
            caller, begins = exchange.caller, exchange.begins
            await self._sessions.announce(caller, exchange.classified, exchange.routed, names, begins)

    def headers(
        self, exchange: Exchange, inspected: Inspected | None, *, denied: str | None = None
    ) -> list[tuple[str, str]]:
        """The gateway's own response headers. `X-Decision` is the strictest of both directions; `denied`: what it says
        where nothing was sent."""
        headers = [("X-Exchange-Id", exchange.id), ("traceparent", exchange.traceparent), *exchange.rate]
        if exchange.routed is None or not exchange.opened:
            return [*headers, ("X-Decision", denied)] if exchange.caller is not None and denied else headers
        effect = exchange.routed.decision.effect
        if inspected is not None:
            effect = max(effect, inspected.decision.effect, key=STRICTNESS.index)
        return [*headers, ("X-Routed-Agent", exchange.routed.route.id), ("X-Decision", effect)]


class _Refused:
    """An exchange that ends with an error: nothing of an answer passes."""

    def __init__(self, answering: Answering, exchange: Exchange, refusal: Refusal, outcome: Outcome) -> None:
        self._answering, self._exchange, self._refusal, self._outcome = answering, exchange, refusal, outcome

    async def inspect(self, responder: Responder) -> Outcome:
        return self._outcome

    async def release(self, responder: Responder) -> None:
        await self._answering.refuse(self._exchange, responder, self._refusal)

    def cut(self) -> Outcome:
        return self._outcome


class _Whole:
    """An answer that was read whole."""

    def __init__(
        self,
        answering: Answering,
        inspector: Inspector,
        exchange: Exchange,
        protocol: Protocol,
        delivered: Delivered,
        flow: Flow,
    ) -> None:
        self._answering, self._inspector, self._exchange = answering, inspector, exchange
        self._protocol, self._delivered, self._flow = protocol, delivered, flow
        self._refusal: Refusal | None = None
        self._inspected: Inspected | None = None
        self._body = b""

    async def inspect(self, responder: Responder) -> Outcome:
        answer, route = _answer(self._delivered), self._delivered.routed.route
        caller, message = _parties(self._exchange)
        schema = self._protocol.answer_schemas.get(route.id)
        document = answer.document if answer.original is None else answer.original
        unfit = schema.validate(document) if schema is not None and answer.status < 400 else None
        if unfit is not None:
            self._refusal = Refusal(code="agent_bad_answer")
            return base(self._delivered, self._refusal.code, self._refusal.status, f"answer schema at {unfit.field}")
        inherited = await self._flow.known()
        if answer.derived and self._exchange.classified is not None:
            sent = self._inspector.sent(message, self._exchange.classified, self._delivered.routed.masked)
            inherited = tuple(sorted({*inherited, *sent}))
            self._exchange.inherited |= set(sent)
        inspected = self._inspected = self._inspector.answer(caller, message, route, answer.parts, inherited=inherited)
        refusal = self._refusal = inspected.refusal
        if refusal is None:
            await self._flow.tell(inspected.told)
            self._body = self._protocol.adapter.render_answer(answer, inspected.masked)
            code, status = "ok" if answer.status < 400 else "agent_refused", answer.status
        else:
            code, status = refusal.code, refusal.status
        return Outcome(
            code=code,
            status=status,
            agent=route,
            attempts=self._delivered.attempts,
            released=self._body if refusal is None else None,
            media_type=(answer.media_type or None) if refusal is None else None,
            parts=len(answer.parts),
            found=inspected.scan.counts(),
            scanned=inspected.scan.scanned,
            classes=inspected.classes,
            decision=inspected.decision,
            explanation=inspected.explanation,
            tokens_in=answer.tokens_in,
            tokens_out=answer.tokens_out,
            sessions=answer.sessions,
        )

    async def release(self, responder: Responder) -> None:
        if self._refusal is not None:
            await self._answering.refuse(self._exchange, responder, self._refusal, self._inspected)
            return
        answer = _answer(self._delivered)
        headers = [*answer.headers, *self._answering.headers(self._exchange, self._inspected)]
        if self._body:  # some answers must not have a length (RFC 9110 §8.6), and those have no body
            headers.append(("content-length", str(len(self._body))))
        await responder.start(answer.status, headers)
        await responder.write(self._body, last=True)

    def cut(self) -> Outcome:
        return base(self._delivered, "client_disconnected", 499)


class _Streamed:
    """A stream that is masked as it passes."""

    def __init__(
        self,
        answering: Answering,
        inspector: Inspector,
        exchange: Exchange,
        protocol: Protocol,
        delivered: Delivered,
        plan: StreamPlan,
        bounds: Bounds,
        flow: Flow,
    ) -> None:
        self._answering, self._inspector, self._exchange = answering, inspector, exchange
        self._delivered, self._plan, self._flow = delivered, plan, flow
        self._inherited: tuple[str, ...] = ()
        _, self._message = _parties(exchange)
        self._lanes: StreamScan = inspector.lanes(plan, delivered.routed.route)
        self._filter: StreamFilter = protocol.adapter.stream(self._message, self._lanes, bounds, delivered.routed.route)
        self._digest = Digest("response")
        self._named: tuple[str, ...] = ()
        self._refusal: Refusal | None = None

    async def inspect(self, responder: Responder) -> Outcome:
        await responder.start(200, [*STREAM_HEADERS, *self._answering.headers(self._exchange, None)])
        try:
            async for chunk in _stream(self._delivered):
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
        if self._filter.sessions != self._named:
            self._named = self._filter.sessions
            await self._answering.announce(self._exchange, self._named)
        if data:
            await self._may(data)
            self._digest.add(data)
            await responder.write(data)

    async def _may(self, data: bytes) -> None:
        """Before bytes leave: what the agent was told meanwhile is free to the caller, for there is no span of it to be
        masked; and whom the caller works for knows what it is about to be told. `AgentError` ends the stream."""
        if self._flow is APART or not data:
            return
        self._inherited = await self._flow.known()
        if not self._plan.free.union(self._plan.left).issuperset(self._inherited):
            raise AgentError("withheld")
        shown = self._inspector.shown(self._plan, self._lanes, self._delivered.routed.route)
        told = self._plan.clear.intersection(self._inherited) - self._plan.left
        await self._flow.tell(shown | told)

    async def release(self, responder: Responder) -> None:
        if self._refusal is not None:
            await self._answering.refuse(self._exchange, responder, self._refusal)
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


class _Buffered:
    """A stream that is read whole, decided on, and given again."""

    def __init__(
        self,
        answering: Answering,
        inspector: Inspector,
        exchange: Exchange,
        protocol: Protocol,
        delivered: Delivered,
        bounds: Bounds,
        flow: Flow,
    ) -> None:
        self._answering, self._inspector, self._exchange = answering, inspector, exchange
        self._protocol, self._delivered, self._bounds = protocol, delivered, bounds
        self._flow = flow
        self._refusal: Refusal | None = None
        self._inspected: Inspected | None = None
        self._body = self._closing = b""

    async def inspect(self, responder: Responder) -> Outcome:
        caller, message = _parties(self._exchange)
        route = self._delivered.routed.route
        try:
            raw = await self._read(message)
            inspected, passed, body = self._inspector.replay(
                caller, message, route, self._protocol.adapter, raw, inherited=await self._flow.known()
            )
        except AgentError as error:
            self._refusal = Refusal(code=ENDS.get(error.code, "agent_unavailable"))
            return base(self._delivered, self._refusal.code, self._refusal.status, error.code)
        self._inspected, self._body, self._closing = inspected, body, passed.closing
        if inspected.refusal is not None:
            self._refusal = inspected.refusal
            outcome = base(self._delivered, self._refusal.code, self._refusal.status)
        else:
            await self._flow.tell(inspected.told)
            outcome = msgspec.structs.replace(
                base(self._delivered, "ok", 200), released=body + self._closing, media_type=EVENT_STREAM
            )
        return msgspec.structs.replace(
            told(outcome, inspected, len(inspected.scan.parts)),
            tokens_in=passed.tokens_in,
            tokens_out=passed.tokens_out,
            sessions=passed.sessions,
        )

    async def _read(self, message: Message) -> bytes:
        """The whole stream; of one that lasts, as much as came in its time."""
        chunks: list[bytes] = []
        try:
            async for chunk in _stream(self._delivered):
                chunks.append(chunk)
        except AgentError as error:
            if not (message.lasting and error.code in ORDERLY):
                raise
        return b"".join(chunks)

    async def release(self, responder: Responder) -> None:
        if self._refusal is not None:
            await self._answering.refuse(self._exchange, responder, self._refusal, self._inspected)
            return
        await responder.start(200, [*STREAM_HEADERS, *self._answering.headers(self._exchange, self._inspected)])
        await responder.write(self._body)
        await responder.write(self._closing, last=True)

    def cut(self) -> Outcome:
        return base(self._delivered, "client_disconnected", 499)


def _answer(delivered: Delivered) -> Answer:
    if delivered.answer is None:
        raise AgentError("bad_answer")
    return delivered.answer


def _stream(delivered: Delivered) -> WireStream:
    if delivered.stream is None:
        raise AgentError("bad_answer")
    return delivered.stream


def _parties(exchange: Exchange) -> tuple[Caller, Message]:
    if exchange.caller is None or exchange.message is None:
        raise AgentError("bad_answer")
    return exchange.caller, exchange.message
