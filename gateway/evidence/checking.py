"""Goes over the records of a bundle while it is written: in this process, or in one beside it (`checker`).

The other process can only be of help. Where it cannot be started, dies, hangs or says what makes no sense, this one
goes on alone: it goes over what was written since the pass was last asked for what it had come to, once more, from the
ledger, and holds it against what was written. So a bundle is made, the same to the byte, whatever becomes of the other.
"""

import asyncio
import logging
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress

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
Again = Callable[[int, int], AsyncIterator[Sequence[StoredRecord]]]
"""Records from one number on to another (exclusive) that were written, as the ledger has them."""


class Lost(Exception):
    """The other process does not answer, and will not."""


class Checking:
    """The pass over a bundle's records, for who writes them. An asynchronous context manager."""

    def __init__(self, job: Job, processes: int, again: Again) -> None:
        """`processes`: two, where another one is to be asked for help."""
        self._job, self._again, self._helped = job, again, processes > 1
        self._here = job.passing()
        self._there: _There | None = None
        self._size = self._here.size

    async def __aenter__(self) -> "Checking":
        if self._helped and self._job.end - self._size >= WORTH:
            try:
                # On the loop, though it takes some milliseconds: begun by a thread it would be left behind by a build
                # that is cancelled meanwhile.
                self._there = _There(self._job)
            except OSError as error:
                _log.warning("a bundle is written by one process: another cannot be started (%s)", type(error).__name__)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._end()

    async def take(self, records: Sequence[StoredRecord]) -> list[int]:
        """The next records, one at least; the numbers of those that are selected. `VerificationError` or `FormatError`
        for the first that does not hold."""
        try:
            chosen = await self._taken(records) if self._there is None else await self._there.take(records)
        except Lost as lost:
            await self._alone(lost)
            chosen = await self._taken(records)
        self._size = records[-1].seq + 1
        return chosen

    async def passing(self) -> Passing:
        """The pass with all that it knows, to be read."""
        if self._there is not None and self._here.size < self._size:
            try:
                passed = await self._there.passed(self._size)
                self._here = msgspec.structs.replace(self._job, passed=passed).passing()
            except Lost as lost:
                await self._alone(lost)
        return self._here

    async def _taken(self, records: Sequence[StoredRecord]) -> list[int]:
        chosen: list[int] = []
        for start in range(0, len(records), CHUNK):
            chosen += self._here.take(records[start : start + CHUNK])
            await asyncio.sleep(0)  # whoever serves requests on this loop waits no longer than for one chunk
        return chosen

    async def _alone(self, lost: Lost) -> None:
        """Go on without the other, from what it had come to when it was last asked for that."""
        _log.warning("a bundle is written on by one process: the other is lost (%s)", lost)
        await self._end()
        async for records in self._again(self._here.size, self._size):
            await self._taken(records)

    async def _end(self) -> None:
        there, self._there = self._there, None
        if there is not None:
            await asyncio.to_thread(there.process.end)


class _There:
    """A pass in the other process. `OSError` where that cannot be started."""

    def __init__(self, job: Job) -> None:
        self.process = _Process(job)

    async def take(self, records: Sequence[StoredRecord]) -> list[int]:
        chosen = (await self._asked(records)).chosen
        if not set(chosen) <= {record.seq for record in records}:
            raise Lost("it selects what it was not given")
        return chosen

    async def passed(self, size: int) -> Passed:
        """What all records before this number came to."""
        passed = (await self._asked(())).passed
        if passed is None or passed.size != size:
            raise Lost("it has come to something else")
        return passed

    async def _asked(self, records: Sequence[StoredRecord]) -> Answer:
        try:
            async with asyncio.timeout(ANSWER_S):
                answer = await asyncio.to_thread(self.process.answer, records)
        except TimeoutError:
            raise Lost("it does not answer") from None
        except (OSError, ValueError, EOFError, msgspec.MsgspecError) as error:
            raise Lost(type(error).__name__) from error
        if answer is None:
            raise Lost(f"it has ended {await asyncio.to_thread(self.process.how)}")
        if answer.fault is not None:
            raise (FormatError if answer.form else VerificationError)(answer.fault)
        return answer


class _Process:
    """The other process itself. Everything here blocks."""

    def __init__(self, job: Job) -> None:
        self._job: Job | None = job
        self._process = started()

    @property
    def pid(self) -> int:
        return self._process.pid

    def answer(self, records: Sequence[StoredRecord]) -> Answer | None:
        """None where nobody is there who would answer."""
        source, sink = self._process.stdout, self._process.stdin
        assert source is not None and sink is not None  # noqa: S101, PT018 — pipes, as asked for
        job, self._job = self._job, None
        if job is not None:
            send(sink, job)
        send(sink, records)
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
