"""A replay is measured on what a gateway has on record, and a target that is missed is told."""

from pathlib import Path

import msgspec
import pytest

from benchmarks import simulate
from benchmarks.databases import Databases
from tests.services import Postgres


def test_it_measures_a_replay_of_everything_that_it_put_on_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulate, "RULES", 100)
    report = simulate.measure(Databases(None), tmp_path / "site", exchanges=60, rounds=2)
    assert report.exchanges == 60
    assert len(report.rounds) == 2
    assert 10 < report.questions <= 120
    assert report.changed > 0
    assert "60 exchanges" in simulate.lines(report)[0]
    assert simulate.misses(msgspec.structs.replace(report, rounds=[0.001])) == []
    assert len(simulate.misses(msgspec.structs.replace(report, rounds=[0.001, 60.0, 60.0]))) == 1


@pytest.mark.postgres
def test_it_measures_the_same_on_postgresql(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, postgres_server: Postgres
) -> None:
    monkeypatch.setattr(simulate, "RULES", 100)
    report = simulate.measure(Databases(postgres_server), tmp_path / "site", 60, 1, kind="postgresql")
    assert report.exchanges == 60
    assert 10 < report.questions <= 120
    assert report.changed > 0
