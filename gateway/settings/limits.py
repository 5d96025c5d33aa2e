"""How much may be used, who counts it, and what it costs."""

import re
from typing import Literal

import msgspec

from gateway.core.errors import ConfigurationError
from gateway.settings.agents import Agent
from gateway.settings.forms import check_between, check_reference, check_unique
from gateway.settings.identity import Issuer, Tenant, check_named

MEMORY = "memory://"
"""`limits.url` where the serving process counts for itself."""
BY_TLS = "rediss:"
"""How `limits.url` begins where the server that counts is asked by TLS."""
BUILT_IN_LIMITS = ("credential", "tenant", "target", "concurrency")
"""Names of the limits that `[limits]` itself sets."""
_PER = frozenset({"caller", "agent", "capability", "class"})
MAX_COUNT = 10**15
"""The highest count of a limit, and the highest price: sums of them stay exact wherever they are counted."""
_REDIS = re.compile(r"rediss?://([A-Za-z0-9_.-]+@)?([A-Za-z0-9.-]+|\[[0-9a-fA-F:.]+\])(:[0-9]{1,5})?(/[0-9]{1,3})?")


class Limits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Request rates as `COUNT/second|minute|hour|day`."""

    url: str = "memory://"
    """Who counts: this process, or a Redis for all nodes."""
    password: str | None = None
    """A reference to its password."""
    ca: str | None = None
    """PEM file of the only authorities that may vouch for it; default the system's."""
    client_certificate: str | None = None
    """PEM file of what the gateway shows it."""
    client_key: str | None = None
    timeout_ms: float = 50.0
    """How long it may take before this node counts alone."""
    credential: str = "600/minute"
    """Each credential's requests, unless its key says otherwise."""
    tenant: str = "6000/minute"
    target: str = "3000/minute"
    """Requests to each agent or capability, of one tenant."""
    concurrency: int = 256
    """Requests of one credential that may be under way at once."""
    output_tokens: int = 1024
    """Tokens that an answer is taken to need until it is there, where the request does not say how many it may have."""
    currency: str = "EUR"
    """What prices are in millionths of."""
    failures: str = "100/minute"
    """Failed identifications of one source, after which it is refused for as long as the window."""


class Limit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much may be used. Without names in `tenants` to `classes`, all are meant."""

    name: str
    what: Literal["requests", "tokens", "spend", "concurrency", "bytes"]
    count: int
    """Of spend, in millionths of `limits.currency`."""
    window_s: int = 60
    """The length of the sliding window; nothing to `concurrency`."""
    hard: bool = True
    """Whether what is beyond it is refused; else it is recorded and goes on."""
    per: tuple[str, ...] = ()
    """What is counted apart within a tenant: `caller`, `agent`, `capability`, `class`."""
    tenants: tuple[str, ...] = ()
    callers: tuple[str, ...] = ()
    agents: tuple[str, ...] = ()
    capabilities: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()


class Price(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an agent costs, or each agent of a model, in millionths of `limits.currency`."""

    agent: str | None = None
    model: str | None = None
    input: int = 0
    """For a million tokens read."""
    output: int = 0
    """For a million tokens written."""
    request: int = 0
    """For each request."""


def check_counting(limits: Limits) -> None:
    """Who counts for the limits, and in what money."""
    if not re.fullmatch(r"[A-Z]{3}", limits.currency):
        raise ConfigurationError("limits.currency must be the three letters of ISO 4217, like EUR")
    if limits.url != MEMORY and not _REDIS.fullmatch(limits.url):
        raise ConfigurationError(
            "limits.url must be memory://, redis://[user@]host[:port][/number] or rediss://…; its password is a "
            "reference of its own, limits.password"
        )
    check_reference("limits.password", limits.password)
    if limits.password is not None and limits.url == MEMORY:
        raise ConfigurationError("limits.password is for a limits.url that is not memory://")
    if (limits.client_certificate is None) != (limits.client_key is None):
        raise ConfigurationError("limits.client_certificate and limits.client_key go together")
    for name in ("ca", "client_certificate"):
        if getattr(limits, name) is not None and not limits.url.startswith(BY_TLS):
            raise ConfigurationError(f"limits.{name} is for a limits.url that begins with rediss://")


def check_limits(
    limits: tuple[Limit, ...], agents: tuple[Agent, ...], tenants: tuple[Tenant, ...], issuers: tuple[Issuer, ...]
) -> None:
    """Each has a name of its own, and names what there is."""
    known = {
        "tenants": {tenant.id for tenant in tenants},
        "agents": {agent.id for agent in agents},
        "capabilities": {capability for agent in agents for capability in agent.capabilities},
    }
    check_unique("limit", [limit.name for limit in limits], named="name")
    for index, limit in enumerate(limits):
        place = f"limit[{index}]"
        if limit.name in BUILT_IN_LIMITS:
            raise ConfigurationError(f"{place}.name must not be that of a limit in [limits]")
        if not _PER.issuperset(limit.per):
            raise ConfigurationError(f"{place}.per may hold {', '.join(sorted(_PER))}")
        for name, values in known.items():
            if not values.issuperset(getattr(limit, name)):
                raise ConfigurationError(f"{place}.{name} must name configured {name}")
        if limit.callers:
            for tenant in limit.tenants or sorted(known["tenants"]):
                check_named(issuers, tenant, f"{place}.callers")
        check_between(f"{place}.count", limit.count, 1, MAX_COUNT)
        check_between(f"{place}.window_s", limit.window_s, 1, 2_678_400)


def check_prices(prices: tuple[Price, ...], limits: tuple[Limit, ...], agents: tuple[Agent, ...]) -> None:
    """Each is for somebody, once; where spend is limited, everything has one."""
    known, named = {agent.id for agent in agents}, set[tuple[str | None, str | None]]()
    for index, price in enumerate(prices):
        place = f"price[{index}]"
        if (price.agent is None) == (price.model is None):
            raise ConfigurationError(f"{place} must name either an agent or a model")
        if price.agent is not None and price.agent not in known:
            raise ConfigurationError(f"{place}.agent names no [[agent]]")
        if (price.agent, price.model) in named:
            raise ConfigurationError(f"{place} is there twice")
        named.add((price.agent, price.model))
        for name in ("input", "output", "request"):
            check_between(f"{place}.{name}", getattr(price, name), 0, MAX_COUNT)
    for index, limit in enumerate(limits):
        if limit.what != "spend":
            continue
        for agent in agents:
            meant = not limit.agents or agent.id in limit.agents
            if meant and (agent.id, None) not in named and (None, agent.model or "") not in named:
                raise ConfigurationError(
                    f"limit[{index}] limits spend, and an agent that it applies to has no [[price]]: give it one, if "
                    "need be of 0"
                )
