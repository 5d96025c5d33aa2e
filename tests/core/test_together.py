"""Nobody is left alone: all have ended before anything is given or raised."""

import asyncio

import pytest

from gateway.core.together import together


async def _after(turns: int, ended: list[int], error: Exception | None = None) -> int:
    try:
        for _ in range(turns):
            await asyncio.sleep(0)
        if error is not None:
            raise error
        return turns
    finally:
        ended.append(turns)


async def test_what_each_gives_comes_in_order() -> None:
    ended: list[int] = []
    assert await together(_after(turns, ended) for turns in (3, 1, 2)) == [3, 1, 2]
    assert ended == [1, 2, 3]


async def test_an_error_is_raised_once_all_have_ended_and_it_is_the_first_in_order() -> None:
    ended: list[int] = []
    with pytest.raises(ValueError, match="first"):
        await together([_after(2, ended, ValueError("first")), _after(1, ended, KeyError("second")), _after(9, ended)])
    assert ended == [1, 2, 9]


async def test_who_is_cancelled_cancels_them_and_waits_for_their_ends() -> None:
    ended: list[int] = []
    task = asyncio.create_task(together(_after(turns, ended) for turns in (1000, 2000)))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended == [1000, 2000]
