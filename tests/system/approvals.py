"""What the tests of approvals share: a rule that asks people, and those people over the API."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from gateway.settings import Settings
from tests.system.kit import PERSONAL, policies
from tests.system.site import System, system

ASK = (
    "p, 435, role:analyst, class:pii, agent:cloud, chat, purpose:*, contract:valid, allow, "
    'redact;approve:{demand}, needs-people, "People look first."'
)


@asynccontextmanager
async def asking(settings: Settings, directory: Path, demand: str = "privacy", **more: Any) -> AsyncIterator["Asking"]:
    """A gateway whose analysts need an approval for what they send to the cloud."""
    target = directory / "own"
    section = (
        policies(target, ASK.format(demand=demand)) if not target.exists() else {"directory": str(target / "policies")}
    )
    async with system(settings, policy=section, **more) as site:
        yield Asking(site)


class Asking:
    """A gateway, one who asks and others who answer."""

    def __init__(self, site: System) -> None:
        self.site = site

    async def analyst(self, owner: str = "ada") -> str:
        return await self.site.key("analyst", owner=owner)

    async def person(self, owner: str, *roles: str) -> str:
        return await self.site.key(*(roles or ("privacy",)), owner=owner, kind="person")

    async def ask(self, key: str, idempotency: str | None = None, text: str = PERSONAL, **more: Any) -> httpx.Response:
        headers = {} if idempotency is None else {"idempotency-key": idempotency}
        return await self.site.chat(key, text, headers={**headers, **more.pop("headers", {})}, **more)

    async def get(self, key: str, path: str) -> httpx.Response:
        return await self.site.http.get(path, headers={"authorization": f"Bearer {key}"})

    async def answer(self, key: str, approval: str, word: str, **body: Any) -> httpx.Response:
        """Answer what it is at this moment, unless `version` is given."""
        if word == "approve" and "version" not in body:
            site = self.site.gateway.site
            stored = await site.approvals.get(site.tenants["default"].ledger, approval)
            body["version"] = 0 if stored is None else stored.edit.number
        return await self.site.http.post(
            f"/approvals/{approval}/{word}",
            json={"reason": "looked at it", **body},
            headers={"authorization": f"Bearer {key}"},
        )

    async def events(self, *prefixes: str) -> list[str]:
        """All events on record with these beginnings, in order."""
        return [one["event"] for one in await self.site.records() if one["event"].startswith(prefixes)]


def approval_of(answer: httpx.Response) -> str:
    """The approval that an OpenAI error says the request waits for."""
    found: str = answer.json()["error"]["approval"]
    return found
