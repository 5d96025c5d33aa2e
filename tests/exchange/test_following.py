"""A ledger is followed with what emergency ledgers hold, each before the record that stitches it in."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.core.errors import RecordsArchived, VerificationError
from gateway.exchange.following import At, Following, Gone, Lot, gone
from gateway.store.archives import ArchiveStore
from gateway.store.forwarding import PASSED
from gateway.store.postings import BLOCK
from gateway.store.search import Filters, Search
from tests.exchange.erasure_kit import none_of
from tests.exchange.spliced_kit import OWN, Spliced, cared, numbers, spliced
from tests.store.kit import LEDGER, Store


@pytest.fixture
async def there(sqlite_template: Path, tmp_path: Path) -> AsyncIterator[Spliced]:
    async with spliced(sqlite_template, tmp_path, cared(OWN, "su_own")) as made:
        yield made


async def _all(
    there: Spliced, filters: Filters, at: At, limit: int, *, details: bool = False
) -> list[tuple[str | None, int]]:
    following, found = Following(there.search, there.trail), list[tuple[str | None, int]]()
    while True:
        lot = await following.lot(filters, at, limit=limit, details=details)
        assert len(lot.hits) <= limit
        assert len({hit.stored.emergency for hit in lot.hits}) <= 1, "a lot is of one ledger"
        assert all(hit.stored.detail is None for hit in lot.hits) or details
        found += numbers(lot.hits)
        if lot.after == at:
            return found
        assert lot.after > at
        at = lot.after


@pytest.mark.parametrize("limit", [1, 2, 100])
@pytest.mark.parametrize("filters", [Filters(), Filters(agent="ward"), Filters(event="exchange.requested")])
async def test_all_comes_once_in_the_order_of_searches_whatever_the_lot(
    there: Spliced, filters: Filters, limit: int
) -> None:
    assert await _all(there, filters, At(0), limit) == await there.expected(filters, "asc")


async def test_it_goes_on_in_the_midst_of_an_emergency_and_behind_one_that_was_passed(there: Spliced) -> None:
    every = await there.expected(Filters(), "asc")
    begin = every.index(("em_1", 0))
    assert await _all(there, Filters(), At(there.place, 2), 100) == every[begin + 2 :]
    for own in (there.size, PASSED):
        assert await _all(there, Filters(), At(there.place, own), 100) == every[begin + there.size :]
    lot = await Following(there.search, there.trail).lot(Filters(), At(there.place), limit=2)
    assert (lot.after, lot.left) == (At(there.place, 2), there.size - 2)


@pytest.mark.parametrize("filters", [Filters(), Filters(event="exchange.requested"), Filters(agent="nobody")])
async def test_what_was_archived_before_it_was_read_is_told_whatever_is_looked_for(
    archived_store: Store, filters: Filters
) -> None:
    search, archives = Search(archived_store.engine, LEDGER), ArchiveStore(archived_store.engine)
    (one,), following = await archives.all(LEDGER), Following(search, none_of(archived_store, LEDGER))
    lot = await following.lot(filters, At(100))
    assert await gone(search, archives, LEDGER, At(100), lot) == Gone((one.id,), 100, BLOCK)
    lot = await following.lot(filters, At(BLOCK))
    assert lot.after > At(BLOCK)
    assert await gone(search, archives, LEDGER, At(BLOCK), lot) is None
    assert await gone(search, archives, LEDGER, At(100), Lot((), At(100))) is None, "nothing was passed"


async def test_a_person_is_followed_with_details_there_too(there: Spliced) -> None:
    found = await _all(there, Filters(subject="su_own"), At(0), 100, details=True)
    assert found == [("em_1", 1), ("em_1", 2)]


async def test_nothing_comes_after_a_ledger_whose_file_is_away_or_changed_until_it_is_right(there: Spliced) -> None:
    following, file = Following(there.search, there.trail), there.sides.file
    moved = there.away()
    lot = await following.lot(Filters(), At(0))
    assert lot.after == At(there.place), "what comes before it is told"
    with pytest.raises(RecordsArchived) as caught:
        await following.lot(Filters(), lot.after)
    assert caught.value.archives == ("em_1",)
    file.write_bytes(moved.read_bytes() + b"more")
    with pytest.raises(VerificationError, match="emergency em_1"):
        await following.lot(Filters(), lot.after)
    file.write_bytes(moved.read_bytes())
    assert (await following.lot(Filters(), lot.after)).after == At(there.place, there.size)
