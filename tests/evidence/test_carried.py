"""What a bundle takes along of emergency ledgers: only what is on record, and nothing that is not at hand."""

from pathlib import Path

import pytest

from gateway.core.errors import VerificationError
from gateway.evidence.selection import Selection
from gateway.evidence.verify import verify

from .apart import FILES, FIRST, Files, main_ledger
from .making import POLICIES, VKEY, bundle

KEYS = {"em_1": 2}


def test_a_file_that_is_another_fails_the_bundle(tmp_path: Path) -> None:
    files = Files(tmp_path, {"em_1": FILES["em_2"]}, KEYS)
    with pytest.raises(VerificationError, match="emergency em_1: its file is not the one on record"):
        bundle(main_ledger(), tmp_path / "bundle.zip", Selection(first=FIRST), emergencies=files)


def test_a_file_that_goes_away_or_cannot_be_read_is_told_apart(tmp_path: Path) -> None:
    files = Files(tmp_path, FILES, KEYS)
    (tmp_path / "em_1.archive").unlink()
    bundle(main_ledger(), tmp_path / "bundle.zip", emergencies=files)
    assert [one["held"] for one in verify(tmp_path / "bundle.zip", VKEY).emergencies] == [False, True, True]
    (tmp_path / "em_1.archive").mkdir()
    with pytest.raises(VerificationError, match="emergency em_1: its file cannot be read"):
        bundle(main_ledger(), tmp_path / "other.zip", emergencies=files)


def test_a_key_that_is_not_found_or_not_from_before_is_left_out(tmp_path: Path) -> None:
    for keys in ({}, {"em_1": FIRST}, {"em_1": 99}):
        files = Files(tmp_path, FILES, keys)
        bundle(main_ledger(), tmp_path / "bundle.zip", Selection(first=FIRST), emergencies=files)
        assert [one["key"] for one in verify(tmp_path / "bundle.zip", VKEY).emergencies] == ["unseen", "range", "range"]


def test_a_record_that_names_no_such_key_fails_the_bundle(tmp_path: Path) -> None:
    files = Files(tmp_path, FILES, {"em_1": 1})
    with pytest.raises(VerificationError, match="its key is not the one that was on record before"):
        bundle(main_ledger(), tmp_path / "bundle.zip", Selection(first=FIRST), emergencies=files)


def test_a_whole_ledger_needs_no_proof_of_a_key(tmp_path: Path) -> None:
    bundle(main_ledger(), tmp_path / "bundle.zip", emergencies=Files(tmp_path, FILES, {}))
    found = verify(tmp_path / "bundle.zip", VKEY)
    assert [(one["held"], one["key"]) for one in found.emergencies] == [(True, "range")] * 3
    assert set(found.policies) <= set(POLICIES)
