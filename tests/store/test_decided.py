"""Decisions of a period, read in the order of their times, a chunk at a time."""

import pytest

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
