"""What admission costs is measured on a whole gateway, and a target that is missed is told."""

from pathlib import Path

import msgspec
import pytest

from benchmarks import admission
from benchmarks.databases import Databases


@pytest.mark.redis
def test_it_measures_a_request_that_is_let_in_and_counts_its_round_trips(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.exchange.shared.FLUSH_S", 3600)
    monkeypatch.setattr(admission, "WARMING", 2)
    monkeypatch.setattr(admission, "RULES", 100)
    report = admission.measure(Databases(None), tmp_path / "site", requests=5, counted=5)
    assert report.round_trips == 1
    assert report.together_us > 0
    assert any("round trips a request" in line for line in admission.lines(report))
    slow = msgspec.structs.replace(report, together_us=61.0, round_trips=2.0)
    assert len(admission.misses(slow)) == 2
    without = msgspec.structs.replace(report, together_us=59.0, round_trips=None)
    assert admission.misses(without) == ["no Redis is installed, so that its round trips were not counted"]
    assert "no Redis" in admission.lines(without)[-1]
