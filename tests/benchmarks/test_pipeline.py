"""The pipeline's figures are medians of ratios within a round, and count only if every request was answered."""

from pathlib import Path

import msgspec
import pytest

from benchmarks import pipeline
from benchmarks.children import split
from benchmarks.databases import Databases
from benchmarks.load import Measured
from benchmarks.servers import REF
from benchmarks.trail import Trail
from tests.services import Postgres

GOOD = Trail(reached_agent=10, intents=10, ended=10, with_findings=0.33, pairs=50)


def sample(server: str, rate: float, **changes: object) -> pipeline.Sample:
    measured = Measured(
        connections=16,
        seconds=1.0,
        completed=int(rate),
        statuses={"200": int(rate)},
        broken=0,
        p50_ms=1.0,
        p99_ms=2.0,
        whole=rate,
        first_p50_ms=0.5,
        generator_cpu=0.1,
    )
    measured = msgspec.structs.replace(measured, **changes)
    return pipeline.Sample(server=server, measured=measured, rate=rate, server_cpu=0.9)


def test_ratios_are_taken_within_a_round_and_their_median_is_told() -> None:
    rounds = [(1000, 200), (500, 150), (100, 10)]
    samples = [[sample("ref", reference), sample("sqlite", rate)] for reference, rate in rounds]
    report = pipeline.summary("requests", samples, {"sqlite": GOOD}, [])
    assert report.ratios == {"sqlite": {"16": 0.2}}
    assert report.rates == {"ref": {"16": 500.0}, "sqlite": {"16": 150.0}}
    told = "\n".join(pipeline.lines(report))
    assert "requests/s" in told
    assert "0.200" in told
    assert "6000.0" in told  # 0.9 of a core over 150 a second, in microseconds
    assert "10 intents" in told
    assert pipeline.misses(report, {"sqlite": 0.2}) == []
    assert "0.200 of the pass-through, 0.25 is wanted" in pipeline.misses(report, {"sqlite": 0.25})[0]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"statuses": {"200": 5, "503": 1}}, "other than 200"),
        ({"broken": 2}, "2 connections broke"),
        ({"completed": 0}, "nothing was answered"),
    ],
)
def test_figures_do_not_count_when_a_load_went_wrong(change: dict[str, object], said: str) -> None:
    assert pipeline.faults(sample("sqlite", 10)) == []
    assert any(said in fault for fault in pipeline.faults(sample("sqlite", 10, **change)))


@pytest.fixture
def both(request: pytest.FixtureRequest) -> Databases:
    """SQLite, and PostgreSQL where there is one."""
    try:
        server: Postgres | None = request.getfixturevalue("postgres_server")
    except pytest.skip.Exception:
        server = None
    return Databases(server)


def _run_shortly(name: str, databases: Databases, directory: Path) -> None:
    trial = msgspec.structs.replace(pipeline.TRIALS[name], connections=(16,), agent=())
    report = pipeline.measure(databases, directory, trial, seconds=0.2, rounds=1, cores=split())
    assert set(report.trails) == set(report.rates) - {REF} == set(databases.kinds)
    for trail in report.trails.values():
        assert trail.reached_agent == trail.intents == trail.ended > 0
    # So short a run need not meet every pair of role and class, nor end a request in time where the machine is busy.
    short = ("pairs", "findings", "nothing was answered")
    assert all(any(word in fault for word in short) for fault in report.faults)
    assert all(set(rates) == {"16"} for rates in report.rates.values())


def test_a_short_run_finds_every_intent_of_what_reached_the_agent(tmp_path: Path, both: Databases) -> None:
    _run_shortly("pipeline", both, tmp_path)


@pytest.mark.instrument
@pytest.mark.parametrize("name", ["full", "streaming"])
def test_so_does_one_of_each_other_trial(tmp_path: Path, both: Databases, name: str) -> None:
    _run_shortly(name, both, tmp_path)
