"""A gateway killed under queued tasks, again and again; each start takes over what the one before had under way.

Where there are servers that nodes have in common, there are two gateways, and what is killed is one of all these.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any

import httpx
import msgspec

from gateway.bootstrap import open_site
from gateway.settings import Settings
from gateway.store.tasks import COMPLETED, TaskStore
from tests.services import NatsServer, RedisServer
from tests.system.installation import RATES, Installation, installation
from tests.system.processes import WAIT_S, Process, Start, command
from tests.system.trail import check

TASKS = {"retry_s": 0.01, "retry_max_s": 0.05, "poll_s": 0.05, "concurrency": 16, "lease_s": 5, "tries": 20}
AGENTS = ("cloud", "ward", "desk")
ENDS = frozenset({"task.completed", "task.failed", "task.cancelled"})
TEXT = "Please summarise the opening hours of the library."


class Survived(msgspec.Struct, frozen=True):
    """What came of it."""

    killed: dict[str, int]
    """How often each kind of process was killed."""
    tasks: int
    again: int
    """Requests that reached an agent beyond one for each task."""
    interrupted: int


class Common(msgspec.Struct, frozen=True):
    """Servers that nodes have in common."""

    nats: NatsServer
    redis: RedisServer

    def sections(self) -> dict[str, Any]:
        """What the configuration says of them."""
        limits = {**RATES, "url": self.redis.url, "timeout_ms": 1000}
        return {"tasks": {**TASKS, "url": self.nats.url, "sweep_s": 2}, "limits": limits}


async def tasks_killed(
    base: Settings, kills: int, tasks: int, seed: int, common: Common | None = None, start: Start = command
) -> Survived:
    """Submit, `kill -9` at a random number of ends, start again, until all have ended; then hold the record against
    what callers were told and agents received. `AssertionError` for whatever does not hold."""
    random = Random(seed)
    killed: dict[str, int] = {}
    sections = {"tasks": TASKS} if common is None else common.sections()
    async with installation(base, **sections) as site:
        told: dict[str, tuple[str, str]] = {}
        async with open_site(site.settings) as watching, _nodes(site, 1 if common is None else 2, start) as nodes:
            servers = [] if common is None else [_Server("nats", common.nats), _Server("redis", common.redis)]
            store, done, down = TaskStore(watching.engine, watching.clock), 0, list[_Server]()
            turns = _turns(random, kills, len(nodes) + len(servers))
            for kill, turn in enumerate(turns):
                upto = tasks * (kill + 1) // kills
                submitting = asyncio.create_task(_submit(random.choice(nodes).url, site.key, told, upto))
                done = await _completed(store, min(done + random.randrange(1, max(2, tasks // kills)), upto), nodes)
                # A server that was killed is away until the next one is.
                while down:
                    await down.pop().start()
                victims: list[_Node | _Server] = [*nodes, *servers]
                victim = victims[turn]
                killed[victim.name] = killed.get(victim.name, 0) + 1
                await victim.kill()
                (end,) = await asyncio.gather(submitting, return_exceptions=True)
                assert end is None or (isinstance(victim, _Node) and isinstance(end, httpx.TransportError)), end
                if isinstance(victim, _Node):
                    await victim.start()
                else:
                    down.append(victim)
            while down:
                await down.pop().start()
            await _submit(nodes[0].url, site.key, told, tasks)
            await _completed(store, tasks, nodes)
            for node in nodes:
                await node.end()
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
    return Survived(killed, len(told), len(seen) - len(told), interrupted)


def _turns(random: Random, kills: int, victims: int) -> list[int]:
    """Whose turn it is at each kill: in an order of its own in each round, so that nobody is left out."""
    rounds = [random.sample(range(victims), victims) for _ in range(-(-kills // victims))]
    return [turn for order in rounds for turn in order][:kills]


class _Node:
    """A gateway as `start` starts it."""

    name = "gateway"

    def __init__(self, file: Path, start: Start) -> None:
        self._file, self._start, self._stack = file, start, AsyncExitStack()
        self.process: Process | None = None
        self.url = ""

    async def start(self) -> None:
        self.process, self.url = await self._stack.enter_async_context(self._start(self._file))

    async def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        await self.process.wait()
        await self._stack.aclose()

    async def end(self) -> None:
        """Stop it as its operator would."""
        assert self.process is not None
        self.process.terminate()
        async with asyncio.timeout(WAIT_S):
            assert await self.process.wait() == 0

    async def close(self) -> None:
        await self._stack.aclose()


class _Server:
    """A server that nodes have in common."""

    def __init__(self, name: str, server: NatsServer | RedisServer) -> None:
        self.name, self._server = name, server

    async def start(self) -> None:
        await asyncio.to_thread(self._server.start)

    async def kill(self) -> None:
        await asyncio.to_thread(self._server.stop)


@asynccontextmanager
async def _nodes(site: Installation, number: int, start: Start) -> AsyncIterator[list[_Node]]:
    """So many gateways of one installation, serving."""
    files = [site.file]
    for name in range(1, number):
        # They share the keyring, and each has a log of its own.
        file = site.file.parent / f"node-{name}" / "gateway.toml"
        file.parent.mkdir()
        text, keys = site.file.read_text(), site.file.parent / "keys"
        named = text.replace('directory = "keys"', f'directory = "{keys}", node = "node-{name}"')
        assert named != text
        file.write_text(named)
        files.append(file)
    nodes = [_Node(file, start) for file in files]
    async with AsyncExitStack() as stack:
        for node in nodes:
            stack.push_async_callback(node.close)
            await node.start()
        yield nodes


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


async def _completed(store: TaskStore, enough: int, nodes: Sequence[_Node]) -> int:
    """Wait until so many tasks have completed; how many have."""
    async with asyncio.timeout(WAIT_S * 2):
        while (done := sum(one.count for one in await store.depths() if one.state == COMPLETED)) < enough:
            assert all(node.process is not None and node.process.returncode is None for node in nodes)
            await asyncio.sleep(0.05)
    return done


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
