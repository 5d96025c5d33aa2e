"""Step 5: which agent, under which obligations. Policy answers for each candidate; here the answers become a route.

The first candidate whose answer is not deny is taken, and its answer is the decision. A candidate that may have the
message only masked gets it only if masking leaves nothing behind: the masked parts are scanned again.
"""

import re
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Protocol

import msgspec

from gateway.checks.classification.classes import DECLARED, maskable
from gateway.checks.classification.engine import Engine
from gateway.checks.classification.masking import walled
from gateway.checks.generalising import GENERAL
from gateway.checks.policy.conditions import strength
from gateway.checks.policy.policy import Policy
from gateway.checks.policy.words import ONWARD
from gateway.checks.redaction import NO_TOKENS, NOTHING, CannotRedact, General, Tokenizing, holds_none, redact
from gateway.checks.schema import Schema
from gateway.core.caller import Caller
from gateway.core.decision import (
    MASKING,
    TOKENIZE,
    CandidateView,
    Decision,
    Effect,
    Fit,
    Observed,
    Question,
    Ruling,
    Unfit,
    Verdict,
    asks,
    declassified,
    keeps_nothing,
    masking_effect,
    masks,
)
from gateway.core.finding import PUBLIC, Scan
from gateway.core.message import Message, Part
from gateway.core.ports import Clock, Route
from gateway.core.refusal import Refusal
from gateway.exchange.exchange import Classified, Joined, Routed

LOOP = "loop"
"""How a candidate answers that stands in the chain of calls already."""
_NAMED = re.compile(r"onward:[a-z0-9][a-z0-9_.-]{0,62}")
_EFFECTS: dict[str, Effect] = {"approve": "approve", "redact": "redact", "tokenize": "tokenize"}
"""What the answer of the candidate that is taken makes of the decision; any other is `route`."""
_NOTHING = frozenset[str]()
MAX_ONWARD = 32
"""Different onward actions that one message may ask for."""
MAX_CANDIDATES = 32
"""Candidates that one decision looks at: what a record can hold with room to spare."""


class Serves(Protocol):
    """Whether an agent could be sent a message at all: its protocol, its templates, what can be translated for it."""

    def __call__(self, message: Message, agent: Route) -> Fit | Unfit: ...


class Denied(msgspec.Struct, frozen=True, kw_only=True):
    """No candidate may have the message. `inputs` and `explanation` as in `Routed`, of the one that came closest."""

    decision: Decision
    explanation: tuple[str, ...]
    code: str = "policy_denied"
    hint: str | None = None
    """What would be right, where the caller may know."""
    classes: frozenset[str] = frozenset()
    """The classes that the one that came closest was denied for."""
    inputs: Mapping[str, str] | None = None
    """None where policy was asked of no candidate."""

    @property
    def refusal(self) -> Refusal:
        """As the caller is told it."""
        return Refusal(code=self.code, hint=self.hint)


class Untold(msgspec.Struct, frozen=True):
    """An agent that a message has no translation for, and what of it that is."""

    agent: str
    feature: str


class Closest(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of the first candidate that was denied by policy; `onward`: the action that it was denied for, where
    that is not the message's own."""

    ruling: Ruling
    inputs: Mapping[str, str]
    """What the rules' conditions read for it."""
    onward: str | None = None
    kept: bool = False
    """Denied because nothing of it may be kept, and it would have to be."""


class Masking(msgspec.Struct, frozen=True, kw_only=True):
    """What a ruling asks to be masked: the types, or why that cannot be done. `general`: those of which something may
    remain; `tokens`: those that tokens stand in for."""

    types: frozenset[str]
    general: frozenset[str] = frozenset()
    tokens: frozenset[str] = frozenset()
    impossible: str | None = None


class Router:
    """Decides where a message goes. `schemas` are the compiled request schemas of agents that have one, by id;
    `answering`: the ids of those whose answers are held to one, which no stream can be."""

    def __init__(
        self,
        *,
        policy: Policy,
        engine: Engine,
        clock: Clock,
        serves: Serves,
        schemas: Mapping[str, Schema],
        answering: frozenset[str] = frozenset(),
        trusted: frozenset[str] = frozenset(),
    ) -> None:
        """`trusted`: the zones towards which a caller holds the roles that it is lent."""
        self._trusted = trusted
        self._policy, self._engine, self._clock = policy, engine, clock
        self._serves, self._schemas, self._answering = serves, schemas, answering

    def decide(
        self, caller: Caller, message: Message, classified: Classified, candidates: tuple[Route, ...], *, exact: bool
    ) -> Routed | Denied:
        """The decision over the candidates in order. `exact`: the first one or none. Where rules that are only watched
        would have decided otherwise of one that was looked at, the decision says how it would have been."""
        if not self._policy.watches:
            return self._decide(caller, message, classified, candidates, exact=exact)
        seen: list[Verdict] = []
        decided = self._decide(caller, message, classified, candidates, exact=exact, seen=seen)
        watched = tuple(dict.fromkeys(one.observed for one in seen if one.observed is not None))
        if not watched:
            return decided
        other = self._decide(caller, message, classified, candidates, exact=exact, watched=True).decision
        observed = Observed(effect=other.effect, agent=other.agent, rules=other.rules, watched=watched)
        return msgspec.structs.replace(decided, decision=msgspec.structs.replace(decided.decision, observed=observed))

    def _decide(
        self,
        caller: Caller,
        message: Message,
        classified: Classified,
        candidates: tuple[Route, ...],
        *,
        exact: bool,
        seen: list[Verdict] | None = None,
        watched: bool = False,
    ) -> Routed | Denied:
        """As `decide`. `seen` takes the verdicts of those that were looked at; `watched` as for `Policy.ruling`."""
        now_us = self._clock.now_us()
        views: list[CandidateView] = []
        untold: list[Untold] = []
        closest: Closest | None = None
        joined = classified.joined
        if exact or not self.reroutes(caller, message, classified):
            candidates = candidates[:1]
        for index, named in enumerate(candidates[:MAX_CANDIDATES]):
            route = self._floored(named)
            looped = route.id in classified.chain
            unfit = Unfit(LOOP) if looped else self.unfit(message, route, joined)
            if unfit is not None:
                views.append(_view(route, unfit.answer, None))
                untold += [Untold(route.id, unfit.feature)] if unfit.feature else []
                continue
            question = self._question(caller, message.action, classified.classes(route), route.zone)
            ruling = self._policy.ruling(question, route.id, now_us=now_us, watched=watched)
            refused = None
            if message.onward and ruling.allowed:
                ruling, refused = self._onward(question, message, route, ruling, now_us, watched)
            if seen is not None:
                seen += ruling.verdicts
            masked = self.masked(message, classified, ruling, route) if ruling.allowed else {}
            kept = _kept(ruling, stored=classified.stored)
            answer = "deny" if kept else _answer(ruling, masked) if refused is None else "onward"
            views.append(_view(route, answer, _decisive(ruling, answer)))
            if kept:
                # No other one either: what is kept for its sake would be kept all the same.
                closest = Closest(
                    ruling=ruling, inputs=self._policy.inputs(question, route.id, now_us=now_us), kept=True
                )
                break
            if isinstance(masked, CannotRedact) or not ruling.allowed:
                if closest is None:
                    inputs = self._policy.inputs(question, route.id, now_us=now_us)
                    closest = Closest(ruling=ruling, inputs=inputs, onward=refused)
                continue
            return Routed(
                decision=self._decision(caller, answer, route, ruling, views),
                route=route,
                masked=masked,
                # What is continued is held by one agent: no other may have it, whatever becomes of this one.
                rest=candidates[index + 1 :] if joined is None else (),
                inputs=self._policy.inputs(question, route.id, now_us=now_us),
                explanation=(*self._policy.explain(ruling), *map(_told, untold)),
                ruling=ruling,
            )
        return self._denied(caller, classified, closest, views, untold)

    def _floored(self, route: Route) -> Route:
        """The candidate with the floor that the policy files give it, beside that of the settings: whoever it is that
        was named, nothing reaches it without."""
        floor = self._policy.floors.get(route.id)
        return route if floor is None else msgspec.structs.replace(route, floor=tuple(sorted({*route.floor, *floor})))

    def reroutes(self, caller: Caller, message: Message, classified: Classified) -> bool:
        """Whether any but the first candidate may have the message. What this gateway does not know is held, if at all,
        by the agent that was named."""
        if classified.joined is not None and classified.joined.unknown:
            return False
        return self._policy.reroutes(self._question(caller, message.action, classified.classes(), None))

    def standing(self, caller: Caller) -> Hashable:
        """All of a caller, and of the time, that rulings depend on, as `Policy.standing`."""
        return self._policy.standing(caller, self._clock.now_us())

    def receive(self, caller: Caller, action: str, classes: tuple[str, ...]) -> Ruling:
        """May an answer with these classes come back to the caller?"""
        question = self._question(caller, action, classes, caller.identity.zone)
        return self._policy.receive(question, now_us=self._clock.now_us())

    def _question(self, caller: Caller, action: str, classes: tuple[str, ...], zone: str | None) -> Question:
        """What policy is asked. A lent role counts towards a trusted zone alone: for what may go to any other nothing
        is relaxed. `zone`: None for whether the request may be rerouted at all, which a lent role can only forbid."""
        question = question_of(caller, action, classes)
        if not caller.lent or (zone is not None and zone not in self._trusted):
            return question
        return msgspec.structs.replace(question, roles=(*question.roles, *caller.lent))

    def version(self, caller: Caller) -> str:
        """The digest of the policy version that this caller's tenant is decided for by."""
        return self._policy.version(caller.identity.tenant)

    def explain(self, ruling: Ruling) -> tuple[str, ...]:
        return self._policy.explain(ruling)

    def implied(self, classes: Iterable[str]) -> tuple[str, ...]:
        """What classification found, with what the policy's profile makes of it, sorted."""
        return self._policy.implied(classes)

    @property
    def known_classes(self) -> frozenset[str]:
        return self._policy.known_classes

    def mask(
        self,
        parts: tuple[Part, ...],
        classified: Classified,
        ruling: Ruling,
        *,
        health_context: bool,
        said: frozenset[str] = frozenset(),
        held: frozenset[str] = frozenset(),
    ) -> dict[str, str] | CannotRedact:
        """The masks that a ruling asks for, by pointer; only if nothing of what had to go is left behind. `said`: as
        for `masking_of`; `held`: as `held_by`."""
        masking = self._masking(ruling, classified, said, held)
        if masking.impossible is not None:
            return CannotRedact(masking.impossible)
        tokenizing = NO_TOKENS
        if masking.tokens and classified.tokens is not None:
            tokenizing = Tokenizing(masking.tokens, classified.tokens)
        return self.without(
            parts,
            classified.scan,
            masking.types,
            health_context=health_context,
            whose=classified.tenant,
            general=masking.general,
            tokenizing=tokenizing,
        )

    def without(
        self,
        parts: tuple[Part, ...],
        scan: Scan,
        types: frozenset[str],
        *,
        health_context: bool,
        whose: str,
        general: frozenset[str] = frozenset(),
        tokenizing: Tokenizing = NO_TOKENS,
    ) -> dict[str, str] | CannotRedact:
        """The masks that take findings of these types away, by pointer; only if nothing of them is left behind, but of
        those of `general` what says no more than it may."""
        if not types:
            return {}
        left = General(general, year_of(self._clock.now_us())) if general else NOTHING
        masked = redact(parts, scan, types, left, tokenizing)
        if isinstance(masked, CannotRedact):
            return masked
        after = [
            Part(part.pointer, walled(masked[part.pointer]), part.kind, part.label) if part.pointer in masked else part
            for part in parts
        ]
        scan = self._engine.scan(after, health_context=health_context, whose=whose)
        if not holds_none(scan, types, after, left):
            return CannotRedact("residue")
        return masked

    def types(self, classified: Classified, ruling: Ruling, route: Route) -> frozenset[str]:
        """The finding types that `masked` masks."""
        said, held = self._said(classified, route, ruling), self._held(classified, route, ruling)
        return self._masking(ruling, classified, said, held).types

    def _masking(self, ruling: Ruling, classified: Classified, said: frozenset[str], held: frozenset[str]) -> Masking:
        found = frozenset(classified.found) - held
        return masking_of(ruling, found, said, self._declared(classified.scan), self._engine.maskable)

    def masked(
        self, message: Message, classified: Classified, ruling: Ruling, route: Route
    ) -> dict[str, str] | CannotRedact:
        """The masks that a ruling asks for in a message to this agent, as `mask`."""
        health_context = "phi" in classified.classes()
        said, held = self._said(classified, route, ruling), self._held(classified, route, ruling)
        return self.mask(message.parts, classified, ruling, health_context=health_context, said=said, held=held)

    def _held(self, classified: Classified, route: Route, ruling: Ruling) -> frozenset[str]:
        """As `held_by`, of a message to this agent. What the agent alone said before holds nothing: of that class, what
        the message itself brings is masked, as for any other."""
        joined, stated = classified.joined, (*classified.declared, *classified.floor, *route.floor)
        carried = classified.inherited if joined is None else (*joined.sent, *classified.carried)
        return held_by(self._policy.implied, stated, carried, ruling)

    def _said(self, classified: Classified, route: Route, ruling: Ruling) -> frozenset[str]:
        """The classes of which there is nothing to mask: that are there only because the agent itself said them before,
        or were only inherited, and a rule declassifies them. What others imply is there because of those."""
        said, joined = declassified(ruling), classified.joined
        if joined is None and not said:
            return said
        brought = {*classified.found, *classified.declared, *classified.floor, *route.floor}
        if joined is not None:
            said |= joined.said.difference(self._policy.implied((*joined.sent, *classified.carried)))
        return said.difference(self._policy.implied(brought))

    def _onward(
        self, question: Question, message: Message, route: Route, ruling: Ruling, now_us: int, watched: bool
    ) -> tuple[Ruling, str | None]:
        """The ruling joined with those over everything that the agent would contact by itself; and the first such
        action that is not permitted, with the ruling over it alone. What one of them may have only masked, none has
        otherwise: there is one message."""
        rulings = [ruling]
        actions = tuple(dict.fromkeys(message.onward))
        for action in actions[:MAX_ONWARD]:
            asked = msgspec.structs.replace(question, action=action)
            onward = self._policy.ruling(asked, route.id, now_us=now_us, watched=watched)
            if not onward.allowed or not action.startswith(ONWARD) or len(actions) > MAX_ONWARD:
                return msgspec.structs.replace(onward, allowed=False, obligations=()), action
            rulings.append(onward)
        return together(rulings), None

    def _declared(self, scan: Scan) -> dict[str, frozenset[str]]:
        """Class → the types of declared spans (`x-declared-…`) that make it, by themselves or as the policy implies.

        A class without maskable types of its own is only there if nothing else in the message makes it: of what
        recognition found no mask is known that would take it away.
        """
        types = {finding.type for findings in scan.parts for finding in findings if finding.type.startswith(DECLARED)}
        if not types:
            return {}
        made: dict[str, set[str]] = {}
        for kind in types:
            for name in self._policy.implied((kind.removeprefix(DECLARED),)):
                made.setdefault(name, set()).add(kind)
        for source in scan.classes:
            if DECLARED + source in types and not self._engine.maskable(source):
                continue
            for name in self._policy.implied((source,)):
                if not self._engine.maskable(name):
                    made.pop(name, None)
        return {name: frozenset(kinds) for name, kinds in made.items()}

    def unfit(self, message: Message, route: Route, joined: Joined | None) -> Unfit | None:
        """Why a candidate could not be sent the message, whatever policy says."""
        if joined is not None and not joined.held_by(route):
            return Unfit("session")
        fit = self._serves(message, route)
        if isinstance(fit, Unfit):
            return fit
        if message.stream and route.id in self._answering:
            return Unfit("schema")
        schema = self._schemas.get(route.id)
        if schema is not None and fit.document is not None and schema.validate(fit.document) is not None:
            return Unfit("schema")
        return None

    def _decision(
        self, caller: Caller, answer: str, route: Route, ruling: Ruling, views: list[CandidateView]
    ) -> Decision:
        return Decision(
            effect=_EFFECTS.get(answer, "route"),
            agent=route.id,
            rules=ruling.rules,
            obligations=ruling.obligations,
            policy=self.version(caller),
            candidates=tuple(views),
        )

    def _denied(
        self,
        caller: Caller,
        classified: Classified,
        found: Closest | None,
        views: list[CandidateView],
        untold: list[Untold],
    ) -> Denied:
        closest = found.ruling if found is not None else None
        decision = Decision(
            effect="deny",
            agent=None,
            rules=closest.rules if closest is not None else (),
            obligations=(),
            policy=self.version(caller),
            candidates=tuple(views),
        )
        held = "What this message continues is held by one agent, and goes to no other."
        elsewhere = (held,) if any(view.answer == "session" for view in views) else ()
        looped = any(view.answer == LOOP for view in views)
        if looped:
            elsewhere = (*elsewhere, "Who stands in the chain of calls already is not asked again.")
        told = tuple(map(_told, untold))
        if views and len(untold) == len(views):  # policy was not asked: the caller can mend it, and is told what
            hint = _without(untold)
            return Denied(decision=decision, explanation=told, code="feature_unsupported", hint=hint)
        if found is None or closest is None:
            return Denied(
                decision=decision,
                explanation=(*(elsewhere or ("No candidate serves this message.",)), *told),
                code="delegation_loop" if looped else "policy_denied",
            )
        said = self._policy.explain(closest if closest.allowed else _refusing(closest))
        if found.onward is not None:
            kind = found.onward if _NAMED.fullmatch(found.onward) else "something that has no name here"
            said = (f"The agent would itself contact others ({kind}), which is decided like sending.", *said)
        said = (*said, *elsewhere)
        if found.kept:
            said = (*said, "Nothing of it may be kept, and it would have had to be, so it is denied.")
        elif closest.allowed:
            said = (*said, "What would have had to be masked could not be, so it is denied.")
        denied = _denied_for(closest)
        said = (*said, *_from_before(classified, denied))
        return Denied(decision=decision, explanation=(*said, *told), classes=denied, inputs=found.inputs)


def question_of(caller: Caller, action: str, classes: tuple[str, ...]) -> Question:
    """What policy is asked of this caller; the agent comes with the asking."""
    identity = caller.identity
    return Question(
        tenant=identity.tenant,
        subject=identity.subject,
        named=identity.named,
        roles=identity.roles,
        zone=identity.zone,
        action=action,
        purpose=caller.purpose,
        classes=classes,
        source=caller.source,
        strength=strength(identity.method),
    )


def held_by(
    implied: Callable[[Iterable[str]], tuple[str, ...]],
    stated: Collection[str],
    carried: Collection[str],
    ruling: Ruling,
) -> frozenset[str]:
    """The classes that a message has whatever is masked in it: those `stated` of it (declared, floors), and those
    `carried` to it from elsewhere, but for what a rule declassifies; with all that they imply. That something of such a
    class was found as well says nothing of the rest: were its mask enough, one identifier more would open what none
    keeps shut."""
    if not stated and not carried:
        return _NOTHING
    return frozenset(implied(stated)).union(frozenset(implied(carried)) - declassified(ruling))


def masking_of(
    ruling: Ruling,
    found: frozenset[str],
    said: frozenset[str] = frozenset(),
    declared: Mapping[str, frozenset[str]] = MappingProxyType({}),
    spans_of: Callable[[str], frozenset[str]] = maskable,
) -> Masking:
    """The types to mask. A class without a span (a caller's word, a floor, `unscanned`) cannot be masked: `no-span`.
    `found`: the classes that are there by what was found alone, none that is `held_by` anything else. Of
    one that is there only because the agent itself `said` it before, there is nothing to mask. `declared`: class → the
    types of spans that a format's description declares to be of it; `spans_of`: those that recognition has for one."""
    types, general, gone, tokens = set[str](), set[str](), set[str](), set[str]()
    for verdict in ruling.verdicts:
        for obligation in verdict.obligations:
            name, _, listed = obligation.partition(":")
            if name not in MASKING:
                continue
            if verdict.data_class in said:
                continue
            spans = spans_of(verdict.data_class) | declared.get(verdict.data_class, frozenset())
            # Where nothing was found there is nothing to mask: what is public passes a rule that masks everything.
            if verdict.data_class != PUBLIC and (verdict.data_class not in found or not spans):
                return Masking(types=frozenset(), impossible="no-span")
            these = frozenset(listed.split(",")) if listed else spans
            types |= these
            # The stricter of two: what one class wants gone does not remain for the sake of another.
            (general if name == "generalise" else gone).update(these)
            tokens |= these if name == TOKENIZE else frozenset()
    left = GENERAL & frozenset(general - gone)
    return Masking(types=frozenset(types), general=left, tokens=frozenset(tokens))


def year_of(now_us: int) -> int:
    """The year of an instant, in UTC."""
    return datetime.fromtimestamp(now_us // 1_000_000, UTC).year


def redacts(ruling: Ruling | None) -> bool:
    """Whether a ruling asks for masks."""
    return ruling is not None and masks(ruling.obligations)


def together(rulings: list[Ruling]) -> Ruling:
    """Rulings over one message for several actions, all of which must be allowed."""
    return Ruling(
        allowed=all(ruling.allowed for ruling in rulings),
        rules=tuple(dict.fromkeys(rule for ruling in rulings for rule in ruling.rules)),
        obligations=tuple(sorted({item for ruling in rulings for item in ruling.obligations})),
        verdicts=tuple(verdict for ruling in rulings for verdict in ruling.verdicts),
    )


def _answer(ruling: Ruling, masked: Mapping[str, str] | CannotRedact) -> str:
    if not ruling.allowed:
        return "deny"
    if isinstance(masked, CannotRedact):
        return "cannot-redact"
    return "approve" if asks(ruling.obligations) else masking_effect(ruling.obligations) or "allow"


def _kept(ruling: Ruling, *, stored: bool) -> bool:
    """Whether what policy wants nothing kept of is kept all the same: it is stored already, or would have to wait."""
    return ruling.allowed and keeps_nothing(ruling.obligations) and (stored or asks(ruling.obligations))


def _denied_for(ruling: Ruling) -> frozenset[str]:
    """The classes that stood in the way: those that were denied, or where none was, those that had to be masked."""
    denied = frozenset(verdict.data_class for verdict in ruling.verdicts if not verdict.allowed)
    masked = (verdict for verdict in ruling.verdicts if masks(verdict.obligations))
    return denied or frozenset(verdict.data_class for verdict in masked)


def _from_before(classified: Classified, denied: frozenset[str]) -> tuple[str, ...]:
    """Which of these classes the message did not bring: without it nobody would know why nothing was found."""
    own = {*classified.found, *classified.declared, *classified.floor}
    names = ", ".join(sorted(denied.intersection(classified.inherited) - own))
    if not names:
        return ()
    before = "a refusal a moment ago ([sessions] denied_s), what it continues, who called, or whom it is about"
    return (f"The message itself did not bring {names}: that comes from what was before it ({before}).",)


def _refusing(ruling: Ruling) -> Ruling:
    """The part of a ruling that denied: what allowed other classes explains nothing of it."""
    if not ruling.verdicts:
        return ruling
    verdicts = tuple(verdict for verdict in ruling.verdicts if not verdict.allowed)
    rules = tuple(dict.fromkeys(verdict.rule for verdict in verdicts if verdict.rule is not None))
    return msgspec.structs.replace(ruling, rules=rules, verdicts=verdicts)


def _decisive(ruling: Ruling, answer: str) -> str | None:
    """The rule that a candidate's view names: that of the first class that decided so."""
    wanted: Callable[[bool], bool] = (
        (lambda allowed: not allowed) if answer in ("deny", "onward") else (lambda allowed: allowed)
    )
    for verdict in ruling.verdicts:
        if wanted(verdict.allowed) and verdict.rule is not None:
            return verdict.rule
    return ruling.rules[0] if ruling.rules and not ruling.verdicts else None


def _told(untold: Untold) -> str:
    """What has no translation for an agent, by name."""
    return f"Not for agent {untold.agent}: {untold.feature} cannot be translated."


def _without(untold: Sequence[Untold]) -> str:
    """What a caller is told that no agent has words for: features alone, by the names that the code gives them."""
    features = ", ".join(dict.fromkeys(one.feature for one in untold))
    return f"a request without {features}: that cannot be translated for any agent that it may go to"


def _view(route: Route, answer: str, rule: str | None) -> CandidateView:
    return CandidateView(agent=route.id, zone=route.zone, healthy=True, answer=answer, rule=rule)
