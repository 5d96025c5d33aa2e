"""A year of traffic in a database: what `gateway evidence report` says of it, against the same truth.

`year` hands its records to the figures. Here they go the way that a user's go: by the product's writer into a
database, each at its time; the oldest into archives by the product's own archiving; and then each report is made by
the command, which looks up the range of the period, what stood before it, who is meant by a pseudonym, what incidents
were about, and what the policy versions declare. Records lie before the period and after it, which must be in none of
its figures but those of what stood.

    python -m benchmarks.year_database [--exchanges N] [--seed N] [--here]

does so on SQLite and, where one can be had, on PostgreSQL, with a process for each report (`--here`: without), and ends
with 1 where anything differs. Then the command makes bundles of it, about each of what a bundle can be about, and
all that these carry is compared with the truth, too (`year_carried`); so is its advice (`year_advice`), and what it
says of logs that are made up for the year (`year_reconciled`). No emergency ledgers are among it, no witnesses
and no time-stamps.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from benchmarks import year_register as made
from benchmarks.databases import Databases, databases
from benchmarks.year import SAID
from benchmarks.year_advice import advice_faults
from benchmarks.year_bundles import asked
from benchmarks.year_carried import bundle_faults
from benchmarks.year_command import Command, apart, here
from benchmarks.year_compared import faults
from benchmarks.year_documents import head
from benchmarks.year_filling import Written, truth_of, write
from benchmarks.year_persons import ONE, OTHER
from benchmarks.year_reconciled import reconciled_faults
from benchmarks.year_reports import wanted
from benchmarks.year_versions import TENANT
from benchmarks.year_written import Report
from gateway.evidence.reports.document import Document
from gateway.ledger.record import timestamp
from gateway.settings import parse
from gateway.store.archives import Archived
from gateway.store.migrate import upgrade

EXCHANGES = 5_000
STANDING = {("access-review", ""), ("policy-history", ""), ("framework", "house-rules")}
"""Reports that tell what stood before, each in a way of its own."""


class Differences(NamedTuple):
    """Of how many records how many reports and bundles were compared, and what differs."""

    records: int
    archived: int
    reports: int
    bundles: int
    faults: list[str]

    def lines(self) -> list[str]:
        """For people."""
        said = f"{len(self.faults):,} differ" if self.faults else "every block equals the truth"
        what = f"{self.records:,} records of the year in a database, {self.archived:,} in archives"
        return [f"{what}, {self.reports} reports, {self.bundles} bundles: {said}"]


# ------------------------------------------------------------------------------------------------------------- reports


def compare(written: Written, run: Command = here, *, without: frozenset[str] = frozenset()) -> Differences:
    """Every report with the truth, but those of these kinds, persons and frameworks; and then those that tell what
    stood before, without the archive that lies wholly before the year."""
    year, archives = written.year, written.archives
    told = truth_of(written, 0)
    accounts = {key: one for key, one in wanted(told).items() if without.isdisjoint(key)}
    found = [_reported(written, run, told, key, one) for key, one in accounts.items()]
    with _away(written, archives[0]):
        told = truth_of(written, archives[0].end)
        accounts = {key: one for key, one in wanted(told).items() if key in STANDING}
        found += [_reported(written, run, told, key, one) for key, one in accounts.items()]
    archived = sum(one.end - one.first for one in archives)
    return Differences(year.truth.records, archived, len(found), 0, [fault for some in found for fault in some])


def _reported(written: Written, run: Command, told: Mapping[str, Any], key: tuple[str, str], one: Report) -> list[str]:
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
    found = list(faults(document, one, {**head(told), "created": document.created}))
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


def measure(exchanges: int, found: Databases, directory: Path, *, seed: int = 7, run: Command = apart) -> Differences:
    """Of all databases that there are, each with a year of its own in it."""
    every = [everything(_on(kind, exchanges, found, directory / kind, seed), run) for kind in found.kinds]
    faults_of = [f"{kind}: {fault}" for kind, one in zip(found.kinds, every, strict=True) for fault in one.faults]
    records, archived, reports, bundles = (sum(counts) for counts in zip(*(one[:4] for one in every), strict=True))
    return Differences(records, archived, reports, bundles, faults_of)


def everything(written: Written, run: Command) -> Differences:
    """Reports, what bundles carry, advice, and how logs compare."""
    found, bundles = compare(written, run), asked(written)
    faults = [*found.faults, *bundle_faults(written, run, bundles)]
    faults += (f"advice: {fault}" for fault in advised_faults(written, run))
    faults += (f"reconcile: {fault}" for fault in reconciled_faults(written, run))
    return found._replace(bundles=len(bundles), faults=faults)


def advised_faults(written: Written, run: Command) -> list[str]:
    """Where advice is another."""
    where = ("--config", str(written.configuration), "--tenant", TENANT, "--json")
    code, said = run(["advise", *where, "--from", made.SINCE, "--to", made.UNTIL])
    return [f"exit code {code}: {said.strip()}"] if code else list(advice_faults(json.loads(said), written.year.advice))


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
