"""In which order the agents of a capability are asked, where the operator wants another one than that of the file.

An order says who is asked first, never who may be: the router goes through the candidates as before, and the first one
that policy does not deny is taken. So an order is nothing to a message that only one agent can have: one that goes on
with a session, says `X-Route: exact`, or may not be rerouted. An agent that is named comes first whatever the order;
the others that offer its first capability follow in it. Equals stay as in the file.

`fastest` and `least_loaded` go by what this process has measured itself (`Health`), `cheapest` by the price table and
what the message will use at most. What is measured moves from one moment to the next; what people are asked to approve
must not, and neither must what a denial is held to rest on: `Chooser` decides both in the order of the file.
"""

import math
from collections.abc import Callable, Mapping

from gateway.core.message import Message
from gateway.core.ports import Route
from gateway.exchange.exchange import Classified
from gateway.exchange.health import Health
from gateway.exchange.usage import Prices, estimate

STATIC = "static"
MEASURED = frozenset({"fastest", "least_loaded"})
"""The orders that move."""
MOST = 32
"""Candidates that are ordered: those that a decision looks at in the order of the file. More would change who it is
that is looked at."""
WHY: Mapping[str, str] = {
    STATIC: "Agents are asked in the order of the configuration.",
    "fastest": "Agents are asked in the order of who answers soonest, as each node measures it.",
    "least_loaded": "Agents are asked in the order of how much of what they take at once is under way on the node.",
    "cheapest": "Agents are asked in the order of what the message costs at most, by the configured prices.",
}
"""What an order means, for the explanation of a decision."""


class Ordering:
    """Orders candidates. `kinds`: by what they may be asked for, a capability or an agent; those that are not in it
    stay as they are."""

    def __init__(self, kinds: Mapping[str, str], health: Health, prices: Prices, output_tokens: int) -> None:
        """`output_tokens`: taken to be written where a request does not say."""
        self._kinds, self._health, self._prices, self._output_tokens = kinds, health, prices, output_tokens

    def kind(self, message: Message, classified: Classified, candidates: tuple[Route, ...]) -> str | None:
        """The order that these candidates come in; None for that of the file."""
        kind = self._kinds.get(message.target)
        if kind is None or len(candidates) - self.fixed(message, candidates) < 2:
            return None
        joined = classified.joined
        return None if joined is not None and (joined.holders or joined.unknown) else kind

    def fixed(self, message: Message, candidates: tuple[Route, ...]) -> int:
        """How many stay in front: an agent that is named."""
        return int(candidates[0].id == message.target)

    def ordered(self, kind: str, message: Message, candidates: tuple[Route, ...]) -> tuple[Route, ...]:
        """The same candidates in this order."""
        first = self.fixed(message, candidates)
        key = self._key(kind, message)
        return (*candidates[:first], *sorted(candidates[first:MOST], key=key), *candidates[MOST:])

    def asked(self, kind: str, message: Message, chosen: Route, candidates: tuple[Route, ...]) -> None:
        """One of the candidates is asked, and the others are not."""
        if kind == "fastest":
            self._health.preferred(chosen.id, [route.id for route in candidates], streamed=message.stream)

    def _key(self, kind: str, message: Message) -> Callable[[Route], float]:
        health = self._health
        if kind == "fastest":
            return lambda route: health.expected_ns(route.id, streamed=message.stream)
        if kind == "least_loaded":
            return lambda route: health.load(route.id)
        used, prices = estimate(message, self._output_tokens), self._prices
        return lambda route: math.inf if prices.of(route) is None else prices.cost(route, used)
