"""`gateway advise`: where the agents of each capability fit, cloud, hybrid or on-premise, from what is on record."""

import argparse
import asyncio
from collections.abc import Sequence
from pathlib import Path

from gateway.cli.audit import reader
from gateway.cli.common import (
    OK,
    Commands,
    WrongUse,
    as_json,
    opened,
    say,
    settings_of,
    tenant_of,
    tenant_option,
    write_file,
)
from gateway.cli.filters import add_archives, add_period, period_of
from gateway.evidence.advice.seen import EVENTS, Seen
from gateway.evidence.advice.telling import document, html, lines
from gateway.ledger.record import parse
from gateway.settings import Settings


def add(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "advise", parents=[common], help="where agents should run, from what is on record; recorded"
    )
    tenant_option(parser)
    add_period(parser)
    add_archives(parser)
    parser.add_argument("--html", type=Path, metavar="FILE", help="write it as one page, a new file, instead of text")
    parser.set_defaults(run=lambda arguments: asyncio.run(_advise(arguments)))


async def _advise(arguments: argparse.Namespace) -> int:
    since, until = period_of(arguments)
    if since >= until:
        raise WrongUse("--to must be after --from")
    if arguments.html is not None and as_json(arguments):
        raise WrongUse("--html and --json say different things: give one of them")
    settings = settings_of(arguments)
    tenant = tenant_of(arguments, settings)
    seen = Seen(_offered(settings), settings.advise.sensitive)
    async with opened(settings) as site:
        lying = await site.lying_in(arguments.archive)
        auditor, by = await site.auditor(tenant, *lying), await reader(site, tenant)
        async for chunk in auditor.period(by, {"advise": "placement"}, EVENTS, since, until):
            for one in chunk:
                seen.feed(parse(one.envelope))
        lain = await auditor.archives(since, until)
        own = [found.one.id for found in await auditor.emergencies.within(since, until)]
    inside = frozenset(zone.id for zone in settings.zone if zone.trusted)
    about = {"tenant": tenant, "from": since, "to": until, "archives": list(lain), "emergencies": own}
    found = document(seen, settings.advise, inside, about, settings.limits.currency)
    if arguments.html is None:
        say(arguments, found, lines(found))
    else:
        write_file(arguments.html, html(found).encode(), "--html")
        say(arguments, found, [f"wrote {arguments.html}"])
    return OK


def _offered(settings: Settings) -> dict[str, Sequence[str]]:
    """Agent → what it is registered for; the first is what its records name where none was asked for."""
    return {agent.id: agent.capabilities for agent in settings.agent}
