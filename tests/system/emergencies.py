"""A gateway whose database goes away and comes back: what tests of its emergencies share."""

import asyncio
import functools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.bootstrap import emergency as entering
from gateway.bootstrap import emergency_site as opening_there
from gateway.bootstrap import site as opening
from gateway.settings import Settings
from gateway.store.ledgers import Ledgers
from tests.system.kit import PUBLIC
from tests.system.site import System

AGENTS: dict[str, dict[str, Any]] = {
    "cloud": {"zone": "cloud", "processor": "cloud-inc", "capabilities": ["triage", "summarize"]},
    "ward": {"zone": "in-house", "capabilities": ["triage"]},
    "desk": {"zone": "in-house", "capabilities": ["summarize"]},
}
TRIAGE = "triage"


def emergency(base: Settings, **values: Any) -> dict[str, Any]:
    """The section `[emergency]`: care goes on a second after the database has gone."""
    return {
        "directory": str(Path(base.base) / "emergency"),
        "capabilities": [TRIAGE],
        "copy_s": 1,
        "enter_after_s": 1,
        "leave_after_s": 1,
        **values,
    }


@asynccontextmanager
async def away(base: Settings) -> AsyncIterator[None]:
    """The database file is somewhere else while this is open."""
    path = Path(base.base) / "gateway.db"
    path.rename(path.with_suffix(".away"))
    try:
        yield
    finally:
        path.with_suffix(".away").rename(path)


async def copied(site: System) -> None:
    """Wait until a copy was made of what there is now."""
    found = site.gateway.emergency
    assert found is not None
    now = site.gateway.site.clock.monotonic_ns()
    async with asyncio.timeout(30):
        while found._copied is None or found._copied.at_ns < now:  # noqa: ASYNC110 — nobody tells of a copy
            await asyncio.sleep(0.02)


async def until(site: System, state: str, ask: Callable[[], Awaitable[object]] | None = None) -> None:
    """Wait until the emergency stands like this. `ask`: done meanwhile, as callers would."""
    found = site.gateway.emergency
    assert found is not None
    async with asyncio.timeout(30):
        while found.state != state:
            if ask is not None:
                await ask()
            await asyncio.sleep(0.02)


def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits long for what is gone, and it is looked for often."""
    quick = functools.partial(Ledgers, wait_s=3.0, retry_s=0.1)
    monkeypatch.setattr(opening, "Ledgers", quick)
    monkeypatch.setattr(opening_there, "Ledgers", quick)
    monkeypatch.setattr(entering, "LOOK_S", 0.05)


async def care(site: System, key: str, text: str = PUBLIC, subject: str | None = None) -> httpx.Response:
    headers = {} if subject is None else {"x-data-subject": subject}
    return await site.chat(key, text, model=TRIAGE, headers=headers)
