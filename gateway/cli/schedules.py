"""`gateway evidence schedules`: which bundles are made by the calendar, what came of them and when the next one is due;
and to have one made and delivered again, or at once, on record."""

import argparse
import asyncio

from gateway.bootstrap import Schedules, Site
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
    told,
)
from gateway.core.refusal import Refusal
from gateway.exchange.audit_scribe import Reader

_COLUMNS = ("schedule", "tenant", "period", "state", "due", "delivered", "tries", "code")


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
        found = [row for name in site.tenants if named in (None, name) for row in await Schedules(site, name).rows()]
    lines = table(_COLUMNS, [tuple("-" if row[name] is None else str(row[name]) for name in _COLUMNS) for row in found])
    say(arguments, {"schedules": found}, lines if found else ["nothing is scheduled"])
    return OK


async def _again(site: Site, tenant: str, schedule: str, period: str, reason: str) -> str:
    by = await operator(site, tenant)
    reader = Reader(actor=by.actor, kind="person", detail=by.detail)
    found = await Schedules(site, tenant).again(schedule, period, reason, reader)
    if not isinstance(found, Refusal):
        return found
    if found.field == "schedule":
        raise WrongUse("--again must name a schedule that makes this tenant's bundles")
    raise Failed(told(found, {"period": "--period", "reason": "--reason"}))
