"""What comes before a rule is found as by a look at each rule before it."""

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.checks.policy import words
from gateway.checks.policy.earlier import Earlier
from gateway.checks.policy.load import Rule, Rules
from gateway.checks.policy.targets import Target, agents, zones

from .making import facts, rule, rules
from .test_engine import _rule

_MORE = ["tool:*", "tool:l*", "tool:l*k", "tool:lo*", "tool:*k", "*", "http:*:/notes*", "chat", "onward:url", "receive"]


def _covers(loaded: Rules, earlier: Rule, rule: Rule, data_class: str, target: Target) -> bool:
    """Whether the earlier one matches whenever this one does, column by column."""
    received = target.name.startswith("zone:")
    return (
        (earlier.role == words.ANY_ROLE or earlier.role in loaded.roles.closure(rule.role))
        and earlier.data in loaded.classes.closure(data_class)
        and earlier.agent in loaded.targets.closure(target.name)
        and (words.action_matches("receive", earlier.pattern) if received else _actions(earlier.pattern, rule.pattern))
        and earlier.purpose in (words.ANY_PURPOSE, rule.purpose)
        and all(term in target.facts | set(rule.when) for term in earlier.when)
    )


def _actions(earlier: str, later: str) -> bool:
    if earlier in (words.EVERY_ACTION, later):
        return True
    if later.startswith(words.ONWARD) or later == words.EVERY_ACTION:
        return False
    return earlier == "*" or words.action_matches(later.replace("*", "\x00"), earlier)


@settings(max_examples=80, deadline=None)
@given(
    columns=st.lists(
        st.tuples(_rule, st.sampled_from([None, *_MORE])).map(
            lambda both: both[0] if both[1] is None else both[0] | {"action": both[1]}
        ),
        min_size=2,
        max_size=14,
    )
)
@example(columns=[{"action": "receive"}, {"action": "*", "eft": "deny"}, {"action": "*"}])
def test_the_first_that_covers_a_rule_is_the_one_that_a_look_at_each_finds(columns: list[dict[str, Any]]) -> None:
    loaded, known = rules(*(rule(f"r-{number}", **one) for number, one in enumerate(columns))), facts()
    targets = [*agents(known).values(), *zones(known).values()]
    earlier = Earlier(loaded)
    for place, one in enumerate(loaded.rules):
        for target in targets:
            within = loaded.targets.closure(target.name)
            for name in sorted(loaded.vocabulary.classes):
                before = loaded.rules[:place]
                plainly = next((other for other in before if _covers(loaded, other, one, name, target)), None)
                found = earlier.covering(one, name, target, within)
                assert (found and found.id) == (plainly and plainly.id)
        earlier.add(one)


def test_many_rules_on_tools_of_their_own_are_not_compared_with_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted are comparisons of patterns: none is needed where no pattern begins as another does."""
    asked, plain = list[tuple[str, ...]](), words.action_matches

    def counted(action: str, pattern: str) -> bool:
        asked.append((action, pattern))
        return plain(action, pattern)

    monkeypatch.setattr(words, "action_matches", counted)
    loaded = rules(*(rule(f"r-{number}", number + 1, action=f"tool:t{number:03}*") for number in range(200)))
    earlier, (target, *_) = Earlier(loaded), agents(facts()).values()
    within = loaded.targets.closure(target.name)
    for one in loaded.rules:
        assert earlier.covering(one, "class:public", target, within) is None
        earlier.add(one)
    assert asked == []
