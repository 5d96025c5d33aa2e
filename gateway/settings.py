"""Every setting: typed, read once at start, validated whole, frozen after.

Values of a `[section]` may come from the environment as `GATEWAY_<SECTION>_<KEY>`; `[[tables]]` from the file alone.
A key that is not known is an error that names the nearest one that is. Errors name the key, never its value.
"""

import difflib
import os
import re
import tomllib
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec

from gateway.core.errors import ConfigurationError

_ID = re.compile(r"[a-z0-9][a-z0-9_.-]{0,62}")
_VALUE = re.compile(r"^(Invalid enum value ).*?( - at `\$[\w.\[\]]*`)?$", re.DOTALL)
_APIS = frozenset({"chat", "embeddings", "responses"})
_ADDRESS = re.compile(r"https?://[^/?#@\s]+(/[^?#\s]*)?")
_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[a-z0-9.:\[\]-]+")
_PIN = re.compile(r"sha256:[0-9a-f]{64}")
_WEB = re.compile(
    r"(https://[^/?#@\s]+|http://(localhost|127\.[0-9.]+|\[::1\])(:[0-9]+)?)(/[^?#\s]*)?(?P<query>\?[^#\s]*)?"
)
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")
MEMORY = "memory://"
"""`limits.url` where the serving process counts for itself."""
BUILT_IN_LIMITS = ("credential", "tenant", "target", "concurrency")
"""Names of the limits that `[limits]` itself sets."""
_PER = frozenset({"caller", "agent", "capability", "class"})
MAX_COUNT = 10**15
"""The highest count of a limit, and the highest price: sums of them stay exact wherever they are counted."""
_REDIS = re.compile(r"rediss?://([A-Za-z0-9_.-]+@)?([A-Za-z0-9.-]+|\[[0-9a-fA-F:.]+\])(:[0-9]{1,5})?(/[0-9]{1,3})?")
_ROLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,62}")
_SECRET = re.compile(r"(env:[A-Za-z_][A-Za-z0-9_]*|file:.+)")


class Server(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the gateway listens, and the bounds of what it reads."""

    host: str = "127.0.0.1"
    port: int = 8787
    workers: int = 1
    tls_certificate: str | None = None
    tls_key: str | None = None
    max_body_bytes: int = 4 * 1024 * 1024
    max_answer_bytes: int = 16 * 1024 * 1024
    max_depth: int = 64
    body_timeout_s: float = 15.0
    public_url: str | None = None
    """Where callers reach the gateway; by default what `host`, `port` and the certificate make of it."""
    allowed_origins: tuple[str, ...] = ()
    """Origins of web pages that may call MCP agents, besides the gateway's own."""
    trusted_proxies: tuple[str, ...] = ()
    """Addresses and networks of proxies whose word about their own callers is taken."""
    client_ca: str | None = None
    """PEM file of the authorities whose client certificates are taken; each is trusted for itself."""
    client_auth: Literal["optional", "required"] = "optional"
    client_crl: tuple[str, ...] = ()
    """CRL files (PEM or DER); with any, each authority needs a fresh one."""
    client_header: Literal["client-cert", "x-forwarded-client-cert"] | None = None
    """Header in which trusted proxies say the certificate that their own caller showed."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"


class Database(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where records are kept. `owner_url` is for migrations only; serving as the owner is refused on PostgreSQL."""

    url: str = "sqlite:///gateway.db"
    owner_url: str | None = None


class Policy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    directory: str = "policies"
    profile: str | None = None
    four_eyes: bool = False


class Keys(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the signing key and the data keys are kept: apart from the database and its backups."""

    directory: str = "keys"


class LedgerSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    origin: str | None = None
    """Host part of the checkpoint's origin (`<host>/ledger/<random id>`); default `gateway.internal`."""
    checkpoint_interval_s: float = 60.0


class Limits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Request rates as `COUNT/second|minute|hour|day`."""

    url: str = "memory://"
    """Who counts: this process, or a Redis for all nodes."""
    password: str | None = None
    """A reference to its password."""
    ca: str | None = None
    """PEM file of the only authorities that may vouch for it; default the system's."""
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


class Classification(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    budget_ms: float = 50.0
    """Scanning time one message may cost before the rest is `unscanned`."""
    stream: Literal["auto", "mask", "buffer"] = "auto"
    """Answers in streams: `mask` holds back and masks, `buffer` reads the whole first, `auto` chooses by policy."""


class Mcp(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    session_idle_s: float = 1800.0
    """Seconds without a request after which a session of an older protocol version ends."""


class SessionSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    idle_days: int = 30
    """Days after its last message at which a session ends: what is said in its name from then on is refused."""
    denied_s: int = 0
    """Seconds that a data class which a caller was denied sticks to what it sends next; 0: not at all."""


class ApprovalSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What waits for people."""

    wait_s: int = 86_400
    """Seconds that a request may wait for its answers."""
    use_s: int = 3_600
    """Seconds in which what was approved must be sent again."""
    waiting: int = 100
    """Requests of one caller that may wait at once."""
    notify_url: str | None = None
    """Where approvers are told that something waits; a name, never the content."""
    notify_secret: str | None = None
    """`env:NAME` or `file:PATH`: what notices are signed with."""
    notify_ca: str | None = None
    """PEM file of the only authorities that may vouch for that address."""
    notify_addresses: tuple[str, ...] = ()
    """Networks in CIDR form: the only ones that its name may lead into."""


class BreakGlass(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who may be lent which roles, on their own word, for minutes."""

    role: str
    """The role of who may break the glass."""
    grants: tuple[str, ...]
    """The roles that may be lent."""
    reviewer: str
    """The role of who reviews it."""
    minutes: int = 30
    """The longest time."""


class Cache(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Answers that are kept, of agents that have a `cache_s`."""

    classes: tuple[str, ...] = ("public", "internal")
    """Data classes that may be kept: a request or an answer with any other is not."""
    entries: int = 10_000
    size_bytes: int = 64 * 1024 * 1024


class DelegationSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Agents that call agents."""

    lifetime_s: int = 300
    """Seconds that a delegation token is good for, if its exchange does not end before."""
    max_depth: int = 8
    """How many agents may stand above a call."""
    max_children: int = 64
    """Calls that may be made for one exchange."""
    unregistered: bool = False
    """Whether callers of kind `agent` that no `[[agent]]` names under `callers` may call."""


class TaskSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Requests that are made later (`POST /v1/tasks`)."""

    url: str = "local://"
    """How nodes wake each other; what is to be done is in the database in any case."""
    concurrency: int = 32
    """Tasks under way at once in a serving process."""
    target_concurrency: int = 16
    """Of those, for each agent or capability."""
    pending: int = 10_000
    """Tasks of one tenant that may wait or be under way."""
    tries: int = 5
    """How often a task is tried, unless it says otherwise itself."""
    retry_s: float = 1.0
    retry_max_s: float = 300.0
    lease_s: float = 30.0
    """How long a node that says nothing keeps what it had under way."""
    poll_s: float = 1.0
    """How often a node looks for tasks that nobody woke it for."""
    max_delay_s: int = 604_800
    max_age_s: int = 86_400
    """Seconds from when it is due that a task has to be run in."""
    keep_s: int = 86_400
    """Seconds that a task is kept after it has ended."""
    keep_failed_s: int = 2_592_000
    """The same for one that failed."""


class Zone(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    id: str
    trusted: bool = False
    region: str | None = None
    within: str | None = None
    """The broader zone this one belongs to."""


class Processor(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    id: str
    legal_name: str
    address: str
    country: str
    agreement: "Agreement | None" = None
    no_training: bool = False


class Agreement(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    kind: Literal["BAA", "DPA", "SCC"]
    digest: str
    """`sha256:` and 64 hex digits of the signed document."""
    valid_until: str
    """ISO date, the last day it holds."""
    classes: tuple[str, ...]


class Agent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    id: str
    protocol: Literal["openai", "anthropic", "mcp", "a2a", "http"]
    url: str
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
    version: str | None = None
    credential: str | None = None
    """`env:NAME` or `file:PATH`: sent as a bearer token, or as `x-api-key` where the protocol is `anthropic`."""
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


class Issuer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who may issue tokens, and what they may assert."""

    issuer: str
    audience: str
    resource_audience: bool = False
    """Whether a token may instead name the gateway's address, or that of one MCP agent, as its audience."""
    algorithms: tuple[str, ...]
    jwks_file: str | None = None
    jwks_url: str | None = None
    discovery: bool = False
    """Whether its keys are found by its own metadata (OpenID Connect Discovery 1.0)."""
    key_hosts: tuple[str, ...] = ()
    """Hosts besides its own that the metadata may say its keys are on."""
    ca: str | None = None
    """PEM file of the only authorities that may vouch for it; default the system's."""
    addresses: tuple[str, ...] = ()
    """Networks in CIDR form: the only ones that its name may lead into."""
    refresh_s: float = 600.0
    """Seconds between two fetches of its keys."""
    refetch_s: float = 30.0
    """Seconds that must lie between any fetch and one that a token with an unknown key causes."""
    hold_s: float = 86400.0
    """Seconds that fetched keys hold while it cannot be asked."""
    tenants: tuple[str, ...] = ("default",)
    roles: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()
    role_claim: str = "roles"
    tenant_claim: str | None = None
    purpose_claim: str | None = None
    zone: str | None = None
    kind: Literal["person", "service", "agent"] = "person"
    named: bool | None = None
    """Whether its subjects are those that policy, `[[agent]] callers` and `[[limit]] callers` name; by default where no
    other issuer may assert the tenant."""
    leeway_s: int = 30


class Certificate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whom a client certificate stands for, by a name in it."""

    match: str
    """`uri:`, `dns:` or `email:` and a subject alternative name, or `subject:` and a distinguished name (RFC 4514);
    `*` stands for one segment of it."""
    tenant: str = "default"
    subject: str | None = None
    """The caller's subject; by default the name that matched."""
    roles: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()
    floor: tuple[str, ...] = ()
    zone: str | None = None
    kind: Literal["person", "service", "agent"] = "service"
    authorities: tuple[str, ...] = ()
    """`sha256:<hex>` of the SubjectPublicKeyInfo of authorities, of which one must have issued it."""


class Tenant(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    id: str
    name: str | None = None
    retention_days: int = 2192
    region: str | None = None


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


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole of `gateway.toml`. Relative paths are below `base`, the directory of the file."""

    base: str = "."
    server: Server = Server()
    database: Database = Database()
    policy: Policy = Policy()
    keys: Keys = Keys()
    ledger: LedgerSettings = LedgerSettings()
    limits: Limits = Limits()
    classification: Classification = Classification()
    cache: Cache = Cache()
    sessions: SessionSettings = SessionSettings()
    approvals: ApprovalSettings = ApprovalSettings()
    delegation: DelegationSettings = DelegationSettings()
    mcp: Mcp = Mcp()
    tasks: TaskSettings = TaskSettings()
    zone: tuple[Zone, ...] = ()
    processor: tuple[Processor, ...] = ()
    agent: tuple[Agent, ...] = ()
    issuer: tuple[Issuer, ...] = ()
    certificate: tuple[Certificate, ...] = ()
    tenant: tuple[Tenant, ...] = ()
    break_glass: tuple[BreakGlass, ...] = ()
    limit: tuple[Limit, ...] = ()
    price: tuple[Price, ...] = ()

    def path(self, name: str) -> Path:
        """A path of the configuration, taken from where the file lies."""
        return Path(self.base, name)

    @property
    def address(self) -> str:
        """Where callers reach the gateway: `server.public_url`, else what it listens on. No trailing slash."""
        server = self.server
        scheme = "http" if server.tls_certificate is None else "https"
        host = f"[{server.host}]" if ":" in server.host else server.host
        return (server.public_url or f"{scheme}://{host}:{server.port}").rstrip("/")

    @property
    def tenants(self) -> tuple[Tenant, ...]:
        return self.tenant or (Tenant(id="default"),)


def load(file: Path, environment: Mapping[str, str] | None = None) -> Settings:
    """Read and validate `gateway.toml`; `ConfigurationError` names what is wrong and what would be right."""
    try:
        document = tomllib.loads(file.read_text("utf-8"))
    except FileNotFoundError as error:
        raise ConfigurationError(f"no configuration at {file}: make one with `gateway init`") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{file.name} is not TOML: {_place(error)}") from error
    return parse(document, os.environ if environment is None else environment, base=file.parent.resolve())


def parse(document: dict[str, Any], environment: Mapping[str, str], base: Path) -> Settings:
    """Validate a configuration document, with the environment's values laid over its sections."""
    _known(document, Settings, "")
    if "base" in document:
        raise ConfigurationError("base is not a setting: paths are relative to the file")
    _overlay(document, environment)
    try:
        settings = msgspec.convert({**document, "base": str(base)}, Settings, strict=True)
    except msgspec.ValidationError as error:
        raise ConfigurationError(_without_values(str(error))) from error
    _consistent(settings)
    return settings


def secret(reference: str, base: str, environment: Mapping[str, str] | None = None) -> str:
    """What an `env:NAME` or `file:PATH` reference stands for; `ConfigurationError` when there is nothing."""
    kind, _, name = reference.partition(":")
    if kind == "env":
        value = (os.environ if environment is None else environment).get(name)
        if not value:
            raise ConfigurationError(f"the environment variable {name} is empty or not set")
        return value
    try:
        return Path(base, name).read_text("utf-8").strip()
    except OSError as error:
        raise ConfigurationError(f"the secret file {name} cannot be read") from error


def _known(document: Any, model: type[msgspec.Struct], place: str) -> None:
    if not isinstance(document, dict):
        raise ConfigurationError(f"{place.rstrip('.') or 'the file'} must be a table")
    hints = get_type_hints(model)
    for key, value in document.items():
        if key not in hints:
            near = difflib.get_close_matches(key, hints, n=1, cutoff=0.4)
            nearest = f"; the nearest known one is {place}{near[0]}" if near else ""
            raise ConfigurationError(f"{place}{key} is not a setting{nearest}")
        inner = _struct_in(hints[key])
        if inner is None:
            continue
        for index, item in enumerate(value if isinstance(value, list) else [value]):
            _known(item, inner, f"{place}{key}[{index}]." if isinstance(value, list) else f"{place}{key}.")


def _struct_in(hint: Any) -> type[msgspec.Struct] | None:
    for candidate in (hint, *get_args(hint)):
        if isinstance(candidate, type) and issubclass(candidate, msgspec.Struct):
            return candidate
    return None


def _overlay(document: dict[str, Any], environment: Mapping[str, str]) -> None:
    hints = get_type_hints(Settings)
    sections = {
        name: hint for name, hint in hints.items() if isinstance(hint, type) and issubclass(hint, msgspec.Struct)
    }
    for variable, text in environment.items():
        if not variable.startswith("GATEWAY_") or variable == "GATEWAY_CONFIG" or variable.startswith("GATEWAY_TEST_"):
            continue
        section, _, key = variable.removeprefix("GATEWAY_").lower().partition("_")
        if section not in sections:
            raise ConfigurationError(f"{variable} names no section; sections are {', '.join(sorted(sections))}")
        keys = get_type_hints(sections[section])
        if key not in keys:
            near = difflib.get_close_matches(key, keys, n=1, cutoff=0.4)
            nearest = f"; the nearest known one is GATEWAY_{section.upper()}_{near[0].upper()}" if near else ""
            raise ConfigurationError(f"{variable} is not a setting{nearest}")
        value: Any = text.split(",") if get_origin(keys[key]) is tuple else text
        try:
            converted = msgspec.convert(value, keys[key], strict=False)
        except msgspec.ValidationError as error:
            raise ConfigurationError(f"{variable}: {_without_values(str(error))}") from error
        document.setdefault(section, {})[key] = converted


def _consistent(settings: Settings) -> None:
    for table in ("zone", "processor", "agent", "tenant"):
        _unique(table, [item.id for item in getattr(settings, table)])
    _unique("issuer", [item.issuer for item in settings.issuer], named="issuer", form=None)
    zones = {zone.id for zone in settings.zone}
    processors = {processor.id for processor in settings.processor}
    for index, zone in enumerate(settings.zone):
        if zone.within is not None and zone.within not in zones:
            raise ConfigurationError(f"zone[{index}].within names no [[zone]]")
    for index, agent in enumerate(settings.agent):
        _agent(f"agent[{index}]", agent, zones, processors)
        if not {tenant.id for tenant in settings.tenants}.issuperset(agent.tenants):
            raise ConfigurationError(f"agent[{index}].tenants names no [[tenant]]")
    _callers(settings)
    for index, issuer in enumerate(settings.issuer):
        if issuer.zone is not None and issuer.zone not in zones:
            raise ConfigurationError(f"issuer[{index}].zone names no [[zone]]")
        if not issuer.algorithms:
            raise ConfigurationError(f"issuer[{index}].algorithms must name at least one algorithm")
        _keys_of(f"issuer[{index}]", issuer)
    for index, certificate in enumerate(settings.certificate):
        _certificate(f"certificate[{index}]", certificate, settings, zones)
    capabilities = {capability for agent in settings.agent for capability in agent.capabilities}
    clash = sorted(capabilities & {agent.id for agent in settings.agent})
    if clash:
        raise ConfigurationError(f"agent ids and capabilities must differ: {clash[0]} is both")
    if not re.fullmatch(r"[A-Z]{3}", settings.limits.currency):
        raise ConfigurationError("limits.currency must be the three letters of ISO 4217, like EUR")
    _counting(settings.limits)
    if settings.tasks.url != "local://":
        raise ConfigurationError("tasks.url must be local://: nodes find each other's tasks in the database")
    if settings.server.workers != 1:
        raise ConfigurationError("server.workers must be 1: for more, run more nodes on one PostgreSQL")
    _reachable(settings.server)
    if (settings.server.tls_certificate is None) != (settings.server.tls_key is None):
        raise ConfigurationError("server.tls_certificate and server.tls_key go together")
    _clients(settings)
    _notified(settings.approvals)
    _glass(settings.break_glass)
    if "unscanned" in settings.cache.classes:
        raise ConfigurationError("cache.classes must not name unscanned: what could not be read is never kept")
    _limits(settings)
    _bounds(settings)


def keys_address(address: str) -> bool:
    """Whether keys may be fetched from there: over https, or from this machine, where nobody can be in between."""
    return _WEB.fullmatch(address) is not None


def _keys_of(place: str, issuer: Issuer) -> None:
    """Where an issuer's keys come from."""
    if [issuer.jwks_file is not None, issuer.jwks_url is not None, issuer.discovery].count(True) != 1:
        raise ConfigurationError(f"{place} needs one of jwks_file, jwks_url and discovery = true")
    form = "https://host[:port][/path], or http:// on this machine (127.0.0.1, [::1], localhost)"
    if issuer.jwks_url is not None and not keys_address(issuer.jwks_url):
        raise ConfigurationError(f"{place}.jwks_url must be {form}")
    if issuer.discovery:
        found = _WEB.fullmatch(issuer.issuer)
        if found is None or found["query"] is not None:
            raise ConfigurationError(f"{place}.issuer must be {form}, where discovery = true")
    if issuer.jwks_file is not None and (issuer.ca is not None or issuer.addresses):
        raise ConfigurationError(f"{place}: ca and addresses are for keys over HTTP")
    if issuer.key_hosts and not issuer.discovery:
        raise ConfigurationError(f"{place}.key_hosts is for discovery = true")
    if not all(_HOST.fullmatch(host) for host in issuer.key_hosts):
        raise ConfigurationError(f"{place}.key_hosts must be names of hosts in lower case, without port")
    _networks(f"{place}.addresses", issuer.addresses)
    for name, value, low, high in (
        ("refresh_s", issuer.refresh_s, 10, 86_400),
        ("refetch_s", issuer.refetch_s, 1, 3_600),
        ("hold_s", issuer.hold_s, 0, 2_592_000),
    ):
        if not low <= value <= high:
            raise ConfigurationError(f"{place}.{name} must lie between {low} and {high}")
    if issuer.hold_s < issuer.refresh_s:
        raise ConfigurationError(f"{place}.hold_s must be at least refresh_s")


def _networks(place: str, networks: tuple[str, ...]) -> None:
    for network in networks:
        try:
            ip_network(network)
        except ValueError as error:
            raise ConfigurationError(f"{place} must be networks such as 10.1.0.0/16 or fd00:1::/64") from error


def _counting(limits: Limits) -> None:
    """Who counts for the limits."""
    if limits.url != MEMORY and not _REDIS.fullmatch(limits.url):
        raise ConfigurationError(
            "limits.url must be memory://, redis://[user@]host[:port][/number] or rediss://…; its password is a "
            "reference of its own, limits.password"
        )
    if limits.password is not None and not _SECRET.fullmatch(limits.password):
        raise ConfigurationError("limits.password must be a reference, env:NAME or file:PATH, never a value")
    if limits.password is not None and limits.url == MEMORY:
        raise ConfigurationError("limits.password is for a limits.url that is not memory://")
    if limits.ca is not None and not limits.url.startswith("rediss:"):
        raise ConfigurationError("limits.ca is for a limits.url that begins with rediss://")


def _limits(settings: Settings) -> None:
    agents = {agent.id for agent in settings.agent}
    known = {
        "tenants": {tenant.id for tenant in settings.tenants},
        "agents": agents,
        "capabilities": {capability for agent in settings.agent for capability in agent.capabilities},
    }
    _unique("limit", [limit.name for limit in settings.limit], named="name")
    for index, limit in enumerate(settings.limit):
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
                check_named(settings.issuer, tenant, f"{place}.callers")
        if not 1 <= limit.count <= MAX_COUNT:
            raise ConfigurationError(f"{place}.count must lie between 1 and {MAX_COUNT}")
        if not 1 <= limit.window_s <= 2_678_400:
            raise ConfigurationError(f"{place}.window_s must lie between 1 and 2678400")
    _prices(settings, agents)


def _prices(settings: Settings, agents: set[str]) -> None:
    named: set[tuple[str | None, str | None]] = set()
    for index, price in enumerate(settings.price):
        place = f"price[{index}]"
        if (price.agent is None) == (price.model is None):
            raise ConfigurationError(f"{place} must name either an agent or a model")
        if price.agent is not None and price.agent not in agents:
            raise ConfigurationError(f"{place}.agent names no [[agent]]")
        if (price.agent, price.model) in named:
            raise ConfigurationError(f"{place} is there twice")
        named.add((price.agent, price.model))
        for name in ("input", "output", "request"):
            if not 0 <= getattr(price, name) <= MAX_COUNT:
                raise ConfigurationError(f"{place}.{name} must lie between 0 and {MAX_COUNT}")
    for index, limit in enumerate(settings.limit):
        if limit.what != "spend":
            continue
        for agent in settings.agent:
            meant = not limit.agents or agent.id in limit.agents
            if meant and (agent.id, None) not in named and (None, agent.model or "") not in named:
                raise ConfigurationError(
                    f"limit[{index}] limits spend, and an agent that it applies to has no [[price]]: give it one, if "
                    "need be of 0"
                )


def may_name(issuer: Issuer, tenant: str, issuers: tuple[Issuer, ...]) -> bool:
    """Whether subjects of this issuer's tokens are, in this tenant, those that policy and configuration name. Where
    nothing is said, only if no other issuer may assert the tenant: `alice` is whoever says so there."""
    if issuer.named is not None:
        return issuer.named
    return all(tenant not in one.tenants for one in issuers if one.issuer != issuer.issuer)


def check_named(issuers: tuple[Issuer, ...], tenant: str, who: str) -> None:
    """`ConfigurationError` where `who` names callers of a tenant that several issuers may assert, and one of these does
    not say whether its subjects are meant."""
    asserting = [index for index, one in enumerate(issuers) if tenant in one.tenants]
    for index in asserting if len(asserting) > 1 else ():
        if issuers[index].named is None:
            raise ConfigurationError(
                f"issuer[{index}].named must be true or false: {who} names callers of a tenant that several "
                "issuers may assert, and only the subjects of some may be meant"
            )


def _callers(settings: Settings) -> None:
    """Who calls as which agent: a caller is one agent, of a tenant that is there."""
    tenants, seen = {tenant.id for tenant in settings.tenants}, set[str]()
    for index, agent in enumerate(settings.agent):
        for caller in agent.callers:
            tenant, slash, subject = caller.partition("/")
            if not slash or not subject or tenant not in tenants:
                raise ConfigurationError(f"agent[{index}].callers must be <tenant>/<subject>, of a configured tenant")
            check_named(settings.issuer, tenant, f"agent[{index}].callers")
            if caller in seen:
                raise ConfigurationError(f"agent[{index}].callers holds a caller that is there twice: it is one agent")
            seen.add(caller)
        if agent.delegation and not agent.callers:
            raise ConfigurationError(
                f"agent[{index}].callers must say who it calls as: a delegation token alone lets nobody in"
            )


def _glass(rules: tuple[BreakGlass, ...]) -> None:
    for index, rule in enumerate(rules):
        place = f"break_glass[{index}]"
        if not rule.grants or not all(_ROLE.fullmatch(name) for name in (rule.role, rule.reviewer, *rule.grants)):
            raise ConfigurationError(f"{place}: role, reviewer and each of grants must be the name of a role")
        if rule.reviewer in rule.grants:
            raise ConfigurationError(f"{place}.reviewer must be none of grants: who is lent it would review themselves")
        if not 1 <= rule.minutes <= 480:
            raise ConfigurationError(f"{place}.minutes must lie between 1 and 480")


def _notified(approvals: ApprovalSettings) -> None:
    if (approvals.notify_url is None) != (approvals.notify_secret is None):
        raise ConfigurationError("approvals.notify_url and approvals.notify_secret go together")
    if approvals.notify_url is not None and not _ADDRESS.fullmatch(approvals.notify_url):
        raise ConfigurationError(
            "approvals.notify_url must be http(s)://host[:port][/path], without user, query or fragment"
        )
    if approvals.notify_secret is not None and not _SECRET.fullmatch(approvals.notify_secret):
        raise ConfigurationError("approvals.notify_secret must be a reference, env:NAME or file:PATH, never a value")
    for network in approvals.notify_addresses:
        try:
            ip_network(network)
        except ValueError as error:
            raise ConfigurationError(
                "approvals.notify_addresses must be networks such as 10.1.0.0/16 or fd00:1::/64"
            ) from error


def _reachable(server: Server) -> None:
    if server.public_url is not None and not _ADDRESS.fullmatch(server.public_url):
        raise ConfigurationError(
            "server.public_url must be http(s)://host[:port][/path], without user, query or fragment"
        )
    for index, origin in enumerate(server.allowed_origins):
        if not _ORIGIN.fullmatch(origin):
            raise ConfigurationError(f"server.allowed_origins[{index}] must be scheme://host[:port], in lower case")


def _clients(settings: Settings) -> None:
    """How callers' certificates come to be known. What could not be enforced is refused, not passed over."""
    server = settings.server
    for index, proxy in enumerate(server.trusted_proxies):
        try:
            ip_network(proxy)
        except ValueError as error:
            raise ConfigurationError(
                f"server.trusted_proxies[{index}] must be an address or a network, such as 10.0.0.5 or fd00:1::/64"
            ) from error
    if server.client_ca is None and (
        server.client_crl or server.client_header or settings.certificate or server.client_auth == "required"
    ):
        raise ConfigurationError(
            "server.client_ca is needed for client_auth, client_crl, client_header and [[certificate]]"
        )
    if server.client_ca is not None and server.tls_certificate is None and server.client_header is None:
        raise ConfigurationError("server.client_ca needs tls_certificate, or client_header where a proxy ends TLS")
    if server.client_header is not None and not server.trusted_proxies:
        raise ConfigurationError("server.client_header needs trusted_proxies: from nobody else it is believed")


def _certificate(place: str, certificate: Certificate, settings: Settings, zones: set[str]) -> None:
    if certificate.zone is not None and certificate.zone not in zones:
        raise ConfigurationError(f"{place}.zone names no [[zone]]")
    if certificate.tenant not in {tenant.id for tenant in settings.tenants}:
        raise ConfigurationError(f"{place}.tenant names no [[tenant]]")
    for pin in certificate.authorities:
        if not _PIN.fullmatch(pin):
            raise ConfigurationError(f"{place}.authorities must be sha256: and 64 hex digits in lower case")


def _agent(place: str, agent: Agent, zones: set[str], processors: set[str]) -> None:
    if agent.zone not in zones:
        raise ConfigurationError(f"{place}.zone names no [[zone]]")
    if agent.processor is not None and agent.processor not in processors:
        raise ConfigurationError(f"{place}.processor names no [[processor]]")
    if not _ADDRESS.fullmatch(agent.url):
        raise ConfigurationError(f"{place}.url must be http(s)://host[:port][/path], without user, query or fragment")
    if agent.credential is not None and not _SECRET.fullmatch(agent.credential):
        raise ConfigurationError(f"{place}.credential must be a reference, env:NAME or file:PATH, never a value")
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
    for capability in agent.capabilities:
        if not _ID.fullmatch(capability):
            raise ConfigurationError(f"{place}.capabilities must be of lower-case letters, digits and . _ -")


def _interface(place: str, agent: Agent) -> None:
    if agent.a2a is None:
        return
    if agent.protocol != "a2a":
        raise ConfigurationError(f'{place}.a2a is for protocol = "a2a" only')
    for name, path in (("path", agent.a2a.path), ("card", agent.a2a.card)):
        if not re.fullmatch(r"/[!-~]*" if name == "card" else r"(/[!-~]*)?", path) or set(path) & set("?#"):
            raise ConfigurationError(f"{place}.a2a.{name} must be a path that starts with /, below the agent's url")
    for name, urls in (("push_urls", agent.a2a.push_urls), ("file_urls", agent.a2a.file_urls)):
        if not all(_ADDRESS.fullmatch(url) for url in urls):
            raise ConfigurationError(
                f"{place}.a2a.{name} must be http(s)://host[:port][/path], without user, query or fragment"
            )


def _connection(place: str, agent: Agent) -> None:
    """How the agent is connected to. A demand on TLS that a plain address cannot meet is refused, not passed over."""
    if (agent.client_certificate is None) != (agent.client_key is None):
        raise ConfigurationError(f"{place}.client_certificate and {place}.client_key go together")
    if agent.url.startswith("http:") and (agent.ca or agent.client_certificate or agent.pin):
        raise ConfigurationError(f"{place}.url must be https:// where ca, client_certificate or pin is given")
    for pin in agent.pin:
        if not _PIN.fullmatch(pin):
            raise ConfigurationError(f"{place}.pin must be sha256: and 64 hex digits in lower case")
    _networks(f"{place}.addresses", agent.addresses)
    if not 1 <= agent.max_connections <= 65535:
        raise ConfigurationError(f"{place}.max_connections must lie between 1 and 65535")


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
        if not low <= value <= high:
            raise ConfigurationError(f"{place}.{name} must lie between {low} and {high}")


def _unique(table: str, ids: list[str], named: str = "id", form: re.Pattern[str] | None = _ID) -> None:
    for index, value in enumerate(ids):
        if form is not None and not form.fullmatch(value):
            raise ConfigurationError(f"{table}[{index}].{named} must be of lower-case letters, digits and . _ -")
        if value in ids[:index]:
            raise ConfigurationError(f"{table}[{index}].{named} is there twice")


def _bounds(settings: Settings) -> None:
    server = settings.server
    for name, value, low, high in (
        ("server.port", server.port, 0, 65535),
        ("server.workers", server.workers, 1, 64),
        ("server.max_body_bytes", server.max_body_bytes, 1024, 1 << 30),
        ("server.max_answer_bytes", server.max_answer_bytes, 1024, 1 << 30),
        ("server.max_depth", server.max_depth, 4, 512),
        ("server.body_timeout_s", server.body_timeout_s, 0.1, 600),
        ("ledger.checkpoint_interval_s", settings.ledger.checkpoint_interval_s, 0.1, 86400),
        ("limits.timeout_ms", settings.limits.timeout_ms, 1, 10_000),
        ("limits.concurrency", settings.limits.concurrency, 1, 1_000_000),
        ("limits.output_tokens", settings.limits.output_tokens, 0, 1_000_000_000),
        ("mcp.session_idle_s", settings.mcp.session_idle_s, 1, 604_800),
        ("sessions.idle_days", settings.sessions.idle_days, 1, 3_650),
        ("approvals.wait_s", settings.approvals.wait_s, 1, 2_592_000),
        ("approvals.use_s", settings.approvals.use_s, 1, 2_592_000),
        ("approvals.waiting", settings.approvals.waiting, 1, 1_000_000),
        ("sessions.denied_s", settings.sessions.denied_s, 0, 604_800),
        ("delegation.lifetime_s", settings.delegation.lifetime_s, 1, 86_400),
        ("delegation.max_depth", settings.delegation.max_depth, 1, 32),
        ("delegation.max_children", settings.delegation.max_children, 1, 1_000_000),
        ("tasks.concurrency", settings.tasks.concurrency, 1, 10_000),
        ("tasks.target_concurrency", settings.tasks.target_concurrency, 1, 10_000),
        ("tasks.pending", settings.tasks.pending, 1, 10_000_000),
        ("tasks.tries", settings.tasks.tries, 1, 20),
        ("tasks.retry_s", settings.tasks.retry_s, 0.001, 3600),
        ("tasks.retry_max_s", settings.tasks.retry_max_s, 0.001, 86_400),
        ("tasks.lease_s", settings.tasks.lease_s, 1, 3600),
        ("tasks.poll_s", settings.tasks.poll_s, 0.01, 60),
        ("tasks.max_delay_s", settings.tasks.max_delay_s, 0, 31_536_000),
        ("tasks.max_age_s", settings.tasks.max_age_s, 1, 31_536_000),
        ("tasks.keep_s", settings.tasks.keep_s, 0, 31_536_000),
        ("tasks.keep_failed_s", settings.tasks.keep_failed_s, 0, 31_536_000),
        ("cache.entries", settings.cache.entries, 1, 10_000_000),
        ("cache.size_bytes", settings.cache.size_bytes, 1024, 1 << 40),
        ("classification.budget_ms", settings.classification.budget_ms, 1, 10_000),
    ):
        if not low <= value <= high:
            raise ConfigurationError(f"{name} must lie between {low} and {high}")


def _without_values(message: str) -> str:
    """msgspec says "Invalid enum value 'x' - at `$.agent[0].zone`": the place and the rule stay, the value goes,
    whatever quotes it holds or is told in."""
    return _VALUE.sub(r"\1(given)\2", message).replace("`", "").replace("$.", "")


def _place(error: Exception) -> str:
    found = re.search(r"line \d+, column \d+", str(error))
    return found.group() if found else "see the TOML specification"
