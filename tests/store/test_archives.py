"""Records leave the database when an archive that holds them is on record, a block at a time, and in no other way."""

import re
import shutil
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import msgspec
import pytest

from gateway.core.errors import LedgerUnavailable, RecordsArchived
from gateway.settings import Settings
from gateway.store.archives import PIECE, ArchiveStore
from gateway.store.engine import target
from gateway.store.postings import BLOCK
from gateway.store.reader import StoreReader
from gateway.store.recovery import verify_tail
from gateway.store.search import Filters, Page, Search
from gateway.store.verification import LedgerVerification, Verdict
from tests.store.archive_kit import MORE, SIGNER, fill, named, template
from tests.store.kit import LEDGER, Store, entry, opened
from tests.store.ledger_kit import connected, rows

SIZE = BLOCK + MORE + 2
"""With the records of the checkpoint and of the archive."""


async def verified(store: Store) -> Verdict:
    return await LedgerVerification(store.engine, LEDGER, SIGNER.verifier).run()


@pytest.fixture(scope="module")
def filled(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return template(sqlite_template, tmp_path_factory.mktemp("filled"))


@pytest.fixture
async def whole(filled: Path, sqlite_settings: Settings, tmp_path: Path) -> AsyncIterator[Store]:
    """A ledger on SQLite of more than a block."""
    shutil.copy(filled, target(sqlite_settings).path)
    async with opened(sqlite_settings, tmp_path) as store:
        yield store


@pytest.fixture
async def archived(whole: Store) -> Store:
    """One whose first block lies in an archive and is still there."""
    await named(whole)
    return whole


async def removed(store: Store) -> int:
    """Remove all that may be removed; in how many pieces that went. After each the ledger verifies."""
    pieces = 0
    while await ArchiveStore(store.engine).remove(LEDGER):
        pieces += 1
        if pieces in (1, 20):
            assert (await verified(store)).failure is None
    return pieces


async def allow(store: Store, days: int) -> None:
    """As `gateway migrate` does where the configuration says so."""
    async with connected(store.where.owner_dsn) as connection:
        await connection.execute(
            "CREATE OR REPLACE FUNCTION gateway_archive_days() RETURNS integer LANGUAGE sql IMMUTABLE AS "
            f"$$ SELECT {days}::integer $$"
        )


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
async def either(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[tuple[Store, Settings]]:
    """As `archived`, on each database."""
    if request.param == "sqlite":
        settings: Settings = request.getfixturevalue("sqlite_settings")
        shutil.copy(request.getfixturevalue("filled"), target(settings).path)
    else:
        settings = request.getfixturevalue("postgres_settings")
    async with opened(settings, tmp_path) as store:
        if request.param == "postgresql":
            await allow(store, 0)
            await fill(store)
        await named(store)
        yield store, settings


async def test_an_archived_block_leaves_as_a_whole_and_the_ledger_verifies(either: tuple[Store, Settings]) -> None:
    store, database = either
    assert (await verified(store)).failure is None, "named, and not removed yet"
    archives = ArchiveStore(store.engine)
    assert [one.id for one in await archives.leaving(LEDGER)] == ["ar_0"]
    assert not await archives.remove(LEDGER, 0), "none before the end of an archive that was looked at"
    pieces = await removed(store)
    assert await archives.leaving(LEDGER) == ()
    assert pieces == (BLOCK // PIECE if store.where.kind == "sqlite" else 1)
    verdict = await verified(store)
    assert (verdict.failure, verdict.size, verdict.archived, verdict.unread) == (None, SIZE, BLOCK, BLOCK)
    assert (verdict.details, verdict.covered) == (0, BLOCK + MORE)
    assert await verify_tail(store.engine, LEDGER) == (SIZE, MORE + 2)
    # Nothing of what went is left beside.
    for table in ("record", "detail", "sealed"):
        assert await rows(database, f"SELECT count(*) FROM {table} WHERE seq < {BLOCK}") == [(0,)]
    assert await rows(database, "SELECT count(*) FROM posting") == [(0,)]
    # What stays: whom the records were about, and when they occurred.
    assert await rows(database, "SELECT count(*) FROM record_block") == [(1,)]
    assert await archives.about(LEDGER, ["su_7", "su_4107"]) == {"ar_0": 1}
    assert await archives.places(LEDGER, ["su_7", "su_1007", "su_4107"], 0, BLOCK) == {7, 1007}
    assert await archives.places(LEDGER, ["su_7"], 8, BLOCK) == frozenset()
    assert [one.id for one in await archives.among(LEDGER, "2026-11-24T01:02:03.004099Z", None)] == ["ar_0"]
    assert await archives.among(LEDGER, "2026-11-24T01:02:03.004100Z", None) == ()
    assert await archives.among(LEDGER, None, "2026-11-24T01:02:03.000004Z") == ()
    held = await archives.holding(LEDGER, BLOCK - 1)
    assert held is not None
    assert held.id == "ar_0"
    assert await archives.holding(LEDGER, BLOCK) is None
    # The ledger goes on.
    await store.append([entry()])
    assert (await verified(store)).size == SIZE + 1


async def test_searches_find_what_is_there_in_both_orders_and_end(archived: Store) -> None:
    assert await removed(archived)
    search = Search(archived.engine, LEDGER)
    for filters in (
        Filters(),
        Filters(agent="scribe"),
        Filters(subject="su_7"),
        Filters(until="2026-11-24T01:02:03.000009Z"),
    ):
        up = await search.page(filters, order="asc", limit=1_000)
        down = await search.page(filters, order="desc", limit=1_000)
        assert isinstance(up, Page)
        assert isinstance(down, Page)
        assert up.cursor is down.cursor is None
        assert [hit.stored.seq for hit in up.hits] == sorted(hit.stored.seq for hit in down.hits)
        assert all(hit.stored.seq >= BLOCK for hit in up.hits)


async def test_a_stream_whose_records_leave_meanwhile_says_so(archived: Store) -> None:
    hits = Search(archived.engine, LEDGER).stream(Filters(), order="asc")
    assert (await anext(hits)).stored.seq == 0
    assert await removed(archived)
    with pytest.raises(RecordsArchived, match="ar_0"):
        _ = [hit async for hit in hits]


async def test_proofs_of_archived_records_are_made_from_their_hashes(archived: Store) -> None:
    reader = StoreReader(archived.engine, LEDGER)
    size = BLOCK + MORE
    before = [await reader.inclusion(seq, size) for seq in (0, 255, BLOCK - 1, BLOCK)]
    path = await reader.consistency(BLOCK, size)
    assert await removed(archived)
    fresh = StoreReader(archived.engine, LEDGER)
    assert [await fresh.inclusion(seq, size) for seq in (0, 255, BLOCK - 1, BLOCK)] == before
    assert await fresh.consistency(BLOCK, size) == path


async def test_of_an_empty_ledger_nothing_can_be_archived(store: Store) -> None:
    archives = ArchiveStore(store.engine)
    assert await archives.next(LEDGER, BLOCK) is None
    assert await archives.oldest(LEDGER) is None
    assert not await archives.remove(LEDGER)


async def test_what_may_come_next_is_whole_blocks_with_their_postings(whole: Store) -> None:
    _store, archives = whole, ArchiveStore(whole.engine)
    found = await archives.next(LEDGER, BLOCK)
    assert found is not None
    assert (found.first, found.end) == (0, BLOCK)
    assert await archives.next(LEDGER, 2 * BLOCK) is None
    assert await archives.oldest(LEDGER) is not None
    assert await archives.beside(LEDGER, 0, 10) == {}
    assert await archives.links(LEDGER, 0, 10) == {7: ("su_7",)}
    assert await archives.labels(LEDGER, 0, 10) == {(7, "detail")}


@pytest.mark.parametrize(
    ("damage", "failure"),
    [
        ("UPDATE tile SET hashes = zeroblob(8192) WHERE level = 0 AND idx = 3", "another root than its checkpoint"),
        ("DELETE FROM tile WHERE level = 0 AND idx = 3", "tile of records that lie in an archive is missing"),
        ("UPDATE archive SET last_hash = zeroblob(32)", "last record is not the one"),
        ("UPDATE archive SET first_seq = 5", "does not follow the one before"),
        ("DELETE FROM archive", "record 0: sequence"),
        ("UPDATE archive SET end_seq = end_seq - 256", "last record is not the one"),
        ("DELETE FROM checkpoint", "no checkpoint covers what lies in archives"),
    ],
)
async def test_what_was_changed_behind_it_is_found(archived: Store, damage: str, failure: str) -> None:
    assert await removed(archived)
    async with archived.bare() as bare:
        await bare.run(damage.split()[2 if damage.startswith("DELETE") else 1], damage)
    assert re.search(failure, (await verified(archived)).failure or "")


# ------------------------------------------------------------------------------------------ what the database refuses


async def test_sqlite_lets_no_record_go_that_no_archive_names(archived: Store) -> None:
    connection = sqlite3.connect(archived.where.path, isolation_level=None)
    with pytest.raises(sqlite3.IntegrityError, match="never deleted"):
        connection.execute("DELETE FROM record")
    with pytest.raises(sqlite3.IntegrityError, match="never deleted"):
        connection.execute(f"DELETE FROM record WHERE seq = {BLOCK}")
    for first, end in ((1, 10), (BLOCK, BLOCK), (BLOCK + 1, BLOCK + 2), (BLOCK, SIZE), (BLOCK, 10**9)):
        with pytest.raises(sqlite3.IntegrityError, match="ranges must follow"):
            connection.execute(
                "INSERT INTO archive SELECT tenant, ?, ?, id, digest, size, first_at, last_at, last_hash, recorded_at, "
                "checkpoint, at_us FROM archive",
                (first, end),
            )
    connection.close()


@pytest.mark.postgres
async def test_postgresql_lets_only_its_owners_function_remove_and_only_what_is_old_enough(
    postgres_settings: Settings, tmp_path: Path
) -> None:
    async with opened(postgres_settings, tmp_path) as store:
        await fill(store)
        await named(store)
        archives = ArchiveStore(store.engine)
        with pytest.raises(LedgerUnavailable):  # nobody has set any days
            await archives.remove(LEDGER)
        await allow(store, 36_500)
        with pytest.raises(LedgerUnavailable):
            await archives.remove(LEDGER)
        async with connected(store.where.dsn, LEDGER) as connection:
            for statement in (
                "DELETE FROM record WHERE seq = 0",
                "DELETE FROM posting",
                "SET gateway.archived = 'removing'; DELETE FROM record WHERE seq = 0",
                "CREATE OR REPLACE FUNCTION gateway_archive_days() RETURNS integer LANGUAGE sql AS $$ SELECT 0 $$",
                f"INSERT INTO archive SELECT tenant, {BLOCK}, {SIZE}, id, digest, size, first_at, last_at, last_hash, "
                "recorded_at, checkpoint, at_us FROM archive",
            ):
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await connection.execute(statement)
        async with connected(store.where.owner_dsn) as owner:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await owner.execute("DELETE FROM record WHERE seq = 0")
        await allow(store, 0)
        async with connected(store.where.dsn, "tn_other") as connection:
            assert await connection.fetchval("SELECT gateway_remove_archived()") == 0, "another tenant's are not there"
        assert await removed(store)
        async with connected(store.where.dsn, LEDGER) as connection:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):  # what was set for the removal went with it
                await connection.execute("DELETE FROM record")


async def test_what_the_record_of_an_archive_says_is_read_from_it(archived: Store) -> None:
    archives = ArchiveStore(archived.engine)
    (one,) = await archives.all(LEDGER)
    assert await archives.recorded(LEDGER, one) == ("", (0, BLOCK), 0), "this one names neither digest nor checkpoint"
    unsaid = msgspec.structs.replace(one, id="ar_other")
    assert await archives.recorded(LEDGER, unsaid) is None, "its record may lie in a later archive"
