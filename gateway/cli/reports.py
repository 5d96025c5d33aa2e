"""`gateway evidence report`: a report of a period, as a page, a PDF or data; that it is made is recorded."""

import argparse
import asyncio
from collections.abc import Sequence
from pathlib import Path

import msgspec

from gateway.bootstrap import proposed, reporter_of
from gateway.cli.audit import reader
from gateway.cli.common import (
    OK,
    Commands,
    Failed,
    WrongUse,
    opened_to_read,
    say,
    settings_of,
    tenant_of,
    tenant_option,
    told,
    write_file,
)
from gateway.cli.filters import add_archives, add_period, period_of
from gateway.cli.whom import named, pseudonym_of, whom_options
from gateway.core.refusal import Refusal
from gateway.evidence.reports import html, pdf
from gateway.evidence.reports.document import Document, encode
from gateway.evidence.reports.kinds import KINDS
from gateway.exchange.reporting import Wanted
from gateway.exchange.subjects import Identifier
from gateway.settings import Settings

_FORMATS = {"html": html.render, "pdf": pdf.render, "json": encode}
_OPTIONS = {"from": "--from", "to": "--to", "subject": "--subject", "framework": "--framework", "kind": "KIND"}


def add(group: Commands, common: argparse.ArgumentParser) -> None:
    """Add the command to the group `evidence`."""
    report = group.add_parser("report", parents=[common], help="make a report of a period; it is recorded")
    tenant_option(report)
    report.add_argument("kind", choices=tuple(KINDS), metavar="KIND", help=", ".join(KINDS))
    add_period(report)
    add_archives(report)
    report.add_argument("--out", type=Path, required=True, metavar="FILE", help="where; nothing is overwritten")
    report.add_argument("--format", choices=tuple(_FORMATS), help="default: by the ending of --out, else html")
    report.add_argument("--framework", metavar="ID", help="for the kind framework: hipaa, gdpr, or one of your own")
    whom_options(report)
    report.set_defaults(run=_report)


def _report(arguments: argparse.Namespace) -> int:
    since, until = period_of(arguments)
    ending = arguments.out.suffix.removeprefix(".").lower()
    form = arguments.format or (ending if ending in _FORMATS else "html")
    if form == "pdf" and not pdf.available():
        raise WrongUse(f"--format: {pdf.MISSING}")
    if arguments.out.exists():  # before anything is recorded; again when it is written
        raise WrongUse("--out names a file that exists: it is not overwritten")
    settings = settings_of(arguments)
    tenant = tenant_of(arguments, settings, system=True)
    wanted = Wanted(kind=arguments.kind, since=since, until=until, framework=arguments.framework)
    who = named(arguments)
    found, data = asyncio.run(_made(settings, tenant, wanted, form, who, arguments.archive))
    write_file(arguments.out, data, private=True)
    count = found.end - found.first
    told_of = {"file": str(arguments.out), "kind": found.kind, "first": found.first, "end": found.end}
    of = "of" if who is None else "looked for in"
    say(arguments, told_of, [f"wrote {arguments.out}: {found.title}, {of} {count} records"])
    return OK


async def _made(
    settings: Settings, tenant: str, wanted: Wanted, form: str, who: str | Identifier | None, archives: Sequence[Path]
) -> tuple[Document, bytes]:
    policy, shared = proposed(settings)
    async with opened_to_read(settings) as site:
        subject = None if who is None else await pseudonym_of(site, tenant, who)
        auditor = await site.auditor(tenant, *await site.lying_in(archives))
        reporter = await reporter_of(site, tenant, auditor, policy, shared)
        by = await reader(site, tenant)
        found = await reporter.report(by, msgspec.structs.replace(wanted, subject=subject))
        if isinstance(found, Refusal):
            error = WrongUse if found.code == "parameter_invalid" else Failed
            raise error(told(found, _OPTIONS))
        data = _FORMATS[form](found)
        await reporter.given(by, found, form, data)
    return found, data
