"""Step 5 with an eye on how the agents are: the agent that policy permits first is passed over while it is sick.

Policy comes first: `Router` decides over the candidates in the operator's order, and only where the agent it names is
not ready is anybody else looked at: the same list, agents of its own zone that are ready before it, and after those
whatever policy permits next, in order. An agent that policy denies is not asked because another one is sick; one that
would need an approval is not either. Where nobody is ready, the first one stays the decision.

Where the operator's order is not that of the file, `Ordering` says in which order the candidates come before any of it.
"""

from typing import Protocol

import msgspec

from gateway.core.caller import Caller
from gateway.core.decision import CandidateView, Decision
from gateway.core.message import Message
from gateway.core.ports import Route
from gateway.exchange.exchange import Classified, Routed
from gateway.exchange.health import Health
from gateway.exchange.ordering import MEASURED, WHY, Ordering
from gateway.exchange.router import MAX_CANDIDATES, Denied

_ORDER = "order"
"""The input of a decision that says by what its candidates were ordered."""


class Decides(Protocol):
    """Decides over candidates in their order: `Router`, or `Planner` with its memory before it."""

    def decide(
        self, caller: Caller, message: Message, classified: Classified, candidates: tuple[Route, ...], *, exact: bool
    ) -> Routed | Denied: ...

    def reroutes(self, caller: Caller, message: Message, classified: Classified) -> bool:
        """Whether any but the first candidate may have the message."""
        ...


class Chooser:
    """Chooses among the agents that `router` permits. The record's candidates say who was healthy."""

    def __init__(self, router: Decides, health: Health, ordering: Ordering | None = None) -> None:
        self._router, self._health, self._ordering = router, health, ordering

    def route(
        self, caller: Caller, message: Message, classified: Classified, candidates: tuple[Route, ...], *, exact: bool
    ) -> Routed | Denied:
        """As `decide`, over candidates that come as the configuration has them, in the order that the operator wants.
        What decides says so, in `inputs` and in words. Further agents are asked in the order that was found here."""
        ordering = self._ordering
        kind = None if exact or ordering is None else ordering.kind(message, classified, candidates)
        if kind is None or ordering is None or not self._router.reroutes(caller, message, classified):
            return self.decide(caller, message, classified, candidates, exact=exact)
        ordered = ordering.ordered(kind, message, candidates)
        decided = self.decide(caller, message, classified, ordered, exact=False)
        if isinstance(decided, Denied) or (decided.decision.effect == "approve" and kind in MEASURED):
            return self.decide(caller, message, classified, candidates, exact=False)
        if len(decided.decision.candidates) <= ordering.fixed(message, candidates):
            return decided  # it goes to the agent that was named
        inputs, explanation = {**decided.inputs, _ORDER: kind}, (*decided.explanation, WHY[kind])
        return msgspec.structs.replace(decided, inputs=inputs, explanation=explanation)

    def decide(
        self, caller: Caller, message: Message, classified: Classified, candidates: tuple[Route, ...], *, exact: bool
    ) -> Routed | Denied:
        """As `Router.decide`: where everybody is well it is that, and nothing more."""
        first = self._router.decide(caller, message, classified, candidates, exact=exact)
        if isinstance(first, Denied) or not first.rest or first.decision.effect == "approve":
            return self._told(first)
        if self._health.ready(first.route.id):
            return self._told(first)
        return self._told(self._other(caller, message, classified, first))

    def asked(self, message: Message, routed: Routed, candidates: tuple[Route, ...]) -> None:
        """What `route` decided over these candidates is sent to the agent, and to no other one now."""
        if self._ordering is not None and _ORDER in routed.inputs:
            self._ordering.asked(routed.inputs[_ORDER], message, routed.route, candidates)

    def _other(self, caller: Caller, message: Message, classified: Classified, first: Routed) -> Routed:
        """The first permitted one that is ready, or that would take the call at all; else `first` again."""
        seen = list(first.decision.candidates)
        possible: Routed | None = None
        waiting = self._health.order((first.route, *first.rest))
        while waiting and len(seen) < MAX_CANDIDATES:
            found = self._router.decide(caller, message, classified, waiting, exact=False)
            known = {view.agent for view in seen}
            seen += [view for view in found.decision.candidates if view.agent not in known]
            if isinstance(found, Denied):
                break
            waiting = found.rest
            if found.decision.effect == "approve":
                continue
            if self._health.ready(found.route.id):
                return _with(found, first, seen)
            if possible is None and self._health.open_to(found.route.id):
                possible = found
        return _with(possible or first, first, seen)

    def _told(self, decided: Routed | Denied) -> Routed | Denied:
        """The same decision with who is not healthy told as such."""
        views, healthy = decided.decision.candidates, self._health.healthy
        sick = [view.agent for view in views if not healthy(view.agent)]
        if not sick:
            return decided
        told = tuple(msgspec.structs.replace(view, healthy=False) if view.agent in sick else view for view in views)
        return msgspec.structs.replace(decided, decision=msgspec.structs.replace(decided.decision, candidates=told))


def as_before(before: Routed, further: Routed) -> Routed:
    """The decision over a further agent, with the order in which it came to be asked."""
    kind = before.inputs.get(_ORDER)
    return further if kind is None else msgspec.structs.replace(further, inputs={**further.inputs, _ORDER: kind})


def held(decided: Routed) -> Denied:
    """The refusal, for now, of what policy permits once somebody has allowed it."""
    return Denied(decision=decided.decision, explanation=decided.explanation, inputs=decided.inputs)


def turned_away(decided: Routed, why: str = "no agent could be asked") -> Denied:
    """The refusal of what policy would have permitted, and no agent had a place for, or what else `why` says."""
    decision = Decision(
        effect="deny",
        agent=None,
        rules=(),
        obligations=(),
        policy=decided.decision.policy,
        candidates=decided.decision.candidates,
    )
    return Denied(decision=decision, explanation=(f"Policy permits it; {why}.",), inputs=decided.inputs)


def _with(chosen: Routed, first: Routed, seen: list[CandidateView]) -> Routed:
    """The chosen one, with all that were looked at on the way to it. Who was passed over may still be fallen back to,
    after the others."""
    rest = chosen.rest if chosen.route.id == first.route.id else _without(chosen, first)
    return msgspec.structs.replace(
        chosen, decision=msgspec.structs.replace(chosen.decision, candidates=tuple(seen[:MAX_CANDIDATES])), rest=rest
    )


def _without(chosen: Routed, first: Routed) -> tuple[Route, ...]:
    """All candidates but the chosen one, those that come after it before those that were passed over."""
    after = {route.id for route in chosen.rest}
    passed = [route for route in (first.route, *first.rest) if route.id not in after and route.id != chosen.route.id]
    return (*chosen.rest, *passed)
