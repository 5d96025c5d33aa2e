"""`gateway audit forwards`: how far destinations have taken the records that are forwarded to them; and to have one go
on from another record, on record."""

import argparse
import asyncio
from typing import Any

import msgspec

from gateway.bootstrap import Site, forwards_to
from gateway.cli.common import (
    OK,
    Commands,
    Failed,
    WrongUse,
    opened,
    operator,
    say,
    settings_of,
    table,
    tenant_of,
    tenant_option,
)
from gateway.core.canonical import MAX_INTEGER
from gateway.exchange.forward_record import ForwardScribe
from gateway.ledger.emergency import STITCHED
from gateway.ledger.record import parse, parse_timestamp, timestamp
from gateway.store.forwarding import PASSED, Cursor, ForwardStore, moved

_COLUMNS = ("forward", "tenant", "next", "lag", "seconds", "state", "since")
_TRIES = 20


def add(group: Commands, common: argparse.ArgumentParser) -> None:
    """Add the command to `gateway audit`."""
    parser = group.add_parser(
        "forwards", parents=[common], help="how far records were forwarded; --reset has one go on from elsewhere"
    )
    tenant_option(parser)
    parser.add_argument("--reset", metavar="FORWARD", help="have this destination go on from --to, on record")
    parser.add_argument("--to", type=int, metavar="SEQ", help="the next record that it is to be sent")
    parser.add_argument("--reason", metavar="TEXT", help="why")
    parser.set_defaults(run=lambda arguments: asyncio.run(_run(arguments)))


async def _run(arguments: argparse.Namespace) -> int:
    if (arguments.reset, arguments.to, arguments.reason).count(None) not in (0, 3):
        raise WrongUse("--reset goes with --to and --reason")
    settings = settings_of(arguments)
    if arguments.reset is not None:
        tenant = tenant_of(arguments, settings, system=True)
        async with opened(settings) as site:
            before = await _reset(site, tenant, arguments.reset, arguments.to, arguments.reason)
        data = {"forward": arguments.reset, "tenant": tenant, "from": before, "to": arguments.to}
        say(arguments, data, [f"{arguments.reset} goes on from {arguments.to} (was to go on from {before}), on record"])
        return OK
    named = None if arguments.tenant is None else tenant_of(arguments, settings, system=True)
    async with opened(settings) as site:
        rows = [row for name in site.tenants if named in (None, name) for row in await _rows(site, name)]
    lines = table(_COLUMNS, [tuple("-" if row[name] is None else str(row[name]) for name in _COLUMNS) for row in rows])
    say(arguments, {"forwards": rows}, lines if rows else ["nothing is forwarded"])
    return OK


async def _rows(site: Site, tenant: str) -> list[dict[str, Any]]:
    """One for each destination that gets a tenant's records, or got them once."""
    store, ledger, now = ForwardStore(site.engine), site.tenants[tenant].ledger, site.clock.now_us()
    configured = {one.id for one in site.settings.forward if tenant in forwards_to(one, site.tenants)}
    cursors = {one.forward: one for one in await store.all(ledger)}
    rows: list[dict[str, Any]] = []
    for name in sorted(configured | cursors.keys()):
        cursor = cursors.get(name)
        if cursor is None:
            rows.append({**dict.fromkeys(_COLUMNS), "forward": name, "tenant": tenant, "state": "not begun"})
            continue
        waiting = await store.waiting(ledger, cursor.next_seq)
        seconds = 0 if waiting.since is None else max(0, now - parse_timestamp(waiting.since)) // 1_000_000
        rows.append(
            {
                "forward": name,
                "tenant": tenant,
                "next": cursor.next_seq,
                "lag": max(0, waiting.size - cursor.next_seq),
                "seconds": seconds,
                "state": _state(cursor) if name in configured else "not configured",
                "since": None if cursor.failing_us is None else timestamp(cursor.failing_us),
            }
        )
    return rows


def _state(cursor: Cursor) -> str:
    return "ok" if cursor.failing_us is None else f"takes nothing: {cursor.code}"


async def _reset(site: Site, tenant: str, forward: str, to: int, reason: str) -> int:
    """From where it would have gone on. A gateway that forwards meanwhile is taken over: its next round goes on from
    `to`."""
    ledger, store = site.tenants[tenant].ledger, ForwardStore(site.engine)
    by, writer = await operator(site, tenant), await site.writer(tenant)
    stored = await site.reader(tenant).record(to) if 0 <= to < MAX_INTEGER else None
    # What a record stitches in comes before it, and is passed over with what comes before.
    own = PASSED if stored is not None and parse(stored.envelope).event == STITCHED else 0
    for _ in range(_TRIES):
        cursor = await store.get(ledger, forward)
        if cursor is None:
            raise Failed("nothing of this tenant was ever forwarded under that name: see `gateway audit forwards`")
        size = (await store.waiting(ledger, 0)).size
        if not 0 <= to <= size:
            raise WrongUse(f"--to must be from 0 to {size}")
        entry = ForwardScribe(site.clock, site.node).entry(
            "forward.reset",
            cursor,
            moved(cursor, to, site.clock.now_us(), emergency_seq=own),
            first=min(cursor.next_seq, to),
            end=max(cursor.next_seq, to),
            code="skipped" if (to, own) > (cursor.next_seq, cursor.emergency_seq) else "again",
            actor=by.actor,
            detail=msgspec.structs.replace(by.detail, reason=reason),
        )
        # A crash before the commit: nothing has changed. After it: on record, and the next round goes on from there.
        if await writer.submit(entry) is not None:
            return cursor.next_seq
    raise Failed("it moves on faster than it can be set: try again")
