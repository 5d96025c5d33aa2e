"""A gateway whose tasks a test submits and waits for, without sleeping: it looks again at each commit."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from gateway.settings import Settings
from tests.system.kit import PUBLIC, Watch
from tests.system.site import System, system

CHAT = "/v1/chat/completions"
QUICK = {"retry_s": 0.001, "retry_max_s": 0.002, "poll_s": 0.05}


def chat(text: str = PUBLIC, model: str = "ward", **order: Any) -> dict[str, Any]:
    """The order of a chat."""
    return {"path": CHAT, "body": {"model": model, "messages": [{"role": "user", "content": text}]}, **order}


class Tasking:
    """Requests of one key to the tasks of a running gateway."""

    def __init__(self, site: System, watch: Watch, key: str) -> None:
        self.site, self.watch, self.key = site, watch, key

    def by(self, key: str) -> "Tasking":
        """The same, with another key."""
        return Tasking(self.site, self.watch, key)

    async def ask(self, method: str, path: str, body: object = None, **headers: str) -> httpx.Response:
        given = {"authorization": f"Bearer {self.key}", **{name.replace("_", "-"): v for name, v in headers.items()}}
        return await self.site.http.request(method, path, json=body, headers=given)

    async def submit(self, order: object, **headers: str) -> str:
        """The id of a task that was taken."""
        answer = await self.ask("POST", "/v1/tasks", order, **headers)
        assert answer.status_code == 202, answer.text
        assert answer.headers["location"] == f"/v1/tasks/{answer.json()['id']}"
        return str(answer.json()["id"])

    async def get(self, task: str) -> dict[str, Any]:
        answer = await self.ask("GET", f"/v1/tasks/{task}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def ended(self, task: str) -> dict[str, Any]:
        """The task once it has ended."""

        async def over() -> dict[str, Any] | None:
            found = await self.site.gateway.tasks.store.get(self.ledger, task)
            return await self.get(task) if found is not None and found.ended_us is not None else None

        return await self.watch.until(over)

    @property
    def ledger(self) -> str:
        return self.site.gateway.site.tenants["default"].ledger

    async def events(self, task: str) -> list[str]:
        """What is on record of a task, but for who read its result."""
        found = [record["event"] for record in await self.site.records() if record.get("task") == task]
        return [event for event in found if event != "task.read"]


@asynccontextmanager
async def tasking(base: Settings, *, tasks: dict[str, Any] | None = None, **sections: Any) -> AsyncIterator[Tasking]:
    """A gateway with a clinician's key."""
    watch = Watch()
    async with system(base, failpoint=watch, tasks={**QUICK, **(tasks or {})}, **sections) as site:
        yield Tasking(site, watch, await site.key("clinician"))
