"""Blocks of an emergency ledger that is over, read from its file, which is known to be what was stitched in.

1. The first time that a process reads a file: its SHA-256 is the digest on record, its header says that it is this
   ledger, whole, its checkpoint is signed by the key on record, of the size and the root on record, and the bytes of
   all its records make that root.
2. Each time after that: its header is the one that was found so, and each member that is read has the hash in it.

So a file that is changed between two looks gives nothing. That key and record are the main ledger's is for who verifies
that (`gateway audit verify`), as of every record that is read.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from gateway.core.errors import FormatError, RecordsArchived, VerificationError
from gateway.core.ports import StoredRecord
from gateway.evidence.archive import BLOCK, DETAIL, Archive, Header, digest, numbers
from gateway.exchange.archived import opened
from gateway.exchange.emergency_files import EmergencyFiles
from gateway.ledger import checkpoint as checkpoints
from gateway.ledger.commitment import matches
from gateway.ledger.emergency import Stitched
from gateway.ledger.encoding import from_base64
from gateway.ledger.entry import SealedPart
from gateway.ledger.merkle import Frontier
from gateway.ledger.note import Verifier
from gateway.ledger.record import parse
from gateway.store.sealing import Sealer

Parts = Mapping[int, Sequence[SealedPart]]


class EmergencyBlocks:
    """Of the emergency ledgers of one ledger, by its id."""

    def __init__(self, ledger: str, files: EmergencyFiles, sealer: Sealer) -> None:
        self._ledger, self._files, self._sealer = ledger, files, sealer
        self._headers: dict[str, Header] = {}
        """Of files that were found to be what is on record, by the emergency's id."""

    def file(self, one: Stitched) -> Path | None:
        """Where its file lies; None where it is not at hand."""
        return self._files.at_hand(self._ledger, one)

    def at_hand(self, one: Stitched) -> bool:
        return self.file(one) is not None

    def sure(self, one: Stitched) -> bool:
        """Whether its file was found before to be what is on record: else reading it means reading all of it."""
        return one.id in self._headers

    async def records(self, one: Stitched, number: int) -> tuple[StoredRecord, ...]:
        """The records of a block, without details. `RecordsArchived` where its file is not at hand,
        `VerificationError` where that is not what is on record."""
        path, header = await self._found(one)
        return await asyncio.to_thread(_records, path, one, header, number)

    async def parts(self, one: Stitched, number: int) -> Parts:
        """What is sealed beside the records of a block. Raises as `records` does."""
        path, header = await self._found(one)
        return await asyncio.to_thread(_parts, path, one, header, number)

    async def detailed(
        self, one: Stitched, records: Sequence[StoredRecord], parts: Parts | None = None
    ) -> list[StoredRecord]:
        """Records of one block, each with its detail where that still opens. `parts`: those of the block, where they
        were read."""
        if not records:
            return []
        parts = await self.parts(one, records[0].seq // BLOCK) if parts is None else parts
        return await asyncio.to_thread(lambda: [self._opened(one, record, parts) for record in records])

    async def _found(self, one: Stitched) -> tuple[Path, Header]:
        path = self.file(one)
        if path is None:
            raise RecordsArchived([one.id])
        header = self._headers.get(one.id)
        if header is None:
            header = self._headers[one.id] = await asyncio.to_thread(_sure, path, self._ledger, one)
        return path, header

    def _opened(self, one: Stitched, record: StoredRecord, parts: Parts) -> StoredRecord:
        for part in parts.get(record.seq, ()):
            if part.part != DETAIL:
                continue
            envelope = parse(record.envelope)
            held = self._sealer.open(tenant=envelope.tenant, record=envelope.id, sealed=part)
            if held is None or held.value is None:
                continue
            if not matches(envelope.detail or "", held.opening, DETAIL, held.value):
                raise VerificationError(f"emergency {one.id}: the detail of record {record.seq} is another one's")
            return msgspec.structs.replace(record, detail_salt=held.opening, detail=held.value)
        return record


def _sure(path: Path, ledger: str, one: Stitched) -> Header:
    """Step 1. A record that the main ledger keeps in an archive says no root here: the signed checkpoint does."""
    try:
        with opened(path) as file:
            if digest(file) != one.digest:
                raise VerificationError("its file is not the one on record")
            archive = Archive(file)
            header, verifier = archive.header, Verifier.parse(one.key)
            point = checkpoints.verify(archive.last_note(), verifier)
            said = (header.id, header.ledger, header.origin, header.first, header.end, point.size)
            if said != (one.archive, ledger, verifier.name, 0, one.size, one.size):
                raise VerificationError("its file is another ledger than the one on record")
            if one.root and point.root != from_base64(one.root):
                raise VerificationError("its file is another ledger than the one on record")
            tree = Frontier()
            for number in numbers(header):
                for record in archive.records(number):
                    tree.append(record.hash)
            if tree.root() != point.root:
                raise VerificationError("its records are not those that its checkpoint covers")
            return header
    except (FormatError, VerificationError) as error:
        raise VerificationError(f"emergency {one.id}: {error}") from error


def _records(path: Path, one: Stitched, header: Header, number: int) -> tuple[StoredRecord, ...]:
    with _same(path, one, header) as archive:
        return tuple(msgspec.structs.replace(record, emergency=one.id) for record in archive.records(number))


def _parts(path: Path, one: Stitched, header: Header, number: int) -> Parts:
    with _same(path, one, header) as archive:
        return archive.parts(number)


@contextmanager
def _same(path: Path, one: Stitched, header: Header) -> Iterator[Archive]:
    """Step 2."""
    try:
        with opened(path) as file:
            archive = Archive(file)
            if archive.header != header:
                raise VerificationError(f"emergency {one.id}: its file was changed since it was looked at")
            yield archive
    except FormatError as error:
        raise VerificationError(f"emergency {one.id}: {error}") from error
