"""What it costs to search a ledger of a million records, and of ten: a page of each question, an export, a proof.

    python -m benchmarks.run --only query [--records N]

Questions are every filter by itself, with values that are common, rare and nobody's, and with a period; in both orders;
from the start and on from page to page. A page is asked for as the API does, with its details, over one connection.
Each size is a ledger in a database of its own, and what is compared is asked of them in turn.
"""

import asyncio
import gc
import random
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import msgspec
from sqlalchemy.ext.asyncio import AsyncEngine

from benchmarks import databases
from benchmarks.databases import Databases
from benchmarks.ledgers import (
    LEDGER,
    OFTEN,
    SELDOM,
    START_US,
    STEP_US,
    SUBJECT,
    PostgresLedger,
    SqliteLedger,
    pools,
    rows,
)
from gateway.core.refusal import Refusal
from gateway.ledger.record import timestamp
from gateway.store.candidates import Order
from gateway.store.engine import open_engine, target
from gateway.store.indexer import Indexer
from gateway.store.search import Filters, Page, Search
from gateway.store.tree import TreeReader

SIZES = (1_000_000, 10_000_000)
_ORDERS: tuple[Order, ...] = ("desc", "asc")
PAGES, TRIES = 8, 3
"""Pages of each question, one after the other, each asked for so often, of both ledgers in turn: the quickest counts,
for what differs between them is the machine."""
PAGE_TARGET_MS, RATIO_TARGET = 20.0, 1.5
PROOF_TARGET_MS, EXPORT_TARGET_MB = 5.0, 300
_NOISE_MS = 1.0
"""A page that costs less is not held to the ratio: what differs then is the machine."""


class Question(msgspec.Struct, frozen=True):
    """What is asked, and by what name."""

    name: str
    filters: Filters


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """What one question costs in one order, in milliseconds."""

    question: str
    order: str
    median_ms: float
    p95_ms: float
    pages: list[tuple[int, float]]
    """Of each page how many records it holds, and what it took."""


class Sized(msgspec.Struct, frozen=True, kw_only=True):
    """What was found of a ledger of this size."""

    records: int
    costs: list[Cost]
    index_s: float
    """To make the postings of the records that came since the size before."""
    proof_p95_ms: float
    export_mb: int | None = None
    """The largest that the process was which exported the first million."""
    export_per_s: int | None = None


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """By kind of database."""

    sizes: dict[str, list[Sized]]


def measure(found: Databases, directory: Path, tell: Callable[[str], None], sizes: tuple[int, ...] = SIZES) -> Result:
    for kind in found.kinds:
        (directory / kind).mkdir(parents=True, exist_ok=True)
    return Result(sizes={kind: asyncio.run(_on(kind, found, directory / kind, tell, sizes)) for kind in found.kinds})


async def _on(
    kind: str, found: Databases, directory: Path, tell: Callable[[str], None], sizes: tuple[int, ...]
) -> list[Sized]:
    async with AsyncExitStack() as stack:
        made: list[_Made] = []
        for size in sizes:
            place = directory / str(size)
            place.mkdir()
            ledger = await stack.enter_async_context(_ledger(kind, found, place))
            made.append(await _grown(kind, ledger, size, tell))
        exported = _export(made[0].url, made[0].directory)
        costs = await _costs(made)
        proofs = await _proofs(made)
    results = [
        Sized(records=one.size, costs=cost, index_s=one.index_s, proof_p95_ms=proof)
        for one, cost, proof in zip(made, costs, proofs, strict=True)
    ]
    results[0] = msgspec.structs.replace(results[0], export_mb=exported[0], export_per_s=exported[1])
    for line in (line for one in results for line in _lines(kind, one)):
        tell(line)
    return results


class _Ledger(msgspec.Struct, frozen=True):
    """An empty ledger in a database of its own."""

    rows: SqliteLedger | PostgresLedger
    engine: AsyncEngine
    url: str
    directory: Path


class _Made(msgspec.Struct, frozen=True):
    """A ledger that has grown to its size, and its postings."""

    size: int
    engine: AsyncEngine
    url: str
    directory: Path
    index_s: float


async def _grown(kind: str, ledger: _Ledger, size: int, tell: Callable[[str], None]) -> _Made:
    began = time.perf_counter()
    await ledger.rows.grow(0, size)
    tell(f"{kind}: {size} records in {time.perf_counter() - began:.0f} s")
    began = time.perf_counter()
    indexer = Indexer(ledger.engine, LEDGER)
    while await indexer.run():
        pass
    index_s = time.perf_counter() - began
    if isinstance(ledger.rows, PostgresLedger):
        await ledger.rows.analyzed()
    return _Made(size, ledger.engine, ledger.url, ledger.directory, round(index_s, 1))


@asynccontextmanager
async def _ledger(kind: str, found: Databases, directory: Path) -> AsyncIterator[_Ledger]:
    urls = found.urls() if kind == "postgresql" else None
    url = found.make(kind, directory) if urls is None else urls[1]
    where = target(databases.settings(url, directory))
    engine = open_engine(where)
    try:
        rows = SqliteLedger(where.path) if urls is None else PostgresLedger(urls[0])
        yield _Ledger(rows, engine, url, directory)
    finally:
        await engine.dispose()


def questions(size: int) -> list[Question]:
    """For a ledger of this size: the same ones, with periods in its middle."""
    made = pools()
    middle = size // 4 * 2
    row = next(iter(rows(middle // 100_000 * 100_000, middle // 100_000 * 100_000 + 2)))
    period = {
        "since": timestamp(START_US + middle * STEP_US),
        "until": timestamp(START_US + (middle + size // 10) * STEP_US),
    }
    hour = {"since": period["since"], "until": timestamp(START_US + (middle + 1_200) * STEP_US)}
    alone: dict[str, dict[str, str]] = {
        "nothing": {},
        "actor, common": {"actor": made.actors[0]},
        "actor, seldom": {"actor": made.actors[SELDOM]},
        "actor, rare": {"actor": made.actors[-1]},
        "actor, nobody's": {"actor": "ac_nobody"},
        "agent, common": {"agent": made.agents[0]},
        "agent, rare": {"agent": made.agents[-1]},
        "agent, nobody's": {"agent": "retired"},
        "action, common": {"action": "chat"},
        "action, rare": {"action": "embed"},
        "decision, common": {"decision": "route"},
        "decision, rare": {"decision": "approve"},
        "decision, none": {"decision": "deny"},
        "class, common": {"data_class": "pii"},
        "class, rare": {"data_class": "special-category"},
        "class, none": {"data_class": "secret"},
        "purpose, common": {"purpose": "TREAT"},
        "purpose, rare": {"purpose": "HOPERAT"},
        "outcome, common": {"outcome": "ok"},
        "outcome, rare": {"outcome": "client_disconnected"},
        "zone, common": {"zone": "in-house"},
        "zone, rare": {"zone": "partner"},
        "event, common": {"event": "exchange.completed"},
        "event, seldom": {"event": "key.created"},
        "event, rare": {"event": "policy.activated"},
        "subject, common": {"subject": OFTEN},
        "subject, rare": {"subject": SUBJECT},
        "subject, nobody's": {"subject": "su_nobody"},
        "exchange": {"exchange": str(row[2])},
        "trace": {"trace": str(row[-3])},
    }
    together: dict[str, dict[str, str]] = {
        "two common that never meet": {"event": "exchange.requested", "outcome": "ok"},
        "rare and rare": {"decision": "approve", "outcome": "withheld"},
        "five at once": {
            "agent": made.agents[1],
            "decision": "redact",
            "data_class": "phi",
            "zone": "cloud",
            "outcome": "ok",
        },
        "actor and outcome": {"actor": made.actors[0], "outcome": "agent_timeout"},
        "subject and decision": {"subject": OFTEN, "decision": "approve"},
        "an hour": hour,
        "a period without records": {"since": "2020-01-01T00:00:00.000000Z", "until": "2020-02-01T00:00:00.000000Z"},
    }
    found = {**alone, **together, **{f"{name}; a month": {**values, **period} for name, values in alone.items()}}
    return [Question(name, Filters(**values)) for name, values in found.items()]


async def _costs(made: Sequence[_Made]) -> list[list[Cost]]:
    """Of each ledger what each question costs, in both orders."""
    asked = [questions(one.size) for one in made]
    told: list[list[Cost]] = [[] for _ in made]
    for same in zip(*asked, strict=True):
        for order in _ORDERS:
            pagers = [_Pager(one.engine, question, order) for one, question in zip(made, same, strict=True)]
            for costs, cost in zip(told, await _paged(pagers), strict=True):
                costs.append(cost)
    return told


async def _paged(pagers: "Sequence[_Pager]") -> list[Cost]:
    """The same pages of each ledger in turn: between two of them lies no more than a moment."""
    gc.disable()
    try:
        for _ in range(PAGES):
            for _ in range(TRIES):
                for one in pagers:
                    await one.ask()
            for one in pagers:
                one.turn()
    finally:
        gc.enable()
    return [one.cost() for one in pagers]


class _Pager:
    """A question to one ledger, from page to page."""

    def __init__(self, engine: AsyncEngine, question: Question, order: Order) -> None:
        self._search, self._question, self._order = Search(engine, LEDGER), question, order
        self._cursor: str | None = None
        self._page = Page(hits=(), cursor=None)
        self._tries: list[float] = []
        self._took: list[tuple[int, float]] = []

    async def ask(self) -> None:
        began = time.perf_counter()
        page = await self._search.page(self._question.filters, order=self._order, cursor=self._cursor, details=True)
        self._tries.append((time.perf_counter() - began) * 1_000)
        assert not isinstance(page, Refusal)
        self._page = page

    def turn(self) -> None:
        """Go on to the next page."""
        self._took.append((len(self._page.hits), round(min(self._tries), 2)))
        self._tries.clear()
        self._cursor = self._page.cursor

    def cost(self) -> Cost:
        took = sorted(ms for _, ms in self._took)
        return Cost(
            question=self._question.name,
            order=self._order,
            median_ms=took[len(took) // 2],
            p95_ms=took[round(len(took) * 0.95) - 1],
            pages=self._took,
        )


async def _proofs(made: Sequence[_Made]) -> list[float]:
    """Inclusion of records all over each ledger, in milliseconds, the 95th of 100; of the ledgers in turn."""
    trees, drawn = [TreeReader(one.engine, LEDGER) for one in made], random.Random(3)
    took: list[list[float]] = [[] for _ in made]
    for _ in range(100):
        for one, tree, times in zip(made, trees, took, strict=True):
            index, tries = drawn.randrange(one.size), []
            for _ in range(TRIES):
                began = time.perf_counter()
                await tree.inclusion(index, one.size)
                tries.append((time.perf_counter() - began) * 1_000)
            times.append(min(tries))
    return [round(sorted(times)[94], 2) for times in took]


def _export(url: str, directory: Path) -> tuple[int, int]:
    """Megabytes and records a second of a process of its own that exports everything, as the API does."""
    command = [sys.executable, "-m", "benchmarks.export", url, str(directory)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    told: dict[str, int] = msgspec.json.decode(done.stdout)
    return told["mb"], told["per_s"]


def lines(result: Result) -> list[str]:
    return [line for kind, sized in result.sizes.items() for one in sized for line in _lines(kind, one)]


def _lines(kind: str, one: Sized) -> list[str]:
    slowest = sorted(one.costs, key=lambda cost: cost.p95_ms)[-3:]
    medians = sorted(cost.median_ms for cost in one.costs)
    told = ", ".join(f"{cost.question} ({cost.order}) {cost.p95_ms:.1f} ms" for cost in reversed(slowest))
    export = "" if one.export_mb is None else f"; export {one.export_per_s} records/s in {one.export_mb} MB"
    return [
        f"{kind} {one.records} records: {len(one.costs)} questions, median {medians[len(medians) // 2]:.1f} ms a page; "
        f"p95 of the slowest: {told}",
        f"{kind} {one.records} records: proof {one.proof_p95_ms:.1f} ms; postings in {one.index_s:.0f} s{export}",
    ]


def misses(result: Result) -> list[str]:
    """What is not as it should be."""
    found = []
    for kind, sized in result.sizes.items():
        for one in sized:
            found += [
                f"{kind}, {one.records}: {cost.question} ({cost.order}): {cost.p95_ms} ms, {PAGE_TARGET_MS} are wanted"
                for cost in one.costs
                if cost.p95_ms > PAGE_TARGET_MS
            ]
            if one.proof_p95_ms > PROOF_TARGET_MS:
                found.append(f"{kind}, {one.records}: proof in {one.proof_p95_ms} ms, {PROOF_TARGET_MS} are wanted")
            if one.export_mb is not None and one.export_mb > EXPORT_TARGET_MB:
                found.append(f"{kind}: export took {one.export_mb} MB, {EXPORT_TARGET_MB} are wanted")
        found += _dearer(kind, sized)
    return found


def _dearer(kind: str, sized: list[Sized]) -> list[str]:
    """Questions whose pages cost more in the larger ledger than they may."""
    small = {(one.question, one.order): one for one in sized[0].costs}
    found = []
    for cost in (cost for one in sized[1:] for cost in one.costs):
        before, after = _alike(small[cost.question, cost.order], cost)
        if after > max(RATIO_TARGET * before, _NOISE_MS):
            found.append(
                f"{kind}: {cost.question} ({cost.order}): {after} ms for {before} in the smaller ledger, "
                f"{RATIO_TARGET} times that are wanted"
            )
    return found


def _alike(before: Cost, after: Cost) -> tuple[float, float]:
    """What a page costs in the smaller ledger and in the larger one, medians of those that are as full in both: what is
    rarer than the smaller one has records for fills pages in the larger alone, which are others. Zeros where there are
    none. Where nothing is found, what is read is the end of the ledger that has no postings yet, whose length is by
    chance."""
    pairs = [
        (small, large) for (few, small), (many, large) in zip(before.pages, after.pages, strict=True) if 0 < many <= few
    ]
    if not pairs:
        return 0.0, 0.0
    return tuple(sorted(times)[len(times) // 2] for times in zip(*pairs, strict=True))
