"""Who calls: issuers and their keys, certificates, and the door where both are looked at."""

from contextlib import AsyncExitStack

import msgspec

from gateway.agents.authorities import FileTrust
from gateway.agents.issuers import IssuerKeys, IssuerState
from gateway.bootstrap.foundation import Foundation
from gateway.bootstrap.site import Site, callers_of
from gateway.checks.access.shipped import ROLES
from gateway.checks.identity.certificate import Certificates
from gateway.checks.identity.credentials import Credentials
from gateway.checks.identity.identifier import Identifier
from gateway.core.ids import SYSTEM
from gateway.exchange.admission import Admission
from gateway.exchange.glass import Glass
from gateway.exchange.issuers import IssuerRecords
from gateway.exchange.standing import Standing
from gateway.exchange.underway import UnderWay


def admission_of(base: Foundation, issuers: IssuerKeys, glass: Glass | None) -> Admission:
    """Where callers are identified and their rates counted. `glass`: None where nothing may be lent."""
    site, settings, clock = base.site, base.site.settings, base.site.clock
    roles = base.policy.known_roles | ROLES
    return Admission(
        identifier=Credentials(
            Identifier(settings.issuer, issuers, site.api_keys, clock, roles, settings.address),
            Certificates(settings.certificate, FileTrust(settings, clock), clock, roles),
            required=settings.server.client_auth == "required",
        ),
        pseudonyms=site.directory,
        denials=site.denials,
        limits=settings.limits,
        clock=clock,
        classes=base.policy.known_classes,
        tenants=frozenset(site.tenants) - {SYSTEM},
        glass=glass.lent if glass is not None and glass.configured else None,
        agents=frozenset(callers_of(settings)),
    )


def standing_of(site: Site) -> Standing:
    """What looks again at who was identified before."""
    settings, tenants = site.settings, frozenset(site.tenants) - {SYSTEM}
    return Standing(site.api_keys, settings.issuer, tenants, site.clock, settings.certificate)


def underway_of(site: Site) -> UnderWay:
    """What is under way, which hears of every move of the deny-lists from now on."""
    underway = UnderWay(denials=site.denials, standing=standing_of(site), clock=site.clock)
    site.denials.on_moved = underway.moved
    return underway


async def issuer_keys(site: Site, stack: AsyncExitStack) -> IssuerKeys:
    """The issuers' keys, asked for once, and from now on in the background until the stack is left."""
    settings, entry = site.settings, site.tenants[SYSTEM]
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
