"""Whole requests through the gateway, plain and streamed, records durable, beside REF in the same run.

Each round starts REF and the gateways anew, so that empty caches, first tokens and cold decisions are part of it, and
loads them one after the other with the same requests. What counts is the ratio within a round; its median is told.
The gateway or REF has one core to itself, the load, the agent and PostgreSQL share another.
"""

from collections.abc import Mapping
from pathlib import Path
from statistics import median

import msgspec
import uvloop

from benchmarks import servers, trail
from benchmarks.children import cpu_seconds
from benchmarks.databases import Databases
from benchmarks.deltas import DELTAS, END
from benchmarks.load import Measured, load
from benchmarks.servers import REF, Plan, Running
from benchmarks.trail import Trail


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """What is measured, and what is wanted of it: by database, the share of REF's rate."""

    plan: Plan
    targets: Mapping[str, float]
    connections: tuple[int, ...] = (16, 64)
    agent: tuple[str, ...] = ()
    """The agent's options."""
    unit: str = "requests"
    each: int = 1
    """Units of one answer."""
    ends: bytes = b""
    """How the body of a whole answer ends."""


TRIALS = {
    # A hundred rules, keys and tokens in turn.
    "pipeline": Trial(plan=Plan(), targets={"sqlite": 0.15, "postgresql": 0.15}),
    "full": Trial(plan=Plan(rules=1000, methods=("jwt",)), targets={"sqlite": 0.20, "postgresql": 0.25}),
    "streaming": Trial(
        plan=Plan(rules=1000, methods=("jwt",), stream=True),
        targets={"sqlite": 0.5, "postgresql": 0.5},
        connections=(64,),
        agent=("--pace", "0.001"),
        unit="deltas",
        each=DELTAS,
        ends=END,
    ),
}


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """One load of one server."""

    server: str
    measured: Measured
    rate: float
    """Units a second."""
    server_cpu: float
    """Share of the time that the server kept its core busy."""

    @property
    def cost_us(self) -> float:
        """Microseconds of the server's processor time for one unit."""
        return self.server_cpu / self.rate * 1e6 if self.rate else 0.0


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Rates and ratios by server and connections: medians, and every sample they come from."""

    unit: str
    rates: dict[str, dict[str, float]]
    ratios: dict[str, dict[str, float]]
    trails: dict[str, Trail]
    samples: list[Sample]
    faults: list[str]
    """Why the figures do not count; empty when they do."""


def measure(
    databases: Databases, directory: Path, trial: Trial, *, seconds: float, rounds: int, cores: tuple[int, int]
) -> Report:
    """Run it all; `cores` are those of the server and of the load. `Unmeasured` when a process does not start."""
    samples: list[list[Sample]] = []
    with servers.run(databases, directory, cores, *trial.agent) as run:
        installed = [servers.install(run, kind, trial.plan) for kind in databases.kinds]
        for number in range(rounds):
            group = []
            with servers.ref(run) as running:
                group += loaded(running, trial, installed[0].requests, seconds, number)
            for server in installed:
                with servers.gateway(run, server) as running:
                    group += loaded(running, trial, server.requests, seconds, number)
            samples.append(group)
        trails = {server.name: trail.read(server) for server in installed}
    found = [fault for group in samples for sample in group for fault in faults(sample)]
    found += [fault for name, one in trails.items() for fault in trail.missing(name, one)]
    return summary(trial.unit, samples, trails, found)


def loaded(running: Running, trial: Trial, requests: list[bytes], seconds: float, number: int) -> list[Sample]:
    samples = []
    start = number * len(requests) // 7
    for many in trial.connections:
        before = cpu_seconds(running.pid)
        # Of streams the processor's time is counted until the last one ends, and its share taken over all of them.
        measured = uvloop.run(
            load(running.port, requests, connections=many, seconds=seconds, start=start, ends=trial.ends)
        )
        rate = measured.whole * trial.each / seconds
        share = (cpu_seconds(running.pid) - before) / seconds * measured.whole / max(1, sum(measured.statuses.values()))
        samples.append(Sample(server=running.name, measured=measured, rate=rate, server_cpu=share))
    return samples


def misses(report: Report, targets: Mapping[str, float]) -> list[str]:
    """Which ratios are below their targets, by database."""
    return [
        f"{name} at {connections} connections: {ratio:.3f} of the pass-through, {targets[name]} is wanted"
        for name, by_connections in report.ratios.items()
        for connections, ratio in by_connections.items()
        if ratio < targets[name]
    ]


def faults(sample: Sample) -> list[str]:
    """What went wrong in a load, so that its rate says nothing."""
    measured, found = sample.measured, []
    place = f"{sample.server} at {measured.connections} connections"
    wrong = {status: number for status, number in measured.statuses.items() if status != "200"}
    if wrong:
        found.append(f"{place}: answers other than 200: {wrong}")
    if measured.broken:
        found.append(f"{place}: {measured.broken} connections broke")
    if not measured.completed:
        found.append(f"{place}: nothing was answered")
    return found


def summary(unit: str, samples: list[list[Sample]], trails: dict[str, Trail], faults: list[str]) -> Report:
    """Medians over the rounds: of rates, and of the ratio to REF within each round."""
    rates: dict[str, dict[str, list[float]]] = {}
    ratios: dict[str, dict[str, list[float]]] = {}
    for group in samples:
        ref = {sample.measured.connections: sample.rate for sample in group if sample.server == REF}
        for sample in group:
            many, rate = sample.measured.connections, sample.rate
            rates.setdefault(sample.server, {}).setdefault(str(many), []).append(rate)
            if sample.server != REF and ref[many]:
                ratios.setdefault(sample.server, {}).setdefault(str(many), []).append(rate / ref[many])
    return Report(
        unit=unit,
        rates=_medians(rates, 1),
        ratios=_medians(ratios, 3),
        trails=trails,
        samples=[sample for group in samples for sample in group],
        faults=faults,
    )


def _medians(values: dict[str, dict[str, list[float]]], digits: int) -> dict[str, dict[str, float]]:
    return {
        name: {many: round(median(found), digits) for many, found in by_many.items()}
        for name, by_many in values.items()
    }


def lines(report: Report) -> list[str]:
    """The report for people. `us each`: processor time of the server for one unit."""
    told = [f"server       conns {report.unit + '/s':>12}    ratio  us each   p50 ms   p99 ms  server cpu   load cpu"]
    for name, by_many in report.rates.items():
        for many, rate in by_many.items():
            samples = [one for one in report.samples if (one.server, str(one.measured.connections)) == (name, many)]
            ratio = report.ratios.get(name, {}).get(many)
            shown = f"{ratio:8.3f}" if ratio is not None else " " * 8
            each = median(one.cost_us for one in samples)
            p50, p99 = (median(getattr(one.measured, field) for one in samples) for field in ("p50_ms", "p99_ms"))
            busy = median(one.server_cpu for one in samples)
            load_busy = median(one.measured.generator_cpu for one in samples)
            told.append(
                f"{name:12} {many:>5} {rate:12.0f} {shown} {each:8.1f} {p50:8.2f} {p99:8.2f} {busy:11.0%} "
                f"{load_busy:10.0%}"
            )
    for name, one in report.trails.items():
        told.append(
            f"{name}: {one.reached_agent} requests reached the agent, {one.intents} intents and {one.ended} ends "
            f"on record; findings in {one.with_findings:.0%} of the messages; {one.pairs} (role, class) pairs"
        )
    return told
