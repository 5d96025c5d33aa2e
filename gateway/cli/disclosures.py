"""`gateway audit disclosures`: each time that personal data was sent to somebody, with who that is; recorded."""

import argparse
import asyncio
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from gateway.cli.common import (
    OK,
    Columns,
    Commands,
    WrongUse,
    as_json,
    cut,
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
    when,
)
from gateway.cli.filters import add_archives, add_period, period_of
from gateway.cli.whom import named, pseudonym_of, whom_options
from gateway.core.errors import RecordsArchived
from gateway.evidence import tabular
from gateway.exchange.audit_scribe import Reader
from gateway.exchange.declared import VersionRegisters
from gateway.exchange.disclosures import COLUMNS, disclosures

_SHOWN = {
    "seq": "seq",
    "occurred_at": "occurred_at",
    "recipient": "recipient",
    "registered_name": "company",
    "registered_country": "country",
    "purpose": "purpose",
    "legal_basis": "legal_basis",
    "classes": "classes",
}
"""Member of a row → the column that it is in, as text."""
_BENEATH = {"actor": "by", "subjects": "about", "rules": "rules", "obligations": "masks"}
"""Member of a row → its word in the line beneath: what is long, or of which there are several."""
_WIDTH, _LOT = 28, 256
"""Characters of a column at most, and rows whose columns are laid out together."""


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
        columns, waiting = Columns(tuple(_SHOWN.values())), list[dict[str, Any]]()
        async for found in disclosures(auditor, who, registers, since, until, subject):
            if form == tabular.CSV:
                put(tabular.row(found[name] for name in COLUMNS))
            elif form == tabular.NDJSON:
                put(tabular.line(found))
            else:
                waiting.append(found)
                if len(waiting) == _LOT:
                    _print(columns, waiting)
                    waiting = []
        if form is None:
            _print(columns, waiting)
        lain = await auditor.archives(since, until)
        own = [found.one.id for found in await auditor.emergencies.within(since, until)]
    sys.stdout.flush()
    if lain:
        warn(f"read from archives, and from the database: {RecordsArchived(lain).hint}")
    if own:
        warn(f"read from emergency ledgers too: {RecordsArchived(own).hint}")
    return OK


def _print(columns: Columns, rows: list[dict[str, Any]]) -> None:
    """A row is two lines: its columns, and beneath them who caused it, about whom, and by what rules."""
    lines = columns.lines([tuple(_cells(row)) for row in rows])
    head = lines[: len(lines) - len(rows)]
    for line in head:
        print(printable(line))
    for line, row in zip(lines[len(head) :], rows, strict=True):
        print(printable(line))
        print(printable(f"    {_beneath(row)}"))


def _cells(row: Mapping[str, Any]) -> Iterator[str]:
    own = row["emergency"]
    yield str(row["seq"]) if own is None else f"{own}/{row['seq']}"
    yield when(row["occurred_at"])
    for name in list(_SHOWN)[2:]:
        yield cut(tabular.text(row[name]) or "-", _WIDTH)


def _beneath(row: Mapping[str, Any]) -> str:
    return "  ".join(f"{word} {tabular.text(row[name]) or '-'}" for name, word in _BENEATH.items())
