"""casbin's enforcer, asked only about rules that can match, with its matcher parsed once.

casbin walks over all rules and parses its matcher anew at every question; a hundred rules cost a millisecond. Here an
index by role, class, target, action and purpose, groups and wildcards expanded, leaves out the rules whose columns
cannot match. What remains, in the same order, is put to casbin's own `enforce_ex`: its matching, its effect. A property
test holds the answer and the deciding rule equal to those of the plain `Enforcer` over all rules.
"""

import logging
import threading
from collections.abc import Callable, Iterable
from typing import Any

import casbin
import msgspec
from casbin.rbac import RoleManager

from gateway.checks.policy import words
from gateway.checks.policy.groups import Groups
from gateway.checks.policy.load import Rule, Rules
from gateway.checks.policy.model import COLUMNS, MODEL

_ID = COLUMNS.index("id")


class Names(msgspec.Struct, frozen=True):
    """What a caller holds or what is true of a request, as casbin's matcher is handed it."""

    held: frozenset[str]


class Answer(msgspec.Struct, frozen=True):
    """casbin's answer for one class: the rule that decided, None when nothing matched."""

    allowed: bool
    rule: Rule | None


class Ask(msgspec.Struct, frozen=True):
    """One question to casbin, names with their kind."""

    caller: frozenset[str]
    """The roles held, broader ones included, and `role:*`."""
    data: str
    target: str
    action: str
    purpose: str
    facts: frozenset[str]


NOTHING = Answer(allowed=False, rule=None)


def holds(facts: Names, when: str) -> bool:
    """The matcher's function for `when`: every term is among the facts."""
    return when == "always" or all(term in facts.held for term in when.split(";"))


class _Held(RoleManager):  # type: ignore[misc]  # casbin is untyped
    """`g`: the caller arrives with the closure of its roles, which depends on the credential."""

    def has_link(self, name1: Names, name2: str, *domain: str) -> bool:
        return name2 in name1.held


class _Closed(RoleManager):  # type: ignore[misc]  # casbin is untyped
    """`g2` and `g3`: closures computed once, without casbin's silent end after ten links."""

    def __init__(self, groups: Groups) -> None:
        self._closure = groups.closure

    def has_link(self, name1: str, name2: str, *domain: str) -> bool:
        return name2 in self._closure(name1)


class _Enforcer(casbin.Enforcer):  # type: ignore[misc]  # casbin is untyped
    """casbin's enforcer without its switch, its log and its habit of parsing the matcher at every call."""

    def __init__(self, rules: Rules) -> None:
        super().__init__(casbin.Enforcer.new_model(text=MODEL))
        # casbin logs every request with its values, denials as warnings. This logger belongs to no tree and is silent.
        self.logger = logging.Logger("casbin.silent", level=logging.CRITICAL + 1)
        self._expression: Any = None
        self.add_function("action", words.action_matches)
        self.add_function("purpose", words.purpose_matches)
        self.add_function("holds", holds)
        managers = {"g": _Held(), "g2": _Closed(rules.classes), "g3": _Closed(rules.targets)}
        for name, manager in managers.items():
            self.set_named_role_manager(name, manager)
            self.model["g"][name].rm = manager

    def enable_enforce(self, enabled: bool = True) -> None:
        """Not available: casbin would allow everything."""
        raise NotImplementedError

    def _get_expression(self, expr: str, functions: dict[str, Callable[..., Any]]) -> Any:
        # The matcher and its functions never change in the life of an enforcer: the first parse is the only one.
        if self._expression is None:
            self._expression = casbin.Enforcer._get_expression(expr, functions)
        return self._expression

    def first(self, rows: list[list[str]], *request: object) -> tuple[bool, list[str]]:
        self.model["p"]["p"].policy = rows
        allowed, row = self.enforce_ex(*request)
        return bool(allowed), row


class _Index:
    """Which rules can match, as bits: bit i stands for rule i, in order of priority."""

    def __init__(self, rules: tuple[Rule, ...]) -> None:
        self._role = _bits(rule.role for rule in rules)
        self._data = _bits(rule.data for rule in rules)
        self._target = _bits(rule.agent for rule in rules)
        self._purpose = _bits(rule.purpose for rule in rules)
        actions = _bits(rule.pattern for rule in rules)
        self._action = {name: bits for name, bits in actions.items() if "*" not in name}
        self._patterns = tuple((name, bits) for name, bits in sorted(actions.items()) if "*" in name)

    def candidates(self, ask: Ask, classes: Iterable[str], targets: Iterable[str], without: int) -> list[int]:
        """Numbers of the rules whose columns can match, in order. `when` is left to casbin."""
        bits = _any(self._role, ask.caller) & _any(self._data, classes) & _any(self._target, targets) & ~without
        bits &= self._purpose.get(ask.purpose, 0) | self._purpose.get(words.ANY_PURPOSE, 0)
        if not bits:
            return []
        action = self._action.get(ask.action, 0)
        for pattern, with_pattern in self._patterns:
            if bits & with_pattern and words.action_matches(ask.action, pattern):
                action |= with_pattern
        bits &= action
        numbers = []
        while bits:
            lowest = bits & -bits
            numbers.append(lowest.bit_length() - 1)
            bits ^= lowest
        return numbers


class Engine:
    """Rules and groups in, answers out. Not cached here; safe to ask from several threads."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules.rules
        self._rows = [rule.casbin() for rule in rules.rules]
        self._by_id = {rule.id: rule for rule in rules.rules}
        self._classes = rules.classes.closure
        self._targets = rules.targets.closure
        self._index = _Index(rules.rules)
        self._enforcer = _Enforcer(rules)
        # The enforcer holds the rows and the names of the question it is working on.
        self._lock = threading.Lock()

    def answer(self, ask: Ask, without: int = 0) -> Answer:
        """The first rule that matches, as casbin finds it. Whatever casbin raises passes through. `without`: rules that
        are left out, a bit for each by its place in the order of priority."""
        numbers = self._index.candidates(ask, self._classes(ask.data), self._targets(ask.target), without)
        if not numbers:
            # casbin must not be asked about no rules: it would put the matcher to empty strings, and may allow.
            return NOTHING
        rows = [self._rows[number] for number in numbers]
        with self._lock:
            allowed, row = self._enforcer.first(
                rows, Names(ask.caller), ask.data, ask.target, ask.action, ask.purpose, Names(ask.facts)
            )
        if not row:
            return NOTHING
        return Answer(allowed=allowed, rule=self._by_id[row[_ID]])


def _bits(names: Iterable[str]) -> dict[str, int]:
    bits: dict[str, int] = {}
    for number, name in enumerate(names):
        bits[name] = bits.get(name, 0) | 1 << number
    return bits


def _any(bits: dict[str, int], names: Iterable[str]) -> int:
    found = 0
    for name in names:
        found |= bits.get(name, 0)
    return found
