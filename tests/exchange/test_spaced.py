"""Work that gives way: others run in between, and what it returns, raises or is cancelled for is as of a plain call."""

import asyncio
from contextvars import ContextVar

import pytest

from gateway.checks.classification.engine import Engine
from gateway.checks.classification.registry import DEFAULT, Registry
from gateway.core.message import Part
from gateway.exchange.spaced import SMALL, give_way, spaced

LARGE = SMALL + 1


class Steps:
    """A clock that moves on each time it is asked."""

    def __init__(self, step_ns: int) -> None:
        self._now, self._step = 0, step_ns

    def now_us(self) -> int:
        return 0

    def monotonic_ns(self) -> int:
        self._now += self._step
        return self._now

    def thread_ns(self) -> int:
        return 0


def scanner(step_ns: int, registry: Registry = DEFAULT) -> Engine:
    return Engine(clock=Steps(step_ns), budget_ms=1e9, recognizers=registry, give_way=give_way)


PARTS = tuple(Part(f"/messages/{index}/content", "Call 030 1234567, a@b.de") for index in range(400))


async def test_what_it_is_given_comes_and_what_it_returns() -> None:
    def work(one: int, *, two: str) -> tuple[int, str]:
        return one, two

    assert await spaced(LARGE, work, 1, two="b") == (1, "b")


async def test_others_run_where_it_gives_way_and_nowhere_else() -> None:
    order: list[str] = []

    def work(name: str) -> None:
        for step in range(3):
            order.append(f"{name}{step}")
            give_way()
        order.append(f"{name} ends")

    await asyncio.gather(spaced(LARGE, work, "a"), spaced(LARGE, work, "b"))
    assert order == ["a0", "b0", "a1", "b1", "a2", "b2", "a ends", "b ends"]


async def test_small_work_is_done_at_once() -> None:
    seen: list[str] = []

    async def other() -> None:
        seen.append("other")

    def work() -> str:
        give_way()
        seen.append("work")
        return "done"

    waiting = asyncio.create_task(other())
    assert await spaced(SMALL, work) == "done"
    await waiting
    assert seen == ["work", "other"]


async def test_what_it_raises_is_raised_before_and_after_it_gave_way() -> None:
    def work(first: bool) -> None:
        if not first:
            give_way()
        raise KeyError("x")

    for first in (True, False):
        with pytest.raises(KeyError):
            await spaced(LARGE, work, first)


async def test_cancelled_it_unwinds_where_it_gave_way_and_does_not_go_on() -> None:
    seen: list[str] = []

    def work() -> None:
        try:
            while True:
                seen.append("on")
                give_way()
        finally:
            seen.append("unwound")

    task = asyncio.create_task(spaced(LARGE, work))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    steps = len(seen)
    await asyncio.sleep(0)
    assert seen[-1] == "unwound"
    assert len(seen) == steps


async def test_it_is_in_the_context_of_who_waits_for_it() -> None:
    named: ContextVar[str] = ContextVar("named", default="nobody")

    def work() -> str:
        give_way()
        return named.get()

    async def within(name: str) -> str:
        named.set(name)
        return await spaced(LARGE, work)

    assert list(await asyncio.gather(within("a"), within("b"))) == ["a", "b"]


def test_outside_of_such_work_nobody_is_given_way_to() -> None:
    give_way()


async def test_work_within_work_gives_way_to_all() -> None:
    seen: list[str] = []

    async def other() -> None:
        for _ in range(2):
            seen.append("other")
            await asyncio.sleep(0)

    def work() -> str:
        give_way()
        return "done"

    found, _ = await asyncio.gather(spaced(LARGE, work), other())
    assert (found, seen) == ("done", ["other", "other"])


async def test_while_a_long_message_is_scanned_others_are_served() -> None:
    rounds, scanning = 0, asyncio.create_task(spaced(LARGE, scanner(1_000_000).scan, PARTS))
    while not scanning.done():
        await asyncio.sleep(0)
        rounds += 1
    assert rounds > 100
    assert scanning.result() == scanner(1).scan(PARTS)


async def test_an_engine_that_becomes_another_while_it_scans_ends_as_it_began() -> None:
    engine = scanner(1_000_000)
    scanning = asyncio.create_task(spaced(LARGE, engine.scan, PARTS))
    await asyncio.sleep(0)
    engine.become(scanner(1, Registry(recognizers=())))
    assert await scanning == scanner(1).scan(PARTS)
    assert not engine.scan(PARTS).classes
