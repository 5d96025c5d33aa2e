"""What a crash, a hang or an error means at every instant that a comment in the code speaks of: before and after each
commit, before and after each forward, before each release. (What it means for a request of each protocol is in
test_failpoints_of_protocols.py.)

One ledger goes through all of them, one after the other: what each leaves is found by the next start, verified whole,
and held against what callers were told and what agents received.
"""

import asyncio
from collections import Counter

import httpx
import pytest

from gateway.bootstrap import open_gateway
from gateway.settings import Settings
from gateway.web.app import build_app
from tests.system.installation import Installation, installation
from tests.system.load import KINDS, Answered, Load, ask, expected
from tests.system.processes import WAIT_S, child, serve_until
from tests.system.site import served
from tests.system.trail import INTERRUPTED, check, recover

EXCHANGE = ("intent.recorded", "forward.before", "forward.after", "outcome.recorded", "refusal.recorded")
RELEASE = ("release.before",)
KEYS = ("keys.before_commit", "keys.after_commit")
LEDGER = ("ledger.before_insert", "ledger.before_commit", "ledger.after_commit")
CHECKPOINT = ("checkpoint.before_commit", "checkpoint.after_commit")
POINTS = (*EXCHANGE, *RELEASE, *KEYS, *LEDGER, *CHECKPOINT)
CALLERS = 6
OFTEN = {"checkpoint_interval_s": 0.1}


@pytest.mark.parametrize("how", ["kill", "hang"])
async def test_a_gateway_that_dies_at_any_failpoint_has_everything_on_record_after_its_next_start(
    database: Settings, how: str
) -> None:
    """`kill` dies there at once; `hang` stays there, with everything else that reaches it, until it is killed."""
    async with installation(database, ledger=OFTEN) as site:
        load = Load(site.key)
        for turn, point in enumerate(POINTS):
            await _die(site, load, point, 1 + turn % 3, how)
            _as_expected(load.answered)
        await recover(site.settings)
        trails = await check(site.settings, load.answered, site.seen())
        assert {one.kind for one in load.answered} == set(KINDS)
        assert INTERRUPTED in {trail[-1]["event"] for trail in trails.values()}


@pytest.mark.parametrize("error", [RuntimeError, OSError])
async def test_an_error_at_any_failpoint_ends_the_exchange_and_the_gateway_goes_on(
    database: Settings, error: type[Exception]
) -> None:
    armed: list[str] = []
    met: list[str] = []

    async def failpoint(name: str) -> None:
        if name in armed:
            armed.remove(name)
            met.append(name)
            raise error

    async with installation(database, ledger=OFTEN) as site:
        load = Load(site.key)
        async with (
            open_gateway(site.settings, failpoint=failpoint) as gateway,
            served(build_app(gateway), lifespan="on") as url,
            httpx.AsyncClient(base_url=url, timeout=WAIT_S) as client,
        ):
            for point in POINTS:
                armed.append(point)
                load.answered += await _one_of_each(client, load)
                await _until_met(client, load, armed)
                after = await _one_of_each(client, load)
                _as_expected(after)
                load.answered += after
                await check(site.settings, load.answered, site.seen())
        await check(site.settings, load.answered, site.seen())
        assert met == list(POINTS)
        told = Counter(one.status for one in load.answered)
        assert told[500] + told[503] > 0
        assert set(told) <= {200, 403, 500, 503}


async def _die(site: Installation, load: Load, point: str, times: int, how: str) -> None:
    """Its start recovers from the death before, and what that left is looked at before anybody asks again."""
    async with child(serve_until, site.file, point, times, how) as gateway:
        url = await gateway.told()
        await check(site.settings, load.answered, site.seen())
        async with asyncio.TaskGroup() as tasks:
            traffic = tasks.create_task(load.run(url, CALLERS))
            assert await gateway.told() == point
            await (gateway.dead() if how == "kill" else gateway.kill())
            async with asyncio.timeout(WAIT_S):
                await traffic


async def _one_of_each(client: httpx.AsyncClient, load: Load) -> list[Answered]:
    asked = [ask(client, load.key, kind, load.trace()) for kind in KINDS]
    return [answer for answer in await asyncio.gather(*asked) if answer is not None]


async def _until_met(client: httpx.AsyncClient, load: Load, armed: list[str]) -> None:
    """Checkpoints are made in their own time: ask until one was."""
    async with asyncio.timeout(WAIT_S):
        while armed:
            load.answered += await _one_of_each(client, load)


def _as_expected(answered: list[Answered]) -> None:
    for one in answered:
        assert one.status == expected(one.kind), one
