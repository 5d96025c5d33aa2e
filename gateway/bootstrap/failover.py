"""Whether a failover of the database would lose records, asked as long as the gateway serves."""

import asyncio
import logging
from collections.abc import Mapping
from functools import partial

from gateway.bootstrap.site import Site
from gateway.exchange.failover import Failover
from gateway.store.replication import demand_kept, standing
from gateway.store.writer_base import LedgerWriter

WATCH_S = 5.0
_log = logging.getLogger("gateway.store")


async def demand_standing(site: Site) -> None:
    """Before anything is recorded: `ConfigurationError` where a failover would lose it and nobody has accepted that."""
    demand_kept(await standing(site.engine), site.settings.database.accept_lossy_failover)


def failover_of(site: Site, writers: Mapping[str, LedgerWriter]) -> Failover:
    """What looks at the database from now on; told among the metrics where anything can take over."""
    made = Failover(
        look=partial(standing, site.engine),
        writers=writers,
        accepted=site.settings.database.accept_lossy_failover,
        clock=site.clock,
        node=site.node,
    )
    if site.where.kind == "postgresql":
        site.metrics.database(lambda: made.state)
    return made


async def watching(failover: Failover) -> None:
    """Look for ever."""
    while True:
        try:
            await failover.look()
        except Exception as error:  # noqa: BLE001 — a database that is away is seen by its writers; the next round asks
            _log.error("how the database stands could not be asked: %s", type(error).__name__)
        await asyncio.sleep(WATCH_S)
