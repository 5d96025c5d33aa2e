"""`gateway audit acknowledge-restore`: that a ledger was taken back behind what a witness knows of it, on record.

Until then the gateway does not serve: nobody shall learn from a customer that records are gone.
"""

import argparse
import asyncio
from contextlib import AsyncExitStack

import msgspec

from gateway.bootstrap import witnesses_of
from gateway.cli.common import OK, Commands, Failed, opened, operator, say, settings_of, tenant_of, tenant_option


def add(group: Commands, common: argparse.ArgumentParser) -> None:
    """Add the command to `gateway audit`."""
    parser = group.add_parser(
        "acknowledge-restore", parents=[common], help="put on record that records which a witness knows of are gone"
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
        one = (await witnesses_of(site, stack)).get(tenant)
        ahead = () if one is None else await one.ahead()
        if one is None or not ahead:
            raise Failed("no witness knows of more records than there are: there is nothing to acknowledge")
        by = await operator(site, tenant)
        detail = msgspec.structs.replace(by.detail, reason=arguments.reason)
        await one.acknowledge(await site.writer(tenant), ahead, by.actor, detail)
    data = {"acknowledged": [{"witness": found.witness, "size": found.size} for found in ahead]}
    lines = [f"{found.witness} has cosigned {found.size} records" for found in ahead]
    say(arguments, data, [*lines, "acknowledged, on record; the gateway may serve"])
    return OK
