"""A lease is one holder's at a time, until it is released or has ended."""

import asyncio

from gateway.ledger.record import NodeInfo
from gateway.store.lease import Lease
from gateway.store.node import register
from tests.store.kit import Store


def lease_of(store: Store, holder: str, name: str = "work") -> Lease:
    return Lease(store.engine, name, holder, store.clock, 60)


async def test_a_lease_is_held_by_one_until_it_is_released(store: Store) -> None:
    one, two = lease_of(store, "one"), lease_of(store, "two")
    assert await one.take()
    assert not await two.take()
    await two.release()
    assert not await two.take()
    await one.release()
    assert await two.take()


async def test_the_lease_of_a_holder_that_died_ends(store: Store) -> None:
    assert await lease_of(store, "one").take()
    store.clock.advance(59)
    assert not await lease_of(store, "two").take()
    store.clock.advance(1)
    assert await lease_of(store, "two").take()
    assert not await lease_of(store, "one").take()


async def test_a_lease_of_a_clock_that_had_jumped_ahead_is_not_waited_for(store: Store) -> None:
    store.clock.advance(365 * 86_400)
    assert await lease_of(store, "one").take()
    store.clock.advance(-365 * 86_400)
    assert await lease_of(store, "two").take()
    assert not await lease_of(store, "one").take()


async def test_a_holder_prolongs_its_own_lease(store: Store) -> None:
    one, two = lease_of(store, "one"), lease_of(store, "two")
    assert await one.take()
    store.clock.advance(59)
    assert await one.take()
    store.clock.advance(59)
    assert not await two.take()


async def test_whoever_works_for_long_keeps_it_and_finds_out_where_it_is_lost(store: Store) -> None:
    one, two = lease_of(store, "one"), lease_of(store, "two")
    assert await one.take()
    for _ in range(10):
        store.clock.advance(15)
        assert await one.keep()
        assert not await two.take(), "it does not end while it is kept"
    store.clock.advance(61)
    assert await two.take(), "a holder that did not come by for long is not waited for"
    assert not await one.keep()
    assert not await one.keep()
    await two.release()
    assert await one.keep(), "and may have it again once it is free"
    store.clock.advance(-1)
    assert await one.keep()


async def test_of_many_at_once_one_gets_it(store: Store) -> None:
    taken = await asyncio.gather(*(lease_of(store, f"holder-{number}").take() for number in range(6)))
    assert sorted(taken) == [False] * 5 + [True]


async def test_leases_of_other_names_are_apart(store: Store) -> None:
    assert await lease_of(store, "one", "a").take()
    assert await lease_of(store, "two", "b").take()


async def test_the_lease_of_a_former_boot_is_not_waited_for_by_the_one_that_serves(store: Store) -> None:
    await register(store.engine, NodeInfo(id="nd_1", boot="bt_1"), store.clock)
    assert await lease_of(store, "nd_1/bt_1/a").take()
    assert not await lease_of(store, "nd_1/bt_1/b").take()
    assert not await lease_of(store, "ndx1/bt_2/a").take()
    assert not await lease_of(store, "nd_2/bt_2/a").take()
    assert not await lease_of(store, "nd_1/bt_2/a").take(), "it serves not, or has lost its claim: the other one lives"
    await register(store.engine, NodeInfo(id="nd_1", boot="bt_2"), store.clock)
    assert await lease_of(store, "nd_1/bt_2/a").take()
    assert not await lease_of(store, "nd_1/bt_1/a").take(), "and who has lost its claim takes nothing back"


async def test_a_command_is_waited_for_by_the_node_that_it_runs_beside_and_waits_for_it(store: Store) -> None:
    await register(store.engine, NodeInfo(id="nd_1", boot="bt_1"), store.clock)
    command, node = lease_of(store, "ar_1"), lease_of(store, "nd_1/bt_1/a")
    assert await command.take()
    assert not await node.take()
    assert not await lease_of(store, "ar_2").take()
    await command.release()
    assert await node.take()
    assert not await command.take()
