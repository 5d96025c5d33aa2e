"""`make bench`: measure, print for people, write JSON, and judge against the targets.

    python -m benchmarks.run [--only PART …] [--seconds S] [--rounds N] [--json FILE]

Ends with 1 when a figure misses its target, or does not count because something that was measured did not happen.
"""

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import msgspec
import uvloop

from benchmarks import (
    admission,
    append,
    classify,
    decisions,
    durable,
    evidence,
    halves,
    latency,
    machine,
    memory,
    peer,
    pipeline,
    query,
    simulate,
    verify,
    year,
    year_database,
)
from benchmarks.children import Unmeasured, split
from benchmarks.databases import Databases, databases

PARTS = (
    *pipeline.TRIALS,
    "latency",
    "litellm",
    "held",
    "memory",
    "append",
    "durable",
    "query",
    "verify",
    "evidence",
    "admission",
    "decisions",
    "simulate",
    "classify",
    "year",
    "year-database",
)
ON_BOTH = frozenset(
    {*pipeline.TRIALS, "latency", "litellm", "held", "memory", "append", "durable", "query", "year-database"}
)
"""What has to be measured on SQLite and on PostgreSQL."""
APPEND_TARGET, APPEND_PER_S, APPEND_BATCH = 0.75, 20_000, 500


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """What one part found: figures for JSON, lines for people, and what is not as it should be."""

    figures: object
    lines: list[str]
    misses: list[str]


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for."""

    only: tuple[str, ...]
    seconds: float
    rounds: int
    records: int
    json: Path | None


def main(arguments: Sequence[str] | None = None) -> int:
    asked = parse(arguments)
    directory = Path(tempfile.mkdtemp(prefix="gateway-bench-"))
    everywhere = os.sched_getaffinity(0)
    try:
        # The load, the agent and what this process starts itself stay off the core of what is measured.
        os.sched_setaffinity(0, {split()[1]})
        with databases() as found:
            os.sched_setaffinity(0, everywhere)
            return report(asked, found, directory)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def parse(arguments: Sequence[str] | None) -> Asked:
    parser = argparse.ArgumentParser(prog="benchmarks.run", description="What the gateway costs, measured.")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, help="these parts alone")
    parser.add_argument("--seconds", type=float, default=4.0, help="of each load of the pipeline")
    parser.add_argument("--rounds", type=int, default=5, help="whose medians are told")
    parser.add_argument("--records", type=int, default=query.SIZES[-1], help="of the largest ledger that is searched")
    parser.add_argument("--json", type=Path, help="write every figure to this file")
    given = parser.parse_args(arguments)
    if not 0.1 <= given.seconds <= 60 or not 1 <= given.rounds <= 50:
        parser.error("--seconds must lie between 0.1 and 60, --rounds between 1 and 50")
    if given.records < 10_000 or given.records % 10_000:
        parser.error("--records must be a multiple of 10000")
    return Asked(
        only=tuple(given.only),
        seconds=given.seconds,
        rounds=given.rounds,
        records=given.records,
        json=given.json,
    )


def report(asked: Asked, found: Databases, directory: Path) -> int:
    """Run the parts; the exit code."""
    described = machine.describe(directory, found.version)
    print("\n".join(machine.lines(described)))
    parts: dict[str, Callable[[], Part]] = {
        **{name: partial(_pipeline, name, asked, found, directory) for name in pipeline.TRIALS},
        "latency": partial(_latency, asked, found, directory),
        "litellm": partial(_litellm, asked, found, directory),
        "held": partial(_held, found, directory),
        "memory": partial(_memory, found, directory),
        "append": lambda: _append(asked, found),
        "durable": partial(_durable, asked, found, directory),
        "query": partial(_query, asked, found, directory),
        "verify": partial(_verify, directory),
        "evidence": partial(_evidence, asked, directory),
        "admission": partial(_admission, found, directory),
        "decisions": partial(_decisions, directory),
        "simulate": partial(_simulate, found, directory),
        "classify": _classify,
        "year": _year,
        "year-database": partial(_year_database, found, directory),
    }
    figures: dict[str, object] = {"machine": described}
    misses: list[str] = []
    for name in asked.only:
        print(f"\n{name}", flush=True)
        try:
            part = parts[name]()
        except Unmeasured as error:
            part = Part(figures=None, lines=[], misses=[str(error)])
        print("\n".join(f"  {line}" for line in part.lines), flush=True)
        figures[name] = part.figures
        misses += [f"{name}: {miss}" for miss in part.misses]
        if name in ON_BOTH and found.version is None:
            misses.append(f"{name}: not measured on PostgreSQL: install it, or name one in GATEWAY_TEST_POSTGRES_URL")
    figures["misses"] = misses
    if asked.json is not None:
        asked.json.write_bytes(msgspec.json.format(msgspec.json.encode(figures)) + b"\n")
    print("\n" + ("\n".join(misses) if misses else "every target is met"))
    return 1 if misses else 0


def _pipeline(name: str, asked: Asked, found: Databases, directory: Path) -> Part:
    trial, cores = pipeline.TRIALS[name], split()
    with beside(cores):
        result = pipeline.measure(
            found, directory / name, trial, seconds=asked.seconds, rounds=asked.rounds, cores=cores
        )
    misses = [*result.faults, *pipeline.misses(result, trial.targets)]
    return Part(figures=result, lines=pipeline.lines(result), misses=misses)


def _latency(asked: Asked, found: Databases, directory: Path) -> Part:
    cores = split()
    with beside(cores):
        result = latency.measure(found, directory / "latency", seconds=asked.seconds, rounds=asked.rounds, cores=cores)
    return Part(figures=result, lines=latency.lines(result), misses=[*result.faults, *latency.misses(result)])


def _litellm(asked: Asked, found: Databases, directory: Path) -> Part:
    cores, rounds = split(), min(asked.rounds, peer.MAX_ROUNDS)
    with beside(cores):
        result = peer.measure(found, directory / "litellm", seconds=asked.seconds, rounds=rounds, cores=cores)
    return Part(figures=result, lines=peer.lines(result), misses=[*result.faults, *peer.misses(result)])


def _held(found: Databases, directory: Path) -> Part:
    cores = split()
    with beside(cores):
        result = memory.held(found, directory / "held", cores=cores)
    misses = [
        f"{name}: {held:.0f} MB for {result.streams} streams, less than {memory.HELD_TARGET_MB} are wanted"
        for name, held in result.held_mb.items()
        if held >= memory.HELD_TARGET_MB
    ]
    return Part(figures=result, lines=memory.held_lines(result), misses=[*result.faults, *misses])


def _tell(line: str) -> None:
    """What comes of a long part, as it comes."""
    print(f"  {line}", flush=True)


def _memory(found: Databases, directory: Path) -> Part:
    cores = split()
    with beside(cores):
        result = memory.growth(found, directory / "memory", cores=cores, tell=_tell)
    misses = [
        f"{name}: {result.ratio(name):.2f} of the memory after the first {result.step} requests, "
        f"at most {memory.GROWTH_TARGET} is wanted"
        for name in result.resident_mb
        if result.ratio(name) > memory.GROWTH_TARGET
    ]
    return Part(figures=result, lines=memory.growth_lines(result), misses=[*result.faults, *misses])


@contextmanager
def beside(cores: tuple[int, int]) -> Iterator[None]:
    """This process, and what it loads a server with, on the load's core."""
    everywhere = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {cores[1]})
    try:
        yield
    finally:
        os.sched_setaffinity(0, everywhere)


def _append(asked: Asked, found: Databases) -> Part:
    figures = {"sqlite": uvloop.run(append.on_sqlite(20_000, asked.rounds))}
    urls = found.urls()
    if urls is not None:
        figures["postgresql"] = uvloop.run(append.on_postgresql(urls, 20_000, asked.rounds))
    lines, misses = [], []
    for name, rows in figures.items():
        for row in rows:
            lines.append(f"{name:10} {append.line(row)}")
            if row["batch"] == APPEND_BATCH and row["ratio"] < APPEND_TARGET:
                misses.append(f"{name}: {row['ratio']:.2f} of the same rows, {APPEND_TARGET} is wanted")
            if row["batch"] == APPEND_BATCH and row["append"] < APPEND_PER_S:
                misses.append(f"{name}: {row['append']:,} appends a second, {APPEND_PER_S:,} are wanted")
    return Part(figures=figures, lines=lines, misses=misses)


def _durable(asked: Asked, found: Databases, directory: Path) -> Part:
    result = durable.measure(found, directory / "durable", rounds=min(asked.rounds, 5), seconds=asked.seconds)
    return Part(figures=result, lines=durable.lines(result), misses=durable.misses(result))


def _query(asked: Asked, found: Databases, directory: Path) -> Part:
    sizes = (*(size for size in query.SIZES if size < asked.records), asked.records)
    result = query.measure(found, directory / "query", _tell, sizes)
    return Part(figures=result, lines=[], misses=query.misses(result))


def _verify(directory: Path) -> Part:
    result, both = verify.measure(), halves.measure(directory / "verify")
    low = result.records_per_s < verify.TARGET
    misses = [f"{result.records_per_s:,.0f} records a second, {verify.TARGET:,} are wanted"] if low else []
    figures = {**msgspec.to_builtins(result), "two_processes_per_s": both.per_s}
    lines = [*verify.lines(result), *halves.lines(both)]
    return Part(figures=figures, lines=lines, misses=[*misses, *halves.misses(both)])


def _evidence(asked: Asked, directory: Path) -> Part:
    result = evidence.measure(directory / "evidence", _tell, min(asked.records, evidence.RECORDS))
    return Part(figures=result, lines=evidence.lines(result), misses=evidence.misses(result))


def _admission(found: Databases, directory: Path) -> Part:
    result = admission.measure(found, directory / "admission")
    return Part(figures=result, lines=admission.lines(result), misses=admission.misses(result))


def _decisions(directory: Path) -> Part:
    result = decisions.measure(directory / "decisions")
    return Part(figures=result, lines=decisions.lines(result), misses=decisions.misses(result))


def _simulate(found: Databases, directory: Path) -> Part:
    result = simulate.measure(found, directory / "simulate")
    return Part(figures=result, lines=simulate.lines(result), misses=simulate.misses(result))


def _classify() -> Part:
    result = classify.measure()
    return Part(figures=result, lines=classify.lines(result), misses=classify.misses(result))


def _year() -> Part:
    found = year.compare(year.EXCHANGES)
    return Part(figures={"records": found.records, "reports": found.reports}, lines=found.lines(), misses=found.faults)


def _year_database(found: Databases, directory: Path) -> Part:
    told = year_database.measure(year_database.EXCHANGES, found, directory / "year")
    return Part(figures={"records": told.records, "reports": told.reports}, lines=told.lines(), misses=told.faults)


if __name__ == "__main__":
    sys.exit(main())
