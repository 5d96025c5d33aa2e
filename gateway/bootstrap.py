"""The only place where things are built and joined: from settings to a gateway that serves.

`open_site` is what every command needs (database, keyring, tenants, ledgers); `open_gateway` adds what serving needs.
Both are context managers: what they open they close, in the opposite order, also when the start fails half way.
"""

import asyncio
import hashlib
import logging
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from pathlib import Path

import msgspec
from sqlalchemy.ext.asyncio import AsyncEngine

import gateway
from gateway.agents.authorities import FileTrust
from gateway.agents.bodies import read_json
from gateway.agents.client import AgentClient
from gateway.agents.issuers import IssuerKeys, IssuerState
from gateway.agents.registry import Registry
from gateway.checks.access.shipped import ROLES
from gateway.checks.classification.engine import Engine
from gateway.checks.counters import MemoryCounters
from gateway.checks.delegation import Tokens
from gateway.checks.identity.certificate import Certificates
from gateway.checks.identity.credentials import Credentials
from gateway.checks.identity.identifier import Identifier
from gateway.checks.limits import Rate
from gateway.checks.policy.policy import Policy
from gateway.checks.policy.version import PolicySet, agents_of_others, diff, from_bytes, policy_set, to_bytes
from gateway.checks.schema import Schema
from gateway.core.counters import Counters
from gateway.core.errors import ConfigurationError, GatewayError
from gateway.core.ids import random_id, uuid7
from gateway.core.ports import Bounds, Clock, Failpoint
from gateway.core.refusal import Refusal
from gateway.exchange.a2a import A2aGovernor
from gateway.exchange.admission import Admission
from gateway.exchange.answerers import Answerers, persons_of
from gateway.exchange.answering import Answering
from gateway.exchange.applying import Applying
from gateway.exchange.approvals import Approvals
from gateway.exchange.approving import Approving
from gateway.exchange.arrival import Arrival
from gateway.exchange.assertions import Assertions
from gateway.exchange.auditor import Auditor
from gateway.exchange.caching import Caching, MemoryCache
from gateway.exchange.choosing import Chooser
from gateway.exchange.delegation import Delegation
from gateway.exchange.descriptions import load_descriptions
from gateway.exchange.dispatcher import Dispatcher
from gateway.exchange.exchange import Exchange
from gateway.exchange.failures import Failures
from gateway.exchange.forwarder import Forwarder
from gateway.exchange.glass import Glass
from gateway.exchange.governor import Governor
from gateway.exchange.health import Health
from gateway.exchange.inspector import Inspector
from gateway.exchange.issuers import IssuerRecords
from gateway.exchange.ledgers import Ledgers as OpenLedgers
from gateway.exchange.mcp import McpGovernor
from gateway.exchange.mcp_listing import Listing
from gateway.exchange.mcp_tools import McpTools
from gateway.exchange.metrics import Metrics
from gateway.exchange.notices import Notices, notified
from gateway.exchange.planning import Planner
from gateway.exchange.probing import probes
from gateway.exchange.protocols import offer, wire_protocols
from gateway.exchange.quotas import Count, Quotas
from gateway.exchange.router import Router
from gateway.exchange.scribe import Scribe
from gateway.exchange.sessions import Sessions
from gateway.exchange.shared import LEASE_S, SharedCounters, recording
from gateway.exchange.standing import Standing
from gateway.exchange.task_scribe import TaskScribe
from gateway.exchange.tasks import Fetched, Foresee, Tasks
from gateway.exchange.usage import Prices
from gateway.ledger.commitment import committed, new_salt
from gateway.ledger.entry import Entry
from gateway.ledger.record import Detail, Envelope, NodeInfo, encode_detail, timestamp
from gateway.pipeline import Parts, Pipeline
from gateway.settings import MEMORY, Agent, Settings, secret
from gateway.store.api_keys import ApiKeyStore
from gateway.store.approvals import ApprovalStore
from gateway.store.checkpointer import Checkpointer
from gateway.store.denials import DenialStore
from gateway.store.directory import SYSTEM, Directory, TenantEntry
from gateway.store.engine import Target, open_engine, target
from gateway.store.glass import GlassStore
from gateway.store.guard import guard
from gateway.store.key_pool import KeyPool
from gateway.store.keyring import Keyring
from gateway.store.ledgers import Ledgers
from gateway.store.mcp_sessions import McpSessions
from gateway.store.node import living
from gateway.store.open_exchanges import OpenExchanges
from gateway.store.policies import PolicyStore
from gateway.store.reader import StoreReader
from gateway.store.redis_counters import RedisCounters
from gateway.store.sealing import Sealer
from gateway.store.sessions import SessionStore
from gateway.store.sql import reachable
from gateway.store.sticking import StickingClasses
from gateway.store.tasks import TaskStore
from gateway.store.tools import ToolStore
from gateway.store.writer_base import LedgerWriter

DEFAULT_ORIGIN = "gateway.internal"
JWKS_PATH = "/.well-known/jwks.json"
"""Where the public keys are that the gateway signs with on the traffic plane."""
MIN_SECRET = 16
"""Bytes of a secret that something is signed with."""
MAX_DIFF = 256
"""Lines of what changed that one record tells."""
_SWEEP_S = 5.0
_EXPIRY_S = 30.0
_USE_S = 60.0
_GLASS_S = 3.0
_log = logging.getLogger("gateway")


class SystemClock:
    """The machine's clock. `monotonic_ns` is asked some thirty times a request: no call of ours stands before it."""

    monotonic_ns = staticmethod(time.monotonic_ns)

    def now_us(self) -> int:
        return time.time_ns() // 1000


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """An opened installation: what commands and the server share. `tenants` are the configured ones, by id."""

    settings: Settings
    clock: Clock
    where: Target
    engine: AsyncEngine
    keyring: Keyring
    directory: Directory
    ledgers: Ledgers
    node: NodeInfo
    metrics: Metrics
    tenants: Mapping[str, TenantEntry]
    api_keys: ApiKeyStore
    denials: DenialStore
    policies: PolicyStore
    tools: ToolStore
    approvals: ApprovalStore
    failpoint: Failpoint | None = None

    @property
    def approving(self) -> Approving:
        """The approvers' side of approvals, of every tenant."""
        return Approving(
            store=self.approvals,
            directory=self.directory,
            sealer=Sealer(self.keyring),
            clock=self.clock,
            node=self.node,
            metrics=self.metrics,
            use_s=self.settings.approvals.use_s,
            callers=frozenset(_callers(self.settings)),
        )

    async def writer(self, tenant: str) -> LedgerWriter:
        """The writer of a configured tenant, or of `_system`."""
        return await self.ledgers.open(self.tenants[tenant].ledger)

    def reader(self, tenant: str) -> StoreReader:
        return StoreReader(self.engine, self.tenants[tenant].ledger)

    async def auditor(self, tenant: str) -> Auditor:
        """The recorded way into a configured tenant's trail."""
        entry = self.tenants[tenant]
        return Auditor(
            engine=self.engine,
            ledger_id=entry.ledger,
            ledger=await self.writer(tenant),
            publisher=await self.checkpointer(tenant),
            policies=self.policies,
            signer=self.keyring.signer(entry.origin),
            clock=self.clock,
            node=self.node,
        )

    async def checkpointer(self, tenant: str) -> Checkpointer:
        """Publishes checkpoints of a configured tenant's ledger."""
        entry = self.tenants[tenant]
        return Checkpointer(
            self.engine,
            ledger=entry.ledger,
            signer=self.keyring.signer(entry.origin),
            writer=await self.writer(tenant),
            clock=self.clock,
            node=self.node,
            failpoint=self.failpoint,
        )


class Gateway(msgspec.Struct, frozen=True, kw_only=True):
    """A gateway that is ready to serve."""

    site: Site
    pipeline: Pipeline
    policy: Policy
    policy_set: PolicySet
    registry: Registry
    engine: Engine
    bounds: Bounds
    assertions: Assertions
    approvals: Approvals
    notices: Notices
    glass: Glass
    tasks: Tasks
    dispatcher: Dispatcher
    auditors: Mapping[str, Auditor]
    """By tenant's configured id, `_system` among them."""
    quotas: Quotas | None = None
    shared: SharedCounters | None = None
    """What nodes count together, where they do."""

    @property
    def limits(self) -> str:
        """Who counts for the limits: `memory`, `shared`, or `degraded` while this node does it alone."""
        return "memory" if self.shared is None else self.shared.state

    def named(self, tenant: str) -> frozenset[str]:
        """Subjects of a tenant (its configured id) that policy, `[[agent]] callers` or `[[limit]] callers` name."""
        settings = self.site.settings
        callers = self.policy.named_callers.union(*(agent.callers for agent in settings.agent))
        found = {name.removeprefix(f"{tenant}/") for name in callers if name.startswith(f"{tenant}/")}
        return frozenset(found).union(
            *(one.callers for one in settings.limit if not one.tenants or tenant in one.tenants)
        )

    def ready(self) -> dict[str, bool]:
        """What readiness stands on, each told truthfully: all must hold."""
        writers = self.site.ledgers.writers
        tenants = {entry.ledger for entry in self.site.tenants.values()}
        return {
            "ledger": all(name in writers and writers[name].healthy for name in tenants),
            "policy": all(
                writers[entry.ledger].policy == self.policy.digest
                for name, entry in self.site.tenants.items()
                if name != SYSTEM and entry.ledger in writers
            ),
            "tasks": self.dispatcher.healthy,
        }


@asynccontextmanager
async def open_site(
    settings: Settings, *, serving: bool = False, failpoint: Failpoint | None = None, clock: Clock | None = None
) -> AsyncIterator[Site]:
    """Database, keyring, tenants and ledgers. `ConfigurationError` for anything that must not be worked with."""
    clock = clock or SystemClock()
    async with AsyncExitStack() as stack:
        where = target(settings)
        engine = open_engine(where)
        stack.push_async_callback(engine.dispose)
        await guard(engine)
        keys = settings.path(settings.keys.directory)
        keyring = Keyring.open(keys)
        stack.callback(keyring.close)
        directory = Directory(engine, keyring, clock, settings.ledger.origin or DEFAULT_ORIGIN)
        tenants = {name: await directory.entry(name) for name in (*(one.id for one in settings.tenants), SYSTEM)}
        metrics = Metrics()
        node = NodeInfo(id=_node_id(keys), boot=random_id("bt"))
        ledgers = Ledgers(
            where,
            engine,
            node=node,
            clock=clock,
            keyring=keyring,
            failpoint=failpoint,
            on_batch=metrics.batch,
            serving=serving,
            build=build_digest(),
            config=config_digest(settings),
        )
        await ledgers.start()
        stack.push_async_callback(ledgers.stop)
        api_keys = ApiKeyStore(engine, clock)
        yield Site(
            settings=settings,
            clock=clock,
            where=where,
            engine=engine,
            keyring=keyring,
            directory=directory,
            ledgers=ledgers,
            node=node,
            metrics=metrics,
            tenants=tenants,
            api_keys=api_keys,
            denials=DenialStore(engine, clock, (one.issuer for one in settings.issuer), api_keys.forget),
            policies=PolicyStore(engine, clock),
            tools=ToolStore(engine, clock),
            approvals=ApprovalStore(engine),
            failpoint=failpoint,
        )


@asynccontextmanager
async def open_gateway(
    settings: Settings, *, failpoint: Failpoint | None = None, clock: Clock | None = None
) -> AsyncIterator[Gateway]:
    """The whole gateway: policy activated, ledgers recovered, agents' clients built, checkpoints on their way."""
    clock = clock or SystemClock()
    engine = Engine(clock=clock, budget_ms=settings.classification.budget_ms)
    versioned = load_policy_set(settings, engine.version)
    policy = Policy(versioned, settings)
    async with AsyncExitStack() as stack:
        site = await stack.enter_async_context(open_site(settings, serving=True, failpoint=failpoint, clock=clock))
        writers = {entry.ledger: await site.ledgers.open(entry.ledger) for entry in site.tenants.values()}
        for name in site.tenants:
            if name != SYSTEM:
                await activate(site, name, versioned)
        registry = Registry(settings, lambda reference: secret(reference, settings.base))
        client = await stack.enter_async_context(AgentClient(registry.routes))
        notices = await _notices(settings, site, stack)
        glass = Glass(
            store=GlassStore(site.engine),
            rules=settings.break_glass,
            clock=clock,
            node=site.node,
            metrics=site.metrics,
            notices=notices,
        )
        await glass.refresh()
        bounds = bounds_of(settings)
        pool = KeyPool(site.keyring)
        stack.push_async_callback(pool.stop)
        if failpoint is None:  # at failpoints every key is made durable in its place, so that they see it
            await pool.start()
        sealer = Sealer(site.keyring, pool)
        assertions = _assertions(settings, site)
        # One secret for all tenants: an agent that two of them use knows only its own ids.
        store = SessionStore(site.engine, site.keyring.search_key(SYSTEM))
        sessions = Sessions(store, clock, settings.sessions.idle_days)
        delegation = _delegation(settings, site)
        sticking = StickingClasses(site.engine, clock, principal=store.principal, lasts_s=settings.sessions.denied_s)
        await sticking.look()
        mcp = _mcp(site, policy, engine, writers)
        issuers = await _issuers(settings, site, stack)
        for ledger in writers:
            await site.denials.reload(ledger)
        shared = await _counting(site, stack, await site.writer(SYSTEM))
        governors: dict[str, Governor] = {"mcp": mcp, "a2a": A2aGovernor(sessions, bounds)}
        parts = _parts(
            settings,
            site,
            client,
            policy,
            registry,
            engine,
            bounds,
            writers,
            sealer,
            failpoint,
            assertions,
            governors,
            sessions,
            issuers,
            delegation,
            shared,
            sticking,
            notices,
            glass,
        )
        pipeline = Pipeline(parts)
        mcp.fetches(Listing(pipeline.handle, bounds))
        stack.push_async_callback(pipeline.drain)
        tasks = tasks_of(site, writers, sealer, pipeline.foresee, delegation.fetched)
        dispatcher = _dispatcher(site, tasks, pipeline, writers, parts.health, registry)
        dispatcher.start()
        stack.push_async_callback(dispatcher.stop)
        auditors = {name: await site.auditor(name) for name in site.tenants}
        background = [
            asyncio.create_task(_checkpoints(auditors, settings.ledger.checkpoint_interval_s)),
            asyncio.create_task(_failures(parts)),
            asyncio.create_task(_renewals(glass)),
            asyncio.create_task(_expiries(parts.approvals, [one.ledger for one in site.tenants.values()])),
            asyncio.create_task(site.denials.watch(writers)),
            *([] if shared is None else [asyncio.create_task(shared.run())]),
            asyncio.create_task(site.api_keys.use.keep(_USE_S)),
            asyncio.create_task(sticking.watch()),
            *(asyncio.create_task(probe) for probe in probes(settings.agent, registry, client, parts.health)),
        ]
        stack.push_async_callback(_stopped, background)
        yield Gateway(
            site=site,
            pipeline=pipeline,
            policy=policy,
            policy_set=versioned,
            registry=registry,
            engine=engine,
            bounds=bounds,
            assertions=assertions,
            approvals=parts.approvals,
            notices=notices,
            glass=glass,
            tasks=tasks,
            dispatcher=dispatcher,
            auditors=auditors,
            quotas=parts.quotas,
            shared=shared,
        )
        await _flush(parts, everything=True)
        with suppress(GatewayError):  # at worst the last minute's uses are not told
            await site.api_keys.use.write()


def bounds_of(settings: Settings) -> Bounds:
    """The bounds that the settings give to messages."""
    server = settings.server
    return Bounds(body_bytes=server.max_body_bytes, answer_bytes=server.max_answer_bytes, depth=server.max_depth)


def load_policy_set(settings: Settings, engine_version: str) -> PolicySet:
    """The policy set of the configured directory; `ConfigurationError` for one that must not be served with."""
    directory = settings.path(settings.policy.directory)
    if not directory.is_dir():
        raise ConfigurationError("policy.directory names no directory: make one with `gateway init`")
    files = {
        path.relative_to(directory).as_posix(): path.read_bytes()
        for path in sorted(directory.rglob("*"))
        if path.is_file()
    }
    return policy_set(files, settings, engine_version)


def load_schemas(settings: Settings, which: str) -> dict[str, Schema]:
    """The compiled schemas of agents that have one (`which`: `schema` or `answer_schema`), by agent id."""
    found: dict[str, Schema] = {}
    for index, agent in enumerate(settings.agent):
        name: str | None = getattr(agent, which)
        if name is not None:
            found[agent.id] = _schema(settings, agent, f"agent[{index}].{which}", name)
    return found


async def activate(site: Site, tenant: str, versioned: PolicySet) -> bool:
    """Make this version the active one of a tenant, with its record, unless it is; True if it was not.

    `ConfigurationError` where four eyes are asked for: then a directory that differs is only a proposal.
    """
    ledger = site.tenants[tenant].ledger
    active = await site.policies.active(ledger)
    if active == versioned.digest:
        return False
    if active is not None and site.settings.policy.four_eyes:
        raise ConfigurationError(
            "the policy directory differs from the active version, and policy.four_eyes is on: put the active version "
            "back; proposing another needs a second person and is not available in this version"
        )
    stored = None if active is None else await site.policies.get(active)
    # The version first: a crash before the record leaves one that was never active.
    await site.policies.put(to_bytes(versioned))
    now = site.clock.now_us()
    former = None if stored is None else from_bytes(stored)
    hidden = agents_of_others((versioned,) if former is None else (former, versioned), tenant)
    detail = encode_detail(
        Detail(
            reason="single-person: activated at start, from the policy directory",
            diff=_told(diff(former, versioned), tenant, hidden),
        )
    )
    salt = new_salt()
    envelope = Envelope(
        id=uuid7(now),
        tenant=ledger,
        event="policy.activated",
        occurred_at=timestamp(now),
        policy=versioned.digest,
        config=config_digest(site.settings),
        node=site.node,
        detail=committed(salt, "detail", detail),
    )
    # A crash before: the former version is active, and the next start does this again. After: this one is.
    writer = await site.ledgers.open(ledger)
    await writer.append(Entry.of(envelope, detail=detail, salt=salt, activates=versioned.digest))
    return True


def _told(lines: Sequence[str], tenant: str, hidden: frozenset[str]) -> tuple[str, ...]:
    """What changed, without the lines that are about other tenants, their callers and their agents (`hidden`): who
    reads a tenant's ledger must not learn from it that there are others."""
    return tuple(
        line
        for line in lines
        if (not line.startswith("tenant ") or line.startswith(f"tenant {tenant} "))
        and ("caller:" not in line or f"caller:{tenant}/" in line)
        and not line.startswith(tuple(f"agent {agent} " for agent in hidden))
    )[:MAX_DIFF]


def build_digest() -> str:
    """Digest of the running code: SHA-256 over the package's source files, by name."""
    package = Path(gateway.__file__).parent
    total = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        total.update(path.relative_to(package).as_posix().encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return f"sha256:{total.hexdigest()}"


def caching_of(settings: Settings, policy: Policy, clock: Clock) -> Caching:
    """What is kept of agents that allow it, in this process's memory; `ConfigurationError` for a class that is none."""
    unknown = sorted(set(settings.cache.classes) - policy.known_classes)
    if unknown:
        known = ", ".join(sorted(policy.known_classes))
        raise ConfigurationError(f"cache.classes must be data classes of the policy, which are {known}")
    return Caching(
        MemoryCache(settings.cache.entries, settings.cache.size_bytes),
        clock,
        lifetimes={agent.id: agent.cache_s for agent in settings.agent if agent.cache_s > 0},
        classes=frozenset(settings.cache.classes),
    )


def remote_counters(settings: Settings) -> RedisCounters | None:
    """The server that counts for all nodes; None where each counts alone. `ConfigurationError` for a password, or
    authorities, that are not there."""
    limits = settings.limits
    if limits.url == MEMORY:
        return None
    ca = None if limits.ca is None else settings.path(limits.ca)
    if ca is not None and not ca.is_file():
        raise ConfigurationError("limits.ca names no file")
    return RedisCounters(
        limits.url,
        password=None if limits.password is None else secret(limits.password, settings.base),
        ca=None if ca is None else str(ca),
        timeout_s=limits.timeout_ms / 1000,
        lease_s=LEASE_S,
    )


async def _counting(site: Site, stack: AsyncExitStack, system: LedgerWriter) -> SharedCounters | None:
    """What nodes count together, in touch with its server; closed by the stack."""
    remote = remote_counters(site.settings)
    if remote is None:
        return None
    stack.push_async_callback(remote.close)

    async def nodes() -> int:
        with reachable():
            return len(await living(site.engine, site.clock))

    told = recording(system, system.tenant, site.clock, site.node)
    shared = SharedCounters(remote, MemoryCounters(site.clock), nodes=nodes, told=told)
    site.metrics.shared(lambda: (shared.state == "shared", shared.lost))
    await shared.start()
    stack.push_async_callback(shared.stop)
    return shared


def quotas_of(
    settings: Settings, policy: Policy, counters: Counters | None, clock: Clock, count: Count
) -> Quotas | None:
    """The limits over counters that nodes have in common, or of this process's own; None where there is nothing to
    limit beyond what `Admission` does, and nothing has a price. `ConfigurationError` for a limit on a class that is
    none."""
    for index, limit in enumerate(settings.limit):
        if not policy.known_classes.issuperset(limit.classes):
            known = ", ".join(sorted(policy.known_classes))
            raise ConfigurationError(f"limit[{index}].classes must be data classes of the policy, which are {known}")
    prices = Prices(settings.price)
    applying = Applying(settings.limits, settings.limit, prices, common=counters is not None)
    if not applying and not prices:
        return None
    return Quotas(
        applying,
        prices,
        counters or MemoryCounters(clock),
        clock,
        output_tokens=settings.limits.output_tokens,
        count=count,
    )


def config_digest(settings: Settings) -> str:
    """Digest of the settings in force (which hold references to secrets, never secrets)."""
    data = msgspec.json.encode(msgspec.structs.replace(settings, base="."), order="sorted")
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def _mcp(site: Site, policy: Policy, engine: Engine, writers: Mapping[str, LedgerWriter]) -> McpGovernor:
    sessions = McpSessions(site.engine, site.clock, site.settings.mcp.session_idle_s)
    ledgers = OpenLedgers(writers)
    tools = McpTools(store=site.tools, ledgers=ledgers, policy=policy, engine=engine, clock=site.clock)
    return McpGovernor(sessions, tools)


async def _issuers(settings: Settings, site: Site, stack: AsyncExitStack) -> IssuerKeys:
    """The issuers' keys, asked for once, and from now on in the background until the stack is left."""
    entry = site.tenants[SYSTEM]
    records = IssuerRecords(ledger=await site.writer(SYSTEM), tenant=entry.ledger, clock=site.clock, node=site.node)
    keys = IssuerKeys(settings, site.clock, records.changed)
    stack.push_async_callback(keys.stop)
    await keys.start()
    # Metrics are open: where tenants share an installation an issuer's address might name one of them.
    labels = {one.issuer: f"issuer[{index}]" for index, one in enumerate(settings.issuer)}

    def states() -> list[IssuerState]:
        found = keys.states()
        if len(settings.tenants) < 2:
            return found
        return [msgspec.structs.replace(state, issuer=labels[state.issuer]) for state in found]

    site.metrics.issuers(states)
    return keys


def _parts(
    settings: Settings,
    site: Site,
    client: AgentClient,
    policy: Policy,
    registry: Registry,
    engine: Engine,
    bounds: Bounds,
    writers: Mapping[str, LedgerWriter],
    sealer: Sealer,
    failpoint: Failpoint | None,
    assertions: Assertions,
    governors: Mapping[str, Governor],
    sessions: Sessions,
    issuers: IssuerKeys,
    delegation: Delegation,
    counters: Counters | None,
    sticking: StickingClasses,
    notices: Notices,
    glass: Glass,
) -> Parts:
    clock = site.clock
    answers = load_schemas(settings, "answer_schema")
    spoken = partial(
        wire_protocols,
        bounds=bounds,
        schemas=load_schemas(settings, "schema"),
        answers=answers,
        address=settings.address,
        origins=settings.server.allowed_origins,
        governors=governors,
        descriptions=load_descriptions(settings, policy.known_classes),
        sign=assertions.card_signature(f"{settings.address}{JWKS_PATH}"),
    )
    protocols = spoken(registry)
    offered = {name: spoken(registry.of(name)) for name in site.tenants if registry.divided and name != SYSTEM}
    health = Health(settings.agent, clock)
    own = {agent.id for agent in settings.agent if agent.tenants and len(settings.tenants) > 1}
    # Metrics are open: what agents particular tenants have is theirs to know.
    site.metrics.agents(lambda: [state for state in health.states() if state.agent not in own], frozenset(own))
    router = Router(
        policy=policy,
        engine=engine,
        clock=clock,
        serves=lambda message, agent: offer(protocols, message, agent),
        schemas=load_schemas(settings, "schema"),
        answering=frozenset(answers),
        trusted=frozenset(zone.id for zone in settings.zone if zone.trusted),
    )
    chooser = Chooser(Planner(router, policy), health)
    scribe = Scribe(
        clock=clock,
        sealing=sealer,
        node=site.node,
        policy=policy.digest,
        engine=engine.version,
        config=config_digest(settings),
    )
    quotas = quotas_of(settings, policy, counters, clock, site.metrics.limited)
    inspector = Inspector(
        router=router, engine=engine, bounds=bounds, stream=settings.classification.stream, policy=policy.digest
    )
    return Parts(
        clock=clock,
        protocols=protocols,
        offered=offered,
        admission=Admission(
            identifier=Credentials(
                Identifier(
                    settings.issuer, issuers, site.api_keys, clock, policy.known_roles | ROLES, settings.address
                ),
                Certificates(settings.certificate, FileTrust(settings, clock), clock, policy.known_roles | ROLES),
                required=settings.server.client_auth == "required",
            ),
            pseudonyms=site.directory,
            denials=site.denials,
            limits=settings.limits,
            clock=clock,
            classes=policy.known_classes,
            tenants=frozenset(site.tenants) - {SYSTEM},
            glass=glass.lent if glass.configured else None,
        ),
        engine=engine,
        policy=policy,
        router=chooser,
        approvals=Approvals(
            store=site.approvals,
            directory=site.directory,
            sealer=sealer,
            router=router,
            ledgers=OpenLedgers(writers),
            settings=settings.approvals,
            address=settings.address,
            clock=clock,
            node=site.node,
            metrics=site.metrics,
            notices=notices,
            answerers=Answerers(directory=site.directory, denials=site.denials, keys=site.api_keys, clock=clock),
        ),
        health=health,
        caching=caching_of(settings, policy, clock),
        sessions=sessions,
        delegation=delegation,
        sticking=sticking,
        forwarder=Forwarder(
            client=client,
            router=chooser,
            health=health,
            scribe=scribe,
            bounds=bounds,
            failpoint=failpoint,
            assertions=assertions,
            quotas=quotas,
            delegation=delegation,
        ),
        answering=Answering(
            inspector=inspector, bounds=bounds, protocols=protocols, sessions=sessions, delegation=delegation
        ),
        scribe=scribe,
        ledgers=OpenLedgers(writers),
        failures=Failures(clock, Rate.parse(settings.limits.failures)),
        metrics=site.metrics,
        bounds=bounds,
        quotas=quotas,
        failpoint=failpoint,
    )


def _callers(settings: Settings) -> dict[tuple[str, str], str]:
    """Tenant and subject of each that an agent calls as → the agent."""
    callers: dict[tuple[str, str], str] = {}
    for agent in settings.agent:
        for caller in agent.callers:
            tenant, _, subject = caller.partition("/")
            callers[tenant, subject] = agent.id
    return callers


def _delegation(settings: Settings, site: Site) -> Delegation:
    return Delegation(
        OpenExchanges(site.engine),
        Tokens(site.keyring.search_key(SYSTEM)),
        site.clock,
        callers=_callers(settings),
        persons=partial(persons_of, site.directory),
        settings=settings.delegation,
        shared=site.where.kind == "postgresql",
    )


def tasks_of(
    site: Site,
    writers: Mapping[str, LedgerWriter],
    sealer: Sealer,
    foresee: Foresee | None = None,
    fetched: Fetched | None = None,
) -> Tasks:
    """The tasks of an installation. Without `foresee` none can be submitted, and without `fetched` no result is given:
    for commands, which look after them."""

    async def unforeseen(_: Arrival) -> tuple[Exchange, Refusal | None]:
        raise ConfigurationError("tasks are submitted to a gateway that serves")

    async def unfetched(*_: object) -> Refusal | None:
        raise ConfigurationError("results are fetched from a gateway that serves")

    return Tasks(
        store=TaskStore(site.engine, site.clock),
        scribe=TaskScribe(clock=site.clock, sealing=sealer, node=site.node, config=config_digest(site.settings)),
        sealer=sealer,
        ledgers=OpenLedgers(writers),
        clock=site.clock,
        settings=site.settings.tasks,
        search_key=site.keyring.search_key,
        foresee=foresee or unforeseen,
        fetched=fetched or unfetched,
        body_bytes=site.settings.server.max_body_bytes,
    )


def _dispatcher(
    site: Site,
    tasks: Tasks,
    pipeline: Pipeline,
    writers: Mapping[str, LedgerWriter],
    health: Health,
    registry: Registry,
) -> Dispatcher:
    settings = site.settings
    names = {name for agent in settings.agent for name in (agent.id, *agent.capabilities)}

    def shut() -> list[str]:
        """Targets of which no agent would let a call through now: what waits for them waits without a record."""
        return [name for name in names if not any(health.open_to(route.id) for route in registry.candidates(name))]

    return Dispatcher(
        tasks=tasks,
        handle=pipeline.handle,
        standing=Standing(
            site.api_keys, settings.issuer, frozenset(site.tenants) - {SYSTEM}, site.clock, settings.certificate
        ),
        ledgers=OpenLedgers(writers),
        clock=site.clock,
        holder=f"{site.node.id}/{site.node.boot}",
        settings=settings.tasks,
        capacity={agent.id: agent.concurrency for agent in settings.agent},
        shut=shut,
        revision=lambda tenant: site.denials.of(tenant).revision,
        counted=site.metrics.task_tried,
    )


def _assertions(settings: Settings, site: Site) -> Assertions:
    """The maker of assertions and of cards' signatures, with a key only where there is something to sign."""
    seed = None
    if any(agent.assertion or agent.protocol == "a2a" for agent in settings.agent):
        site.keyring.create_assertion_key()
        seed = site.keyring.assertion_key()
    return Assertions(seed=seed, issuer=settings.ledger.origin or DEFAULT_ORIGIN, clock=site.clock)


async def _notices(settings: Settings, site: Site, stack: AsyncExitStack) -> Notices:
    """What tells approvers, where an address for that is configured."""
    given, client, route, key = settings.approvals, None, None, b""
    if given.notify_url is not None and given.notify_secret is not None:
        key = secret(given.notify_secret, settings.base).encode()
        if len(key) < MIN_SECRET:
            raise ConfigurationError(f"approvals.notify_secret must stand for at least {MIN_SECRET} bytes")
        ca = None if given.notify_ca is None else str(settings.path(given.notify_ca))
        route = notified(given.notify_url, given.notify_addresses, ca)
        client = await stack.enter_async_context(AgentClient((route,)))
    notices = Notices(client=client, route=route, secret=key, clock=site.clock, metrics=site.metrics)
    stack.push_async_callback(notices.stop)
    return notices


def _schema(settings: Settings, agent: Agent, place: str, name: str) -> Schema:
    path = settings.path(settings.policy.directory) / "schemas" / name
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{place} names no file in the policy directory's schemas/") from error
    document = read_json(data, Bounds(body_bytes=1 << 20, answer_bytes=1 << 20, depth=64))
    if isinstance(document, Refusal) or not isinstance(document.value, (dict, bool)):
        raise ConfigurationError(f"{place} is not a JSON Schema: the file of agent {agent.id} is not such JSON")
    return Schema(document.value, f"{place} of agent {agent.id}")


def _node_id(keys: Path) -> str:
    """The node's random id, made once and kept with its keys."""
    file = keys / "node-id"
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(random_id("nd"), "ascii")
    found = file.read_text("ascii").strip()
    if not found.startswith("nd_") or len(found) > 64:
        raise ConfigurationError(f"{file} does not hold a node's id: remove it, and a new one is made")
    return found


async def _checkpoints(auditors: Mapping[str, Auditor], interval_s: float) -> None:
    while True:
        await asyncio.sleep(interval_s)
        for name, auditor in auditors.items():
            try:
                await auditor.publisher.publish()
            except Exception as error:  # noqa: BLE001 — whatever it was, the next interval tries again
                _log.error("no checkpoint of %s: %s", "_system" if name == SYSTEM else "a tenant", type(error).__name__)


async def _failures(parts: Parts) -> None:
    while True:
        await asyncio.sleep(_SWEEP_S)
        await _flush(parts, everything=False)


async def _renewals(glass: Glass) -> None:
    """Learn what other processes have lent."""
    while glass.configured:
        await asyncio.sleep(_GLASS_S)
        try:
            await glass.refresh()
        except Exception as error:  # noqa: BLE001 — nothing is lent meanwhile, and the next round tries again
            _log.error("what is lent could not be read: %s", type(error).__name__)


async def _expiries(approvals: Approvals, ledgers: Sequence[str]) -> None:
    """End approvals whose time is over. Whoever meets one before ends it there and then; this is for the others."""
    while True:
        await asyncio.sleep(_EXPIRY_S)
        for ledger in ledgers:
            try:
                await approvals.expire(ledger)
            except Exception as error:  # noqa: BLE001 — whatever it was, the next round tries again
                _log.error("approvals could not be ended: %s", type(error).__name__)


async def _flush(parts: Parts, *, everything: bool) -> None:
    """Put counted failures on record. A crash before: at most one window's count is lost, its first failure is not."""
    for counted in parts.failures.due(everything):
        try:
            await parts.ledgers.system.append(parts.scribe.failed(parts.ledgers.system_tenant, counted))
        except GatewayError as error:
            parts.failures.again(counted)
            _log.error("failed identifications could not be recorded: %s", type(error).__name__)


async def _stopped(tasks: Sequence["asyncio.Task[None]"]) -> None:
    for task in tasks:
        task.cancel()
    for task in tasks:
        with suppress(asyncio.CancelledError):
            await task
