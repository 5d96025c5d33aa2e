"""Streams that stay open: half of an agent's connections are for those who want an answer.

Of the other half whoever has much gets no more: one more stays open only where more places are free than twice the
caller's own, and than a third of its tenant's. So one caller has a third of them at most, one tenant three quarters,
and there is always something left for who has none, until many have nearly all.
"""

from weakref import WeakSet

from gateway.core.caller import Caller
from gateway.core.ports import Route
from gateway.core.refusal import Refusal
from gateway.exchange.exchange import Exchange

_AGAIN_S = 60


class Listening:
    """Who listens to which agent, in this process."""

    def __init__(self) -> None:
        self._streams: dict[str, WeakSet[Exchange]] = {}

    def admit(self, exchange: Exchange, agent: Route) -> Refusal | None:
        """Count one more in, or say why it may not stay open."""
        streams = self._streams.setdefault(agent.id, WeakSet())
        callers = [one.caller for one in streams if not one.closed]
        if not _room(exchange.caller, callers, max(1, agent.max_connections // 2)):
            return Refusal(code="concurrency_limited", hint="fewer streams that stay open", retry_after=_AGAIN_S)
        streams.add(exchange)
        return None


def _room(asking: Caller | None, listening: list[Caller | None], places: int) -> bool:
    """Whether one more of this caller's may be there beside those that are."""
    own = tenants = 0
    for one in listening:
        if one is not None and asking is not None and one.tenant == asking.tenant:
            tenants += 1
            own += one.actor == asking.actor
    free = places - len(listening)
    return 2 * own < free and tenants < 3 * free
