"""`gateway audit disclosures`: each time that personal data was sent to somebody, with who that is; recorded."""

import argparse
import asyncio
import sys
from collections.abc import AsyncGenerator

from gateway.bootstrap import Site
from gateway.cli.common import (
    OK,
    Commands,
    WrongUse,
    as_json,
    format_option,
    opened,
    operator,
    printable,
    put,
    rows_as,
    settings_of,
    tenant_of,
    tenant_option,
)
from gateway.cli.filters import add_period, period_of
from gateway.evidence import tabular
from gateway.evidence.disclosed import COLUMNS, EVENTS, row
from gateway.evidence.reports.register import register_of
from gateway.exchange.auditor import Reader
from gateway.ledger.record import Detail, Envelope, parse, parse_detail
from gateway.store.search import Filters

_SHOWN = ("seq", "occurred_at", "recipient", "registered_name", "registered_country", "purpose", "classes", "subjects")


def add(group: Commands, common: argparse.ArgumentParser) -> None:
    """Add the command to its group."""
    parser = group.add_parser(
        "disclosures", parents=[common], help="what personal data was sent to whom; with --json one a line; recorded"
    )
    tenant_option(parser)
    add_period(parser)
    parser.add_argument("--subject", metavar="SUBJECT", help="about one data subject: its pseudonym")
    format_option(parser)
    parser.set_defaults(run=lambda arguments: asyncio.run(_list(arguments)))


async def _list(arguments: argparse.Namespace) -> int:
    since, until = period_of(arguments)
    form = rows_as(arguments) or (tabular.NDJSON if as_json(arguments) else None)
    if since >= until:
        raise WrongUse("--to must be after --from")
    if arguments.subject is not None and not arguments.subject.startswith("su_"):
        raise WrongUse("--subject must be a pseudonym (su_…)")
    settings = settings_of(arguments)
    tenant = tenant_of(arguments, settings)
    register = register_of(settings, tenant)
    async with opened(settings) as site:
        if form == tabular.CSV:
            put(tabular.row(COLUMNS))
        async for envelope, detail in _records(site, tenant, since, until, arguments.subject):
            found = row(envelope, detail, register)
            if found is None:
                continue
            if form == tabular.CSV:
                put(tabular.row(found[name] for name in COLUMNS))
            elif form == tabular.NDJSON:
                put(tabular.line(found))
            else:
                print(printable("  ".join(tabular.text(found[name]) or "-" for name in _SHOWN)))
    sys.stdout.flush()
    return OK


async def _records(
    site: Site, tenant: str, since: str, until: str, subject: str | None
) -> AsyncGenerator[tuple[Envelope, Detail | None], None]:
    """Of a period, or those of it that concern a data subject. That they are read is on record before the first."""
    auditor, who = await site.auditor(tenant), await operator(site, tenant)
    by = Reader(actor=who.actor, kind="person", detail=who.detail)
    if subject is None:
        async for chunk in auditor.period(by, {"disclosures": "all"}, EVENTS, since, until):
            for one in chunk:
                yield parse(one.envelope), None if one.detail is None else parse_detail(one.detail)
        return
    filters = Filters(since=since, until=until, subject=subject)
    async for hit in auditor.stream(by, filters, order="asc"):
        detail = hit.stored.detail
        yield parse(hit.stored.envelope), None if detail is None else parse_detail(detail)
