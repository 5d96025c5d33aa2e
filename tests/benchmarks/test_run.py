"""`make bench`: what is asked for is measured, told, written, and judged."""

import json
from pathlib import Path

import pytest

from benchmarks import halves, run, verify, year
from benchmarks.databases import Databases


def asked(tmp_path: Path, *only: str) -> run.Asked:
    return run.Asked(only=only, seconds=0.1, rounds=1, records=10_000, json=tmp_path / "figures.json")


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    measure = verify.measure
    monkeypatch.setattr(verify, "measure", lambda: measure(100, 1))
    both = halves.measure
    monkeypatch.setattr(halves, "measure", lambda directory: both(directory, 20, 1))


@pytest.mark.usefixtures("quick")
def test_figures_are_told_and_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verify, "TARGET", 1)
    monkeypatch.setattr(halves, "TARGETS", {"memory": 1, "database": 1})
    assert run.report(asked(tmp_path, "verify"), Databases(None), tmp_path) == 0
    said = capsys.readouterr().out
    assert "records a second" in said
    assert "every target is met" in said
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert figures["verify"]["records"] == 100
    assert figures["machine"]["python"]
    assert figures["misses"] == []


@pytest.mark.usefixtures("quick")
def test_a_target_that_is_missed_makes_it_fail(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verify, "TARGET", 10**12)
    assert run.report(asked(tmp_path, "verify"), Databases(None), tmp_path) == 1
    assert "are wanted" in capsys.readouterr().out


def test_a_report_that_is_not_what_the_truth_says_makes_it_fail(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = year.Compared(exchanges=7, records=9, reports=31, faults=["flows.sent"])
    monkeypatch.setattr(year, "compare", lambda exchanges: found)
    assert run.report(asked(tmp_path, "year"), Databases(None), tmp_path) == 1
    said = capsys.readouterr().out
    assert "7 exchanges, 9 records, 31 reports: 1 differ" in said
    assert "year: flows.sent" in said


@pytest.mark.parametrize(
    ("server", "told"), [(None, ["append: not measured on PostgreSQL"]), ("15.1", [])], ids=["missing", "there"]
)
def test_a_postgresql_that_is_missing_is_a_target_missed(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    server: str | None,
    told: list[str],
) -> None:
    monkeypatch.setattr(run, "_append", lambda asked, found: run.Part(figures=None, lines=[], misses=[]))
    found = Databases(None)
    found.version = server
    assert run.report(asked(tmp_path, "append"), found, tmp_path) == (1 if told else 0)
    misses = json.loads((tmp_path / "figures.json").read_text())["misses"]
    assert [one[: len("append: not measured on PostgreSQL")] for one in misses] == told
    assert ("GATEWAY_TEST_POSTGRES_URL" in capsys.readouterr().out) is bool(told)


def test_every_part_that_is_measured_on_each_database_there_is_needs_both() -> None:
    """The others are measured on one, or on none."""
    alone = {"verify", "evidence", "admission", "decisions", "simulate", "classify", "year"}
    assert frozenset(run.PARTS) - alone == run.ON_BOTH


def test_arguments_have_bounds() -> None:
    assert run.parse(["--only", "verify", "--seconds", "2"]).only == ("verify",)
    assert run.parse([]).only == run.PARTS
    for wrong in (["--seconds", "0"], ["--rounds", "0"], ["--only", "nothing"]):
        with pytest.raises(SystemExit):
            run.parse(wrong)
