"""What lies beside records is found by when they were recorded, and destroyed without the records."""

import msgspec

from gateway.ledger.entry import Entry, SealedPart
from gateway.ledger.record import ClassesInfo, Detail
from gateway.ledger.times import timestamp
from gateway.store.reader import StoreReader
from gateway.store.retention import Beside, RetentionStore
from tests.store.kit import LEDGER, START_US, Store, entry

CONTENT = SealedPart(part="content:2999-01-01T00:00:00.000000Z", key="dk_1", nonce=b"n" * 12, ciphertext=b"c")
OPENING = SealedPart(part="request", key="dk_1", nonce=b"n" * 12, ciphertext=b"c")
PHI = ClassesInfo(found=("phi", "pii"), declared=(), inherited=(), floor=())


def some() -> list[Entry]:
    return [
        entry("exchange.requested", classes=PHI, detail=Detail(reason="a"), subjects=("su_1",)),
        entry(),
        msgspec.structs.replace(entry("exchange.attempted"), sealed=(OPENING, CONTENT)),
        entry("audit.read", detail=Detail(reason="b")),
    ]


async def test_what_lies_beside_is_found_and_destroyed_by_kind(store: Store) -> None:
    await store.append(some())
    found = RetentionStore(store.engine)
    assert await found.beside(LEDGER, 0, 9, "details") == [
        Beside(seq=0, event="exchange.requested", classes=("phi", "pii")),
        Beside(seq=2, event="exchange.attempted", classes=()),
        Beside(seq=3, event="audit.read", classes=()),
    ]
    assert [one.seq for one in await found.beside(LEDGER, 0, 9, "content")] == [2]
    assert [one.seq for one in await found.beside(LEDGER, 1, 3, "details")] == [2]
    assert await found.about(LEDGER, 0, 9, ["su_1", "su_2"]) == {0}
    await found.destroy(LEDGER, [0, 2], "details")
    assert [one.seq for one in await found.beside(LEDGER, 0, 9, "details")] == [3]
    assert [one.seq for one in await found.beside(LEDGER, 0, 9, "content")] == [2]
    await found.destroy(LEDGER, [2], "content")
    await found.destroy(LEDGER, [2], "content")
    assert await found.beside(LEDGER, 0, 9, "content") == []
    assert len([one async for one in StoreReader(store.engine, LEDGER).records(0, 9)]) == 4


async def test_the_extent_ends_with_the_last_that_was_recorded_before(store: Store) -> None:
    found = RetentionStore(store.engine)
    assert await found.extent(LEDGER, timestamp(START_US)) == (0, 0)
    async with store.writer() as writer:
        for second in range(7):
            assert await found.extent(LEDGER, timestamp(START_US + 10**9)) == (0, second)
            store.clock.us = START_US + second * 1_000_000
            await writer.append(entry())
    for second in range(9):
        assert await found.extent(LEDGER, timestamp(START_US + second * 1_000_000)) == (0, min(second, 7))
    assert await found.extent("tn_other", timestamp(START_US + 10**9)) == (0, 0)
