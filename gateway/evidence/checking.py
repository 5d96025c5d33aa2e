"""Goes over the records of a bundle while it is written: in this process, or in one beside it (`checker`).

The other process can only be of help. Where it cannot be started, dies, hangs or says what makes no sense, this one
goes on alone: it goes over what was written since the pass was last asked for what it had come to, once more, from the
ledger, and holds it against what was written. So a bundle is made, the same to the byte, whatever becomes of the other.

It has the next lot before it is done with one, so that neither waits for the other: what it says of a lot is heard when
the next one was sent, and what it says of the last when it is asked what it has come to.
"""

import asyncio
import logging
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

import msgspec

from gateway.core.errors import FormatError, VerificationError
from gateway.core.ports import StoredRecord
from gateway.evidence import checker
from gateway.evidence.checker import Answer, Job, receive, send
from gateway.evidence.passing import Passed, Passing

CHUNK = 64
"""Records that are gone over at once here: a millisecond of work, after which others get their turn."""
WORTH = 50_000
"""Records that another process is worth starting for: it takes a second to be there."""
ANSWER_S = 60.0
"""Seconds after which a process that does not answer for some thousand records is given up."""
_log = logging.getLogger("gateway.evidence")
Chosen = list[list[int]]
"""The numbers of those that are selected, of each of some lots that were gone over."""
NOT_STARTED, LOST = "not_started", "lost"
Alone = Callable[[str], None]
"""Is told that there is no other process, though there should be: `NOT_STARTED`, or `LOST` meanwhile."""
Again = Callable[[int, int], AsyncIterator[Sequence[StoredRecord]]]
"""Records from one number on to another (exclusive) that were written, as the ledger has them."""


class Lost(Exception):
    """The other process does not answer, and will not."""


class Checking:
    """The pass over a bundle's records, for who writes them. An asynchronous context manager."""

    def __init__(self, job: Job, processes: int, again: Again, alone: Alone = lambda why: None) -> None:
        """`processes`: two, where another one is to be asked for help."""
        self._job, self._again, self._helped, self._told = job, again, processes > 1, alone
        self._here = job.passing()
        self._there: _There | None = None
        self._size = self._here.size
        self._unheard: range | None = None
        """Records of the lot that the other has and has said nothing of yet."""

    async def __aenter__(self) -> "Checking":
        if self._helped and self._job.end - self._size >= WORTH:
            try:
                # On the loop, though it takes some milliseconds: begun by a thread it would be left behind by a build
                # that is cancelled meanwhile.
                self._there = _There(self._job)
            except OSError as error:
                _log.warning("a bundle is written by one process: another cannot be started (%s)", type(error).__name__)
                self._told(NOT_STARTED)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._end()

    async def take(self, records: Sequence[StoredRecord]) -> Chosen:
        """The next records, one at least; what is selected of the lots that were gone over meanwhile: of these, or of
        those before. `VerificationError` or `FormatError` where a record of these lots does not hold."""
        lot = range(records[0].seq, records[-1].seq + 1)
        try:
            chosen = [await self._taken(records)] if self._there is None else await self._sent(records, lot)
        except Lost as lost:
            chosen = [*await self._alone(lost), await self._taken(records)]
        self._size = lot.stop
        return chosen

    async def settled(self) -> tuple[Chosen, Passing]:
        """What is selected of the lots that nothing was said of yet; and the pass over all that were taken, with all
        that it knows, to be read. The errors are those of `take`."""
        chosen: Chosen = []
        try:
            if self._there is not None:
                chosen = await self._heard(self._there)
                if self._here.size < self._size:
                    passed = await self._there.passed(self._size)
                    self._here = msgspec.structs.replace(self._job, passed=passed).passing()
        except Lost as lost:
            chosen += await self._alone(lost)
        return chosen, self._here

    async def _sent(self, records: Sequence[StoredRecord], lot: range) -> Chosen:
        there = self._there
        if there is None:
            raise TypeError("nobody is there")
        await there.send(records)
        chosen = await self._heard(there)
        there.listen()
        self._unheard = lot
        return chosen

    async def _heard(self, there: "_There") -> Chosen:
        """What the other says of the lot that is to be heard of, if one is."""
        lot = self._unheard
        if lot is None:
            return []
        chosen = await there.chosen(lot)
        self._unheard = None
        return [chosen]

    async def _taken(self, records: Sequence[StoredRecord]) -> list[int]:
        chosen: list[int] = []
        for start in range(0, len(records), CHUNK):
            chosen += self._here.take(records[start : start + CHUNK])
            await asyncio.sleep(0)  # whoever serves requests on this loop waits no longer than for one chunk
        return chosen

    async def _alone(self, lost: Lost) -> Chosen:
        """Go on without the other, from what it had come to when it was last asked for that. What is selected of the
        lot that it has said nothing of."""
        _log.warning("a bundle is written on by one process: the other is lost (%s)", lost)
        self._told(LOST)
        await self._end()
        unheard, self._unheard = self._unheard, None
        chosen: list[int] = []
        async for records in self._again(self._here.size, self._size):
            found = await self._taken(records)
            chosen += [seq for seq in found if unheard is not None and seq in unheard]
        return [] if unheard is None else [chosen]

    async def _end(self) -> None:
        there, self._there = self._there, None
        if there is not None:
            await there.end()


class _There:
    """A pass in the other process. `OSError` where that cannot be started, and `Lost` where it does not do what is
    asked of it in time."""

    def __init__(self, job: Job) -> None:
        self.process = _Process(job)
        self._answer: asyncio.Task[Answer | None] | None = None

    async def send(self, records: Sequence[StoredRecord]) -> None:
        """Returns when the other has nearly all of it, which is when it is done with what it had before."""
        with _may_be_lost():
            async with asyncio.timeout(ANSWER_S):
                await asyncio.to_thread(self.process.send, records)

    def listen(self) -> None:
        """Listen for the answer to what was sent. By a thread of its own, whatever is sent meanwhile: one that waits to
        be heard would take nothing more."""
        self._answer = asyncio.create_task(asyncio.to_thread(self.process.receive))

    async def chosen(self, lot: range) -> list[int]:
        """What is selected of the lot that was listened for."""
        chosen = (await self._answered()).chosen
        if not set(chosen) <= set(lot):
            raise Lost("it selects what it was not given")
        return chosen

    async def passed(self, size: int) -> Passed:
        """What all records before this number came to."""
        await self.send(())
        self.listen()
        passed = (await self._answered()).passed
        if passed is None or passed.size != size:
            raise Lost("it has come to something else")
        return passed

    async def end(self) -> None:
        """Nothing of it is left, no thread that listens either."""
        await asyncio.to_thread(self.process.end)
        if self._answer is not None:
            await asyncio.gather(self._answer, return_exceptions=True)

    async def _answered(self) -> Answer:
        if self._answer is None:
            raise TypeError("nothing was asked")
        with _may_be_lost():
            async with asyncio.timeout(ANSWER_S):
                answer = await self._answer
        if answer is None:
            raise Lost(f"it has ended {await asyncio.to_thread(self.process.how)}")
        if answer.fault is not None:
            raise (FormatError if answer.form else VerificationError)(answer.fault)
        return answer


@contextmanager
def _may_be_lost() -> Iterator[None]:
    try:
        yield
    except TimeoutError:
        raise Lost("it does not answer") from None
    except (OSError, ValueError, EOFError, msgspec.MsgspecError) as error:
        raise Lost(type(error).__name__) from error


class _Process:
    """The other process itself. Everything here blocks."""

    def __init__(self, job: Job) -> None:
        self._job: Job | None = job
        self._process = started()

    @property
    def pid(self) -> int:
        return self._process.pid

    def send(self, records: Sequence[StoredRecord]) -> None:
        sink = self._process.stdin
        assert sink is not None  # noqa: S101 — a pipe, as asked for
        job, self._job = self._job, None
        if job is not None:
            send(sink, job)
        send(sink, records)

    def receive(self) -> Answer | None:
        """None where nobody is there who would answer."""
        source = self._process.stdout
        assert source is not None  # noqa: S101 — a pipe, as asked for
        found: Answer | None = receive(source, Answer)
        return found

    def how(self) -> str:
        """With what it has ended, of which it is about to say no more."""
        with suppress(subprocess.TimeoutExpired):
            return f"with {self._process.wait(1)}"
        return "its answers"

    def end(self) -> None:
        """Whatever it does, it is not asked for any more; a thread that still asks it has seen so when this returns."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError):  # what could not be sent any more
                if pipe is not None:
                    pipe.close()


def started() -> "subprocess.Popen[bytes]":
    """The process, which waits for its job. `OSError` where it cannot be started.

    Of the environment, which may hold secrets, it has where the code is and no more; of open files its two pipes.
    Signals that a terminal sends to all are for this process, which ends the other.
    """
    return subprocess.Popen(  # noqa: S603 — this interpreter, and a module of our own
        [sys.executable, "-s", "-P", "-m", checker.__name__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd="/",
        env={"PYTHONPATH": os.pathsep.join(os.path.abspath(path) for path in sys.path if path)},
        start_new_session=True,
    )
