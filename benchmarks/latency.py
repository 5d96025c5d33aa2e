"""How much longer an answer takes through the gateway than straight from the agent, at a fifth of what it can do.

Each round measures what the gateway can do, then lets requests arrive at a fifth of that rate, at the gateway and, as
many, at the agent itself. What is added is the difference between the two: of medians, and of 99th percentiles.
"""

from pathlib import Path
from statistics import median

import msgspec
import uvloop

from benchmarks import pipeline, servers
from benchmarks.arrivals import Arrived, arrive
from benchmarks.databases import Databases
from benchmarks.load import load
from benchmarks.servers import REF, Plan

SHARE = 0.2
CONNECTIONS = 64
P50_TARGET_MS, P99_TARGET_MS = 2.0, 10.0


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """One round on one database."""

    server: str
    capacity: float
    """Requests a second."""
    through: Arrived
    direct: Arrived


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Added milliseconds by database, medians of the rounds, and every sample."""

    p50_ms: dict[str, float]
    p99_ms: dict[str, float]
    samples: list[Sample]
    faults: list[str]


def measure(databases: Databases, directory: Path, *, seconds: float, rounds: int, cores: tuple[int, int]) -> Report:
    """Run it all; `cores` are those of the server and of the load."""
    samples: list[Sample] = []
    faults: list[str] = []
    with servers.run(databases, directory, cores) as run:
        installed = [servers.install(run, kind, Plan(rules=1000, methods=("jwt",))) for kind in databases.kinds]
        for number in range(rounds):
            for server in installed:
                with servers.gateway(run, server) as running:
                    sent, start = server.requests, number * len(server.requests) // 7
                    full = uvloop.run(
                        load(running.port, sent, connections=CONNECTIONS, seconds=seconds / 2, start=start)
                    )
                    rate = max(full.rate * SHARE, 1.0)
                    through = uvloop.run(arrive(running.port, sent, rate=rate, seconds=seconds, start=start))
                direct = uvloop.run(arrive(run.ports[REF], sent, rate=rate, seconds=seconds, start=start))
                loaded = pipeline.Sample(server=server.name, measured=full, rate=full.rate, server_cpu=0.0)
                faults += [*pipeline.faults(loaded), *_faults(server.name, through), *_faults("the agent", direct)]
                samples.append(Sample(server=server.name, capacity=full.rate, through=through, direct=direct))
    return summary(samples, faults)


def _faults(name: str, arrived: Arrived) -> list[str]:
    """Why the times of a load say nothing."""
    if arrived.statuses == {"200": arrived.sent} and not arrived.lost:
        return []
    return [f"{name}: of {arrived.sent} requests {arrived.lost} were lost, the others ended with {arrived.statuses}"]


def summary(samples: list[Sample], faults: list[str]) -> Report:
    """Medians over the rounds of what is added within each."""
    p50: dict[str, list[float]] = {}
    p99: dict[str, list[float]] = {}
    for sample in samples:
        p50.setdefault(sample.server, []).append(sample.through.p50_ms - sample.direct.p50_ms)
        p99.setdefault(sample.server, []).append(sample.through.p99_ms - sample.direct.p99_ms)
    return Report(
        p50_ms={name: round(median(found), 2) for name, found in p50.items()},
        p99_ms={name: round(median(found), 2) for name, found in p99.items()},
        samples=samples,
        faults=faults,
    )


def misses(report: Report) -> list[str]:
    """What is added beyond the targets."""
    return [
        f"{name}: {what} {found[name]:.2f} ms are added, at most {wanted:.0f} are wanted"
        for what, found, wanted in (("p50", report.p50_ms, P50_TARGET_MS), ("p99", report.p99_ms, P99_TARGET_MS))
        for name in found
        if found[name] > wanted
    ]


def lines(report: Report) -> list[str]:
    """The report for people."""
    told = []
    for name in report.p50_ms:
        mine = [sample for sample in report.samples if sample.server == name]
        capacity = median(sample.capacity for sample in mine)
        p50, p99 = (median(getattr(sample.direct, field) for sample in mine) for field in ("p50_ms", "p99_ms"))
        told.append(
            f"{name:12} at {capacity * SHARE:.0f} requests/s, a fifth of {capacity:.0f}: added p50 "
            f"{report.p50_ms[name]:.2f} ms, p99 {report.p99_ms[name]:.2f} ms (direct {p50:.2f} and {p99:.2f})"
        )
    return told
