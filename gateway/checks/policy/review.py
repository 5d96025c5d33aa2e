"""What is written in a policy and does nothing: rules that can never match, and rules that others always come before.
And what it opens because somebody answers for it.

None of it is refused, since a set may be kept for agents to come; `gateway check` tells it. Rules are looked at with
every agent, zone and class that there is, so what holds here holds for every request. A zone without agents counts as
if one were in it, under any agreement.
"""

from collections.abc import Iterator, Mapping

import msgspec

from gateway.checks.policy import conditions, words
from gateway.checks.policy.load import Rule, Rules
from gateway.checks.policy.structure import Structure
from gateway.checks.policy.targets import Target, agents, zones
from gateway.checks.policy.traps import opened

_RECEIVE = "receive"
_TO_COME = "agent:in "


class Remark(msgspec.Struct, frozen=True, kw_only=True):
    """One rule that decides nothing. `by`: the rules that come before it wherever it could match."""

    rule: str
    line: int
    file: str
    why: str
    by: tuple[str, ...] = ()


def remarks(rules: Rules, structure: Structure) -> tuple[Remark, ...]:
    """In the order of the rules."""
    places = _Places(rules, structure)
    return tuple(remark for index, rule in enumerate(rules.rules) if (remark := places.remark(index, rule)))


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """One rule that is meant to let a class, as it is, into `targets`, which are not trusted (none: it opens nothing).
    `text` is what they say who answer for it."""

    rule: str
    data: str
    targets: tuple[str, ...]
    text: str


def answered(rules: Rules, structure: Structure) -> tuple[Answered, ...]:
    """In the order of the lines that say so."""
    found: dict[tuple[str, str], list[str]] = {}
    for one in opened(rules, structure):
        found.setdefault((one.rule.id, one.data), []).append(one.target)
    return tuple(
        Answered(rule=one.rule, data=one.data, targets=tuple(found.get((one.rule, one.data), ())), text=one.text)
        for one in rules.openings
    )


class _Places:
    """Every pair of a class and a target that a rule can be about."""

    def __init__(self, rules: Rules, structure: Structure) -> None:
        self._rules = rules
        self._zones = zones(structure)
        self._agents = [*agents(structure).values(), *_to_come(structure, self._zones)]
        self._classes = sorted(rules.vocabulary.classes - {words.ANY_CLASS, words.PERSONAL})

    def remark(self, index: int, rule: Rule) -> Remark | None:
        found = list(self._where(rule))
        if not found:
            return _remark(
                rule, "nothing is there that it could be about: no agent, zone or class fits all its columns"
            )
        earlier = [one for one in self._rules.rules[:index] if one.watch is None]
        by: dict[str, None] = {}
        for data_class, target in found:
            covering = next((one for one in earlier if self._covers(one, rule, data_class, target)), None)
            if covering is None:
                return None
            by[covering.id] = None
        return _remark(rule, "others are asked before it and decide wherever it could match", tuple(by))

    def _where(self, rule: Rule) -> Iterator[tuple[str, Target]]:
        classes = [name for name in self._classes if rule.data in self._rules.classes.closure(name)]
        for target in self._targets(rule):
            if rule.agent not in self._within(target):
                continue
            for name in classes:
                if self._possible(rule, name, target):
                    yield name, target

    def _targets(self, rule: Rule) -> Iterator[Target]:
        if rule.action != _RECEIVE:
            yield from self._agents
        if words.action_matches(_RECEIVE, rule.pattern):
            yield from self._zones.values()

    def _within(self, target: Target) -> frozenset[str]:
        closure = self._rules.targets.closure
        if target.name.startswith(_TO_COME):
            return closure(target.name.removeprefix(_TO_COME)) | {words.ANY_ZONE}
        return closure(target.name)

    def _possible(self, rule: Rule, data_class: str, target: Target) -> bool:
        """Whether the conditions could hold at some time, for some caller of some tenant."""
        possible = target.facts
        if target.name.startswith(_TO_COME):
            possible |= frozenset(conditions.CONTRACTS)
        elif data_class.removeprefix("class:") in target.covered:
            possible |= target.contract_facts()
        tenants = [term for term in rule.when if term.startswith("tenant:")]
        free = [term for term in rule.when if conditions.is_timed(term) or conditions.is_way(term)]
        fixed = [term for term in rule.when if term not in tenants and term not in free]
        return len(tenants) < 2 and all(term in possible for term in fixed)

    def _covers(self, earlier: Rule, rule: Rule, data_class: str, target: Target) -> bool:
        """Whether the earlier one matches whenever this one does, for this class and target."""
        facts = target.facts | set(rule.when)
        return (
            (earlier.role == words.ANY_ROLE or earlier.role in self._rules.roles.closure(rule.role))
            and earlier.data in self._rules.classes.closure(data_class)
            and earlier.agent in self._within(target)
            and _action_covers(earlier, rule, target)
            and earlier.purpose in (words.ANY_PURPOSE, rule.purpose)
            and all(term in facts for term in earlier.when)
        )


def _to_come(structure: Structure, found: Mapping[str, Target]) -> list[Target]:
    """An agent in each zone that has none."""
    empty = set(found) - {agent.zone for agent in structure.agents}
    return [msgspec.structs.replace(found[zone], name=f"{_TO_COME}zone:{zone}") for zone in sorted(empty)]


def _action_covers(earlier: Rule, rule: Rule, target: Target) -> bool:
    """Whether every action that the rule is about, towards such a target, fits the earlier one too."""
    if target.name.startswith("zone:"):
        return words.action_matches(_RECEIVE, earlier.pattern)
    if earlier.pattern in (words.EVERY_ACTION, rule.pattern):
        return True
    if rule.pattern.startswith(words.ONWARD) or rule.pattern == words.EVERY_ACTION:
        return False
    # A pattern covers another where it still fits once the other's stars are taken as a character of their own.
    return earlier.pattern == "*" or words.action_matches(rule.pattern.replace("*", "\x00"), earlier.pattern)


def _remark(rule: Rule, why: str, by: tuple[str, ...] = ()) -> Remark:
    return Remark(rule=rule.id, line=rule.row.line, file=rule.row.file, why=why, by=by)
