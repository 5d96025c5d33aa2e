"""`gateway evidence schedules`: which bundles are made by the calendar, what came of them and when the next one is due;
and to have one made and delivered again, or at once, on record."""

import argparse
import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from gateway.bootstrap import Site, scheduled_for
from gateway.cli.common import (
    OK,
    Commands,
    Failed,
    WrongUse,
    opened,
    operator,
    say,
    settings_of,
    table,
    tenant_of,
    tenant_option,
)
from gateway.core.ids import random_id
from gateway.exchange.schedule_record import DUE_NOW, ScheduleScribe
from gateway.ledger.entry import Column
from gateway.ledger.record import timestamp
from gateway.settings import Schedule
from gateway.store.scheduled import DELIVERED, DUE, FAILED, WAITING, Scheduled, ScheduledStore

_COLUMNS = ("schedule", "tenant", "period", "state", "due", "delivered", "tries", "code")
_SHOWN = 12
"""Periods of a schedule and tenant that are shown."""
_AFRESH: Mapping[str, Column] = {
    "state": DUE,
    "builds": 1,
    "tries": 0,
    "next_us": 0,
    "told": 0,
    "code": None,
    "ended_us": None,
    "digest": None,
}
"""The row of a period whose bundle is made once more."""


def add(group: Commands, common: argparse.ArgumentParser) -> None:
    """Add the command to `gateway evidence`."""
    parser = group.add_parser(
        "schedules", parents=[common], help="bundles by the calendar; --again has one delivered anew, or at once"
    )
    tenant_option(parser)
    parser.add_argument("--again", metavar="SCHEDULE", help="have --period's bundle delivered again, or tried at once")
    parser.add_argument("--period", metavar="PERIOD", help="which, as it is listed: 2026-11, 2026-Q4, 2026-W48, 2026")
    parser.add_argument("--reason", metavar="TEXT", help="why")
    parser.set_defaults(run=lambda arguments: asyncio.run(_run(arguments)))


async def _run(arguments: argparse.Namespace) -> int:
    if (arguments.again, arguments.period, arguments.reason).count(None) not in (0, 3):
        raise WrongUse("--again goes with --period and --reason")
    settings = settings_of(arguments)
    if arguments.again is not None:
        tenant = tenant_of(arguments, settings, system=True)
        async with opened(settings) as site:
            bundle = await _again(site, tenant, arguments.again, arguments.period, arguments.reason)
        data = {"schedule": arguments.again, "tenant": tenant, "period": arguments.period, "bundle": bundle}
        say(arguments, data, [f"{arguments.again} {arguments.period} is delivered by who serves, on record"])
        return OK
    named = None if arguments.tenant is None else tenant_of(arguments, settings, system=True)
    async with opened(settings) as site:
        found = [row for name in site.tenants if named in (None, name) for row in await _rows(site, name)]
    lines = table(_COLUMNS, [tuple("-" if row[name] is None else str(row[name]) for name in _COLUMNS) for row in found])
    say(arguments, {"schedules": found}, lines if found else ["nothing is scheduled"])
    return OK


async def _rows(site: Site, tenant: str) -> list[dict[str, Any]]:
    """The newest periods of each schedule that makes a tenant's bundles, or made them once."""
    known = await ScheduledStore(site.engine).newest(site.tenants[tenant].ledger)
    configured = {one.id: one for one in site.settings.schedule if tenant in scheduled_for(one, site.tenants)}
    found: list[dict[str, Any]] = []
    for name in sorted(configured.keys() | {one.schedule for one in known}):
        mine = [one for one in known if one.schedule == name][:_SHOWN]
        if not mine:
            found.append({**dict.fromkeys(_COLUMNS), "schedule": name, "tenant": tenant, "state": "not begun"})
        found += _shown(tenant, mine, configured.get(name))
    return found


def _shown(tenant: str, some: Sequence[Scheduled], configured: Schedule | None) -> Iterator[dict[str, Any]]:
    for one in some:
        asleep = one.state in (WAITING, DUE) and (configured is None or configured.every != one.every)
        yield {
            "schedule": one.schedule,
            "tenant": tenant,
            "period": one.period,
            "state": "not configured" if asleep else one.state,
            "due": timestamp(one.until_us),
            "delivered": timestamp(one.ended_us) if one.state == DELIVERED and one.ended_us is not None else None,
            "tries": one.tries,
            "code": one.code,
            "bundle": one.bundle,
            "sha256": one.digest,
        }


async def _again(site: Site, tenant: str, schedule: str, period: str, reason: str) -> str:
    """The id of its bundle: another one where the last was delivered or given up, else the one that is tried at once
    and not when its wait is over. Whoever serves goes on from there."""
    configured = next((one for one in site.settings.schedule if one.id == schedule), None)
    if configured is None or tenant not in scheduled_for(configured, site.tenants):
        raise WrongUse("--again must name a schedule that makes this tenant's bundles")
    one = await ScheduledStore(site.engine).get(site.tenants[tenant].ledger, schedule, period)
    if one is None:
        raise Failed("there is no such period of it: see `gateway evidence schedules`")
    if one.state not in (DUE, DELIVERED, FAILED):
        raise Failed("only a period that is over, and not among those that were missed, can be had again")
    by, writer = await operator(site, tenant), await site.writer(tenant)
    values: Mapping[str, Column] = {"next_us": 0} if one.state == DUE else {**_AFRESH, "bundle": random_id("ev")}
    scribe = ScheduleScribe(site.clock, site.node, "directory" if configured.url is None else "webhook")
    detail = msgspec.structs.replace(by.detail, reason=reason)
    # A crash before the commit: nothing has changed. After it: on record, and it is made by whoever serves.
    if await writer.submit(scribe.entry(DUE_NOW, one, values, by=(by.actor, detail))) is None:
        raise Failed("somebody else has changed it at this moment: look again")
    return str(values.get("bundle", one.bundle))
