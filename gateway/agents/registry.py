"""The agents that are configured, who of them offers what, and in which order they are asked."""

from collections.abc import Callable
from copy import copy

from gateway.agents.own_credential import check_credential
from gateway.core.errors import ConfigurationError
from gateway.core.ports import Interface, Route
from gateway.settings import A2a, Agent, Settings

_TRANSLATED = frozenset({"openai", "anthropic"})
"""Families whose messages are translated into each other."""


class Registry:
    """Agents in the order of the configuration. Immutable once built; holds their credentials, so never print it."""

    def __init__(self, settings: Settings, resolve: Callable[[str], str]) -> None:
        """`resolve` turns a secret's reference (`env:NAME`, `file:PATH`) into the secret, or raises."""
        regions = {zone.id: zone.region for zone in settings.zone}
        self._tenants = {agent.id: frozenset(agent.tenants) for agent in settings.agent if agent.tenants}
        self._index(tuple(_route(agent, settings, regions.get(agent.zone), resolve) for agent in settings.agent))

    def _index(self, routes: tuple[Route, ...]) -> None:
        self.routes = routes
        self._by_id = {route.id: route for route in self.routes}
        self._candidates = {route.id: (route, *self._others(route)) for route in self.routes}
        for capability in dict.fromkeys(name for route in self.routes for name in route.capabilities):
            self._candidates[capability] = tuple(route for route in self.routes if capability in route.capabilities)

    def __repr__(self) -> str:
        return f"Registry({', '.join(self._by_id)})"

    @property
    def divided(self) -> bool:
        """Whether any agent belongs to some tenants and not to others."""
        return bool(self._tenants)

    def of(self, tenant: str) -> "Registry":
        """The agents of a tenant (its configured id) alone: those that name it, and those that name none. To whoever
        asks the result, the others are not there."""
        if not self._tenants:
            return self
        own = copy(self)
        own._index(tuple(route for route in self.routes if tenant in self._tenants.get(route.id, {tenant})))
        return own

    @property
    def reachable(self) -> tuple[Route, ...]:
        """The agents that have an address."""
        return tuple(route for route in self.routes if not route.pull)

    def get(self, agent: str) -> Route | None:
        """The agent of this id."""
        return self._by_id.get(agent)

    def candidates(self, target: str) -> tuple[Route, ...]:
        """Who may take a message to `target`, in order of preference; empty when nobody is called that.

        An agent's id: that agent first, then the others that offer its first capability. A capability: all that
        offer it.
        """
        return self._candidates.get(target, ())

    def models(self, protocol: str = "openai") -> tuple[str, ...]:
        """Names a caller of this protocol may ask for: agents, then capabilities, each once, in configured order. What
        can be translated for an agent of another family may name that agent too."""
        families = _TRANSLATED if protocol in _TRANSLATED else {protocol}
        agents = [route for route in self.routes if route.protocol in families]
        return tuple(dict.fromkeys([*(a.id for a in agents), *(name for a in agents for name in a.capabilities)]))

    def _others(self, route: Route) -> tuple[Route, ...]:
        if not route.capabilities:
            return ()
        first = route.capabilities[0]
        return tuple(other for other in self.routes if other is not route and first in other.capabilities)


def _route(agent: Agent, settings: Settings, region: str | None, resolve: Callable[[str], str]) -> Route:
    return Route(
        id=agent.id,
        protocol=agent.protocol,
        url=agent.url.rstrip("/"),
        zone=agent.zone,
        region=region,
        processor=agent.processor,
        capabilities=agent.capabilities,
        apis=agent.apis,
        model=agent.model,
        version=agent.version,
        floor=agent.floor,
        routes=agent.routes,
        credential=_credential(agent, resolve),
        credential_as=agent.credential_as,
        ca=_file(settings, agent.ca),
        connect_timeout_s=agent.connect_timeout_s,
        first_byte_timeout_s=agent.first_byte_timeout_s,
        idle_timeout_s=agent.idle_timeout_s,
        timeout_s=agent.timeout_s,
        listen_timeout_s=agent.listen_timeout_s,
        client_certificate=_file(settings, agent.client_certificate),
        client_key=_file(settings, agent.client_key),
        pin=agent.pin,
        addresses=agent.addresses,
        max_connections=agent.max_connections,
        assertion=agent.assertion,
        calls=bool(agent.callers),
        delegation=agent.delegation,
        pull=agent.pull,
        store_field=agent.store_field,
        stream_usage=agent.stream_usage,
        interface=_interface(agent.a2a or A2a()),
    )


def _credential(agent: Agent, resolve: Callable[[str], str]) -> str | None:
    if agent.credential is None:
        return None
    place = f"agent {agent.id}: credential"
    try:
        resolved = resolve(agent.credential)
    except ConfigurationError as error:  # names a variable or a file, which several agents may have
        raise ConfigurationError(f"{place}: {error}") from error
    return check_credential(place, resolved, agent.credential_as)


def _interface(given: A2a) -> Interface:
    return Interface(
        binding=given.binding,
        path=given.path,
        card=given.card,
        push_urls=given.push_urls,
        file_urls=given.file_urls,
        tenants=given.tenants,
    )


def _file(settings: Settings, name: str | None) -> str | None:
    return None if name is None else str(settings.path(name))
