"""The first agent that policy does not deny gets the message; masked where it says so, and only if nothing is left."""

from collections.abc import Sequence
from typing import Any

import pytest

from gateway.checks.redaction import CannotRedact
from gateway.checks.schema import Schema
from gateway.core.decision import Ruling, Verdict
from gateway.core.finding import Finding, Scan
from gateway.core.message import Part
from gateway.core.ports import Route
from gateway.exchange.exchange import Routed
from gateway.exchange.router import MAX_CANDIDATES, Denied, masking_of
from tests.checks.policy.making import rule
from tests.conftest import ManualClock
from tests.exchange.making import FRIEND, LOCAL, MAIL, SKY, caller, classified, message, route, router

PUBLIC = rule(agent="zone:*")
LOCAL_PII = rule("pii-local", 1, data="class:pii", agent="zone:in-house")
MASKED_PII = rule("pii-masked", 2, data="class:pii", agent="zone:cloud", when="contract:valid", obligations="redact")
NO_PII = rule("pii-no", 3, data="class:pii", agent="zone:*", eft="deny", text="No personal data there.")


def decide(
    clock: ManualClock,
    text: str,
    candidates: tuple[Route, ...],
    *lines: str,
    exact: bool = False,
    declared: tuple[str, ...] = (),
    **fields: Any,
) -> Routed | Denied:
    sent = message(text)
    known = classified(clock, sent.parts, declared=declared)
    return router(clock, *lines, **fields).decide(caller(), sent, known, candidates, exact=exact)


def answers(decided: Routed | Denied) -> list[tuple[str, str]]:
    return [(view.agent, view.answer) for view in decided.decision.candidates]


def test_the_first_candidate_that_is_not_denied_is_taken_and_the_rest_may_be_asked_later(clock: ManualClock) -> None:
    decided = decide(clock, f"to {MAIL}", (FRIEND, LOCAL, SKY), PUBLIC, LOCAL_PII, MASKED_PII, NO_PII)
    assert isinstance(decided, Routed)
    assert decided.route == LOCAL
    assert decided.rest == (SKY,)
    assert (decided.decision.effect, decided.decision.agent, decided.masked) == ("route", "local", {})
    assert answers(decided) == [("friend", "deny"), ("local", "allow")]


def test_what_must_be_masked_is_masked_and_the_decision_says_so(clock: ManualClock) -> None:
    decided = decide(clock, f"to {MAIL}", (SKY,), PUBLIC, MASKED_PII)
    assert isinstance(decided, Routed)
    assert decided.decision.effect == "redact"
    assert MAIL not in str(decided.masked)
    assert list(decided.masked) == ["/messages/0/content"]


def test_exact_is_the_first_candidate_or_none(clock: ManualClock) -> None:
    decided = decide(clock, f"to {MAIL}", (SKY, LOCAL), PUBLIC, LOCAL_PII, NO_PII, exact=True)
    assert isinstance(decided, Denied)
    assert answers(decided) == [("sky", "deny")]


def test_a_denial_is_explained_by_the_rules_that_denied_not_by_those_that_allowed(clock: ManualClock) -> None:
    decided = decide(clock, f"to {MAIL}", (SKY,), PUBLIC, NO_PII, declared=("public",))
    assert isinstance(decided, Denied)
    assert decided.decision.effect == "deny"
    assert decided.decision.obligations == ()
    assert decided.explanation == ("No personal data there.",)


def test_of_several_that_deny_the_first_one_explains(clock: ManualClock) -> None:
    other = rule("other", 1, data="class:pii", agent="zone:in-house", eft="deny", text="Not in the house.")
    decided = decide(clock, f"to {MAIL}", (SKY, LOCAL), PUBLIC, other, NO_PII)
    assert isinstance(decided, Denied)
    assert decided.decision.rules == ("pii-no",)


def test_without_a_candidate_nothing_is_routed(clock: ManualClock) -> None:
    decided = decide(clock, "hello", (), PUBLIC)
    assert isinstance(decided, Denied)
    assert decided.explanation == ("No candidate serves this message.",)


def test_a_declared_class_has_no_span_and_cannot_be_masked(clock: ManualClock) -> None:
    decided = decide(clock, "hello", (SKY, LOCAL), PUBLIC, LOCAL_PII, MASKED_PII, declared=("pii",))
    assert isinstance(decided, Routed)
    assert answers(decided) == [("sky", "cannot-redact"), ("local", "allow")]
    alone = decide(clock, "hello", (SKY,), PUBLIC, MASKED_PII, declared=("pii",))
    assert isinstance(alone, Denied)
    assert "could not be" in alone.explanation[-1]


class Residue:
    """An engine that finds something wherever it looks: also in what was masked."""

    version = "1-0"

    def scan(self, parts: Sequence[Part], *, health_context: bool = False) -> Scan:
        found = tuple((Finding("email", 0, 1, 1.0, "form"),) for _ in parts)
        return Scan(parts=found, classes=frozenset({"pii"}), scanned="full")


def test_masking_that_leaves_residue_is_a_denial(clock: ManualClock) -> None:
    residue: Any = Residue()
    decided = decide(clock, f"to {MAIL}", (SKY,), PUBLIC, MASKED_PII, scans=residue)
    assert isinstance(decided, Denied)
    assert answers(decided) == [("sky", "cannot-redact")]
    ruling = Ruling(
        allowed=True,
        rules=("r",),
        obligations=("redact",),
        verdicts=(Verdict(data_class="pii", allowed=True, rule="r", obligations=("redact",)),),
    )
    parts = message(f"to {MAIL}").parts
    masked = router(clock, PUBLIC, MASKED_PII, scans=residue).mask(
        parts, classified(clock, parts), ruling, health_context=False
    )
    assert masked == CannotRedact("residue")


def test_a_candidate_of_another_protocol_or_schema_is_passed_by_and_named(clock: ManualClock) -> None:
    decided = decide(
        clock,
        "hello",
        (FRIEND, SKY, LOCAL),
        PUBLIC,
        serves=lambda message, agent: agent.id != "friend",
        schemas={"sky": Schema(False)},
    )
    assert isinstance(decided, Routed)
    assert answers(decided) == [("friend", "protocol"), ("sky", "schema"), ("local", "allow")]


def test_a_decision_looks_at_so_many_candidates_and_no_more(clock: ManualClock) -> None:
    many = tuple(route(f"unknown-{number}") for number in range(MAX_CANDIDATES))
    decided = decide(clock, "hello", (*many, LOCAL), PUBLIC)
    assert isinstance(decided, Denied)
    assert len(decided.decision.candidates) == MAX_CANDIDATES
    assert isinstance(decide(clock, "hello", (*many[1:], LOCAL), PUBLIC), Routed)


def test_what_needs_a_person_is_an_approval_and_not_a_masked_route(clock: ManualClock) -> None:
    lines = rule("ask", 1, agent="zone:partner", obligations="approve:privacy")
    decided = decide(clock, "hello", (FRIEND,), lines)
    assert isinstance(decided, Routed)
    assert decided.decision.effect == "approve"


@pytest.mark.parametrize("name", ["unscanned", "internal", "phi"])
def test_only_a_class_that_was_found_and_has_spans_can_be_masked(name: str) -> None:
    verdict = Verdict(data_class=name, allowed=True, rule="r", obligations=("redact",))
    ruling = Ruling(allowed=True, rules=("r",), obligations=("redact",), verdicts=(verdict,))
    found = frozenset({"unscanned", "internal"})
    assert masking_of(ruling, found).impossible == "no-span"


def test_types_that_a_rule_lists_are_masked_and_no_others() -> None:
    verdict = Verdict(data_class="pii", allowed=True, rule="r", obligations=("redact:email,phone",))
    ruling = Ruling(allowed=True, rules=("r",), obligations=verdict.obligations, verdicts=(verdict,))
    assert masking_of(ruling, frozenset({"pii"})).types == {"email", "phone"}
