"""`gateway reclassify`: the engine of today over what went out and is still kept, for what was missed then."""

import argparse
import asyncio
from collections.abc import Iterable
from contextlib import AsyncExitStack

from gateway.bootstrap import engine_of, ner_of, proposed
from gateway.bootstrap.approvals import notices_kept
from gateway.cli.audit import reader
from gateway.cli.common import (
    BAD,
    OK,
    Commands,
    Failed,
    WrongUse,
    opened,
    say,
    settings_of,
    tenant_of,
    tenant_option,
)
from gateway.cli.filters import add_period, period_of
from gateway.core.ids import random_id
from gateway.exchange.named import naming
from gateway.exchange.reclassifying import Reclassified, Reclassifier
from gateway.store.kept import KeptStore
from gateway.store.lease import Lease
from gateway.store.sealing import Sealer

LEASE_S = 600.0
BUDGET_MS = 60_000.0
"""Nobody waits for one message here: it has the time it takes, and an end all the same."""
_LACKING = (
    ("erased", "not searched: their key is destroyed"),
    ("broken", "do not open: they were changed, moved or are of an unknown form"),
    ("unread", "not searched: the back end of [ner] did not read them, though it answers for others"),
    (
        "undecided",
        "searched, and not judged: the version, the agent or the caller's roles of then are gone",
    ),
)


def add(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "reclassify",
        parents=[common],
        help="today's engine over content still kept; 1 where something should not have left; recorded",
    )
    tenant_option(parser)
    add_period(parser)
    parser.add_argument("--ner", action="store_true", help="ask the back end of [ner] too, which may take its time")
    parser.set_defaults(run=lambda arguments: asyncio.run(_reclassify(arguments)))


async def _reclassify(arguments: argparse.Namespace) -> int:
    settings = settings_of(arguments)
    tenant = tenant_of(arguments, settings)
    since, until = period_of(arguments)
    policy, _ = proposed(settings)
    if arguments.ner and settings.ner.url is None:
        raise WrongUse("--ner needs a back end: [ner] url and name in the configuration")
    async with AsyncExitStack() as stack:
        site = await stack.enter_async_context(opened(settings))
        further = await stack.enter_async_context(ner_of(settings)) if arguments.ner else None
        entry = site.tenants[tenant]
        work = Reclassifier(
            tenant=tenant,
            ledger_id=entry.ledger,
            ledger=await site.writer(tenant),
            store=KeptStore(site.engine, site.clock),
            sealer=Sealer(site.keyring),
            exchanges=site.reader(tenant),
            trail=await site.auditor(tenant),
            engine=engine_of(policy, site.clock, BUDGET_MS),
            further=further,
            named=naming(settings, tenant),
            lease=Lease(site.engine, f"reclassify:{entry.ledger}", random_id("rc"), site.clock, LEASE_S),
            notices=notices_kept(site),
            clock=site.clock,
            node=site.node,
        )
        found = await work.run(await reader(site, tenant), since, until)
    if found is None:
        raise Failed("another run is under way for this tenant: ask again when it has ended")
    say(arguments, found, _lines(found))
    return BAD if found.incident_count or found.broken or found.unread else OK


def _lines(found: Reclassified) -> Iterable[str]:
    yield f"engine        {found.engine}"
    yield f"kept          {found.kept}, of which this engine has searched {found.known} before"
    yield f"reclassified  {found.reclassified}, {found.more} with a class that was not known"
    for name, count in found.classes.items():
        yield f"  {name:<11} {count}"
    for name, what in _LACKING:
        count = getattr(found, name)
        if count:
            yield f"{name:<13} {count} {what}"
    yield f"incidents     {found.incident_count}"
    for exchange in found.incidents:
        yield f"  {exchange}"
    if found.incident_count > len(found.incidents):
        yield "  and more: gateway audit query --event incident.opened"
