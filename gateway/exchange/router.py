"""Step 5: which agent, under which obligations. Policy answers for each candidate; here the answers become a route.

The first candidate whose answer is not deny is taken, and its answer is the decision. A candidate that may have the
message only masked gets it only if masking leaves nothing behind: the masked parts are scanned again.
"""

from collections.abc import Callable, Mapping
from typing import Protocol

import msgspec

from gateway.checks.classification.classes import maskable
from gateway.checks.classification.engine import Engine
from gateway.checks.policy.policy import Policy
from gateway.checks.redaction import CannotRedact, holds_none, redact
from gateway.checks.schema import Schema
from gateway.core.caller import Caller
from gateway.core.decision import CandidateView, Decision, Question, Ruling
from gateway.core.message import Message, Part
from gateway.core.ports import Clock, Route
from gateway.exchange.exchange import Classified, Routed

MAX_CANDIDATES = 32
"""Candidates that one decision looks at: what a record can hold with room to spare."""


class Serves(Protocol):
    """Whether an agent could be sent a message at all: its protocol, its templates."""

    def __call__(self, message: Message, agent: Route) -> bool: ...


class Denied(msgspec.Struct, frozen=True, kw_only=True):
    """No candidate may have the message. `inputs` and `explanation` as in `Routed`, of the one that came closest."""

    decision: Decision
    explanation: tuple[str, ...]


class Masking(msgspec.Struct, frozen=True, kw_only=True):
    """What a ruling asks to be masked: the types, or why that cannot be done."""

    types: frozenset[str]
    impossible: str | None = None


class Router:
    """Decides where a message goes. `schemas` are the compiled request schemas of agents that have one, by id."""

    def __init__(
        self, *, policy: Policy, engine: Engine, clock: Clock, serves: Serves, schemas: Mapping[str, Schema]
    ) -> None:
        self._policy, self._engine, self._clock = policy, engine, clock
        self._serves, self._schemas = serves, schemas

    def decide(
        self, caller: Caller, message: Message, classified: Classified, candidates: tuple[Route, ...], *, exact: bool
    ) -> Routed | Denied:
        """The decision over the candidates in order. `exact`: the first one or none."""
        now_us = self._clock.now_us()
        views: list[CandidateView] = []
        closest: tuple[Ruling, Question, Route] | None = None
        question = question_of(caller, message.action, classified.classes())
        if exact or not self._policy.reroutes(question):
            candidates = candidates[:1]
        for index, route in enumerate(candidates[:MAX_CANDIDATES]):
            unfit = self._unfit(message, route)
            if unfit is not None:
                views.append(_view(route, unfit, None))
                continue
            question = question_of(caller, message.action, classified.classes(route))
            ruling = self._policy.ruling(question, route.id, now_us=now_us)
            masked = self._masked(message, classified, ruling) if ruling.allowed else {}
            answer = _answer(ruling, masked)
            views.append(_view(route, answer, _decisive(ruling, answer)))
            if isinstance(masked, CannotRedact) or not ruling.allowed:
                closest = closest or (ruling, question, route)
                continue
            return Routed(
                decision=self._decision(answer, route, ruling, views),
                route=route,
                masked=masked,
                rest=candidates[index + 1 :],
                inputs=self._policy.inputs(question, route.id, now_us=now_us),
                explanation=self._policy.explain(ruling),
            )
        return self._denied(closest[0] if closest else None, views)

    def receive(self, caller: Caller, action: str, classes: tuple[str, ...]) -> Ruling:
        """May an answer with these classes come back to the caller?"""
        return self._policy.receive(question_of(caller, action, classes), now_us=self._clock.now_us())

    def explain(self, ruling: Ruling) -> tuple[str, ...]:
        return self._policy.explain(ruling)

    def implied(self, classes: frozenset[str]) -> tuple[str, ...]:
        """What classification found, with what the policy's profile makes of it, sorted."""
        return self._policy.implied(classes)

    @property
    def known_classes(self) -> frozenset[str]:
        return self._policy.known_classes

    def mask(
        self, parts: tuple[Part, ...], classified: Classified, ruling: Ruling, *, health_context: bool
    ) -> dict[str, str] | CannotRedact:
        """The masks that a ruling asks for, by pointer; only if nothing of what had to go is left behind."""
        masking = masking_of(ruling, frozenset(classified.found))
        if masking.impossible is not None:
            return CannotRedact(masking.impossible)
        if not masking.types:
            return {}
        masked = redact(parts, classified.scan, masking.types)
        if isinstance(masked, CannotRedact):
            return masked
        after = [
            Part(part.pointer, masked[part.pointer], part.kind, part.label) if part.pointer in masked else part
            for part in parts
        ]
        if not holds_none(self._engine.scan(after, health_context=health_context), masking.types):
            return CannotRedact("residue")
        return masked

    def _masked(self, message: Message, classified: Classified, ruling: Ruling) -> dict[str, str] | CannotRedact:
        return self.mask(message.parts, classified, ruling, health_context="phi" in classified.classes())

    def _unfit(self, message: Message, route: Route) -> str | None:
        """Why a candidate could not be sent the message, whatever policy says."""
        if not self._serves(message, route):
            return "protocol"
        schema = self._schemas.get(route.id)
        if schema is not None and message.document is not None and schema.validate(message.document) is not None:
            return "schema"
        return None

    def _decision(self, answer: str, route: Route, ruling: Ruling, views: list[CandidateView]) -> Decision:
        return Decision(
            effect="approve" if answer == "approve" else "redact" if answer == "redact" else "route",
            agent=route.id,
            rules=ruling.rules,
            obligations=ruling.obligations,
            policy=self._policy.digest,
            candidates=tuple(views),
        )

    def _denied(self, closest: Ruling | None, views: list[CandidateView]) -> Denied:
        decision = Decision(
            effect="deny",
            agent=None,
            rules=closest.rules if closest is not None else (),
            obligations=(),
            policy=self._policy.digest,
            candidates=tuple(views),
        )
        if closest is None:
            return Denied(decision=decision, explanation=("No candidate serves this message.",))
        said = self._policy.explain(closest if closest.allowed else _refusing(closest))
        if closest.allowed:
            said = (*said, "What would have had to be masked could not be, so it is denied.")
        return Denied(decision=decision, explanation=said)


def question_of(caller: Caller, action: str, classes: tuple[str, ...]) -> Question:
    """What policy is asked of this caller; the agent comes with the asking."""
    identity = caller.identity
    return Question(
        tenant=identity.tenant,
        subject=identity.subject,
        roles=identity.roles,
        zone=identity.zone,
        action=action,
        purpose=caller.purpose,
        classes=classes,
    )


def masking_of(ruling: Ruling, found: frozenset[str]) -> Masking:
    """The types to mask. A class without a span (declared, a floor, `unscanned`) cannot be masked: `no-span`."""
    types: set[str] = set()
    for verdict in ruling.verdicts:
        for obligation in verdict.obligations:
            name, _, listed = obligation.partition(":")
            if name != "redact":
                continue
            if verdict.data_class not in found or not maskable(verdict.data_class):
                return Masking(types=frozenset(), impossible="no-span")
            types |= set(listed.split(",")) if listed else maskable(verdict.data_class)
    return Masking(types=frozenset(types))


def _answer(ruling: Ruling, masked: Mapping[str, str] | CannotRedact) -> str:
    if not ruling.allowed:
        return "deny"
    if isinstance(masked, CannotRedact):
        return "cannot-redact"
    names = {obligation.partition(":")[0] for obligation in ruling.obligations}
    return "approve" if "approve" in names else "redact" if "redact" in names else "allow"


def _refusing(ruling: Ruling) -> Ruling:
    """The part of a ruling that denied: what allowed other classes explains nothing of it."""
    if not ruling.verdicts:
        return ruling
    verdicts = tuple(verdict for verdict in ruling.verdicts if not verdict.allowed)
    rules = tuple(dict.fromkeys(verdict.rule for verdict in verdicts if verdict.rule is not None))
    return msgspec.structs.replace(ruling, rules=rules, verdicts=verdicts)


def _decisive(ruling: Ruling, answer: str) -> str | None:
    """The rule that a candidate's view names: that of the first class that decided so."""
    wanted: Callable[[bool], bool] = (lambda allowed: not allowed) if answer == "deny" else (lambda allowed: allowed)
    for verdict in ruling.verdicts:
        if wanted(verdict.allowed) and verdict.rule is not None:
            return verdict.rule
    return ruling.rules[0] if ruling.rules and not ruling.verdicts else None


def _view(route: Route, answer: str, rule: str | None) -> CandidateView:
    return CandidateView(agent=route.id, zone=route.zone, healthy=True, answer=answer, rule=rule)
