"""How fast two processes verify a ledger, each one half of it: leaf hash, link and tree, put together as parts of a
bundle are (`gateway.evidence.split`); from records that lie in memory, and as they are read from a database.

Seconds are processor seconds: those of the two processes, which run side by side, halved, and those of the one that
puts the halves together. A half that does not fit the other, or a root that is not the checkpoint's, is no figure.
"""

import asyncio
import gc
import multiprocessing
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from statistics import median

import msgspec

from benchmarks import databases, evidence
from benchmarks.children import Unmeasured
from benchmarks.verify import Stored, ledger
from gateway.ledger.checkpoint import Checkpoint
from gateway.ledger.encoding import from_base64
from gateway.ledger.lots import Stored as Record
from gateway.ledger.merkle import Frontier, Span
from gateway.ledger.record import GENESIS, parse
from gateway.ledger.verify import State, Verification
from gateway.store.engine import open_engine, target
from gateway.store.reader import StoreReader

RECORDS, ROUNDS = 100_000, 3
TARGETS = {"memory": 300_000, "database": 100_000}
"""Records a second."""
_memory: list[Stored] = []
"""What the processes are forked with."""


class Half(msgspec.Struct, frozen=True):
    """One half, verified: its subtrees, what it is linked to, its last leaf hash, and the processor seconds it took."""

    nodes: list[tuple[int, bytes]]
    before: bytes
    last: bytes
    seconds: float


Part = Callable[[int, int], Half]


class Report(msgspec.Struct, frozen=True):
    """Records a second, medians, by where the records are read from."""

    records: int
    per_s: dict[str, int]


def measure(directory: Path, count: int = RECORDS, rounds: int = ROUNDS) -> Report:
    """Verify the same records in interleaved rounds. `Unmeasured` if they do not hold."""
    directory.mkdir(parents=True, exist_ok=True)
    records, checkpoint = ledger(count)
    _memory[:] = records
    path = directory / "halves.db"
    path.unlink(missing_ok=True)
    asyncio.run(evidence.grow(path, count))
    stored = asyncio.run(_checkpoint(path))
    seen: dict[str, list[float]] = {name: [] for name in TARGETS}
    for _ in range(rounds):
        seen["memory"].append(count / _verified(from_memory, checkpoint))
        seen["database"].append(count / _verified(partial(from_database, path), stored))
    _memory.clear()
    return Report(count, {name: round(median(values)) for name, values in seen.items()})


def lines(report: Report) -> list[str]:
    """The report for people."""
    return [f"two processes, from {name:9}{per_s:12,}" for name, per_s in report.per_s.items()]


def misses(report: Report) -> list[str]:
    """What is less than wanted."""
    return [
        f"two processes, from {name}: {per_s:,} records a second, {TARGETS[name]:,} are wanted"
        for name, per_s in report.per_s.items()
        if per_s < TARGETS[name]
    ]


def from_memory(first: int, end: int) -> Half:
    """A half of the records that this process was forked with: made its own before the clock starts, for what is
    measured is not the kernel, which copies each page of a fork when it is first counted into; the collector would
    count into all of them."""
    gc.freeze()
    records = [msgspec.structs.replace(one, envelope=bytes(bytearray(one.envelope))) for one in _memory[first:end]]
    began = time.process_time()
    verification, before = _begun(first, records)
    verification.feed(records)
    return _ended(verification, before, began)


def from_database(path: Path, first: int, end: int) -> Half:
    """A half of the records of a SQLite file."""
    gc.freeze()
    return asyncio.run(_read(path, first, end))


async def _read(path: Path, first: int, end: int) -> Half:
    engine = open_engine(target(databases.settings(f"sqlite:///{path}", path.parent)))
    began = time.process_time()
    try:
        verification = None
        before, chunk = b"", []
        async for record in StoreReader(engine, evidence.LEDGER).records(first, end):
            chunk.append(record)
            if len(chunk) == 1_000 or record.seq == end - 1:
                if verification is None:
                    verification, before = _begun(first, chunk)
                verification.feed(chunk)
                chunk = []
    finally:
        await engine.dispose()
    if verification is None:
        raise Unmeasured("there are no records")
    return _ended(verification, before, began)


def _begun(first: int, records: Sequence[Record]) -> tuple[Verification, bytes]:
    before = from_base64(parse(records[0].envelope).prev or "")
    return Verification(State(frontier=Span(first), prev=before), canonical=False), before


def _ended(verification: Verification, before: bytes, began: float) -> Half:
    state = verification.finish().state
    if not isinstance(state.frontier, Span):
        raise TypeError("a half has a frontier of its own")
    return Half(state.frontier.nodes, before, state.prev or b"", time.process_time() - began)


def _verified(part: Part, checkpoint: Checkpoint) -> float:
    """Seconds, once the two halves have the checkpoint's root."""
    middle = checkpoint.size // 2
    with ProcessPoolExecutor(2, multiprocessing.get_context("fork")) as pool:
        halves = list(pool.map(part, (0, middle), (middle, checkpoint.size)))
    began = time.process_time()
    frontier, prev = Frontier(), GENESIS
    for half in halves:
        if half.before != prev:
            raise Unmeasured("the halves are not linked")
        frontier.extend(half.nodes)
        prev = half.last
    if (frontier.size, frontier.root()) != (checkpoint.size, checkpoint.root):
        raise Unmeasured("the halves have another root than the checkpoint")
    return time.process_time() - began + sum(half.seconds for half in halves) / 2


async def _checkpoint(path: Path) -> Checkpoint:
    engine = open_engine(target(databases.settings(f"sqlite:///{path}", path.parent)))
    try:
        found = await StoreReader(engine, evidence.LEDGER).checkpoint()
    finally:
        await engine.dispose()
    if found is None:
        raise Unmeasured("there is no checkpoint")
    return Checkpoint(evidence.SIGNER.name, found.size, found.root)
