"""Rules that come before another one wherever it could match, found without a look at each of them.

A rule covers another one, towards a target and for a class, where each of its columns is as wide or wider. Of all
columns but the conditions that is a matter of names, so that rules are kept by these: what could cover is found by the
few names that are wider than those asked for, and of a pattern of actions by what stands before its first star.
"""

from collections.abc import Iterator

from gateway.checks.policy import words
from gateway.checks.policy.load import Rule, Rules
from gateway.checks.policy.targets import Target

_Key = tuple[str, str, str, str]
"""Role, data, agent, purpose."""
_Alike = dict[tuple[str, ...], tuple[int, Rule]]
"""Of rules alike in all else, by their conditions, the first one with its place."""


class _Actions:
    """Rules of one key, by their actions."""

    def __init__(self) -> None:
        self.exact: dict[str, _Alike] = {}
        self.begun: dict[str, dict[str, _Alike]] = {}
        """What stands before the first star of a pattern → such patterns."""

    def add(self, place: int, rule: Rule) -> None:
        alike = self.exact.setdefault(rule.pattern, {})
        alike.setdefault(rule.when, (place, rule))
        before, star, _ = rule.pattern.partition("*")
        if star:
            self.begun.setdefault(before, {})[rule.pattern] = alike

    def covering(self, pattern: str) -> Iterator[_Alike]:
        """Those whose actions hold every action of the pattern; some may come twice."""
        for same in dict.fromkeys((words.EVERY_ACTION, pattern)):
            if same in self.exact:
                yield self.exact[same]
        if pattern.startswith(words.ONWARD) or pattern == words.EVERY_ACTION:
            return
        # A pattern covers another where it still fits once the other's stars are taken as a character of their own.
        taken = pattern.replace("*", "\x00")
        for end in range(len(taken) + 1):
            for other, alike in self.begun.get(taken[:end], {}).items():
                if other != words.EVERY_ACTION and words.action_matches(taken, other):
                    yield alike


class Earlier:
    """The rules that came before, in their order. `rules`: all there are, with their groups."""

    def __init__(self, rules: Rules) -> None:
        self._rules, self._count = rules, 0
        self._kept: dict[_Key, _Actions] = {}

    def add(self, rule: Rule) -> None:
        """The next one."""
        key = (rule.role, rule.data, rule.agent, rule.purpose)
        self._kept.setdefault(key, _Actions()).add(self._count, rule)
        self._count += 1

    def covering(self, rule: Rule, data_class: str, target: Target, within: frozenset[str]) -> Rule | None:
        """The first of them that matches whenever this rule does, for this class and target. `within`: the names under
        which rules are about the target."""
        facts = target.facts.union(rule.when)
        pattern = "receive" if target.name.startswith("zone:") else rule.pattern
        found: tuple[int, Rule] | None = None
        for known in self._about(rule, data_class, within):
            for alike in known.covering(pattern):
                for when, one in alike.items():
                    if (found is None or one[0] < found[0]) and facts.issuperset(when):
                        found = one
        return None if found is None else found[1]

    def _about(self, rule: Rule, data_class: str, within: frozenset[str]) -> Iterator[_Actions]:
        purposes = {words.ANY_PURPOSE, rule.purpose}
        roles = {words.ANY_ROLE, *self._rules.roles.closure(rule.role)}
        for data in self._rules.classes.closure(data_class):
            for agent in within:
                for role in roles:
                    for purpose in purposes:
                        known = self._kept.get((role, data, agent, purpose))
                        if known is not None:
                            yield known
