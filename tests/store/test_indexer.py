"""The indexer makes the postings of full blocks, once, whoever else does, and of nothing that is not whole."""

import asyncio

import pytest
from sqlalchemy import select

from gateway.core.errors import VerificationError
from gateway.store.engine import reading
from gateway.store.indexer import Indexer
from gateway.store.postings import BLOCK, Postings, ascending, decode, put
from gateway.store.tables import posting, record_block
from tests.store.blocks_kit import put_rows, row
from tests.store.kit import LEDGER, Store


async def made(store: Store) -> tuple[list[tuple[int, str, str]], dict[tuple[int, str, str], int]]:
    async with reading(store.engine, LEDGER) as connection:
        blocks = (await connection.execute(select(record_block).order_by(record_block.c.block))).all()
        postings = (await connection.execute(select(posting))).all()
    return (
        [(one.block, one.first_at, one.last_at) for one in blocks],
        {(one.block, one.field, one.value): decode(bytes(one.places)) for one in postings},
    )


async def test_full_blocks_are_made_as_their_records_say_and_the_rest_waits(store: Store) -> None:
    rows = [row(seq) for seq in range(BLOCK + 7)]
    await put_rows(store, rows)
    assert await Indexer(store.engine, LEDGER).run() == 1
    blocks, postings = await made(store)
    times = [one["occurred_at"] for one in rows[:BLOCK]]
    assert blocks == [(0, min(times), max(times))]
    expected: Postings = {}
    for place, one in enumerate(rows[:BLOCK]):
        put(expected, place, one)
    assert postings == {(0, *key): bits for key, bits in expected.items()}
    assert list(ascending(postings[0, "data_class", "phi"]))[:2] == [64, 128]


async def test_two_at_once_leave_one_of_each(store: Store) -> None:
    indexers = [Indexer(store.engine, LEDGER) for _ in range(2)]
    assert [await one.run() for one in indexers] == [0, 0]
    await put_rows(store, [row(seq, actor=None) for seq in range(2 * BLOCK)])
    assert await asyncio.gather(*(one.run() for one in indexers)) == [2, 2]
    blocks, postings = await made(store)
    assert [block for block, *_ in blocks] == [0, 1]
    assert sum(bits.bit_count() for (_, field, _), bits in postings.items() if field == "event") == 2 * BLOCK


async def test_a_run_makes_no_more_than_it_was_told(store: Store) -> None:
    await put_rows(store, [row(seq, actor=None) for seq in range(2 * BLOCK)])
    indexer = Indexer(store.engine, LEDGER)
    assert [await indexer.run(most=1) for _ in range(3)] == [1, 1, 0]


async def test_nothing_is_made_of_a_block_in_which_a_record_is_missing(store: Store) -> None:
    await put_rows(store, [row(seq, actor=None) for seq in range(BLOCK)])
    async with store.bare() as bare:
        await bare.run("record", "DELETE FROM record WHERE seq = 300")
    with pytest.raises(VerificationError, match="record 300 is missing"):
        await Indexer(store.engine, LEDGER).run()
    assert await made(store) == ([], {})


async def test_another_ledger_s_records_are_not_posted(store: Store) -> None:
    await put_rows(store, [row(seq, actor=None) for seq in range(BLOCK)])
    assert await Indexer(store.engine, "tn_other").run() == 0
    assert await Indexer(store.engine, LEDGER).run() == 1
    async with reading(store.engine, "tn_other") as connection:
        mine = posting.c.tenant == "tn_other"
        assert (await connection.execute(select(posting).where(mine))).all() == []
