"""What failed elsewhere under load, and in telling the truth about it."""

import asyncio
import gc
from typing import Any

import pytest

from gateway.core.errors import ConfigurationError
from gateway.exchange.exchange import Exchange
from gateway.settings import Settings
from tests.system.kit import PUBLIC, Watch, code
from tests.system.site import system


async def test_a_limit_that_each_replica_counts_for_itself(sqlite_settings: Settings) -> None:
    """With four workers the limit was four times what was written. A second worker is refused at start; what the one
    counts holds, and nodes count together (`system/test_shared_limits.py`)."""
    with pytest.raises(ConfigurationError, match="workers must be 1"):
        async with system(sqlite_settings, server={"workers": 2}):
            raise AssertionError("it was served")
    async with system(sqlite_settings, limits={"credential": "3/minute"}) as site:
        key = await site.key("clerk")
        answers = await asyncio.gather(*(site.chat(key, f"Text {number}.") for number in range(9)))
        assert sorted(answer.status_code for answer in answers) == [200] * 3 + [429] * 6
        assert len(site.agents["cloud"].received) == 3


async def test_a_limit_that_is_checked_and_not_reserved(sqlite_settings: Settings) -> None:
    """All who asked at once were told that there was room for one. Places for requests under way are taken by
    whoever is told that there is one, and budgets likewise (`system/test_limits.py`)."""
    async with system(sqlite_settings, limits={"concurrency": 2}) as site:
        count, full, go_on = 0, asyncio.Event(), asyncio.Event()

        async def work(headers: dict[str, str]) -> None:
            nonlocal count
            count += 1
            if count == 2:
                full.set()
            await go_on.wait()

        site.agents["cloud"].on_request = work
        key = await site.key("clerk")
        tasks = [asyncio.create_task(site.chat(key, f"Text {number}.")) for number in range(8)]
        await asyncio.wait_for(full.wait(), 10)
        done: set[Any] = set()
        while len(done) < 6:
            finished, _ = await asyncio.wait(set(tasks) - done, return_when=asyncio.FIRST_COMPLETED)
            done |= finished
        assert {code(task.result()) for task in done} == {"concurrency_limited"}
        assert count == 2
        go_on.set()
        assert sorted(answer.status_code for answer in await asyncio.gather(*tasks)) == [200] * 2 + [429] * 6


async def test_a_readiness_of_200_while_the_database_is_down(sqlite_settings: Settings) -> None:
    """The load balancer kept sending requests to a process that could record none of them."""
    watch = Watch()
    async with system(sqlite_settings, failpoint=watch) as site:
        key = await site.key("clerk")
        await site.chat(key, PUBLIC)
        assert (await site.http.get("/readyz")).status_code == 200
        watch.failing = True
        assert (await site.chat(key, "Another text.")).status_code == 503
        down = await site.http.get("/readyz")
        assert (down.status_code, down.json()["checks"]["ledger"]) == (503, False)
        assert (await site.http.get("/healthz")).status_code == 200
        watch.failing = False


def _exchanges() -> list[Exchange]:
    return [one for one in gc.get_objects() if isinstance(one, Exchange)]


@pytest.mark.parametrize("stream", [False, True])
async def test_memory_that_grows_with_every_request(sqlite_settings: Settings, stream: bool) -> None:
    """Four gigabytes in two days, of requests that had long been answered. Nothing of an exchange is left once it has
    ended; that the process keeps its size over many thousands of them is measured by `make bench`."""
    async with system(sqlite_settings, limits={"credential": "100000/minute", "tenant": "100000/minute"}) as site:
        key = await site.key("clerk")
        gc.collect()
        before = _exchanges()  # a test that failed before this one keeps its own
        for number in range(40):
            await site.chat(key, f"Text {number}.", stream=stream)
        await site.gateway.pipeline.drain()
        gc.collect()
        assert [one for one in _exchanges() if all(one is not other for other in before)] == []
