"""A class leaves a flow where every rule that decided on it says so, and nowhere else."""

import pytest

from gateway.core.decision import Ruling, Verdict, declassified, effect_of, kept_days


def ruling(*verdicts: tuple[str, tuple[str, ...]], allowed: bool = True) -> Ruling:
    made = tuple(
        Verdict(data_class=name, allowed=allowed, rule=f"{name}-rule", obligations=obligations)
        for name, obligations in verdicts
    )
    return Ruling(allowed=allowed, rules=(), obligations=(), verdicts=made)


def test_a_class_leaves_by_the_rule_that_decided_on_it() -> None:
    found = declassified(ruling(("phi", ("declassify:phi", "redact")), ("pii", ("declassify:phi",)), ("pci", ())))
    assert found == {"phi"}


def test_a_class_stays_where_one_of_several_rules_is_silent() -> None:
    assert declassified(ruling(("phi", ("declassify:phi",)), ("phi", ()))) == frozenset()


def test_nothing_leaves_by_what_is_denied_or_was_not_asked() -> None:
    assert declassified(ruling(("phi", ("declassify:phi",)), allowed=False)) == frozenset()
    assert declassified(None) == frozenset()


@pytest.mark.parametrize(
    ("obligations", "effect"),
    [
        (("notify:desk",), "route"),
        (("notify:desk", "redact:email"), "redact"),
        (("approve:privacy", "redact"), "approve"),
        (("redact", "supervise:judge"), "approve"),
    ],
)
def test_the_strictest_obligation_is_the_effect(obligations: tuple[str, ...], effect: str) -> None:
    assert effect_of(Ruling(allowed=True, rules=(), obligations=obligations, verdicts=())) == effect
    assert effect_of(Ruling(allowed=False, rules=(), obligations=obligations, verdicts=())) == "deny"


def test_of_several_rules_that_keep_content_the_shortest_holds() -> None:
    assert kept_days(("keep-content:30", "keep-content:7", "redact")) == 7
    assert kept_days(("redact",)) == 0


def test_what_may_not_be_kept_is_kept_for_no_days_and_cannot_wait() -> None:
    assert kept_days(("keep-content:30", "no-content")) == 0
    for waiting in ("approve:lead", "supervise:judge"):
        ruling = Ruling(allowed=True, rules=(), obligations=(waiting, "no-content"), verdicts=())
        assert effect_of(ruling) == "deny"
    assert effect_of(Ruling(allowed=True, rules=(), obligations=("no-content", "redact"), verdicts=())) == "redact"
