"""`gateway audit reconcile`: the ledger against logs of firewalls and proxies and exports of providers.

All tenants are read, since a log knows none; that is on record in each one's ledger before the first row is read.
"""

import argparse
import asyncio
import sqlite3
from collections.abc import Sequence
from contextlib import ExitStack, closing
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from gateway.bootstrap import Site
from gateway.cli.common import (
    BAD,
    OK,
    Commands,
    Failed,
    WrongUse,
    format_option,
    opened,
    operator,
    put,
    read_file,
    rows_as,
    say,
    settings_of,
    table,
)
from gateway.cli.filters import add_archives, add_period, period_of
from gateway.core.errors import ConfigurationError
from gateway.evidence import tabular
from gateway.evidence.reconcile import mapping as mappings
from gateway.evidence.reconcile.comparing import Comparison
from gateway.evidence.reconcile.lines import read
from gateway.evidence.reconcile.mapping import Mapping, Source
from gateway.evidence.reconcile.telling import COLUMNS, Told, lines
from gateway.exchange.archived import Archives
from gateway.exchange.audit_scribe import Reader
from gateway.exchange.emergency_files import EmergencyFiles
from gateway.exchange.reconciling import EVENTS, Disclosed
from gateway.ledger.times import parse_timestamp, timestamp
from gateway.settings import Settings

_LIMIT = 1_000
_MOST = 1_000_000


class _Log(msgspec.Struct, frozen=True):
    source: Source
    file: BinaryIO
    packed: bool


def add(group: Commands, common: argparse.ArgumentParser) -> None:
    """Add the command to its group."""
    parser = group.add_parser(
        "reconcile",
        parents=[common],
        help="compare with logs: traffic to agents that did not come through here; 1 where there is any; recorded",
    )
    add_period(parser)
    add_archives(parser)
    parser.add_argument("--mapping", required=True, type=Path, metavar="FILE", help="how the logs are laid out, TOML")
    parser.add_argument(
        "--log", required=True, action="append", metavar="SOURCE=FILE", help="a log of a source of it; repeatable"
    )
    parser.add_argument(
        "--limit",
        type=int,
        default=_LIMIT,
        metavar="N",
        help=f"how much without another side is told (default {_LIMIT})",
    )
    format_option(parser)
    parser.set_defaults(run=lambda arguments: asyncio.run(_reconcile(arguments)))


async def _reconcile(arguments: argparse.Namespace) -> int:
    since, until = period_of(arguments)
    form = rows_as(arguments)
    if since >= until:
        raise WrongUse("--to must be after --from")
    if not 0 <= arguments.limit <= _MOST:
        raise WrongUse(f"--limit must be 0 to {_MOST}")
    data = read_file(arguments.mapping, "--mapping", mappings.MAX_BYTES)
    settings = settings_of(arguments)
    try:
        mapping = mappings.load(data, frozenset(agent.id for agent in settings.agent))
    except ConfigurationError as error:
        raise WrongUse(f"--mapping: {error}") from error
    digest = f"sha256:{sha256(data).hexdigest()}"
    with ExitStack() as stack:
        logs = _logs(stack, mapping, arguments.log)
        told = Told(since, until, digest, arguments.limit)
        found = await _compared(settings, mapping, logs, told, (since, until), arguments.archive)
    if form is not None:
        for line in tabular.lines(form, COLUMNS, found["findings"]):
            put(line)
    else:
        rows = [tuple(tabular.text(one[name]) or "-" for name in COLUMNS) for one in found["findings"]]
        say(arguments, found, lines(found, table(COLUMNS, rows)))
    return OK if found["ok"] else BAD


def _logs(stack: ExitStack, mapping: Mapping, given: Sequence[str]) -> list[_Log]:
    """The logs, open before anything is put on record."""
    sources = {source.id: source for source in mapping.source}
    logs: list[_Log] = []
    for text in given:
        name, _, path = text.partition("=")
        if name not in sources or not path:
            raise WrongUse(f"--log must be SOURCE=FILE, with a source of the mapping: {', '.join(sources)}")
        if name in [log.source.id for log in logs]:
            raise WrongUse("--log must name each source once: put its files together first")
        try:
            file = Path(path).open("rb")  # noqa: SIM115 -- closed by the stack; only opening may be the user's mistake
        except OSError as error:
            raise WrongUse("--log must name a file that can be read") from error
        logs.append(_Log(sources[name], stack.enter_context(file), path.endswith(".gz")))
    return logs


async def _compared(
    settings: Settings,
    mapping: Mapping,
    logs: Sequence[_Log],
    told: Told,
    period: tuple[str, str],
    archives: Sequence[Path],
) -> dict[str, Any]:
    disclosed = Disclosed(settings, mapping.hosts, *period)
    first, end = (parse_timestamp(time) for time in period)
    asked = {"reconcile": told.mapping, "sources": ",".join(log.source.id for log in logs)}
    with closing(disclosed.comparison(first, end)) as comparison:
        async with opened(settings) as site:
            lying = await site.lying_in(archives)
            await _read(site, lying, disclosed, comparison, asked, _around(first, end, logs))
        for log in logs:
            try:
                told.add(comparison.compare(log.source, read(log.file, log.source, packed=log.packed)))
            except ConfigurationError as error:
                raise WrongUse(f"--log: {error}") from error
            except sqlite3.Error as error:
                raise Failed(
                    "there is no room for the comparison's temporary file: SQLITE_TMPDIR may name where"
                ) from error
    return told.document(disclosed.told)


async def _read(
    site: Site,
    lying: tuple[Archives, EmergencyFiles],
    disclosed: Disclosed,
    comparison: Comparison,
    asked: dict[str, str],
    period: tuple[str, str],
) -> None:
    for tenant in site.settings.tenants:
        auditor, by = await site.auditor(tenant.id, *lying), await operator(site, tenant.id)
        who = Reader(actor=by.actor, kind="person", detail=by.detail)
        async for chunk in auditor.period(who, asked, EVENTS, *period):
            comparison.add(disclosed.take(tenant.id, chunk))
        disclosed.told.archives += await auditor.archives(*period)
        disclosed.told.emergencies += [found.one.id for found in await auditor.emergencies.within(*period)]


def _around(first: int, end: int, logs: Sequence[_Log]) -> tuple[str, str]:
    """The period, and as much before and after it as clocks may differ."""
    margin = max((log.source.skew_s + log.source.lag_s for log in logs), default=0) * 1_000_000
    return timestamp(max(0, first - margin)), timestamp(
        min(end + margin, parse_timestamp("9999-12-31T23:59:59.999999Z"))
    )
