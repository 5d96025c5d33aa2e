"""Marks beside the keys: the larger stays, nothing half written is taken for one, and what cannot be kept is told."""

import os
from pathlib import Path

import pytest

from gateway.core.errors import ConfigurationError, FormatError, LedgerUnavailable
from gateway.store.marks import Marks

LEDGER = "tn_1"


class Numbers(Marks[int]):
    prefix, suffix = "number-", ".txt"
    holds = "a number"
    unkept = "the number could not be kept"

    @staticmethod
    def _size(mark: int) -> int:
        return mark

    @staticmethod
    def _encode(mark: int) -> bytes:
        return str(mark).encode()

    @staticmethod
    def _decode(data: bytes) -> int:
        if not data.isdigit():
            raise FormatError("no number")
        return int(data)


def test_the_larger_stays_for_each_ledger_until_it_is_forgotten(tmp_path: Path) -> None:
    marks = Numbers(tmp_path)
    for number in (5, 9, 7):
        marks.keep(LEDGER, number)
    assert (Numbers(tmp_path).of(LEDGER), marks.of("tn_2")) == (9, None)
    file = tmp_path / "number-tn_1.txt"
    assert [*tmp_path.iterdir()] == [file]
    assert file.stat().st_mode & 0o777 == 0o600
    marks.forget(LEDGER)
    marks.forget(LEDGER)
    assert marks.of(LEDGER) is None


def test_a_file_that_is_no_mark_is_named_and_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "number-tn_1.txt").write_bytes(b"secret words")
    with pytest.raises(ConfigurationError, match=r"number-tn_1\.txt does not hold a number") as caught:
        Numbers(tmp_path).keep(LEDGER, 3)
    assert "secret" not in str(caught.value)
    assert (tmp_path / "number-tn_1.txt").read_bytes() == b"secret words"


def test_what_cannot_be_kept_is_told_and_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    marks = Numbers(tmp_path)
    marks.keep(LEDGER, 1)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "rename", full)
    with pytest.raises(LedgerUnavailable, match="the number could not be kept"):
        marks.keep(LEDGER, 2)
    assert (marks.of(LEDGER), len([*tmp_path.iterdir()])) == (1, 1)
    with pytest.raises(LedgerUnavailable):
        Numbers(tmp_path / "none").keep(LEDGER, 1)
