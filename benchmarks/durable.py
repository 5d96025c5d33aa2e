"""What one append costs on an idle gateway against one bare commit, and what four processes on one tenant's ledger
append together against one.

`idle`: one record at a time through the writer, the next when the one before is durable; beside it one row of the same
bytes inserted into a table of the same columns and indexes that nothing protects, committed and synced: a transaction
of one statement; on SQLite in a thread as the writer's, and in a file of its own: of a file that another has written
to a connection reads its pages again: nobody else writes to an idle gateway's. Single ones in turn, medians of all.

`crowd`: processes of their own with 500 appends under way each, all on one ledger, until a time that all of them know;
one process and four of them in turn. A round counts only if the ledger then has as many records as were acknowledged.

    python -m benchmarks.durable URL DIRECTORY LEDGER SECONDS      (one of a crowd: is told on stdin when to begin)
"""

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import msgspec
import uvloop

from benchmarks import databases
from benchmarks.append import BARE, PlainPostgres, PlainSqlite, entries, plain_rows
from benchmarks.children import ROOT, Unmeasured
from benchmarks.databases import Databases
from gateway.core.ids import random_id
from gateway.ledger.entry import Entry
from gateway.ledger.form import Form
from gateway.settings import Settings
from gateway.store.engine import open_engine, target
from gateway.store.reader import StoreReader
from tests.store.ledger_kit import SystemClock, note, writer_on

IDLE_TARGET = 1.5
"""Times one bare commit."""
CROWD, CROWD_TARGET = 4, 0.75
"""Processes, and what they must append together, of what one does."""
UNDER_WAY = 500
_SOON_S = 0.2
"""From when all of a crowd are ready until they begin."""
_WAIT_S = 60


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """By kind of database: milliseconds of one append and of one bare commit; appends a second of one process and of
    four together, medians."""

    append_ms: dict[str, float] = {}
    bare_ms: dict[str, float] = {}
    one_per_s: dict[str, int] = {}
    crowd_per_s: dict[str, int] = {}


def measure(found: Databases, directory: Path, *, rounds: int, seconds: float, singles: int = 400) -> Report:
    """Both on each database. `Unmeasured` where a ledger does not have what was acknowledged."""
    report = Report()
    for kind in found.kinds:
        urls = found.urls() if kind == "postgresql" else None
        place = directory / kind
        url = found.make(kind, place) if urls is None else urls[1]
        idle = uvloop.run(_idle(databases.settings(url, place), urls, singles))
        report.append_ms[kind], report.bare_ms[kind] = idle
        turns = [(_crowd(url, place, 1, seconds), _crowd(url, place, CROWD, seconds)) for _ in range(rounds)]
        report.one_per_s[kind] = round(median(one for one, _ in turns))
        report.crowd_per_s[kind] = round(median(crowd for _, crowd in turns))
    return report


def lines(report: Report) -> list[str]:
    """The report for people."""
    return [
        line
        for kind, bare in report.bare_ms.items()
        for line in (
            f"{kind}: one append {report.append_ms[kind]:.2f} ms, one bare commit {bare:.2f} ms: "
            f"{report.append_ms[kind] / bare:.2f} times",
            f"{kind}: one process {report.one_per_s[kind]:,} appends a second, {CROWD} on one ledger "
            f"{report.crowd_per_s[kind]:,}: {report.crowd_per_s[kind] / report.one_per_s[kind]:.2f} of it",
        )
    ]


def misses(report: Report) -> list[str]:
    """What is not as it should be."""
    found = []
    for kind, bare in report.bare_ms.items():
        if report.append_ms[kind] > IDLE_TARGET * bare:
            times = report.append_ms[kind] / bare
            found.append(f"{kind}: one append takes {times:.2f} bare commits, {IDLE_TARGET} wanted")
        if report.crowd_per_s[kind] < CROWD_TARGET * report.one_per_s[kind]:
            share = report.crowd_per_s[kind] / report.one_per_s[kind]
            found.append(f"{kind}: {CROWD} processes append {share:.2f} of what one does, {CROWD_TARGET} wanted")
    return found


async def _idle(settings: Settings, urls: tuple[str, str] | None, singles: int) -> tuple[float, float]:
    """Medians of milliseconds of one append, and of one bare commit."""
    appended, committed = list[float](), list[float]()
    made = entries(singles)
    bare = await _bare(settings, urls)
    try:
        async with writer_on(settings, SystemClock(), wait_s=_WAIT_S) as writer:
            for number, one in enumerate(made):
                entry = Entry(draft=Form(one.envelope, one.values).fill(one.values), **one.others)
                rows = plain_rows([one], number)[0]
                began = time.perf_counter()
                await writer.append(entry)
                between = time.perf_counter()
                await bare.put(rows)
                appended.append((between - began) * 1_000)
                committed.append((time.perf_counter() - between) * 1_000)
    finally:
        await bare.close()
    return round(median(appended), 3), round(median(committed), 3)


async def _bare(settings: Settings, urls: tuple[str, str] | None) -> PlainSqlite | PlainPostgres:
    if urls is not None:
        return await PlainPostgres.bare(urls[0])
    plain = PlainSqlite(target(settings).path.with_name("bare.db"), BARE)
    plain.make()
    return plain


def _crowd(url: str, directory: Path, count: int, seconds: float) -> float:
    """Appends a second of so many processes together, on a ledger of their own."""
    ledger, pipe = random_id("tn"), subprocess.PIPE
    command = [sys.executable, "-m", "benchmarks.durable", url, str(directory), ledger, str(seconds)]
    running = [subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) for _ in range(count)]
    try:
        for one in running:
            if one.stdout is None or one.stdout.readline() != "ready\n":
                raise Unmeasured("a process of the crowd did not start")
        begin = time.time() + _SOON_S
        for one in running:
            if one.stdin is not None:
                one.stdin.write(f"{begin}\n")
                one.stdin.flush()
        said = [one.communicate(timeout=seconds + _WAIT_S)[0] for one in running]
    finally:
        for one in running:
            one.kill()
    if any(one.returncode for one in running):
        raise Unmeasured("a process of the crowd failed")
    appended = sum(int(words) for words in said)
    there = asyncio.run(_there(databases.settings(url, directory), ledger))
    if there != appended:
        raise Unmeasured(f"{appended} appends were acknowledged, and {there} records are there")
    return appended / seconds


async def _there(settings: Settings, ledger: str) -> int:
    engine = open_engine(target(settings))
    try:
        return await StoreReader(engine, ledger).size()
    finally:
        await engine.dispose()


async def append_until(settings: Settings, ledger: str, seconds: float, told: Callable[[], float]) -> int:
    """How many records were acknowledged, `UNDER_WAY` at a time, for so many seconds from the time that is told."""
    count = 0
    async with writer_on(settings, SystemClock(), tenant=ledger, wait_s=_WAIT_S) as writer:
        made: list[Entry] = [note(tenant=ledger) for _ in range(UNDER_WAY)]
        print("ready", flush=True)
        begin = await asyncio.to_thread(told)
        if time.time() > begin:
            raise Unmeasured("it was told too late")
        await asyncio.sleep(begin - time.time())
        while time.time() < begin + seconds:
            writing = [writer.submit(entry) for entry in made]
            made = [note(tenant=ledger) for _ in range(UNDER_WAY)]
            count += len(await asyncio.gather(*writing))
    return count


def main(url: str, directory: str, ledger: str, seconds: str) -> None:
    settings = databases.settings(url, Path(directory))
    print(uvloop.run(append_until(settings, ledger, float(seconds), lambda: float(sys.stdin.readline()))))


if __name__ == "__main__":
    main(*sys.argv[1:])
