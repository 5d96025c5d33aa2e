"""Whatever a gateway makes once in a process, made before processes are forked from this one: each has it then."""

import asyncio
import tempfile
from pathlib import Path

from gateway.settings import parse
from gateway.store import migrate
from tests.system.kit import HEALTH, PUBLIC
from tests.system.site import system


def warm() -> None:
    """Serve two requests and end: nothing of it is left but what modules keep."""
    with tempfile.TemporaryDirectory(prefix="gw-warm-") as directory:
        asyncio.run(_once(Path(directory)))


async def _once(directory: Path) -> None:
    base = parse({"database": {"url": "sqlite:///gateway.db"}}, {}, directory)
    await migrate.upgrade(base)
    async with system(base) as site:
        for text in (PUBLIC, HEALTH):
            await site.chat(await site.key("clinician"), text)
