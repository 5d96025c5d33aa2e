"""`gateway evidence export`: a bundle of a range of records, written whole or not at all."""

import argparse
import asyncio
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from gateway.cli.audit import reader
from gateway.cli.common import (
    OK,
    Commands,
    Failed,
    WrongUse,
    opened_to_read,
    read_file,
    say,
    settings_of,
    tenant_of,
    tenant_option,
    told,
)
from gateway.cli.filters import add_archives, add_filters, filters_of, texts
from gateway.cli.progress import Progress
from gateway.cli.strangers import warn_of_strangers
from gateway.core.canonical import MAX_INTEGER
from gateway.core.errors import FormatError
from gateway.core.refusal import Refusal
from gateway.evidence.age import MAX_FILE, RECIPIENT, recipient_lines
from gateway.evidence.manifest import Manifest
from gateway.exchange import attaching
from gateway.exchange.bundle_files import digest
from gateway.exchange.scoping import Asked
from gateway.settings import Settings
from gateway.store.search import Filters

_OPTIONS = {
    "end": "--end",
    "filters": "filters",
    "range": "--first and --end",
    "about": "--about",
    "period": "--period",
    "recipients": "--recipient",
    "contents": "--contents",
    "attach": "--attach",
}
_EXISTS = "--out names a file that exists: it is not overwritten"


def add(group: Commands, common: argparse.ArgumentParser) -> None:
    """Add the command to `gateway evidence`."""
    export = group.add_parser("export", parents=[common], help="write a bundle of a range of records; it is recorded")
    tenant_option(export)
    export.add_argument("--out", type=Path, required=True, metavar="FILE.zip", help="where; nothing is overwritten")
    export.add_argument("--first", type=int, metavar="SEQ", help="the first record (default: 0)")
    export.add_argument("--end", type=int, metavar="SEQ", help="the record after the last (default: all there are)")
    export.add_argument(
        "--about", metavar="KIND:ID", help="framework, subject (a pseudonym), exchange or incident, and which"
    )
    export.add_argument(
        "--period", nargs=2, metavar=("FROM", "TO"), help="all that was recorded from a time or date until another"
    )
    export.add_argument("--no-details", action="store_true", help="leave out details, also of selected records")
    export.add_argument(
        "--contents", action="store_true", help="carry what policy has kept of messages of selected records"
    )
    export.add_argument(
        "--attach", action="append", default=[], metavar="KIND", help="what else to make of the records; repeatable"
    )
    export.add_argument(
        "--recipient",
        action="append",
        default=[],
        metavar="KEY",
        help="encrypt it to this public key, of age or SSH; repeatable",
    )
    export.add_argument("--recipients-file", type=Path, metavar="FILE", help="and to those in this file, one a line")
    add_archives(export)
    add_filters(export)
    export.set_defaults(run=_export)


def _export(arguments: argparse.Namespace) -> int:
    filters = filters_of(arguments)
    asked = Asked(
        first=arguments.first,
        end=arguments.end,
        filters=texts(filters),
        details=not arguments.no_details,
        contents=arguments.contents,
        about=arguments.about,
        period=None if arguments.period is None else (arguments.period[0], arguments.period[1]),
    )
    end = MAX_INTEGER if asked.end is None else asked.end
    if not 0 <= (asked.first or 0) < end <= MAX_INTEGER:
        raise WrongUse("--first must not be negative, --end must come after it, and both lie within 2^53")
    refusal = attaching.refused(arguments.attach)
    if refusal is not None:
        raise WrongUse(told(refusal, {"attach": "--attach"}))
    recipients = _recipients(arguments)
    if os.path.lexists(arguments.out):  # before anything is recorded; again when the bundle gets its name
        raise WrongUse(_EXISTS)
    settings = settings_of(arguments)
    tenant = tenant_of(arguments, settings, system=True)
    manifest, sha256 = asyncio.run(
        _written(settings, tenant, asked, filters, arguments.attach, recipients, arguments.out, arguments.archive)
    )
    count = manifest.end - manifest.first
    data = {"file": str(arguments.out), "origin": manifest.origin, "first": manifest.first, "end": manifest.end}
    data |= {
        "sha256": sha256,
        "selected": manifest.selected,
        "opened": manifest.opened,
        "checkpoint": manifest.checkpoint[0],
    }
    text = f"wrote {arguments.out}: {count} records, {manifest.selected} selected, {manifest.opened} details"
    if manifest.contents is not None:
        data["contents"] = manifest.contents
        text += f", content of {manifest.contents}"
    say(arguments, data, [text])
    return OK


def _recipients(arguments: argparse.Namespace) -> list[str]:
    """Whom the command line names; whether they may be, the tenant's configuration says."""
    found = list(arguments.recipient)
    if arguments.recipients_file is not None:
        data = read_file(arguments.recipients_file, "--recipients-file", MAX_FILE)
        try:
            found += recipient_lines(data)
        except FormatError as error:
            raise WrongUse(f"--recipients-file: {error}") from error
        if not found:
            raise WrongUse(f"--recipients-file must name recipients: {RECIPIENT}")
    return found


async def _written(
    settings: Settings,
    tenant: str,
    asked: Asked,
    filters: Filters,
    attach: Sequence[str],
    recipients: Sequence[str],
    out: Path,
    archives: Sequence[Path],
) -> tuple[Manifest, str]:
    """The bundle under its name once it is whole and synced and its SHA-256 (in hex, given too) is on record, never
    before, and never over another file."""
    try:
        descriptor, name = tempfile.mkstemp(prefix=".bundle-", dir=out.parent)
    except OSError as error:
        raise WrongUse("--out must name a file in a directory that can be written") from error
    try:
        with os.fdopen(descriptor, "w+b") as file:
            async with opened_to_read(settings) as site:
                auditor = await site.auditor(tenant, *await site.lying_in(archives))
                selection = await auditor.select(asked)
                if isinstance(selection, Refusal):
                    state = selection.code in ("archived", "conflict")
                    raise (Failed if state else WrongUse)(told(selection, _OPTIONS))
                await warn_of_strangers(site, tenant, auditor, filters)
                progress = Progress(sys.stderr, "readings of records" if attach else "records")
                by = await reader(site, tenant)
                try:
                    manifest = await auditor.export(
                        by,
                        selection,
                        file,
                        attach=attach,
                        recipients=recipients,
                        progress=progress,
                    )
                finally:
                    progress.close()
                if isinstance(manifest, Refusal):
                    wrong = manifest.field in ("recipients", "contents")
                    raise (WrongUse if wrong else Failed)(told(manifest, _OPTIONS))
                file.flush()
                os.fsync(file.fileno())
                found, _ = digest(Path(name))
                # A crash before this is durable: no file has the name. After: it may tell of one that has none.
                await auditor.scribe.bundled(by, None, found, "ok", manifest.first, manifest.end)
        os.link(name, out)
    except FileExistsError as error:
        raise WrongUse(_EXISTS) from error
    except OSError as error:
        raise Failed(f"the bundle could not be written: {error.strerror}") from error
    finally:
        os.unlink(name)
    return manifest, found
