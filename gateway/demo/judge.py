"""Compares what was seen of a conversation with what must have come of it. Every difference is a sentence."""

import json
from collections import Counter
from collections.abc import Iterator

from gateway.demo.material import Conversation, Expectation, masked, strings
from gateway.demo.seen import STRICTNESS, Received, Seen

_OWN_HEADERS = frozenset(
    {
        "authorization",
        "cookie",
        "idempotency-key",
        "x-api-key",
        "x-data-class",
        "x-data-subject",
        "x-decision",
        "x-exchange-id",
        "x-purpose",
        "x-receipt",
        "x-route",
        "x-routed-agent",
    }
)
"""Headers between a caller and the gateway, which no agent may be sent."""


def differences(conversation: Conversation, expected: Expectation, seen: Seen) -> list[str]:
    """Everything that did not hold; empty when all did."""
    return [
        *_reply(conversation, expected, seen),
        *_record(expected, seen),
        *_arrivals(conversation, expected, seen),
        *_answer(expected, seen),
    ]


def _reply(conversation: Conversation, expected: Expectation, seen: Seen) -> Iterator[str]:
    reply = seen.reply
    yield from _differs("the status", expected.status, reply.status)
    yield from _differs("the error's code", expected.error, reply.code)
    if not seen.exchange:
        yield "there was no X-Exchange-Id"
    yield from _differs("X-Routed-Agent", expected.agent, reply.header("x-routed-agent"))
    decision = expected.decision
    # The headers of a stream go out before its answer was looked at, unless it is held back as a whole.
    if decision is not None and not (conversation.stream and expected.error is None):
        yield from _differs("X-Decision", _stricter(expected), reply.header("x-decision"))
    said = json.dumps(reply.error, ensure_ascii=False)
    if any(span.text in said for span in expected.masked):
        yield "the error repeats what was found"


def _stricter(expected: Expectation) -> str | None:
    effects = [effect for effect in (expected.decision, expected.answer.decision) if effect is not None]
    return max(effects, key=STRICTNESS.index, default=None)


def _record(expected: Expectation, seen: Seen) -> Iterator[str]:
    if expected.decision is None:
        if seen.records:
            yield "an exchange of somebody unknown is on record"
        return
    if not seen.opening:
        yield "nothing is on record"
        return
    yield from _differs("the decision", expected.decision, seen.decision)
    yield from _differs("the agent on record", expected.agent, seen.opening.get("agent"))
    yield from _differs("the data classes", tuple(sorted(expected.classes)), seen.classes)
    yield from _differs("the rules", expected.rules, seen.rules)
    yield from _differs("the decision on the answer", expected.answer.decision, seen.answered)
    for kind, count in sorted(Counter(span.type for span in expected.masked).items()):
        if seen.found.get(kind, 0) < count:
            yield f"{count} × {kind} should have been found, and {seen.found.get(kind, 0)} were"
    if expected.agent is not None and not seen.closing:
        yield "the exchange has no end on record"
    outcome = (seen.closing or seen.opening).get("outcome") or {}
    yield from _differs("the outcome", expected.error or "ok", outcome.get("code"))


def _arrivals(conversation: Conversation, expected: Expectation, seen: Seen) -> Iterator[str]:
    wanted = [expected.agent] if expected.agent is not None else []
    yield from _differs("who received it", wanted, [received.agent for received in seen.received])
    for received in seen.received:
        yield from _arrival(conversation, expected, seen, received)


def _arrival(conversation: Conversation, expected: Expectation, seen: Seen, received: Received) -> Iterator[str]:
    if received.trace is None or received.trace != seen.opening.get("trace"):
        yield f"{received.agent} was sent another trace id than the one on record"
    for name in sorted({name.lower() for name, _ in received.headers} & _OWN_HEADERS):
        yield f"{received.agent} was sent the header {name}"
    document = received.document()
    # The gateway tells whoever receives it to store nothing, since nobody asked for that.
    if document != {"store": False, **masked(conversation.body, expected.masked)}:
        yield f"{received.agent} received another body than the one sent, masked as expected"
    texts = strings(document)
    for text in expected.arrived:
        if not any(text in held for held in texts):
            yield f"{received.agent} did not receive the text {text!r}"
    for span in expected.masked:
        if any(span.text in held for held in (*texts, received.body)):
            yield f"{received.agent} received a {span.type} that should have been masked"


def _answer(expected: Expectation, seen: Seen) -> Iterator[str]:
    text = seen.reply.text
    for wanted in expected.answer.holds:
        if wanted not in text:
            yield f"the answer does not hold {wanted!r}"
    for unwanted in expected.answer.lacks:
        if unwanted in text or unwanted in json.dumps(seen.reply.error, ensure_ascii=False):
            yield f"the answer holds {unwanted!r}"


def _differs(what: str, expected: object, seen: object) -> Iterator[str]:
    if expected != seen:
        yield f"{what} should be {_told(expected)} and is {_told(seen)}"


def _told(value: object) -> str:
    if value is None:
        return "none"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value)) or "none"
    return str(value)
