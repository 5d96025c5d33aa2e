"""Two who archive one ledger at once: whoever is on record, its file is what is on record, and no record is lost. The
lease saves the work, and nothing rests on it."""

import fcntl
import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.core.errors import RecordsArchived, VerificationError
from gateway.evidence.archive import Archiver
from gateway.exchange.archive_blocks import Blocks, Mine
from gateway.exchange.archived import digest_of
from gateway.exchange.archiving import Archiving, Busy, Waits
from gateway.ledger.entry import Entry
from gateway.ledger.record import NodeInfo
from gateway.settings import Settings, parse
from gateway.store.archives import Archived, ArchiveStore, Range
from gateway.store.engine import target
from gateway.store.node import register
from gateway.store.postings import BLOCK
from gateway.store.reader import StoreReader
from tests.exchange.archive_kit import LATER_US, archives, archiving, mine
from tests.exchange.test_archiving import Killed, verified
from tests.store.archive_kit import fill, named, template
from tests.store.kit import LEDGER, START_US, Store, entry
from tests.store.kit import opened as store_opened
from tests.store.test_archives import allow

OTHER = "nd_2/bt_2/ar_2"
Found = Archived | Waits | Busy | None


@pytest.fixture(scope="module")
def filled(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return template(sqlite_template, tmp_path_factory.mktemp("filled"))


@pytest.fixture
async def whole(filled: Path, sqlite_settings: Settings, tmp_path: Path) -> AsyncIterator[Store]:
    shutil.copy(filled, target(sqlite_settings).path)
    async with store_opened(sqlite_settings, tmp_path) as store:
        yield store


async def advance(store: Store, failpoint: Any = None, holder: str = "nd_1/bt_1/ar_1") -> Found:
    async with mine(store) as one:
        return await archiving(store, failpoint, holder).advance(one, LATER_US)


class Meanwhile:
    """At a step of one, what another does; once."""

    def __init__(self, step: str, other: Callable[[], Awaitable[Found]]) -> None:
        self._step, self._other = f"archive.{step}", other
        self.found: list[Found] = []

    async def __call__(self, name: str) -> None:
        if name == self._step and not self.found:
            self.found.append(await self._other())


def _lying(store: Store) -> list[Path]:
    return sorted((store.directory / "archive" / LEDGER).iterdir())


async def _whole(store: Store, by: Found) -> None:
    """The block is in the one archive on record, which is the file that lies there, and no other is."""
    (one,) = await ArchiveStore(store.engine).all(LEDGER)
    assert by == one
    (path,) = _lying(store)
    assert digest_of(path) == one.digest, "the file is, byte by byte, what is on record"
    verdict = await verified(store, archives(store))
    assert (verdict.failure, verdict.archived, verdict.unread) == (None, BLOCK, 0)
    lowest = [record.seq async for record in StoreReader(store.engine, LEDGER).records(0, BLOCK + 1)]
    assert lowest == [BLOCK], "and nowhere else"


# ------------------------------------------------------------------------------------------- two of one machine


@pytest.mark.parametrize("step", ["before_write", "before_name", "after_name", "after_verify", "after_record"])
@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("nd_1/bt_1/ar_1", "ar_2"),  # a command beside the one that serves
        ("ar_1", "nd_1/bt_1/ar_2"),
        ("ar_1", "ar_2"),
        ("nd_1/bt_1/ar_1", "nd_1/bt_2/ar_2"),  # one that calls itself a boot of the node, and has not its claim
    ],
)
async def test_of_two_processes_of_one_node_the_second_leaves_it_to_the_first(
    whole: Store, step: str, first: str, second: str
) -> None:
    await register(whole.engine, NodeInfo(id="nd_1", boot="bt_1"), whole.clock)
    at = Meanwhile(step, lambda: advance(whole, holder=second))
    made = await advance(whole, at, holder=first)
    assert at.found == [Busy()]
    await _whole(whole, made)


@pytest.mark.parametrize("read", [False, True])
async def test_two_whom_no_lease_keeps_apart_do_not_share_a_file(
    whole: Store, monkeypatch: pytest.MonkeyPatch, read: bool
) -> None:
    """The second writes, names, records and removes while the first has its file open, and has read its block or not:
    what it writes from then on goes into its own."""
    write, found = Blocks.write, list[Found]()

    async def slow(blocks: Blocks, writer: Archiver, number: int, end: int) -> None:
        if found:  # of the second
            await write(blocks, writer, number, end)
            return
        found.append(None)
        if read:
            await write(blocks, writer, number, end)
        whole.clock.advance(301)
        found[0] = await advance(whole, holder=OTHER)
        if not read:
            await write(blocks, writer, number, end)

    monkeypatch.setattr(Blocks, "write", slow)
    assert await advance(whole) == Busy()
    await _whole(whole, found[0])


# -------------------------------------------------------------------------------------- stopped for longer than a lease


async def _overtaken(store: Store, step: str) -> tuple[Found, Found]:
    async def other() -> Found:
        store.clock.advance(301)
        return await advance(store, holder=OTHER)

    at = Meanwhile(step, other)
    first = await advance(store, at)
    return first, at.found[0]


@pytest.mark.parametrize("step", ["before_write", "before_name"])
async def test_who_was_stopped_before_its_file_had_a_name_writes_into_nobodys_and_leaves_none(
    whole: Store, step: str
) -> None:
    first, second = await _overtaken(whole, step)
    assert first == Busy()
    await _whole(whole, second)


@pytest.mark.parametrize("step", ["after_name", "after_verify"])
async def test_who_was_stopped_before_its_file_was_on_record_is_waited_for_and_goes_on(whole: Store, step: str) -> None:
    first, second = await _overtaken(whole, step)
    assert second == Busy(), "its file is held: it may go on record at any moment"
    await _whole(whole, first)


@pytest.mark.postgres
async def test_on_postgresql_too(postgres_settings: Settings, tmp_path: Path) -> None:
    async with store_opened(postgres_settings, tmp_path) as store:
        await allow(store, 0)
        await fill(store)
        first, second = await _overtaken(store, "before_name")
        assert first == Busy()
        await _whole(store, second)


async def test_a_range_on_record_whose_file_was_taken_elsewhere_gets_no_other_file(whole: Store) -> None:
    async def other() -> Found:
        whole.clock.advance(301)
        made = await advance(whole, holder=OTHER)
        (_, path) = _lying(whole)  # beside what the first writes
        path.rename(whole.directory / "kept")
        return made

    at = Meanwhile("before_name", other)
    assert await advance(whole, at) == Busy()
    assert isinstance(at.found[0], Archived)
    assert _lying(whole) == []


# ------------------------------------------------------------------------------------------------- what is read anew


async def test_no_record_leaves_for_a_file_that_is_not_what_is_on_record(whole: Store) -> None:
    async def damaged() -> Found:
        (path,) = _lying(whole)
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
        return None

    with pytest.raises(VerificationError, match="not the one that the ledger has on record"):
        await advance(whole, Meanwhile("after_record", damaged))
    with pytest.raises(VerificationError):
        await advance(whole)
    assert len([one async for one in StoreReader(whole.engine, LEDGER).records(0, BLOCK)]) == BLOCK


async def test_no_record_leaves_while_the_file_that_is_on_record_is_away(whole: Store) -> None:
    async def gone() -> Found:
        (path,) = _lying(whole)
        path.rename(whole.directory / "kept")
        return None

    with pytest.raises(RecordsArchived):
        await advance(whole, Meanwhile("after_record", gone))
    with pytest.raises(RecordsArchived):
        await advance(whole)
    assert len([one async for one in StoreReader(whole.engine, LEDGER).records(0, BLOCK)]) == BLOCK
    (one,) = await ArchiveStore(whole.engine).all(LEDGER)
    path = archives(whole).file(LEDGER, one.first, one.end)
    assert path is not None
    (whole.directory / "kept").rename(path)
    assert await advance(whole) is None
    await _whole(whole, one)


async def test_a_file_that_is_neither_on_record_nor_held_is_replaced(whole: Store) -> None:
    async def killed(name: str) -> None:
        if name == "archive.after_verify":
            raise Killed(name)

    with pytest.raises(Killed):
        await advance(whole, killed)
    (path,) = _lying(whole)
    before = path.read_bytes()
    await _whole(whole, await advance(whole))
    assert path.read_bytes() != before


async def test_an_archive_of_before_the_ledger_was_taken_back_is_put_aside(
    whole: Store, sqlite_template: Path, tmp_path: Path
) -> None:
    """It is signed, and may be all that is left of what was recorded then."""
    there = tmp_path / "past"
    there.mkdir()
    shutil.copy(sqlite_template, there / "gateway.db")
    settings = parse({"database": {"url": "sqlite:///gateway.db"}}, {}, there)
    async with store_opened(settings, there) as past:
        await fill(past, made=lambda seq: entry(agent="past", us=START_US + seq))
        assert isinstance(await advance(past), Archived)
        (file,) = _lying(past)
    path = whole.directory / "archive" / LEDGER / file.name
    path.parent.mkdir(parents=True)
    shutil.copy(file, path)
    made = await advance(whole)
    (aside,) = [one for one in _lying(whole) if one != path]
    assert aside.read_bytes() == file.read_bytes()
    assert aside.suffix == ".aside"
    aside.unlink()
    await _whole(whole, made)


async def test_a_file_that_went_on_record_while_it_was_looked_at_stays(
    whole: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who finds a file that nobody holds any more asks again, once it is its own to hold."""
    asked, found = Archiving._others, list[Found]()

    async def late(one: Archiving, of: Mine, at: Range) -> bool:
        answer = await asked(one, of, at)
        if not found:
            found.append(None)
            whole.clock.advance(301)
            found[0] = await advance(whole, holder=OTHER)
        return answer

    monkeypatch.setattr(Archiving, "_others", late)
    assert await advance(whole) == Busy()
    await _whole(whole, found[0])


class Telling:
    """A writer that tells nothing of what it has appended; `before`: what another does just before it."""

    def __init__(self, writer: Any, before: Callable[[], Awaitable[object]] | None = None) -> None:
        self._writer, self._before = writer, before

    async def submit(self, entry: Entry) -> None:
        if self._before is not None:
            await self._before()
        await self._writer.submit(entry)


async def test_who_did_not_hear_that_its_own_archive_is_on_record_finds_it_there(whole: Store) -> None:
    async with mine(whole) as one:
        deaf = msgspec.structs.replace(one, writer=Telling(one.writer))
        made = await archiving(whole).advance(deaf, LATER_US)
    await _whole(whole, made)


async def test_whose_range_is_on_record_as_anothers_takes_its_own_file_back(whole: Store) -> None:
    async with mine(whole) as one:
        late = msgspec.structs.replace(one, writer=Telling(one.writer, lambda: named(whole)))
        assert await archiving(whole).advance(late, LATER_US) == Busy()
    assert _lying(whole) == []
    assert [one.id for one in await ArchiveStore(whole.engine).all(LEDGER)] == ["ar_0"]


# ------------------------------------------------------------------------------------------------------ what is left


async def test_what_tries_left_that_died_is_swept_away_and_what_somebody_writes_is_not(whole: Store) -> None:
    place = whole.directory / "archive" / LEDGER
    place.mkdir(parents=True)
    (place / f"{0:016}-{BLOCK:016}.new").write_bytes(b"half, of a version before")
    (place / f".{0:016}-{BLOCK:016}.archive.{'0' * 16}.new").write_bytes(b"half")
    held = place / f".{0:016}-{BLOCK:016}.archive.{'1' * 16}.new"
    descriptor = os.open(held, os.O_RDWR | os.O_CREAT)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        assert isinstance(await advance(whole), Archived)
        assert [path.name for path in _lying(whole)] == [held.name, f"{0:016}-{BLOCK:016}.archive"]
    finally:
        os.close(descriptor)
    assert await advance(whole) is None
    assert [path.name for path in _lying(whole)] == [f"{0:016}-{BLOCK:016}.archive"]
