"""What was seen while a rule was on trial becomes rules that let just that through."""

from typing import Any

import pytest

from gateway.checks.policy.policy import Policy
from gateway.core.errors import ConfigurationError
from gateway.exchange.drafting import Drafted, Drafting
from gateway.ledger.record import ClassesInfo, DecisionInfo, Detail, ObservedInfo
from gateway.store.decided import Decided
from tests.checks.policy.making import NOON_US, policy, question, rule
from tests.exchange.simulation_kit import DIGEST, decided, everybody

WATCHED = "observe:2026-12-31"
TRIAL = rule("trial", 50, "role:*", "class:internal", "zone:*", "chat", eft="deny", obligations=WATCHED)
OPEN = rule("open", 60, "role:*", "class:internal", "zone:in-house", "chat")
SEEN = ObservedInfo(effect="deny", rules=("trial",), watched=("trial",))


def seen(number: int, *roles: str, **changed: Any) -> Decided:
    decision = DecisionInfo(effect="route", rules=("open",), obligations=(), policy=DIGEST, observed=SEEN)
    detail = Detail(subject="alice", roles=roles or ("clerk",))
    fields: dict[str, Any] = {"decision": decision, "purpose": "TREAT"} | changed
    return decided(number, detail, **fields)


def drafted(using: Policy, *decided: Decided, others: bool = False) -> Drafted:
    drafting = Drafting(using, "default", everybody, others=others)
    drafting.take(decided)
    return drafting.result()


def test_what_was_seen_is_let_through_once_the_trial_is_over_and_nothing_else_is() -> None:
    records = [seen(1), seen(2), seen(3, "clinician", purpose=None)]
    found = drafted(policy(TRIAL, OPEN), *records)
    assert found.observed == 3
    assert [(one.trial, one.count, len(one.examples)) for one in found.rules] == [("trial", 2, 2), ("trial", 1, 1)]
    lines = [f"{one.line}\n" for one in found.rules]
    assert lines[0] == (
        "p,49,role:clerk,class:internal,agent:local,chat,purpose:TREAT,always,allow,none,trial-seen-1,"
        "Was seen 2 times while trial was on trial.\n"
    )
    enforced = policy(*lines, TRIAL.replace(WATCHED, "none"), OPEN)
    assert enforced.ruling(question("internal"), "local", now_us=NOON_US).rules == ("trial-seen-1",)
    without = question("internal", roles=("clinician",), purpose=None)
    assert enforced.ruling(without, "local", now_us=NOON_US).rules == ("trial-seen-2",)
    for other in (
        question("internal", roles=("lead",)),
        question("internal", purpose="HPAYMT"),
        question("internal", action="embed"),
    ):
        assert not enforced.ruling(other, "local", now_us=NOON_US).allowed
    assert not enforced.ruling(question("internal"), "friend", now_us=NOON_US).allowed


def test_a_rule_has_the_conditions_and_the_obligations_of_the_one_that_decided() -> None:
    trial = rule("trial", 50, "role:*", "class:pii", "zone:*", "chat", eft="deny", obligations=WATCHED)
    masked = rule("sky", 60, "role:*", "class:pii", "zone:cloud", "chat", when="contract:valid", obligations="redact")
    open_ = rule("house", 61, "role:*", "class:pii", "zone:in-house", "chat")
    phi = rule("phi", 1, "role:*", "class:phi", "zone:*", "chat", eft="deny")
    classes = ClassesInfo(found=("pii",), declared=(), inherited=(), floor=())
    records = [seen(1, agent="sky", classes=classes), seen(2, classes=classes)]
    found = drafted(policy(phi, trial, masked, open_), *records)
    assert [one.line.split(",")[1] for one in found.rules] == ["48", "49"]
    assert ",contract:valid,allow,redact," in found.rules[1].line
    lines = [f"{one.line}\n" for one in found.rules]
    enforced = policy(*lines, phi, trial.replace(WATCHED, "none"), masked, open_)
    ruling = enforced.ruling(question("pii"), "sky", now_us=NOON_US)
    assert (ruling.allowed, ruling.obligations) == (True, ("redact",))


def test_of_several_roles_the_one_that_most_have_in_common_is_named() -> None:
    records = [seen(1, "clerk", "user"), seen(2, "clinician", "user"), seen(3, "user")]
    (one,) = drafted(policy(TRIAL, OPEN), *records).rules
    assert (",role:user," in one.line, one.count) == (True, 3)


def test_a_tenant_is_named_where_there_are_others() -> None:
    (one,) = drafted(policy(TRIAL, OPEN), seen(1), others=True).rules
    assert ",tenant:default," in one.line


def test_what_makes_no_rule_is_counted() -> None:
    using = policy(TRIAL, OPEN)
    duty = policy(rule("trial", 50, "role:*", "class:internal", action="chat", obligations=f"redact;{WATCHED}"), OPEN)
    plain = decided(9)
    gone = Decided(seen(1).envelope, None)
    nobody = Decided(seen(2).envelope, decided(2, Detail(subject="alice", roles=())).detail)
    found = drafted(using, plain, gone, nobody)
    assert (found.observed, found.without_detail, found.nobody, found.rules) == (2, 1, 1, ())
    assert drafted(duty, seen(1)).masked == 1
    assert drafted(policy(OPEN), seen(1)).otherwise == 1


def test_without_room_before_the_trial_it_is_said() -> None:
    before = rule("before", 49, "role:*", "class:public")
    with pytest.raises(ConfigurationError, match="rule trial: 1 priorities must be free right before it, and 0 are"):
        drafted(policy(before, TRIAL, OPEN), seen(1))


def test_ids_are_free_and_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = rule("trial-seen-1", 10, "role:*", "class:public")
    (one,) = drafted(policy(taken, TRIAL, OPEN), seen(1)).rules
    assert one.id == "trial-seen-2"
    monkeypatch.setattr("gateway.exchange.drafting.MAX_KINDS", 1)
    found = drafted(policy(TRIAL, OPEN), seen(1), seen(2, purpose=None))
    assert (len(found.rules), found.beyond) == (1, 1)
