"""A gateway that serves: everything built on an opened installation, and what goes on beside."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial

import msgspec

from gateway.agents.client import AgentClient
from gateway.agents.issuers import IssuerKeys
from gateway.agents.registry import Registry
from gateway.bootstrap import profile
from gateway.bootstrap.agents import assertions_of, delegation_of, mcp_governor
from gateway.bootstrap.approvals import glass_of, notices_of
from gateway.bootstrap.background import begin, covered, flush, stopped, told
from gateway.bootstrap.bundles import bundling_of
from gateway.bootstrap.callbacks import callbacks_of
from gateway.bootstrap.clock import SystemClock
from gateway.bootstrap.emergency import Emergency
from gateway.bootstrap.ending import Ending, Waits
from gateway.bootstrap.exchange import bounds_of, parts_of
from gateway.bootstrap.failover import demand_standing, failover_of
from gateway.bootstrap.forwarding import Forwards, forwards_of
from gateway.bootstrap.foundation import Foundation
from gateway.bootstrap.identity import issuer_keys, standing_of
from gateway.bootstrap.limits import counting
from gateway.bootstrap.policies import InForce, active_instead, load_policy_set, served, settled
from gateway.bootstrap.readiness import Readiness
from gateway.bootstrap.recognizers import engine_of
from gateway.bootstrap.scheduling import schedulings_of
from gateway.bootstrap.schemas import Declared
from gateway.bootstrap.site import Site, open_site
from gateway.bootstrap.stamps import stampings_of
from gateway.bootstrap.subjects import restored_of
from gateway.bootstrap.takeover import TakeOver
from gateway.bootstrap.tasks import dispatcher_of, messages_of, tasks_of
from gateway.bootstrap.witnesses import demand_whole, tell, witnesses_of
from gateway.checks.classification.engine import Engine
from gateway.checks.classification.registry import DEFAULT
from gateway.checks.policy.policy import Policy
from gateway.checks.policy.version import PolicySet
from gateway.core.errors import GatewayError
from gateway.core.ids import SYSTEM
from gateway.core.ports import Bounds, Clock, Failpoint
from gateway.exchange.a2a import A2aGovernor
from gateway.exchange.approvals import Approvals
from gateway.exchange.assertions import Assertions
from gateway.exchange.auditor import Auditor
from gateway.exchange.bundling import Bundling
from gateway.exchange.callbacks import Callbacks
from gateway.exchange.dispatcher import Dispatcher
from gateway.exchange.glass import Glass
from gateway.exchange.ledgers import Ledgers as OpenLedgers
from gateway.exchange.mcp_listing import Listing
from gateway.exchange.notices import Notices
from gateway.exchange.parts import Parts
from gateway.exchange.quotas import Quotas
from gateway.exchange.sessions import Sessions
from gateway.exchange.shared import SharedCounters
from gateway.exchange.stamping import Stamping
from gateway.exchange.standing import Standing
from gateway.exchange.supervising import Supervision
from gateway.exchange.task_messages import TaskMessages
from gateway.exchange.tasks import Tasks
from gateway.pipeline import Pipeline
from gateway.settings import Settings, secret
from gateway.store.key_pool import KeyPool
from gateway.store.pool import unhurried
from gateway.store.sealing import Sealer
from gateway.store.sessions import SessionStore
from gateway.store.signed import demand_claimed
from gateway.store.sticking import StickingClasses

_LAST_S = 10.0
"""How long a gateway that ends takes for its last checkpoints."""


class Gateway(msgspec.Struct, frozen=True, kw_only=True):
    """A gateway that is ready to serve."""

    site: Site
    pipeline: Pipeline
    policy: Policy
    """What all tenants are decided for by; each knows it by the version that is its own."""
    takeover: TakeOver
    registry: Registry
    engine: Engine
    bounds: Bounds
    assertions: Assertions
    approvals: Approvals
    notices: Notices
    glass: Glass
    tasks: Tasks
    dispatcher: Dispatcher
    callbacks: Callbacks
    readiness: Readiness
    standing: Standing
    """What looks again at who was identified some time ago."""
    bundling: Bundling
    auditors: Mapping[str, Auditor]
    """By tenant's configured id, `_system` among them."""
    forwards: Forwards
    """What records are forwarded to."""
    stampings: Mapping[str, Stamping]
    """Ledgers before their time-stamping authorities, by tenant's configured id; empty where there are none."""
    ending: Ending
    """What is done last."""
    quotas: Quotas | None = None
    shared: SharedCounters | None = None
    """What nodes count together, where they do."""
    task_messages: TaskMessages | None = None
    """What nodes tell each other of tasks by, where they do."""
    emergency: Emergency | None = None
    """What stands before the pipeline where traffic may go on without the database."""

    @property
    def traffic(self) -> Emergency | Pipeline:
        """What handles requests."""
        return self.emergency or self.pipeline

    def rest(self) -> None:
        """This process is about to stop, and takes no more connections: no task is claimed any more, and no request
        handed to an agent that could not bring its answer. What is under way goes on."""
        self.dispatcher.rest()
        if self.pipeline.parts.pulling is not None:
            self.pipeline.parts.pulling.rest()

    def cover(self, waits: Waits) -> None:
        """Have a last checkpoint of each ledger made once all else has ended: what failures were counted, tasks given
        up and bundles put aside is on record by then. `waits`: see `bootstrap.ending`."""
        self.ending.ask(partial(covered, self.auditors, _LAST_S), waits)

    @property
    def policy_set(self) -> PolicySet:
        """What `policy` was made of."""
        return self.takeover.serving

    @property
    def messages(self) -> str:
        """How nodes hear of each other's tasks: `local` where each looks for them, `connected` to what carries their
        messages, or `polling` while that is away and this node looks for itself."""
        return "local" if self.task_messages is None else self.task_messages.state

    @property
    def limits(self) -> str:
        """Who counts for the limits: `memory`, `shared`, or `degraded` while this node does it alone."""
        return "memory" if self.shared is None else self.shared.state

    def named(self, tenant: str) -> frozenset[str]:
        """Subjects of a tenant (its configured id) that policy or the `callers` of an `[[agent]]`, a `[[limit]]` or a
        `[[callback]]` name."""
        settings = self.site.settings
        tables = (*(one.callers for one in settings.agent), *(one.callers for one in settings.callback))
        callers = self.policy.named_callers.union(*tables)
        found = {name.removeprefix(f"{tenant}/") for name in callers if name.startswith(f"{tenant}/")}
        return frozenset(found).union(
            *(one.callers for one in settings.limit if not one.tenants or tenant in one.tenants)
        )


@asynccontextmanager
async def open_gateway(
    settings: Settings, *, failpoint: Failpoint | None = None, clock: Clock | None = None
) -> AsyncIterator[Gateway]:
    """The whole gateway: policy activated, ledgers recovered, agents' clients built, checkpoints on their way."""
    clock = clock or SystemClock()
    found = load_policy_set(settings, DEFAULT.version)
    policy, _ = served(found, settings)
    engine = engine_of(policy, clock, settings.classification.budget_ms)
    async with AsyncExitStack() as stack:
        site = await stack.enter_async_context(open_site(settings, serving=True, failpoint=failpoint, clock=clock))
        signers = [one for name in site.tenants for one in (await site.signing(name).load()).all]
        await asyncio.to_thread(profile.demand, settings, signers)
        await asyncio.to_thread(profile.prove, settings, signers)
        await demand_standing(site)
        witnessings = await witnesses_of(site, stack)
        required = settings.ledger.require_witnesses or settings.ledger.profile is not None
        await demand_whole(witnessings, required=required)
        if site.signed is not None:
            await asyncio.to_thread(demand_claimed, site.signed, [entry.origin for entry in site.tenants.values()])
        writers = {entry.ledger: await site.ledgers.open(entry.ledger) for entry in site.tenants.values()}
        ending = Ending()
        stack.push_async_callback(ending.run)
        # Before anybody is served: what was erased stays erased, also where an older copy of the database was restored.
        await restored_of(site).erase_again(writers)
        shared_set = await settled(site, found)
        if shared_set != found:
            policy, engine = active_instead(shared_set, settings, clock)
        del found
        registry = Registry(settings, lambda reference: secret(reference, settings.base))
        client = await stack.enter_async_context(AgentClient(registry.reachable))
        notices = await notices_of(site, stack)
        glass = glass_of(site, notices)
        await glass.refresh()
        base = Foundation(
            site=site,
            engine=engine,
            policy=policy,
            policy_set=shared_set,
            declared=Declared(settings, policy, engine, shared_set.members),
            registry=registry,
            client=client,
            bounds=bounds_of(settings),
            writers=writers,
            sealer=await _sealer(site, stack),
            failpoint=failpoint,
        )
        assertions = assertions_of(site)
        # One secret for all tenants: an agent that two of them use knows only its own ids.
        store = SessionStore(site.engine, site.keyring.search_key(SYSTEM))
        sessions = Sessions(store, clock, settings.sessions.idle_days)
        delegation = delegation_of(site)
        sticking = StickingClasses(site.engine, clock, principal=store.principal, lasts_s=settings.sessions.denied_s)
        await sticking.look()
        mcp = mcp_governor(base)
        issuers = await issuer_keys(site, stack)
        for ledger in writers:
            await site.denials.reload(ledger)
        shared = await counting(site, stack)
        a2a, takeover = A2aGovernor(sessions, base.bounds), TakeOver(base)
        stack.push_async_callback(takeover.stop)
        parts = parts_of(
            base,
            issuers=issuers,
            governors={"mcp": mcp, "a2a": a2a},
            assertions=assertions,
            sessions=sessions,
            delegation=delegation,
            sticking=sticking,
            counters=shared,
            notices=notices,
            glass=glass,
            moved=takeover.moved,
        )
        takeover.serves(parts)
        site.flags.on_flagged = parts.caching.forget
        pipeline = Pipeline(parts)
        mcp.fetches(Listing(pipeline.handle, base.bounds))
        a2a.knows(parts.approvals.waiting)
        parts.approvals.supervised_by(Supervision(pipeline.handle, engine, settings.approvals.supervise_s))
        stack.push_async_callback(pipeline.drain)
        tasks = tasks_of(site, writers, base.sealer, pipeline.foresee, delegation.fetched, pipeline.reread)
        messages = messages_of(site)
        dispatcher = dispatcher_of(base, tasks, pipeline, messages)
        dispatcher.start()
        stack.push_async_callback(dispatcher.stop)
        callbacks = await callbacks_of(base, tasks, delegation, stack)
        with unhurried():
            callbacks.start()
        stack.push_async_callback(callbacks.stop)
        if messages is not None:
            messages.start(dispatcher)
            stack.push_async_callback(messages.stop)
        auditors = {name: await site.auditor(name) for name in site.tenants}
        bundling = bundling_of(site, auditors, parts.underway)
        stack.push_async_callback(bundling.stop)
        schedulings = await schedulings_of(site, OpenLedgers(writers), bundling, auditors, notices, stack)
        tell(site, witnessings)
        stampings = await stampings_of(site, stack)
        forwards = await forwards_of(site, OpenLedgers(writers), stack)
        with unhurried():
            background = begin(
                base,
                parts,
                takeover,
                auditors=auditors,
                bundling=bundling,
                schedulings=schedulings,
                glass=glass,
                sticking=sticking,
                shared=shared,
                witnessings=witnessings,
                stampings=stampings,
                forwards=forwards,
                failover=failover_of(site, writers),
            )
        stack.push_async_callback(stopped, background)
        emergency = await emergency_of(base, parts, pipeline, issuers, stack)
        readiness = Readiness(site, InForce(site, writers, policy), lambda: dispatcher.healthy)
        stack.push_async_callback(readiness.stop)
        yield Gateway(
            site=site,
            pipeline=pipeline,
            policy=policy,
            takeover=takeover,
            registry=registry,
            engine=engine,
            bounds=base.bounds,
            assertions=assertions,
            approvals=parts.approvals,
            notices=notices,
            glass=glass,
            tasks=tasks,
            dispatcher=dispatcher,
            callbacks=callbacks,
            readiness=readiness,
            standing=standing_of(site),
            bundling=bundling,
            auditors=auditors,
            forwards=forwards,
            stampings=stampings,
            ending=ending,
            quotas=parts.quotas,
            shared=shared,
            task_messages=messages,
            emergency=emergency,
        )
        await flush(parts, everything=True)
        with suppress(GatewayError):  # at worst the last minute's uses are not told
            await site.api_keys.use.write()


async def emergency_of(
    base: Foundation, parts: Parts, pipeline: Pipeline, issuers: IssuerKeys, stack: AsyncExitStack
) -> Emergency | None:
    """What goes on without the database, where anything may; what was left of the last time is stitched in first."""
    if base.site.settings.emergency.directory is None:
        return None
    emergency = Emergency(base, parts, pipeline, issuers)
    stack.push_async_callback(emergency.stop)
    await emergency.start()
    base.site.metrics.emergency(emergency.figures)
    task = asyncio.create_task(emergency.run())
    task.add_done_callback(told)
    stack.push_async_callback(stopped, [task])
    return emergency


async def _sealer(site: Site, stack: AsyncExitStack) -> Sealer:
    """What seals content, under keys that are made before they are asked for."""
    pool = KeyPool(site.keyring)
    stack.push_async_callback(pool.stop)
    if site.failpoint is None:  # at failpoints every key is made durable in its place, so that they see it
        await pool.start()
    return Sealer(site.keyring, pool)
