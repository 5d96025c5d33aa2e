"""`gateway audit archive`, `check-archive` and `retain`: old records into archives, whether one of these holds by
itself, and what lies beside records destroyed when its days are over."""

import argparse
import asyncio
import re
from pathlib import Path
from typing import Any

import msgspec

from gateway.bootstrap import archiving_of, due, retained, retaining_of
from gateway.cli.common import (
    BAD,
    OK,
    Commands,
    Failed,
    WrongUse,
    opened,
    read_keys,
    say,
    settings_of,
    tenant_of,
    tenant_option,
)
from gateway.core.errors import FormatError, VerificationError
from gateway.evidence import archive as files
from gateway.exchange.archived import opened as file_opened
from gateway.exchange.archiving import Busy, cutoff
from gateway.exchange.retaining import rules_of
from gateway.ledger.encoding import to_base64
from gateway.ledger.times import parse_timestamp

_DATE = re.compile(r"\d{4}-\d\d-\d\d")


def add(group: Commands, common: argparse.ArgumentParser) -> None:
    """Add the commands to `gateway audit`."""
    archive = group.add_parser("archive", parents=[common], help="move records whose days are over into archives")
    tenant_option(archive)
    archive.add_argument(
        "--before",
        metavar="DATE",
        help="only what was recorded before this day (UTC); by default all that is old enough",
    )
    archive.set_defaults(run=lambda arguments: asyncio.run(_archive(arguments)))

    retain = group.add_parser("retain", parents=[common], help="destroy what lies beside records and is over its days")
    tenant_option(retain)
    retain.set_defaults(run=lambda arguments: asyncio.run(_retain(arguments)))

    check = group.add_parser(
        "check-archive", parents=[common], help="check archives with the ledger's public key alone"
    )
    check.add_argument(
        "files", type=Path, nargs="+", metavar="FILE", help="archives; several in order, the oldest first"
    )
    check.add_argument("--key", type=Path, required=True, metavar="FILE.vkey", help="the ledger's public key, or keys")
    check.set_defaults(run=_check)


async def _archive(arguments: argparse.Namespace) -> int:
    settings = settings_of(arguments)
    tenant = tenant_of(arguments, settings, system=True)
    if settings.archive.directory is None:
        raise WrongUse("archive.directory must be set in the configuration: archives are written there")
    async with opened(settings) as site:
        before_us = cutoff(site.clock.now_us(), settings.archive.days(tenant, settings.tenants))
        if arguments.before is not None:
            before_us = min(before_us, _day_us(arguments.before))
        made, found = await due(site, archiving_of(site), tenant, before_us)
    waits = None if isinstance(found, Busy) else found
    lines = [f"{one.id}  records {one.first} to {one.end - 1}  {one.digest}" for one in made]
    if waits is not None:
        lines.append(f"records {waits.first} to {waits.end - 1} stay: {waits.reason}")
    elif not made and found is None:
        lines.append("no whole range is old enough")
    data = {
        "archives": [
            {"id": one.id, "first": one.first, "end": one.end, "digest": one.digest, "bytes": one.size} for one in made
        ],
        "waits": None if waits is None else msgspec.to_builtins(waits),
    }
    say(arguments, data, lines)
    if isinstance(found, Busy):
        raise Failed("another process is at it: see again once it is done")
    return OK


async def _retain(arguments: argparse.Namespace) -> int:
    settings = settings_of(arguments)
    tenant = tenant_of(arguments, settings, system=True)
    if not rules_of(settings.retention, tenant):
        raise WrongUse("no [[retention]] in the configuration is about this tenant: what lies beside its records stays")
    async with opened(settings) as site:
        done = await retained(site, retaining_of(site), tenant)
    if done is None:
        raise Failed("another process is at it")
    lines = [
        f"{what} of {count} records about {about} destroyed"
        for what, counts in done.counts.items()
        for about, count in sorted(counts.items())
    ]
    if done.held:
        lines.append(f"of {done.held} records it stays: a legal hold is on somebody whom they are about")
    say(arguments, {"destroyed": done.counts, "held": done.held}, lines or ["nothing is over its days"])
    if not done.whole:
        raise Failed("another process is at the rest: this one was too slow to keep it")
    return OK


def _day_us(text: str) -> int:
    try:
        if _DATE.fullmatch(text):
            return parse_timestamp(f"{text}T00:00:00.000000Z")
    except FormatError:
        pass
    raise WrongUse("--before must be a day like 2026-11-24")


def _check(arguments: argparse.Namespace) -> int:
    keys = read_keys(arguments.key)
    found: list[dict[str, Any]] = []
    lines: list[str] = []
    before: tuple[int, str, str] | None = None
    for path in arguments.files:
        try:
            with file_opened(path) as file:
                checked, digest = files.verify(files.Archive(file), keys), files.digest(file)
            header = checked.header
            if before is not None and (header.first, header.prev, header.recorded_at) != before:
                raise VerificationError("archive: it does not follow the one before")
        except (FormatError, VerificationError) as error:
            data = {"ok": False, "file": str(path), "failure": str(error)}
            say(arguments, data, [*lines, f"BROKEN  {path}: {error}"])
            return BAD
        before = (header.end, to_base64(checked.last_hash), checked.recorded_at)
        names = {"id": header.id, "first": header.first, "end": header.end}
        found.append({**names, "digest": digest, "checkpoint": checked.checkpoint.size})
        lines.append(f"VERIFIED  {header.id}  records {header.first} to {header.end - 1}  {digest}")
    say(arguments, {"ok": True, "archives": found}, lines)
    return OK
