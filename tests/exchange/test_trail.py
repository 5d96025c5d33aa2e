"""Records in archives and in the database are read as one, in order, and none of what is not the ledger's."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import msgspec
import pytest

from gateway.core.errors import RecordsArchived, VerificationError
from gateway.core.ports import Opening, StoredRecord
from gateway.evidence.archive import Block
from gateway.exchange.archived import Archives
from gateway.exchange.trail import Trail, began
from gateway.ledger.record import parse
from gateway.ledger.times import timestamp
from gateway.store.archives import Archived, ArchiveStore
from gateway.store.postings import BLOCK
from gateway.store.reader import StoreReader
from gateway.store.sealing import Sealer
from tests.exchange.archive_kit import archives
from tests.exchange.conftest import EXCHANGE, JANE, PLACES
from tests.store.archive_kit import MORE
from tests.store.kit import LEDGER, START_US, Store

SENT = ("exchange.requested",)
ALWAYS = ("2000-01-01T00:00:00.000000Z", "2100-01-01T00:00:00.000000Z")


@pytest.fixture
def store(archived_store: Store) -> Store:
    return archived_store


def trail(store: Store, ledger: str = LEDGER) -> Trail:
    return Trail(store.engine, ledger, archives(store))


def apart(store: Store) -> Trail:
    """Without a directory of archives."""
    return Trail(store.engine, LEDGER, Archives(ArchiveStore(store.engine), Sealer(store.keyring), None))


def file(store: Store) -> Path:
    (path,) = (store.directory / "archive" / LEDGER).iterdir()
    return path


async def numbers(
    found: Trail, since: str = ALWAYS[0], until: str = ALWAYS[1], subject: str | None = None
) -> list[int]:
    return [parse(one.envelope).seq or 0 async for some in found.period(SENT, since, until, subject) for one in some]


async def test_both_parts_of_a_ledger_are_read_as_one(store: Store) -> None:
    whole = trail(store)
    read = [record.seq async for record in whole.records(BLOCK - 3, BLOCK + 3)]
    assert read == list(range(BLOCK - 3, BLOCK + 3))
    assert [record.seq async for record in whole.records(3, 6, details=True)] == [3, 4, 5]
    assert [record.seq async for record in whole.records(BLOCK, BLOCK + 2)] == [BLOCK, BLOCK + 1]
    assert [record.seq async for record in whole.records(BLOCK + MORE, BLOCK + MORE + 9)][-1] < await whole.size()
    assert await whole.size() == BLOCK + MORE + 2
    assert await whole.checkpoint() is not None
    assert await whole.inclusion(0, BLOCK)
    assert await whole.consistency(BLOCK, BLOCK + 1)
    assert [record.seq async for record in apart(store).records(BLOCK, BLOCK + 2)] == [BLOCK, BLOCK + 1]
    with pytest.raises(RecordsArchived):
        _ = [record async for record in apart(store).records(BLOCK - 1, BLOCK + 2)]


async def test_a_record_and_an_exchange_are_found_wherever_they_lie(store: Store) -> None:
    whole = trail(store)
    for seq in (5, BLOCK + 3):
        found = await whole.record(seq)
        assert found is not None
        assert found.seq == seq
    assert [one.seq for one in await whole.exchange(EXCHANGE)] == list(PLACES)
    assert await whole.exchange("no exchange") == []


async def test_archives_that_an_exchange_is_not_looked_for_in_are_named(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = trail(store)
    (one,) = await ArchiveStore(store.engine).all(LEDGER)
    assert await whole.beyond(EXCHANGE) == ()
    asked: list[tuple[str, str | None, str | None]] = []
    every = [msgspec.structs.replace(one, id=f"ar_{number}") for number in range(4)]

    async def among(_: ArchiveStore, ledger: str, since: str | None, until: str | None) -> tuple[Archived, ...]:
        asked.append((ledger, since, until))
        return tuple(every)

    monkeypatch.setattr(ArchiveStore, "among", among)
    assert await whole.beyond(EXCHANGE) == ("ar_2", "ar_3")
    assert asked == [(LEDGER, began(EXCHANGE), None)]
    assert await whole.beyond("no exchange") == ()


async def test_a_period_is_read_from_archives_and_then_from_the_database(store: Store) -> None:
    assert await numbers(trail(store)) == list(PLACES)
    assert await numbers(trail(store), timestamp(START_US + 6), timestamp(START_US + BLOCK)) == [BLOCK - 1]
    assert await numbers(trail(store), timestamp(START_US + BLOCK)) == [BLOCK + 3]
    assert await numbers(apart(store), timestamp(START_US + BLOCK)) == [BLOCK + 3]


async def test_what_is_about_a_person_is_found_by_links_that_stay(store: Store) -> None:
    assert await numbers(trail(store), subject=JANE) == list(PLACES)
    assert await numbers(trail(store), subject="su_nobody") == []


async def test_another_ledger_has_none_of_it(store: Store) -> None:
    other = trail(store, "tn_other")
    assert await numbers(other) == []
    assert await numbers(other, subject=JANE) == []
    assert [one async for one in other.records(0, BLOCK)] == []
    assert (await other.demand(0, BLOCK), await other.demand_period(*ALWAYS)) == ((), ())


async def test_each_archive_of_a_range_or_period_is_the_one_on_record_or_nothing_is_read(store: Store) -> None:
    (one,) = await ArchiveStore(store.engine).all(LEDGER)
    assert await trail(store).demand(BLOCK - 1, BLOCK + 1) == (one,)
    assert await trail(store).demand(BLOCK, BLOCK + 1) == ()
    assert await trail(store).demand_period(*ALWAYS) == (one,)
    assert await trail(store).demand_period(timestamp(START_US + BLOCK), ALWAYS[1]) == ()
    path = file(store)
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(VerificationError, match="not the one that the ledger has on record"):
        await trail(store).demand(0, 1)
    with pytest.raises(VerificationError, match="not the one that the ledger has on record"):
        await trail(store).demand_period(*ALWAYS)
    path.unlink()
    with pytest.raises(RecordsArchived, match=one.id):
        await trail(store).demand(0, 1)


async def test_records_that_are_not_the_trees_are_not_given(store: Store) -> None:
    """Although the file is the one on record: somebody has changed what stayed of them in the database."""
    async with store.bare() as bare:
        await bare.run("tile", "UPDATE tile SET hashes = zeroblob(8192) WHERE level = 0 AND idx = 0")
    with pytest.raises(VerificationError, match="records 0 to 4095 are not what the ledger has"):
        await anext(aiter(trail(store).records(0, BLOCK)))
    with pytest.raises(VerificationError, match="records 0 to 4095 are not what the ledger has"):
        await numbers(trail(store))


async def test_what_is_archived_while_it_is_read_is_read_on_from_there(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database had them at the first look, and has them no more."""
    real, looks = ArchiveStore.holding, 0

    async def late(self: ArchiveStore, ledger: str, seq: int) -> Archived | None:
        nonlocal looks
        looks += 1
        return None if looks == 1 else await real(self, ledger, seq)

    monkeypatch.setattr(ArchiveStore, "holding", late)
    read = [record.seq async for record in trail(store).records(BLOCK - 2, BLOCK + 2)]
    assert read == list(range(BLOCK - 2, BLOCK + 2))
    looks = 0
    assert [record.seq async for record in trail(store).records(BLOCK - 2, BLOCK)] == [BLOCK - 2, BLOCK - 1]


async def test_a_gap_that_no_archive_explains_is_for_who_verifies(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = StoreReader.lots

    async def lacking(
        self: StoreReader, first: int, end: int, *, details: bool = False
    ) -> AsyncIterator[Sequence[StoredRecord]]:
        async for lot in real(self, first, end, details=details):
            yield [record for record in lot if record.seq != BLOCK + 1]

    monkeypatch.setattr(StoreReader, "lots", lacking)
    assert [record.seq async for record in trail(store).records(BLOCK, BLOCK + 3)] == [BLOCK, BLOCK + 2]


async def test_details_are_those_of_the_records_that_were_asked_for_wherever_they_lie(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def opens(_: Archives, record: StoredRecord, block: Block) -> StoredRecord:
        if record.seq not in PLACES:
            return record
        return msgspec.structs.replace(record, detail_salt=bytes(32), detail=b"%d" % record.seq)

    monkeypatch.setattr(Archives, "_opened", opens)
    whole, places = trail(store), (4, 5, BLOCK - 1, BLOCK + 1, BLOCK + 3, BLOCK + MORE + 99)
    beside = [record async for record in whole.records(0, BLOCK + MORE, details=True) if record.seq in places]
    expected = {one.seq: Opening(one.detail_salt, one.detail) for one in beside if one.detail_salt and one.detail}
    assert await whole.details(places) == expected
    assert tuple(expected) == PLACES
    assert await whole.details([]) == {}
    assert await whole.details(places[1:2]) == {seq: one for seq, one in expected.items() if seq == places[1]}
    assert await trail(store, "tn_other").details(places) == {}
    with pytest.raises(RecordsArchived):
        await apart(store).details(places)
    # Each block of an archive comes as one lot, and no part of it twice.
    lots = [[record.seq for record in lot] async for lot in whole.lots(BLOCK - 9, BLOCK + 2)]
    assert lots == [list(range(BLOCK - 9, BLOCK)), [BLOCK, BLOCK + 1]]


async def test_a_period_of_which_some_was_archived_meanwhile_is_not_said_to_be_whole(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The archive came between the look for archives and that into the database."""

    async def none(*_: object) -> tuple[Archived, ...]:
        return ()

    monkeypatch.setattr(ArchiveStore, "all", none)
    with pytest.raises(RecordsArchived):
        await numbers(trail(store))
