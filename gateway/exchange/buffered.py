"""A stream that is read whole, decided on, and given again."""

import msgspec

from gateway.agents.own_credential import shows
from gateway.core.errors import AgentError
from gateway.core.message import Message
from gateway.core.ports import Bounds
from gateway.core.refusal import Refusal
from gateway.exchange.arrival import Responder
from gateway.exchange.delegation import Flow
from gateway.exchange.ended import ENDS, EVENT_STREAM, ORDERLY, STREAM_HEADERS, base, told
from gateway.exchange.exchange import Exchange, Outcome
from gateway.exchange.forwarder import Delivered
from gateway.exchange.inspector import Inspected, Inspector
from gateway.exchange.passing import Back, Protocol, parties_of, stream_of
from gateway.exchange.spaced import spaced


class Buffered:
    """A stream that is read whole, decided on, and given again."""

    def __init__(
        self,
        back: Back,
        inspector: Inspector,
        exchange: Exchange,
        protocol: Protocol,
        delivered: Delivered,
        bounds: Bounds,
        flow: Flow,
    ) -> None:
        self._back, self._inspector, self._exchange = back, inspector, exchange
        self._protocol, self._delivered, self._bounds = protocol, delivered, bounds
        self._flow = flow
        self._refusal: Refusal | None = None
        self._inspected: Inspected | None = None
        self._body = self._closing = b""

    async def inspect(self, responder: Responder) -> Outcome:
        caller, message = parties_of(self._exchange)
        route = self._delivered.routed.route
        try:
            raw = await self._read(message)
            inspected, passed, body = await spaced(
                len(raw),
                self._inspector.replay,
                caller,
                message,
                route,
                self._protocol.adapter,
                raw,
                inherited=await self._flow.known(),
                turning=self._exchange.turning,
            )
        except AgentError as error:
            self._refusal = Refusal(code=ENDS.get(error.code, "agent_unavailable"))
            return base(self._delivered, self._refusal.code, self._refusal.status, error.code)
        self._inspected, self._body, self._closing = inspected, body, passed.closing
        self._refusal = inspected.refusal
        if self._refusal is None and shows(route, body + self._closing):
            self._refusal = Refusal(code="answer_withheld")  # where no text is that could be changed
        if self._refusal is not None:
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
            async for chunk in stream_of(self._delivered):
                chunks.append(chunk)
        except AgentError as error:
            if not (message.lasting and error.code in ORDERLY):
                raise
        return b"".join(chunks)

    async def release(self, responder: Responder) -> None:
        if self._refusal is not None:
            await self._back.refuse(self._exchange, responder, self._refusal, self._inspected)
            return
        await responder.start(200, [*STREAM_HEADERS, *self._back.headers(self._exchange, self._inspected)])
        await responder.write(self._body)
        await responder.write(self._closing, last=True)

    def cut(self) -> Outcome:
        return base(self._delivered, "client_disconnected", 499)
