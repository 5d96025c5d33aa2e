"""What is told of a conversation holds kinds and counts, never the texts that were found."""

import msgspec

from gateway.demo.material import Conversation, Expectation, ExpectedAnswer, Masked
from gateway.demo.report import PassedOver, told
from gateway.demo.seen import Received, Reply, Seen

CONVERSATION = Conversation(
    id="c-1", desk="bank", title="t", caller="teller", headers={}, body={"model": "sky", "stream": True}
)
SPANS = tuple(Masked(type="email", text=text, placeholder="[EMAIL]") for text in ("a@mail.test", "b@mail.test"))
EXPECTED = Expectation(
    status=200,
    decision="redact",
    agent="sky",
    classes=("pii",),
    rules=("r",),
    masked=SPANS,
    arrived=(),
    answer=ExpectedAnswer(decision="redact", holds=(), lacks=()),
    error=None,
)
OPENING = {
    "event": "exchange.requested",
    "agent": "sky",
    "zone": "cloud",
    "decision": {"effect": "redact", "rules": ["r"]},
    "classes": {"found": ["pii"]},
    "found": {"email": 2},
    "candidates": [{"agent": "moon", "answer": "deny", "rule": "m"}, {"agent": "sky", "answer": "redact"}],
}
CLOSING = {"event": "exchange.completed", "decision": {"effect": "redact"}}
SEEN = Seen(
    reply=Reply(200, {"x-exchange-id": "e-1"}, "the answer", 9, None),
    received=(Received("sky", (), '{"messages": "to [EMAIL] and [EMAIL], for [PERSON]"}'),),
    records=(
        {"record": OPENING, "detail": {"explanation": "Because."}},
        {"record": CLOSING, "detail": {"explanation": "And so."}},
    ),
)


def test_everything_is_told() -> None:
    found = told(CONVERSATION, EXPECTED, SEEN, ["one thing"])
    assert (found.decision, found.agent, found.zone, found.rules) == ("redact", "sky", "cloud", ("r",))
    assert found.passed_over == (PassedOver(agent="moon", answer="deny", rule="m"),)
    assert found.masked == {"[EMAIL]": 2}
    assert (found.because, found.answered, found.answer_because) == ("Because.", "redact", "And so.")
    assert (found.exchange, found.pieces, found.stream) == ("e-1", 9, True)
    assert not found.held
    assert told(CONVERSATION, EXPECTED, SEEN, []).held


def test_nothing_that_was_found_or_answered_is_in_it() -> None:
    data = msgspec.json.encode(told(CONVERSATION, EXPECTED, SEEN, []))
    assert b"@mail.test" not in data
    assert b"the answer" not in data


def test_nothing_on_record_is_told_as_nothing() -> None:
    seen = Seen(reply=Reply(401, {}, "", 0, {"code": "credential_invalid"}), received=(), records=())
    found = told(CONVERSATION, msgspec.structs.replace(EXPECTED, masked=()), seen, [])
    assert (found.status, found.error, found.decision, found.agent) == (401, "credential_invalid", None, None)
    assert (found.masked, found.because, found.passed_over) == ({}, "", ())
