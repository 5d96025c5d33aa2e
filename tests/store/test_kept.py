"""Kept content is found by period, destroyed when its days are over, and is nobody else's."""

import msgspec
import pytest

from gateway.core.ids import uuid7
from gateway.ledger.entry import Entry, SealedPart
from gateway.ledger.record import Detail
from gateway.ledger.times import timestamp
from gateway.store import kept
from gateway.store.kept import KeptStore
from tests.store.kit import LEDGER, START_US, Store, entry

ALWAYS = ("2000-01-01T00:00:00.000000Z", "2100-01-01T00:00:00.000000Z")
DAY_US = 86_400_000_000


def _sealed(number: int, days: int) -> Entry:
    """A record with an opening, and content that is kept for so many days."""
    made = entry(
        event="exchange.requested",
        exchange=uuid7(START_US + number),
        us=START_US + number,
        detail=Detail(subject="alice") if number else None,
    )
    label = f"content:{timestamp(START_US + days * DAY_US)}"
    parts = [SealedPart(part=part, key="dk_1", nonce=b"n" * 12, ciphertext=b"c") for part in ("request", label)]
    return msgspec.structs.replace(made, sealed=tuple(parts))


async def test_what_is_kept_of_a_period_is_given_in_order_until_its_days_are_over(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "CHUNK", 2)
    await store.append([_sealed(number, number % 3 + 1) for number in range(6)])
    reader = KeptStore(store.engine, store.clock)

    async def seqs(since: str = ALWAYS[0], until: str = ALWAYS[1]) -> list[int]:
        return [one.seq async for chunk in reader.of(LEDGER, since, until) for one in chunk]

    first = await seqs()
    assert len(first) == 6
    assert first == sorted(first)
    assert await seqs(timestamp(START_US + 2), timestamp(START_US + 4)) == first[2:4]
    found = [one async for chunk in reader.of(LEDGER, *ALWAYS) for one in chunk]
    assert [one.detail is None for one in found] == [True, *[False] * 5]
    assert {one.sealed.part.partition(":")[0] for one in found} == {"content"}
    assert [chunk async for chunk in reader.of("tn_" + "0" * 26, *ALWAYS)] == [[]]
    assert await reader.sweep(LEDGER) == 0

    store.clock.us = START_US + DAY_US
    assert await seqs() == [seq for number, seq in enumerate(first) if number % 3], "also before anybody has swept"
    assert await reader.sweep("tn_" + "0" * 26) == 0
    assert await reader.sweep(LEDGER) == 2
    assert await reader.sweep(LEDGER) == 0
    store.clock.us = START_US + 30 * DAY_US
    assert await reader.sweep(LEDGER) == 4
    async with store.bare() as bare, bare.engine.connect() as connection:
        left = (await connection.exec_driver_sql("SELECT part FROM sealed")).scalars().all()
    assert list(left) == ["request"] * 6, "openings stay"
