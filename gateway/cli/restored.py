"""`gateway audit acknowledge-restore`: that a ledger was taken back behind what a witness knows of it, or behind what
this node acknowledged or signed, on record.

Until then the gateway does not serve: nobody shall learn from a customer that records are gone.
"""

import argparse
import asyncio
from contextlib import AsyncExitStack

import msgspec

from gateway.bootstrap import witnesses_of
from gateway.cli.common import OK, Commands, Failed, opened, operator, say, settings_of, tenant_of, tenant_option
from gateway.exchange.witnessing import Ahead, acknowledgment
from gateway.store.signed import SignedMarks, missing

_SIGNED = "checkpoint beside the keys"


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
        one, ledger = (await witnesses_of(site, stack)).get(tenant), site.tenants[tenant].ledger
        ahead = () if one is None else await one.ahead()
        lost = site.lost.of(ledger)
        if lost is not None:
            ahead = (*ahead, Ahead(f"node {site.node.id}", lost.size))
        signed = SignedMarks(settings.path(settings.keys.directory))
        origin = site.tenants[tenant].origin
        mark = await asyncio.to_thread(signed.of, origin)
        found = None if mark is None else await missing(site.engine, ledger, mark)
        if found is not None:
            ahead = (*ahead, Ahead(_SIGNED, found.size, found.forked))
        if not ahead:
            raise Failed(
                "neither a witness nor this node or its keys know of more records than there are, or of others: "
                "nothing to acknowledge"
            )
        by = await operator(site, tenant)
        entry = acknowledgment(
            ahead,
            size=await site.reader(tenant).size(),
            tenant=ledger,
            actor=by.actor,
            detail=msgspec.structs.replace(by.detail, reason=arguments.reason),
            clock=site.clock,
            node=site.node,
        )
        await (await site.writer(tenant)).append(entry)
        # A crash before this: it is acknowledged again, which says the same.
        site.lost.forget(ledger)
        if found is not None:
            signed.forget(origin)
    data = {"acknowledged": [{"witness": found.witness, "size": found.size} for found in ahead]}
    lines = [f"{found.witness} knows of {found.size} {'other ' * found.forked}records" for found in ahead]
    say(arguments, data, [*lines, "acknowledged, on record; the gateway may serve"])
    return OK
