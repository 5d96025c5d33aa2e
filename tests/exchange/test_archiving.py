"""Records whose days are over move into an archive: whole, verified, on record first, and wherever it is killed.
Nothing that is held, open or still kept moves."""

import errno
import os
import shutil
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from gateway.core.errors import ConfigurationError, LedgerUnavailable, VerificationError
from gateway.evidence import archive as files
from gateway.exchange.archive_files import Draft
from gateway.exchange.archived import Archives, opened
from gateway.exchange.archiving import Archiving, Busy, Waits, cutoff
from gateway.ledger.entry import Entry, SealedPart
from gateway.ledger.record import Detail, parse
from gateway.settings import Settings
from gateway.store.archives import Archived, ArchiveStore
from gateway.store.engine import target, writing
from gateway.store.erasure import ErasureStore
from gateway.store.postings import BLOCK
from gateway.store.reader import StoreReader
from gateway.store.sealing import Sealer
from gateway.store.subject_cases import opened as case_opened
from gateway.store.subject_trail import SubjectTrail
from gateway.store.subjects import SubjectStore, marked
from gateway.store.tables import forward_cursor, open_exchange, sealed, subject_case, subject_record
from gateway.store.tree import TreeReader
from gateway.store.verification import LedgerVerification, Verdict
from tests.exchange.archive_kit import LATER_US, advance, archives, archiving, mine
from tests.store.archive_kit import MORE, SIGNER, fill, plain, template
from tests.store.kit import LEDGER, START_US, Store, entry
from tests.store.kit import opened as store_opened
from tests.store.test_archives import allow
from tests.store.test_subject_cases import made as case

STEPS = ("before_write", "before_name", "after_name", "after_verify", "after_look", "after_record", "after_removal")


class Killed(Exception):
    """Stands in for the end of the process at an instant."""


class At:
    """Ends it the first time that it passes there."""

    def __init__(self, step: str) -> None:
        self.step = f"archive.{step}"

    async def __call__(self, name: str) -> None:
        if name == self.step:
            self.step = ""
            raise Killed(name)


def _let_go(draft: Draft) -> None:
    """What the system does for a process that has ended: its locks are free, and what it made lies there."""
    draft.file.close()


@pytest.fixture(scope="module")
def filled(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return template(sqlite_template, tmp_path_factory.mktemp("filled"))


@pytest.fixture
async def whole(filled: Path, sqlite_settings: Settings, tmp_path: Path) -> AsyncIterator[Store]:
    shutil.copy(filled, target(sqlite_settings).path)
    async with store_opened(sqlite_settings, tmp_path) as store:
        yield store


async def verified(store: Store, found: Archives | None = None) -> Verdict:
    ledger = LedgerVerification(store.engine, LEDGER, SIGNER.verifier)
    if found is None:
        return await ledger.run()
    return await ledger.run(read=lambda one: found.read(found.file(LEDGER, one.first, one.end) or Path(), one))


async def _moved(store: Store) -> None:
    """The block is in one archive and nowhere else, all of it reads, and the ledger verifies."""
    (one,) = await ArchiveStore(store.engine).all(LEDGER)
    assert (one.first, one.end) == (0, BLOCK)
    assert [path.name for path in (store.directory / "archive" / LEDGER).iterdir()] == [
        f"{0:016}-{BLOCK:016}.archive"
    ], "no other file, and none half written"
    said = [
        stored
        async for stored in StoreReader(store.engine, LEDGER).records(BLOCK, BLOCK + MORE + 9)
        if parse(stored.envelope).event == "ledger.archived"
    ]
    assert [parse(stored.envelope).archive for stored in said] == [one.id], "on record, once"
    verdict = await verified(store, archives(store))
    assert (verdict.failure, verdict.archived, verdict.unread, verdict.details) == (None, BLOCK, 0, 5)
    assert (await verified(store)).unread == BLOCK
    assert not await ArchiveStore(store.engine).remove(LEDGER)


@pytest.mark.parametrize("step", STEPS)
async def test_whoever_is_killed_at_a_step_loses_nothing_and_does_nothing_twice(
    whole: Store, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Draft, "close", _let_go)
    with pytest.raises(Killed):
        await advance(whole, At(step))
    monkeypatch.undo()
    named = step in ("after_record", "after_removal")
    assert len(await ArchiveStore(whole.engine).all(LEDGER)) == named
    assert (await verified(whole)).failure is None, "the ledger verifies wherever it was left"
    await advance(whole)
    await _moved(whole)


@pytest.mark.postgres
async def test_on_postgresql_it_goes_on_from_any_step_too(postgres_settings: Settings, tmp_path: Path) -> None:
    async with store_opened(postgres_settings, tmp_path) as store:
        await allow(store, 0)
        await fill(store)
        for step in ("before_name", "after_verify", "after_record"):
            with pytest.raises(Killed):
                await advance(store, At(step))
            assert (await verified(store)).failure is None
        await advance(store)
        await _moved(store)


@pytest.mark.postgres
async def test_postgresql_keeps_what_its_owner_has_not_let_go_and_it_goes_later(
    postgres_settings: Settings, tmp_path: Path
) -> None:
    async with store_opened(postgres_settings, tmp_path) as store:
        await fill(store)
        with pytest.raises(LedgerUnavailable):
            await advance(store)
        assert (await verified(store)).failure is None
        await allow(store, 0)
        assert await advance(store) is None, "what is next is not whole yet"
        await _moved(store)


async def test_what_is_younger_stays(whole: Store) -> None:
    assert await advance(whole, before_us=START_US) is None
    assert await ArchiveStore(whole.engine).all(LEDGER) == ()
    assert cutoff(START_US, 1) == START_US - 86_400_000_000


async def test_another_node_that_is_at_it_is_left_alone(whole: Store) -> None:
    async with mine(whole) as one:
        theirs = archiving(whole, holder="nd_2/bt_2/ar_2")
        assert await theirs._lease(f"archive/{LEDGER}").take()
        assert await archiving(whole).advance(one, LATER_US) == Busy()
    assert await ArchiveStore(whole.engine).all(LEDGER) == ()


async def _hold(store: Store, subject: str) -> None:
    held = case_opened(case("sc_1", tenant=LEDGER, subject=subject))
    await store.append([Entry(draft=entry("subject.held").draft, change=held)])


async def test_a_legal_hold_keeps_the_range_in_the_database(whole: Store) -> None:
    await _hold(whole, "su_7")
    assert await advance(whole) == Waits(first=0, end=BLOCK, reason="hold")


async def test_a_hold_on_a_pseudonym_of_the_same_person_keeps_it_too(whole: Store) -> None:
    subjects = SubjectStore(whole.engine, whole.clock)
    row = await subjects.row(LEDGER, "su_7")
    merged = marked(row, merged="su_other")
    await whole.append([Entry(draft=entry("subject.merged").draft, change=merged)])
    await _hold(whole, "su_other")
    assert await advance(whole) == Waits(first=0, end=BLOCK, reason="hold")


async def test_a_hold_on_somebody_else_keeps_nothing(whole: Store) -> None:
    await _hold(whole, f"su_{BLOCK + 7}")
    assert isinstance(await advance(whole), Archived)


async def test_a_hold_that_comes_while_the_file_is_written_keeps_it(whole: Store) -> None:
    class Holding:
        async def __call__(self, name: str) -> None:
            if name == "archive.after_verify":
                async with writing(whole.engine, LEDGER) as connection:
                    row = {"tenant": LEDGER, **case_opened(case("sc_1", tenant=LEDGER, subject="su_7")).values}
                    await connection.execute(subject_case.insert().values(row))

    assert await advance(whole, Holding()) is None
    assert await advance(whole) == Waits(first=0, end=BLOCK, reason="hold")
    assert await ArchiveStore(whole.engine).all(LEDGER) == ()


async def test_an_open_exchange_keeps_it(whole: Store) -> None:
    async with writing(whole.engine, LEDGER) as connection:
        row = {"tenant": LEDGER, "exchange": "ex_1", "node": "n", "boot": "b", "seq": 5, "opened_at": "t"}
        await connection.execute(open_exchange.insert().values(row))
    assert await advance(whole) == Waits(first=0, end=BLOCK, reason="open-exchange")


async def test_content_that_is_still_kept_keeps_it(whole: Store) -> None:
    async with writing(whole.engine, LEDGER) as connection:
        row = {"tenant": LEDGER, "seq": 5, "part": "content:2999-01-01T00:00:00.000000Z", "key": "dk_1"}
        await connection.execute(sealed.insert().values({**row, "nonce": b"n" * 12, "ciphertext": b"c"}))
    assert await advance(whole) == Waits(first=0, end=BLOCK, reason="kept-content")


@pytest.mark.parametrize(
    ("forward", "next_seq", "waits"), [("siem", BLOCK - 1, True), ("siem", BLOCK, False), ("gone", 0, False)]
)
async def test_what_a_configured_destination_has_not_taken_waits(
    whole: Store, forward: str, next_seq: int, waits: bool
) -> None:
    async with writing(whole.engine, LEDGER) as connection:
        row = {"tenant": LEDGER, "forward": forward, "next_seq": next_seq, "version": 0, "changed_us": 1, "stalled": 1}
        await connection.execute(forward_cursor.insert().values(row))
    found = await advance(whole)
    assert (found == Waits(first=0, end=BLOCK, reason="forwarding")) is waits


async def test_what_no_checkpoint_covers_waits(whole: Store) -> None:
    async with whole.bare() as bare:
        await bare.run("checkpoint", "DELETE FROM checkpoint")
    assert await advance(whole) == Waits(first=0, end=BLOCK, reason="checkpoint")


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE record SET bytes = CAST('{}' AS BLOB) WHERE seq = 9",
        "UPDATE record SET hash = zeroblob(32) WHERE seq = 9",
        "DELETE FROM record WHERE seq = 9",
    ],
)
async def test_a_ledger_that_does_not_hold_is_not_archived(whole: Store, damage: str) -> None:
    async with whole.bare() as bare:
        await bare.run("record", damage)
    with pytest.raises(VerificationError):
        await advance(whole)
    assert await ArchiveStore(whole.engine).all(LEDGER) == ()


async def test_a_file_that_did_not_come_to_the_disk_as_it_was_written_is_found(whole: Store) -> None:
    class Rotting:
        async def __call__(self, name: str) -> None:
            if name == "archive.after_name":
                (path,) = (whole.directory / "archive" / LEDGER).glob("*.archive")
                data = bytearray(path.read_bytes())
                data[len(data) // 2] ^= 1
                path.write_bytes(data)

    with pytest.raises(VerificationError):
        await advance(whole, Rotting())
    assert await ArchiveStore(whole.engine).all(LEDGER) == ()
    assert isinstance(await advance(whole), Archived), "the next round writes it anew"


async def test_without_a_directory_nothing_is_archived(whole: Store) -> None:
    def nowhere(found: Archiving) -> Archiving:
        found._archives = Archives(ArchiveStore(whole.engine), Sealer(whole.keyring), None)
        return found

    async with mine(whole) as one:
        with pytest.raises(ConfigurationError, match=r"archive\.directory"):
            await nowhere(archiving(whole)).advance(one, LATER_US)


async def test_a_directory_that_cannot_be_written_is_said(whole: Store) -> None:
    (whole.directory / "archive").write_text("a file")
    with pytest.raises(ConfigurationError, match=r"archive\.directory"):
        await advance(whole)


async def test_a_full_disk_is_told_in_words_and_leaves_no_half_file(
    whole: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(writer: files.Archiver, *_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    for step in ("block", "end"):
        with monkeypatch.context() as patched:
            patched.setattr(files.Archiver, step, full)
            with pytest.raises(LedgerUnavailable, match=r"archive\.directory: No space left on device"):
                await advance(whole)
        assert list((whole.directory / "archive" / LEDGER).iterdir()) == []
    assert await ArchiveStore(whole.engine).all(LEDGER) == ()
    assert isinstance(await advance(whole), Archived), "the next round, once there is room"


async def test_a_node_that_was_away_while_it_wrote_leaves_the_range_to_who_has_the_lease_now(whole: Store) -> None:
    other = archiving(whole, holder="nd_2/bt_2/ar_2")._lease(f"archive/{LEDGER}")

    async def paused(name: str) -> None:
        if name == "archive.before_write":
            whole.clock.advance(301)
            assert await other.take()

    assert await advance(whole, paused) == Busy()
    assert await ArchiveStore(whole.engine).all(LEDGER) == ()
    await other.release()
    assert isinstance(await advance(whole), Archived)


async def test_removal_keeps_its_lease_and_stops_where_it_is_lost(whole: Store) -> None:
    other = archiving(whole, holder="nd_2/bt_2/ar_2")._lease(f"archive/{LEDGER}")
    taken: list[bool] = []

    async def slow(name: str) -> None:
        if name == "archive.after_removal":
            whole.clock.advance(200 if len(taken) < 2 else 301)
            taken.append(await other.take())

    made = await advance(whole, slow)
    assert isinstance(made, Archived)
    assert taken == [False, False, True], "it was kept for longer than a lease, then lost, and no more was removed"
    assert await ArchiveStore(whole.engine).remove(LEDGER), "some is left for the other"


# -------------------------------------------------------------------------------------------- what is in it, and erased


async def test_details_in_an_archive_go_with_the_keys_of_whom_they_are_about(whole: Store) -> None:
    assert isinstance(await advance(whole), Archived)
    found = archives(whole)
    tree = TreeReader(whole.engine, LEDGER)
    record = await found.record(LEDGER, 7, tree)
    assert record is not None
    assert b"r7" in (record.detail or b"")
    (path,) = (whole.directory / "archive" / LEDGER).iterdir()
    assert b'"reason"' not in path.read_bytes(), "no detail is in it but sealed"
    with closing(sqlite3.connect(whole.directory / "keys" / "data-keys.db")) as connection, connection:
        wrapped = [bytes(row[0]) for row in connection.execute("SELECT wrapped FROM data_key")]
    connection.close()
    assert wrapped
    assert not [one for one in wrapped if one in path.read_bytes()], "no key is in it, wrapped neither"
    whole.keyring.destroy([*whole.keyring.subject_keys("su_7"), "su_7"])
    record = await found.record(LEDGER, 7, tree)
    assert record is not None
    assert record.detail is None, "commitment only"
    verdict = await verified(whole, found)
    assert (verdict.failure, verdict.details, verdict.commitments) == (None, 4, 1)


async def test_an_account_of_what_was_done_for_somebody_outlives_their_keys(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    def some(seq: int) -> Entry:
        if seq in (3, 4):
            event = "subject.erased" if seq == 3 else "exchange.requested"
            return entry(event, detail=Detail(reason="told"), subjects=("su_1",))
        return entry(detail=Detail(reason="nobody's")) if seq == 5 else entry()

    async with store_opened(sqlite_settings, tmp_path) as store:
        opening = SealedPart(part="request", key="dk_1", nonce=b"n" * 12, ciphertext=b"sealed")
        await fill(store, made=lambda seq: msgspec.structs.replace(some(seq), sealed=(opening,) if seq == 6 else ()))
        one = await advance(store)
        assert isinstance(one, Archived)
        store.keyring.destroy([*store.keyring.subject_keys("su_1"), "su_1"])
        found, tree = archives(store), TreeReader(store.engine, LEDGER)
        records = [await found.record(LEDGER, seq, tree) for seq in (3, 4, 5)]
        assert [record is not None and record.detail is not None for record in records] == [True, False, True]
        path = found.at_hand(LEDGER, one)
        assert path is not None
        with opened(path) as file:
            block = files.Archive(file).block(0)
        assert block.parts[6] == (opening,), "what was sealed already stays under its key"


async def test_whom_archived_records_are_about_is_still_known_and_an_erasure_takes_that_too(whole: Store) -> None:
    async with writing(whole.engine, LEDGER) as connection:
        row = {"tenant": LEDGER, "subject": "su_beside", "seq": 7}
        await connection.execute(subject_record.insert().values(row))
    one = await advance(whole)
    assert isinstance(one, Archived)
    store = ErasureStore(whole.engine)
    assert await SubjectTrail(whole.engine, whole.clock).archived(LEDGER, ["su_7"]) == {one.id: 1}
    assert await store.archives(LEDGER, ["su_7"]) == {one.id: 1}
    assert await store.reached(LEDGER, ["su_7"]) == 1
    assert await store.companions(LEDGER, ["su_7"]) == ("su_beside",), "whose hold keeps it"
    assert await store.purge(LEDGER, ["su_7"], [], []) == 1
    assert await store.archives(LEDGER, ["su_7"]) == {}
    assert await store.archives(LEDGER, ["su_beside"]) == {one.id: 1}


def test_the_steps_that_are_tried_are_those_that_there_are() -> None:
    source = Path(archiving.__globals__["Archiving"].__module__.replace(".", "/") + ".py").read_text()
    found: Sequence[str] = [step for step in STEPS if f'"archive.{step}"' in source]
    assert len(found) == len(STEPS) == source.count('_pause("archive.')


async def test_a_ledger_verifies_after_an_erasure_of_whom_archives_account_for_something(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    """What was done for her keeps its detail, and the erasure takes her links to whatever lies in archives."""

    def made(seq: int) -> Entry:
        said = Detail(reason="asked", subjects=("su_7",))
        return entry("subject.restricted", detail=said, subjects=("su_7",)) if seq == 9 else plain(seq)

    async with store_opened(sqlite_settings, tmp_path) as store:
        await fill(store, made=made)
        assert isinstance(await advance(store), Archived)
        keys = store.keyring.subject_keys("su_7")
        store.keyring.destroy((*keys, "su_7"))
        await ErasureStore(store.engine).purge(LEDGER, ("su_7",), keys, ())
        verdict = await verified(store, archives(store))
        assert (verdict.failure, verdict.unread, verdict.commitments) == (None, 0, 1)
