"""Archives, read: the files of a directory, by what the ledger has on record of them.

Who asks for records that lie in an archive is given them where its file is at hand, and else told its id. What is read
of a file is compared with the hashes that stayed in the database: a file that was changed gives nothing.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import msgspec

from gateway.core.errors import FormatError, RecordsArchived, VerificationError
from gateway.core.ports import StoredCheckpoint, StoredRecord
from gateway.evidence.archive import BLOCK, DETAIL, Archive, Block, digest
from gateway.ledger.record import parse
from gateway.store.archives import Archived, ArchiveStore
from gateway.store.reader import StoreReader
from gateway.store.sealing import Sealer
from gateway.store.tree import TreeReader

_CHUNK = 256
"""Records that are given at once."""


class Archives:
    """Archives of all ledgers. `directory`: where they lie; None where they are kept elsewhere."""

    def __init__(self, store: ArchiveStore, sealer: Sealer, directory: Path | None) -> None:
        self.store, self._sealer, self._directory = store, sealer, directory

    def file(self, ledger: str, first: int, end: int) -> Path | None:
        """Where the archive of a range lies, if there is a directory."""
        return None if self._directory is None else self._directory / ledger / f"{first:016}-{end:016}.archive"

    def at_hand(self, ledger: str, one: Archived) -> Path | None:
        """The file of an archive, where there is one."""
        path = self.file(ledger, one.first, one.end)
        return path if path is not None and path.is_file() else None

    async def record(self, ledger: str, seq: int, tree: TreeReader) -> StoredRecord | None:
        """A record that lies in an archive, with its detail where that still opens; None where it lies in none.
        `RecordsArchived` where the archive is not at hand."""
        one = await self.store.holding(ledger, seq)
        if one is None:
            return None
        path = self.at_hand(ledger, one)
        if path is None:
            raise RecordsArchived([one.id])
        block = await asyncio.to_thread(self._block, path, one, seq // BLOCK)
        return await self._checked(block.records[seq % BLOCK], block, tree)

    async def exchange(self, ledger: str, exchange: str, at: str, tree: TreeReader) -> list[StoredRecord]:
        """Archived records of an exchange that began at a time (27 characters), in order, from the archive of that time
        and the one after it. `RecordsArchived` where one of these is not at hand."""
        found: list[StoredRecord] = []
        for one in (await self.store.among(ledger, at, None))[:2]:
            path = self.at_hand(ledger, one)
            if path is None:
                raise RecordsArchived([one.id])
            for number in range(one.first // BLOCK, one.end // BLOCK):
                block = await asyncio.to_thread(self._block, path, one, number)
                named = f'"exchange":"{exchange}"'.encode()
                found += [
                    await self._checked(record, block, tree) for record in block.records if named in record.envelope
                ]
        return found

    async def records(
        self, ledger: str, one: Archived, first: int | None = None, end: int | None = None
    ) -> AsyncIterator[Sequence[StoredRecord]]:
        """Records of an archive in order, those of blocks with any `first` ≤ seq < `end`, with the details that still
        open, some at a time. `RecordsArchived` where it is not at hand. Nothing is compared: for who verifies."""
        path = self.at_hand(ledger, one)
        if path is None:
            raise RecordsArchived([one.id])
        async for some in self.read(path, one, first, end):
            yield some

    async def read(
        self, path: Path, one: Archived, first: int | None = None, end: int | None = None
    ) -> AsyncIterator[Sequence[StoredRecord]]:
        """As `records`, from this file."""
        low = one.first if first is None else max(first, one.first)
        high = one.end if end is None else min(end, one.end)
        for number in range(low // BLOCK, (high + BLOCK - 1) // BLOCK):
            block = await asyncio.to_thread(self._block, path, one, number)
            for start in range(0, len(block.records), _CHUNK):
                yield [self._opened(record, block) for record in block.records[start : start + _CHUNK]]
                await asyncio.sleep(0)

    async def given(
        self, ledger: str, files: Sequence[Path]
    ) -> Callable[[Archived], AsyncIterator[Sequence[StoredRecord]] | None]:
        """For a verification: the records of archives that these files are, byte by byte as the ledger has them on
        record. `VerificationError` for a file that is none of them, `FormatError` for one that cannot be read."""
        known = {one.digest for one in await self.store.all(ledger)}
        by_digest: dict[str, Path] = {}
        for place, path in enumerate(files, 1):
            found = await asyncio.to_thread(_digest, path)
            if found not in known:
                raise VerificationError(f"archive: file {place} of those given is none that the ledger has on record")
            by_digest[found] = path

        def records(one: Archived) -> AsyncIterator[Sequence[StoredRecord]] | None:
            path = by_digest.get(one.digest)
            return None if path is None else self.read(path, one)

        return records

    def _block(self, path: Path, one: Archived, number: int) -> Block:
        with opened(path) as file:
            archive = Archive(file)
            if (archive.header.id, archive.header.first, archive.header.end) != (one.id, one.first, one.end):
                raise VerificationError(f"archive {one.id}: its file is another archive")
            return archive.block(number)

    async def _checked(self, record: StoredRecord, block: Block, tree: TreeReader) -> StoredRecord:
        """Against the hash in the ledger's tree."""
        (leaf,) = await tree.hashes(0, record.seq, record.seq + 1)
        if leaf != record.hash:
            raise VerificationError(f"record {record.seq}: what the archive holds is not what the ledger has")
        return self._opened(record, block)

    def _opened(self, record: StoredRecord, block: Block) -> StoredRecord:
        """With its detail, where that is there and still opens."""
        for part in block.parts.get(record.seq, ()):
            if part.part != DETAIL:
                continue
            envelope = parse(record.envelope)
            held = self._sealer.open(tenant=envelope.tenant, record=envelope.id, sealed=part)
            if held is not None and held.value is not None:
                return msgspec.structs.replace(record, detail_salt=held.opening, detail=held.value)
        return record


class ArchivedReader:
    """`core.ports.RecordReader` of one ledger over what is in the database and what lies in archives alike."""

    def __init__(self, reader: StoreReader, archives: Archives, ledger: str) -> None:
        self._reader, self._archives, self._ledger = reader, archives, ledger

    async def size(self) -> int:
        return await self._reader.size()

    async def records(self, first: int, end: int, *, details: bool = False) -> AsyncIterator[StoredRecord]:
        """`RecordsArchived` where some of them lie in an archive that is not at hand."""
        at = first
        for one in await self._archives.store.all(self._ledger):
            if one.end <= at or one.first >= end:
                continue
            async for some in self._archives.records(self._ledger, one, at, end):
                for record in some:
                    if at <= record.seq < end:
                        yield record
            at = one.end
        async for record in self._reader.records(at, end, details=details):
            yield record

    async def checkpoint(self, at_least: int = 0) -> StoredCheckpoint | None:
        return await self._reader.checkpoint(at_least)

    async def inclusion(self, index: int, size: int) -> list[bytes]:
        return await self._reader.inclusion(index, size)

    async def consistency(self, first: int, second: int) -> list[bytes]:
        return await self._reader.consistency(first, second)


def _digest(path: Path) -> str:
    with opened(path) as file:
        return digest(file)


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """A file to read. `FormatError` where it cannot be."""
    try:
        with path.open("rb") as file:
            yield file
    except OSError as error:
        raise FormatError("the archive cannot be read") from error
