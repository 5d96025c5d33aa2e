"""`gateway incidents`: what should not have left, and what people say it was, from the command line."""

import argparse
import asyncio

from gateway.bootstrap import Site, incidents_of
from gateway.cli.common import (
    OK,
    Commands,
    Failed,
    format_option,
    opened,
    say,
    say_rows,
    settings_of,
    subcommands,
    table,
    tenant_of,
    tenant_option,
    told,
)
from gateway.cli.persons import OPTIONS, personal
from gateway.core.refusal import Refusal
from gateway.exchange.approving import Approver
from gateway.exchange.incidents import COLUMNS, DISPOSITIONS, described


def add(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Add the group."""
    group = subcommands(commands.add_parser("incidents", help="what should not have left, and what became of it"))

    listed = group.add_parser("list", parents=[common], help="incidents that are open")
    listed.add_argument("--closed", action="store_true", help="those that are closed instead")
    format_option(listed)
    tenant_option(listed)
    listed.set_defaults(run=lambda arguments: asyncio.run(_list(arguments)))

    close = group.add_parser("close", parents=[common], help="say what it was; recorded")
    close.add_argument("id", metavar="ID")
    close.add_argument("--disposition", required=True, choices=DISPOSITIONS, help="what it was")
    close.add_argument("--reason", required=True, metavar="TEXT", help="why: it goes beside the record")
    personal(close, _close)


async def _list(arguments: argparse.Namespace) -> int:
    settings = settings_of(arguments)
    tenant = tenant_of(arguments, settings)
    async with opened(settings) as site:
        ledger = site.tenants[tenant].ledger
        found = [described(one) for one in await incidents_of(site).listed(ledger, closed=arguments.closed)]
    rows = [tuple(str(one[name] or "") for name in COLUMNS) for one in found]
    say_rows(arguments, "incidents", COLUMNS, found, table(COLUMNS, rows))
    return OK


async def _close(arguments: argparse.Namespace, site: Site, who: Approver) -> None:
    done = await incidents_of(site).close(who, arguments.id, arguments.disposition, arguments.reason)
    if isinstance(done, Refusal):
        raise Failed(told(done, OPTIONS))
    say(arguments, described(done), [f"{done.id} is closed: {done.disposition}"])
