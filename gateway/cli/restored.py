"""`gateway audit acknowledge-restore`: that a ledger was taken back behind what a witness knows of it, or behind what
this node acknowledged or signed, on record.

Until then the gateway does not serve: nobody shall learn from a customer that records are gone. `--tenant _system` is
also for ledgers that are no configured tenant's any more, and that something was signed for here: they have none of
their own in which that could be said.
"""

import argparse
import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack

import msgspec

from gateway.bootstrap import Site, witnesses_of
from gateway.cli.common import OK, Commands, Failed, opened, operator, say, settings_of, tenant_of, tenant_option
from gateway.core.ids import SYSTEM
from gateway.exchange.witnessing import Ahead, acknowledgment
from gateway.store.signed import SignedMarks, missing, unclaimed

_SIGNED = "checkpoint beside the keys"
_AT_ONCE = 32


def add(group: Commands, common: argparse.ArgumentParser) -> None:
    """Add the command to `gateway audit`."""
    parser = group.add_parser(
        "acknowledge-restore", parents=[common], help="put on record that records are gone which others know"
    )
    tenant_option(parser)
    parser.add_argument(
        "--reason", required=True, metavar="TEXT", help="why: which backup, and what became of the rest"
    )
    parser.set_defaults(run=lambda arguments: asyncio.run(_run(arguments)))


async def _run(arguments: argparse.Namespace) -> int:
    settings = settings_of(arguments)
    tenant = tenant_of(arguments, settings, system=True)
    async with opened(settings) as site, AsyncExitStack() as stack:
        signed = SignedMarks(settings.path(settings.keys.directory))
        witnesses = await _witnesses(site, tenant, stack)
        lost, missed = _lost(site, tenant), await _missed(site, tenant, signed)
        gone = await asyncio.to_thread(_gone, site, signed) if tenant == SYSTEM else {}
        ahead = (*witnesses, *lost, *missed)
        if not ahead and not gone:
            raise Failed(
                "neither a witness nor this node or its keys know of more records than there are, or of others: "
                "nothing to acknowledge"
            )
        if (lost or missed or gone) and not signed.writable:
            raise Failed("keys.directory must be writable: what is remembered there is removed once this is on record")
        await _recorded(site, tenant, arguments.reason, ahead, gone)
        # A crash before this: it is acknowledged again, which says the same.
        if lost:
            site.lost.forget(site.tenants[tenant].ledger)
        for origin in (*([site.tenants[tenant].origin] if missed else []), *gone):
            signed.forget(origin)
    told = (*ahead, *gone.values())
    data = {"acknowledged": [{"witness": found.witness, "size": found.size} for found in told]}
    lines = [f"{found.witness} knows of {found.size} {'other ' * found.forked}records" for found in ahead]
    lines += [f"{one.witness} knows of {one.size} records of {origin}" for origin, one in gone.items()]
    say(arguments, data, [*lines, "acknowledged, on record; the gateway may serve"])
    return OK


async def _witnesses(site: Site, tenant: str, stack: AsyncExitStack) -> Sequence[Ahead]:
    one = (await witnesses_of(site, stack)).get(tenant)
    return () if one is None else await one.ahead()


def _lost(site: Site, tenant: str) -> Sequence[Ahead]:
    """What this node acknowledged and found missing."""
    lost = site.lost.of(site.tenants[tenant].ledger)
    return () if lost is None else (Ahead(f"node {site.node.id}", lost.size),)


async def _missed(site: Site, tenant: str, signed: SignedMarks) -> Sequence[Ahead]:
    """What was signed for the tenant's ledger, and it lacks."""
    entry = site.tenants[tenant]
    mark = await asyncio.to_thread(signed.of, entry.origin)
    found = None if mark is None else await missing(site.engine, entry.ledger, mark)
    return () if found is None else (Ahead(_SIGNED, found.size, found.forked),)


def _gone(site: Site, signed: SignedMarks) -> dict[str, Ahead]:
    """What was signed for ledgers that are no configured tenant's, by origin, and the file that remembers it."""
    others = unclaimed(signed, [entry.origin for entry in site.tenants.values()])
    return {origin: Ahead(signed.name(origin), mark.size) for origin, mark in others.items()}


async def _recorded(site: Site, tenant: str, reason: str, ahead: Sequence[Ahead], gone: Mapping[str, Ahead]) -> None:
    """In records of so many of those that are gone as a detail has room for."""
    by, writer, others = await operator(site, tenant), await site.writer(tenant), tuple(gone.values())
    while True:
        entry = acknowledgment(
            ahead,
            size=await site.reader(tenant).size(),
            tenant=site.tenants[tenant].ledger,
            actor=by.actor,
            detail=msgspec.structs.replace(by.detail, reason=reason),
            clock=site.clock,
            node=site.node,
            gone=others[:_AT_ONCE],
        )
        # A crash before this is durable: nothing is acknowledged. After: what is forgotten next is on record already.
        await writer.append(entry)
        ahead, others = (), others[_AT_ONCE:]
        if not others:
            return
