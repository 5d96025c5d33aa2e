"""Who counts what is used, and what is limited by it."""

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from gateway.bootstrap.site import Site
from gateway.checks.counters import MemoryCounters
from gateway.checks.policy.policy import Policy
from gateway.core.counters import Counters
from gateway.core.errors import ConfigurationError
from gateway.core.ids import SYSTEM
from gateway.core.ports import Clock
from gateway.exchange.applying import Applying
from gateway.exchange.quotas import Count, Quotas
from gateway.exchange.shared import LEASE_S, SharedCounters, recording
from gateway.exchange.usage import Prices
from gateway.settings import BY_TLS, MEMORY, Settings, secret
from gateway.store.node import living
from gateway.store.sql import reachable

if TYPE_CHECKING:
    from gateway.store.redis_counters import RedisCounters


def remote_counters(settings: Settings) -> "RedisCounters | None":
    """The server that counts for all nodes; None where each counts alone. `ConfigurationError` for a password, or
    files, that are not there."""
    limits = settings.limits
    if limits.url == MEMORY:
        return None
    # Its client is read in where there is a server to talk to: it is a twentieth of the time that a start takes.
    from gateway.store.redis_counters import RedisCounters, secured  # noqa: PLC0415

    tls = None
    if limits.url.startswith(BY_TLS):
        names = (limits.ca, limits.client_certificate, limits.client_key)
        tls = secured(*(None if name is None else str(settings.path(name)) for name in names))
    return RedisCounters(
        limits.url,
        password=None if limits.password is None else secret(limits.password, settings.base),
        tls=tls,
        timeout_s=limits.timeout_ms / 1000,
        lease_s=LEASE_S,
    )


async def counting(site: Site, stack: AsyncExitStack) -> SharedCounters | None:
    """What nodes count together, in touch with its server; closed by the stack."""
    remote = remote_counters(site.settings)
    if remote is None:
        return None
    stack.push_async_callback(remote.close)

    async def nodes() -> int:
        with reachable():
            return len(await living(site.engine, site.clock))

    system = await site.writer(SYSTEM)
    told = recording(system, system.tenant, site.clock, site.node)
    shared = SharedCounters(remote, MemoryCounters(site.clock), node=site.node.id, nodes=nodes, told=told)
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
