"""What moves old records into archives: beside requests, and by a command."""

import asyncio
import logging

from gateway.bootstrap.policies import activations_of
from gateway.bootstrap.site import Site
from gateway.core.errors import RecordsArchived
from gateway.exchange.archive_blocks import Mine
from gateway.exchange.archive_figures import ArchiveFigures, Figures
from gateway.exchange.archiving import Archiving, Busy, Waits, cutoff
from gateway.exchange.retaining import Applied, Retaining, rules_of
from gateway.ledger.times import parse_timestamp
from gateway.store.archives import Archived
from gateway.store.lease import Lease
from gateway.store.retention import RetentionStore
from gateway.store.sealing import Sealer
from gateway.store.subject_cases import CaseStore
from gateway.store.tree import TreeReader

_LEASE_S = 600.0
"""A node or a command that dies is waited for so long; a node that starts again does not wait for its former boot."""
_log = logging.getLogger("gateway")


def archiving_of(site: Site) -> Archiving:
    """The job, of every tenant."""
    holder = site.holder("ar")
    activations = activations_of(site)

    async def standing(ledger: str, end: int) -> str | None:
        try:
            found = await activations.newest(ledger, end)
        except RecordsArchived:
            return None  # an archive of before must be at hand, and tells it; the next activation is told again
        return None if found is None else found.digest

    return Archiving(
        archives=site.archives,
        flags=site.flags,
        cases=CaseStore(site.engine),
        sealer=Sealer(site.keyring),
        keys=site.keyring,
        lease=lambda name: Lease(site.engine, name, holder, site.clock, _LEASE_S),
        clock=site.clock,
        node=site.node,
        records=site.settings.archive.range_records,
        standing=standing,
        forwards=[one.id for one in site.settings.forward],
        failpoint=site.failpoint,
    )


def retaining_of(site: Site) -> Retaining:
    """What destroys what lies beside records when its days are over, of every tenant."""
    holder = site.holder("rt")
    return Retaining(
        store=RetentionStore(site.engine),
        flags=site.flags,
        cases=CaseStore(site.engine),
        lease=lambda name: Lease(site.engine, name, holder, site.clock, _LEASE_S),
        clock=site.clock,
        node=site.node,
        failpoint=site.failpoint,
    )


async def retained(site: Site, retaining: Retaining, tenant: str) -> Applied | None:
    """Apply a tenant's rules now."""
    rules = rules_of(site.settings.retention, tenant)
    return await retaining.apply(site.tenants[tenant].ledger, await site.writer(tenant), rules)


async def ledger_of(site: Site, tenant: str) -> Mine:
    """The ledger of a configured tenant, or of `_system`, as it is archived."""
    entry = site.tenants[tenant]
    return Mine(
        ledger=entry.ledger,
        writer=await site.writer(tenant),
        reader=site.reader(tenant),
        tree=TreeReader(site.engine, entry.ledger),
        keys=(await site.signing(tenant).load()).keys,
    )


async def due(
    site: Site, archiving: Archiving, tenant: str, before_us: int
) -> tuple[list[Archived], Waits | Busy | None]:
    """Archive all of a tenant that was recorded before a time; what was made, and what keeps the next from it: `Busy`
    where another process is at it."""
    made: list[Archived] = []
    mine = await ledger_of(site, tenant)
    while True:
        found = await archiving.advance(mine, before_us)
        if not isinstance(found, Archived):
            return made, found
        made.append(found)


async def keep_archiving(site: Site, figures: ArchiveFigures) -> None:
    """Look for what is to be destroyed and archived, of every tenant, for ever; and say how old the oldest record is
    that is still in the database."""
    settings, archiving, retaining = site.settings, archiving_of(site), retaining_of(site)
    days = {name: settings.archive.days(name, settings.tenants) for name in site.tenants}
    while True:
        for name, kept in days.items():
            waits = None
            try:
                await retained(site, retaining, name)
            except Exception as error:  # noqa: BLE001 — what is not destroyed yet the next round finds again
                _log.error("what lies beside old records could not be destroyed: %s", type(error).__name__)
                figures.failed(site.tenants[name].ledger)
            try:
                if settings.archive.directory is not None:
                    _, found = await due(site, archiving, name, cutoff(site.clock.now_us(), kept))
                    waits = found if isinstance(found, Waits) else None
            except Exception as error:  # noqa: BLE001 — what is not archived stays, and the next round tries again
                _log.error("records could not be archived: %s", type(error).__name__)
                figures.failed(site.tenants[name].ledger)
            if waits is not None:
                _log.warning("records %s to %s wait to be archived: %s", waits.first, waits.end - 1, waits.reason)
            try:
                figures.told(site.tenants[name].ledger, await figured(site, name, kept, waits))
            except Exception as error:  # noqa: BLE001 — the last figures stand, and the next round tries again
                _log.error("archives could not be counted: %s", type(error).__name__)
        await asyncio.sleep(settings.archive.interval_s)


async def figured(site: Site, tenant: str, days: int, waits: Waits | None) -> Figures:
    """How things stand with a tenant's archives."""
    ledger, store = site.tenants[tenant].ledger, site.archives.store
    oldest = await store.oldest(ledger)
    oldest_us = None if oldest is None else parse_timestamp(oldest)
    over_us = 0 if oldest_us is None else max(0, cutoff(site.clock.now_us(), days) - oldest_us)
    return Figures(
        archives=len(await store.all(ledger)),
        oldest_s=None if oldest_us is None else oldest_us / 1_000_000,
        over_s=over_us / 1_000_000,
        waits=None if waits is None else waits.reason,
    )
