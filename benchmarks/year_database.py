"""A year of traffic in a database: what `gateway evidence report` says of it, against the same truth.

`year` hands its records to the figures. Here they go the way that a user's go: by the product's writer into a
database, each at its time; the oldest into archives by the product's own archiving; and then each report is made by
the command, which looks up the range of the period, what stood before it, who is meant by a pseudonym, what incidents
were about, and what the policy versions declare. Records lie before the period and after it, which must be in none of
its figures but those of what stood.

    python -m benchmarks.year_database [--exchanges N] [--seed N] [--here]

does so on SQLite and, where one can be had, on PostgreSQL, with a process for each report (`--here`: without), and ends
with 1 where anything differs. No emergency ledgers are among it, no witnesses and no time-stamps.
"""

import argparse
import asyncio
import io
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from benchmarks import year_register as made
from benchmarks.databases import Databases, databases
from benchmarks.year import SAID, Place, Year, truth
from benchmarks.year_access import Access
from benchmarks.year_compared import faults
from benchmarks.year_documents import head
from benchmarks.year_exchanges import Exchanges
from benchmarks.year_hand import DAY_US, HOUR_US, START_US, YEAR_US, Drawn, Hand
from benchmarks.year_persons import FEW, MANY, MERGED, NOBODY, ONE, OTHER, PURGED
from benchmarks.year_register import AROUND, Around
from benchmarks.year_reports import wanted
from benchmarks.year_site import RANGE, SQLITE, install
from benchmarks.year_truth import Truth
from benchmarks.year_versions import TENANT, TEXTS
from benchmarks.year_written import Report
from gateway import __version__
from gateway.bootstrap import Site, archiving_of, due, open_site
from gateway.cli.main import main as command
from gateway.evidence.reports.document import Document
from gateway.ledger.commitment import committed, new_salt
from gateway.ledger.entry import Entry, RowChange
from gateway.ledger.record import timestamp
from gateway.ledger.times import parse_timestamp
from gateway.settings import load, parse
from gateway.store.archives import Archived
from gateway.store.indexer import Indexer
from gateway.store.migrate import upgrade
from gateway.store.retention import RetentionStore
from gateway.store.subjects import marked

EXCHANGES = 5_000
LOT = 1_000
BETWEEN, AFTER = 40, 60
"""Exchanges of nobody's account between what changed before the year and the year, and after it."""
ENDS_US = START_US + YEAR_US
ABOUT: Sequence[tuple[str, ...] | None] = (None, (MANY,), (FEW,), (ONE, OTHER), (NOBODY,))
"""Whom these are about: those above all of whom the period must tell nothing of them."""
STANDING = {("access-review", ""), ("policy-history", ""), ("framework", "house-rules")}
"""Reports that tell what stood before, each in a way of its own."""
Command = Callable[[Sequence[str]], tuple[int, str]]
"""Runs `gateway` with these arguments: its exit code and what it said."""


@dataclass
class Clock:
    """Stands where it is put."""

    us: int

    def now_us(self) -> int:
        return self.us

    def monotonic_ns(self) -> int:
        return time.monotonic_ns()


class Written(NamedTuple):
    """A year that lies in a database."""

    configuration: Path
    origin: str
    year: Year
    archives: Sequence[Archived]


class Differences(NamedTuple):
    """Of how many records how many reports were compared, and what differs."""

    records: int
    archived: int
    reports: int
    faults: list[str]

    def lines(self) -> list[str]:
        """For people."""
        said = f"{len(self.faults):,} differ" if self.faults else "every block equals the truth"
        what = f"{self.records:,} records of the year in a database, {self.archived:,} in archives"
        return [f"{what}, {self.reports} reports: {said}"]


# ------------------------------------------------------------------------------------------------------ into a database


class Filling:
    """Writes records through a site's writer, each at the time at which it occurred."""

    def __init__(self, site: Site, clock: Clock, merged: RowChange) -> None:
        """`merged`: what goes with the record that makes two pseudonyms one person."""
        self._site, self._clock, self._merged = site, clock, merged
        self._ledger = site.tenants[TENANT].ledger
        self._gone: list[int] = []
        self.size = 0

    async def some(self, others: Sequence[Drawn]) -> None:
        """Records of which no report tells, many at a time: these are all written at the time of the last."""
        writer = await self._site.writer(TENANT)
        for start in range(0, len(others), LOT):
            lot = others[start : start + LOT]
            self._clock.us = parse_timestamp(lot[-1].envelope.occurred_at)
            await asyncio.gather(*(writer.append(self._entry(one)) for one in lot))
            self.size += len(lot)

    async def add(self, drawn: Drawn) -> None:
        """The next one, at its time: it is there that a report looks for it."""
        self._clock.us = parse_timestamp(drawn.envelope.occurred_at)
        place = await (await self._site.writer(TENANT)).append(self._entry(drawn))
        if (place.seq, place.recorded_at) != (self.size, drawn.envelope.occurred_at):
            raise ValueError(f"record {place.seq} lies elsewhere or was written at another time than the truth has")
        if drawn.gone:
            self._gone.append(place.seq)
        self.size += 1

    async def deleted(self) -> None:
        """Details that are not there any more are destroyed, as retention does."""
        await RetentionStore(self._site.engine).destroy(self._ledger, self._gone, "details")

    def _entry(self, drawn: Drawn) -> Entry:
        placeless = {"seq": None, "prev": None, "recorded_at": None, "detail": None}
        one, salt = msgspec.structs.replace(drawn.envelope, tenant=self._ledger, **placeless), None
        if drawn.encoded is not None:
            salt = new_salt()
            one.detail = committed(salt, "detail", drawn.encoded)
        merges = one.event == "subject.merged" and one.subject in MERGED.values()
        return Entry.of(
            one,
            detail=drawn.encoded,
            salt=salt,
            subjects=tuple(dict.fromkeys(drawn.about)),
            change=self._merged if merges else None,
        )


def write(directory: Path, exchanges: int, *, seed: int = 7, url: str = SQLITE) -> Written:
    """A year, what was before it and what came after it, in a new installation; as many of its first records archived
    as are whole archives."""
    return asyncio.run(_written(install(directory, url), exchanges, seed))


async def _written(configuration: Path, exchanges: int, seed: int) -> Written:
    clock = Clock(START_US - YEAR_US)
    async with open_site(load(configuration), clock=clock) as site:
        entry = site.tenants[TENANT]
        known = await site.flags.row(entry.ledger, OTHER)
        for text in TEXTS.values():
            await site.policies.put(text)
        filling = Filling(site, clock, marked(known, merged=MERGED[OTHER]))
        early = range(START_US - 390 * DAY_US, START_US - 310 * DAY_US, HOUR_US // 2)
        await filling.some(_others(early, seed=1, least=RANGE))
        between = _others(range(START_US - 19 * DAY_US, START_US, 19 * DAY_US // BETWEEN), seed=2)
        year = Year(exchanges, seed, place=Place(before=filling.size, between=len(between)))
        for one in year.drawn_before:
            await filling.add(one)
        await filling.some(between)
        for _ in year.records():
            if year.newest is not None:
                await filling.add(year.newest)
        if clock.us >= ENDS_US:
            raise ValueError(f"a year of {exchanges} exchanges is not over when it ends: ask for another number")
        after = range(ENDS_US, ENDS_US + 20 * DAY_US, 20 * DAY_US // AFTER)
        await filling.some(_others(after, seed=3, access=True))
        await filling.deleted()
        clock.us = ENDS_US + 30 * DAY_US
        return Written(configuration, entry.origin, year, await _archived(site))


def _others(times: Iterable[int], *, seed: int, least: int = 0, access: bool = False) -> list[Drawn]:
    """Records that are in no figure of the year: an exchange at each of these times, as long as there are not `least`
    records. `access`: with keys and entries of the deny-list, too."""
    hand = Hand(Truth(), seed, PURGED)
    exchanges, keys = Exchanges(hand), Access(hand)
    found = list[Drawn]()
    for turn, at in enumerate(times):
        exchanges.draw(at, ABOUT[turn % len(ABOUT)])
        if access:
            keys.draw(turn * 37 + 13, at)
        found += [drawn for _, drawn in hand.due(at)]
        if 0 < least <= len(found):
            break
    return [*found, *(drawn for _, drawn in hand.due(None))]


async def _archived(site: Site) -> Sequence[Archived]:
    """All whole archives that there are of what was written before the year's end."""
    await (await site.checkpointer(TENANT)).publish(force=True)
    await Indexer(site.engine, site.tenants[TENANT].ledger).run()
    made_of, waits = await due(site, archiving_of(site), TENANT, ENDS_US)
    if waits is not None:
        raise ValueError(f"records {waits.first} to {waits.end - 1} were not archived: {waits.reason}")
    return made_of


# ------------------------------------------------------------------------------------------------------------- reports


def here(arguments: Sequence[str]) -> tuple[int, str]:
    """The command in this process."""
    said = io.StringIO()
    with redirect_stdout(said), redirect_stderr(said):
        return command(list(arguments)), said.getvalue()


def apart(arguments: Sequence[str]) -> tuple[int, str]:
    """The command as a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "gateway.cli", *arguments], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def compare(written: Written, run: Command = here, *, without: frozenset[str] = frozenset()) -> Differences:
    """Every report with the truth, but those of these persons and frameworks; and then those that tell what stood
    before, without the archive that lies wholly before the year."""
    year, archives = written.year, written.archives
    truth_of = _truth(written, 0)
    accounts = {key: one for key, one in wanted(truth_of).items() if key[1] not in without}
    found = [_reported(written, run, truth_of, key, one) for key, one in accounts.items()]
    with _away(written, archives[0]):
        truth_of = _truth(written, archives[0].end)
        accounts = {key: one for key, one in wanted(truth_of).items() if key in STANDING}
        found += [_reported(written, run, truth_of, key, one) for key, one in accounts.items()]
    archived = sum(one.end - one.first for one in archives)
    return Differences(year.truth.records, archived, len(found), [fault for some in found for fault in some])


def _reported(
    written: Written, run: Command, truth_of: Mapping[str, Any], key: tuple[str, str], one: Report
) -> list[str]:
    """What differs in a report."""
    (kind, about), folder = key, written.configuration.parent / "reports"
    name = " ".join(part for part in (f"report {kind}", about) if part)
    folder.mkdir(exist_ok=True)
    out = folder / f"{len(list(folder.iterdir()))}.json"
    whom = {ONE: OTHER}.get(about, about)  # of two pseudonyms either means the person
    option = ("--framework" if kind == "framework" else "--subject", whom) if about else ()
    where = ("--config", str(written.configuration), "--tenant", TENANT)
    began = time.time_ns() // 1_000
    code, said = run(
        ["evidence", "report", kind, *where, "--from", made.SINCE, "--to", made.UNTIL, *option, "--out", str(out)]
    )
    if code:
        return [f"{name}: exit code {code}: {said.strip()}"]
    document = msgspec.json.decode(out.read_bytes(), type=Document)
    found = list(faults(document, one, {**head(truth_of), "created": document.created}))
    if not timestamp(began) <= document.created <= timestamp(time.time_ns() // 1_000):
        found.append("created: not when it was made")
    return [f"{name}: {fault}" for fault in found]


@contextmanager
def _away(written: Written, archive: Archived) -> Iterator[None]:
    """As long as this lasts, the file of an archive is not at hand."""
    folder = written.configuration.parent / "archive"
    (file,) = (path for path in folder.glob("*/*.archive") if path.stat().st_size == archive.size)
    aside = file.rename(folder.parent / "aside")
    try:
        yield
    finally:
        aside.rename(file)


def _truth(written: Written, known_from: int) -> dict[str, Any]:
    """What is true where what stood before the year is known from this record on."""
    return {**truth(written.year, known_from), AROUND: _around(written, known_from)}


def _around(written: Written, known_from: int) -> Around:
    """What is true of the database, beside the year's own records."""
    year = written.year
    first, end = year.truth.first, year.truth.last + 1
    return Around(
        ledger=written.origin,
        generator=f"agent-compliance-gateway {__version__}",
        known_from=known_from,
        measured=False,
        misses=tuple(year.truth.misses) or ("not measured",),
        stamps=(),
        cosigned=(),
        archives=[
            (one.id, one.first - first, one.end - first)
            for one in written.archives
            if one.first < end and one.end > first
        ],
        away=None,
    )


def measure(exchanges: int, found: Databases, directory: Path, *, seed: int = 7, run: Command = apart) -> Differences:
    """Of all databases that there are, each with a year of its own in it."""
    every = [compare(_on(kind, exchanges, found, directory / kind, seed), run) for kind in found.kinds]
    faults_of = [f"{kind}: {fault}" for kind, one in zip(found.kinds, every, strict=True) for fault in one.faults]
    records, archived, reports = (sum(counts) for counts in zip(*(one[:3] for one in every), strict=True))
    return Differences(records, archived, reports, faults_of)


def _on(kind: str, exchanges: int, found: Databases, directory: Path, seed: int) -> Written:
    urls = found.urls() if kind == "postgresql" else None
    if urls is None:
        return write(directory, exchanges, seed=seed)
    owner, url = urls
    # Its owner says how old records must be to leave it: these are archived before their time.
    parts: dict[str, Any] = {"database": {"url": url, "owner_url": owner}, "archive": {"directory": "archive"}}
    asyncio.run(upgrade(parse({**parts, "tenant": [{"id": TENANT, "retention_days": 0}]}, {}, directory)))
    return write(directory, exchanges, seed=seed, url=url)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="benchmarks.year_database", description="Reports by the command against truth."
    )
    parser.add_argument("--exchanges", type=int, default=EXCHANGES)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--here", action="store_true", help="without a process for each report")
    given = parser.parse_args(arguments)
    with databases() as found, tempfile.TemporaryDirectory() as directory:
        run = here if given.here else apart
        began = time.perf_counter()
        one = measure(given.exchanges, found, Path(directory), seed=given.seed, run=run)
        print("\n".join([*(f"differs: {fault}" for fault in one.faults[:SAID]), *one.lines()]))
        print(f"{', '.join(found.kinds)}: {time.perf_counter() - began:.1f} s")
    return 1 if one.faults else 0


if __name__ == "__main__":
    sys.exit(main())
