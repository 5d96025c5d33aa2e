from pathlib import Path

import pytest

from gateway.agents.watched import LOOK_S, Watched
from tests.conftest import ManualClock


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "file"
    made.write_bytes(b"1")
    return made


def test_what_stays_is_read_once(file: Path, clock: ManualClock) -> None:
    watched = Watched([file], clock.monotonic_ns)
    for _ in range(3):
        clock.advance(LOOK_S)
        assert (watched.due(), watched.written) == (False, False)


def test_between_two_looks_nothing_is_seen(file: Path, clock: ManualClock) -> None:
    watched = Watched([file], clock.monotonic_ns)
    file.write_bytes(b"22")
    clock.advance(LOOK_S - 1)
    assert not watched.due()
    clock.advance(1)
    assert watched.due()


@pytest.mark.parametrize("change", ["written", "replaced", "gone"])
def test_a_change_is_due_until_it_is_taken_and_new_once(file: Path, clock: ManualClock, change: str) -> None:
    watched = Watched([str(file)], clock.monotonic_ns)
    if change == "written":
        file.write_bytes(b"22")
    else:
        file.rename(file.with_name("old"))
        if change == "replaced":
            file.write_bytes(b"1")
    told = []
    for _ in range(3):
        clock.advance(LOOK_S)
        told.append((watched.due(), watched.written))
    assert told == [(True, True), (True, False), (True, False)]
    watched.taken()
    clock.advance(LOOK_S)
    assert not watched.due()


def test_what_is_written_after_it_was_taken_is_due_again(file: Path, clock: ManualClock) -> None:
    watched = Watched([file], clock.monotonic_ns)
    for content in (b"22", b"333"):
        file.write_bytes(content)
        clock.advance(LOOK_S)
        assert (watched.due(), watched.written) == (True, True)
        watched.taken()


def test_no_files_are_never_due(clock: ManualClock) -> None:
    watched = Watched([], clock.monotonic_ns)
    clock.advance(LOOK_S)
    assert not watched.due()
