"""What a crash, a hang or an error means at every instant that a comment in the code speaks of: before and after each
commit, before and after each forward, before each release.

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
from tests.system.trail import INTERRUPTED, OPENED, check, recover

EXCHANGE = ("intent.recorded", "forward.before", "forward.after", "release.before", "outcome.recorded")
REFUSAL = ("refusal.recorded",)
KEYS = ("keys.before_commit", "keys.after_commit")
LEDGER = ("ledger.before_insert", "ledger.before_commit", "ledger.after_commit")
CHECKPOINT = ("checkpoint.before_commit", "checkpoint.after_commit")
POINTS = (*EXCHANGE, *REFUSAL, *KEYS, *LEDGER, *CHECKPOINT)
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


async def test_a_gateway_killed_before_a_release_has_let_go_of_no_more_than_was_released(database: Settings) -> None:
    """Before a stream's first release, and before a later one."""
    async with installation(database, ledger=OFTEN) as site:
        load = Load(site.key)
        traces = [load.trace(), load.trace()]
        first, later = [await _cut_off(site, trace, times) for times, trace in enumerate(traces, 1)]
        await recover(site.settings)
        trails = await check(site.settings, [], site.seen())
        assert first == b""
        assert later.startswith(b"data: ")
        assert b"[DONE]" not in later
        ends = {trail[0]["trace"]: [record["event"] for record in trail] for trail in trails.values()}
        assert [(ends[trace][0], ends[trace][-1]) for trace in traces] == [(OPENED, INTERRUPTED)] * 2


async def _cut_off(site: Installation, trace: str, times: int) -> bytes:
    """What a caller has of a stream whose gateway is killed before its `times`-th release."""
    seen = b""
    async with child(serve_until, site.file, "release.before", times, "kill") as gateway:
        url = await gateway.told()
        asked = KINDS["streamed"]
        body = {"model": asked["model"], "stream": True, "messages": [{"role": "user", "content": asked["text"]}]}
        headers = {"authorization": f"Bearer {site.key}", "traceparent": f"00-{trace}-b7ad6b7169203331-01"}
        async with httpx.AsyncClient(base_url=url, timeout=WAIT_S) as client:
            try:
                async with client.stream("POST", "/v1/chat/completions", json=body, headers=headers) as answer:
                    async for chunk in answer.aiter_raw():
                        seen += chunk
            except httpx.HTTPError:
                await gateway.dead()
            else:
                raise AssertionError("the whole stream came, though its gateway was to be killed")
        assert await gateway.told() == "release.before"
    return seen


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
