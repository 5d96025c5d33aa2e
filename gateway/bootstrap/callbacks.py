"""Destinations that are told what became of tasks."""

from contextlib import AsyncExitStack

from gateway.agents.bare import bare
from gateway.agents.client import AgentClient
from gateway.bootstrap.approvals import MIN_SECRET
from gateway.bootstrap.foundation import Foundation
from gateway.bootstrap.identity import standing_of
from gateway.bootstrap.policies import InForce
from gateway.core.caller import Identity
from gateway.core.errors import ConfigurationError
from gateway.core.ids import SYSTEM
from gateway.exchange.callback_scribe import CallbackScribe
from gateway.exchange.callbacks import EACH, Callbacks, Destination
from gateway.exchange.delegation import Delegation
from gateway.exchange.ledgers import Ledgers as OpenLedgers
from gateway.exchange.tasks import Tasks
from gateway.settings import Settings, secret
from gateway.settings.purposes import legal_bases
from gateway.store.callbacks import CallbackStore


async def callbacks_of(base: Foundation, tasks: Tasks, delegation: Delegation, stack: AsyncExitStack) -> Callbacks:
    """What delivers, with a client of its own: what hangs there keeps no agent waiting."""
    site, settings = base.site, base.site.settings
    destinations, in_force = destinations_of(settings), InForce(site, base.writers, base.policy)

    async def denied(ledger: str, identity: Identity) -> bool:
        await site.denials.fresh(ledger)
        return site.denials.of(ledger).denies(identity, site.clock.now_us())

    return Callbacks(
        store=CallbackStore(site.engine, site.clock),
        tasks=tasks,
        scribe=CallbackScribe(clock=site.clock, sealing=base.sealer, node=site.node),
        standing=standing_of(site),
        denied=denied,
        calls=delegation.calls,
        ledgers=OpenLedgers(base.writers),
        client=await stack.enter_async_context(AgentClient([one.route for one in destinations.values()])),
        destinations=destinations,
        tenants=tuple(entry.ledger for name, entry in site.tenants.items() if name != SYSTEM),
        address=settings.address,
        clock=site.clock,
        settings=settings.tasks,
        metrics=site.metrics,
        current=in_force.known,
        asked=in_force.asked,
        bases=legal_bases(settings.purpose, settings.tenants),
    )


def destinations_of(settings: Settings) -> dict[str, Destination]:
    """By their ids. `ConfigurationError` for a secret that is not there, or too short to sign with."""
    found: dict[str, Destination] = {}
    for index, one in enumerate(settings.callback):
        key = secret(one.secret, settings.base).encode()
        if len(key) < MIN_SECRET:
            raise ConfigurationError(f"callback[{index}].secret must stand for at least {MIN_SECRET} bytes")
        route = bare(
            one.id,
            one.url,
            zone=one.zone,
            ca=None if one.ca is None else str(settings.path(one.ca)),
            pin=one.pin,
            addresses=one.addresses,
            timeout_s=one.timeout_s,
            max_connections=EACH,
        )
        found[one.id] = Destination(route=route, secret=key, serves=one.serves)
    return found
