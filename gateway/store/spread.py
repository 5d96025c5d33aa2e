"""A ledger verified by several processes, each over a part of its blocks, where it lies (`verification`).

A part is gone over as the whole is: every record parsed, hashed, linked to the one before it, its columns and its
detail held against it. What one part cannot know is checked where two meet:

    1. the parts follow each other without a gap
    2. the first record of each is linked to the last of the part before, and was not recorded before it
    3. all are of this ledger
    4. the subtrees over the parts are put together to the tree, whose root is each checkpoint's where it has its size
    5. where the parts end with the newest record, that is the head's
    6. what was told of emergency ledgers is handed back in the order of the ledger, for the caller to judge

Processes can only say yes (docs/decisions/0097). Where a part or a joint does not hold, or a process fails, nothing is
said here, and one process goes over all of it: it alone says what is wrong. Records that are newer than the last whole
block are the caller's too.
"""

import asyncio
import multiprocessing
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import pairwise

import msgspec

from gateway.core.errors import FormatError, LedgerUnavailable, RecordsArchived, VerificationError
from gateway.ledger.chain import leaf_hash
from gateway.ledger.checkpoint import Checkpoint
from gateway.ledger.emergency import TOLD
from gateway.ledger.encoding import from_base64
from gateway.ledger.merkle import Frontier, Span
from gateway.ledger.record import Envelope, parse
from gateway.ledger.verify import State, Verification
from gateway.store.batch import Head
from gateway.store.beside import Beside
from gateway.store.engine import Target, open_engine
from gateway.store.postings import BLOCK
from gateway.store.search import Filters, Hit, Search

MAX_PROCESSES = 64
WORTH = 8 * BLOCK
"""Records that a process is worth starting for: it reads in what the gateway is, which takes about a second."""
_MOST_TOLD = 10_000
"""Records that a part hands back whole, at most."""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a ledger: whole blocks, and the sizes of checkpoints within it, ascending, its end the last of them."""

    where: Target
    ledger: str
    first: int
    marks: tuple[int, ...]

    @property
    def end(self) -> int:
        return self.marks[-1]


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """What one part was found to be."""

    first: int
    spans: tuple[tuple[tuple[int, bytes], ...], ...]
    """The subtrees (`merkle.Span.nodes`) up to each mark from the one before."""
    before: bytes
    """What its first record says is the hash of the one before."""
    last: bytes
    """The leaf hash of its last record."""
    recorded: tuple[bytes, bytes]
    """When its first and its last record were recorded."""
    beside: Beside
    told: tuple[Envelope, ...]


class Joined(msgspec.Struct, frozen=True, kw_only=True):
    """What parts came to: the state behind them, and what was found beside the records."""

    state: State
    last: bytes
    beside: Beside
    told: tuple[Envelope, ...]


Run = Callable[[Sequence[Job]], Awaitable[Sequence[Part | None]]]
"""Does all jobs, in any order, and gives what they came to in theirs."""


class Spread:
    """So many processes on a database. `run` does the jobs: processes of their own, unless another is given."""

    def __init__(self, where: Target, processes: int, run: Run | None = None, worth: int = WORTH) -> None:
        self._where, self._processes, self._worth = where, processes, worth
        self._run = run or in_processes

    async def over(self, ledger: str, start: State, head: Head, checkpoints: Sequence[Checkpoint]) -> Joined | None:
        """The whole blocks from a state on that are in the database, up to its head; None where nothing is said."""
        jobs = self._jobs(ledger, start.frontier.size, head.size // BLOCK * BLOCK, checkpoints)
        if len(jobs) < 2:
            return None
        try:
            joint = Joint(start, checkpoints)
            for part in await self._run(jobs):
                if part is None or not joint.take(part):
                    return None
        except (FormatError, BrokenProcessPool):
            return None  # one process goes over all of it, and says what is wrong
        # 5.
        if jobs[-1].end == head.size and joint.last != head.hash:
            return None
        return joint.end()

    def _jobs(self, ledger: str, first: int, end: int, checkpoints: Sequence[Checkpoint]) -> list[Job]:
        count = min(self._processes, MAX_PROCESSES, (end - first) // self._worth)
        if count < 2:
            return []
        blocks = (end - first) // BLOCK
        cuts = [first + blocks * number // count * BLOCK for number in range(count + 1)]
        sizes = sorted({point.size for point in checkpoints})
        return [
            Job(
                where=self._where,
                ledger=ledger,
                first=low,
                marks=(*(size for size in sizes if low < size < high), high),
            )
            for low, high in pairwise(cuts)
        ]


async def in_processes(jobs: Sequence[Job]) -> list[Part | None]:
    """Each job in a process of its own, started anew: this one has threads that a fork would leave behind."""
    loop = asyncio.get_running_loop()
    pool = ProcessPoolExecutor(len(jobs), multiprocessing.get_context("spawn"))
    try:
        return await asyncio.gather(*(loop.run_in_executor(pool, done, job) for job in jobs))
    finally:
        pool.shutdown(wait=False, cancel_futures=True)  # who is cancelled does not wait for what nobody asks for


def done(job: Job) -> Part | None:
    """One part, in whatever process this is; None where it does not hold, which is not for this process to say."""
    try:
        return asyncio.run(read(job))
    except (FormatError, VerificationError, LedgerUnavailable, RecordsArchived):
        return None


async def read(job: Job) -> Part:
    """One part, or the error that says why it does not hold."""
    engine = open_engine(job.where)
    try:
        walk = _Walk(job)
        stream = Search(engine, job.ledger).stream(Filters(), order="asc", details=True, after=job.first - 1)
        async for hit in stream:
            walk.take(hit)
            if hit.stored.seq + 1 >= job.end:
                break
        await stream.aclose()
        return walk.part()
    finally:
        await engine.dispose()


class _Walk:
    """Goes over the records of a part; what only the whole shows is left to `Joint`."""

    def __init__(self, job: Job) -> None:
        self._job, self._marks = job, iter(job.marks)
        self._mark = next(self._marks)
        self._beside = Beside()
        self._told: list[Envelope] = []
        self._spans: list[tuple[tuple[int, bytes], ...]] = []
        self._verification: Verification | None = None
        self._before = self._first_at = b""

    def take(self, hit: Hit) -> None:
        """The next record: parsed once, hashed once."""
        stored = hit.stored
        envelope, leaf = parse(stored.envelope), leaf_hash(stored.envelope)
        if stored.hash != leaf:
            raise VerificationError("the stored hash is not that of the bytes")
        if self._verification is None:
            self._before = from_base64(envelope.prev or "")
            self._first_at = (envelope.recorded_at or "").encode()
            self._begin(State(frontier=Span(self._job.first), prev=self._before, tenant=self._job.ledger))
        self._verified.take(stored.seq, stored.envelope, leaf, envelope)
        self._beside.take(hit, envelope)
        if envelope.event in TOLD:
            if len(self._told) == _MOST_TOLD:
                raise VerificationError("more of it than a part hands back")
            self._told.append(envelope)
        if stored.seq + 1 == self._mark:
            self._cut()

    @property
    def _verified(self) -> Verification:
        if self._verification is None:
            raise VerificationError("a part without records")
        return self._verification

    def _begin(self, state: State) -> None:
        self._verification = Verification(state, canonical=False)  # `parse` is that step

    def _cut(self) -> None:
        """A checkpoint has this size: what follows is put behind it."""
        state = self._verified.state()
        if not isinstance(state.frontier, Span):
            raise TypeError("a part has a frontier of its own")
        self._spans.append(tuple(state.frontier.nodes))
        following = next(self._marks, None)
        if following is not None:
            self._begin(msgspec.structs.replace(state, frontier=Span(self._mark)))
            self._mark = following

    def part(self) -> Part:
        """All of it; `VerificationError` where records are missing."""
        state = self._verified.state()
        if state.frontier.size != self._job.end or state.prev is None:
            raise VerificationError("a part is not whole")
        self._beside.decided.bounded()
        return Part(
            first=self._job.first,
            spans=tuple(self._spans),
            before=self._before,
            last=state.prev,
            recorded=(self._first_at, state.recorded_at),
            beside=self._beside,
            told=tuple(self._told),
        )


class Joint:
    """Parts put one behind the other, from a state on that was verified."""

    def __init__(self, start: State, checkpoints: Sequence[Checkpoint]) -> None:
        if start.prev is None:
            raise TypeError("parts follow a record, or the beginning")
        self._frontier: Frontier = start.frontier.copy()
        self.last, self._recorded, self._tenant = start.prev, start.recorded_at, start.tenant
        self._checkpoints = checkpoints
        self._beside = Beside()
        self._told: list[Envelope] = []

    def take(self, part: Part) -> bool:
        """Whether the next part holds here: steps 1, 2 and 4. `FormatError` for subtrees that have no place here."""
        # 1. and 2.; 3. was done in the part, which knows the ledger.
        if (part.first, part.before) != (self._frontier.size, self.last) or part.recorded[0] < self._recorded:
            return False
        # 4.
        for nodes in part.spans:
            self._frontier.extend(nodes)
            size, root = self._frontier.size, self._frontier.root()
            if any(point.root != root for point in self._checkpoints if point.size == size):
                return False
        self.last, self._recorded = part.last, part.recorded[1]
        self._beside.join(part.beside)
        # 6.
        self._told += part.told
        return True

    def end(self) -> Joined:
        """What they came to."""
        state = State(frontier=self._frontier, prev=self.last, recorded_at=self._recorded, tenant=self._tenant)
        return Joined(state=state, last=self.last, beside=self._beside, told=tuple(self._told))
