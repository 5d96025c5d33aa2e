"""What a gateway leaves that dies, hangs or meets an error at every instant that a comment in the code speaks of:
before and after each commit, before and after each forward, before each release. `tests/system/test_failpoints.py` and
`make kill` go through them.

One ledger goes through all of them, one after the other: what each leaves is found by the next start, verified whole,
and held against what callers were told and what agents received.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence

import httpx

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
DEATHS = ("kill", "hang")
"""`kill` dies there at once; `hang` stays there, with everything else that reaches it, until it is killed."""
ERRORS: tuple[type[Exception], ...] = (RuntimeError, OSError)
CALLERS = 6
OFTEN = {"checkpoint_interval_s": 0.1}


async def died(base: Settings, how: str, points: Sequence[str] = POINTS) -> frozenset[str]:
    """A gateway dies at each of these points, by `how` of `DEATHS`; which kinds of requests were answered meanwhile.

    `AssertionError` for whatever does not hold."""
    async with installation(base, ledger=OFTEN) as site:
        load = Load(site.key)
        for turn, point in enumerate(points):
            await _die(site, load, point, 1 + turn % 3, how)
            _as_expected(load.answered)
        await recover(site.settings)
        trails = await check(site.settings, load.answered, site.seen())
        assert INTERRUPTED in {trail[-1]["event"] for trail in trails.values()}
        return frozenset(one.kind for one in load.answered)


async def failed(base: Settings, error: type[Exception], points: Sequence[str] = POINTS) -> None:
    """A gateway meets this error at each of these points, and goes on. `AssertionError` for whatever does not hold."""
    armed: list[str] = []
    met: list[str] = []

    async def failpoint(name: str) -> None:
        if name in armed:
            armed.remove(name)
            met.append(name)
            raise error

    async with installation(base, ledger=OFTEN) as site:
        load = Load(site.key)
        async with (
            open_gateway(site.settings, failpoint=failpoint) as gateway,
            served(build_app(gateway), lifespan="on") as url,
            httpx.AsyncClient(base_url=url, timeout=WAIT_S) as client,
        ):
            for point in points:
                armed.append(point)
                load.answered += await _one_of_each(client, load)
                await _until_met(client, load, armed)
                after = await _one_of_each(client, load)
                _as_expected(after)
                load.answered += after
                await check(site.settings, load.answered, site.seen())
        await check(site.settings, load.answered, site.seen())
        assert met == list(points)
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
