"""A bundle is in a directory whole or not at all, and what lies there is never overwritten."""

import errno
import os
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.exchange import directory_delivery
from gateway.exchange.deliveries import DAMAGED
from gateway.exchange.directory_delivery import DirectoryDelivery, probe
from tests.exchange.parcel_kit import CONTENT, parcel


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "out").mkdir()
    return tmp_path / "out"


@pytest.fixture
def delivery(place: Path) -> Iterator[DirectoryDelivery]:
    made = DirectoryDelivery(place, 30)
    yield made
    made.close()


def names(directory: Path) -> list[str]:
    return sorted(file.name for file in directory.iterdir())


async def test_it_lies_there_whole_under_a_name_that_says_what_it_is(
    tmp_path: Path, place: Path, delivery: DirectoryDelivery
) -> None:
    assert await delivery.deliver(parcel(tmp_path)) is None
    file = place / names(place)[0]
    assert file.name == "clinic~monthly~2026-10.zip"
    assert file.read_bytes() == CONTENT
    assert stat.S_IMODE(file.stat().st_mode) == 0o640


async def test_one_that_is_encrypted_is_named_for_it(tmp_path: Path, place: Path, delivery: DirectoryDelivery) -> None:
    assert await delivery.deliver(parcel(tmp_path, suffix=".zip.age")) is None
    assert names(place) == ["clinic~monthly~2026-10.zip.age"]


async def test_who_died_before_saying_so_delivers_it_again_and_changes_nothing(
    tmp_path: Path, place: Path, delivery: DirectoryDelivery
) -> None:
    one = parcel(tmp_path)
    assert await delivery.deliver(one) is None
    before = (place / one.name).stat()
    assert await delivery.deliver(one) is None
    assert (place / one.name).stat().st_ino == before.st_ino
    assert names(place) == [one.name]


@pytest.mark.parametrize("kind", ["file", "link", "directory", "pipe"])
async def test_nothing_is_overwritten(kind: str, tmp_path: Path, place: Path, delivery: DirectoryDelivery) -> None:
    one, target = parcel(tmp_path), tmp_path / "elsewhere"
    target.write_bytes(b"another's")
    there = place / one.name
    match kind:
        case "file":
            there.write_bytes(b"another's")
        case "link":
            there.symlink_to(target)
        case "pipe":
            os.mkfifo(there)
        case _:
            there.mkdir()
    assert await delivery.deliver(one) == "name_taken"
    assert target.read_bytes() == b"another's"
    assert names(place) == [one.name]


async def test_what_a_death_left_behind_is_swept_up_and_nothing_else(
    tmp_path: Path, place: Path, delivery: DirectoryDelivery
) -> None:
    one = parcel(tmp_path)
    (place / f".{one.name}.abc.part").write_bytes(b"half")
    (place / ".clinic~monthly~2026-09.zip.abc.part").write_bytes(b"another's")
    assert await delivery.deliver(one) is None
    assert names(place) == [".clinic~monthly~2026-09.zip.abc.part", one.name]


async def test_a_directory_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    delivery = DirectoryDelivery(tmp_path / "gone", 30)
    assert await delivery.deliver(parcel(tmp_path)) == "directory_missing"
    delivery.close()
    assert not (tmp_path / "gone").exists()


async def test_a_file_that_is_not_what_was_built_is_not_delivered(
    tmp_path: Path, place: Path, delivery: DirectoryDelivery
) -> None:
    assert await delivery.deliver(parcel(tmp_path, digest="0" * 64)) == DAMAGED
    assert names(place) == []


@pytest.mark.parametrize(
    ("call", "number", "code"),
    [
        ("fsync", errno.ENOSPC, "disk_full"),
        ("fsync", errno.EDQUOT, "disk_full"),
        ("fchmod", errno.EIO, "io_error"),
        ("link", errno.EPERM, "no_links"),
        ("link", errno.ENOTSUP, "no_links"),
        ("link", errno.EACCES, "not_permitted"),
    ],
)
async def test_what_fails_leaves_nothing_there(
    call: str,
    number: int,
    code: str,
    tmp_path: Path,
    place: Path,
    delivery: DirectoryDelivery,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    one = parcel(tmp_path)
    monkeypatch.setattr(os, call, fails)
    assert await delivery.deliver(one) == code
    assert names(place) == []


async def test_a_bundle_that_cannot_be_read_says_nothing_of_the_directory(
    tmp_path: Path, delivery: DirectoryDelivery
) -> None:
    one = parcel(tmp_path)
    one.file.unlink()
    assert await delivery.deliver(one) == "io_error"


async def test_what_hung_until_it_was_given_up_puts_nothing_there_when_it_goes_on(
    tmp_path: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    goes_on, real = threading.Event(), os.fsync

    def hangs(descriptor: int) -> None:
        goes_on.wait(30)
        real(descriptor)

    delivery, one = DirectoryDelivery(place, 0.01), parcel(tmp_path)
    monkeypatch.setattr(os, "fsync", hangs)
    # The second waits for a thread that hangs, and is given up before it has begun.
    assert [await delivery.deliver(one) for _ in range(2)] == ["timeout_total"] * 2
    goes_on.set()
    await delivery._worker.run(lambda: None)
    assert names(place) == []
    delivery.close()


async def test_a_directory_whose_sync_fails_has_not_got_it_yet(
    tmp_path: Path, place: Path, delivery: DirectoryDelivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(directory: Path) -> None:
        raise OSError(errno.EIO, "")

    one = parcel(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(directory_delivery, "_synced", fails)
        assert [await delivery.deliver(one) for _ in range(2)] == ["io_error"] * 2, "as long as it is not synced"
    assert await delivery.deliver(one) is None
    assert names(place) == [one.name]


def test_whether_it_takes_files_is_found_out_without_leaving_any(place: Path) -> None:
    assert probe(place) is None
    assert names(place) == []
    assert probe(place / "gone") == "directory_missing"
