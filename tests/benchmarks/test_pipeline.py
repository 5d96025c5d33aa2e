"""The pipeline's figures are medians of ratios within a round, and count only if everything is on record."""

from pathlib import Path

import msgspec
import pytest

from benchmarks import pipeline
from benchmarks.children import split
from benchmarks.databases import Databases
from benchmarks.load import Measured

GOOD = pipeline.Trail(reached_agent=10, intents=10, ended=10, with_findings=0.33, pairs=50)


def sample(server: str, rate: float, **changes: object) -> pipeline.Sample:
    measured = Measured(
        connections=16,
        seconds=1.0,
        completed=int(rate),
        statuses={"200": int(rate)},
        broken=0,
        p50_ms=1.0,
        p99_ms=2.0,
        generator_cpu=0.1,
    )
    return pipeline.Sample(server=server, measured=msgspec.structs.replace(measured, **changes), server_cpu=0.9)


def test_ratios_are_taken_within_a_round_and_their_median_is_told() -> None:
    rounds = [(1000, 200), (500, 150), (100, 10)]
    samples = [[sample("ref", reference), sample("sqlite", rate)] for reference, rate in rounds]
    report = pipeline.summary(samples, {"sqlite": GOOD}, [])
    assert report.ratios == {"sqlite": {"16": 0.2}}
    assert report.rates == {"ref": {"16": 500.0}, "sqlite": {"16": 150.0}}
    told = "\n".join(pipeline.lines(report))
    assert "0.200" in told
    assert "10 intents" in told


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"intents": 9, "ended": 9}, "10 requests reached the agent, 9 intents"),
        ({"ended": 9}, "10 exchanges were opened, 9 ended"),
        ({"with_findings": 0.1}, "findings in 10%"),
        ({"pairs": 49}, "49 pairs"),
    ],
)
def test_figures_do_not_count_when_the_record_falls_short(change: dict[str, object], said: str) -> None:
    assert pipeline.missing("sqlite", GOOD) == []
    assert any(said in fault for fault in pipeline.missing("sqlite", msgspec.structs.replace(GOOD, **change)))


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


def test_a_short_run_finds_every_intent_of_what_reached_the_agent(tmp_path: Path) -> None:
    report = pipeline.measure(Databases(None), tmp_path, seconds=0.2, rounds=1, cores=split())
    trail = report.trails["sqlite"]
    assert trail.reached_agent == trail.intents == trail.ended > 0
    # So short a run need not meet every pair of role and class.
    assert all("pairs" in fault or "findings" in fault for fault in report.faults)
    assert set(report.ratios["sqlite"]) == {"16", "64"}
