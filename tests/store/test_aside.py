"""Work that hangs keeps those who wait for it, for a while, and nobody else."""

import asyncio
import threading

import pytest

from gateway.store.aside import Aside


async def test_it_is_done_in_turns_off_the_loop_and_its_errors_are_the_callers() -> None:
    aside = Aside("aside", 60.0, 4)
    names = await asyncio.gather(*(aside.run(lambda: threading.current_thread().name) for _ in range(4)))
    assert names == ["aside"] * 4

    def wrong() -> int:
        raise ValueError("wrong")

    with pytest.raises(ValueError, match="wrong"):
        await aside.run(wrong)


async def test_what_hangs_is_left_and_what_nobody_waits_for_any_more_is_not_begun() -> None:
    aside, free, done = Aside("aside", 0.05, 2), threading.Event(), list[str]()
    waiting = [asyncio.create_task(aside.run(free.wait)), asyncio.create_task(aside.run(lambda: done.append("late")))]
    await asyncio.sleep(0)
    with pytest.raises(TimeoutError):
        await aside.run(lambda: done.append("one too many"))
    assert [type(one) for one in await asyncio.gather(*waiting, return_exceptions=True)] == [TimeoutError] * 2
    free.set()
    aside._wait_s = 60.0
    assert await aside.run(lambda: "goes on") == "goes on"
    assert done == []


async def test_who_goes_away_takes_its_work_along() -> None:
    aside, free, done = Aside("aside", 60.0, 4), threading.Event(), list[str]()
    first = asyncio.create_task(aside.run(free.wait))
    second = asyncio.create_task(aside.run(lambda: done.append("late")))
    await asyncio.sleep(0)
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    free.set()
    assert await first
    await aside.run(lambda: None)
    assert done == []
