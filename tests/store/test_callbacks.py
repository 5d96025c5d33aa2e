"""What is to be told of tasks: taken by one at a time, due again when nobody says what came of it, ended once."""

import asyncio
from typing import Any

from gateway.ledger.entry import Entry
from gateway.store.callbacks import DELIVERED, FAILED, WAITING, CallbackStore, Delivery, announced, concluded
from gateway.store.writer_base import LedgerWriter
from tests.store.kit import LEDGER, START_US, Store, entry

LEASE_US = 30_000_000


async def put(store: Store, *names: str, callback: str = "billing", task: str = "t1") -> CallbackStore:
    async with store.writer() as writer:
        for name in names:
            change = announced(task, callback, name, START_US)
            assert await writer.submit(Entry(draft=entry().draft, change=change)) is not None
    return CallbackStore(store.engine, store.clock)


async def claim(callbacks: CallbackStore, limit: int = 10, room: int = 10, **more: Any) -> list[Delivery]:
    return await callbacks.claim((LEDGER,), lease_us=LEASE_US, limit=limit, room=lambda name: room, **more)


async def end(writer: LedgerWriter, one: Delivery, state: str) -> bool:
    change = concluded(one, state, now_us=START_US, code="ok", status=200)
    return await writer.submit(Entry(draft=entry().draft, change=change)) is not None


async def test_two_that_claim_at_once_get_different_ones_and_each_has_one_more_try(store: Store) -> None:
    callbacks = await put(store, *(f"d{number}" for number in range(6)))
    taken = await asyncio.gather(*(claim(callbacks, limit=3) for _ in range(3)))
    ids = [one.id for some in taken for one in some]
    assert len(ids) == len(set(ids)) > 2
    assert {(one.tries, one.version, one.state) for some in taken for one in some} == {(1, 1, WAITING)}


async def test_one_that_nobody_says_anything_of_is_due_again_and_its_former_holder_ends_nothing(store: Store) -> None:
    callbacks = await put(store, "d1")
    (first,) = await claim(callbacks)
    assert await claim(callbacks) == []
    store.clock.advance(LEASE_US / 1_000_000)
    (second,) = await claim(callbacks)
    assert (second.id, second.tries) == ("d1", 2)
    async with store.writer() as writer:
        assert not await end(writer, first, FAILED)
        await callbacks.later(first, due_us=0, code="x", status=None)
        assert await end(writer, second, DELIVERED)
        assert not await end(writer, second, FAILED)
    found = await callbacks.newest(LEDGER, "t1")
    assert found is not None
    assert (found.state, found.code, found.status, found.ended_us) == (DELIVERED, "ok", 200, START_US)


async def test_a_try_that_came_to_nothing_waits_for_its_time(store: Store) -> None:
    callbacks = await put(store, "d1")
    (one,) = await claim(callbacks)
    await callbacks.later(one, due_us=store.clock.now_us() + 5_000_000, code="callback_refused", status=500)
    assert await claim(callbacks) == []
    store.clock.advance(5)
    (again,) = await claim(callbacks)
    assert (again.tries, again.code, again.status) == (2, "callback_refused", 500)


async def test_a_destination_takes_no_more_than_its_room_and_none_while_it_is_busy(store: Store) -> None:
    callbacks = await put(store, "d1", "d2", "d3")
    await put(store, "e1", callback="other", task="t2")
    assert [one.id for one in await claim(callbacks, room=1)] == ["d1", "e1"]
    assert await claim(callbacks, busy=("billing",)) == []
    assert [one.id for one in await claim(callbacks, busy=("other",))] == ["d2", "d3"]
    assert await claim(callbacks, limit=0) == []


async def test_what_waits_is_counted_and_the_newest_of_a_task_is_told(store: Store) -> None:
    callbacks = await put(store, "d1", "d2")
    assert await callbacks.waiting((LEDGER,)) == 2
    assert await callbacks.waiting(()) == 0
    newest = await callbacks.newest(LEDGER, "t1")
    assert newest is not None
    assert newest.id == "d2"
    assert await callbacks.newest(LEDGER, "t9") is None


async def test_what_was_not_sent_is_no_try(store: Store) -> None:
    callbacks = await put(store, "d1")
    (one,) = await claim(callbacks)
    await callbacks.later(one, due_us=0, code="policy_changed", status=None, counted=False)
    (again,) = await claim(callbacks)
    assert (again.tries, again.code) == (1, "policy_changed")
