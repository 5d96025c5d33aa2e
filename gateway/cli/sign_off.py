"""`gateway audit sign-off`: a person's word on the activity of a period or on access, put on record."""

import argparse
import hashlib
from collections.abc import Sequence
from pathlib import Path

import msgspec

from gateway.bootstrap import Site, sign_offs_of
from gateway.cli.common import Commands, Failed, read_file, say, tenant_of, told
from gateway.cli.filters import add_archives, add_period, period_of
from gateway.cli.persons import OPTIONS, personal
from gateway.core.refusal import Refusal
from gateway.exchange.approving import Approver
from gateway.exchange.signing_off import DISPOSITIONS, REVIEWS, Review

MAX_REPORT = 64 * 1024 * 1024
"""Bytes of a report's file."""


def add(group: Commands, common: argparse.ArgumentParser) -> None:
    """Add the command to the group `audit`."""
    sign = group.add_parser("sign-off", parents=[common], help="sign off a review of activity or access; recorded")
    add_period(sign)
    add_archives(sign)
    sign.add_argument("--kind", choices=REVIEWS, default=REVIEWS[0], help=f"of the report; without it {REVIEWS[0]}")
    sign.add_argument(
        "--report",
        type=Path,
        required=True,
        metavar="FILE",
        help="the report that you looked at, in any form: its SHA-256 is recorded",
    )
    sign.add_argument("--disposition", required=True, choices=DISPOSITIONS, help="what came of it")
    sign.add_argument(
        "--reason", required=True, metavar="TEXT", help="what was found and is to be done: goes beside the record"
    )
    sign.add_argument("--incident", metavar="ID", help="the incident that it led to or is about")
    personal(sign, _sign)


async def _sign(arguments: argparse.Namespace, site: Site, who: Approver) -> None:
    since, until = period_of(arguments)
    digest = hashlib.sha256(read_file(arguments.report, "--report", MAX_REPORT)).hexdigest()
    review = Review(
        since=since,
        until=until,
        report=f"sha256:{digest}",
        disposition=arguments.disposition,
        reason=arguments.reason,
        incident=arguments.incident,
        kind=arguments.kind,
    )
    tenant = tenant_of(arguments, site.settings)
    archives: Sequence[Path] = arguments.archive
    auditor = await site.auditor(tenant, *await site.lying_in(archives))
    done = await sign_offs_of(site, tenant, auditor).sign(who, review)
    if isinstance(done, Refusal):
        raise Failed(
            told(done, {**OPTIONS, "from": "--from", "to": "--to", "report": "--report", "incident": "--incident"})
        )
    line = f"records {done.first} to {done.end - 1} are signed off: {done.disposition}, on record as {done.seq}"
    say(arguments, msgspec.to_builtins(done), [line])
