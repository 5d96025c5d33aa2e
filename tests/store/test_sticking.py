"""Classes that were denied stick to the same caller and principal for their time, on every node and over a restart."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.core.errors import LedgerUnavailable
from gateway.settings import Settings
from gateway.store.engine import open_engine, reading, target
from gateway.store.sticking import StickingClasses
from gateway.store.tables import sticking
from tests.conftest import ManualClock

ADA = ("tn_1", "ac_1")


@pytest.fixture
async def engine(database: Settings) -> AsyncIterator[AsyncEngine]:
    made = open_engine(target(database))
    yield made
    await made.dispose()


def node(engine: Any, clock: ManualClock, lasts_s: int = 60) -> StickingClasses:
    return StickingClasses(engine, clock, principal=lambda chain: ",".join(chain).encode(), lasts_s=lasts_s)


async def count(engine: AsyncEngine) -> int:
    async with reading(engine, None, across="sticking") as connection:
        return await connection.scalar(select(func.count()).select_from(sticking)) or 0


async def test_what_was_denied_sticks_to_the_same_caller_and_principal_for_its_time(
    engine: AsyncEngine, clock: ManualClock
) -> None:
    one = node(engine, clock)
    assert one.of(*ADA, ()) == frozenset()
    await one.note(*ADA, ("boss",), {"phi", "pii"})
    assert one.of(*ADA, ("boss",)) == {"phi", "pii"}
    for other in ((*ADA, ()), (*ADA, ("else",)), ("tn_2", "ac_1", ("boss",)), ("tn_1", "ac_2", ("boss",))):
        assert one.of(*other) == frozenset()
    clock.advance(59)
    assert one.of(*ADA, ("boss",)) == {"phi", "pii"}
    await one.note(*ADA, ("boss",), {"phi"})
    clock.advance(1)
    assert one.of(*ADA, ("boss",)) == {"phi"}
    clock.advance(59)
    assert one.of(*ADA, ("boss",)) == frozenset()


async def test_other_nodes_and_the_next_start_know_it_too(engine: AsyncEngine, clock: ManualClock) -> None:
    one, two = node(engine, clock), node(engine, clock)
    await two.look()
    await one.note(*ADA, (), {"phi"})
    await two.look()
    assert two.of(*ADA, ()) == {"phi"}
    clock.advance(40)
    await one.note(*ADA, (), {"phi", "pci"})
    await two.keep(prune=False)
    clock.advance(30)
    assert two.of(*ADA, ()) == {"phi", "pci"}
    later, shorter = node(engine, clock), node(engine, clock, lasts_s=5)
    await later.look()
    await shorter.look()
    assert later.of(*ADA, ()) == {"phi", "pci"}
    clock.advance(5)
    assert later.of(*ADA, ()) == {"phi", "pci"}
    assert shorter.of(*ADA, ()) == frozenset()


async def test_who_is_denied_over_and_over_costs_few_writes(engine: AsyncEngine, clock: ManualClock) -> None:
    one = node(engine, clock)
    written: list[int] = []
    for _ in range(60):
        await one.note(*ADA, (), {"phi"})
        async with reading(engine, None, across="sticking") as connection:
            written.append(await connection.scalar(select(sticking.c.noted_us)) or 0)
        clock.advance(1)
    assert len(set(written)) == 9


async def test_what_is_over_is_removed(engine: AsyncEngine, clock: ManualClock) -> None:
    one = node(engine, clock)
    await one.note(*ADA, (), {"phi"})
    await one.note("tn_1", "ac_2", (), {"pci"})
    clock.advance(30)
    await one.note(*ADA, (), {"pci"})
    clock.advance(30)
    await one.keep(prune=True)
    assert await count(engine) == 1
    assert one.of(*ADA, ()) == {"pci"}


async def test_nothing_sticks_where_that_is_off(engine: AsyncEngine, clock: ManualClock) -> None:
    off = node(engine, clock, lasts_s=0)
    await off.note(*ADA, (), {"phi"})
    assert off.of(*ADA, ()) == frozenset()
    assert await count(engine) == 0
    await node(engine, clock).note(*ADA, (), {"phi"})
    await off.look()
    assert off.of(*ADA, ()) == frozenset()
    await off.watch()


async def test_what_cannot_be_written_acts_here_and_is_an_error(sqlite_settings: Settings, clock: ManualClock) -> None:
    one = node(open_engine(target(sqlite_settings)), clock)
    sqlite_settings.path("gateway.db").unlink()
    with pytest.raises(LedgerUnavailable):
        await one.note(*ADA, (), {"phi"})
    assert one.of(*ADA, ()) == {"phi"}
    with pytest.raises(LedgerUnavailable):
        await one.look()
    await one.keep(prune=True)
