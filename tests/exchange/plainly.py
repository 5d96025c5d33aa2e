"""What policy would answer by casbin's plain enforcer, asked class by class: its own role managers, every rule, every
grouping, nothing cached, no index. What is not casbin's (floors, what a class implies, purposes, contracts, masks and
what they leave over, what an agent would contact, rules on trial, what sticks to a session) is worked out here anew, as
`docs/policy.md` says it.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

import casbin
import msgspec

from gateway.checks.policy import words
from gateway.checks.policy.engine import Names, holds
from gateway.checks.policy.load import Rules
from gateway.checks.policy.model import MODEL
from tests.exchange.bodies import MASKED, Body

_OBLIGATIONS, _ID = 8, 9
"""Where a rule's line has them, and its name."""
_MASKS = ("redact", "tokenize", "generalise")


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


class Held(NamedTuple):
    """What the agent of a session holds: the classes of what it was sent, and of what it alone said."""

    agent: str
    sent: frozenset[str]
    said: frozenset[str]


Holding = Mapping[str, Held]
"""Sessions by name."""


class Asked(msgspec.Struct, frozen=True):
    """One request. `order`: the agents as they are preferred; `target`: what was named; `exact`: the first or none.

    `sessions`: those that it continues or begins; `refers`: whether also to something that a provider holds and nobody
    here knows; `answered`: the classes of what its agent will say; `residue`: a type of finding that is still there
    after masking."""

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
    sessions: tuple[str, ...] = ()
    refers: bool = False
    answered: tuple[str, ...] = ()
    residue: str | None = None


class Found(NamedTuple):
    """Where a request goes and how: the agent, the word of the decision, and which values of the body are sent."""

    agent: str | None
    effect: str = "deny"
    left: frozenset[str] = frozenset()


class Facts(msgspec.Struct, frozen=True):
    """What the policy's lines say beside its rules, as drawn: edges of `g`, `g3`, `f`, `i` and `x` lines; and of rules
    that are on trial, by id, the last day of it."""

    roles: tuple[tuple[str, str], ...]
    places: tuple[tuple[str, str], ...]
    floors: tuple[tuple[str, str], ...]
    implied: tuple[tuple[str, str], ...]
    exact: tuple[tuple[str, str], ...]
    personal: frozenset[str]
    trials: Mapping[str, str] = {}


class _Who(NamedTuple):
    """A caller, and the enforcer over the rules that are in force for it."""

    name: str
    enforcer: Any


class _Taken(NamedTuple):
    """The candidate that is taken: the obligations of each class for it, and the types that masks take away."""

    agent: Place
    answers: list[tuple[str, frozenset[str]]]
    gone: frozenset[str]
    obligations: frozenset[str]


class Plain:
    """`agents` by id, and zones with what conditions may read of them."""

    def __init__(
        self, loaded: Rules, facts: Facts, agents: Mapping[str, Place], zones: Mapping[str, frozenset[str]]
    ) -> None:
        self._loaded, self._facts, self._agents, self._zones = loaded, facts, agents, zones
        self._enforcers: dict[frozenset[str], Any] = {}
        self._callers = 0

    def route(self, asked: Asked, holding: Holding, *, tried: bool = False) -> Found:
        """The first candidate that is not denied. `tried`: as if the rules that are on trial were in force."""
        taken = self._taken(asked, holding, tried=tried)
        if taken is None:
            return Found(None)
        left = frozenset(value for value, kind in asked.body.values if kind not in taken.gone)
        return Found(taken.agent.name, "approve" if _asks(taken.obligations) else _word(taken.obligations), left)

    def after(self, asked: Asked, holding: Holding) -> Holding:
        """What sessions hold after this request and its answer: all that it continues hold what its agent was sent of
        it, and what that said."""
        taken = self._taken(asked, holding)
        if taken is None:
            return holding
        agent, known = taken.agent, self._continued(asked, holding)
        stated = {*self._told(asked, known), *asked.declared, *self.floor(asked), *self._floor_of(agent)}
        masked = {name for name, found in taken.answers if not found.isdisjoint(_MASKS)}
        if not any(kind in taken.gone for _, kind in asked.body.values):
            masked = set()
        sent = (stated | (self.found(asked) - masked)) - _declassified(taken.answers) - {"public"}
        said = _closure(asked.answered, self._facts.implied) - {"public"}
        said = said.union(*(one.said for one in known))
        before = {name: holding.get(name, Held(agent.name, frozenset(), frozenset())) for name in asked.sessions}
        grown = {name: one.sent | sent for name, one in before.items()}
        return {
            **holding,
            **{name: Held(agent.name, grown[name], (one.said | said) - grown[name]) for name, one in before.items()},
        }

    def receive(self, asked: Asked) -> tuple[bool, frozenset[str]]:
        """Whether an answer with the body's classes may come back to the caller, and under which obligations."""
        who, zone = self._caller(asked, tried=False), Place(f"zone:{asked.zone}", asked.zone)
        answers = [self._answer(asked, who, zone, "receive", name) for name in self.found(asked) or ("public",)]
        if any(one is None for one in answers):
            return False, frozenset()
        return True, frozenset(word for one in answers if one is not None for word in one)

    def _taken(self, asked: Asked, holding: Holding, *, tried: bool = False) -> _Taken | None:
        who, known = self._caller(asked, tried=tried), self._continued(asked, holding)
        held = _closure(asked.roles, self._facts.roles)
        stays = any(role in held and words.action_matches(asked.action, line) for role, line in self._facts.exact)
        for name in asked.order[:1] if asked.exact or asked.refers or stays else asked.order:
            agent = self._agents[name]
            if any(one.agent != name for one in known):
                continue
            answers = self._answers(asked, known, who, agent)
            if answers is None:
                continue
            obligations = frozenset(word for _, found in answers for word in found)
            if "no-content" in obligations and _asks(obligations):
                return None
            gone = self._gone(asked, known, agent, answers)
            if gone is not None and asked.residue not in gone:
                return _Taken(agent, answers, gone, obligations)
        return None

    def _continued(self, asked: Asked, holding: Holding) -> tuple[Held, ...]:
        return tuple(holding[name] for name in asked.sessions if name in holding)

    def _told(self, asked: Asked, known: Iterable[Held]) -> frozenset[str]:
        """The classes that were there before the request, but for what an agent said."""
        unknown = {"unscanned"} if asked.refers else set[str]()
        return frozenset(asked.inherited).union(unknown, *(one.sent for one in known))

    def floor(self, asked: Asked) -> frozenset[str]:
        """The classes that the request has at least, by its caller's roles and by what it named."""
        named = _closure((*(f"role:{name}" for name in ("*", *asked.roles)),), self._prefixed())
        named |= {f"agent:{asked.target}", f"capability:{asked.target}"}
        named |= {to for of, to in self._facts.places if of == f"agent:{asked.target}"}
        return frozenset(name for where, name in self._facts.floors if where in named)

    def _floor_of(self, agent: Place) -> frozenset[str]:
        """The classes that whatever goes to an agent has at least, however it came to be asked."""
        return frozenset(
            (*agent.floor, *(name for where, name in self._facts.floors if where == f"agent:{agent.name}"))
        )

    def found(self, asked: Asked) -> frozenset[str]:
        """The classes that were found in the body, with what they imply."""
        return frozenset(_closure(asked.body.classes, self._facts.implied))

    def _prefixed(self) -> tuple[tuple[str, str], ...]:
        return tuple((f"role:{of}", f"role:{to}") for of, to in self._facts.roles)

    def _caller(self, asked: Asked, *, tried: bool) -> _Who:
        day = datetime.fromtimestamp(asked.moment.us / 1e6, UTC).date()
        trials = self._facts.trials.items()
        without = frozenset(name for name, last in trials if not tried and day <= date.fromisoformat(last))
        enforcer = self._enforcers.get(without) or self._enforcers.setdefault(without, self._enforcer(without))
        self._callers += 1
        who = f"caller:default/{self._callers}"
        for role in ("*", *asked.roles):
            enforcer.add_named_grouping_policy("g", who, f"role:{role}")
        return _Who(who, enforcer)

    def _enforcer(self, without: frozenset[str]) -> Any:
        """casbin's own over all rules but those of these ids."""
        enforcer: Any = casbin.Enforcer(casbin.Enforcer.new_model(text=MODEL))
        enforcer.add_function("action", words.action_matches)
        enforcer.add_function("purpose", words.purpose_matches)
        enforcer.add_function("holds", holds)
        lines = [line for found in self._loaded.rules if (line := found.casbin())[_ID] not in without]
        if not lines:
            raise ValueError("casbin must not be asked about no rules: it might allow")
        enforcer.add_policies(lines)
        for kind, edges in self._loaded.edges.items():
            for edge in dict.fromkeys(edges):
                enforcer.add_named_grouping_policy(kind, *edge)
        return enforcer

    def _answers(
        self, asked: Asked, known: tuple[Held, ...], who: _Who, agent: Place
    ) -> list[tuple[str, frozenset[str]]] | None:
        """The obligations of every class, for the message and for all that the agent would contact; None: denied."""
        classes = self._brought(asked, agent).union(self._told(asked, known), *(one.said for one in known))
        answers = []
        for action in (asked.action, *asked.onward):
            for name in sorted(_closure(classes or {"public"}, self._facts.implied)):
                found = self._answer(asked, who, agent, action, name)
                if found is None:
                    return None
                answers.append((name, found))
        return answers

    def _brought(self, asked: Asked, agent: Place) -> frozenset[str]:
        """The classes that are there by the request itself, with what they imply."""
        brought = {*asked.body.classes, *asked.declared, *self.floor(asked), *self._floor_of(agent)}
        return frozenset(_closure(brought, self._facts.implied))

    def _answer(self, asked: Asked, who: _Who, place: Place, action: str, data_class: str) -> frozenset[str] | None:
        """The obligations under which this class may go; None: it may not."""
        contract = asked.moment.agreed and data_class in place.covered
        facts = asked.moment.terms | {"tenant:default"} | self._zones[place.zone]
        if contract:
            facts |= {"contract:valid", "contract:baa"}
        target = place.name if ":" in place.name else f"agent:{place.name}"
        question = (who.name, f"class:{data_class}", target, action, f"purpose:{asked.purpose or 'none'}")
        allowed, row = who.enforcer.enforce_ex(*question, Names(frozenset(facts)))
        if not allowed or (data_class == "phi" and asked.purpose is None):
            return None
        if place.processor is not None and data_class in self._facts.personal and not contract:
            return None
        return frozenset(word for word in row[_OBLIGATIONS].split(";") if word != "none" and word[:8] != "observe:")

    def _gone(
        self, asked: Asked, known: tuple[Held, ...], agent: Place, answers: list[tuple[str, frozenset[str]]]
    ) -> frozenset[str] | None:
        """The types that masks take away; None where a class must be masked of which there is nothing to mask. What
        the agent alone said needs none, nor what was only inherited and leaves by a rule that says so. What is there by
        anything else than being found is there whatever is masked."""
        stated = {*asked.declared, *self.floor(asked), *self._floor_of(agent)}
        held = _closure(self._told(asked, known), self._facts.implied) - _declassified(answers)
        held |= _closure(stated, self._facts.implied)
        gone, found = set[str](), self.found(asked) - held
        said = frozenset[str]().union(*(one.said for one in known))
        said -= _closure(self._told(asked, known), self._facts.implied)
        free = (said | _declassified(answers)) - self._brought(asked, agent)
        for name, obligations in answers:
            for word in obligations:
                kind, _, listed = word.partition(":")
                if kind not in _MASKS or name in free:
                    continue
                if name not in found or name not in MASKED:
                    return None
                gone |= set(listed.split(",")) if listed else MASKED[name]
        return frozenset(gone)


def _declassified(answers: Iterable[tuple[str, frozenset[str]]]) -> frozenset[str]:
    """The classes of which every rule that decided says that they leave."""
    lines = tuple(answers)
    kept = {name for name, found in lines if f"declassify:{name}" not in found}
    return frozenset(name for name, _ in lines) - kept


def _asks(obligations: frozenset[str]) -> bool:
    return any(word.startswith("approve") for word in obligations)


def _word(obligations: frozenset[str]) -> str:
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
