"""What is destroyed or held while a range is on its way into an archive, at whatever moment: an archive that is on
record holds nothing that was destroyed before, nothing of an erased person that opens, and nothing of who was held."""

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.exchange.archiving import Waits
from gateway.settings import Settings
from gateway.store.archives import Archived, ArchiveStore
from gateway.store.engine import target
from gateway.store.erasure import ErasureStore
from gateway.store.postings import BLOCK
from gateway.store.reader import StoreReader
from gateway.store.retention import RetentionStore
from gateway.store.subject_cases import opened as case_opened
from gateway.store.tree import TreeReader
from tests.exchange.archive_kit import advance, archives
from tests.store.archive_kit import fill, template
from tests.store.kit import LEDGER, Store, entry
from tests.store.kit import opened as store_opened
from tests.store.test_archives import allow
from tests.store.test_subject_cases import made as case

ANN, HERS, ANOTHERS = "su_7", 7, 1_007
READS: tuple[tuple[Any, str], ...] = ((ArchiveStore, "links"), (StoreReader, "records"), (ArchiveStore, "beside"))
"""What is read of a block, in its order."""
INSTANTS = ("links", "records", "beside", "before_name", "after_verify", "after_look")


@pytest.fixture(scope="module")
def filled(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return template(sqlite_template, tmp_path_factory.mktemp("filled"))


@pytest.fixture
async def whole(filled: Path, database: Settings, tmp_path: Path) -> AsyncIterator[Store]:
    where = target(database)
    if where.kind == "sqlite":
        shutil.copy(filled, where.path)
    async with store_opened(database, tmp_path) as store:
        if where.kind != "sqlite":
            await allow(store, 0)
            await fill(store)
        yield store


class Once:
    """What somebody else does, the first time that it is passed there."""

    def __init__(self, instant: str, other: Callable[[], Awaitable[Any]], patch: pytest.MonkeyPatch) -> None:
        self._step, self._other, self.came = f"archive.{instant}", other, False
        for owner, name in READS:
            if name == instant:
                patch.setattr(owner, name, self._before(getattr(owner, name), streams=name == "records"))

    async def __call__(self, name: str) -> None:
        if name == self._step:
            await self._do()

    async def _do(self) -> None:
        if not self.came:
            self.came = True
            await self._other()

    def _before(self, read: Any, *, streams: bool) -> Any:
        async def waiting(*given: Any) -> Any:
            await self._do()
            return await read(*given)

        async def streaming(*given: Any, **how: Any) -> Any:
            await self._do()
            async for one in read(*given, **how):
                yield one

        return streaming if streams else waiting


async def _erased(store: Store) -> None:
    """As the erasure destroys, which by then has let go of her whatever was sealed for her meanwhile."""
    keys = store.keyring.subject_keys(ANN)
    store.keyring.destroy((*keys, ANN))
    assert await ErasureStore(store.engine).purge(LEDGER, (ANN,), keys, ()) == 1


async def _detail(store: Store, seq: int) -> bytes | None:
    found = await archives(store).record(LEDGER, seq, TreeReader(store.engine, LEDGER))
    assert found is not None
    return found.detail


async def _archived(store: Store, once: Once) -> None:
    """Now or, where it was taken back, in the next round."""
    made = await advance(store, once)
    assert once.came, made
    if made is None:
        made = await advance(store)
    assert isinstance(made, Archived)


@pytest.mark.parametrize("instant", INSTANTS)
async def test_of_who_is_erased_meanwhile_no_archive_holds_anything_that_opens(
    whole: Store, monkeypatch: pytest.MonkeyPatch, instant: str
) -> None:
    await _archived(whole, Once(instant, lambda: _erased(whole), monkeypatch))
    assert await _detail(whole, HERS) is None
    assert b"r1007" in (await _detail(whole, ANOTHERS) or b"")


@pytest.mark.parametrize("instant", INSTANTS)
async def test_what_was_destroyed_since_its_days_are_over_is_in_no_archive(
    whole: Store, monkeypatch: pytest.MonkeyPatch, instant: str
) -> None:
    async def over() -> None:
        assert await RetentionStore(whole.engine).destroy(LEDGER, [HERS], "details") == 1

    await _archived(whole, Once(instant, over, monkeypatch))
    assert await _detail(whole, HERS) is None
    assert b"r1007" in (await _detail(whole, ANOTHERS) or b"")


@pytest.mark.parametrize("instant", INSTANTS)
async def test_a_hold_that_is_on_record_before_an_archive_would_be_keeps_the_range(
    whole: Store, monkeypatch: pytest.MonkeyPatch, instant: str
) -> None:
    async def held() -> None:
        change = case_opened(case("sc_1", tenant=LEDGER, subject=ANN))
        # As `Holds` records it: it moves the revision.
        await whole.append([msgspec.structs.replace(entry("subject.held"), change=change, denies=True)])

    once = Once(instant, held, monkeypatch)
    assert await advance(whole, once) is None
    assert once.came
    assert await advance(whole) == Waits(first=0, end=BLOCK, reason="hold")
    assert await ArchiveStore(whole.engine).all(LEDGER) == ()
    assert [path.name for path in (whole.directory / "archive" / LEDGER).iterdir()] == []


async def test_what_an_archive_took_before_it_was_destroyed_stays_there(
    whole: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = []

    async def over() -> None:
        counts.append(await RetentionStore(whole.engine).destroy(LEDGER, [HERS, BLOCK + HERS], "details"))

    await _archived(whole, Once("after_record", over, monkeypatch))
    assert counts == [1], "what lies in no archive"
    assert b"r7" in (await _detail(whole, HERS) or b"")
    assert await RetentionStore(whole.engine).extent(LEDGER, "2999") == (BLOCK, BLOCK + 300 + 2)
