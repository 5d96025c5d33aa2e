"""What policy would answer by casbin's plain enforcer, asked class by class: its own role managers, every rule, every
grouping, nothing cached, no index. What is not casbin's (floors, what a class implies, purposes, contracts, masks, what
an agent would contact) is worked out here anew, as `docs/policy.md` says it.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import casbin
import msgspec

from gateway.checks.policy import words
from gateway.checks.policy.engine import Names, holds
from gateway.checks.policy.load import Rules
from gateway.checks.policy.model import MODEL
from tests.exchange.bodies import MASKED, Body

_OBLIGATIONS = 8
"""Where a rule's line has them."""


class Moment(NamedTuple):
    """An instant: microseconds since the epoch, the timed conditions that hold then, whether agreements do."""

    us: int
    terms: frozenset[str]
    agreed: bool


class Place(NamedTuple):
    """An agent, or a zone that a caller is in."""

    name: str
    zone: str
    processor: str | None = None
    covered: frozenset[str] = frozenset()
    floor: tuple[str, ...] = ()


class Asked(msgspec.Struct, frozen=True):
    """One request. `order`: the agents as they are preferred; `target`: what was named; `exact`: the first or none."""

    moment: Moment
    roles: tuple[str, ...]
    body: Body
    declared: tuple[str, ...]
    inherited: tuple[str, ...]
    action: str
    onward: tuple[str, ...]
    purpose: str | None
    zone: str
    order: tuple[str, ...]
    target: str
    exact: bool


class Found(NamedTuple):
    """Where a request goes and how: the agent, the word of the decision, and which values of the body are sent."""

    agent: str | None
    effect: str = "deny"
    left: frozenset[str] = frozenset()


class Facts(msgspec.Struct, frozen=True):
    """What the policy's lines say beside its rules, as drawn: edges of `g`, `g3`, `f`, `i` and `x` lines."""

    roles: tuple[tuple[str, str], ...]
    places: tuple[tuple[str, str], ...]
    floors: tuple[tuple[str, str], ...]
    implied: tuple[tuple[str, str], ...]
    exact: tuple[tuple[str, str], ...]
    personal: frozenset[str]


class Plain:
    """`agents` by id, and zones with what conditions may read of them."""

    def __init__(
        self, loaded: Rules, facts: Facts, agents: Mapping[str, Place], zones: Mapping[str, frozenset[str]]
    ) -> None:
        self._enforcer: Any = casbin.Enforcer(casbin.Enforcer.new_model(text=MODEL))
        self._enforcer.add_function("action", words.action_matches)
        self._enforcer.add_function("purpose", words.purpose_matches)
        self._enforcer.add_function("holds", holds)
        self._enforcer.add_policies([found.casbin() for found in loaded.rules])
        for kind, edges in loaded.edges.items():
            for edge in dict.fromkeys(edges):
                self._enforcer.add_named_grouping_policy(kind, *edge)
        self._facts, self._agents, self._zones, self._callers = facts, agents, zones, 0

    def route(self, asked: Asked) -> Found:
        """The first candidate that is not denied."""
        who = self._caller(asked)
        held = _closure(asked.roles, self._facts.roles)
        stays = any(role in held and words.action_matches(asked.action, line) for role, line in self._facts.exact)
        for name in asked.order[:1] if asked.exact or stays else asked.order:
            agent = self._agents[name]
            answers = self._answers(asked, who, agent)
            if answers is None:
                continue
            obligations = {word for _, found in answers for word in found}
            asks = any(word.startswith("approve") for word in obligations)
            if "no-content" in obligations and asks:
                return Found(None)
            gone = self._gone(asked, answers)
            if gone is None:
                continue
            left = frozenset(value for value, kind in asked.body.values if kind not in gone)
            return Found(name, "approve" if asks else _word(obligations), left)
        return Found(None)

    def receive(self, asked: Asked) -> tuple[bool, frozenset[str]]:
        """Whether an answer with the body's classes may come back to the caller, and under which obligations."""
        who, zone = self._caller(asked), Place(f"zone:{asked.zone}", asked.zone)
        answers = [self._answer(asked, who, zone, "receive", name) for name in self.found(asked) or ("public",)]
        if any(one is None for one in answers):
            return False, frozenset()
        return True, frozenset(word for one in answers if one is not None for word in one)

    def floor(self, asked: Asked) -> frozenset[str]:
        """The classes that the request has at least, by its caller's roles and by what it named."""
        named = _closure((*(f"role:{name}" for name in ("*", *asked.roles)),), self._prefixed())
        named |= {f"agent:{asked.target}", f"capability:{asked.target}"}
        named |= {to for of, to in self._facts.places if of == f"agent:{asked.target}"}
        return frozenset(name for where, name in self._facts.floors if where in named)

    def found(self, asked: Asked) -> frozenset[str]:
        """The classes that were found in the body, with what they imply."""
        return frozenset(_closure(asked.body.classes, self._facts.implied))

    def _prefixed(self) -> tuple[tuple[str, str], ...]:
        return tuple((f"role:{of}", f"role:{to}") for of, to in self._facts.roles)

    def _caller(self, asked: Asked) -> str:
        self._callers += 1
        who = f"caller:default/{self._callers}"
        for role in ("*", *asked.roles):
            self._enforcer.add_named_grouping_policy("g", who, f"role:{role}")
        return who

    def _answers(self, asked: Asked, who: str, agent: Place) -> list[tuple[str, frozenset[str]]] | None:
        """The obligations of every class, for the message and for all that the agent would contact; None: denied."""
        classes = {*self.found(asked), *asked.declared, *asked.inherited, *self.floor(asked), *agent.floor}
        answers = []
        for action in (asked.action, *asked.onward):
            for name in sorted(_closure(classes or {"public"}, self._facts.implied)):
                found = self._answer(asked, who, agent, action, name)
                if found is None:
                    return None
                answers.append((name, found))
        return answers

    def _answer(self, asked: Asked, who: str, place: Place, action: str, data_class: str) -> frozenset[str] | None:
        """The obligations under which this class may go; None: it may not."""
        contract = asked.moment.agreed and data_class in place.covered
        facts = asked.moment.terms | {"tenant:default"} | self._zones[place.zone]
        if contract:
            facts |= {"contract:valid", "contract:baa"}
        target = place.name if ":" in place.name else f"agent:{place.name}"
        question = (who, f"class:{data_class}", target, action, f"purpose:{asked.purpose or 'none'}")
        allowed, row = self._enforcer.enforce_ex(*question, Names(frozenset(facts)))
        if not allowed or (data_class == "phi" and asked.purpose is None):
            return None
        if place.processor is not None and data_class in self._facts.personal and not contract:
            return None
        return frozenset(row[_OBLIGATIONS].split(";")) - {"none"}

    def _gone(self, asked: Asked, answers: Iterable[tuple[str, frozenset[str]]]) -> frozenset[str] | None:
        """The types that masks take away; None where a class must be masked of which there is nothing to mask."""
        gone, found = set[str](), self.found(asked)
        for name, obligations in answers:
            for word in obligations:
                kind, _, listed = word.partition(":")
                if kind not in ("redact", "tokenize", "generalise"):
                    continue
                if name not in found or name not in MASKED:
                    return None
                gone |= set(listed.split(",")) if listed else MASKED[name]
        return frozenset(gone)


def _word(obligations: set[str]) -> str:
    if "tokenize" in obligations:
        return "tokenize"
    return "redact" if any(word.startswith(("redact", "generalise")) for word in obligations) else "route"


def _closure(names: Iterable[str], edges: Iterable[tuple[str, str]]) -> set[str]:
    """These names and whatever the edges lead to from them."""
    reached, waiting, lines = set[str](), list(names), tuple(edges)
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += [to for of, to in lines if of == name]
    return reached
