"""How many tasks each agent or capability may have under way."""

from collections.abc import Iterator, Mapping

from gateway.agents.pulling import Pulling
from gateway.agents.registry import Registry


class Capacity(Mapping[str, int]):
    """How many tasks each target may have at once: where agents alone offer it that fetch their requests, as many as
    are out and as there are who wait for one."""

    def __init__(self, agents: Mapping[str, int], registry: Registry, pulling: Pulling | None) -> None:
        self._agents, self._pulling = dict(agents), pulling
        named = {name for route in registry.routes for name in (route.id, *route.capabilities) if route.pull}
        self._pulled = {
            name: tuple(route.id for route in registry.candidates(name))
            for name in named
            if all(route.pull for route in registry.candidates(name))
        }

    def __getitem__(self, target: str) -> int:
        found = self._pulled.get(target)
        if found is None or self._pulling is None:
            return self._agents[target]
        return sum(self._pulling.free(agent) + self._pulling.under_way(agent) for agent in found)

    def __iter__(self) -> Iterator[str]:
        return iter({*self._agents, *self._pulled})

    def __len__(self) -> int:
        return len({*self._agents, *self._pulled})
