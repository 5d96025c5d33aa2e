"""Decisions are measured asked anew, from memory and by casbin alone, and a target that is missed is told."""

from pathlib import Path

import msgspec
import pytest

from benchmarks import decisions


def test_the_same_questions_are_asked_cold_warm_and_plainly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decisions, "RULES", 100)
    report = decisions.measure(tmp_path / "site", questions=20, plain=1)
    assert (report.rules, report.questions) == (100, 20)
    assert min(report.warm_us, report.cold_us, report.plain_us) > 0
    assert "100 rules" in decisions.lines(report)[0]
    reached = msgspec.structs.replace(report, warm_us=5.0, cold_us=300.0)
    assert decisions.misses(reached) == []
    slow = msgspec.structs.replace(report, warm_us=5.1, cold_us=300.1)
    assert [miss.partition(":")[0] for miss in decisions.misses(slow)] == ["warm", "cold"]
