"""Kept content is found by period, destroyed when its days are over, and is nobody else's."""

import msgspec
import pytest

from gateway.core.ids import uuid7
from gateway.ledger.entry import Entry, SealedPart
from gateway.ledger.record import Detail, parse
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


async def test_one_message_is_given_while_its_days_last_and_to_nobody_else(store: Store) -> None:
    (one,) = await store.append([_sealed(1, 1)])
    reader = KeptStore(store.engine, store.clock)
    found = await reader.one(LEDGER, one.seq)
    assert found is not None
    assert (found.seq, found.sealed.part.partition(":")[0], found.detail is None) == (one.seq, "content", False)
    assert await reader.one("tn_" + "0" * 26, one.seq) is None
    assert await reader.one(LEDGER, one.seq + 1) is None
    store.clock.us = START_US + DAY_US
    assert await reader.one(LEDGER, one.seq) is None


async def test_each_exchange_is_there_once_by_the_first_record_of_which_content_is_kept(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also one whose first agent was sent something that is not kept; and none whose days are over."""
    monkeypatch.setattr(kept, "POPULATION_CHUNK", 2)
    label = f"content:{timestamp(START_US + DAY_US)}"
    part = SealedPart(part=label, key="dk_1", nonce=b"n" * 12, ciphertext=b"c")

    def made(event: str, exchange: str, *, keeps: bool = True, at: int = 0) -> Entry:
        one = entry(event=event, exchange=exchange, us=START_US + at)
        return msgspec.structs.replace(one, sealed=(part,) if keeps else ())

    appended = await store.append(
        [
            made("exchange.requested", "ex_1"),
            made("exchange.attempted", "ex_1", at=1),
            made("exchange.requested", "ex_2", keeps=False, at=2),
            made("exchange.attempted", "ex_2", at=3),
            made("exchange.attempted", "ex_2", at=4),
            made("exchange.requested", "ex_3", at=5),
            made("exchange.requested", "ex_4", at=6),
        ]
    )
    reader = KeptStore(store.engine, store.clock)

    async def seqs(since: str = ALWAYS[0], until: str = ALWAYS[1]) -> list[int | None]:
        return [parse(data).seq async for chunk in reader.exchanges(LEDGER, since, until) for data in chunk]

    wanted = [appended[place].seq for place in (0, 3, 5, 6)]
    assert await seqs() == wanted
    assert await seqs(timestamp(START_US + 1), timestamp(START_US + 6)) == wanted[1:3]
    assert [chunk async for chunk in reader.exchanges("tn_" + "0" * 26, *ALWAYS)] == [[]]
    store.clock.us = START_US + DAY_US
    assert await seqs() == []
