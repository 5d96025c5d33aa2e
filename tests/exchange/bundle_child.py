"""A process that builds a bundle and kills itself within the records: see test_bundle_making.py.

Arguments of `main`: the installation's directory, the ledger's id, the bundle's id.
"""

import asyncio
import os
import signal
from pathlib import Path
from typing import cast

from gateway.bootstrap import open_site
from gateway.bootstrap.bundles import bundling_of
from gateway.evidence import walking
from gateway.exchange.underway import UnderWay
from gateway.settings import parse
from gateway.store import reader
from gateway.store.bundle_jobs import BUILDING
from tests.bootstrap.kit import configured
from tests.conftest import ManualClock

DIES_AT = 18
"""Records, when two borders of eight are behind."""


def _die(done: int, total: int) -> None:
    if done >= DIES_AT:
        os.kill(os.getpid(), signal.SIGKILL)


def main(arguments: list[str]) -> None:
    asyncio.run(_build(*arguments))


async def _build(directory: str, tenant: str, bundle_id: str) -> None:
    walking.CHUNK, walking.SEGMENT, reader.CHUNK = 2, 8, 2
    settings = configured(parse({"database": {"url": "sqlite:///gateway.db"}}, {}, Path(directory)))
    async with open_site(settings, clock=ManualClock(1_900_000_000_000_000)) as site:
        bundling = bundling_of(site, {"default": await site.auditor("default")}, cast(UnderWay, None))
        job = await bundling.get(tenant, bundle_id)
        assert job is not None
        begun = await bundling._store.change(job, state=BUILDING, tries=1)
        assert begun is not None
        await bundling._making.make(begun, _die)
