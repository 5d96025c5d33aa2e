"""A gateway with something on record, and an auditor's way into it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from gateway.settings import Settings
from tests.system.site import System, system


class Audited:
    """A running gateway, and requests to its API with an auditor's key."""

    def __init__(self, site: System, key: str) -> None:
        self.site, self.key = site, key

    async def get(self, path: str, **headers: str) -> httpx.Response:
        return await self.site.http.get(path, headers={"authorization": f"Bearer {self.key}", **headers})

    async def post(self, path: str, body: object = None, content: bytes | None = None) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.key}"}
        if content is not None:
            return await self.site.http.post(path, content=content, headers=headers)
        return await self.site.http.post(path, json=body, headers=headers)


@asynccontextmanager
async def audited(settings: Settings, **sections: Any) -> AsyncIterator[Audited]:
    async with system(settings, **sections) as site:
        yield Audited(site, await site.key("auditor"))
