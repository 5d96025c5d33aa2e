"""The pipeline's figures are medians of ratios within a round, and count only if every request was answered."""

from pathlib import Path

import msgspec
import pytest

from benchmarks import pipeline
from benchmarks.children import split
from benchmarks.databases import Databases
from benchmarks.load import Measured
from benchmarks.trail import Trail

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


@pytest.mark.parametrize("name", ["pipeline", "full", "streaming"])
def test_a_short_run_finds_every_intent_of_what_reached_the_agent(tmp_path: Path, name: str) -> None:
    trial = msgspec.structs.replace(pipeline.TRIALS[name], connections=(16,), agent=())
    report = pipeline.measure(Databases(None), tmp_path, trial, seconds=0.2, rounds=1, cores=split())
    trail = report.trails["sqlite"]
    assert trail.reached_agent == trail.intents == trail.ended > 0
    # So short a run need not meet every pair of role and class, nor end a request in time where the machine is busy.
    short = ("pairs", "findings", "nothing was answered")
    assert all(any(word in fault for word in short) for fault in report.faults)
    assert set(report.rates["sqlite"]) == {"16"}
