"""Agents: how each is reached, held to bounds and let rest."""

import re
from typing import Literal

import msgspec

from gateway.core.errors import ConfigurationError
from gateway.settings.forms import ID, check_address, check_between, check_networks, check_pins, check_reference

_APIS = frozenset({"chat", "embeddings", "responses"})
_TALK = ("chat", "respond")
_TENANT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.~-]{0,127}")
"""A tenant of an A2A agent's, as it can stand in a path."""
"""What whoever speaks either of these is asked, translated where it must be."""

_HEADER = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_TAKEN = frozenset(
    (
        *("accept", "connection", "expect", "host", "idempotency-key", "last-event-id", "prefer", "proxy-connection"),
        *("range", "te", "traceparent", "tracestate", "trailer", "upgrade", "x-purpose", "x-receipt", "x-route"),
    )
)
_FAMILIES = ("a2a-", "accept-", "anthropic-", "content-", "if-", "keep-", "mcp-", "transfer-", "x-data-", "x-exchange-")
"""Headers, and how they begin, that say what a request is and are written by whoever sends it on."""


class Agent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    id: str
    protocol: Literal["openai", "anthropic", "mcp", "a2a", "http"]
    url: str = ""
    """Not there for an agent that pulls."""
    zone: str
    processor: str | None = None
    capabilities: tuple[str, ...] = ()
    tenants: tuple[str, ...] = ()
    """The tenants that it is there for; without any, for all."""
    apis: tuple[str, ...] = ()
    """Which of its family's APIs an agent of protocol `openai` has; without any, all of them."""
    model: str | None = None
    """The model name the agent is asked for; by default the one the caller wrote."""
    store_field: bool = True
    """Whether chat completions say `store: false` to it; false for a server that refuses fields it does not know."""
    stream_usage: bool = True
    """Whether streamed chat completions ask it for the tokens they took where the caller does not; false likewise."""
    version: str | None = None
    credential: str | None = None
    """`env:NAME` or `file:PATH`: sent as a bearer token, or as `x-api-key` where the protocol is `anthropic`."""
    credential_as: str | None = None
    """How it is sent instead: `bearer`, `basic` (it is `user:password`) or `header:NAME`."""
    schema: str | None = None
    """JSON Schema of requests, a file under the policy directory's `schemas/`."""
    answer_schema: str | None = None
    routes: tuple[str, ...] = ()
    """Path templates of a plain HTTP agent (`POST /notes/{id}`); a request that fits none is refused."""
    mapping: str | None = None
    """How bodies of its routes are laid out: a TOML file under `schemas/`."""
    openapi: str | None = None
    """Its OpenAPI document in JSON, a file under `schemas/`."""
    floor: tuple[str, ...] = ()
    timeout_s: float = 60.0
    connect_timeout_s: float = 5.0
    first_byte_timeout_s: float = 30.0
    idle_timeout_s: float = 30.0
    listen_timeout_s: float = 3600.0
    """How long a stream of notifications stays open."""
    ca: str | None = None
    """PEM file of the only authorities that may vouch for the agent; default the system's."""
    client_certificate: str | None = None
    client_key: str | None = None
    pin: tuple[str, ...] = ()
    """`sha256:<hex>` of the SubjectPublicKeyInfo of certificates, of which the agent must show one."""
    addresses: tuple[str, ...] = ()
    """Networks in CIDR form: the only ones that the agent's name may lead into."""
    max_connections: int = 256
    concurrency: int = 128
    """Requests that may be under way at the agent at once."""
    queue: int = 64
    """Requests that may wait for one of those places."""
    queue_timeout_s: float = 5.0
    retries: int = 1
    """How often a message that surely did nothing is sent again to the same agent."""
    retry_budget: float = 0.2
    """Retries as a share of the messages, at most; one a second more is always granted."""
    retry_wait_s: float = 5.0
    """The longest `Retry-After` that is waited for."""
    cache_s: float = 0.0
    """Seconds that an answer is kept for who asks the same with the same rights; 0: it is not."""
    cache_actions: tuple[str, ...] = ()
    """The actions whose answers are kept; without any, all that may be."""
    health: str | None = None
    """Path below `url` that a health check asks for with a plain GET; none without it."""
    health_interval_s: float = 10.0
    breaker: "Breaker | None" = None
    assertion: bool = False
    """Whether each request to it carries the gateway's signed assertion."""
    callers: tuple[str, ...] = ()
    """`tenant/subject` of those that it calls as, where it calls other agents through the gateway."""
    delegation: bool = False
    """Whether each request to it carries a delegation token."""
    pull: bool = False
    """Whether it fetches its requests, because nothing can be sent to it: tasks alone reach it then."""
    a2a: "A2a | None" = None


class Breaker(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When an agent is not asked for a while. Shares are of the calls in the window."""

    fault_share: float = 0.5
    slow_share: float = 0.8
    slow_s: float = 0.0
    """Seconds until an answer begins from which on it counts as slow; 0: none does."""
    calls: int = 20
    """Calls in the window below which nothing is concluded."""
    window_s: float = 30.0
    open_s: float = 5.0
    """How long it is let rest the first time; doubled each time that it fails again right after."""
    open_max_s: float = 60.0
    probes: int = 2
    """Calls that are let through to see whether it has recovered: all must go well."""


class A2a(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How an agent of protocol `a2a` is spoken to, and what it may be told to contact."""

    binding: Literal["JSONRPC", "HTTP+JSON"] = "JSONRPC"
    """What the gateway speaks to it, whatever callers speak."""
    path: str = ""
    """Of that interface, below `url`; empty: `url` itself."""
    card: str = "/.well-known/agent-card.json"
    """Path of its card, below `url`."""
    push_urls: tuple[str, ...] = ()
    """Addresses that it may be told to send news of tasks to, or below; without any, to none."""
    file_urls: tuple[str, ...] = ()
    """The same for files that it is told to fetch."""
    tenants: tuple[str, ...] = ()
    """Of its own tenants (`tenant` of its interfaces) those that callers may name; without any they name none."""


def _sent_as(place: str, agent: Agent) -> None:
    how = agent.credential_as
    if how is None:
        return
    if agent.credential is None:
        raise ConfigurationError(f"{place} needs a credential")
    if how in ("bearer", "basic"):
        return
    name = how.removeprefix("header:").lower()
    own = _HEADER.fullmatch(name) is not None and name not in _TAKEN and not name.startswith(_FAMILIES)
    if not (how.startswith("header:") and own):
        raise ConfigurationError(
            f"{place} must be bearer, basic or header:NAME, a header that says nothing else of a request"
        )


def check_agent(place: str, agent: Agent, zones: set[str], processors: set[str]) -> None:
    if agent.zone not in zones:
        raise ConfigurationError(f"{place}.zone names no [[zone]]")
    if agent.processor is not None and agent.processor not in processors:
        raise ConfigurationError(f"{place}.processor names no [[processor]]")
    if agent.pull:
        _pulls(place, agent)
    else:
        check_address(f"{place}.url", agent.url)
    check_reference(f"{place}.credential", agent.credential)
    _sent_as(f"{place}.credential_as", agent)
    if agent.apis and agent.protocol != "openai":
        raise ConfigurationError(f'{place}.apis is for protocol = "openai" only')
    if not _APIS.issuperset(agent.apis):
        raise ConfigurationError(f"{place}.apis may hold {', '.join(sorted(_APIS))}")
    if agent.protocol == "http" and not agent.routes and agent.openapi is None:
        raise ConfigurationError(f"{place}.routes must list the path templates of a plain HTTP agent")
    if agent.protocol != "http" and (agent.mapping is not None or agent.openapi is not None):
        raise ConfigurationError(f"{place}: mapping and openapi describe plain HTTP agents alone")
    if agent.protocol in ("mcp", "a2a") and agent.answer_schema is not None:
        raise ConfigurationError(
            f"{place}.answer_schema: answers of MCP and A2A may come in streams, which no schema can hold"
        )
    _connection(place, agent)
    _interface(place, agent)
    if agent.health is not None and not re.fullmatch(r"/[!-~]*", agent.health):
        raise ConfigurationError(f"{place}.health must be a path that starts with /, below the agent's url")
    _resilience(place, agent)
    _cached(place, agent)
    for capability in agent.capabilities:
        if not ID.fullmatch(capability):
            raise ConfigurationError(f"{place}.capabilities must be of lower-case letters, digits and . _ -")


def _cached(place: str, agent: Agent) -> None:
    """Actions of which nothing could ever be kept are a mistake: whoever wrote them believes otherwise."""
    if agent.cache_actions and agent.cache_s <= 0:
        raise ConfigurationError(f"{place}.cache_actions needs cache_s, which says for how long answers are kept")
    if not agent.cache_actions or (agent.openapi is not None and not agent.routes):
        return  # those of an OpenAPI document are held to it where it is read
    kept: tuple[str, ...] = ()
    if agent.protocol == "http":
        safe = (route for route in agent.routes if route.startswith(("GET ", "HEAD ")))
        kept = tuple(f"http:{route.replace(' ', ':', 1)}" for route in safe)
    elif agent.protocol == "anthropic":
        kept = _TALK
    elif agent.protocol == "openai":
        apis = frozenset(agent.apis) or _APIS
        kept = (*(_TALK if apis & {"chat", "responses"} else ()), *(("embed",) if "embeddings" in apis else ()))
    if not frozenset(kept).issuperset(agent.cache_actions):
        told = ", ".join(kept) or "nothing: of what this agent does no answer is ever kept"
        raise ConfigurationError(f"{place}.cache_actions may hold {told}")


def _pulls(place: str, agent: Agent) -> None:
    """Nothing is said of an address that it has not, and it is told by its credential who it is."""
    reached = (
        agent.url,
        agent.credential,
        agent.ca,
        agent.client_certificate,
        agent.pin,
        agent.addresses,
        agent.health,
    )
    if any(reached):
        raise ConfigurationError(
            f"{place}: an agent that pulls has no url, credential, ca, client_certificate, pin, addresses or health"
        )
    if agent.protocol in ("mcp", "a2a"):
        raise ConfigurationError(f"{place}.pull is for agents of openai, anthropic and http: others answer in streams")
    if not agent.callers:
        raise ConfigurationError(f"{place}.callers must say who fetches for an agent that pulls")
    if len({caller.partition("/")[0] for caller in agent.callers}) > 1:
        raise ConfigurationError(f"{place}.callers: an agent that pulls is one tenant's, and so are its callers")


def _interface(place: str, agent: Agent) -> None:
    if agent.a2a is None:
        return
    if agent.protocol != "a2a":
        raise ConfigurationError(f'{place}.a2a is for protocol = "a2a" only')
    for name, path in (("path", agent.a2a.path), ("card", agent.a2a.card)):
        if not re.fullmatch(r"/[!-~]*" if name == "card" else r"(/[!-~]*)?", path) or set(path) & set("?#"):
            raise ConfigurationError(f"{place}.a2a.{name} must be a path that starts with /, below the agent's url")
    for name, urls in (("push_urls", agent.a2a.push_urls), ("file_urls", agent.a2a.file_urls)):
        for url in urls:
            check_address(f"{place}.a2a.{name}", url)
    if not all(map(_TENANT.fullmatch, agent.a2a.tenants)):
        raise ConfigurationError(f"{place}.a2a.tenants must be of letters, digits and _ . ~ -, at most 128")


def _connection(place: str, agent: Agent) -> None:
    """How the agent is connected to. A demand on TLS that a plain address cannot meet is refused, not passed over."""
    if (agent.client_certificate is None) != (agent.client_key is None):
        raise ConfigurationError(f"{place}.client_certificate and {place}.client_key go together")
    if agent.url.startswith("http:") and (agent.ca or agent.client_certificate or agent.pin):
        raise ConfigurationError(f"{place}.url must be https:// where ca, client_certificate or pin is given")
    check_pins(f"{place}.pin", agent.pin)
    check_networks(f"{place}.addresses", agent.addresses)
    check_between(f"{place}.max_connections", agent.max_connections, 1, 65535)


def _resilience(place: str, agent: Agent) -> None:
    breaker = agent.breaker or Breaker()
    for name, value, low, high in (
        ("timeout_s", agent.timeout_s, 0.001, 86400),
        ("connect_timeout_s", agent.connect_timeout_s, 0.001, 86400),
        ("first_byte_timeout_s", agent.first_byte_timeout_s, 0.001, 86400),
        ("idle_timeout_s", agent.idle_timeout_s, 0.001, 86400),
        ("concurrency", agent.concurrency, 1, 1_000_000),
        ("queue", agent.queue, 0, 1_000_000),
        ("queue_timeout_s", agent.queue_timeout_s, 0, 600),
        ("retries", agent.retries, 0, 10),
        ("retry_budget", agent.retry_budget, 0, 1),
        ("retry_wait_s", agent.retry_wait_s, 0, 600),
        ("cache_s", agent.cache_s, 0, 2_592_000),
        ("health_interval_s", agent.health_interval_s, 0.1, 86400),
        ("breaker.fault_share", breaker.fault_share, 0.01, 1),
        ("breaker.slow_share", breaker.slow_share, 0.01, 1),
        ("breaker.slow_s", breaker.slow_s, 0, 86400),
        ("breaker.calls", breaker.calls, 1, 1_000_000),
        ("breaker.window_s", breaker.window_s, 1, 3600),
        ("breaker.open_s", breaker.open_s, 0.1, 3600),
        ("breaker.open_max_s", breaker.open_max_s, 0.1, 86400),
        ("breaker.probes", breaker.probes, 1, 1000),
    ):
        check_between(f"{place}.{name}", value, low, high)
