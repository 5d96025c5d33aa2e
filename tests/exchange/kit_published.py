"""A ledger with as many records as a test wants, and a checkpoint of them."""

import asyncio

from gateway.bootstrap import Site
from gateway.core.ports import StoredCheckpoint
from tests.store.kit import entry


async def covered(site: Site, more: int, tenant: str = "default") -> tuple[StoredCheckpoint, list[bytes]]:
    """Append this many records, publish, and give the checkpoint with the leaf hashes of all records so far."""
    writer = await site.writer(tenant)
    await asyncio.gather(*(writer.append(entry("ledger.started", ledger=writer.tenant)) for _ in range(more)))
    point = await (await site.checkpointer(tenant)).publish(force=True)
    assert point is not None
    reader = site.reader(tenant)
    return point, [stored.hash async for stored in reader.records(0, await reader.size())]
