"""A generated year in a database: each report that the command makes of it is what the truth says."""

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

import pytest

from benchmarks import year_database
from benchmarks.databases import Databases
from benchmarks.year_database import Differences, Written, compare, here, write
from benchmarks.year_persons import ASKED, FEW, MANY, NOBODY
from benchmarks.year_site import RANGE
from gateway.evidence.reports.kinds import KINDS

EXCHANGES = 2_000
LEFT_OUT = frozenset({MANY, FEW, ASKED, NOBODY, "eu-ai-act", "gdpr", "pci-dss", "soc2"})
"""Persons and frameworks of which a run by hand asks, too."""


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    return write(tmp_path_factory.mktemp("year") / "site", EXCHANGES)


def test_every_report_by_the_command_equals_the_ground_truth(written: Written) -> None:
    first, last = written.year.truth.first, written.year.truth.last
    assert [(one.first, one.end) for one in written.archives] == [(0, RANGE), (RANGE, 2 * RANGE)]
    assert RANGE <= first - len(written.year.before) < first < 2 * RANGE <= last  # archives before it, and of it
    asked: list[str] = []

    def run(arguments: Sequence[str]) -> tuple[int, str]:
        asked.append(arguments[2])
        return here(arguments)

    found = compare(written, run, without=LEFT_OUT)
    assert found.faults == []
    assert set(asked) == set(KINDS)
    assert found.reports == len(asked)


def test_a_report_that_is_another_differs_and_one_that_is_refused_too(
    written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(year_database, "STANDING", frozenset())
    only = {"transfers": "--to", "dpia": "--tenant"}

    def run(arguments: Sequence[str]) -> tuple[int, str]:
        kind, changed = arguments[2], list(arguments)
        if kind == "transfers":
            changed[changed.index(only[kind]) + 1] = "2025-12-31T00:00:00Z"
        elif kind == "dpia":
            changed[changed.index(only[kind]) + 1] = "nobody"
        else:
            return 1, "not asked here"
        return here(changed)

    found = compare(written, run, without=LEFT_OUT).faults
    assert any(fault.startswith("report transfers: Transfer log: until: ") for fault in found)
    assert any(fault.startswith("report transfers: Transfer log: coverage: ") for fault in found)
    assert any(fault.startswith("report dpia: exit code 2: ") for fault in found)


def test_the_command_ends_with_1_and_names_what_differs(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def compared(written: Path, run: object) -> Differences:
        return Differences(7, 8, 9, [f"report breach: {written.name}"] if written.name != "sqlite" else [])

    monkeypatch.setattr(year_database, "_on", lambda kind, exchanges, found, directory, seed: directory)
    monkeypatch.setattr(year_database, "compare", compared)
    one = year_database.measure(60, Databases(None), Path("x"))
    assert one.lines() == [
        "7 records of the year in a database, 8 in archives, 9 reports: every block equals the truth"
    ]
    monkeypatch.setattr(Databases, "kinds", property(lambda self: ("sqlite", "other")))
    assert year_database.measure(60, Databases(None), Path("x")) == (14, 16, 18, ["other: report breach: other"])
    monkeypatch.setattr(year_database, "databases", lambda: nullcontext(Databases(None)))
    assert year_database.main(["--exchanges", "60"]) == 1
    assert "differs: other: report breach: other\n" in capsys.readouterr().out
