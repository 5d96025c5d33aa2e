"""Samples and what was done to them come back as they were, to their tenant alone, and two at once do not collide."""

from typing import Any

import msgspec
import pytest
from sqlalchemy import text

from gateway.core.errors import LedgerUnavailable
from gateway.store.reviews import MARK, SEEN, Note, Review, ReviewStore, drawn, noted
from tests.store.kit import LEDGER, START_US, Store, entry
from tests.store.ledger_kit import changing


def review(review_id: str = "rv_1", **fields: Any) -> Review:
    values: dict[str, Any] = {
        "tenant": LEDGER,
        "created_us": START_US,
        "since": "2026-01-01T00:00:00.000000Z",
        "until": "2026-02-01T00:00:00.000000Z",
        "engine": "7-a",
        "population": 9,
        "items": ((3, "ex_3"), (1, "ex_1")),
        **fields,
    }
    return Review(id=review_id, **values)


def note(slot: str = f"{MARK}1", place: int = 1, **fields: Any) -> Note:
    values: dict[str, Any] = {"actor": "ac_1", "persons": ("p1",), "found": {"email": 1}, "at_us": 5, **fields}
    return Note(place=place, slot=slot, **values)


async def put(store: Store, *changes: Any, ledger: str = LEDGER) -> list[bool]:
    async with store.writer(ledger) as writer:
        entries = [msgspec.structs.replace(entry(ledger=ledger), change=change) for change in changes]
        return [await writer.submit(one) is not None for one in entries]


async def test_they_come_back_as_they_were_and_only_to_their_tenant(store: Store) -> None:
    reviews = ReviewStore(store.engine)
    one, two = review(), review("rv_2", created_us=START_US + 1, items=())
    assert await put(store, drawn(one), drawn(two)) == [True, True]
    assert await reviews.get(LEDGER, "rv_1") == one
    assert await reviews.newest(LEDGER, 9) == (two, one)
    assert await reviews.newest(LEDGER, 1) == (two,)
    assert await reviews.get("tn_2", "rv_1") is None
    assert await reviews.newest("tn_2", 9) == ()


async def test_of_two_that_take_one_slot_one_gets_it_and_the_other_has_no_record(store: Store) -> None:
    reviews = ReviewStore(store.engine)
    notes = (note(f"{SEEN}r1"), note(), note(actor="ac_2"), note(f"{MARK}2", actor="ac_2"), note(place=2))
    assert await put(store, *(noted("rv_1", one) for one in notes)) == [True, True, False, True, True]
    found = await reviews.notes(LEDGER, "rv_1")
    assert found == (notes[1], notes[3], notes[0], notes[4])
    assert [one.judges for one in found] == [True, True, False, True]
    assert await reviews.notes(LEDGER, "rv_2") == ()
    assert await reviews.notes("tn_2", "rv_1") == ()


@pytest.mark.parametrize(("table", "column"), [("review", "items"), ("review_note", "found")])
async def test_a_row_that_cannot_be_read_is_no_sample(store: Store, table: str, column: str) -> None:
    await put(store, drawn(review()), noted("rv_1", note()))
    async with changing(store.where) as connection:
        await connection.execute(text(f"UPDATE {table} SET {column} = '['"))
    with pytest.raises(LedgerUnavailable):
        _ = (await ReviewStore(store.engine).get(LEDGER, "rv_1"), await ReviewStore(store.engine).notes(LEDGER, "rv_1"))
