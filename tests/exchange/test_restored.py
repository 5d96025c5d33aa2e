"""What was erased stays erased, also in a copy of the database that knows nothing of it."""

import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.core.errors import LedgerUnavailable
from gateway.exchange.erasure import SETTLE_US
from gateway.exchange.restored import Erased, Restored
from gateway.ledger.record import Envelope, parse
from gateway.settings import Settings
from gateway.store.bundle_jobs import BUILDING, FAILED, READY, BundleJob, BundleStore
from gateway.store.directory import Directory
from gateway.store.erasure import ErasureStore
from gateway.store.reader import StoreReader
from tests.exchange.erasure_kit import CANARY, HOUR_US, asked_for, erasure, exchanged, later, readable, sealed_of
from tests.exchange.subject_kit import Registry, called, registry
from tests.exchange.test_erasure import Killed
from tests.store.conftest import store as store
from tests.store.kit import LEDGER, NODE, Store, opened

WRITES = ("recall", "forget", "purge", "settle")


def restored(found: Registry, store: Any = None) -> Restored:
    return Restored(
        store=store or ErasureStore(found.store.engine),
        flags=found.flags,
        cases=found.cases,
        keys=found.store.keyring,
        clock=found.store.clock,
        node=NODE,
    )


async def _told(found: Registry) -> list[Envelope]:
    reader = StoreReader(found.store.engine, LEDGER)
    records = [parse(one.envelope) async for one in reader.records(0, await reader.size())]
    return [one for one in records if one.event == "restore.erased"]


async def _two(found: Registry) -> tuple[str, str, list[int]]:
    """Ann, Bob, and exchanges about her, about both and about him; her keys are gone, as after an erasure that this
    database does not know of."""
    ann, bob = await found.named("ann", "bob")
    seqs = [await exchanged(found, *who) for who in ((ann,), (ann, bob), (bob,))]
    found.store.keyring.destroy([*found.store.keyring.subject_keys(ann), ann])
    return ann, bob, seqs


async def _gone(found: Registry, ann: str, seqs: list[int]) -> None:
    reader = StoreReader(found.store.engine, LEDGER)
    details = [one.detail is not None for seq in seqs if (one := await reader.record(seq)) is not None]
    assert details == [False, False, True]
    assert [await sealed_of(found, seq) == [] for seq in seqs] == [True, True, False]
    assert await readable(found, seqs[2]) == [CANARY.encode(), None]
    fresh = Directory(found.store.engine, found.store.keyring, found.store.clock, "gateway.test")
    assert await fresh.find_subject(LEDGER, "ann") is None
    assert await ErasureStore(found.store.engine).left(LEDGER, (ann,)) == ()


async def test_of_whom_the_keys_know_is_destroyed_what_the_database_still_has_on_record(store: Store) -> None:
    async with registry(store) as found:
        ann, bob, seqs = await _two(found)
        assert await restored(found).brought_back([LEDGER]) == 1
        assert await _told(found) == [], "it only looks"
        assert await restored(found).erase_again({LEDGER: found.writer}) == 1
        assert await restored(found).brought_back([LEDGER]) == 0
        await _gone(found, ann, seqs)
        (told,) = await _told(found)
        assert (told.subject, told.count, len(told.keys or ())) == (ann, 2, 1)
        assert bob in await found.named("bob")
        assert await restored(found).erase_again({LEDGER: found.writer}) == 0
        assert len(await _told(found)) == 1


async def test_whom_the_database_erased_and_an_older_key_store_brought_back_loses_the_keys_again(store: Store) -> None:
    """The keys alone are from a backup: what archives and other copies hold would open again."""
    file, before = store.directory / "keys" / "data-keys.db", store.directory / "before.db"
    async with registry(store) as found:
        (ann,) = await found.named("ann")
        await exchanged(found, ann)
        (sealed,) = [part for part in await sealed_of(found, 0) if part.part == "request"]
        with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(before)) as copy:
            source.backup(copy)
        await asked_for(found, "ann")
        later(found, 72 * HOUR_US)
        await erasure(found).advance(LEDGER, found.writer)
        later(found, SETTLE_US)
        assert await erasure(found).advance(LEDGER, found.writer) == 1
        assert (await restored(found).erase_again({LEDGER: found.writer}), await _told(found)) == (0, [])
        with closing(sqlite3.connect(before)) as source, closing(sqlite3.connect(file)) as live:
            source.backup(live)
        assert store.keyring.subject_keys(ann) == (sealed.key,), "it opens again"
        assert await restored(found).brought_back([LEDGER]) == 1
        assert await restored(found).erase_again({LEDGER: found.writer}) == 1
        assert (store.keyring.subject_keys(ann), store.keyring.data_key(sealed.key)) == ((), None)
        assert ann in store.keyring.erased()
        (told,) = await _told(found)
        assert (told.subject, told.keys, told.count) == (ann, (sealed.key,), 0)
        assert await restored(found).erase_again({LEDGER: found.writer}) == 0
        assert await restored(found).brought_back([LEDGER]) == 0


async def test_what_a_newer_copy_says_was_erased_loses_its_keys_too(store: Store) -> None:
    """The keys may have been restored with the database."""
    async with registry(store) as found:
        (ann,) = await found.named("ann")
        seq = await exchanged(found, ann)
        (key,) = store.keyring.subject_keys(ann)
        assert await readable(found, seq) == [CANARY.encode(), None]
        told = [Erased(subject=ann, keys=(key,))]
        assert await restored(found).erase_again({LEDGER: found.writer}, told) == 1
        assert (store.keyring.data_key(key), store.keyring.unknown(key)) == (None, False)
        assert store.keyring.erased() == (ann,)
        assert (await _told(found))[0].keys == (key,)
        assert await sealed_of(found, seq) == []


async def test_of_a_merged_person_all_goes_again_with_keys_that_no_record_names(store: Store) -> None:
    """Database and keys are both from before: the record of the erasure is all that says who went."""
    async with registry(store) as found:
        ann, bob, cid = await found.named("ann", "bob", "cid")
        await found.subjects.merge(found.who(), called("ann"), called("bob"), "same")
        seqs = [await exchanged(found, *who) for who in ((ann,), (bob,), (bob, cid), (cid,))]
        keys = [key for one in (ann, bob) for key in store.keyring.subject_keys(one)]
        told = [Erased(subject=ann, others=(bob,), keys=())]
        assert await restored(found).erase_again({LEDGER: found.writer}, told) == 2
        assert set(store.keyring.erased()) == {ann, bob}
        assert [store.keyring.data_key(key) for key in keys] == [None] * len(keys)
        assert [await sealed_of(found, seq) == [] for seq in seqs] == [True, True, True, False]
        assert await ErasureStore(store.engine).left(LEDGER, (ann, bob)) == ()
        fresh = Directory(store.engine, store.keyring, store.clock, "gateway.test")
        assert [await fresh.find_subject(LEDGER, one) for one in ("ann", "bob")] == [None, None]
        assert await fresh.find_subject(LEDGER, "cid") == cid
        assert {one.subject for one in await _told(found)} == {ann, bob}
        assert await restored(found).brought_back([LEDGER]) == 0


async def test_a_key_store_that_has_forgotten_one_pseudonym_of_a_person_is_told_of_all(store: Store) -> None:
    async with registry(store) as found:
        ann, bob = await found.named("ann", "bob")
        await found.subjects.merge(found.who(), called("ann"), called("bob"), "same")
        for one in (ann, bob):
            await exchanged(found, one)
        await asked_for(found, "ann")
        later(found, 72 * HOUR_US)
        await erasure(found).advance(LEDGER, found.writer)
        later(found, SETTLE_US)
        assert await erasure(found).advance(LEDGER, found.writer) == 1
        (ended,) = [one for one in await found.events() if one.event == "subject.erased"]
        assert (ended.subject, (ended.keys or ())[0], len(ended.keys or ())) == (ann, bob, 3)
        file = store.directory / "keys" / "data-keys.db"
        with closing(sqlite3.connect(file)) as live:
            assert live.execute("DELETE FROM destroyed WHERE id = ?", (bob,)).rowcount == 1
            live.commit()
        assert await restored(found).brought_back([LEDGER]) == 1
        assert await restored(found).erase_again({LEDGER: found.writer}) == 1
        assert set(store.keyring.erased()) == {ann, bob}
        assert await restored(found).erase_again({LEDGER: found.writer}) == 0


async def test_an_erasure_that_the_database_knows_of_is_left_to_it(store: Store) -> None:
    async with registry(store) as found:
        (ann,) = await found.named("ann")
        await exchanged(found, ann)
        await asked_for(found, "ann")
        later(found, 72 * HOUR_US)
        assert await erasure(found).advance(LEDGER, found.writer) == 0  # begun, and not at its end
        await exchanged(found, ann)  # by a node that remembers the pseudonym
        assert store.keyring.erased() == (ann,)
        assert await restored(found).brought_back([LEDGER]) == 0
        assert await restored(found).erase_again({LEDGER: found.writer}) == 0
        assert await _told(found) == []


async def test_bundles_of_before_are_kept_no_longer_and_built_anew(store: Store) -> None:
    """What lies on the disk came back with the database, and may tell of whom is erased again."""
    async with registry(store) as found:
        await _two(found)
        now, bundles = found.store.clock.now_us(), BundleStore(store.engine)
        begun = {"basis": b"{}", "kept": "some", "done": 7, "work_key": "dk_work"}
        jobs = {
            "ready": {"state": READY, "expires_us": now + HOUR_US},
            "short": {"state": READY, "expires_us": now - HOUR_US},
            "begun": {"state": BUILDING, **begun},
            "over": {"state": FAILED, **begun},
        }
        for name, values in jobs.items():
            one = {"tenant": LEDGER, "id": name, "version": 3, "created_us": 5, "asked": b"{}", **values}
            assert await bundles.add(msgspec.convert(one, BundleJob), most=9)
        assert await restored(found).erase_again({LEDGER: found.writer}) == 1
        left = {one.id: one for one in await bundles.newest(LEDGER)}
        assert {name: left[name].expires_us for name in ("ready", "short")} == {"ready": now, "short": now - HOUR_US}
        assert (left["begun"].state, left["begun"].version, left["begun"].done) == (BUILDING, 4, 0)
        assert (left["begun"].basis, left["begun"].kept, left["begun"].work_key) == (None, None, "dk_work")
        assert (left["over"].version, left["over"].kept) == (3, "some"), "its key goes as that of any that is over"


class Dying:
    """Stands before the store, and dies at the n-th call of what writes, before it or after it."""

    def __init__(self, inner: ErasureStore, at: int) -> None:
        self._inner, self._calls = inner, at

    def __getattr__(self, name: str) -> Any:
        function = getattr(self._inner, name)
        return partial(self._deadly, function) if name in WRITES else function

    async def _deadly(self, function: Callable[..., Awaitable[Any]], *given: Any) -> Any:
        self._count()
        done = await function(*given)
        self._count()
        return done

    def _count(self) -> None:
        self._calls -= 1
        if self._calls == 0:
            raise Killed


@pytest.mark.parametrize("at", range(1, 9))
async def test_killed_before_or_after_any_write_the_next_start_goes_on_and_tells(
    sqlite_settings: Settings, tmp_path: Path, at: int
) -> None:
    async with opened(sqlite_settings, tmp_path) as made, registry(made) as found:
        ann, _, seqs = await _two(found)
        with pytest.raises(Killed):
            await restored(found, Dying(ErasureStore(made.engine), at)).erase_again({LEDGER: found.writer})
        assert len(await _told(found)) == 1, "before anything was destroyed"
        again = await restored(found).erase_again({LEDGER: found.writer})
        await _gone(found, ann, seqs)
        assert again == (at < 6), "what is left after a crash is seen by what is there"
        assert len(await _told(found)) == 1 + again


async def test_the_log_must_be_emptied_where_something_was_destroyed_and_may_be_where_not(store: Store) -> None:
    class Held(ErasureStore):
        async def settle(self) -> None:
            raise LedgerUnavailable("held")

    async with registry(store) as found:
        await _two(found)
        held = restored(found, Held(store.engine))
        with pytest.raises(LedgerUnavailable):
            await held.erase_again({LEDGER: found.writer})
        assert await held.erase_again({LEDGER: found.writer}) == 0
