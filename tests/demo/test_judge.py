"""Every kind of difference between what was seen and what was expected is found."""

import json
from typing import Any

import msgspec
import pytest

from gateway.demo.judge import differences
from gateway.demo.material import Conversation, Expectation, ExpectedAnswer, Masked
from gateway.demo.seen import Received, Reply, Seen

SPAN = Masked(type="email", text="a.b@mail.test", placeholder="[EMAIL]")
CONVERSATION = Conversation(
    id="c-1",
    desk="bank",
    title="a letter",
    caller="teller",
    headers={},
    body={"model": "sky", "messages": [{"role": "user", "content": "write to a.b@mail.test"}]},
)
EXPECTED = Expectation(
    status=200,
    decision="redact",
    agent="sky",
    classes=("pii",),
    rules=("pii-cloud-masked",),
    masked=(SPAN,),
    arrived=("write to [EMAIL]",),
    answer=ExpectedAnswer(decision="route", holds=("done",), lacks=("a.b@mail",)),
    error=None,
)
TRACE = "ab" * 16
BODY = '{"model": "sky", "messages": [{"role": "user", "content": "write to [EMAIL]"}], "store": false}'


def opening(**fields: Any) -> dict[str, Any]:
    envelope = {
        "event": "exchange.requested",
        "agent": "sky",
        "trace": TRACE,
        "decision": {"effect": "redact", "rules": ["pii-cloud-masked"]},
        "classes": {"found": ["pii"], "declared": [], "inherited": [], "floor": []},
        "found": {"email": 1},
    }
    return {"record": {**envelope, **fields}, "detail": {}}


def closing(**fields: Any) -> dict[str, Any]:
    envelope = {"event": "exchange.completed", "decision": {"effect": "route"}, "outcome": {"code": "ok"}}
    return {"record": {**envelope, **fields}, "detail": {}}


def reply(status: int = 200, text: str = "all done", error: Any = None, **headers: str) -> Reply:
    told = {"X-Exchange-Id": "e-1", "X-Routed-Agent": "sky", "X-Decision": "redact"}
    return Reply(status, {**told, **{name.replace("_", "-"): value for name, value in headers.items()}}, text, 1, error)


def received(agent: str = "sky", trace: str = TRACE, body: str = BODY, *names: str) -> Received:
    headers = (("traceparent", f"00-{trace}-{'cd' * 8}-01"), *((name, "x") for name in names))
    return Received(agent, headers, body)


GOOD = Seen(reply=reply(), received=(received(),), records=(opening(), closing()))


def test_what_is_as_expected_has_no_differences() -> None:
    assert differences(CONVERSATION, EXPECTED, GOOD) == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"reply": reply(403)}, "the status should be 200"),
        ({"reply": reply(error={"code": "policy_denied"})}, "the error's code"),
        ({"reply": reply(error="a.b@mail.test")}, "the error repeats what was found"),
        ({"reply": reply(X_Exchange_Id="")}, "there was no X-Exchange-Id"),
        ({"reply": reply(X_Routed_Agent="ward")}, "X-Routed-Agent"),
        ({"reply": reply(X_Decision="route")}, "X-Decision"),
        ({"reply": reply(text="nothing")}, "the answer does not hold 'done'"),
        ({"reply": reply(text="done for a.b@mail")}, "the answer holds 'a.b@mail'"),
        ({"received": ()}, "who received it should be sky and is none"),
        ({"received": (received(), received("ward"))}, "who received it should be sky and is sky, ward"),
        ({"received": (received(trace="ff" * 16),)}, "another trace id"),
        ({"received": (received("sky", TRACE, BODY, "X-Purpose"),)}, "was sent the header x-purpose"),
        ({"received": (received("sky", TRACE, BODY, "Authorization"),)}, "was sent the header authorization"),
        ({"received": (received(body=BODY.replace("write", "wrote")),)}, "another body"),
        ({"received": (received(body="{"),)}, "another body"),
        ({"received": (received(body=BODY.replace("false", "true")),)}, "another body"),
        ({"received": (received(body=BODY.replace(', "store": false', "")),)}, "another body"),
        ({"received": (received(body=BODY.replace("[EMAIL]", "a.b@mail.test")),)}, "a email that should"),
        ({"records": ()}, "nothing is on record"),
        ({"records": (opening(),)}, "the exchange has no end on record"),
        ({"records": (opening(decision={"effect": "route", "rules": []}), closing())}, "the decision should be redact"),
        ({"records": (opening(decision={"effect": "redact", "rules": ["x"]}), closing())}, "the rules should be"),
        ({"records": (opening(agent="ward"), closing())}, "the agent on record"),
        ({"records": (opening(classes={"found": ["phi", "pii"]}), closing())}, "the data classes should be pii and"),
        ({"records": (opening(found={}), closing())}, "1 × email should have been found"),
        ({"records": (opening(), closing(decision={"effect": "deny"}))}, "the decision on the answer"),
        ({"records": (opening(), closing(outcome={"code": "agent_timeout"}))}, "the outcome should be ok"),
    ],
)
def test_each_difference_is_told(change: dict[str, Any], told: str) -> None:
    found = differences(CONVERSATION, EXPECTED, msgspec.structs.replace(GOOD, **change))
    assert any(told in sentence for sentence in found), found


def test_a_refusal_must_not_reach_anybody() -> None:
    expected = msgspec.structs.replace(
        EXPECTED,
        status=403,
        decision="deny",
        agent=None,
        masked=(),
        arrived=(),
        error="policy_denied",
        answer=ExpectedAnswer(decision=None, holds=(), lacks=()),
    )
    denied = opening(event="exchange.denied", agent=None, outcome={"code": "policy_denied"})
    denied["record"]["decision"] = {"effect": "deny", "rules": ["pii-cloud-masked"]}
    refused = Reply(403, {"x-exchange-id": "e", "x-decision": "deny"}, "", 0, {"error": {"code": "policy_denied"}})
    seen = Seen(reply=refused, received=(), records=(denied,))
    assert differences(CONVERSATION, expected, seen) == []
    reached = msgspec.structs.replace(seen, received=(received(),))
    assert any("who received it should be none" in told for told in differences(CONVERSATION, expected, reached))


def test_nobody_known_is_not_an_exchange_on_record() -> None:
    expected = msgspec.structs.replace(
        EXPECTED,
        status=401,
        decision=None,
        agent=None,
        classes=(),
        rules=(),
        masked=(),
        arrived=(),
        error="credential_invalid",
        answer=ExpectedAnswer(decision=None, holds=(), lacks=()),
    )
    unknown = Reply(401, {"x-exchange-id": "e"}, "", 0, {"code": "credential_invalid"})
    seen = Seen(reply=unknown, received=(), records=())
    assert differences(CONVERSATION, expected, seen) == []
    assert differences(CONVERSATION, expected, msgspec.structs.replace(seen, records=(opening(),))) == [
        "an exchange of somebody unknown is on record"
    ]


def test_the_decision_header_of_a_stream_is_left_out_since_it_goes_out_before_the_answer() -> None:
    conversation = msgspec.structs.replace(CONVERSATION, body={**CONVERSATION.body, "stream": True})
    body = json.dumps({**json.loads(BODY), "stream": True})
    seen = msgspec.structs.replace(GOOD, reply=reply(X_Decision="route"), received=(received(body=body),))
    assert differences(conversation, EXPECTED, seen) == []
