"""Records that lie in an archive are read from its file, compared with the ledger's tree; or their archive is named."""

from pathlib import Path

import msgspec
import pytest

from gateway.core.errors import FormatError, RecordsArchived, VerificationError
from gateway.exchange.archived import Archives
from gateway.ledger.times import timestamp
from gateway.store.archives import ArchiveStore
from gateway.store.postings import BLOCK
from gateway.store.sealing import Sealer
from gateway.store.tree import TreeReader
from gateway.store.verification import LedgerVerification
from tests.exchange.archive_kit import archives
from tests.exchange.conftest import EXCHANGE
from tests.store.archive_kit import SIGNER
from tests.store.kit import LEDGER, START_US, Store


@pytest.fixture
def store(archived_store: Store) -> Store:
    return archived_store


def tree(store: Store) -> TreeReader:
    return TreeReader(store.engine, LEDGER)


def elsewhere(store: Store) -> Archives:
    return Archives(ArchiveStore(store.engine), Sealer(store.keyring), None)


async def test_a_record_is_read_from_its_archive_and_no_other_record_is(store: Store) -> None:
    found = archives(store)
    for seq in (0, 5, BLOCK - 1):
        record = await found.record(LEDGER, seq, tree(store))
        assert record is not None
        assert record.seq == seq
    assert await found.record(LEDGER, BLOCK, tree(store)) is None
    assert await found.record("tn_other", 0, tree(store)) is None


async def test_details_under_another_keyrings_keys_are_commitments_only(store: Store) -> None:
    """The test's own keyring is not the one that the details were sealed with."""
    record = await archives(store).record(LEDGER, 5, tree(store))
    assert record is not None
    assert record.detail is None


async def test_an_archive_that_is_not_at_hand_is_named(store: Store) -> None:
    (one,) = await ArchiveStore(store.engine).all(LEDGER)
    (path,) = (store.directory / "archive" / LEDGER).iterdir()
    for found in (elsewhere(store), archives(store)):
        with pytest.raises(RecordsArchived, match=one.id):
            await found.record(LEDGER, 0, tree(store))
        with pytest.raises(RecordsArchived, match=one.id):
            await found.exchange(LEDGER, EXCHANGE, timestamp(START_US), tree(store))
        with pytest.raises(RecordsArchived, match=one.id):
            _ = [some async for some in found.records(LEDGER, one, tree(store), 0, BLOCK)]
        path.unlink(missing_ok=True)


async def test_an_exchange_is_found_in_the_archive_of_its_time(store: Store) -> None:
    found = archives(store)
    records = await found.exchange(LEDGER, EXCHANGE, timestamp(START_US), tree(store))
    assert [record.seq for record in records] == [5, BLOCK - 1]
    assert await found.exchange(LEDGER, EXCHANGE, timestamp(START_US + BLOCK), tree(store)) == []


async def test_a_file_in_the_place_of_another_gives_nothing(store: Store) -> None:
    """Of the same range and form, and with another record in it: the tree has another hash."""
    async with store.bare() as bare:
        await bare.run("tile", "UPDATE tile SET hashes = zeroblob(8192) WHERE level = 0 AND idx = 0")
    with pytest.raises(VerificationError, match="record 5: what the archive holds"):
        await archives(store).record(LEDGER, 5, tree(store))
    (one,) = await ArchiveStore(store.engine).all(LEDGER)
    with pytest.raises(VerificationError, match="records 0 to 4095 are not what the ledger has"):
        _ = [some async for some in archives(store).records(LEDGER, one, tree(store), 9, 10)]
    async with store.bare() as bare:
        await bare.run("archive", "UPDATE archive SET id = 'ar_other'")
    with pytest.raises(VerificationError, match="its file is another archive"):
        await archives(store).record(LEDGER, 5, tree(store))


async def test_given_files_must_be_what_the_ledger_has_on_record(store: Store, tmp_path: Path) -> None:
    (path,) = (store.directory / "archive" / LEDGER).iterdir()
    read = await elsewhere(store).given(LEDGER, [path])
    verdict = await LedgerVerification(store.engine, LEDGER, SIGNER.verifier).run(read=read)
    assert (verdict.failure, verdict.unread, verdict.commitments) == (None, 0, 2)
    other = tmp_path / "other"
    other.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(VerificationError, match="file 1 of those given"):
        await elsewhere(store).given(LEDGER, [other])
    with pytest.raises(FormatError, match="cannot be read"):
        await elsewhere(store).given(LEDGER, [tmp_path / "none"])
    (none,) = await ArchiveStore(store.engine).all(LEDGER)
    assert (await elsewhere(store).given(LEDGER, []))(none) is None


async def test_given_files_are_read_wherever_they_lie(store: Store, tmp_path: Path) -> None:
    (path,) = (store.directory / "archive" / LEDGER).iterdir()
    kept = path.rename(tmp_path / "kept")
    (one,) = await ArchiveStore(store.engine).all(LEDGER)
    found = await archives(store).beside(["tn_other", LEDGER], [kept])
    assert found.at_hand(LEDGER, one) == kept
    await found.sure(LEDGER, one)
    assert await found.record(LEDGER, 0, tree(store)) is not None
    with pytest.raises(VerificationError, match="file 1 of those given"):
        await archives(store).beside(["tn_other"], [kept])


async def test_an_archive_is_what_is_on_record_or_nothing_of_it_is_used(store: Store) -> None:
    (path,) = (store.directory / "archive" / LEDGER).iterdir()
    whole = path.read_bytes()
    (one,) = await ArchiveStore(store.engine).all(LEDGER)
    await archives(store).sure(LEDGER, one)
    for wrong in (whole + b"x", whole[:-1], b"", whole[:5_000] + bytes([whole[5_000] ^ 1]) + whole[5_001:]):
        path.write_bytes(wrong)
        with pytest.raises(VerificationError, match="its file is not the one that the ledger has on record"):
            await archives(store).sure(LEDGER, one)
    path.write_bytes(whole)
    other = msgspec.structs.replace(one, checkpoint=one.checkpoint + 1)
    with pytest.raises(VerificationError, match="its row is not what the record of it says"):
        await archives(store).sure(LEDGER, other)
    path.unlink()
    with pytest.raises(RecordsArchived, match=one.id):
        await archives(store).sure(LEDGER, one)


async def test_what_is_no_archive_in_its_place_is_told_by_the_archives_id(store: Store) -> None:
    (path,) = (store.directory / "archive" / LEDGER).iterdir()
    path.write_bytes(b"nothing of the kind")
    (one,) = await ArchiveStore(store.engine).all(LEDGER)
    with pytest.raises(VerificationError, match=one.id):
        await archives(store).record(LEDGER, 0, tree(store))
