"""A gateway killed under queued tasks, again and again; each start takes over what the one before had under way."""

import asyncio
from asyncio.subprocess import Process
from random import Random
from typing import Any

import httpx
import msgspec

from gateway.bootstrap import open_site
from gateway.settings import Settings
from gateway.store.tasks import COMPLETED, TaskStore
from tests.system.installation import installation
from tests.system.processes import WAIT_S, command
from tests.system.trail import check

TASKS = {"retry_s": 0.01, "retry_max_s": 0.05, "poll_s": 0.05, "concurrency": 16, "lease_s": 5, "tries": 20}
AGENTS = ("cloud", "ward", "desk")
ENDS = frozenset({"task.completed", "task.failed", "task.cancelled"})
TEXT = "Please summarise the opening hours of the library."


class Survived(msgspec.Struct, frozen=True):
    """What came of it."""

    kills: int
    tasks: int
    again: int
    """Requests that reached an agent beyond one for each task."""
    interrupted: int


async def tasks_killed(base: Settings, kills: int, tasks: int, seed: int) -> Survived:
    """Submit, `kill -9` at a random number of ends, start again, until all have ended; then hold the record against
    what callers were told and agents received. `AssertionError` for whatever does not hold."""
    random = Random(seed)
    async with installation(base, tasks=TASKS) as site:
        told: dict[str, tuple[str, str]] = {}
        done = 0
        async with open_site(site.settings) as watching:
            store = TaskStore(watching.engine, watching.clock)
            for kill in range(kills):
                upto = tasks * (kill + 1) // kills
                async with command(site.file) as (process, url):
                    submitting = asyncio.create_task(_submit(url, site.key, told, upto))
                    done = await _killed_once(process, store, done + random.randrange(1, max(2, tasks // kills)), upto)
                    await asyncio.gather(submitting, return_exceptions=True)
            async with command(site.file) as (process, url):
                await _submit(url, site.key, told, tasks)
                async with asyncio.timeout(WAIT_S * 2):
                    while await _completed(store) < tasks:
                        assert process.returncode is None
                process.terminate()
                async with asyncio.timeout(WAIT_S):
                    assert await process.wait() == 0
        seen = site.seen()
        trails = await check(site.settings, [], seen)
        events = await _events(site.settings)
    assert set(events) == set(told), "a task that its caller was told of is lost, or one that nobody was told of ran"
    for task, (agent, trace) in told.items():
        ends = [event for event in events[task] if event in ENDS]
        assert ends == ["task.completed"], (task, events[task])
        assert events[task][0] == "task.submitted"
        assert any((one.agent, one.trace) == (agent, trace) for one in seen), "it never reached its agent"
    interrupted = sum(trail[-1]["event"] == "exchange.interrupted" for trail in trails.values())
    return Survived(kills, len(told), len(seen) - len(told), interrupted)


async def _submit(url: str, key: str, told: dict[str, tuple[str, str]], upto: int) -> None:
    """Tasks, until there are so many that their caller was told of: each to one agent, under its own trace, and under a
    key of its own, so that one which was taken and not told of is not taken twice."""
    async with httpx.AsyncClient(base_url=url, timeout=30) as client:
        while len(told) < upto:
            place = len(told)
            agent, trace = AGENTS[place % len(AGENTS)], f"{place + 1:032x}"
            body = {"model": agent, "messages": [{"role": "user", "content": TEXT}]}
            headers = {
                "authorization": f"Bearer {key}",
                "idempotency-key": f"k{place}",
                "traceparent": f"00-{trace}-b7ad6b7169203331-01",
                "x-route": "exact",
            }
            order = {"path": "/v1/chat/completions", "body": body}
            answer = await client.post("/v1/tasks", json=order, headers=headers)
            assert answer.status_code == 202, answer.text
            told[answer.json()["id"]] = (agent, trace)


async def _killed_once(process: Process, store: TaskStore, enough: int, upto: int) -> int:
    """Kill it as soon as `enough` tasks, or all there will be, have completed; how many had by then."""
    async with asyncio.timeout(WAIT_S):
        while (done := await _completed(store)) < min(enough, upto):
            assert process.returncode is None
    process.kill()
    await process.wait()
    return done


async def _completed(store: TaskStore) -> int:
    return sum(one.count for one in await store.depths() if one.state == COMPLETED)


async def _events(settings: Settings) -> dict[str, list[str]]:
    """What is on record of each task, in order."""
    async with open_site(settings) as site:
        reader = site.reader("default")
        records: list[dict[str, Any]] = [
            msgspec.json.decode(stored.envelope) async for stored in reader.records(0, await reader.size())
        ]
    found: dict[str, list[str]] = {}
    for record in records:
        if "task" in record:
            found.setdefault(record["task"], []).append(record["event"])
    return found
