"""What is written in a policy and does nothing: rules that can never match, and rules that others always come before.
And what it opens because somebody answers for it.

None of it is refused, since a set may be kept for agents to come; `gateway check` tells it. Rules are looked at with
every agent, zone and class that there is, with the actions that agents have and the hours of a week, so what holds here
holds for every request. A zone without agents counts as if one were in it, of any protocol and under any agreement.
"""

from collections.abc import Iterator, Mapping

import msgspec

from gateway.checks.policy import conditions, words
from gateway.checks.policy.actions import actions
from gateway.checks.policy.earlier import Earlier
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
    places, found = _Places(rules, structure), list[Remark]()
    for rule in rules.rules:
        remark = places.remark(rule)
        if remark is not None:
            found.append(remark)
        places.passed(rule)
    return tuple(found)


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
        self._actions = {f"agent:{agent.id}": actions(agent) for agent in structure.agents}
        self._earlier = Earlier(rules)

    def passed(self, rule: Rule) -> None:
        """It comes before those that are looked at from here on. One that is only watched comes before none."""
        if rule.watch is None:
            self._earlier.add(rule)

    def remark(self, rule: Rule) -> Remark | None:
        if not conditions.can_hold(rule.when):
            return _remark(rule, "there is no time at which all its conditions hold")
        if rule.action != _RECEIVE and self._unasked(rule):
            return _remark(rule, "no agent that it could be about has such an action: see its protocol and routes")
        by: dict[str, None] = {}
        for data_class, target in self._where(rule):
            covering = self._earlier.covering(rule, data_class, target, self._within(target))
            if covering is None:
                return None
            by[covering.id] = None
        if not by:
            return _remark(
                rule, "nothing is there that it could be about: no agent, zone or class fits all its columns"
            )
        return _remark(rule, "others are asked before it and decide wherever it could match", tuple(by))

    def _unasked(self, rule: Rule) -> bool:
        """Whether it is about agents, of which none is ever asked such an action, and not about what is received."""
        about = [target for target in self._agents if rule.agent in self._within(target)]
        received = words.action_matches(_RECEIVE, rule.pattern)
        return bool(about) and not received and not any(self._asked(rule, target) for target in about)

    def _asked(self, rule: Rule, target: Target) -> bool:
        """Whether the target can be asked what the rule is about. An agent to come may be of any protocol."""
        known = self._actions.get(target.name)
        return known is None or known.meet(rule.pattern)

    def _where(self, rule: Rule) -> Iterator[tuple[str, Target]]:
        classes = [name for name in self._classes if rule.data in self._rules.classes.closure(name)]
        for target in self._targets(rule):
            if rule.agent not in self._within(target) or not self._asked(rule, target):
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


def _to_come(structure: Structure, found: Mapping[str, Target]) -> list[Target]:
    """An agent in each zone that has none."""
    empty = set(found) - {agent.zone for agent in structure.agents}
    return [msgspec.structs.replace(found[zone], name=f"{_TO_COME}zone:{zone}") for zone in sorted(empty)]


def _remark(rule: Rule, why: str, by: tuple[str, ...] = ()) -> Remark:
    return Remark(rule=rule.id, line=rule.row.line, file=rule.row.file, why=why, by=by)
