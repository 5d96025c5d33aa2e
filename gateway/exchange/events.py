"""A stream whose events are each a whole message (JSON-RPC over SSE): every one is inspected like a whole answer.

An event leaves as soon as it was read, classified, decided on against the caller's own zone, and masked; so a question
that the agent asks in the middle of its answer reaches the caller before the answer is there. The event that ends the
stream is withheld until the outcome is on record. The first event that may not be released ends the stream.
"""

from collections.abc import Awaitable, Callable

import msgspec

from gateway.agents.own_credential import shows
from gateway.core.caller import Caller
from gateway.core.decision import Decision
from gateway.core.errors import AgentError
from gateway.core.finding import Scanned
from gateway.core.message import Message
from gateway.core.ports import Frame, Frames
from gateway.core.refusal import Refusal
from gateway.exchange.arrival import Responder
from gateway.exchange.delegation import APART, Flow
from gateway.exchange.digest import Digest
from gateway.exchange.ended import ENDS, EVENT_STREAM, ORDERLY, STREAM_HEADERS, STRICTNESS, base
from gateway.exchange.exchange import Outcome
from gateway.exchange.forwarder import Delivered
from gateway.exchange.inspector import Inspected, Inspector
from gateway.exchange.spaced import spaced
from gateway.exchange.turning import Turning

Refuse = Callable[[Responder, Refusal], Awaitable[None]]
Changed = Callable[[], Awaitable[None]]
Announce = Callable[[tuple[str, ...], frozenset[str]], Awaitable[None]]


class Evented:
    """One such answer on its way to the caller (a `Passing`). `headers` are all but those of the stream itself;
    `changed` is called before an event leaves that says that what the agent offers has changed."""

    def __init__(
        self,
        inspector: Inspector,
        parties: tuple[Caller, Message],
        delivered: Delivered,
        frames: Frames,
        headers: list[tuple[str, str]],
        refuse: Refuse,
        announce: Announce,
        flow: Flow = APART,
        changed: Changed | None = None,
        turning: Turning | None = None,
    ) -> None:
        self._inspector, self._delivered, self._frames = inspector, delivered, frames
        self._caller, self._message = parties
        self._changed, self._turning = changed, turning
        self._headers, self._refuse, self._announce, self._flow = headers, refuse, announce, flow
        self._named: dict[str, None] = {}
        self._stuck: frozenset[str] = frozenset({"public"})
        self._digest = Digest("response")
        self._total = Total()
        self._closing = b""
        self._ended = False
        self._refusal: Refusal | None = None

    async def inspect(self, responder: Responder) -> Outcome:
        stream = self._delivered.stream
        if stream is None:
            raise AgentError("bad_answer")
        await responder.start(200, [*STREAM_HEADERS, *self._headers])
        try:
            async for chunk in stream:
                await self._pass(self._frames.feed(chunk), responder)
                if self._ended:
                    break
            if not self._ended:
                await self._pass(self._frames.finish(), responder)
        except AgentError as error:
            if not (self._message.lasting and error.code in ORDERLY):
                self._refusal = Refusal(code=ENDS.get(error.code, "agent_unavailable"))
                return self._outcome(self._refusal.code, 200, error.code)
        if self._refusal is not None:
            return self._outcome(self._refusal.code, 200)
        return self._outcome("ok", 200)

    async def release(self, responder: Responder) -> None:
        if self._refusal is not None:
            await self._refuse(responder, self._refusal)
            return
        await responder.write(self._closing, last=True)

    def cut(self) -> Outcome:
        # Whoever opened a lasting stream ends it by going away.
        return self._outcome("ok", 200) if self._message.lasting else self._outcome("client_disconnected", 499)

    async def _pass(self, frames: list[Frame], responder: Responder) -> None:
        if self._changed is not None and any(frame.changed for frame in frames):
            await self._changed()
        for frame in frames:
            if self._ended:
                return
            inspected = await spaced(
                sum([len(part.text) for part in frame.parts]),
                self._inspector.answer,
                self._caller,
                self._message,
                self._delivered.routed.route,
                frame.parts,
                health=self._total.health,
                inherited=await self._flow.known(),
                turning=self._turning,
                places={} if self._turning is None else self._turning.places(frame.document),
            )
            self._total.add(inspected, len(frame.parts))
            if inspected.refusal is not None:
                self._refusal, self._ended = inspected.refusal, True
                return
            if not (self._named.keys() >= set(frame.sessions) and self._stuck.issuperset(inspected.classes)):
                self._named.update(dict.fromkeys(frame.sessions))
                self._stuck |= self._total.classes
                await self._announce(tuple(self._named), self._stuck)
            await self._flow.tell(inspected.told)
            data = self._frames.render(frame, inspected.masked)
            if shows(self._delivered.routed.route, data):
                self._refusal, self._ended = Refusal(code="answer_withheld"), True
                return
            self._digest.add(data)
            if frame.last:
                self._closing, self._ended = data, True
            elif data:
                await responder.write(data)

    def _outcome(self, code: str, status: int, reason: str | None = None) -> Outcome:
        total = self._total
        return msgspec.structs.replace(
            base(self._delivered, code, status, reason),
            digest=self._digest.commitment(),
            size=self._digest.size,
            media_type=EVENT_STREAM,
            parts=total.parts,
            found=dict(sorted(total.found.items())),
            scanned=total.scanned,
            classes=tuple(sorted(total.classes)) or ("public",),
            decision=total.decision,
            explanation=tuple(total.explanation),
            sessions=tuple(self._named),
        )


class Total:
    """What all events so far showed together. `health`: one of them was about health, and so may be what follows."""

    def __init__(self) -> None:
        self.parts = 0
        self.found: dict[str, int] = {}
        self.classes: set[str] = set()
        self.scanned: Scanned = "full"
        self.decision: Decision | None = None
        self.explanation: dict[str, None] = {}
        self.health = False

    def add(self, inspected: Inspected, parts: int) -> None:
        """Count one event in."""
        self.parts += parts
        for kind, count in inspected.scan.counts().items():
            self.found[kind] = self.found.get(kind, 0) + count
        self.classes.update(name for name in inspected.classes if name != "public")
        if inspected.scan.scanned != "full":
            self.scanned = "partial"
        self.health = self.health or "phi" in inspected.classes
        self.explanation.update(dict.fromkeys(inspected.explanation))
        self.decision = _joined(self.decision, inspected.decision)


def _joined(first: Decision | None, second: Decision) -> Decision:
    """The stricter effect, and the rules and obligations of both."""
    if first is None:
        return second
    return msgspec.structs.replace(
        second,
        effect=max(first.effect, second.effect, key=STRICTNESS.index),
        rules=tuple(dict.fromkeys((*first.rules, *second.rules))),
        obligations=tuple(sorted({*first.obligations, *second.obligations})),
    )
