"""Bundles by the calendar: every configured schedule, for every tenant whose bundles it makes."""

from collections.abc import Iterable, Mapping
from contextlib import AsyncExitStack

from gateway.agents.bare import bare
from gateway.agents.client import AgentClient
from gateway.bootstrap.approvals import MIN_SECRET
from gateway.bootstrap.policies import frameworks_of
from gateway.bootstrap.site import Site
from gateway.checks.policy.policy import Policy
from gateway.checks.policy.version import PolicySet
from gateway.core.errors import ConfigurationError
from gateway.core.ids import SYSTEM
from gateway.core.periods import zone
from gateway.core.ports import Clock, Route
from gateway.core.refusal import Refusal
from gateway.exchange import attaching
from gateway.exchange.auditor import Auditor
from gateway.exchange.bundling import Bundling
from gateway.exchange.deliveries import Delivery
from gateway.exchange.directory_delivery import DirectoryDelivery, probe
from gateway.exchange.ledgers import Ledgers
from gateway.exchange.notices import Notices
from gateway.exchange.recipients import recipients_of
from gateway.exchange.schedule_plan import Plan
from gateway.exchange.schedule_record import ScheduleScribe
from gateway.exchange.scheduling import LEASE_S, Scheduling
from gateway.exchange.webhook_delivery import AT_ONCE, WebhookDelivery
from gateway.settings import Schedule, Settings, secret
from gateway.store.lease import Lease
from gateway.store.scheduled import ScheduledStore

IDLE_S = 60.0
"""Seconds that a receiver may take nothing, and that it has for its answer when it has all."""
_PROBES = {
    "directory_missing": "is no directory that is there: it is never made",
    "not_permitted": "must be writable for the gateway",
    "no_links": "must lie on a file system with hard links: by them nothing is overwritten",
    "disk_full": "is on a disk that is full",
}


async def schedulings_of(
    site: Site,
    ledgers: Ledgers,
    bundling: Bundling,
    auditors: Mapping[str, Auditor],
    notices: Notices,
    stack: AsyncExitStack,
) -> tuple[Scheduling, ...]:
    """Built, not begun. `auditors`: by the configured id. `ConfigurationError` for what `usable_schedules` refuses."""
    settings = site.settings
    usable_schedules(settings)
    routes = {one.id: _route(settings, one) for one in settings.schedule if one.url is not None}
    client = await stack.enter_async_context(AgentClient(tuple(routes.values()))) if routes else None
    made: list[Scheduling] = []
    for one in settings.schedule:
        delivery = _delivery(settings, one, client, routes.get(one.id), site.clock)
        stack.callback(delivery.close)
        for name in scheduled_for(one, site.tenants):
            ledger = site.tenants[name].ledger
            holder = site.holder("sc")
            made.append(
                Scheduling(
                    plan_of(one, name, ledger),
                    delivery=delivery,
                    bundling=bundling,
                    auditor=auditors[name],
                    store=ScheduledStore(site.engine),
                    lease=Lease(site.engine, f"schedule/{ledger}/{one.id}", holder, site.clock, LEASE_S),
                    ledgers=ledgers,
                    scribe=ScheduleScribe(site.clock, site.node, delivery.kind),
                    notices=notices,
                    clock=site.clock,
                    node=site.node.id,
                    metrics=site.metrics,
                )
            )
    if made:
        site.metrics.schedules(lambda: [one.state for one in made])
    return tuple(made)


def plan_of(one: Schedule, name: str, ledger: str) -> Plan:
    return Plan(
        id=one.id,
        tenant=ledger,
        name=name,
        every=one.every,
        zone=zone(one.time_zone),
        about=one.about,
        details=one.details,
        attach=one.attach,
        recipients=one.recipients,
        catch_up=one.catch_up,
    )


def scheduled_for(one: Schedule, tenants: Iterable[str]) -> tuple[str, ...]:
    """The tenants whose bundles it makes: those it names, else the one there is."""
    return tuple(name for name in tenants if name in one.tenants or (not one.tenants and name != SYSTEM))


def usable_schedules(settings: Settings) -> None:
    """What of the schedules can be looked at without a policy, a database or a network: kinds of attachments,
    whom bundles are encrypted to, and secrets. `ConfigurationError` names what is wrong."""
    for index, one in enumerate(settings.schedule):
        refusal = attaching.refused(one.attach)
        if refusal is not None:
            raise ConfigurationError(f"schedule[{index}].attach must be {refusal.hint}")
        for name in scheduled_for(one, (SYSTEM, *(tenant.id for tenant in settings.tenants))):
            found = recipients_of(settings, name, one.recipients)
            if isinstance(found, Refusal):
                raise ConfigurationError(f"schedule[{index}].recipients must be {found.hint}")
        if one.secret is not None and len(secret(one.secret, settings.base).encode()) < MIN_SECRET:
            raise ConfigurationError(f"schedule[{index}].secret must stand for at least {MIN_SECRET} bytes")


async def fit_schedules(settings: Settings, policy: Policy, shared: PolicySet) -> str:
    """Everything of the schedules but whether receivers answer: besides `usable_schedules`, frameworks by the policy,
    files for TLS, and that directories take files. What there is, in words; `ConfigurationError` for what does not
    fit."""
    usable_schedules(settings)
    known = [framework.id for framework in frameworks_of(policy, shared)]
    for index, one in enumerate(settings.schedule):
        if one.about is not None and one.about.partition(":")[2] not in known:
            raise ConfigurationError(f"schedule[{index}].about must name a framework of the policy: {', '.join(known)}")
        code = None if one.directory is None else probe(settings.path(one.directory))
        if code is not None:
            raise ConfigurationError(f"schedule[{index}].directory {_PROBES.get(code, 'cannot be written to')}")
    await AgentClient([_route(settings, one) for one in settings.schedule if one.url is not None]).close()
    return ", ".join(f"{one.id} ({one.every})" for one in settings.schedule)


def _delivery(
    settings: Settings, one: Schedule, client: AgentClient | None, route: Route | None, clock: Clock
) -> Delivery:
    if client is None or route is None or one.secret is None:
        return DirectoryDelivery(settings.path(one.directory or "."), one.timeout_s)
    return WebhookDelivery(client, route, secret(one.secret, settings.base).encode(), clock)


def _route(settings: Settings, one: Schedule) -> Route:
    def path(name: str | None) -> str | None:
        return None if name is None else str(settings.path(name))

    return bare(
        f"_schedule:{one.id}",
        one.url or "",
        ca=path(one.ca),
        client_certificate=path(one.client_certificate),
        client_key=path(one.client_key),
        pin=one.pin,
        addresses=one.addresses,
        idle_s=IDLE_S,
        timeout_s=one.timeout_s,
        max_connections=AT_ONCE,
    )
