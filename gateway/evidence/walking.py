"""The records of a bundle written, and gone over meanwhile (`checking`): the ledger is read once.

Each lot is gone over while it is written, and while the next ones are read and written. So what is in the file may turn
out not to hold, but nothing is kept, and nothing signed, before all of what is in it does.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import BinaryIO

from gateway.core.errors import VerificationError
from gateway.core.ports import RecordReader, StoredRecord
from gateway.evidence import bag
from gateway.evidence.checker import Job
from gateway.evidence.checking import Alone, Checking, Chosen
from gateway.evidence.container import Stream, lines_between
from gateway.evidence.piece import Spool
from gateway.evidence.records import encode_detail_line
from gateway.ledger.record import MAX_BYTES

CHUNK = 64
"""Records that are written at once, after which others get their turn."""
SEGMENT = 65_536
"""After so many records, and the rest of a lot, what was written is kept: some two seconds of work, lost in a death."""


class Walk:
    """Over the records that a job has left, for one bundle."""

    def __init__(
        self,
        reader: RecordReader,
        job: Job,
        file: BinaryIO,
        spool: Spool,
        *,
        opened: int,
        processes: int,
        alone: Alone = lambda why: None,
    ) -> None:
        """`file`: what the records are written to, which can be read too; `spool`: takes the details of those that are
        selected, as lines, `opened` so many of which are there already."""
        self._reader, self._job, self._file, self._spool = reader, job, file, spool
        self.passing = job.passing()
        """The pass, as far as it had come when it was last asked for that."""
        self.opened = opened
        """How many details are in the spool."""
        self._checking = Checking(job, processes, self._again, alone)
        self._from = 0
        """Where in the file the record begins that comes next to that."""

    async def over(self, stream: Stream, tell: Callable[[int], None], keep: Callable[[], Awaitable[None]]) -> None:
        """Write all of them. `tell` is told how many of the range are written, and may raise; `keep` is called when all
        that is written was gone over, now and then. `VerificationError` or `FormatError` where a record does not
        hold."""
        self._from = self._file.tell()
        async with self._checking:
            await self._lots(stream, tell, keep)
            await self._settle()

    async def _lots(self, stream: Stream, tell: Callable[[int], None], keep: Callable[[], Awaitable[None]]) -> None:
        end, size = self._job.end, self.passing.size
        keep_at = size + SEGMENT
        taking: asyncio.Task[Chosen] | None = None
        try:
            async for lot in self._reader.lots(size, end):
                chosen = [] if taking is None else await taking
                taking = asyncio.create_task(self._checking.take(lot))
                await self._open(chosen)
                await self._write(lot, stream, tell)
                size = lot[-1].seq + 1
                if keep_at <= size < end:
                    await self._open(await taking)
                    taking = None
                    await self._settle()
                    self._from = self._file.tell()
                    await keep()
                    keep_at = size + SEGMENT
            if taking is not None:
                await self._open(await taking)
        finally:
            if taking is not None:
                taking.cancel()
                await asyncio.gather(taking, return_exceptions=True)

    async def _settle(self) -> None:
        """All that is written was gone over, and what is selected of it is in the spool."""
        chosen, self.passing = await self._checking.settled()
        await self._open(chosen)

    async def _write(self, lot: Sequence[StoredRecord], stream: Stream, tell: Callable[[int], None]) -> None:
        for start in range(0, len(lot), CHUNK):
            chunk = lot[start : start + CHUNK]
            stream.write(b"\n".join([*(record.envelope for record in chunk), b""]))
            tell(chunk[-1].seq + 1 - self._job.first)
            await asyncio.sleep(0)  # whoever serves requests on this loop waits no longer than for one chunk

    async def _open(self, chosen: Chosen) -> None:
        """The details of these records, which are selected, go to the spool."""
        for of_lot in chosen if self._job.selection.details else ():
            for run in await self._reader.runs(of_lot):
                await self._open_run(run)

    async def _open_run(self, run: Sequence[int]) -> None:
        details = await self._reader.details(run)
        for seq in run:
            opening = details.get(seq)
            if opening is not None:  # deleted: "commitment only"
                self._spool.write(encode_detail_line(seq, opening.salt, opening.detail))
                self.opened += 1

    async def _again(self, first: int, end: int) -> AsyncIterator[Sequence[StoredRecord]]:
        """Records that were written since the pass was last asked for what it had come to, once more."""
        lines = lines_between(self._file, bag.RECORDS, self._from, self._file.tell(), MAX_BYTES)
        async for lot in self._reader.lots(first, end):
            for record in lot:
                if next(lines, None) != record.envelope:
                    raise VerificationError(f"record {record.seq}: was changed while it was read")
            yield lot
