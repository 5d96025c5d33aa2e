"""The process beside the one that writes a bundle: it goes over the records (`passing`) while the other reads and
writes them, which is a third of the work.

It is given the records and what they are gone over for, and nothing else: no key, no database, no configuration, none
of the environment. It gives way to whatever else the machine has to do, the traffic first of all. It ends when nobody
asks any more, as when the other is dead.

Each message is its length, 4 bytes, and a value in MessagePack. The first is a `Job`; each one after it is some
records, answered by what is selected of them, or none, answered by what the pass has come to.
"""

import os
import sys
from collections.abc import Sequence
from typing import IO, Any

import msgspec

from gateway.core.errors import FormatError, VerificationError
from gateway.core.ports import StoredRecord
from gateway.evidence.passing import Passed, Passing
from gateway.evidence.selection import Selection
from gateway.ledger.checkpoint import Checkpoint

NICE = 10
LOT = 256
"""Records that are gone over at once: what a core's cache holds."""
MAX_MESSAGE = 1 << 29
"""Bytes of a message at most: more than a block of an archive has, 4,096 records of 65,535 bytes."""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What records are gone over for: the arguments of `Passing`."""

    selection: Selection
    first: int
    end: int
    before: list[bytes] | None
    last: Checkpoint
    passed: Passed | None = None

    def passing(self) -> Passing:
        return Passing(
            self.selection, first=self.first, end=self.end, before=self.before, last=self.last, passed=self.passed
        )


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What some records came to, or all that were given."""

    chosen: list[int] = []
    """Numbers of those that are selected."""
    passed: Passed | None = None
    fault: str | None = None
    """What does not hold."""
    form: bool = False
    """Whether that is a record's form."""


def send(file: IO[bytes], value: object) -> None:
    data = msgspec.msgpack.encode(value)
    file.write(len(data).to_bytes(4))
    file.write(data)
    file.flush()


def receive(file: IO[bytes], kind: Any) -> Any:
    """The next message, of this type; None where there is none any more. `EOFError` where it is cut off or longer than
    any is, and `msgspec.MsgspecError` where it is none of this type."""
    head = file.read(4)
    if not head:
        return None
    size = int.from_bytes(head)
    if len(head) < 4 or size > MAX_MESSAGE:
        raise EOFError
    data = file.read(size)
    if len(data) < size:
        raise EOFError
    return msgspec.msgpack.decode(data, type=kind)


def serve(source: IO[bytes], sink: IO[bytes]) -> None:
    """Answer until nobody asks."""
    job: Job | None = receive(source, Job)
    if job is None:
        return
    passing = job.passing()
    while (records := receive(source, list[StoredRecord])) is not None:
        send(sink, _answer(passing, records))


def _answer(passing: Passing, records: Sequence[StoredRecord]) -> Answer:
    try:
        if not records:
            return Answer(passed=passing.passed())
        lots = [records[at : at + LOT] for at in range(0, len(records), LOT)]
        return Answer(chosen=[seq for lot in lots for seq in passing.take(lot)])
    except (FormatError, VerificationError) as error:
        return Answer(fault=str(error), form=isinstance(error, FormatError))


if __name__ == "__main__":
    os.nice(NICE)
    try:
        serve(sys.stdin.buffer, sys.stdout.buffer)
    except (EOFError, BrokenPipeError):
        # Who asked is dead, in the middle of a message. Nobody reads what would be said of it.
        os._exit(1)
