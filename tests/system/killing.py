"""A serving gateway killed under load, again and again, and looked at after each start: see test_kill.py."""

import asyncio
from random import Random

import msgspec

from gateway.settings import Settings
from tests.system.installation import installation
from tests.system.load import KINDS, Load, expected
from tests.system.processes import WAIT_S, Process, Start, command
from tests.system.trail import INTERRUPTED, check

CALLERS = 16
AT_LEAST = 10
"""Requests that must be in flight when the gateway is killed."""
MOST = 60
"""Before this many answers."""


class Killed(msgspec.Struct, frozen=True):
    """What came of it."""

    kills: int
    answered: int
    seen: int
    interrupted: int
    fewest: int
    """The fewest requests that were in flight at a kill."""


async def killed(base: Settings, kills: int, seed: int, start: Start = command) -> Killed:
    """Serve, load, `kill -9` after a random number of answers, start again; everything is verified at each start.

    `AssertionError` for whatever does not hold."""
    random = Random(seed)
    in_flight: list[int] = []
    async with installation(base, ledger={"checkpoint_interval_s": 0.2}) as site:
        load = Load(site.key)
        for _ in range(kills):
            async with start(site.file) as (process, url):
                await check(site.settings, load.answered, site.seen())
                enough = len(load.answered) + random.randrange(1, MOST)
                async with asyncio.timeout(WAIT_S):
                    in_flight.append(await _killed_after(process, load, url, enough))
        async with start(site.file) as (process, _):
            process.terminate()
            async with asyncio.timeout(WAIT_S):
                assert await process.wait() == 0
        seen = site.seen()
        trails = await check(site.settings, load.answered, seen)
    assert min(in_flight) >= AT_LEAST, in_flight
    assert {(one.kind, one.status) for one in load.answered} <= {(kind, expected(kind)) for kind in KINDS}
    interrupted = sum(trail[-1]["event"] == INTERRUPTED for trail in trails.values())
    return Killed(len(in_flight), len(load.answered), len(seen), interrupted, min(in_flight))


async def _killed_after(process: Process, load: Load, url: str, enough: int) -> int:
    """Kill it as soon as there are `enough` answers; how many requests were in flight then."""
    in_flight: list[int] = []

    def kill() -> None:
        if len(load.answered) >= enough and not in_flight:
            in_flight.append(load.in_flight)
            process.kill()

    await load.run(url, CALLERS, kill)
    assert in_flight, "it ended before it was killed"
    await process.wait()
    return in_flight[0]
