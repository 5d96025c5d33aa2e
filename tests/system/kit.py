"""What the tests of a whole gateway share: material, policies of a test's own, the record over another connection."""

import asyncio
import errno
import shutil
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
import httpx

from gateway.settings import Settings
from tests.system.site import SHIPPED, System

T = TypeVar("T")
PUBLIC = "Please summarise the opening hours of the library."
MAIL = "jane.roe@example.com"
PERSONAL = f"Please write to {MAIL} about the order."
SSN = "536-22-8731"
IDENTIFIED = f"The form says SSN: {SSN}, please file it."
HEALTH = "Mr. John Carter, MRN 4481920, was diagnosed with diabetes."
TRACE = "0af7651916cd43dd8448eb211c80319c"
TRACEPARENT = f"00-{TRACE}-b7ad6b7169203331-01"
COLUMNS = "event, agent, exchange, outcome"


def policies(directory: Path, *lines: str) -> dict[str, Any]:
    """The section `[policy]` of a copy of the shipped set with further lines."""
    target = directory / "policies"
    shutil.copytree(SHIPPED, target)
    with (target / "policy.csv").open("a") as file:
        file.writelines(f"\n{line}" for line in lines)
    return {"directory": str(target)}


async def recorded(settings: Settings, trace: str) -> list[tuple[str, ...]]:
    """(event, agent, exchange, outcome) of all committed records of a trace, over a connection of the test's own."""
    url = settings.database.url
    if url.startswith("sqlite:///"):
        connection = sqlite3.connect(f"file:{settings.path(url.removeprefix('sqlite:///'))}?mode=ro", uri=True)
        try:
            return connection.execute(f"SELECT {COLUMNS} FROM record WHERE trace = ? ORDER BY seq", (trace,)).fetchall()
        finally:
            connection.close()
    other = await asyncpg.connect(settings.database.owner_url)  # before whom there is no wall
    try:
        return [
            tuple(row)
            for row in await other.fetch(f"SELECT {COLUMNS} FROM record WHERE trace = $1 ORDER BY seq", trace)
        ]
    finally:
        await other.close()


def said(answer: httpx.Response) -> str:
    """The text of a chat completion."""
    text: str = answer.json()["choices"][0]["message"]["content"]
    return text


def streamed(body: str) -> str:
    """The text of a streamed chat completion, joined over its events."""
    documents = [httpx.Response(200, content=line[6:]).json() for line in body.split("\n") if _chunk(line)]
    return "".join(choice["delta"].get("content") or "" for one in documents for choice in one["choices"])


def _chunk(line: str) -> bool:
    return line.startswith("data: {")


def code(answer: httpx.Response) -> str:
    """The code of an OpenAI error object."""
    found: str = answer.json()["error"]["code"]
    return found


async def events(site: System, answer: httpx.Response) -> list[str]:
    """The events of an answer's exchange, in order."""
    return [record["event"] for record in await site.trail(answer.headers["x-exchange-id"])]


class Watch:
    """A failpoint that lets a test wait for what becomes durable; `failing` makes every commit fail as a full disk."""

    def __init__(self) -> None:
        self.failing = False
        self._moved = asyncio.Event()

    async def __call__(self, name: str) -> None:
        if self.failing and name == "ledger.before_commit":
            raise OSError(errno.ENOSPC, "no space left on device")
        if name == "ledger.after_commit":
            self._moved.set()

    async def until(self, found: Callable[[], Awaitable[T | None]]) -> T:
        """What `found` gives once it gives something, asked anew at each commit. `TimeoutError` after ten seconds."""
        async with asyncio.timeout(10):
            while True:
                self._moved.clear()
                value = await found()
                if value:
                    return value
                await self._moved.wait()
