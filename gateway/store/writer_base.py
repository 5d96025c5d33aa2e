"""A tenant's writer: group commit, the same on every database.

Life of a batch: everything that waits is taken; the tenant's head is locked; sequence numbers, links and times are
filled in; all rows are inserted in one transaction with the head; it commits; only then the waiters wake. While one
commit is under way the next batch gathers, so that batches grow with load, and no timer adds latency when idle. A large
one is filled in meanwhile, on the head that the one under way will leave: if it leaves another, or fails, nothing of
that is used.

When a batch fails, everyone in it and everyone queued behind it is told `LedgerUnavailable`, and nothing of it is ever
tried again. What was refused is counted, and the first batch that succeeds afterwards begins with a `ledger.recovered`
record holding the count, and with an `exchange.interrupted` for every exchange whose intent turned out durable, or
whose end was refused.
"""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext, suppress
from functools import partial
from itertools import islice

import msgspec

from gateway.core.errors import FormatError, LedgerUnavailable, LeftOut
from gateway.core.ports import Clock, Failpoint
from gateway.ledger.entry import Appended, Entry, RowChange
from gateway.ledger.form import Draft
from gateway.ledger.record import Envelope, NodeInfo
from gateway.store.batch import Filled, Head, Waiting, changing, closing, fill, interrupted, overtaken, recovered
from gateway.store.key_stage import DataKeys, KeyStage, gathered
from gateway.store.watchdog import Watchdog

MAX_BATCH = 1_000
MAX_ABANDONED = 100_000
AHEAD = 256
"""So many that wait while a batch is written are given their places meanwhile: the database, which for a batch of this
size is at work for several milliseconds, need not wait for it then. Those that come after them are the batch after."""
_log = logging.getLogger("gateway.store")


class WriterOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What a writer is given, whatever its database."""

    tenant: str
    """The ledger's id."""
    node: NodeInfo
    clock: Clock
    keyring: DataKeys | None = None
    failpoint: Failpoint | None = None
    """Awaited at `ledger.before_insert`, `ledger.before_commit` and `ledger.after_commit`, and by the stage
    of the data keys."""
    on_batch: Callable[[int, float], None] | None = None
    """Told the size and the seconds of each batch that was committed."""
    on_lost: Callable[[str, int, bytes], bool] | None = None
    """Told ledger, size and newest leaf hash of what this writer had committed, once the database has it no more, and
    again each time that this is found, until it says that it will remember."""
    limit: int = 10_000
    """How many may wait before appends are refused at once."""
    wait_s: float = 5.0
    """How long a batch may take before those who wait for it are told `LedgerUnavailable`."""
    retry_s: float = 1.0
    """How often a writer that failed looks whether the database is back."""


class Ahead(msgspec.Struct, frozen=True):
    """A batch that is made while the one before it is written."""

    waiting: list[Waiting]
    """The first ones of the queue."""
    filled: Filled


class InDoubt(LedgerUnavailable):
    """Nobody can tell whether the transaction is committed."""


class LedgerWriter(ABC):
    """`ledger.entry.Ledger` on one database; subclasses know how to lock, insert and commit."""

    _most_at_once = 2 * MAX_BATCH
    """The largest batch that is made in one go."""

    def __init__(self, options: WriterOptions) -> None:
        self.tenant, self.node, self.clock = options.tenant, options.node, options.clock
        self.policy: str | None = None
        """The active policy's digest, as last seen in the head."""
        self.healthy = False
        """Whether the last attempt to reach the database succeeded."""
        self.halted = False
        """Whether nothing may be recorded any more (`halt`)."""
        self.suspended = False
        """Whether nothing may be acknowledged for now: what the database keeps, a failover might lose."""
        self.held = False
        """Whether no new exchange may begin for now; those under way end, and all else is recorded."""
        self.refused = 0
        """Appends refused since the ledger was last written, and not yet on record."""
        self._failpoint = options.failpoint
        self._on_batch, self._on_lost = options.on_batch, options.on_lost
        self._kept: tuple[int, bytes] | None = None
        """The newest record that this writer has committed, with its leaf hash: in whatever database it finds later."""
        self._found_lost = self._told_lost = False
        self._left: Head | None = None
        """The head as the last batch left it: if it is still that, nobody else has written since."""
        self._leaving: Head | None = None
        """The head that the batch under way will leave, where it is made in one go."""
        self._ahead: Ahead | None = None
        self._limit, self._wait_s, self._retry_s = options.limit, options.wait_s, options.retry_s
        self._queue: deque[Waiting] = deque()
        self._wake = asyncio.Event()
        self._stuck: set[str] = set()
        self._stopping = self._ending = False
        self._abandoned: dict[str, Draft] = {}
        self._doubt: tuple[int, bytes, int] | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._watchdog = Watchdog[list[Waiting]](options.wait_s, partial(self._overdue, where="database"))
        self._keys: KeyStage | None = None
        if options.keyring is not None:
            self._keys = KeyStage(
                options.keyring, self._keyed, self._fail, self._overdue, options.wait_s, options.failpoint
            )

    @property
    def lost(self) -> bool:
        """Whether what this writer had committed was found to be gone: its database is there, and is another."""
        return self._found_lost

    @property
    def written(self) -> int:
        """How many records there were once this writer had committed its newest; 0 before that."""
        return 0 if self._kept is None else self._kept[0] + 1

    @property
    def lag(self) -> int:
        """How many records wait."""
        return len(self._queue) + (0 if self._keys is None else len(self._keys.queue))

    # ------------------------------------------------------------------------------------------------- from outside

    async def start(self) -> None:
        """Connect, make the ledger's head if this is its first start, and begin. `LedgerUnavailable` if it cannot."""
        try:
            async with asyncio.timeout(self._wait_s):
                self.policy = (await self._open()).policy
        except TimeoutError as error:
            await self._close()
            raise LedgerUnavailable("the database did not answer in time") from error
        except BaseException:
            await self._close()
            raise
        self.healthy = True
        self._tasks = [asyncio.create_task(self._run(), name=f"ledger {self.tenant}")]
        if self._keys is not None:
            self._keys.start()

    async def stop(self) -> None:
        """Write what waits, then let go of the database. Later appends are refused."""
        self._stopping = True
        if self._keys is not None:
            await self._keys.stop()
        # Not before: what still waited for its keys comes into the queue until here.
        self._ending = True
        self._wake.set()
        for task in self._tasks:
            await task
        self._tasks = []
        self._watchdog.close()
        await self._close()

    async def append(self, entry: Entry) -> Appended:
        """As `ledger.entry.Ledger`; `LeftOut` for a record that was left out with its change."""
        appended = await self.submit(entry)
        if appended is None:  # only for entries that may be left out
            raise LeftOut("the record was left out")
        return appended

    async def interrupt(self, intent: Envelope) -> Appended | None:
        """Close an exchange as interrupted; None, and no record, when it was closed already."""
        entry = interrupted(intent, self.clock.now_us(), self.node)
        return await self.submit(entry, only_if_open=True)

    def halt(self) -> None:
        """Record nothing from now on: what is recorded is known not to be whole. What waits is still written."""
        self.halted = True

    @property
    def usable(self) -> bool:
        """Whether records can be taken, as far as is known."""
        return self.healthy and not (self.halted or self.suspended or self.held)

    def missed(self) -> None:
        """Count a request that was refused because this database could not even be read: nothing was appended.

        The writer tries to put the count on record now, and so learns whether it can still write."""
        self.refused += 1
        self._wake.set()

    def submit(self, entry: Entry, only_if_open: bool = False) -> "asyncio.Future[Appended | None]":
        """Queue an entry now, in the order of the calls; the future answers as `append` and `interrupt` do."""
        self._check(entry)
        running = self._tasks and not self._tasks[0].done()
        kept_out = self.halted or self.suspended or (self.held and entry.opens)
        if not running or self._stopping or kept_out or self._stuck or self.lag >= self._limit:
            self._refuse(entry)
            raise LedgerUnavailable("the ledger cannot take records now")
        future: asyncio.Future[Appended | None] = self._tasks[0].get_loop().create_future()
        waiter = Waiting(entry, future, only_if_open)
        if self._keys is None or not self._keys.take(waiter):
            self._queue.append(waiter)
            self._wake.set()
            if len(self._queue) == AHEAD:
                self._look_ahead()
        return future

    def _check(self, entry: Entry) -> None:
        draft = entry.draft
        if draft.common.tenant != self.tenant:
            raise FormatError("tenant must be this ledger's")
        if (entry.opens or entry.closes) and draft.exchange is None:
            raise FormatError("an entry that opens or closes must name its exchange")
        if (entry.detail is not None) != draft.common.detailed or (entry.salt is None) != (entry.detail is None):
            raise FormatError("detail, its salt and its commitment go together")
        if entry.change is not None and (entry.opens or entry.closes or entry.decided_under is not None):
            raise FormatError("rows change with records of no exchange's beginning or end")
        if entry.keys and self._keys is None:
            raise FormatError("data keys need a keyring")

    # ------------------------------------------------------------------------------------------------------- the loop

    async def _run(self) -> None:
        while True:
            slept = not (self._queue or self._ending or (self.healthy and self._behind()))
            if slept:
                await self._sleep()
            if self._ending and not self._queue:
                return
            if not self._queue and self.healthy and not self._behind():
                continue
            if not slept or len(self._queue) > 1:
                # One that came alone has been alone for the turn that it took to wake up.
                await gathered(self._queue)
            self._wake.clear()
            ahead, self._ahead = self._ahead, None
            size = min(len(self._queue), MAX_BATCH) if ahead is None else len(ahead.waiting)
            await self._attempt([self._queue.popleft() for _ in range(size)], ahead)

    def _behind(self) -> bool:
        """Whether there is something to tell that nobody waits for."""
        return bool(self.refused or self._abandoned) and not (self._stopping or self.halted)

    async def _sleep(self) -> None:
        if self.healthy:
            await self._wake.wait()
        else:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._retry_s):
                    await self._wake.wait()
        self._wake.clear()

    async def _attempt(self, taken: list[Waiting], ahead: Ahead | None) -> None:
        began = self.clock.monotonic_ns()
        self._watchdog.begin(taken)
        try:
            async with self._turn():
                if self._doubt is not None:
                    await self._dispel_doubt(self._doubt)
                refused, ends = self.refused, list(self._abandoned)[: MAX_BATCH // 2]
                behind = self._catch_up(refused, ends) if refused or ends else []
                filled = await self._write([*behind, *taken], len(taken), refused, ahead)
        except asyncio.CancelledError:
            self._fail(taken)
            self._fail_queued()
            raise
        except Exception as error:  # noqa: BLE001 — whatever it was, nobody may take the records for durable
            _log.error("the ledger could not be written: %s", _kind(error))
            self.healthy = False
            # Everyone queued behind has waited for the same database, and would wait as long again.
            self._fail(taken)
            self._fail_queued()
        else:
            self.refused -= refused
            for exchange in ends:
                self._abandoned.pop(exchange, None)
            if filled.record:
                self._kept = (filled.head.size - 1, filled.head.hash)
                self._found_lost = self._told_lost = False
            self.healthy, self.policy = True, filled.head.policy
            self._answer(taken, filled)
            self._told(len(taken), (self.clock.monotonic_ns() - began) / 1e9)
        finally:
            self._watchdog.end()
            self._stuck.discard("database")

    def _told(self, size: int, seconds: float) -> None:
        if self._on_batch is None or not size:
            return
        try:
            self._on_batch(size, seconds)
        except Exception as error:  # noqa: BLE001 — whoever counts must not stop the ledger
            _log.error("a batch could not be counted: %s", type(error).__name__)

    async def _write(self, waiting: list[Waiting], taken: int, refused: int, ahead: Ahead | None) -> Filled:
        """The transaction. The last `taken` of those waiting came from outside."""
        left, self._left = self._left, None
        filled = None
        size = len(waiting)
        if left is not None and (size <= self._most_at_once or size >= AHEAD) and not changing(waiting):
            made = None
            if ahead is not None and ahead.filled.left is left and ahead.waiting == waiting:
                made = ahead.filled
            filled = await self._write_at_once(left, waiting, taken, refused, made)
        if filled is None:
            filled = await self._write_in_steps(waiting, taken, refused)
        self._left = filled.head
        return filled

    async def _write_at_once(
        self, left: Head, waiting: list[Waiting], taken: int, refused: int, made: Filled | None
    ) -> Filled | None:
        """The transaction in one go, on the head that this writer left and on what it closes being open. It does
        nothing where either is not so, nor where nothing would be written; then None: it is made step by step. `made`
        is what these came to on that head, if it was made ahead."""
        filled = self._filled(waiting, left, set(closing(waiting))) if made is None else made
        if not filled.record:
            return None  # what refuses them all must be the head as it is
        # What begins and ends within the batch is in no table yet, and must not be.
        brief = _begun(waiting, filled) if filled.closed else frozenset()
        if self._failpoint is not None:
            await self._pause("ledger.before_insert")
            await self._pause("ledger.before_commit")
        self._leaving = filled.head
        if len(self._queue) >= AHEAD:
            self._look_ahead()
        try:
            # A crash before it returns may leave all or nothing, and nobody was told; after it, all of it is there, as
            # after 4 of the steps.
            if not await self._put(filled, left, sum(exchange not in brief for exchange in filled.closed)):
                return None
        except InDoubt as error:
            await self._doubtful(filled, taken, refused, error)
            return filled
        finally:
            self._leaving = None
        if self._failpoint is not None:
            try:
                await self._pause("ledger.after_commit")
            except Exception as error:  # noqa: BLE001 — raised again unless the records are found to be there
                await self._doubtful(filled, taken, refused, error)
        return filled

    def _look_ahead(self) -> None:
        """Soon, with whatever comes in this turn of the loop: give those that wait their places."""
        if self._leaving is not None and self._ahead is None:
            self._tasks[0].get_loop().call_soon(self._make_ahead)

    def _make_ahead(self) -> None:
        head, waiting = self._leaving, list(islice(self._queue, MAX_BATCH))
        if head is None or self._ahead is not None or len(waiting) < AHEAD or changing(waiting):
            return
        try:
            filled = self._filled(waiting, head, set(closing(waiting)))
            self._lay_out(filled)
        except Exception as error:  # noqa: BLE001 — it fails again when it is its turn, and those who wait are told
            _log.error("a batch could not be made ahead: %s", _kind(error))
        else:
            self._ahead = Ahead(waiting, filled)

    async def _write_in_steps(self, waiting: list[Waiting], taken: int, refused: int) -> Filled:
        try:
            # 1. Lock the head. A crash from here to 4 leaves nothing: the database rolls the transaction back.
            head, still_open = await self._lock(closing(waiting))
            self._demand_whole(head)
            for waiter, change in changing(waiting):
                waiter.left_out = overtaken(waiter, waiting, head) or not await self._change(change)
            # 2. Give everything its place.
            filled = self._filled(waiting, head, still_open)
            if not filled.record:
                await self._rollback()
                return filled
            # 3. Insert it all, and move the head.
            await self._pause("ledger.before_insert")
            await self._insert(filled)
            await self._pause("ledger.before_commit")
        except BaseException:
            await self._rollback()
            raise
        # 4. Commit. A crash before: nothing is there, and nobody was told that it is. After: all of it is there, and
        #    nobody was told; recovery closes the exchanges that this opened, and nothing left on their account, because
        #    only a waiter that was told lets anything leave.
        try:
            await self._commit()
            await self._pause("ledger.after_commit")
        except Exception as error:  # noqa: BLE001 — raised again unless the records are found to be there
            await self._doubtful(filled, taken, refused, error)
        return filled

    async def _doubtful(self, filled: Filled, taken: int, refused: int, error: Exception) -> None:
        """After a commit that may or may not have happened, which can only be read from the database: to try again
        could write it twice. Raises `error` unless the records are there."""
        self._doubt = (filled.head.size - 1, filled.head.hash, _written(filled, taken) + refused)
        if not await self._settle():
            raise error

    def _demand_whole(self, head: Head) -> None:
        """`LedgerUnavailable` where what this writer has committed is not below this head: the database was taken back,
        by a failover to a server that lacks it or by a restore. Nothing is written then, until it is there again."""
        if self._kept is None:
            return
        seq, leaf_hash = self._kept
        if head.size <= seq or (head.size == seq + 1 and head.hash != leaf_hash):
            raise self._lost()

    def _lost(self) -> LedgerUnavailable:
        """The error of it, told to whoever remembers it until that is done: the next start must not have forgotten."""
        self._found_lost = True
        if self._kept is not None and self._on_lost is not None and not self._told_lost:
            self._told_lost = self._on_lost(self.tenant, self._kept[0] + 1, self._kept[1])
        return LedgerUnavailable("records that were acknowledged are not there: the database was taken back")

    def _filled(self, waiting: list[Waiting], head: Head, still_open: set[str]) -> Filled:
        return fill(
            waiting, head, tenant=self.tenant, now_us=self.clock.now_us(), still_open=still_open, node=self.node
        )

    async def _pause(self, name: str) -> None:
        if self._failpoint is not None:
            await self._failpoint(name)

    async def _settle(self) -> bool:
        """Whether the batch in doubt landed, read under the head's lock over a new connection."""
        if self._doubt is None:
            return True
        seq, leaf_hash, _ = self._doubt
        landed = await self._landed(seq, leaf_hash)
        self._doubt = None
        return landed

    async def _dispel_doubt(self, doubt: tuple[int, bytes, int]) -> None:
        """Before the first attempt after an uncertain commit: did that one land? Its waiters were refused, and if their
        records are there they do not belong in the count."""
        if await self._settle():
            self.refused = max(0, self.refused - doubt[2])

    # ---------------------------------------------------------------------------------------------- answers, refusals

    def _answer(self, taken: list[Waiting], filled: Filled) -> None:
        answers = filled.answers[len(filled.answers) - len(taken) :]
        for waiter, answer in zip(taken, answers, strict=True):
            future = waiter.future
            if future is None or future.done():
                continue
            if isinstance(answer, Exception):
                future.set_exception(answer)
            else:
                future.set_result(answer)

    def _catch_up(self, refused: int, ends: list[str]) -> list[Waiting]:
        entries = []
        now = self.clock.now_us()
        if refused:
            entries.append(Waiting(recovered(self.tenant, now, self.node, "ledger_unavailable", refused), None))
        for exchange in ends:
            entry = interrupted(self._abandoned[exchange].envelope(), now, self.node)
            entries.append(Waiting(entry, None, only_if_open=True))
        return entries

    def _fail(self, waiting: Sequence[Waiting]) -> None:
        for waiter in waiting:
            self._refuse(waiter.entry)
            waiter.refuse()

    def _fail_queued(self) -> None:
        queued = [*self._queue, *(self._keys.queue if self._keys is not None else ())]
        self._queue.clear()
        self._ahead = None
        if self._keys is not None:
            self._keys.queue.clear()
        self._fail(queued)

    def _keyed(self, waiting: list[Waiting]) -> None:
        """These have their keys, or never needed any."""
        self._stuck.discard("keyring")
        self._queue.extend(waiting)
        self._wake.set()
        if len(self._queue) >= AHEAD:
            self._look_ahead()

    def _refuse(self, entry: Entry) -> None:
        self.refused += 1
        self._abandon(entry)

    def _abandon(self, entry: Entry) -> None:
        exchange = entry.draft.exchange
        if exchange is not None and (entry.opens or entry.closes) and len(self._abandoned) < MAX_ABANDONED:
            self._abandoned[exchange] = entry.draft

    def _overdue(self, taken: list[Waiting], where: str) -> None:
        """The database hangs: nobody waits longer for it. What becomes of the batch is seen when the call returns."""
        self.healthy = False
        self._stuck.add(where)
        _log.error("the ledger's %s did not answer in %s s", where, self._wait_s)
        for waiter in taken:
            self._abandon(waiter.entry)
            waiter.refuse()
        self._fail_queued()
        if where == "database":
            self._interrupt()

    # -------------------------------------------------------------------------------------------- what a database does

    @abstractmethod
    async def _open(self) -> Head:
        """Connect, make the head row if there is none, and return it."""

    @abstractmethod
    async def _close(self) -> None: ...

    @abstractmethod
    def _put(self, filled: Filled, left: Head, still_open: int) -> Awaitable[bool]:
        """One transaction in one go: insert it all, move the head from where it was left, and commit. False, and
        nothing, if the head is elsewhere or another number of what is closed is open. `InDoubt` if nobody can tell
        whether it is committed; any other error if it is not."""

    def _lay_out(self, filled: Filled) -> None:
        """What of `_put` can be done before its turn: nothing, unless a database knows better."""
        _ = filled

    @abstractmethod
    async def _lock(self, closing: list[str]) -> tuple[Head, set[str]]:
        """Begin a transaction, lock the head; also which of these exchanges are open."""

    @abstractmethod
    async def _change(self, change: RowChange) -> bool:
        """Within the transaction: make a change, and what is beside it. Whether it took hold of exactly one row."""

    @abstractmethod
    async def _insert(self, filled: Filled) -> None: ...

    @abstractmethod
    async def _commit(self) -> None: ...

    @abstractmethod
    async def _rollback(self) -> None:
        """Leave the transaction, by dropping the connection if need be. Never raises."""

    @abstractmethod
    async def _landed(self, seq: int, leaf_hash: bytes) -> bool:
        """Whether this record is durably there: asked over a new connection, with the head locked."""

    def _turn(self) -> AbstractAsyncContextManager[object]:
        """Held for one batch: for databases whose connection several writers share."""
        return nullcontext()

    @abstractmethod
    def _interrupt(self) -> None:
        """Break off the call that hangs, if that is possible."""


def _begun(waiting: list[Waiting], filled: Filled) -> frozenset[str | None]:
    """The exchanges that begin with what was given a place: not those whose beginning is refused."""
    answered = zip(waiting, filled.answers, strict=True)
    return frozenset(
        one.entry.draft.exchange for one, answer in answered if one.entry.opens and isinstance(answer, Appended)
    )


def _written(filled: Filled, taken: int) -> int:
    return sum(isinstance(answer, Appended) for answer in filled.answers[len(filled.answers) - taken :])


def _kind(error: Exception) -> str:
    """Our own errors speak for themselves and hold no values; of others only the kind is told."""
    return str(error) if isinstance(error, LedgerUnavailable) else type(error).__name__
