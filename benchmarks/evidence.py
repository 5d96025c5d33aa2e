"""How fast bundles are written and verified, and in how much memory: a ledger in SQLite with records of the size and
the fields that the pipeline writes, each with its detail; one in a hundred is selected, so that its detail goes along.

Each is a process of its own: the one that writes as the gateway does, `gateway evidence verify`, and the `verify.py`
that the bundle holds, with the standard library and `cryptography` alone. Each has another one beside it, as it has
when nothing else is asked for.

A second is one of a processor, since a machine that is shared tells another time at each look: of all threads of a
process, and of two processes that verify the mean of both, which go over halves of the records side by side. Of the two
that write it is that of the one which takes longer: each has work of its own. Who waits does so by the clock: what is
wanted is wanted by both. Beside them are told the seconds of all processes added up.

    python -m benchmarks.evidence build DATABASE OUT      (and: verify OUT KEY, alone OUT KEY)
"""

import asyncio
import os
import resource
import sqlite3
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import msgspec

from benchmarks import databases
from benchmarks.verify import _envelope
from gateway.core.ids import random_id, uuid7
from gateway.evidence import bag
from gateway.evidence.bundle import build
from gateway.evidence.manifest import Manifest
from gateway.evidence.selection import Selection
from gateway.evidence.verify import verify
from gateway.ledger import checkpoint as checkpoints
from gateway.ledger.chain import leaf_hash
from gateway.ledger.checkpoint import Checkpoint
from gateway.ledger.commitment import committed
from gateway.ledger.index import COLUMNS, index_columns
from gateway.ledger.note import Signer
from gateway.ledger.record import GENESIS, Detail, NodeInfo, encode_detail, parse, seal, timestamp
from gateway.store.engine import open_engine, target
from gateway.store.growth import Growth
from gateway.store.migrate import upgrade
from gateway.store.reader import StoreReader

RECORDS = 1_000_000
LOT = 10_000
SEVENTH = 100
"""Of so many records one is of the agent that is selected."""
TARGETS = {"build": 30_000, "verify": 60_000, "alone": 20_000}
"""Records a second."""
MAX_MB = 300
PROCESSES = 2
LEDGER = "tn_00000000000000000000000000"
SIGNER = Signer("bench.example/ledger/1", sha256(b"the ledger of the benchmark").digest())
START_US = 1_795_482_123_000_000


class Measured(msgspec.Struct, frozen=True):
    """One command: records a second, and the most memory that it and its processes held, what they share counted for
    each."""

    records: int
    per_s: int
    mb: int
    added_up_per_s: int = 0
    """Of the processor seconds of all processes."""
    clock_per_s: int = 0


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """By what was done."""

    records: int
    bundle_mb: int
    found: dict[str, Measured]


def measure(directory: Path, tell: Callable[[str], None], count: int = RECORDS) -> Report:
    """Make a ledger, then write and verify a bundle of it, each once."""
    directory.mkdir(parents=True, exist_ok=True)
    database, out, key = directory / "evidence.db", directory / "bundle.zip", directory / "ledger.vkey"
    key.write_text(SIGNER.verifier.vkey)
    tell(f"evidence: {count} records")
    database.unlink(missing_ok=True)
    asyncio.run(grow(database, count))
    found: dict[str, Measured] = {}
    for name, arguments in (("build", (database, out)), ("verify", (out, key)), ("alone", (out, key))):
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.evidence", name, *map(str, arguments)], capture_output=True, check=True
        )
        found[name] = msgspec.json.decode(done.stdout.splitlines()[-1], type=Measured)
        one = found[name]
        tell(f"evidence: {name} {one.clock_per_s} records a second, {one.per_s} of processor time, {one.mb} MB")
    return Report(records=count, bundle_mb=out.stat().st_size >> 20, found=found)


def lines(report: Report) -> list[str]:
    """The report for people."""
    names = {"build": "written", "verify": "verified by the command", "alone": "verified by verify.py"}
    return [
        f"a bundle of {report.records} records, {report.bundle_mb} MB",
        *(
            f"{names[name]:28}{one.clock_per_s:10,} records a second by the clock, {one.per_s:,} by processor seconds "
            f"({one.added_up_per_s:,} by those of all processes), {one.mb} MB"
            for name, one in report.found.items()
        ),
    ]


def misses(report: Report) -> list[str]:
    """What is less than wanted."""
    slow = [
        f"evidence {name}: {per_s:,} records a second {by}, {TARGETS[name]:,} are wanted"
        for name, one in report.found.items()
        for per_s, by in ((one.per_s, "by processor seconds"), (one.clock_per_s, "by the clock"))
        if per_s < TARGETS[name]
    ]
    return slow + [
        f"evidence {name}: {one.mb} MB, less than {MAX_MB} are wanted"
        for name, one in report.found.items()
        if one.mb >= MAX_MB
    ]


async def grow(path: Path, count: int) -> None:
    """A migrated SQLite file with a chain of records, their details, tiles, and a checkpoint over all."""
    await upgrade(databases.settings(f"sqlite:///{path}", path.parent))
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous = OFF")
    names = ("tenant", "seq", *COLUMNS, "bytes", "hash")
    into = f"INSERT INTO record ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
    beside = "INSERT INTO detail (tenant, seq, salt, bytes) VALUES (?, ?, ?, ?)"
    tile = "INSERT INTO tile VALUES (?, ?, ?, ?)"
    growth, link = Growth.empty(), GENESIS
    node, exchange, trace = NodeInfo(id=random_id("nd"), boot=random_id("bt")), "", ""
    detail = encode_detail(Detail(subject="ward@example.org", roles=("clinician",), source="192.0.2.7"))
    for first in range(0, count, LOT):
        connection.execute("BEGIN")
        for seq in range(first, min(first + LOT, count)):
            if seq % 2 == 0:
                exchange, trace = uuid7(START_US + seq), os.urandom(16).hex()
            salt = os.urandom(32)
            envelope = msgspec.structs.replace(
                _envelope(seq, START_US, LEDGER, node, exchange, trace), detail=committed(salt, "detail", detail)
            )
            if seq % SEVENTH == 0:
                envelope = msgspec.structs.replace(envelope, agent="archive")
            data = seal(envelope, seq, link, timestamp(START_US + seq))
            link = leaf_hash(data)
            connection.execute(into, (LEDGER, seq, *index_columns(parse(data)), data, link))
            connection.execute(beside, (LEDGER, seq, salt, detail))
            for full in growth.append(link):
                connection.execute(tile, (LEDGER, full.level, full.index, full.hashes))
        connection.execute("COMMIT")
    point = Checkpoint(SIGNER.name, count, growth.root())
    note = checkpoints.sign(point, SIGNER)
    connection.execute(
        "INSERT INTO checkpoint (tenant, size, root, note) VALUES (?, ?, ?, ?)", (LEDGER, count, point.root, note)
    )
    connection.close()


async def _built(database: Path, out: Path) -> int:
    engine = open_engine(target(databases.settings(f"sqlite:///{database}", database.parent)))
    try:
        with out.open("w+b") as file:
            found = await build(
                StoreReader(engine, LEDGER),
                Selection(filters={"agent": "archive"}),
                signer=SIGNER,
                policies={},
                created_us=START_US,
                write=file,
                processes=PROCESSES,
            )
    finally:
        await engine.dispose()
    if not isinstance(found, Manifest):
        raise TypeError(f"refused: {found.code}")
    return found.end - found.first


_ALONE = """
import resource, runpy, sys, time
sys.argv.pop(0)
began = time.perf_counter()
try:
    runpy.run_path(sys.argv[0], run_name="__main__")
except SystemExit as end:
    if end.code:
        raise
clock = time.perf_counter() - began
status = open("/proc/self/status").read().splitlines()
others = resource.getrusage(resource.RUSAGE_CHILDREN)
held = int(next(line.split()[1] for line in status if line.startswith("VmHWM")))
print(time.process_time(), others.ru_utime + others.ru_stime, clock, held, others.ru_maxrss)
"""
"""Runs a script and tells its processor seconds, its processes', the clock's, and the most kilobytes that it and one of
them held, which only it knows."""


def _alone(out: Path, key: Path) -> Measured:
    """With the `verify.py` of the bundle itself."""
    script = out.with_name("verify.py")
    with zipfile.ZipFile(out) as archive:
        script.write_bytes(archive.read(bag.VERIFY))
        first, end = msgspec.json.decode(archive.read(bag.SELECTION))["range"]
    command = [sys.executable, "-c", _ALONE, str(script), "--key", str(key), str(out)]
    done = subprocess.run(command, capture_output=True, check=True)
    own, others, clock, held, each = (float(word) for word in done.stdout.split()[-5:])
    return _measured(end - first, own, others, clock, held + PROCESSES * each)


def main(name: str, first: Path, second: Path) -> None:
    if name == "alone":
        print(msgspec.json.encode(_alone(first, second)).decode())
        return
    began, clock = time.process_time(), time.perf_counter()
    if name == "build":
        count = asyncio.run(_built(first, second))
    else:
        count = verify(first, second.read_text(), processes=PROCESSES).end
    own, clock = time.process_time() - began, time.perf_counter() - clock
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    others = children.ru_utime + children.ru_stime
    if name == "build":
        found = _measured(count, own, others, clock, _peak_kb() + children.ru_maxrss, side_by_side=max(own, others))
    else:
        found = _measured(count, own, others, clock, _peak_kb() + _children_kb(children))
    print(msgspec.json.encode(found).decode())


def _measured(
    count: int, own: float, others: float, clock: float, kilobytes: float, side_by_side: float | None = None
) -> Measured:
    """`side_by_side`: the processor seconds of two that work at once; by default those of the first process, which has
    the others go over equal parts, and theirs shared between them."""
    seconds = own + others / PROCESSES if side_by_side is None else side_by_side
    return Measured(
        count, round(count / seconds), round(kilobytes) >> 10, round(count / (own + others)), round(count / clock)
    )


def _children_kb(children: resource.struct_rusage) -> int:
    """What all processes held, if each held what the largest did; nothing where there were none."""
    return PROCESSES * children.ru_maxrss if children.ru_utime else 0


def _peak_kb() -> int:
    """The most that this process has held. Not from getrusage, which begins with what its parent held."""
    status = Path("/proc/self/status").read_text("ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
