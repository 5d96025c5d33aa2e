"""`gateway audit`: searching the record, verifying it, and proving that one record is in it.

Reading is recorded here as it is over the API, with the account that runs the command as the reader.
"""

import argparse
import asyncio
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any

import msgspec

from gateway.bootstrap import Site
from gateway.cli import archives, disclosures, forwards, monitor, receipts, reconcile, restored, sign_off, stamps
from gateway.cli.common import (
    BAD,
    OK,
    Columns,
    Commands,
    Failed,
    WrongUse,
    as_json,
    format_option,
    opened,
    opened_to_read,
    operator,
    printable,
    put,
    read_file,
    rows_as,
    say,
    settings_of,
    subcommands,
    table,
    tenant_of,
    tenant_option,
    told,
    warn,
    when,
    write_file,
)
from gateway.cli.differing import Differing, numbered
from gateway.cli.filters import add_filters, filters_of
from gateway.cli.strangers import warn_of_strangers
from gateway.cli.verifying import Verification, verify
from gateway.cli.whom import named, pseudonym_of, whom_options
from gateway.core.errors import RecordsArchived
from gateway.core.refusal import Refusal
from gateway.evidence.tabular import CSV, line, row
from gateway.exchange.audit_scribe import Reader
from gateway.exchange.auditor import Away
from gateway.exchange.following import Gone
from gateway.exchange.showing import CELLS
from gateway.ledger.note import MAX_NOTE_BYTES
from gateway.store.kept_check import KeptTally
from gateway.store.search import MAX_LIMIT, Filters, Hit
from gateway.store.spread import MAX_PROCESSES

_COLUMNS = ("seq", "occurred_at", "event", "actor", "agent", "decision", "outcome", "classes", "exchange")
_LOT = 256
"""Rows whose columns are laid out together."""
_NAMED = 4
"""Origins that are named in one line, at most."""


def add(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Add the group."""
    group = subcommands(commands.add_parser("audit", help="search, verify and prove the record"))

    query = group.add_parser("query", parents=[common], help="search the record; the search is recorded")
    tenant_option(query)
    add_filters(query)
    whom_options(query)
    query.add_argument("--order", choices=("asc", "desc"), default="desc", help="default: desc, the newest first")
    amount = query.add_mutually_exclusive_group()
    amount.add_argument("--limit", type=int, default=100, help=f"how many at most, up to {MAX_LIMIT} (default 100)")
    amount.add_argument("--all", action="store_true", help="all of them, as they are read; with --json one a line")
    format_option(query)
    query.add_argument("--cursor", help="where the page before ended")
    query.set_defaults(run=lambda arguments: asyncio.run(_query(arguments)))

    tail = group.add_parser("tail", parents=[common], help="follow what comes on record; that is recorded")
    tenant_option(tail)
    add_filters(tail)
    tail.add_argument("--after", type=int, metavar="SEQ", help="what comes after this record (default: from now on)")
    tail.add_argument("--limit", type=int, metavar="N", help="end after so many records (default: when interrupted)")
    tail.set_defaults(run=lambda arguments: asyncio.run(_tail(arguments)))

    verification = group.add_parser("verify", parents=[common], help="verify all of a ledger; the result is recorded")
    tenant_option(verification)
    verification.add_argument(
        "--checkpoint",
        type=Path,
        metavar="FILE",
        help="a signed checkpoint kept elsewhere: nothing that it covers is gone",
    )
    verification.add_argument(
        "--archive",
        type=Path,
        nargs="+",
        default=(),
        metavar="FILE",
        help="archives of the ledger: their records are verified too, and not only their hashes",
    )
    verification.add_argument(
        "--emergency",
        type=Path,
        nargs="+",
        default=(),
        metavar="FILE",
        help="files of emergency ledgers that do not lie where the configuration says",
    )
    verification.add_argument(
        "--processes",
        type=int,
        default=1,
        metavar="N",
        help="how many go over a large ledger (default: 1, for the database may be serving)",
    )
    verification.set_defaults(run=lambda arguments: asyncio.run(_verify(arguments)))

    prove = group.add_parser("prove", parents=[common], help="prove that a record is under a signed checkpoint")
    tenant_option(prove)
    prove.add_argument("seq", type=int, metavar="SEQ", help="the record's sequence number")
    prove.add_argument("--out", type=Path, metavar="FILE.tlog-proof", help="where the proof goes (default: printed)")
    prove.add_argument("--record", type=Path, metavar="FILE", help="where the record's exact bytes go")
    prove.set_defaults(run=lambda arguments: asyncio.run(_prove(arguments)))

    extends = group.add_parser("consistency", parents=[common], help="prove that one tree extends an earlier one")
    tenant_option(extends)
    extends.add_argument("first", type=int, metavar="FIRST", help="the size of the earlier tree")
    extends.add_argument("second", type=int, nargs="?", metavar="SECOND", help="default: the newest checkpoint's")
    extends.set_defaults(run=lambda arguments: asyncio.run(_consistency(arguments)))

    monitor.add(group, common)
    reconcile.add(group, common)
    disclosures.add(group, common)
    archives.add(group, common)
    receipts.add(group, common)
    restored.add(group, common)
    forwards.add(group, common)
    stamps.add(group, common)
    sign_off.add(group, common)


async def reader(site: Site, tenant: str) -> Reader:
    """Who reads: the account that runs the command."""
    by = await operator(site, tenant)
    return Reader(actor=by.actor, kind="person", detail=by.detail)


async def _query(arguments: argparse.Namespace) -> int:
    filters, form, who = filters_of(arguments), rows_as(arguments), named(arguments)
    settings = settings_of(arguments)
    tenant, differing = tenant_of(arguments, settings, system=True), Differing()
    async with opened_to_read(settings) as site:
        if who is not None:
            filters = msgspec.structs.replace(filters, subject=await pseudonym_of(site, tenant, who))
        if arguments.all:
            await _all(arguments, site, tenant, filters, form, differing)
        else:
            await _page(arguments, site, tenant, filters, form, differing)
    return differing.code()


async def _page(
    arguments: argparse.Namespace, site: Site, tenant: str, filters: Filters, form: str | None, differing: Differing
) -> None:
    auditor = await site.auditor(tenant)
    page = await auditor.page(
        await reader(site, tenant), filters, order=arguments.order, limit=arguments.limit, cursor=arguments.cursor
    )
    if isinstance(page, Refusal):
        raise WrongUse(told(page, {"limit": "--limit", "cursor": "--cursor"}))
    if not page.hits and page.cursor is None and arguments.cursor is None:
        await warn_of_strangers(site, tenant, auditor, filters)
    if form is not None:
        for one in _lines(form, page.hits, differing):
            put(one)
        if page.cursor is not None:
            warn(f"more with --cursor {page.cursor}")
        return
    lines = table(_COLUMNS, [_row(hit) for hit in page.hits])
    records = [differing.shown(hit) for hit in page.hits]
    if page.cursor is not None:
        lines.append(f"more with --cursor {page.cursor}")
    elsewhere = await auditor.passed_over(filters)
    lines += _passed_over(elsewhere)
    data = {"records": records, "cursor": page.cursor, **elsewhere}
    say(arguments, data, lines)


async def _all(
    arguments: argparse.Namespace, site: Site, tenant: str, filters: Filters, form: str | None, differing: Differing
) -> None:
    if arguments.cursor is not None:
        raise WrongUse("--cursor goes with --limit, not with --all")
    auditor = await site.auditor(tenant)
    if form == CSV:
        put(row(CELLS))
    number, columns, waiting = 0, Columns(_COLUMNS), list[Hit]()
    async for hit in auditor.stream(await reader(site, tenant), filters, order=arguments.order):
        number += 1
        if form is not None:
            put(_line(form, hit, differing))
            continue
        waiting.append(hit)
        if as_json(arguments) or len(waiting) == _LOT:
            _print(arguments, waiting, columns, differing)
            waiting = []
    if form is None:
        _print(arguments, waiting, columns, differing)
    if not number:
        await warn_of_strangers(site, tenant, auditor, filters)
    for said in _passed_over(await auditor.passed_over(filters)):
        warn(said)


def _line(form: str, hit: Hit, differing: Differing) -> bytes:
    return row(differing.cells(hit)) if form == CSV else line(differing.shown(hit))


def _lines(form: str, hits: Iterable[Hit], differing: Differing) -> Iterable[bytes]:
    if form == CSV:
        yield row(CELLS)
    for hit in hits:
        yield _line(form, hit, differing)


def _passed_over(elsewhere: Mapping[str, Sequence[str]]) -> list[str]:
    """What was not looked into, in words."""
    words = {"archives": "archives", "emergencies": "emergency ledgers, whose files are not at hand:"}
    return [f"not looked into: {words[kind]} {RecordsArchived(ids).hint}" for kind, ids in elsewhere.items() if ids]


def _archived(gone: Gone) -> str:
    where = f"archives {RecordsArchived(gone.archives).hint}" if gone.archives else "what is not there any more"
    return f"not looked into: {where}: records {gone.first} to {gone.end - 1}"


async def _tail(arguments: argparse.Namespace) -> int:
    filters = filters_of(arguments)
    if arguments.after is not None and arguments.after < 0:
        raise WrongUse("--after must be a sequence number")
    if arguments.limit is not None and arguments.limit < 1:
        raise WrongUse("--limit must be 1 or more")
    settings = settings_of(arguments)
    tenant = tenant_of(arguments, settings, system=True)
    async with opened_to_read(settings) as site:
        auditor, left, columns = await site.auditor(tenant), arguments.limit, Columns(_COLUMNS)
        differing = Differing()
        await warn_of_strangers(site, tenant, auditor, filters)
        async with aclosing(auditor.tail(await reader(site, tenant), filters, after=arguments.after)) as lots:
            async for lot in lots:
                if isinstance(lot, Away):
                    print(_passed_over({"emergencies": lot.emergencies})[0], file=sys.stderr, flush=True)
                    continue
                if isinstance(lot, Gone):
                    print(_archived(lot), file=sys.stderr, flush=True)
                    continue
                hits = () if isinstance(lot, int) else lot[:left]
                if hits:
                    _print(arguments, hits, columns, differing, flush=True)
                left = None if left is None else left - len(hits)
                if left == 0:
                    break
        return differing.code()


def _print(
    arguments: argparse.Namespace, hits: Sequence[Hit], columns: Columns, differing: Differing, *, flush: bool = False
) -> None:
    if as_json(arguments):
        for hit in hits:
            print(msgspec.json.encode(differing.shown(hit)).decode("utf-8"), flush=flush)
        return
    for hit in hits:
        differing.see(hit)
    for one in columns.lines([_row(hit) for hit in hits]):
        print(printable(one), flush=flush)


def _row(hit: Hit) -> tuple[str, ...]:
    values = {name: getattr(hit, name) or "-" for name in _COLUMNS[1:]}
    classes = (hit.classes or "").strip("|").replace("|", ",")
    return (numbered(hit), *{**values, "occurred_at": when(hit.occurred_at), "classes": classes or "-"}.values())


async def _verify(arguments: argparse.Namespace) -> int:
    if not 1 <= arguments.processes <= MAX_PROCESSES:
        raise WrongUse(f"--processes must be 1 to {MAX_PROCESSES}")
    given = None if arguments.checkpoint is None else read_file(arguments.checkpoint, "--checkpoint", MAX_NOTE_BYTES)
    settings = settings_of(arguments)
    tenant = tenant_of(arguments, settings, system=True)
    found = await verify(settings, tenant, given, arguments.archive, arguments.emergency, arguments.processes)
    say(arguments, found.data(), _verdict(found))
    return OK if found.ok else BAD


def _verdict(found: Verification) -> list[str]:
    verdict = found.verdict
    lines = [
        f"records      {verdict.size}",
        f"details      {verdict.details} open, {verdict.commitments} commitment only",
        *_kept(verdict.content),
        f"checkpoints  {verdict.checkpoints}",
        f"covered      {verdict.covered}; records that no checkpoint covers: {verdict.uncovered}",
    ]
    if verdict.archived:
        lines.append(f"archived     {verdict.archived}; of these verified by their hashes alone: {verdict.unread}")
    for one in verdict.emergencies:
        said = "its file is not at hand: give it with --emergency" if one.id in verdict.absent else "verified"
        lines.append(f"emergency    {one.id}: {one.size} records, from {one.began} to {one.ended}: {said}")
    if verdict.said is not None:
        lines.append(verdict.said)
    if verdict.unseen:
        lines.append(
            f"policies     {len(verdict.unseen)} that was decided by, activated in archives that were not given, "
            f"or not at all: {', '.join(verdict.unseen)}"
        )
    if not found.against:
        lines.append(f"note         no checkpoint from elsewhere was given: {_beyond(verdict.remembered)}")
    if found.unclaimed:
        lines.append(
            f"another      checkpoints were signed here for {', '.join(found.unclaimed[:_NAMED])}, of no configured "
            "tenant: was the database replaced? See `gateway audit acknowledge-restore --tenant _system`"
        )
    if found.problem is not None:
        lines.append(f"not on record, {found.problem}")
    if verdict.failure is not None:
        return [*lines, f"BROKEN       {verdict.failure}"]
    return [*lines, "VERIFIED" if found.ok else "NOT VERIFIED"]


def _beyond(remembered: int) -> str:
    """What is not shown without a checkpoint from elsewhere, where one of so many records lies beside the keys."""
    if not remembered:
        return "that the newest records are there is not shown"
    return f"that records after the first {remembered}, as they were signed last, are there is not shown"


def _kept(content: KeptTally) -> list[str]:
    """What became of kept content, where there was any."""
    counts = {
        "open": content.open,
        "masked by an erasure": content.masked,
        "whose key is not here": content.closed,
        "of records without a commitment to it": content.uncommitted,
        "destroyed since": content.gone,
    }
    said = [f"{count} {what}" for what, count in counts.items() if count or what == "open"]
    return [f"content      {', '.join(said)}"] if any(counts.values()) else []


async def _prove(arguments: argparse.Namespace) -> int:
    settings = settings_of(arguments)
    tenant = tenant_of(arguments, settings, system=True)
    if arguments.seq < 0:
        raise WrongUse("SEQ must be a sequence number")
    async with opened(settings) as site:
        auditor = await site.auditor(tenant)
        by = await reader(site, tenant)
        proof = await auditor.proof(by, arguments.seq, force=True)
        if isinstance(proof, Refusal):
            raise Failed(told(proof))
        data: dict[str, Any] = {"seq": arguments.seq, "proof": proof.decode("utf-8")}
        lines = [] if arguments.out is not None else proof.decode("utf-8").splitlines()
        if arguments.out is not None:
            write_file(arguments.out, proof)
            lines.append(f"wrote {arguments.out}")
        if arguments.record is not None:
            stored = await auditor.record(by, arguments.seq)
            if stored is None:
                raise Failed("the record is gone")
            write_file(arguments.record, stored.envelope, option="--record")
            lines.append(f"wrote {arguments.record}")
    if arguments.record is not None and arguments.out is None:
        warn(lines.pop())
    say(arguments, data, lines)
    return OK


async def _consistency(arguments: argparse.Namespace) -> int:
    settings = settings_of(arguments)
    tenant = tenant_of(arguments, settings, system=True)
    async with opened(settings) as site:
        found = await (await site.auditor(tenant)).published.consistency(arguments.first, arguments.second)
    if isinstance(found, Refusal):
        error = WrongUse if found.code == "parameter_invalid" else Failed
        raise error(told(found, {"first": "FIRST"}))
    lines = [f"old {found.first}", f"new {found.second}", *found.path]
    say(arguments, found, lines)
    return OK
