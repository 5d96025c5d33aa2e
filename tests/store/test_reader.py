"""Reading a ledger gives what is stored, in order, in bounded chunks, and of one tenant only."""

from typing import Any

import pytest
from sqlalchemy import delete, event

from gateway.core.errors import LedgerUnavailable
from gateway.core.ports import Opening, RecordReader
from gateway.ledger.chain import leaf_hash
from gateway.ledger.commitment import matches
from gateway.ledger.merkle import root, verify_inclusion
from gateway.ledger.record import Detail, parse
from gateway.store import reader as module
from gateway.store.reader import StoreReader
from gateway.store.sql import insert_new
from gateway.store.tables import checkpoint, detail
from tests.store.kit import LEDGER, Store, entry
from tests.store.ledger_kit import changing


@pytest.fixture
def reader(store: Store) -> StoreReader:
    return StoreReader(store.engine, LEDGER)


async def all_of(reader: StoreReader, first: int, end: int, **how: Any) -> list[int]:
    return [stored.seq async for stored in reader.records(first, end, **how)]


async def test_an_empty_ledger_has_size_nought_and_nothing_to_read(reader: StoreReader) -> None:
    port: RecordReader = reader
    assert await port.size() == 0
    assert await all_of(reader, 0, 10) == []
    assert await reader.record(0) is None
    assert await port.checkpoint() is None
    assert [found async for found in reader.checkpoints()] == []


async def test_records_come_in_order_with_bytes_hash_and_detail(store: Store, reader: StoreReader) -> None:
    entries = [entry(detail=Detail(subject=f"s{number}") if number % 2 else None) for number in range(7)]
    appended = await store.append(entries)
    assert await reader.size() == 7
    found = [stored async for stored in reader.records(0, 7, details=True)]
    assert [stored.seq for stored in found] == list(range(7))
    for stored, written in zip(found, appended, strict=True):
        assert stored.hash == leaf_hash(stored.envelope) == written.leaf_hash
        envelope = parse(stored.envelope)
        assert (stored.detail is None) == (envelope.detail is None)
        if stored.detail is not None:
            assert matches(envelope.detail or "", stored.detail_salt or b"", "detail", stored.detail)
    assert [stored.detail async for stored in reader.records(0, 7)] == [None] * 7
    assert await reader.record(3) == found[3]
    assert await reader.record(7) is None


async def test_a_range_is_half_open_and_may_lie_beyond_the_end(store: Store, reader: StoreReader) -> None:
    await store.append([entry() for _ in range(5)])
    assert await all_of(reader, 1, 4) == [1, 2, 3]
    assert await all_of(reader, 3, 100) == [3, 4]
    assert await all_of(reader, 4, 4) == []
    assert await all_of(reader, 4, 1) == []
    assert await all_of(reader, -5, 2) == [0, 1]


async def test_a_long_range_is_read_in_chunks_by_key(
    store: Store, reader: StoreReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CHUNK", 3)
    await store.append([entry() for _ in range(9)])
    seen: list[str] = []
    event.listen(store.engine.sync_engine, "before_cursor_execute", lambda *args: seen.append(args[2]))
    assert await all_of(reader, 0, 9) == list(range(9))
    assert len([statement for statement in seen if "record.seq > " in statement]) == 3


async def test_reading_half_and_leaving_holds_no_connection(store: Store, reader: StoreReader) -> None:
    await store.append([entry() for _ in range(4)])
    async for _ in reader.records(0, 4):
        break
    await store.append([entry()])
    assert await reader.size() == 5


async def test_another_tenant_s_records_are_not_there(store: Store, reader: StoreReader) -> None:
    await store.append([entry(ledger="tn_other", exchange="ex_1")], "tn_other")
    assert await reader.size() == 0
    assert await all_of(reader, 0, 10) == []
    assert await reader.record(0) is None
    assert await reader.exchange("ex_1") == []


async def test_details_by_themselves_are_those_of_the_records_asked_for(store: Store, reader: StoreReader) -> None:
    await store.append([entry(detail=Detail(subject=f"s{seq}") if seq != 4 else None) for seq in range(40)])
    beside = [one async for one in reader.records(0, 40, details=True)]
    expected = {one.seq: Opening(one.detail_salt, one.detail) for one in beside if one.detail and one.detail_salt}
    assert len(expected) == 39
    for asked in (range(40), (3, 4, 6, 7), (0, 39), (4,), (7, 99), ()):
        assert await reader.details(asked) == {seq: expected[seq] for seq in asked if seq in expected}
    assert await StoreReader(store.engine, "tn_other").details(range(40)) == {}


async def test_what_a_tamperer_put_in_place_of_bytes_comes_out_as_other_bytes(
    store: Store, reader: StoreReader
) -> None:
    if store.where.kind != "sqlite":
        pytest.skip("PostgreSQL holds a column to its type")
    await store.append([entry(detail=Detail(subject="s"))])
    async with store.bare() as bare:
        await bare.run("detail", "UPDATE detail SET bytes = 'text', salt = 7")
    (found,) = [one async for one in reader.records(0, 1, details=True)]
    assert (found.detail, found.detail_salt) == (b"text", b"7")
    assert await reader.details([0]) == {0: Opening(b"7", b"text")}


async def test_a_deleted_detail_is_absent_and_its_record_stays(store: Store, reader: StoreReader) -> None:
    await store.append([entry(detail=Detail(subject="s"))])
    async with changing(store.where) as connection:
        await connection.execute(delete(detail))
    found = await reader.record(0)
    assert found is not None
    assert (found.detail, found.detail_salt) == (None, None)
    assert parse(found.envelope).detail is not None


async def test_an_exchange_s_records_come_in_order_with_their_details(store: Store, reader: StoreReader) -> None:
    await store.append([entry(exchange=f"ex_{number % 2}", detail=Detail(subject="s")) for number in range(6)])
    found = await reader.exchange("ex_1")
    assert [stored.seq for stored in found] == [1, 3, 5]
    assert all(stored.detail is not None for stored in found)
    bare = await reader.exchange("ex_1", details=False)
    assert [(one.seq, one.envelope, one.detail) for one in bare] == [(one.seq, one.envelope, None) for one in found]


async def test_an_exchange_of_many_records_is_read_whole(
    store: Store, reader: StoreReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CHUNK", 2)
    await store.append([entry(exchange=f"ex_{number % 2}") for number in range(9)])
    assert [stored.seq for stored in await reader.exchange("ex_0")] == [0, 2, 4, 6, 8]
    assert [stored.seq for stored in await reader.exchange("ex_1")] == [1, 3, 5, 7]


async def test_no_more_details_are_read_at_once_than_may_be_held(
    store: Store, reader: StoreReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = [10, 10, 3_000, 1_000, None, 1_000, 1_000, 10, 3_000]
    await store.append([entry(detail=Detail(subject="s" * size) if size else None) for size in sizes])
    monkeypatch.setattr(module, "MAX_DETAILS", 2_500)
    monkeypatch.setattr(module, "CHUNK", 8)
    lots = [[one.seq for one in lot] async for lot in reader.lots(0, 9, details=True)]
    assert lots == [[0, 1], [2], [3, 4, 5], [6, 7], [8]]
    assert [list(run) for run in await reader.runs(range(9))] == lots
    assert [list(run) for run in await reader.runs([1, 2, 6])] == [[1], [2], [6]]
    assert [list(run) for run in await reader.runs([0, 1, 3, 5])] == [[0, 1, 3, 5]]
    assert await reader.runs([]) == []
    assert [one.detail is not None async for one in reader.records(0, 9, details=True)] == [bool(one) for one in sizes]
    assert [list(run) for run in await StoreReader(store.engine, "tn_other").runs(range(9))] == [list(range(9))]


@pytest.mark.parametrize("seqs", [[1, 2, 3, 4], [1, 2, 4, 5], [0, 5]])
async def test_details_are_those_that_are_asked_for_and_no_others(
    store: Store, reader: StoreReader, seqs: list[int]
) -> None:
    await store.append([entry(detail=Detail(subject=f"s{number}")) for number in range(6)])
    assert list(await reader.details(seqs)) == seqs


async def test_the_newest_checkpoint_is_given_when_it_is_large_enough(store: Store, reader: StoreReader) -> None:
    async with changing(store.where) as connection:
        for size in (3, 10, 7):
            row = {"tenant": LEDGER, "size": size, "root": bytes(32), "note": b"%d" % size}
            await connection.execute(insert_new(store.engine, checkpoint).values(row))
        await connection.execute(insert_new(store.engine, checkpoint).values({**row, "tenant": "tn_o", "size": 99}))
    newest = await reader.checkpoint()
    assert newest is not None
    assert (newest.size, newest.note) == (10, b"10")
    assert await reader.checkpoint(10) == newest
    assert await reader.checkpoint(11) is None
    assert [found.size async for found in reader.checkpoints()] == [3, 7, 10]


async def test_checkpoints_too_are_read_in_chunks(
    store: Store, reader: StoreReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CHUNK", 2)
    async with changing(store.where) as connection:
        for size in range(1, 6):
            row = {"tenant": LEDGER, "size": size, "root": bytes(32), "note": b""}
            await connection.execute(insert_new(store.engine, checkpoint).values(row))
    assert [found.size async for found in reader.checkpoints()] == [1, 2, 3, 4, 5]


async def test_a_proof_of_written_records_verifies(store: Store, reader: StoreReader) -> None:
    leaves = [appended.leaf_hash for appended in await store.append([entry() for _ in range(11)])]
    path = await reader.inclusion(4, 11)
    verify_inclusion(leaves[4], 4, 11, path, root(leaves))
    assert len(await reader.consistency(3, 11)) > 0


async def test_a_database_that_is_gone_is_our_own_error(store: Store, reader: StoreReader) -> None:
    async with store.bare() as bare:
        await bare.run("record", "DROP TABLE record")
    with pytest.raises(LedgerUnavailable):
        await reader.size()
    with pytest.raises(LedgerUnavailable):
        await all_of(reader, 0, 1)
    with pytest.raises(LedgerUnavailable):
        await reader.inclusion(0, 2)
