"""A builder's files: durable with their name in the row, of one owner, and noise to who has no key."""

import os
from pathlib import Path

import pytest

from gateway.evidence import walking
from gateway.evidence.bundle import build
from gateway.evidence.kept import Kept
from gateway.evidence.piece import NotAsKept
from gateway.evidence.selection import Selection
from gateway.exchange import bundle_work as module
from gateway.exchange.bundle_work import GivenUp, Keys, Mark, Work, left, parse_mark
from tests.evidence.making import POLICIES, T0, ledger

MADE = ledger(20)
KEYS = Keys(b"k" * 32, "tn_1", "ev_1")


class Row:
    """What the row says is kept."""

    def __init__(self, *, ours: bool = True) -> None:
        self.marks: list[str] = []
        self.ours = ours

    async def __call__(self, mark: str) -> bool:
        self.marks.append(mark)
        return self.ours


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walking, "CHUNK", 4)
    monkeypatch.setattr(walking, "SEGMENT", 8)


def names(place: Path) -> set[str]:
    return {path.name for path in place.iterdir()}


def modes(place: Path) -> set[int]:
    """Of a directory and its files."""
    return {path.stat().st_mode & 0o777 for path in (place, *place.iterdir())}


async def written(place: Path, row: Row, kept: Kept | None = None, *, encrypted: bool = False) -> Path:
    with Work(place, KEYS, row, encrypted=encrypted, kept=kept) as work:
        await build(
            MADE, Selection(), signer=MADE.signer, policies=POLICIES, created_us=T0, write=work.file, keeper=work
        )
        return work.finish()


@pytest.mark.parametrize("encrypted", [False, True])
async def test_what_is_kept_is_there_for_who_has_the_key_and_the_row(tmp_path: Path, *, encrypted: bool) -> None:
    place, row = tmp_path / "tn_1" / ".ev_1.work", Row()
    first = await written(place, row, encrypted=encrypted)
    assert [mark.split(":")[0].split(".")[1] for mark in row.marks] == ["1", "2", "3", "4"]
    mark = parse_mark(row.marks[-1])
    assert str(mark) == row.marks[-1]
    there = {f"{mark.work}.bundle", f"{mark.work}.spool", mark.file}
    assert names(place) == there, "a state goes when the next is there"
    assert modes(place) == {0o700, 0o600}
    kept = left(place, KEYS, mark, encrypted=encrypted)
    with kept.container, kept.spool:
        assert kept.state.passed.size == 20
        assert kept.spool.read().count(b"\n") == kept.state.opened
        heir = await written(place, row, kept, encrypted=encrypted)
    assert heir != first
    assert encrypted or heir.read_bytes() == first.read_bytes()
    assert b"user-1@example.org" not in b"".join(path.read_bytes() for path in place.glob("*.sp*"))


def test_each_file_has_a_key_of_its_own_and_each_bundle_others() -> None:
    keys = {
        KEYS.of("a"),
        KEYS.of("b"),
        Keys(b"k" * 32, "tn_1", "ev_2").of("a"),
        Keys(b"k" * 32, "tn_1e", "v_1").of("a"),
    }
    assert len(keys) == 4
    assert KEYS.of("a") == Keys(b"k" * 32, "tn_1", "ev_1").of("a")


def test_who_keeps_nothing_leaves_nothing(tmp_path: Path) -> None:
    with Work(tmp_path, KEYS, Row(), encrypted=True) as work:
        work.sealed().write(b"half")
        assert len(names(tmp_path)) == 3
    assert names(tmp_path) == set()


async def test_where_the_row_is_anothers_its_files_are_left_alone(tmp_path: Path) -> None:
    row = Row()
    await written(tmp_path, row)
    theirs = names(tmp_path)
    with pytest.raises(GivenUp):
        await written(tmp_path, Row(ours=False))
    assert theirs < names(tmp_path)
    kept = left(tmp_path, KEYS, parse_mark(row.marks[-1]), encrypted=False)
    kept.container.close()
    kept.spool.close()


async def test_a_disk_that_is_full_ends_it_before_the_row_says_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(handle: int) -> None:
        raise OSError(28, "no space")

    monkeypatch.setattr(os, "fsync", full)
    row = Row()
    with pytest.raises(OSError, match="no space"):
        await written(tmp_path, row)
    assert row.marks == []


@pytest.mark.parametrize("text", ["", "bw_1.1:ab", f"bw_{'0' * 26}.0:{'a' * 64}", f"../bw_{'0' * 26}.1:{'a' * 64}"])
def test_a_row_that_names_no_state_is_refused(text: str) -> None:
    with pytest.raises(NotAsKept):
        parse_mark(text)


async def test_a_state_is_opened_only_where_it_was_sealed_and_up_to_a_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = Row()
    await written(tmp_path, row)
    mark = parse_mark(row.marks[-1])
    with pytest.raises(NotAsKept, match="does not open"):
        left(tmp_path, Keys(b"k" * 32, "tn_1", "ev_2"), mark, encrypted=False)
    moved = Mark(f"bw_{'0' * 26}", 1, mark.digest)
    (tmp_path / moved.file).write_bytes((tmp_path / mark.file).read_bytes())
    with pytest.raises(NotAsKept, match="does not open"):
        left(tmp_path, KEYS, moved, encrypted=False)
    monkeypatch.setattr(module, "MAX_STATE", 100)
    with pytest.raises(NotAsKept, match="not what the row says"):
        left(tmp_path, KEYS, mark, encrypted=False)
