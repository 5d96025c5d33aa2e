"""Time-stamps are kept as they came, once, and found by what they say."""

import pytest
from sqlalchemy.exc import DBAPIError

from gateway.store.engine import writing
from gateway.store.stamps import KeptStamp, StampStore
from gateway.store.tables import time_stamp
from tests.store.kit import LEDGER, Store


def kept(size: int, tsa: str = "clock", *, at_us: int | None = None, reply: bytes = b"reply") -> KeptStamp:
    return KeptStamp(size=size, tsa=tsa, at_us=size * 10 if at_us is None else at_us, kept_us=size * 11, reply=reply)


async def test_the_newest_and_each_authoritys_last_are_found(store: Store) -> None:
    stamps = StampStore(store.engine, LEDGER)
    assert (await stamps.newest(), await stamps.last("clock")) == ((), None)
    for one in (kept(3), kept(7), kept(5, "other"), kept(7, "early", at_us=1)):
        await stamps.add(one)
    assert await stamps.newest() == (kept(7, "early", at_us=1), kept(7))
    assert (await stamps.last("clock"), await stamps.last("other")) == (kept(7), kept(5, "other"))
    await stamps.add(kept(7, reply=b"another"))
    assert await stamps.last("clock") == kept(7), "what came first stays"


async def test_they_are_given_out_checkpoint_by_checkpoint(store: Store) -> None:
    stamps = StampStore(store.engine, LEDGER)
    for size in (3, 5, 7):
        for tsa in ("clock", "other"):
            await stamps.add(kept(size, tsa))
    assert [(one.size, one.tsa) for one in await stamps.page(0, 2)] == [
        *((3, "clock"), (3, "other")),
        *((5, "clock"), (5, "other")),
    ]
    assert [one.size for one in await stamps.page(5, 2)] == [7, 7]
    assert await stamps.page(7, 2) == ()


async def test_of_each_authority_the_one_that_says_most_of_a_range(store: Store) -> None:
    stamps = StampStore(store.engine, LEDGER)
    for one in (kept(3), kept(5), kept(7), kept(4, "other"), kept(9, "late")):
        await stamps.add(one)

    async def sizes(end: int, at_most: int) -> list[tuple[int, str]]:
        return [(one.size, one.tsa) for one in await stamps.covering(end, at_most)]

    assert await sizes(4, 9) == [(4, "other"), (5, "clock"), (9, "late")]
    assert await sizes(6, 9) == [(4, "other"), (7, "clock"), (9, "late")]
    assert await sizes(6, 8) == [(4, "other"), (7, "clock")]
    assert await sizes(9, 6) == [(4, "other"), (5, "clock")]
    assert await sizes(1, 2) == []


async def test_they_are_never_changed_or_deleted(store: Store) -> None:
    stamps = StampStore(store.engine, LEDGER)
    await stamps.add(kept(3))
    for change in (time_stamp.update().values(at_us=1), time_stamp.delete()):
        with pytest.raises(DBAPIError):
            async with writing(store.engine, LEDGER) as connection:
                await connection.execute(change)
    assert await stamps.newest() == (kept(3),)
