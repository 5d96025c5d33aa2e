"""Whole requests through the gateway, records durable, beside REF in the same run.

Each round starts REF and the gateways anew, so that empty caches, first tokens and cold decisions are part of it, and
loads them one after the other with the same requests. What counts is the ratio within a round; its median is told.
The gateway or REF has one core to itself, the load, the agent and PostgreSQL share another.
"""

import asyncio
import json
from contextlib import ExitStack
from pathlib import Path
from statistics import median

import msgspec
import uvloop
from sqlalchemy import text

from benchmarks import site
from benchmarks.bodies import CLASSES, bodies
from benchmarks.children import child, cpu_seconds
from benchmarks.databases import Databases
from benchmarks.load import Measured, ask, load
from gateway.settings import Settings
from gateway.store.engine import open_engine, target

BODIES = 1200
CONNECTIONS = (16, 64)
REF = "ref"
TARGET = 0.15


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """One load of one server."""

    server: str
    measured: Measured
    server_cpu: float
    """Share of the time that the server kept its core busy."""


class Trail(msgspec.Struct, frozen=True, kw_only=True):
    """What is on record after all rounds, and what reached the agent."""

    reached_agent: int
    intents: int
    ended: int
    with_findings: float
    """Share of the messages in which something was found."""
    pairs: int
    """Different pairs of a role and a class that were decided on."""


class Server(msgspec.Struct, frozen=True, kw_only=True):
    """A gateway to be loaded."""

    name: str
    directory: Path
    settings: Settings
    requests: list[bytes]
    agent_port: int


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Rates and ratios by server and connections: medians, and every sample they come from."""

    rates: dict[str, dict[str, float]]
    ratios: dict[str, dict[str, float]]
    trails: dict[str, Trail]
    samples: list[Sample]
    faults: list[str]
    """Why the figures do not count; empty when they do."""


def measure(databases: Databases, directory: Path, *, seconds: float, rounds: int, cores: tuple[int, int]) -> Report:
    """Run it all; `cores` are those of the server and of the load. `Unmeasured` when a process does not start."""
    server_core, load_core = cores
    samples: list[list[Sample]] = []
    with ExitStack() as stack:
        log = directory / "agent.log"
        names = [REF, *databases.kinds]
        _, ports = stack.enter_context(child("agent", ["-m", "benchmarks.agent", *names], load_core, log))
        servers = [_server(databases, kind, directory / kind, int(ports[kind])) for kind in databases.kinds]
        asked = [] if not servers else servers[0].requests
        for number in range(rounds):
            loads = [_ref(directory, asked, int(ports[REF]), server_core, seconds, number)]
            loads += [_gateway(server, server_core, seconds, number) for server in servers]
            samples.append([sample for group in loads for sample in group])
        trails = {one.name: asyncio.run(_trail(one)) for one in servers}
    found = [fault for group in samples for sample in group for fault in faults(sample)]
    found += [fault for name, trail in trails.items() for fault in missing(name, trail)]
    return summary(samples, trails, found)


def _server(databases: Databases, kind: str, directory: Path, port: int) -> Server:
    url = databases.make(kind, directory)
    settings, callers = site.lay_out(directory, url, f"http://127.0.0.1:{port}/v1")
    callers += asyncio.run(site.keyed(settings))
    requests = site.requests(list(bodies(BODIES)), callers)
    return Server(name=kind, directory=directory, settings=settings, requests=requests, agent_port=port)


def _ref(directory: Path, requests: list[bytes], port: int, core: int, seconds: float, number: int) -> list[Sample]:
    arguments = ["-m", "benchmarks.ref", f"http://127.0.0.1:{port}"]
    with child(REF, arguments, core, directory / "ref.log") as (pid, said):
        return _loaded(REF, pid, str(said["url"]), requests, seconds, number)


def _gateway(server: Server, core: int, seconds: float, number: int) -> list[Sample]:
    arguments = ["-m", "gateway.cli", "serve", "--json", "--port", "0"]
    arguments += ["--config", str(server.directory / "gateway.toml")]
    with child(server.name, arguments, core, server.directory / "gateway.log") as (pid, said):
        return _loaded(server.name, pid, str(said["url"]), server.requests, seconds, number)


def _loaded(name: str, pid: int, url: str, requests: list[bytes], seconds: float, number: int) -> list[Sample]:
    port, samples = int(url.rpartition(":")[2]), []
    for connections in CONNECTIONS:
        before = cpu_seconds(pid)
        start = number * len(requests) // 7
        measured = uvloop.run(load(port, requests, connections=connections, seconds=seconds, start=start))
        share = (cpu_seconds(pid) - before) / seconds
        samples.append(Sample(server=name, measured=measured, server_cpu=share))
    return samples


async def _trail(server: Server) -> Trail:
    counted = json.loads(await ask(server.agent_port, "/count"))["requests"]
    engine = open_engine(target(server.settings))
    asked = "SELECT event, classes, count(*) FROM record WHERE event LIKE 'exchange.%' GROUP BY event, classes"
    pairs = (
        "SELECT detail.bytes, record.classes FROM record JOIN detail ON detail.tenant = record.tenant "
        "AND detail.seq = record.seq WHERE event = 'exchange.requested' ORDER BY record.seq LIMIT 20000"
    )
    try:
        async with engine.connect() as connection:
            rows = [tuple(row) for row in await connection.execute(text(asked))]
            roles = [tuple(row) for row in await connection.execute(text(pairs))]
    finally:
        await engine.dispose()
    intents = [row for row in rows if row[0] in ("exchange.requested", "exchange.attempted")]
    total = sum(row[2] for row in intents)
    found = sum(row[2] for row in intents if {"pii", "phi", "pci"} & set(str(row[1]).split("|")))
    return Trail(
        reached_agent=counted,
        intents=total,
        ended=sum(row[2] for row in rows if row[0] in ("exchange.completed", "exchange.interrupted")),
        with_findings=round(found / max(total, 1), 3),
        pairs=len({(_roles(detail), name) for detail, classes in roles for name in _classes(str(classes))}),
    )


def _roles(detail: bytes) -> str:
    return ",".join(json.loads(detail)["roles"])


def _classes(column: str) -> list[str]:
    return [name for name in column.split("|") if name in CLASSES] or ["public"]


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


def missing(name: str, trail: Trail) -> list[str]:
    """What the record falls short of, so that the rates were not those of a gateway that does its work."""
    faults = []
    if trail.intents != trail.reached_agent:
        faults.append(
            f"{name}: {trail.reached_agent} requests reached the agent, {trail.intents} intents are on record"
        )
    if trail.ended != trail.intents:
        faults.append(f"{name}: {trail.intents} exchanges were opened, {trail.ended} ended")
    if trail.with_findings < 0.3:
        faults.append(f"{name}: findings in {trail.with_findings:.0%} of the messages, a third is wanted")
    if trail.pairs < 50:
        faults.append(f"{name}: {trail.pairs} pairs of role and class were decided on, 50 are wanted")
    return faults


def summary(samples: list[list[Sample]], trails: dict[str, Trail], faults: list[str]) -> Report:
    """Medians over the rounds: of rates, and of the ratio to REF within each round."""
    rates: dict[str, dict[str, list[float]]] = {}
    ratios: dict[str, dict[str, list[float]]] = {}
    for group in samples:
        ref = {sample.measured.connections: sample.measured.rate for sample in group if sample.server == REF}
        for sample in group:
            many, rate = sample.measured.connections, sample.measured.rate
            rates.setdefault(sample.server, {}).setdefault(str(many), []).append(rate)
            if sample.server != REF and ref[many]:
                ratios.setdefault(sample.server, {}).setdefault(str(many), []).append(rate / ref[many])
    return Report(
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
    """The report for people."""
    told = ["server       conns   requests/s    ratio   p50 ms   p99 ms   server cpu   load cpu"]
    for name, by_many in report.rates.items():
        for many, rate in by_many.items():
            samples = [one for one in report.samples if (one.server, str(one.measured.connections)) == (name, many)]
            p50, p99 = (median(getattr(one.measured, field) for one in samples) for field in ("p50_ms", "p99_ms"))
            ratio = report.ratios.get(name, {}).get(many)
            busy, load_busy = (
                median(one.server_cpu for one in samples),
                median(one.measured.generator_cpu for one in samples),
            )
            shown = f"{ratio:8.3f}" if ratio is not None else " " * 8
            told.append(
                f"{name:12} {many:>5} {rate:12.0f} {shown} {p50:8.2f} {p99:8.2f} {busy:12.0%} {load_busy:10.0%}"
            )
    for name, trail in report.trails.items():
        told.append(
            f"{name}: {trail.reached_agent} requests reached the agent, {trail.intents} intents and {trail.ended} ends "
            f"on record; findings in {trail.with_findings:.0%} of the messages; {trail.pairs} (role, class) pairs"
        )
    return told
