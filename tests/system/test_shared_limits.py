"""Limits that nodes have in common on a real Redis: exact over processes, stricter without it, then as before."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from benchmarks.load import Measured, load
from gateway.bootstrap import open_site
from gateway.core.counters import Change
from gateway.settings import Settings
from tests.services import RedisServer, private_redis
from tests.system.installation import RATES, installation
from tests.system.kit import PUBLIC, Watch, code
from tests.system.processes import child, serve_until
from tests.system.site import System, system
from tests.system.test_limits import limit, request

pytestmark = pytest.mark.redis
WIDE = {**RATES, "concurrency": 1_000_000}


@pytest.fixture
def server() -> Iterator[RedisServer]:
    with private_redis() as found:
        yield found


@asynccontextmanager
async def three(file: Path) -> AsyncIterator[list[int]]:
    """Three gateways of one installation, each a process and a node of its own; their ports."""
    async with AsyncExitStack() as stack:
        ports = []
        for name in ("one", "two", "three"):
            directory = file.parent / name
            shutil.copytree(file.parent / "keys", directory / "keys", ignore=shutil.ignore_patterns("node-id"))
            shutil.copy(file, directory / "gateway.toml")
            served = await stack.enter_async_context(child(serve_until, directory / "gateway.toml", "never", 1, "hang"))
            ports.append(urlsplit(await served.told()).port or 0)
        yield ports


def total(measured: list[Measured]) -> dict[str, int]:
    found: dict[str, int] = {}
    for one in measured:
        for status, number in one.statuses.items():
            found[status] = found.get(status, 0) + number
    return found


@pytest.mark.postgres
async def test_64_callers_at_three_gateways_get_exactly_as_many_as_the_limit_has(
    postgres_settings: Settings, redis_server: str
) -> None:
    limits = {**WIDE, "url": redis_server, "timeout_ms": 10_000}
    async with (
        installation(postgres_settings, limits=limits, limit=[limit("thousand", "requests", 1000)]) as installed,
        three(installed.file) as ports,
    ):
        sent = request(installed.key, "desk")
        measured = await asyncio.gather(
            *(
                load(port, [sent], connections=connections, seconds=120, total=total)
                for port, connections, total in zip(ports, (22, 21, 21), (380, 370, 340), strict=True)
            )
        )
        assert total(measured) == {"200": 1000, "429": 90}
        assert len(installed.seen()) == 1000


@pytest.mark.postgres
async def test_nodes_that_lose_their_redis_hold_to_their_shares_on_record_and_count_together_again(
    postgres_settings: Settings, server: RedisServer
) -> None:
    limits = {**WIDE, "url": server.url, "timeout_ms": 10_000}
    async with installation(postgres_settings, limits=limits, limit=[limit("thirty", "requests", 30)]) as installed:
        async with three(installed.file) as ports:
            sent = [request(installed.key, "desk")]
            for port in ports:
                assert (await load(port, sent, connections=1, seconds=60, total=2)).statuses == {"200": 2}
            # Twice: who has come back once has counted all three nodes, and not those alone that it began with.
            await lose(server, ports)
            await asyncio.to_thread(server.start)
            await told(ports, "shared")
            await lose(server, ports)
            for port in ports[:2]:  # a third of the limit, less what it has used
                assert (await load(port, sent, connections=1, seconds=60, total=10)).statuses == {"200": 8, "429": 2}
            await asyncio.to_thread(server.start)
            await told(ports, "shared")
            # What the third has left unused is anybody's again, and nothing else.
            assert (await load(ports[0], sent, connections=1, seconds=60, total=10)).statuses == {"200": 8, "429": 2}
            assert (await load(ports[2], sent, connections=1, seconds=60, total=2)).statuses == {"429": 2}
        assert len(installed.seen()) == 30
        async with open_site(installed.settings) as opened:
            reader = opened.reader("_system")
            records = [json.loads(stored.envelope) async for stored in reader.records(0, await reader.size())]
        by_three = [one["event"] for one in records if one["event"].startswith("limits.") and one["count"] == 3]
        assert min(by_three.count("limits.degraded"), by_three.count("limits.restored")) >= 3


async def lose(server: RedisServer, ports: list[int]) -> None:
    await asyncio.to_thread(server.stop)
    await told(ports, "degraded")


async def told(ports: list[int], state: str) -> None:
    """Once each node says at its door that its limits are counted so."""
    async with asyncio.timeout(60), httpx.AsyncClient() as http:
        for port in ports:
            url = f"http://127.0.0.1:{port}/readyz"
            while (await http.get(url, timeout=60)).json().get("limits") != state:  # noqa: ASYNC110 — another process's
                await asyncio.sleep(0.02)


@asynccontextmanager
async def one(base: Settings, url: str, **sections: Any) -> AsyncIterator[tuple[System, Watch]]:
    watch = Watch()
    limits = {**WIDE, "url": url, "timeout_ms": 10_000, **sections.pop("limits", {})}
    async with system(base, failpoint=watch, limits=limits, **sections) as site:
        yield site, watch


async def state(site: System) -> str:
    answer: httpx.Response = await site.http.get("/readyz")
    assert answer.status_code == 200, "who counts is no reason not to serve"
    found: str = answer.json()["limits"]
    return found


async def events(site: System) -> list[tuple[str, int]]:
    records = await site.records("_system")
    return [(one["event"], one["count"]) for one in records if one["event"].startswith("limits.")]


async def test_redis_may_go_and_come_back(sqlite_settings: Settings, server: RedisServer) -> None:
    limits = [limit("ten", "requests", 10), limit("at-once", "concurrency", 5)]
    async with one(sqlite_settings, server.url, limit=limits) as (site, watch):
        key = await site.key("clerk")
        for _ in range(3):
            assert (await site.chat(key, PUBLIC)).status_code == 200
        assert await state(site) == "shared"
        server.stop()
        for _ in range(2):
            assert (await site.chat(key, PUBLIC)).status_code == 200
        assert await state(site) == "degraded"

        async def degraded() -> bool:
            return await events(site) == [("limits.degraded", 1)]

        await watch.until(degraded)
        metrics = (await site.http.get("/metrics")).text
        assert "gateway_limits_shared 0.0" in metrics
        assert "gateway_limits_lost_total 1.0" in metrics
        server.start()

        async def restored() -> bool:
            return await events(site) == [("limits.degraded", 1), ("limits.restored", 1)]

        await watch.until(restored)
        assert await state(site) == "shared"
        statuses = [(await site.chat(key, PUBLIC)).status_code for _ in range(7)]
        assert statuses == [200] * 5 + [429] * 2, "an empty Redis is told what was used before and meanwhile"


async def test_a_redis_that_hangs_costs_one_time_out_and_every_node_holds_to_its_share(
    sqlite_settings: Settings, server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nodes(*given: Any) -> dict[str, str]:
        return {"nd_1": "bt_1", "nd_2": "bt_2", "nd_3": "bt_3"}

    monkeypatch.setattr("gateway.bootstrap.limits.living", nodes)
    short = {"timeout_ms": 50}
    async with one(sqlite_settings, server.url, limits=short, limit=[limit("ten", "requests", 10)]) as (site, _):
        key = await site.key("clerk")
        server.hang()
        statuses = [(await site.chat(key, PUBLIC)).status_code for _ in range(4)]
        assert statuses == [200, 200, 200, 429]
        quotas: Any = site.gateway.quotas
        assert quotas.counters.lost == 1
        server.hang(False)


async def test_the_rates_of_a_credential_hold_over_all_nodes_and_what_is_refused_is_on_record(
    sqlite_settings: Settings, redis_server: str
) -> None:
    """What the other nodes granted is told to Redis here by hand, in their name."""
    async with one(sqlite_settings, redis_server) as (site, _):
        key = await site.key("clerk", rate="5/hour")
        assert (await site.chat(key, PUBLIC)).status_code == 200
        quotas: Any = site.gateway.quotas
        (elsewhere,) = [name for name, _, _ in quotas.counters.local.totals() if ":credential:" in name]
        remote = quotas.counters.remote
        from_elsewhere = [Change(elsewhere, 3_600_000_000, 4, 0, "")]
        await remote.run("", from_elsewhere, ())
        refused = await site.chat(key, PUBLIC)
        assert (refused.status_code, code(refused)) == (429, "rate_limited")
        assert "the limit credential" in refused.text
        assert [one["event"] for one in await site.trail(refused.headers["x-exchange-id"])] == ["exchange.denied"]


async def test_a_request_costs_one_round_trip_and_its_settlement_goes_along_with_the_next(
    sqlite_settings: Settings, redis_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.exchange.shared.FLUSH_S", 3600)
    limits = [limit(what, what, 10**6) for what in ("requests", "tokens", "bytes")]
    under_way = limit("under-way", "concurrency", 1)
    async with one(sqlite_settings, redis_server, limit=[*limits, under_way]) as (site, _):
        sent = request(await site.key("clerk"), "desk")
        quotas: Any = site.gateway.quotas
        before = quotas.counters.remote.trips
        measured = await load(urlsplit(site.url).port or 0, [sent], connections=1, seconds=60, total=40)
        assert measured.statuses == {"200": 40}
        assert quotas.counters.remote.trips - before == 40
