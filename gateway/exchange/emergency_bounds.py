"""What may go on while the database is away: little, and nothing that would need what cannot be known by then.

What is refused here is refused closed, on the emergency ledger, with a code of its own (`emergency_unserved`).
"""

from collections.abc import Sequence

import msgspec

from gateway.core.caller import Caller
from gateway.core.decision import DECLASSIFY, NO_CONTENT
from gateway.core.message import Message
from gateway.core.ports import Route
from gateway.core.refusal import Refusal
from gateway.exchange.exchange import Exchange, Routed
from gateway.store.known_directory import CODE

PROTOCOLS = frozenset({"openai", "embeddings", "anthropic", "anthropic-count", "http"})
"""Those that keep nothing between two requests."""
OBLIGATIONS = frozenset({"redact", "generalise", DECLASSIFY.rstrip(":"), NO_CONTENT})
"""Those that one node can hold to by itself: nobody is asked or told, nothing is kept, and no token needs its map."""
_EFFECTS = frozenset({"route", "redact"})
_RETRY_S = 5


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """The bounds of an emergency, as they are configured."""

    capabilities: frozenset[str]
    zones: frozenset[str]

    def arriving(self, exchange: Exchange, caller: Caller, *, calls: bool) -> Refusal | None:
        """After step 1. `calls`: whether an agent calls: for which exchange only the database knows."""
        if exchange.arrival.protocol not in PROTOCOLS:
            return _unserved("a protocol that keeps no session")
        if calls or exchange.headers.delegation or exchange.arrival.identity is not None:
            return _unserved("a caller that no agent's exchange, and no task, stands behind")
        if caller.lent:
            return _unserved("a role that was not lent")
        return None

    def reached(
        self, message: Message, candidates: Sequence[Route], *, exact: bool = False
    ) -> tuple[Route, ...] | Refusal:
        """Before step 4: the agents that may be asked. `exact`: the first one or none, whoever may be asked beside."""
        candidates = candidates[:1] if exact else candidates
        if message.sessions or message.references:
            return _unserved("a message that continues nothing")
        named = {route.id for route in candidates}
        if message.target not in self.capabilities and message.target not in named:
            return _unserved(self._served)
        found = tuple(
            route
            for route in candidates
            if route.zone in self.zones and not route.pull and not self.capabilities.isdisjoint(route.capabilities)
        )
        return found or _unserved(self._served)

    def decided(self, routed: Routed) -> Refusal | None:
        """After step 5."""
        decision = routed.decision
        named = {obligation.partition(":")[0] for obligation in decision.obligations}
        if decision.effect in _EFFECTS and named <= OBLIGATIONS and not routed.route.calls:
            return None
        return _unserved("a message for which nobody is asked or told, and of which nothing is kept")

    @property
    def _served(self) -> str:
        return f"one of the capabilities {', '.join(sorted(self.capabilities))}"


def _unserved(hint: str) -> Refusal:
    return Refusal(code=CODE, hint=hint, retry_after=_RETRY_S)
