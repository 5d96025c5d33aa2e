"""What a bundle takes along of emergency ledgers: the file of each where it is at hand, and the record of its key.

Nothing is taken along that its record does not vouch for: a file that is at hand and is another than the one on record
fails the bundle, as a ledger does that does not hold. One that is not at hand is left out, and the verifier says so.
"""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Protocol

from gateway.core.errors import RecordsArchived, VerificationError
from gateway.core.ports import RecordReader
from gateway.evidence.container import BLOCK
from gateway.evidence.emergencies import Told, check_key
from gateway.evidence.emergency_file import check
from gateway.evidence.records import named_policies
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

    async def prepared(self, one: Stitched) -> int | None:
        """The number of the record that named its key before; None where it is not found."""
        ...


async def opened(source: Source, told: Told) -> tuple[BinaryIO, frozenset[str]] | None:
    """The file, which holds, and the policies that its records name; None where it is not at hand. Who calls closes it.
    `VerificationError` for another file than the one on record."""
    path = source.held(told.one)
    if path is None:
        return None
    return await asyncio.to_thread(_opened, path, told)


def _opened(path: Path, told: Told) -> tuple[BinaryIO, frozenset[str]] | None:
    policies: set[str] = set()

    def look(envelope: Envelope) -> None:
        policies.update(named_policies(envelope, policies))

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
    return file, frozenset(policies)


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
