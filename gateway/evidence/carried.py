"""What a bundle takes along of emergency ledgers: the file of each where it is at hand, and the record of its key.

Nothing is taken along that its record does not vouch for: a file that is at hand and is another than the one on record
fails the bundle, as a ledger does that does not hold. One that is not at hand is left out, and the verifier says so.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import BinaryIO, Protocol

import msgspec

from gateway.core.errors import RecordsArchived, VerificationError
from gateway.core.ports import Opening, RecordReader
from gateway.evidence.container import BLOCK
from gateway.evidence.emergencies import Told, check_key
from gateway.evidence.emergency_chosen import Choosing
from gateway.evidence.emergency_file import BLOCK as RECORDS
from gateway.evidence.emergency_file import check
from gateway.evidence.records import encode_detail_line
from gateway.evidence.scope import chooser
from gateway.evidence.selection import Selection
from gateway.ledger import proof as proofs
from gateway.ledger.checkpoint import Checkpoint
from gateway.ledger.emergency import Stitched
from gateway.ledger.proof import Proof
from gateway.ledger.record import Envelope, parse


class Source(Protocol):
    """Where the emergency ledgers of one ledger are found. It need not be believed: all that it gives is checked."""

    def held(self, one: Stitched) -> Path | None:
        """The file of an emergency ledger; None where it is not at hand."""
        ...

    async def details(self, one: Stitched, seqs: Sequence[int]) -> Mapping[int, Opening]:
        """The details of records of one block of its file, as far as they still open. Whoever verifies holds them to
        their records. `RecordsArchived` where the file is not at hand any more."""
        ...

    async def prepared(self, one: Stitched) -> int | None:
        """The number of the record that named its key before; None where it is not found."""
        ...


class Opened(msgspec.Struct, frozen=True):
    """A file that is what is on record. Who has it closes it."""

    file: BinaryIO
    policies: frozenset[str]
    """Digests that its records name."""
    selected: tuple[int, ...]
    """The numbers of its records that are selected."""


async def opened(source: Source, told: Told, selection: Selection) -> Opened | None:
    """The file of an emergency ledger; None where it is not at hand. `VerificationError` for another file than the one
    on record."""
    path = source.held(told.one)
    if path is None:
        return None
    return await asyncio.to_thread(_opened, path, told, selection)


def _opened(path: Path, told: Told, selection: Selection) -> Opened | None:
    choosing, seqs = Choosing(chooser(selection)), list[int]()

    def look(envelope: Envelope) -> None:
        if choosing.take(envelope):
            seqs.append(envelope.seq or 0)

    try:
        file = path.open("rb")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise VerificationError(f"emergency {told.one.id}: its file cannot be read") from error
    try:
        check(file, told.one, told.tenant, look)
    except BaseException:
        file.close()
        raise
    return Opened(file, frozenset(choosing.policies), tuple(seqs))


async def details(source: Source, told: Told, seqs: Sequence[int]) -> AsyncGenerator[bytes, None]:
    """Lines as those of `details.jsonl`, of these records as far as they still open, a block of the file at a time."""
    for _, block in groupby(seqs, lambda seq: seq // RECORDS):
        numbers = tuple(block)
        found = await source.details(told.one, numbers)
        for seq in numbers:
            if seq in found:  # else deleted: "commitment only"
                yield encode_detail_line(seq, found[seq].salt, found[seq].detail)


def pieces(file: BinaryIO) -> Iterator[bytes]:
    """All of a file, block by block."""
    file.seek(0)
    while block := file.read(BLOCK):
        yield block


async def key(
    source: Source, reader: RecordReader, told: Told, first: int, last: Checkpoint, note: bytes
) -> tuple[bytes, bytes] | None:
    """The record from before record `first` that named its key, and the proof that leads from it to the last
    checkpoint, whose note this is. None where it is not found, or lies in an archive that is not at hand."""
    seq = await source.prepared(told.one)
    if seq is None or seq >= first:
        return None
    try:
        found = [record async for lot in reader.lots(seq, seq + 1) for record in lot]
    except RecordsArchived:
        return None
    if not found:
        return None
    check_key(parse(found[0].envelope), told)
    path = await reader.inclusion(seq, last.size)
    return found[0].envelope, proofs.encode(Proof(index=seq, path=tuple(path), checkpoint=note))
