"""Step 5 from memory: what was decided for a message holds for every other that policy would be told the same of.

A decision depends on the caller's standing, the action, the classes and the candidates, and on whether each candidate
that was looked at takes the message. The former are the key; the latter is looked at for each message, and so are its
masks, which are its own. Whatever comes out otherwise than it did the first time is decided anew.
"""

from collections.abc import Hashable
from typing import TypeAlias

import msgspec

from gateway.checks.policy.policy import Policy
from gateway.checks.redaction import CannotRedact
from gateway.core.caller import Caller
from gateway.core.decision import Unfit
from gateway.core.message import Message
from gateway.core.ports import Route
from gateway.core.recent import Recent
from gateway.exchange.exchange import Classified, Routed
from gateway.exchange.router import Denied, Router, redacts

MAX_PLANS = 16_384
_Classes: TypeAlias = tuple[str, ...]
_Key: TypeAlias = tuple[Hashable, str, _Classes, _Classes, _Classes, _Classes, tuple[str, ...], bool]


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A decision, without masks. `asked`: the candidates it looked at, and why each could not be sent the message."""

    asked: tuple[tuple[Route, Unfit | None], ...]
    decided: Routed | Denied
    redacts: bool
    """Whether the message goes only with something masked, if there is anything to mask."""


class Planner:
    """Decides as `router` does, which is asked only for what it was not asked before. Gives the very same objects."""

    def __init__(self, router: Router, policy: Policy) -> None:
        self._router, self._policy = router, policy
        self._plans: Recent[_Key, Plan] = Recent(MAX_PLANS)

    def decide(
        self, caller: Caller, message: Message, classified: Classified, candidates: tuple[Route, ...], *, exact: bool
    ) -> Routed | Denied:
        """As `Router.decide`."""
        if message.onward or classified.joined is not None or classified.chain:
            return self._router.decide(caller, message, classified, candidates, exact=exact)
        key = self._key(caller, message, classified, candidates, exact)
        plan = self._plans.get(key)
        decided = None if plan is None else self._followed(plan, message, classified)
        if decided is not None:
            return decided
        errors = self._policy.errors
        decided = self._router.decide(caller, message, classified, candidates, exact=exact)
        # What policy could not evaluate, or answered in another minute than it was asked in, is no answer to keep.
        if errors == self._policy.errors and key == self._key(caller, message, classified, candidates, exact):
            self._keep(key, message, candidates, decided)
        return decided

    def reroutes(self, caller: Caller, message: Message, classified: Classified) -> bool:
        """As `Router.reroutes`."""
        return self._router.reroutes(caller, message, classified)

    def __len__(self) -> int:
        return len(self._plans)

    def _key(
        self, caller: Caller, message: Message, classified: Classified, candidates: tuple[Route, ...], exact: bool
    ) -> _Key:
        sources = (classified.found, classified.declared, classified.inherited, classified.floor)
        return (
            self._router.standing(caller),
            message.action,
            *sources,
            tuple([route.id for route in candidates]),
            exact,
        )

    def _followed(self, plan: Plan, message: Message, classified: Classified) -> Routed | Denied | None:
        """The planned decision for this message; None where it does not fit it."""
        for route, unfit in plan.asked:
            if self._router.unfit(message, route, None) != unfit:
                return None
        decided = plan.decided
        if not plan.redacts or isinstance(decided, Denied) or decided.ruling is None:
            return decided
        masked = self._router.masked(message, classified, decided.ruling, decided.route)
        if isinstance(masked, CannotRedact):
            return None
        return msgspec.structs.replace(decided, masked=masked) if masked else decided

    def _keep(self, key: _Key, message: Message, candidates: tuple[Route, ...], decided: Routed | Denied) -> None:
        views = decided.decision.candidates
        if any(view.answer == "cannot-redact" for view in views):  # which is the message's own fault
            return
        asked = tuple((route, self._router.unfit(message, route, None)) for route in candidates[: len(views)])
        if isinstance(decided, Denied):
            self._plans.put(key, Plan(asked=asked, decided=decided, redacts=False))
            return
        plain = msgspec.structs.replace(decided, masked={}) if decided.masked else decided
        self._plans.put(key, Plan(asked=asked, decided=plain, redacts=redacts(decided.ruling)))
