"""Answers that are read whole, and errors in their place."""

from gateway.agents.own_credential import shows
from gateway.core.refusal import Refusal
from gateway.exchange.arrival import Responder
from gateway.exchange.delegation import Flow
from gateway.exchange.ended import base
from gateway.exchange.exchange import Exchange, Outcome
from gateway.exchange.forwarder import Delivered
from gateway.exchange.inspector import Inspected, Inspector
from gateway.exchange.passing import Back, Protocol, answer_of, parties_of
from gateway.exchange.retry import told_s
from gateway.exchange.spaced import spaced


class Whole:
    """An answer that was read whole."""

    def __init__(
        self,
        back: Back,
        inspector: Inspector,
        exchange: Exchange,
        protocol: Protocol,
        delivered: Delivered,
        flow: Flow,
    ) -> None:
        self._back, self._inspector, self._exchange = back, inspector, exchange
        self._protocol, self._delivered, self._flow = protocol, delivered, flow
        self._refusal: Refusal | None = None
        self._inspected: Inspected | None = None
        self._body = b""

    async def inspect(self, responder: Responder) -> Outcome:
        answer, route = answer_of(self._delivered), self._delivered.routed.route
        caller, message = parties_of(self._exchange)
        schema = self._protocol.answer_schemas.get(route.id)
        document = answer.document if answer.original is None else answer.original
        unfit = schema.validate(document) if schema is not None and answer.status < 400 else None
        if unfit is not None:
            self._refusal = Refusal(code="agent_bad_answer")
            return base(self._delivered, self._refusal.code, self._refusal.status, f"answer schema at {unfit.field}")
        inherited = await self._flow.known()
        if answer.derived and self._exchange.classified is not None:
            sent = await spaced(
                len(message.body),
                self._inspector.sent,
                message,
                self._exchange.classified,
                self._delivered.routed.masked,
            )
            inherited = tuple(sorted({*inherited, *sent}))
            self._exchange.inherited |= set(sent)
        turning = self._exchange.turning
        places = dict[str, str]() if turning is None else turning.places(answer.document)
        inspected = self._inspected = await spaced(
            len(answer.body),
            self._inspector.answer,
            caller,
            message,
            route,
            answer.parts,
            inherited=inherited,
            turning=turning,
            places=places,
        )
        refusal = inspected.refusal
        body = b"" if refusal is not None else self._protocol.adapter.render_answer(answer, inspected.masked)
        if refusal is None and (shows(route, body) or any(shows(route, value.encode()) for _, value in answer.headers)):
            refusal = Refusal(code="answer_withheld")  # where no text is that could be changed
        self._refusal = refusal
        if refusal is None:
            await self._flow.tell(inspected.told)
            self._body = body
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
            await self._back.refuse(self._exchange, responder, self._refusal, self._inspected)
            return
        answer = answer_of(self._delivered)
        headers = [*answer.headers, *self._back.headers(self._exchange, self._inspected)]
        wait_s = told_s(self._exchange.asked_s)
        # Whoever asks for patience has refused, though its error may come as an answer of 200 (JSON-RPC).
        if wait_s is not None and all(name.lower() != "retry-after" for name, _ in headers):
            headers.append(("Retry-After", str(wait_s)))
        if self._body:  # some answers must not have a length (RFC 9110 §8.6), and those have no body
            headers.append(("content-length", str(len(self._body))))
        await responder.start(answer.status, headers)
        await responder.write(self._body, last=True)

    def cut(self) -> Outcome:
        return base(self._delivered, "client_disconnected", 499)


class Refused:
    """An exchange that ends with an error: nothing of an answer passes."""

    def __init__(self, back: Back, exchange: Exchange, refusal: Refusal, outcome: Outcome) -> None:
        self._back, self._exchange, self._refusal, self._outcome = back, exchange, refusal, outcome

    async def inspect(self, responder: Responder) -> Outcome:
        return self._outcome

    async def release(self, responder: Responder) -> None:
        await self._back.refuse(self._exchange, responder, self._refusal)

    def cut(self) -> Outcome:
        return self._outcome
