"""Agents: what is spoken with them, how they are, who they are for each other, and what is signed for them."""

from collections.abc import Mapping
from functools import partial

from gateway.agents.pulling import Pulling
from gateway.bootstrap.foundation import Foundation
from gateway.bootstrap.site import DEFAULT_ORIGIN, Site, callers_of
from gateway.checks.delegation import Tokens
from gateway.checks.schema import Schema
from gateway.core.ids import SYSTEM, random_id
from gateway.exchange.answerers import persons_of
from gateway.exchange.assertions import Assertions
from gateway.exchange.delegation import Delegation
from gateway.exchange.governor import Governor
from gateway.exchange.health import Health
from gateway.exchange.ledgers import Ledgers as OpenLedgers
from gateway.exchange.mcp import McpGovernor
from gateway.exchange.mcp_tools import McpTools
from gateway.exchange.ordering import STATIC, Ordering
from gateway.exchange.passing import Protocol
from gateway.exchange.protocols import wire_protocols
from gateway.exchange.usage import Prices
from gateway.settings import Settings
from gateway.store.mcp_sessions import McpSessions
from gateway.store.open_exchanges import OpenExchanges

JWKS_PATH = "/.well-known/jwks.json"
"""Where the public keys are that the gateway signs with on the traffic plane."""


def protocols_of(
    base: Foundation,
    *,
    schemas: Mapping[str, Schema],
    answers: Mapping[str, Schema],
    assertions: Assertions,
    governors: Mapping[str, Governor],
) -> tuple[Mapping[str, Protocol], Mapping[str, Mapping[str, Protocol]]]:
    """The wire protocols by name, and the same by tenant, each with that tenant's agents; where all have all, no
    tenants. `schemas` and `answers`: of requests and answers, by agent."""
    settings, registry = base.site.settings, base.registry
    spoken = partial(
        wire_protocols,
        bounds=base.bounds,
        schemas=schemas,
        answers=answers,
        address=settings.address,
        origins=settings.server.allowed_origins,
        governors=governors,
        descriptions=base.declared.descriptions,
        sign=assertions.card_signature(f"{settings.address}{JWKS_PATH}"),
    )
    protocols = spoken(registry)
    tenants = base.site.tenants if registry.divided else ()
    return protocols, {name: spoken(registry.of(name)) for name in tenants if name != SYSTEM}


def health_of(site: Site) -> Health:
    """How agents are, told by metrics too."""
    settings = site.settings
    fastest = {capability.id for capability in settings.capability if capability.order == "fastest"}
    measured = {agent.id for agent in settings.agent if not fastest.isdisjoint(agent.capabilities)}
    health = Health(settings.agent, site.clock, measured=measured)
    own = {agent.id for agent in settings.agent if agent.tenants and len(settings.tenants) > 1}
    # Metrics are open: what agents particular tenants have is theirs to know.
    site.metrics.agents(lambda: [state for state in health.states() if state.agent not in own], frozenset(own))
    return health


def ordering_of(settings: Settings, health: Health) -> Ordering | None:
    """In which order agents are asked; None where it is that of the configuration for all."""
    kinds = {capability.id: capability.order for capability in settings.capability if capability.order != STATIC}
    if not kinds:
        return None
    named = {
        agent.id: kinds[agent.capabilities[0]] for agent in settings.agent if kinds.keys() & agent.capabilities[:1]
    }
    return Ordering(kinds | named, health, Prices(settings.price), settings.limits.output_tokens)


def pulling_of(site: Site) -> Pulling | None:
    """Where agents fetch their requests; None where none does."""
    agents = [agent.id for agent in site.settings.agent if agent.pull]
    return Pulling(agents, site.clock, lambda: random_id("le")) if agents else None


def mcp_governor(base: Foundation) -> McpGovernor:
    """What MCP adds around the steps: sessions, and tools that were seen."""
    site, ledgers = base.site, OpenLedgers(base.writers)
    sessions = McpSessions(site.engine, site.clock, site.settings.mcp.session_idle_s)
    tools = McpTools(store=site.tools, ledgers=ledgers, policy=base.policy, engine=base.engine, clock=site.clock)
    return McpGovernor(sessions, tools)


def delegation_of(site: Site) -> Delegation:
    """Agents that call agents: what they may call for."""
    return Delegation(
        OpenExchanges(site.engine),
        Tokens(site.keyring.search_key(SYSTEM)),
        site.clock,
        callers=callers_of(site.settings),
        persons=partial(persons_of, site.directory),
        settings=site.settings.delegation,
        shared=site.where.kind == "postgresql",
    )


def assertions_of(site: Site) -> Assertions:
    """The maker of assertions and of cards' signatures, with a key only where there is something to sign."""
    seed = None
    if any(agent.assertion or agent.protocol == "a2a" for agent in site.settings.agent):
        site.keyring.create_assertion_key()
        seed = site.keyring.assertion_key()
    return Assertions(seed=seed, issuer=site.settings.ledger.origin or DEFAULT_ORIGIN, clock=site.clock)
