"""What is added is told by the median of differences within a round, and only of loads that went well."""

from pathlib import Path

import pytest

from benchmarks import latency
from benchmarks.arrivals import Arrived
from benchmarks.children import split
from benchmarks.databases import Databases


def arrived(p50_ms: float, p99_ms: float) -> Arrived:
    return Arrived(sent=10, statuses={"200": 10}, lost=0, p50_ms=p50_ms, p99_ms=p99_ms)


def sample(p50_ms: float, p99_ms: float, direct: float = 0.5) -> latency.Sample:
    through = arrived(p50_ms, p99_ms)
    return latency.Sample(server="sqlite", capacity=1000.0, through=through, direct=arrived(direct, direct))


def test_added_is_the_median_of_differences() -> None:
    report = latency.summary([sample(1.5, 3.5), sample(2.5, 20.5), sample(9.5, 5.0, 3.5)], [])
    assert report.p50_ms == {"sqlite": 2.0}
    assert report.p99_ms == {"sqlite": 3.0}
    assert latency.misses(report) == []
    assert "a fifth of 1000: added p50 2.00 ms" in latency.lines(report)[0]


def test_what_is_beyond_the_targets_is_told() -> None:
    report = latency.summary([sample(3.5, 11.0)], [])
    assert [miss.split(":")[1].split()[0] for miss in latency.misses(report)] == ["p50", "p99"]


@pytest.mark.instrument
def test_a_short_run_loads_gateway_and_agent_alike(tmp_path: Path) -> None:
    report = latency.measure(Databases(None), tmp_path, seconds=0.4, rounds=1, cores=split())
    # Where the machine is busy so short a load may end before its first answer.
    assert all("nothing was answered" in fault for fault in report.faults)
    (found,) = report.samples
    assert found.through.sent == found.direct.sent > 0
    assert found.capacity >= 0
