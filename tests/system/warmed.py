"""Imported by nothing but the server that test processes are forked from: whatever a gateway makes once in a process is
made here once, and not in each process that is started."""

import asyncio
import gc
import tempfile
from pathlib import Path

from gateway.cli import serve  # noqa: F401
from gateway.settings import parse
from gateway.store import migrate
from tests.system.kit import HEALTH, PUBLIC
from tests.system.site import system


async def _once(directory: Path) -> None:
    base = parse({"database": {"url": "sqlite:///gateway.db"}}, {}, directory)
    await migrate.upgrade(base)
    async with system(base) as site:
        for text in (PUBLIC, HEALTH):
            await site.chat(await site.key("clinician"), text)


with tempfile.TemporaryDirectory(prefix="gw-warm-") as directory:
    asyncio.run(_once(Path(directory)))
gc.collect()
# What is there now stays as it is in all of them, so that none looks through it again.
gc.freeze()
