"""Streams that stay open: half of an agent's connections are for those who want an answer."""

from weakref import WeakSet

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
        if sum(not one.closed for one in streams) >= max(1, agent.max_connections // 2):
            return Refusal(code="concurrency_limited", hint="fewer streams that stay open", retry_after=_AGAIN_S)
        streams.add(exchange)
        return None
