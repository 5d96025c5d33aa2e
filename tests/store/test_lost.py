"""That records were lost is remembered apart from the database, until somebody has put it on record."""

from pathlib import Path

import pytest

from gateway.core.errors import ConfigurationError, LedgerUnavailable
from gateway.store.lost import Lost, LostMarks

LEDGER = "tn_1"


def test_the_larger_loss_is_remembered_until_it_is_forgotten(tmp_path: Path) -> None:
    marks = LostMarks(tmp_path)
    assert marks.of(LEDGER) is None
    for size in (5, 9, 7):
        marks.keep(LEDGER, Lost(size=size, hash="a" * 64))
    assert LostMarks(tmp_path).of(LEDGER) == Lost(size=9, hash="a" * 64)
    assert marks.of("tn_2") is None
    assert [path.name for path in tmp_path.iterdir()] == ["lost-tn_1.json"]
    assert (tmp_path / "lost-tn_1.json").stat().st_mode & 0o777 == 0o600
    marks.forget(LEDGER)
    marks.forget(LEDGER)
    assert marks.of(LEDGER) is None


@pytest.mark.parametrize("data", [b"", b"{}", b'{"size": 0, "hash": "x"}', b"[" * 5_000])
def test_a_file_that_is_no_mark_is_not_passed_over(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "lost-tn_1.json").write_bytes(data)
    with pytest.raises(ConfigurationError, match="lost-tn_1"):
        LostMarks(tmp_path).of(LEDGER)


def test_a_directory_that_cannot_be_written_is_our_own_error(tmp_path: Path) -> None:
    with pytest.raises(LedgerUnavailable):
        LostMarks(tmp_path / "none").keep(LEDGER, Lost(size=1, hash="a" * 64))
