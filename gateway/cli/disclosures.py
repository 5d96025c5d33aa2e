"""`gateway audit disclosures`: each time that personal data was sent to somebody, with who that is; recorded."""

import argparse
import asyncio
import sys

from gateway.cli.common import (
    OK,
    Commands,
    WrongUse,
    as_json,
    format_option,
    opened_to_read,
    operator,
    printable,
    put,
    rows_as,
    settings_of,
    tenant_of,
    tenant_option,
    warn,
)
from gateway.cli.filters import add_archives, add_period, period_of
from gateway.cli.whom import named, pseudonym_of, whom_options
from gateway.core.errors import RecordsArchived
from gateway.evidence import tabular
from gateway.exchange.audit_scribe import Reader
from gateway.exchange.declared import VersionRegisters
from gateway.exchange.disclosures import COLUMNS, disclosures

_SHOWN = ("seq", "occurred_at", "recipient", "registered_name", "registered_country", "purpose", "classes", "subjects")


def add(group: Commands, common: argparse.ArgumentParser) -> None:
    """Add the command to its group."""
    parser = group.add_parser(
        "disclosures", parents=[common], help="what personal data was sent to whom; with --json one a line; recorded"
    )
    tenant_option(parser)
    add_period(parser)
    whom_options(parser)
    add_archives(parser)
    format_option(parser)
    parser.set_defaults(run=lambda arguments: asyncio.run(_list(arguments)))


async def _list(arguments: argparse.Namespace) -> int:
    since, until = period_of(arguments)
    form = rows_as(arguments) or (tabular.NDJSON if as_json(arguments) else None)
    if since >= until:
        raise WrongUse("--to must be after --from")
    name = named(arguments)
    settings = settings_of(arguments)
    tenant = tenant_of(arguments, settings)
    async with opened_to_read(settings) as site:
        subject = None if name is None else await pseudonym_of(site, tenant, name)
        if form == tabular.CSV:
            put(tabular.row(COLUMNS))
        lying = await site.lying_in(arguments.archive)
        auditor, by = await site.auditor(tenant, *lying), await operator(site, tenant)
        who = Reader(actor=by.actor, kind="person", detail=by.detail)
        registers = VersionRegisters(site.policies, tenant)
        async for found in disclosures(auditor, who, registers, since, until, subject):
            if form == tabular.CSV:
                put(tabular.row(found[name] for name in COLUMNS))
            elif form == tabular.NDJSON:
                put(tabular.line(found))
            else:
                print(printable("  ".join(tabular.text(found[name]) or "-" for name in _SHOWN)))
        lain = await auditor.archives(since, until)
        own = [found.one.id for found in await auditor.emergencies.within(since, until)]
    sys.stdout.flush()
    if lain:
        warn(f"read from archives, and from the database: {RecordsArchived(lain).hint}")
    if own:
        warn(f"read from emergency ledgers too: {RecordsArchived(own).hint}")
    return OK
