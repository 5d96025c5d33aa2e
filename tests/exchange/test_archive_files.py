"""Files of archives come to be whole or not at all, and none takes another's place."""

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.core.errors import ConfigurationError, LedgerUnavailable, VerificationError
from gateway.exchange import archive_files
from gateway.exchange.archive_files import Draft, drafted, left, on_disk, sweep, verified
from tests.store.archive_kit import SIGNER


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a" / "b" / "one.archive"


def _lying(path: Path) -> list[str]:
    return sorted(one.name for one in path.parent.iterdir())


def test_a_file_is_its_owners_alone_and_gets_its_name_when_it_is_whole(path: Path) -> None:
    draft = drafted(path)
    draft.file.write(b"whole")
    draft.sync()
    assert (draft.own.stat().st_mode & 0o777, draft.own.read_bytes()) == (0o600, b"whole")
    assert not draft.stands()
    assert draft.name()
    assert draft.stands()
    draft.close()
    assert (_lying(path), path.read_bytes()) == (["one.archive"], b"whole")
    with pytest.raises(VerificationError, match="no archive"):
        verified(path, SIGNER.verifier)


def test_two_tries_share_no_file_and_the_second_takes_no_name_from_the_first(path: Path) -> None:
    one, two = drafted(path), drafted(path)
    for draft, content in ((one, b"one"), (two, b"two, later")):
        draft.file.write(content)
        draft.sync()
    assert one.name()
    assert not two.name()
    two.file.write(b" and more")
    two.sync()
    assert path.read_bytes() == b"one"
    two.take_back()  # it is not the one that lies there
    two.close()
    one.close()
    assert (_lying(path), path.read_bytes()) == (["one.archive"], b"one")


def test_what_is_not_on_record_is_taken_back_from_under_its_name(path: Path) -> None:
    draft = drafted(path)
    assert draft.name()
    draft.take_back()
    assert not draft.stands()
    draft.close()
    assert _lying(path) == []


def test_a_file_that_is_held_is_nobody_elses_until_it_is_closed(path: Path) -> None:
    assert left(path) is None
    draft = drafted(path)
    assert left(draft.own) is None
    assert draft.name()
    assert left(path) is None
    sweep(path.parent)
    draft.close()
    found = left(path)
    assert found is not None
    assert left(path) is None, "whoever looks at it holds it"
    aside = found.put_aside()
    found.close()
    assert _lying(path) == [aside.name]
    aside.rename(path)
    found = left(path)
    assert found is not None
    found.remove()
    found.close()
    assert _lying(path) == []


def test_half_files_that_nobody_holds_are_swept_away(path: Path) -> None:
    died, alive = drafted(path), drafted(path)
    died.file.close()
    (path.parent / "one.new").touch()
    path.touch()
    sweep(path.parent)
    assert _lying(path) == [alive.own.name, "one.archive"]
    alive.close()
    assert _lying(path) == ["one.archive"]
    sweep(path.parent / "none")


def test_a_file_that_was_swept_away_before_it_was_locked_is_made_again(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked, made = archive_files._locked, list[int]()

    def late(descriptor: int) -> bool:
        made.append(descriptor)
        if len(made) == 1:
            (own,) = path.parent.iterdir()
            own.unlink()
        return locked(descriptor)

    monkeypatch.setattr(archive_files, "_locked", late)
    draft = drafted(path)
    assert (len(made), draft.own.exists(), draft.name()) == (2, True, True)
    draft.close()
    monkeypatch.setattr(archive_files, "_locked", lambda _: False)
    with pytest.raises(ConfigurationError, match=r"archive\.directory"):
        drafted(path.with_name("two.archive"))


def test_a_link_that_was_made_and_told_as_there_already_is_known_by_its_file(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = os.link

    def twice(*given: Any) -> None:
        link(*given)
        raise FileExistsError

    monkeypatch.setattr(os, "link", twice)
    draft = drafted(path)
    assert draft.name()
    draft.close()
    assert _lying(path) == ["one.archive"]


@pytest.fixture
def unlockable(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def refused(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    with monkeypatch.context() as patched:
        patched.setattr(fcntl, "flock", refused)
        yield


@pytest.mark.usefixtures("unlockable")
def test_a_place_without_locks_is_refused_and_nothing_is_left_there(path: Path) -> None:
    with pytest.raises(ConfigurationError, match="where files can be locked"):
        drafted(path)
    assert _lying(path) == []


def test_a_place_that_cannot_be_written_is_named_by_its_setting(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match=r"emergency\.files"):
        drafted(tmp_path / "file" / "one.archive", "emergency.files")
    with pytest.raises(LedgerUnavailable, match=r"emergency\.files: No space"), on_disk("emergency.files"):
        raise OSError(28, "No space left on device")


def test_what_cannot_be_let_go_of_is_left_to_the_next_sweep(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    draft = drafted(path)

    def failing(*_: object, **__: object) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", failing)
        Draft.close(draft)
    assert _lying(path) == [draft.own.name]
    sweep(path.parent)
    assert _lying(path) == []
