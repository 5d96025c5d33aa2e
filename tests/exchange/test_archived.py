"""Records that lie in an archive are read from its file, compared with the ledger's tree; or their archive is named."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.core.errors import FormatError, RecordsArchived, VerificationError
from gateway.core.ids import uuid7
from gateway.exchange.archived import ArchivedReader, Archives
from gateway.ledger.entry import Entry
from gateway.ledger.record import Detail
from gateway.ledger.times import timestamp
from gateway.settings import Settings
from gateway.store.archives import Archived, ArchiveStore
from gateway.store.engine import target
from gateway.store.postings import BLOCK
from gateway.store.reader import StoreReader
from gateway.store.sealing import Sealer
from gateway.store.tree import TreeReader
from gateway.store.verification import LedgerVerification
from tests.exchange.archive_kit import advance, archives
from tests.store.archive_kit import MORE, SIGNER, fill
from tests.store.kit import LEDGER, START_US, Store, entry, opened

EXCHANGE = uuid7(START_US)


def some(seq: int) -> Entry:
    if seq in (5, BLOCK - 1, BLOCK + 3):
        return entry(exchange=EXCHANGE, detail=Detail(reason=f"r{seq}"), us=START_US + seq)
    return entry(us=START_US + seq)


@pytest.fixture(scope="module")
def moved(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger whose first block lies in an archive, with its keys."""
    from gateway.settings import parse  # noqa: PLC0415
    from tests.services import run_apart  # noqa: PLC0415

    directory = tmp_path_factory.mktemp("moved")
    shutil.copy(sqlite_template, directory / "gateway.db")

    async def make() -> None:
        async with opened(parse({"database": {"url": "sqlite:///gateway.db"}}, {}, directory), directory) as store:
            await fill(store, made=some)
            assert isinstance(await advance(store), Archived)

    run_apart(make())
    return directory


@pytest.fixture
async def store(moved: Path, sqlite_settings: Settings, tmp_path: Path) -> AsyncIterator[Store]:
    shutil.copy(moved / "gateway.db", target(sqlite_settings).path)
    shutil.copytree(moved / "archive", tmp_path / "archive")
    async with opened(sqlite_settings, tmp_path) as made:
        yield made


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
            _ = [some async for some in found.records(LEDGER, one)]
        path.unlink(missing_ok=True)


async def test_an_exchange_is_found_in_the_archive_of_its_time(store: Store) -> None:
    found = archives(store)
    records = await found.exchange(LEDGER, EXCHANGE, timestamp(START_US), tree(store))
    assert [record.seq for record in records] == [5, BLOCK - 1]
    assert await found.exchange(LEDGER, EXCHANGE, timestamp(START_US + BLOCK), tree(store)) == []


async def test_both_parts_of_a_ledger_are_read_as_one(store: Store) -> None:
    whole = ArchivedReader(StoreReader(store.engine, LEDGER), archives(store), LEDGER)
    read = [record.seq async for record in whole.records(BLOCK - 3, BLOCK + 3)]
    assert read == list(range(BLOCK - 3, BLOCK + 3))
    assert [record.seq async for record in whole.records(3, 6, details=True)] == [3, 4, 5]
    assert [record.seq async for record in whole.records(BLOCK, BLOCK + 2)] == [BLOCK, BLOCK + 1]
    assert await whole.size() == BLOCK + MORE + 2
    assert await whole.checkpoint() is not None
    assert await whole.inclusion(0, BLOCK)
    assert await whole.consistency(BLOCK, BLOCK + 1)
    apart = ArchivedReader(StoreReader(store.engine, LEDGER), elsewhere(store), LEDGER)
    assert [record.seq async for record in apart.records(BLOCK, BLOCK + 2)] == [BLOCK, BLOCK + 1]
    with pytest.raises(RecordsArchived):
        _ = [record async for record in apart.records(BLOCK - 1, BLOCK + 2)]


async def test_a_file_in_the_place_of_another_gives_nothing(store: Store) -> None:
    """Of the same range and form, and with another record in it: the tree has another hash."""
    async with store.bare() as bare:
        await bare.run("tile", "UPDATE tile SET hashes = zeroblob(8192) WHERE level = 0 AND idx = 0")
    with pytest.raises(VerificationError, match="record 5: what the archive holds"):
        await archives(store).record(LEDGER, 5, tree(store))
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
