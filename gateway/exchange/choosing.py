"""Step 5 with an eye on how the agents are: the agent that policy permits first is passed over while it is sick.

Policy comes first: `Router` decides over the candidates in the operator's order, and only where the agent it names is
not ready is anybody else looked at: the same list, agents of its own zone that are ready before it, and after those
whatever policy permits next, in order. An agent that policy denies is not asked because another one is sick; one that
would need an approval is not either. Where nobody is ready, the first one stays the decision.
"""

from typing import Protocol

import msgspec

from gateway.core.caller import Caller
from gateway.core.decision import CandidateView, Decision
from gateway.core.message import Message
from gateway.core.ports import Route
from gateway.exchange.exchange import Classified, Routed
from gateway.exchange.health import Health
from gateway.exchange.router import MAX_CANDIDATES, Denied


class Decides(Protocol):
    """Decides over candidates in their order: `Router`, or `Planner` with its memory before it."""

    def decide(
        self, caller: Caller, message: Message, classified: Classified, candidates: tuple[Route, ...], *, exact: bool
    ) -> Routed | Denied: ...


class Chooser:
    """Chooses among the agents that `router` permits. The record's candidates say who was healthy."""

    def __init__(self, router: Decides, health: Health) -> None:
        self._router, self._health = router, health

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
    return Denied(decision=decision, explanation=(f"Policy permits it; {why}.",))


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
