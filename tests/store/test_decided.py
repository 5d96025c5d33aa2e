"""Decisions of a period, read in the order of their times, a chunk at a time."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from gateway.core.errors import LedgerUnavailable
from gateway.core.ids import uuid7
from gateway.ledger.record import Detail, parse
from gateway.ledger.times import timestamp
from gateway.store import decided
from gateway.store.decided import DecidedStore
from tests.store.kit import LEDGER, Store, entry

SENT = ("exchange.requested",)
START_US = 1_767_614_400_000_000
ALWAYS = ("2000-01-01T00:00:00.000000Z", "2100-01-01T00:00:00.000000Z")


async def test_a_period_is_read_whole_in_order_and_with_details(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decided, "CHUNK", 4)
    made = [uuid7(START_US + number) for number in range(10)]
    # Times come twice, and not in the order of the ledger: nothing may be lost between two chunks.
    entries = [
        entry(
            event="exchange.requested",
            exchange=exchange,
            us=START_US - number // 2,
            detail=Detail(subject="alice") if number else None,
        )
        for number, exchange in enumerate(made)
    ]
    await store.append([*entries, entry(event="audit.read")])
    reader = DecidedStore(store.engine, LEDGER)

    async def read(since: str, until: str) -> list[str | None]:
        return [parse(one.envelope).exchange async for chunk in reader.chunks(SENT, since, until) for one in chunk]

    assert await read(*ALWAYS) == [made[number] for number in (8, 9, 6, 7, 4, 5, 2, 3, 0, 1)]
    assert await read(timestamp(START_US - 1), timestamp(START_US)) == made[2:4]
    assert await read(timestamp(START_US + 1), ALWAYS[1]) == []
    found = [one async for chunk in reader.chunks(SENT, *ALWAYS) for one in chunk]
    assert [one.detail is None for one in found].index(True) == 8
    assert [one async for one in DecidedStore(store.engine, "tn_" + "0" * 26).chunks(SENT, *ALWAYS)] == [[]]


async def test_what_lies_elsewhere_or_is_about_another_is_left_out(store: Store) -> None:
    about = [("su_jane",), (), ("su_john", "su_jane"), ("su_john",)]
    await store.append([entry(event="exchange.requested", subjects=some) for some in about])
    reader = DecidedStore(store.engine, LEDGER)

    async def read(first: int, subject: str | None) -> list[int | None]:
        chunks = reader.chunks(SENT, *ALWAYS, first=first, subject=subject)
        return [parse(one.envelope).seq async for chunk in chunks for one in chunk]

    assert await read(0, "su_jane") == [0, 2]
    assert await read(1, "su_jane") == [2]
    assert await read(1, None) == [1, 2, 3]
    assert await read(0, "su_nobody") == []


async def test_the_next_chunk_is_asked_for_while_one_is_looked_at(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And nothing of that stays behind where somebody has seen enough; what fails then is told when it is its turn."""
    monkeypatch.setattr(decided, "CHUNK", 2)
    await store.append([entry(event="exchange.requested") for _ in range(5)])
    reader = DecidedStore(store.engine, LEDGER)
    whole, asked = reader._rows, list[int]()

    async def rows(query: Any, place: tuple[str, int]) -> Sequence[Any]:
        asked.append(place[1])
        if place[1] == 3:
            raise LedgerUnavailable("gone")
        return await whole(query, place)

    monkeypatch.setattr(reader, "_rows", rows)
    chunks = reader.chunks(SENT, *ALWAYS)
    assert len(await anext(chunks)) == 2
    await asyncio.sleep(0)
    assert asked == [-1, 1]
    assert len(await anext(chunks)) == 2
    with pytest.raises(LedgerUnavailable):
        await anext(chunks)
    before = asyncio.all_tasks()
    stopped = reader.chunks(SENT, *ALWAYS)
    await anext(stopped)
    assert asyncio.all_tasks() != before
    await stopped.aclose()
    assert asyncio.all_tasks() == before
