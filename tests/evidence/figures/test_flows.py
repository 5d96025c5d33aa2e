"""What went where, what was decided, and how much of what was asked for was sent."""

from typing import Any

from gateway.evidence.figures.flows import Decisions, Flows, Minimum
from gateway.ledger.record import DecisionInfo, ObservedInfo
from gateway.ledger.times import timestamp
from tests.evidence.figures.kit import POLICY, T0, record

AT = timestamp(T0)
TO: dict[str, Any] = {"agent": "letters", "zone": "partner", "attempt": 1}


def test_a_message_counts_in_the_row_of_each_of_its_classes() -> None:
    flows = Flows()
    flows.feed(record("exchange.requested", classes=("phi", "pii"), region="FR", processor="p", purpose="TREAT", **TO))
    flows.feed(record("exchange.attempted", classes=(), **TO))
    flows.feed(record("exchange.denied", classes=("phi",)))
    flows.feed(record("exchange.denied"))
    flows.feed(record("task.callback_sent", classes=("pii",), callback="ours", zone="cloud"))
    flows.feed(record("exchange.requested", agent="letters", zone="partner", attempt=0, classes=("phi",)))
    told = flows.document()
    assert (told["sent"], told["sent_personal"]) == (3, 2)
    assert told["zones"] == [
        ["phi", "not sent", 1],
        ["phi", "partner", 1],
        ["pii", "cloud", 1],
        ["pii", "partner", 1],
        ["public", "partner", 1],
    ]
    assert told["recipients"][0][:5] == ["letters", "partner", "FR", "p", "personal"]
    assert ["TREAT", "none", "phi", "letters", "partner", "p", "none", 1] in told["processing"]


def test_what_was_sent_under_one_policy_version_is_told_apart_from_what_was_under_none() -> None:
    flows, later = Flows(), Flows()
    flows.feed(record("exchange.requested", classes=("pii",), effect="route", **TO))
    flows.feed(record("task.callback_sent", callback="ours", zone="cloud"))
    later.feed(record("exchange.requested", at_s=60, classes=("pii",), effect="route", **TO))
    flows.merge(later)
    assert flows.document()["versions"] == [
        ["letters", "partner", "none", "none", "personal", POLICY, AT, 2, timestamp(T0 + 60_000_000)],
        ["ours", "cloud", "none", "none", "other", "none", AT, 1, AT],
    ]
    assert ["none", "none", "pii", "letters", "partner", "none", POLICY, 2] in flows.document()["processing"]


def test_agents_are_told_by_the_version_and_model_that_they_were_registered_with() -> None:
    flows, later = Flows(), Flows()
    flows.feed(record("exchange.requested", agent_version="2.1", model="m-7b", **TO))
    flows.feed(record("exchange.requested", agent_version="2.1", model="m-7b", agent="letters", attempt=0))
    flows.feed(record("task.callback_sent", callback="ours", zone="cloud"))
    later.feed(record("exchange.attempted", at_s=60, agent_version="2.1", model="m-7b", **TO))
    later.feed(record("exchange.requested", at_s=90, agent_version="2.2", **TO))
    flows.merge(later)
    minute, last = (timestamp(T0 + seconds * 1_000_000) for seconds in (60, 90))
    assert flows.document()["models"] == [
        ["letters", "2.1", "m-7b", AT, 2, minute],
        ["letters", "2.2", "none", last, 1, last],
    ]


def test_decisions_are_counted_by_day_rule_purpose_and_code() -> None:
    decisions = Decisions()
    decisions.feed(record("exchange.requested", effect="redact", rules=("one", "two"), purpose="TREAT", **TO))
    decisions.feed(record("exchange.requested", at_s=86_400, effect="route", agent="a", attempt=0))
    decisions.feed(record("exchange.denied", effect="deny", rules=("no",), code="policy_denied"))
    decisions.feed(record("exchange.denied", code="rate_limited"))
    decisions.feed(record("exchange.completed", code="ok"))
    told = decisions.document()
    assert told["requests"] == 4
    assert told["days"][0] == ["2027-01-15", "deny", 1]
    assert told["days"][-1] == ["2027-01-16", "route", 1]
    assert ["one", "redact", 1] in told["rules"]
    assert told["refusals"] == [["policy_denied", 1], ["rate_limited", 1]]
    assert told["outcomes"] == [["ok", 1]]
    assert told["kept_answers"] == 1
    assert told["versions"] == [[POLICY, AT, 3, timestamp(T0 + 86_400_000_000)]]


def test_what_watched_rules_would_have_done_is_told() -> None:
    one = record("exchange.requested", **TO)
    observed = ObservedInfo(effect="deny", rules=(), watched=("trial",))
    one.envelope.decision = DecisionInfo(effect="route", rules=(), obligations=(), policy=POLICY, observed=observed)
    decisions = Decisions()
    decisions.feed(one)
    assert decisions.document()["watched"] == [["trial", "deny", 1]]


def test_findings_count_as_masked_by_the_types_named_or_by_those_of_the_classes() -> None:
    minimum = Minimum({"pii": frozenset({"person", "email"})})
    found = {"person": 2, "email": 1, "health-term": 4}
    whole: dict[str, Any] = {"effect": "redact", "obligations": ("redact",), "classes": ("pii",), "found": found, **TO}
    named: dict[str, Any] = {
        "effect": "redact",
        "obligations": ("redact:email",),
        "classes": ("pii",),
        "found": found,
        **TO,
    }
    minimum.feed(record("exchange.requested", **whole))
    minimum.feed(record("exchange.requested", **named))
    minimum.feed(record("exchange.denied", effect="deny", classes=("pii",), found={"person": 1}))
    minimum.feed(record("exchange.requested", effect="route", classes=(), **TO))
    minimum.feed(record("exchange.denied", classes=("pii",), found={"person": 9}))
    told = minimum.document()
    assert told["fields"] == [["health-term", 8, 8, 0, 0], ["person", 5, 2, 2, 1], ["email", 2, 0, 2, 0]]
    assert told["messages"] == [["pii", 3, 0, 2, 1], ["public", 1, 1, 0, 0]]


def test_what_goes_masked_after_an_approval_counts_as_masked() -> None:
    minimum = Minimum({})
    said = ("approve:privacy", "redact:mrn")
    asked: dict[str, Any] = {
        "effect": "approve",
        "obligations": said,
        "classes": ("phi",),
        "found": {"mrn": 1, "age": 1},
    }
    minimum.feed(record("exchange.requested", **asked, **TO))
    minimum.feed(record("exchange.denied", **asked))
    told = minimum.document()
    assert told["messages"] == [["phi", 2, 0, 1, 1]]
    assert told["fields"] == [["age", 2, 1, 0, 1], ["mrn", 2, 0, 1, 1]]
