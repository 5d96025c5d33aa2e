"""Two halves of a ledger are verified and put together, or there is no figure."""

from pathlib import Path

import msgspec
import pytest

from benchmarks import halves
from benchmarks.children import Unmeasured
from benchmarks.halves import Report
from benchmarks.verify import ledger
from gateway.core.errors import VerificationError


def test_halves_are_verified_from_memory_and_from_a_database(tmp_path: Path) -> None:
    report = halves.measure(tmp_path, 60, 1)
    assert report.records == 60
    assert set(report.per_s) == set(halves.TARGETS)
    assert all(per_s > 0 for per_s in report.per_s.values())
    assert halves._memory == []


def test_halves_that_do_not_hold_are_no_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    records, checkpoint = ledger(20)
    other = msgspec.structs.replace(checkpoint, root=bytes(32))
    monkeypatch.setattr(halves, "_memory", records)
    assert halves._verified(halves.from_memory, checkpoint) > 0
    with pytest.raises(Unmeasured, match="another root"):
        halves._verified(halves.from_memory, other)
    records[10:] = ledger(20)[0][10:]
    with pytest.raises(Unmeasured, match="not linked"):
        halves._verified(halves.from_memory, checkpoint)
    records[5] = records[4]
    with pytest.raises(VerificationError):
        halves.from_memory(0, 10)


def test_what_is_too_slow_is_missed() -> None:
    assert halves.misses(Report(9, dict(halves.TARGETS))) == []
    slow = Report(9, {name: per_s - 1 for name, per_s in halves.TARGETS.items()})
    assert [miss.split(":")[0] for miss in halves.misses(slow)] == [
        "two processes, from memory",
        "two processes, from database",
    ]
    assert "299,999" in halves.lines(slow)[0]
