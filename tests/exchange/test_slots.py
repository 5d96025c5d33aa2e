"""Never more at once than there are places, first come first served, and who leaves the queue leaves no hole."""

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.exchange.slots import Slots

LONG = 3600.0


async def turn() -> None:
    """Let everything that can go on go on."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_places_are_taken_and_given_back() -> None:
    slots = Slots(2, 0)
    assert slots.take()
    assert slots.take()
    assert not slots.take()
    assert slots.saturated
    assert not await slots.wait(LONG), "there is no queue"
    slots.give_back()
    assert (slots.taken, slots.free) == (1, 1)
    assert await slots.wait(LONG), "no wait where a place is free"


async def test_who_waits_longest_is_next_and_nobody_overtakes() -> None:
    slots, served = Slots(1, 3), list[int]()

    async def wants(number: int) -> None:
        assert await slots.wait(LONG)
        served.append(number)

    assert slots.take()
    tasks = [asyncio.create_task(wants(number)) for number in range(3)]
    await turn()
    assert (slots.waiting, slots.saturated) == (3, True)
    for expected in range(3):
        slots.give_back()
        assert not slots.take(), "the place is handed over, not freed"
        await turn()
        assert served == list(range(expected + 1))
    await asyncio.gather(*tasks)
    slots.give_back()
    assert (slots.free, slots.waiting) == (1, 0)


async def test_waiting_ends_with_its_time() -> None:
    slots = Slots(1, 1)
    assert slots.take()
    assert not await slots.wait(0.0)
    assert slots.waiting == 0
    slots.give_back()
    assert slots.free == 1


async def test_who_is_cancelled_leaves_no_hole() -> None:
    slots = Slots(1, 2)
    assert slots.take()
    first, second = (asyncio.create_task(slots.wait(LONG)) for _ in range(2))
    await turn()
    first.cancel()
    await turn()
    assert slots.waiting == 1
    slots.give_back()
    assert await second
    assert slots.free == 0


async def test_who_is_cancelled_with_a_place_in_hand_hands_it_on() -> None:
    slots = Slots(1, 2)
    assert slots.take()
    first, second = (asyncio.create_task(slots.wait(LONG)) for _ in range(2))
    await turn()
    slots.give_back()
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert await second
    slots.give_back()
    assert (slots.free, slots.waiting) == (1, 0)


@settings(max_examples=80, deadline=None)
@given(
    limit=st.integers(1, 3),
    queue=st.integers(0, 3),
    doings=st.lists(
        st.tuples(st.sampled_from(["come", "leave", "cancel", "cancel now", "turn"]), st.integers(0, 9)), max_size=40
    ),
)
def test_any_order_of_coming_leaving_and_giving_up(limit: int, queue: int, doings: list[tuple[str, int]]) -> None:
    asyncio.run(_played(limit, queue, doings))


async def _played(limit: int, queue: int, doings: list[tuple[str, int]]) -> None:
    slots = Slots(limit, queue)
    inside: list[int] = []
    admitted: list[int] = []
    tasks: dict[int, asyncio.Task[Any]] = {}

    async def come(number: int) -> None:
        if await slots.wait(LONG):
            inside.append(number)
            admitted.append(number)
            assert len(inside) <= limit

    for number, (doing, which) in enumerate(doings):
        if doing == "come":
            tasks[number] = asyncio.create_task(come(number))
        elif doing == "leave" and inside:
            inside.pop(which % len(inside))
            slots.give_back()
        elif doing.startswith("cancel") and tasks:
            list(tasks.values())[which % len(tasks)].cancel()
        if doing != "cancel now":  # so that several things happen in one turn of the loop
            await turn()
            assert len(inside) == slots.taken
            assert slots.waiting <= queue
            assert slots.free == 0 or slots.waiting == 0, "nobody waits before a free place"
    await turn()
    while inside:
        inside.pop()
        slots.give_back()
        await turn()
    assert (slots.free, slots.waiting) == (limit, 0), "no place is lost"
    assert admitted == sorted(admitted), "first come, first served"
    await asyncio.gather(*tasks.values(), return_exceptions=True)
