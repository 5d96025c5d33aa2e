"""Where in archives something lies is said by the archives themselves, and by none that is away or was changed."""

import msgspec
import pytest

from gateway.core.errors import RecordsArchived, VerificationError
from gateway.core.ids import uuid7
from gateway.exchange.archived import Archives
from gateway.exchange.whereabouts import Whereabouts
from gateway.store.archives import ArchiveStore
from gateway.store.postings import BLOCK
from gateway.store.sealing import Sealer
from tests.exchange.archive_kit import archives
from tests.exchange.conftest import EXCHANGE, JANE, NIGHT, PLACES, STITCHED
from tests.store.archive_kit import MORE
from tests.store.kit import LEDGER, START_US, Store

ARCHIVED = list(PLACES[:-1])


@pytest.fixture
def store(archived_store: Store) -> Store:
    return archived_store


def whereabouts(store: Store, ledger: str = LEDGER) -> Whereabouts:
    return Whereabouts(store.engine, ledger, archives(store))


async def about(found: Whereabouts, *ids: str) -> list[int]:
    return [record.seq async for some in found.about(ids) for record in some]


async def test_an_exchange_and_a_person_are_found_in_archives_alone(store: Store) -> None:
    found = whereabouts(store)
    assert await found.exchange(EXCHANGE, every=True) == ARCHIVED
    assert (await found.exchange(EXCHANGE, every=False))[:1] == ARCHIVED[:1]
    assert await found.exchange(uuid7(START_US), every=True) == []
    assert await found.exchange("no exchange", every=True) == []
    assert await about(found, JANE, "su_nobody") == ARCHIVED
    assert await about(found, "su_nobody") == []
    other = whereabouts(store, "tn_other")
    assert (await other.exchange(EXCHANGE, every=True), await about(other, JANE)) == ([], [])


async def test_a_time_lies_in_one_archive_or_in_the_database(store: Store) -> None:
    (one,) = await ArchiveStore(store.engine).all(LEDGER)
    found, size = whereabouts(store), BLOCK + MORE
    assert await found.bounds("2000-01-01T00:00:00.000000Z", size) == (0, BLOCK - 1)
    assert await found.bounds(one.recorded_at, size) == (0, BLOCK - 1)
    assert await found.bounds("2100-01-01T00:00:00.000000Z", size) == (BLOCK, size)
    assert await whereabouts(store, "tn_other").bounds(one.recorded_at, 7) == (0, 7)


async def test_a_file_that_may_hold_some_of_it_and_is_away_is_named(store: Store) -> None:
    (one,) = await ArchiveStore(store.engine).all(LEDGER)
    apart = Whereabouts(store.engine, LEDGER, Archives(ArchiveStore(store.engine), Sealer(store.keyring), None))
    for every in (True, False):
        with pytest.raises(RecordsArchived, match=one.id):
            await apart.exchange(EXCHANGE, every=every)
    with pytest.raises(RecordsArchived, match=one.id):
        await about(apart, JANE)
    with pytest.raises(RecordsArchived, match=one.id):
        await apart.stitching(NIGHT)
    # What began after all that is archived, and who is named by none of it, need no file.
    assert await apart.exchange(uuid7(START_US + BLOCK + 1_000), every=True) == []
    assert await about(apart, "su_nobody") == []


async def test_the_record_that_stitches_an_emergency_ledger_in_is_found_or_there_is_none(store: Store) -> None:
    assert await whereabouts(store).stitching(NIGHT) == STITCHED
    other = msgspec.structs.replace(NIGHT, id="em_2")
    with pytest.raises(VerificationError, match="em_2: no record stitches it in"):
        await whereabouts(store).stitching(other)
    with pytest.raises(VerificationError, match="em_1: no record stitches it in"):
        await whereabouts(store, "tn_other").stitching(NIGHT)


async def test_what_the_tree_does_not_have_is_not_believed(store: Store) -> None:
    (path,) = (store.directory / "archive" / LEDGER).iterdir()
    data = path.read_bytes()
    assert EXCHANGE.encode() in data
    path.write_bytes(data.replace(EXCHANGE.encode(), uuid7(START_US).encode()))
    with pytest.raises(VerificationError):
        await whereabouts(store).exchange(EXCHANGE, every=True)
    with pytest.raises(VerificationError):
        await about(whereabouts(store), JANE)
