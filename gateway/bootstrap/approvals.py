"""What waits for people, who is told of it, and what may be lent without them."""

from collections.abc import Mapping
from contextlib import AsyncExitStack

from gateway.agents.client import AgentClient
from gateway.bootstrap.foundation import Foundation
from gateway.bootstrap.site import Site
from gateway.core.errors import ConfigurationError
from gateway.exchange.answerers import Answerers
from gateway.exchange.approvals import Approvals
from gateway.exchange.glass import Glass
from gateway.exchange.ledgers import Ledgers as OpenLedgers
from gateway.exchange.notices import Channel, Notices, notified
from gateway.exchange.router import Router
from gateway.settings import Settings, secret
from gateway.store.glass import GlassStore
from gateway.store.notices import NoticeStore

_APPROVALS = "_approvals"
"""The channel of `[approvals] notify_url`: an id that no other can have."""
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


def glass_of(site: Site, notices: Notices) -> Glass:
    """What may be lent. What is at the moment is known once it was refreshed."""
    return Glass(
        store=GlassStore(site.engine),
        rules=site.settings.break_glass,
        clock=site.clock,
        node=site.node,
        metrics=site.metrics,
        notices=notices,
    )


async def notices_of(site: Site, stack: AsyncExitStack) -> Notices:
    """What tells people, and delivers it (`Notices.run`), where there is anywhere to."""
    channels = channels_of(site.settings, _ledgers(site))
    client = None
    if channels:
        client = await stack.enter_async_context(AgentClient(tuple(one.route for one in channels)))
    return _notices(site, channels, client)


def notices_kept(site: Site) -> Notices:
    """What only keeps notices, for commands: a gateway that serves delivers them."""
    return _notices(site, channels_of(site.settings, _ledgers(site)), None)


def _notices(site: Site, channels: tuple[Channel, ...], client: AgentClient | None) -> Notices:
    return Notices(
        client=client,
        channels=channels,
        store=NoticeStore(site.engine),
        clock=site.clock,
        node=site.node,
        metrics=site.metrics,
    )


def _ledgers(site: Site) -> dict[str, str]:
    return {name: entry.ledger for name, entry in site.tenants.items()}


def channels_of(settings: Settings, ledgers: Mapping[str, str]) -> tuple[Channel, ...]:
    """All that are configured; that of `[approvals]` is told what waits for whomever. `ledgers`: their ids by tenant;
    a tenant that is not there has nothing told."""
    found, given = [], settings.approvals
    for index, one in enumerate(settings.channel):
        key = _secret(settings, f"channel[{index}].secret", one.secret)
        ca = None if one.ca is None else str(settings.path(one.ca))
        route = notified(one.id, one.url, one.addresses, ca)
        whose = frozenset(ledgers[name] for name in one.tenants if name in ledgers) if one.tenants else None
        found.append(Channel(id=one.id, route=route, secret=key, roles=frozenset(one.roles), tenants=whose))
    if given.notify_url is not None and given.notify_secret is not None:
        key = _secret(settings, "approvals.notify_secret", given.notify_secret)
        ca = None if given.notify_ca is None else str(settings.path(given.notify_ca))
        route = notified("", given.notify_url, given.notify_addresses, ca)
        found.append(Channel(id=_APPROVALS, route=route, secret=key, roles=None))
    return tuple(found)


def _secret(settings: Settings, place: str, reference: str) -> bytes:
    try:
        key = secret(reference, settings.base).encode()
    except ConfigurationError as error:
        raise ConfigurationError(f"{place}: {error}") from error
    if len(key) < MIN_SECRET:
        raise ConfigurationError(f"{place} must stand for at least {MIN_SECRET} bytes")
    return key
