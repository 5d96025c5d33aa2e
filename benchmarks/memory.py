"""What a gateway holds in memory: after many requests beside after few, and while a thousand streams are open.

Resident memory of the process, as the kernel counts it (proc(5), `VmRSS`): heap, caches, threads and code.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path

import msgspec
import uvloop

from benchmarks import servers, trail
from benchmarks.children import Unmeasured, resident_mb
from benchmarks.databases import Databases
from benchmarks.deltas import DELTAS, END
from benchmarks.load import Measured, ask, load
from benchmarks.servers import Plan, Running, Server

REQUESTS, STEP = 200_000, 20_000
CONNECTIONS = 64
GROWTH_TARGET = 1.10
"""Memory after `REQUESTS` over memory after the first `STEP` of them, at most."""
STREAMS, HELD_TARGET_MB = 1000, 400
_STEP_S, _OPEN_S, _LOOK_S = 300.0, 60.0, 0.1


class Growth(msgspec.Struct, frozen=True, kw_only=True):
    """Memory after each `step` requests, by database, in MB."""

    step: int
    resident_mb: dict[str, list[float]]
    faults: list[str]

    def ratio(self, name: str) -> float:
        """The last over the first."""
        found = self.resident_mb[name]
        return found[-1] / found[0]


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """Memory before the first stream and while all are open, by database, in MB."""

    streams: int
    before_mb: dict[str, float]
    held_mb: dict[str, float]
    faults: list[str]


def growth(
    databases: Databases,
    directory: Path,
    *,
    cores: tuple[int, int],
    requests: int = REQUESTS,
    step: int = STEP,
    tell: Callable[[str], None] = lambda _: None,
) -> Growth:
    """Send so many requests, as the whole pipeline is measured with, and look after each step."""
    found: dict[str, list[float]] = {}
    faults: list[str] = []
    with servers.run(databases, directory, cores) as run:
        for kind in databases.kinds:
            server = servers.install(run, kind, Plan(rules=1000))
            with servers.gateway(run, server) as running:
                found[kind] = []
                for sent in range(0, requests, step):
                    measured = uvloop.run(
                        load(
                            running.port,
                            server.requests,
                            connections=CONNECTIONS,
                            seconds=_STEP_S,
                            start=sent,
                            total=step,
                        )
                    )
                    faults += _faults(kind, measured, step)
                    found[kind].append(resident_mb(running.pid))
                    tell(f"{kind}: {found[kind][-1]:.1f} MB after {sent + step} requests")
            faults += trail.missing(kind, trail.read(server))
    return Growth(step=step, resident_mb=found, faults=faults)


def held(databases: Databases, directory: Path, *, cores: tuple[int, int], streams: int = STREAMS) -> Held:
    """Open so many streams at once, which the agent holds half way, and look."""
    before: dict[str, float] = {}
    during: dict[str, float] = {}
    faults: list[str] = []
    with servers.run(databases, directory, cores, "--hold", str(DELTAS // 2)) as run:
        for kind in databases.kinds:
            server = servers.install(run, kind, Plan(rules=1000, stream=True))
            with servers.gateway(run, server) as running:
                before[kind] = resident_mb(running.pid)
                during[kind], measured = uvloop.run(_held(running, server, streams))
            faults += _faults(kind, measured, streams)
    return Held(streams=streams, before_mb=before, held_mb=during, faults=faults)


async def _held(running: Running, server: Server, streams: int) -> tuple[float, Measured]:
    async with asyncio.TaskGroup() as tasks:
        loading = tasks.create_task(
            load(running.port, server.requests, connections=streams, seconds=2 * _OPEN_S, total=streams, ends=END)
        )
        opened = await _all_open(server, streams)
        found = resident_mb(running.pid)
        await ask(server.agent_port, "/release")
        if not opened:
            loading.cancel()
    if not opened:
        raise Unmeasured(f"{running.name}: not all of {streams} streams were open within {_OPEN_S:.0f} s")
    return found, loading.result()


async def _all_open(server: Server, streams: int) -> bool:
    """Whether so many streams are held by the agent in time."""
    for _ in range(max(1, int(_OPEN_S / _LOOK_S))):
        if await servers.streams_held(server) == streams:
            return True
        await asyncio.sleep(_LOOK_S)
    return False


def _faults(name: str, measured: Measured, wanted: int) -> list[str]:
    """Why a figure does not count."""
    if measured.statuses == {"200": wanted} and not measured.broken:
        return []
    return [f"{name}: of {wanted} answers {measured.statuses} came, {measured.broken} of them not whole or never"]


def growth_lines(report: Growth) -> list[str]:
    """The report for people."""
    return [
        f"{name:12} after each {report.step} requests: {', '.join(f'{value:.0f}' for value in found)} MB; "
        f"{report.ratio(name):.3f} of the first in the end"
        for name, found in report.resident_mb.items()
    ]


def held_lines(report: Held) -> list[str]:
    """The report for people."""
    return [
        f"{name:12} {report.streams} streams held in {found:.0f} MB, {report.before_mb[name]:.0f} MB before them"
        for name, found in report.held_mb.items()
    ]
