"""Answers that are kept and given later: read again, and decided on by the policy and for the receiver of that moment.

What is kept is what policy let pass when the answer came, and what was masked then stays masked. So who is given it
later has what both decisions permit. An answer is read by the adapter of the protocol that it is written in; what that
cannot read any more is `unscanned`, and is given only to who may have that.

A2A is read without its adapter, which knows what an agent has written and not what callers were given: as JSON, and of
a stream each event as JSON, its texts joined as well, with no place that could be masked.
"""

from collections.abc import Mapping

import msgspec

from gateway.agents.bare import bare
from gateway.agents.bodies import read_json, walk
from gateway.agents.content import read_content, render_content
from gateway.agents.sse import EventReader, is_event_stream
from gateway.core.caller import Caller
from gateway.core.decision import Decision
from gateway.core.errors import AgentError, FormatError
from gateway.core.finding import Scanned
from gateway.core.message import Inbound, Message, Part, WireAnswer
from gateway.core.ports import Bounds, Route
from gateway.core.refusal import Refusal
from gateway.exchange.events import Total
from gateway.exchange.inspector import Inspected, Inspector
from gateway.exchange.passing import Protocol

_A2A = frozenset({"a2a", "a2a-rest"})


class KeptAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """An answer as its caller was to get it. `request`: what it answers, None where that is not known any more.

    `inherited` are classes that it has from what it was made of, `floor` those of its agent: no span shows them.
    """

    protocol: str
    action: str
    request: Inbound | None
    answer: WireAnswer
    agent: str
    inherited: tuple[str, ...]
    floor: tuple[str, ...]


class Again(msgspec.Struct, frozen=True, kw_only=True):
    """What was found in it now and decided on it. `body` is what may be given, empty where `refusal` says why nothing
    may; `told` as in `Inspected`."""

    body: bytes
    parts: int
    found: dict[str, int]
    scanned: Scanned
    classes: tuple[str, ...]
    decision: Decision
    explanation: tuple[str, ...]
    told: frozenset[str]
    refusal: Refusal | None = None


class Rereading:
    """Decides anew on answers that were kept. `offered`: as in `pipeline.Parts`."""

    def __init__(
        self,
        *,
        inspector: Inspector,
        bounds: Bounds,
        protocols: Mapping[str, Protocol],
        offered: Mapping[str, Mapping[str, Protocol]],
    ) -> None:
        self._inspector, self._protocols, self._offered = inspector, protocols, offered
        self._bounds = bounds
        self._answers = Bounds(body_bytes=bounds.answer_bytes, answer_bytes=bounds.answer_bytes, depth=bounds.depth)

    def again(self, receiver: Caller, kept: KeptAnswer) -> Again:
        """The answer as this receiver may have it now. Never raises for what an answer holds."""
        protocols = self._offered.get(receiver.identity.tenant, self._protocols)
        protocol, route = protocols.get(kept.protocol), bare(kept.agent, floor=kept.floor)
        message = None if protocol is None else self._message(protocol, kept)
        if protocol is not None and message is not None:
            try:
                if kept.protocol in _A2A:
                    return self._plain(receiver, message, route, kept)
                if not is_event_stream(kept.answer.header("content-type")):
                    return self._whole(receiver, protocol, message, route, kept)
                if protocol.frames is not None:
                    return self._events(receiver, protocol, message, route, kept)
                return self._stream(receiver, protocol, message, route, kept)
            except (AgentError, FormatError):
                pass  # what follows is for what cannot be read
        unread = (Part("", "", "unreadable"),)
        inspected = self._inspected(receiver, message or _unknown(kept), route, unread, kept)
        return _again(inspected, kept.answer.body, len(unread))

    def _message(self, protocol: Protocol, kept: KeptAnswer) -> Message | None:
        """What it answers, as its adapter reads it; None where it would not be read any more."""
        if kept.request is None:
            return None
        read = protocol.adapter.read(kept.request, self._bounds)
        return None if isinstance(read, Refusal) else read

    def _whole(self, receiver: Caller, protocol: Protocol, message: Message, route: Route, kept: KeptAnswer) -> Again:
        answer = protocol.adapter.read_answer(kept.answer, message, _native(route))
        inspected = self._inspected(receiver, message, route, answer.parts, kept)
        body = b"" if inspected.refusal else protocol.adapter.render_answer(answer, inspected.masked)
        return _again(inspected, body, len(answer.parts))

    def _stream(self, receiver: Caller, protocol: Protocol, message: Message, route: Route, kept: KeptAnswer) -> Again:
        inspected, passed, body = self._inspector.replay(
            receiver, message, _native(route), protocol.adapter, kept.answer.body, inherited=kept.inherited
        )
        return _again(inspected, body + passed.closing, len(inspected.scan.parts))

    def _events(self, receiver: Caller, protocol: Protocol, message: Message, route: Route, kept: KeptAnswer) -> Again:
        """A stream whose events are each a whole message: one that may not be given withholds them all."""
        if protocol.frames is None:
            raise AgentError("bad_answer")
        frames, total, told = protocol.frames(message, self._bounds), Total(), set[str]()
        body: list[bytes] = []
        last: Inspected | None = None
        for frame in (*frames.feed(kept.answer.body), *frames.finish()):
            last = self._inspected(receiver, message, route, frame.parts, kept, health=total.health)
            total.add(last, len(frame.parts))
            if last.refusal is not None:
                break
            told |= last.told
            body.append(frames.render(frame, last.masked))
        if last is None or total.decision is None:
            raise AgentError("bad_answer")
        return Again(
            body=b"" if last.refusal else b"".join(body),
            parts=total.parts,
            found=dict(sorted(total.found.items())),
            scanned=total.scanned,
            classes=tuple(sorted(total.classes)) or ("public",),
            decision=total.decision,
            explanation=tuple(total.explanation),
            told=frozenset(told),
            refusal=last.refusal,
        )

    def _plain(self, receiver: Caller, message: Message, route: Route, kept: KeptAnswer) -> Again:
        """An answer of A2A: whole, or a stream, in which there is no place for a mask."""
        raw, kind = kept.answer.body, kept.answer.header("content-type")
        if is_event_stream(kind):
            parts = self._texts(raw)
            inspected = self._inspected(receiver, message, route, parts, kept)
            return _again(inspected, raw, len(parts))
        content = read_content(raw, kind, self._answers)
        if isinstance(content, Refusal):
            raise AgentError("bad_answer")
        inspected = self._inspected(receiver, message, route, content.parts, kept)
        body = b"" if inspected.refusal else render_content(raw, content.form, content.document, inspected.masked)
        return _again(inspected, body, len(content.parts))

    def _texts(self, raw: bytes) -> tuple[Part, ...]:
        """All that the events of a stream say, none of which can be masked in its place; pieces of text also joined, as
        readers of an artifact do."""
        reader = EventReader(self._answers.answer_bytes)
        parts: list[Part] = []
        pieces: list[str] = []
        for event in (*reader.feed(raw), *reader.finish()):
            if not event.data:
                continue
            read = read_json(event.data.encode(), self._answers)
            if isinstance(read, Refusal):
                raise AgentError("bad_answer")
            found: list[Part] = []
            walk(read.value, found)
            parts += (msgspec.structs.replace(part, kind="name") if part.kind == "text" else part for part in found)
            pieces += (part.text for part in found if part.pointer.endswith("/text"))
        return (*parts, Part("text", "".join(pieces), "name"))

    def _inspected(
        self,
        receiver: Caller,
        message: Message,
        route: Route,
        parts: tuple[Part, ...],
        kept: KeptAnswer,
        *,
        health: bool = False,
    ) -> Inspected:
        return self._inspector.answer(receiver, message, route, parts, health=health, inherited=kept.inherited)


def _native(route: Route) -> Route:
    """The same as an agent of no family that anything is translated for: the answer is in the caller's form already."""
    return msgspec.structs.replace(route, protocol="")


def _unknown(kept: KeptAnswer) -> Message:
    """What stands for a message that cannot be read any more: that it had this action is all that is known."""
    inbound = kept.request or Inbound(method="", path="", query="", headers=(), body=b"")
    return Message(
        protocol=kept.protocol,
        action=kept.action,
        target=kept.agent,
        stream=False,
        body=b"",
        media_type="",
        parts=(),
        inbound=inbound,
    )


def _again(inspected: Inspected, body: bytes, parts: int) -> Again:
    return Again(
        body=b"" if inspected.refusal else body,
        parts=parts,
        found=inspected.scan.counts(),
        scanned=inspected.scan.scanned,
        classes=inspected.classes,
        decision=inspected.decision,
        explanation=inspected.explanation,
        told=inspected.told,
        refusal=inspected.refusal,
    )
