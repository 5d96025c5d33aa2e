"""The parts that the pipeline is made of, joined."""

from collections.abc import Awaitable, Callable, Mapping

from gateway.agents.issuers import IssuerKeys
from gateway.bootstrap.agents import health_of, ordering_of, protocols_of, pulling_of
from gateway.bootstrap.approvals import approvals_of
from gateway.bootstrap.digests import config_digest
from gateway.bootstrap.foundation import Foundation
from gateway.bootstrap.identity import admission_of, underway_of
from gateway.bootstrap.limits import quotas_of
from gateway.bootstrap.subjects import linking_of
from gateway.checks.limits import Rate
from gateway.checks.policy.policy import Policy
from gateway.core.counters import Counters
from gateway.core.errors import ConfigurationError
from gateway.core.ports import Bounds, Clock
from gateway.exchange.answering import Answering
from gateway.exchange.assertions import Assertions
from gateway.exchange.caching import Caching, MemoryCache
from gateway.exchange.choosing import Chooser
from gateway.exchange.delegation import Delegation
from gateway.exchange.failures import Failures
from gateway.exchange.forwarder import Forwarder
from gateway.exchange.glass import Glass
from gateway.exchange.governor import Governor
from gateway.exchange.inspector import Inspector
from gateway.exchange.ledgers import Ledgers as OpenLedgers
from gateway.exchange.notices import Notices
from gateway.exchange.parts import Parts
from gateway.exchange.planning import Planner
from gateway.exchange.protocols import offer
from gateway.exchange.receipts import Receipts
from gateway.exchange.rereading import Rereading
from gateway.exchange.router import Router
from gateway.exchange.scribe import Scribe
from gateway.exchange.sessions import Sessions
from gateway.exchange.tokens import Tokens
from gateway.settings import Settings
from gateway.settings.purposes import legal_bases
from gateway.store.session_tokens import TokenStore
from gateway.store.sticking import StickingClasses

_DAY_S = 86_400
_FOR_EVER_DAYS = 36_500
"""The most that a rule may say."""


def parts_of(
    base: Foundation,
    *,
    issuers: IssuerKeys,
    governors: Mapping[str, Governor],
    assertions: Assertions,
    sessions: Sessions,
    delegation: Delegation,
    sticking: StickingClasses,
    counters: Counters | None,
    notices: Notices,
    glass: Glass,
    moved: Callable[[], Awaitable[bool]],
) -> Parts:
    """`counters`: those that nodes have in common, if they have; `moved`: as in `Parts`.

    `ConfigurationError` for what no part can hold to."""
    site, settings, clock, policy, engine = base.site, base.site.settings, base.site.clock, base.policy, base.engine
    answers, schemas = base.declared.answers, base.declared.requests
    protocols, offered = protocols_of(
        base, schemas=schemas, answers=answers, assertions=assertions, governors=governors
    )
    health, pulling = health_of(site), pulling_of(site)
    if pulling is not None:
        health.away = lambda agent: agent in pulling.agents and not pulling.free(agent)
    router = Router(
        policy=policy,
        engine=engine,
        clock=clock,
        serves=lambda message, agent: offer(protocols, message, agent),
        schemas=schemas,
        answering=frozenset(answers),
        trusted=frozenset(zone.id for zone in settings.zone if zone.trusted),
    )
    chooser = Chooser(Planner(router, policy), health, ordering_of(settings, health))
    scribe = Scribe(
        clock=clock,
        sealing=base.sealer,
        node=site.node,
        version=policy.version,
        engine=engine.version,
        config=config_digest(settings),
        bases=legal_bases(settings.purpose, settings.tenants),
    )
    pages = TokenStore(site.engine, base.sealer, clock, settings.sessions.idle_days)
    books = Tokens(pages, key=scribe.key, persist=site.keyring.persist, used=policy.tokenizes)
    quotas = quotas_of(settings, policy, counters, clock, site.metrics.limited)
    inspector = Inspector(router=router, engine=engine, bounds=base.bounds, stream=settings.classification.stream)
    return Parts(
        clock=clock,
        protocols=protocols,
        offered=offered,
        admission=admission_of(base, issuers, glass),
        engine=engine,
        policy=policy,
        router=chooser,
        approvals=approvals_of(base, router, notices),
        health=health,
        caching=caching_of(settings, policy, clock),
        sessions=sessions,
        tokens=books,
        delegation=delegation,
        sticking=sticking,
        subjects=site.flags,
        linking=linking_of(site),
        forwarder=Forwarder(
            client=base.client,
            router=chooser,
            health=health,
            scribe=scribe,
            bounds=base.bounds,
            failpoint=base.failpoint,
            assertions=assertions,
            quotas=quotas,
            delegation=delegation,
            notices=notices,
            pulling=pulling,
        ),
        notices=notices,
        answering=Answering(
            inspector=inspector,
            bounds=base.bounds,
            protocols=protocols,
            sessions=sessions,
            tokens=books,
            delegation=delegation,
            receipts=Receipts({one.ledger: site.signing(name) for name, one in site.tenants.items()}),
        ),
        rereading=Rereading(inspector=inspector, bounds=base.bounds, protocols=protocols, offered=offered),
        scribe=scribe,
        ledgers=OpenLedgers(base.writers, {name: one.ledger for name, one in site.tenants.items()}),
        failures=Failures(clock, Rate.parse(settings.limits.failures)),
        metrics=site.metrics,
        bounds=base.bounds,
        underway=underway_of(site),
        moved=moved,
        declared=lambda: base.declared.revision,
        quotas=quotas,
        failpoint=base.failpoint,
        pulling=pulling,
    )


def bounds_of(settings: Settings) -> Bounds:
    """The bounds that the settings give to messages."""
    server = settings.server
    return Bounds(body_bytes=server.max_body_bytes, answer_bytes=server.max_answer_bytes, depth=server.max_depth)


def lifetimes_of(settings: Settings) -> dict[str, float]:
    """For how many seconds answers are kept, by agent: no longer than what lies beside the record of any exchange."""
    days = [
        rule.details_days
        for rule in settings.retention
        if rule.details_days is not None and (not rule.about or "exchange" in rule.about)
    ]
    longest = min(days, default=_FOR_EVER_DAYS) * _DAY_S
    return {agent.id: min(agent.cache_s, longest) for agent in settings.agent if min(agent.cache_s, longest) > 0}


def caching_of(settings: Settings, policy: Policy, clock: Clock) -> Caching:
    """What is kept of agents that allow it, in this process's memory; `ConfigurationError` for a class that is none."""
    unknown = sorted(set(settings.cache.classes) - policy.known_classes)
    if unknown:
        known = ", ".join(sorted(policy.known_classes))
        raise ConfigurationError(f"cache.classes must be data classes of the policy, which are {known}")
    return Caching(
        MemoryCache(settings.cache.entries, settings.cache.size_bytes),
        clock,
        lifetimes=lifetimes_of(settings),
        classes=frozenset(settings.cache.classes),
        actions={agent.id: frozenset(agent.cache_actions) for agent in settings.agent if agent.cache_actions},
    )
