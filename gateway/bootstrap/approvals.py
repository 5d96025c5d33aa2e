"""What waits for people, who is told of it, and what may be lent without them."""

from contextlib import AsyncExitStack

from gateway.agents.client import AgentClient
from gateway.bootstrap.foundation import Foundation
from gateway.bootstrap.site import Site
from gateway.core.errors import ConfigurationError
from gateway.exchange.answerers import Answerers
from gateway.exchange.approvals import Approvals
from gateway.exchange.glass import Glass
from gateway.exchange.ledgers import Ledgers as OpenLedgers
from gateway.exchange.notices import Notices, notified
from gateway.exchange.router import Router
from gateway.settings import secret
from gateway.store.glass import GlassStore

MIN_SECRET = 16
"""Bytes of a secret that something is signed with."""


def approvals_of(base: Foundation, router: Router, notices: Notices) -> Approvals:
    """The callers' side of approvals."""
    site, settings, clock = base.site, base.site.settings, base.site.clock
    return Approvals(
        store=site.approvals,
        directory=site.directory,
        sealer=base.sealer,
        router=router,
        ledgers=OpenLedgers(base.writers),
        settings=settings.approvals,
        address=settings.address,
        clock=clock,
        node=site.node,
        metrics=site.metrics,
        notices=notices,
        answerers=Answerers(directory=site.directory, denials=site.denials, keys=site.api_keys, clock=clock),
    )


async def glass_of(site: Site, notices: Notices) -> Glass:
    """What may be lent, and what is at the moment."""
    glass = Glass(
        store=GlassStore(site.engine),
        rules=site.settings.break_glass,
        clock=site.clock,
        node=site.node,
        metrics=site.metrics,
        notices=notices,
    )
    await glass.refresh()
    return glass


async def notices_of(site: Site, stack: AsyncExitStack) -> Notices:
    """What tells approvers, where an address for that is configured."""
    settings = site.settings
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
