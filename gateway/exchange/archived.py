"""Archives, read: the files of a directory, by what the ledger has on record of them.

Who asks for records that lie in an archive is given them where its file is at hand, and else told its id. What is read
of a file is compared with the hashes that stayed in the database: a file that was changed gives nothing.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import msgspec

from gateway.core.errors import FormatError, RecordsArchived, VerificationError
from gateway.core.ports import StoredRecord
from gateway.evidence.archive import BLOCK, DETAIL, Archive, Block, digest
from gateway.ledger.record import parse
from gateway.store.archives import Archived, ArchiveStore
from gateway.store.sealing import Sealer
from gateway.store.tree import TreeReader

LOOKED_INTO = 2
"""Archives that an exchange is looked for in: that of the time when it began, and the one after it."""
_CHUNK = 256
"""Records that are given at once."""


class Archives:
    """Archives of all ledgers. `directory`: where they lie; None where they are kept elsewhere. `files`: archives that
    lie in other files, by their digests."""

    def __init__(
        self, store: ArchiveStore, sealer: Sealer, directory: Path | None, files: Mapping[str, Path] | None = None
    ) -> None:
        self.store, self._sealer, self._directory = store, sealer, directory
        self._files = files or {}

    def file(self, ledger: str, first: int, end: int) -> Path | None:
        """Where the archive of a range lies, if there is a directory."""
        return None if self._directory is None else self._directory / ledger / f"{first:016}-{end:016}.archive"

    def at_hand(self, ledger: str, one: Archived) -> Path | None:
        """The file of an archive, where there is one."""
        path = self._files.get(one.digest) or self.file(ledger, one.first, one.end)
        return path if path is not None and path.is_file() else None

    async def record(self, ledger: str, seq: int, tree: TreeReader) -> StoredRecord | None:
        """A record that lies in an archive, with its detail where that still opens; None where it lies in none.
        `RecordsArchived` where the archive is not at hand."""
        one = await self.store.holding(ledger, seq)
        if one is None:
            return None
        path = self._path(ledger, one)
        block = await asyncio.to_thread(self._block, path, one, seq // BLOCK)
        return await self._checked(block.records[seq % BLOCK], block, tree)

    async def exchange(self, ledger: str, exchange: str, at: str, tree: TreeReader) -> list[StoredRecord]:
        """Archived records of an exchange that began at a time (27 characters), in order, from the archive of that time
        and the one after it. `RecordsArchived` where one of these is not at hand."""
        found: list[StoredRecord] = []
        for one in (await self.store.among(ledger, at, None))[:LOOKED_INTO]:
            named = f'"exchange":"{exchange}"'.encode()

            def asked(record: StoredRecord, named: bytes = named) -> bool:
                return named in record.envelope

            async for some in self.records(ledger, one, tree, one.first, one.end, asked):
                found += some
        return found

    async def sure(self, ledger: str, one: Archived) -> None:
        """That the file of an archive is, byte by byte, the one that the ledger has on record, in the archive's row and
        in `ledger.archived`. `RecordsArchived` where it is not at hand, `VerificationError` where it is another."""
        path = self._path(ledger, one)
        try:
            told = await self.store.recorded(ledger, one)
            found = await asyncio.to_thread(digest_of, path)
        except FormatError as error:
            raise VerificationError(f"archive {one.id}: its file, or the record of it, cannot be read") from error
        if told is not None and told != (one.digest, (one.first, one.end), one.checkpoint):
            raise VerificationError(f"archive {one.id}: its row is not what the record of it says")
        if found != one.digest:
            raise VerificationError(f"archive {one.id}: its file is not the one that the ledger has on record")

    async def records(
        self,
        ledger: str,
        one: Archived,
        tree: TreeReader,
        first: int,
        end: int,
        asked: Callable[[StoredRecord], bool] | None = None,
        *,
        details: bool = True,
    ) -> AsyncIterator[Sequence[StoredRecord]]:
        """Records `first` ≤ seq < `end` of an archive that `asked` says yes to, in order, some at a time, with the
        details that still open. Each block is compared with the ledger's tree, whole, before any of it is given.
        `RecordsArchived` where it is not at hand, `VerificationError` where it holds something else."""
        path = self._path(ledger, one)
        for low, high in blocks(one):
            if high <= first or low >= end:
                continue
            block = await asyncio.to_thread(self._block, path, one, low // BLOCK)
            leaves = [leaf async for some in tree.leaves(low, high) for leaf in some]
            if [record.hash for record in block.records] != leaves:
                raise VerificationError(f"archive {one.id}: records {low} to {high - 1} are not what the ledger has")
            for start in range(0, high - low, _CHUNK):
                given = [
                    self._opened(record, block) if details else record
                    for record in block.records[start : start + _CHUNK]
                    if first <= record.seq < end and (asked is None or asked(record))
                ]
                if given:
                    yield given
                await asyncio.sleep(0)

    async def read(self, path: Path, one: Archived) -> AsyncIterator[Sequence[StoredRecord]]:
        """All records of an archive from this file, with the details that still open. Nothing is compared: for who
        verifies."""
        for number in range(one.first // BLOCK, (one.end + BLOCK - 1) // BLOCK):
            block = await asyncio.to_thread(self._block, path, one, number)
            for start in range(0, len(block.records), _CHUNK):
                yield [self._opened(record, block) for record in block.records[start : start + _CHUNK]]
                await asyncio.sleep(0)

    async def given(
        self, ledger: str, files: Sequence[Path]
    ) -> Callable[[Archived], AsyncIterator[Sequence[StoredRecord]] | None]:
        """For a verification: the records of archives that these files are, byte by byte as the ledger has them on
        record. `VerificationError` for a file that is none of them, `FormatError` for one that cannot be read."""
        by_digest = await self._on_record((ledger,), files)

        def records(one: Archived) -> AsyncIterator[Sequence[StoredRecord]] | None:
            path = by_digest.get(one.digest)
            return None if path is None else self.read(path, one)

        return records

    async def beside(self, ledgers: Sequence[str], files: Sequence[Path]) -> "Archives":
        """These, and archives that lie in these files, wherever that is. `VerificationError` for a file that none of
        these ledgers has on record, `FormatError` for one that cannot be read."""
        return Archives(self.store, self._sealer, self._directory, await self._on_record(ledgers, files))

    async def _on_record(self, ledgers: Sequence[str], files: Sequence[Path]) -> dict[str, Path]:
        """Digest → file."""
        known = {one.digest for ledger in ledgers for one in await self.store.all(ledger)}
        by_digest: dict[str, Path] = {}
        for place, path in enumerate(files, 1):
            found = await asyncio.to_thread(digest_of, path)
            if found not in known:
                raise VerificationError(f"archive: file {place} of those given is none that the ledger has on record")
            by_digest[found] = path
        return by_digest

    def _path(self, ledger: str, one: Archived) -> Path:
        path = self.at_hand(ledger, one)
        if path is None:
            raise RecordsArchived([one.id])
        return path

    def _block(self, path: Path, one: Archived, number: int) -> Block:
        try:
            return self._read(path, one, number)
        except FormatError as error:
            raise VerificationError(f"archive {one.id}: {error}") from error

    def _read(self, path: Path, one: Archived, number: int) -> Block:
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


def blocks(one: Archived) -> Iterator[tuple[int, int]]:
    """The first record and the end of each block of an archive, in order."""
    for first in range(one.first, one.end, BLOCK):
        yield first, min(first + BLOCK, one.end)


def digest_of(path: Path) -> str:
    """Of a whole file, as `archive.digest`. `FormatError` where it cannot be read. Blocking."""
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


def in_period(events: Sequence[str], since: str, until: str) -> Callable[[StoredRecord], bool]:
    """Whether a record is of one of these events and occurred from `since` on and before `until` (27 characters each).
    Records that name none of them anywhere are not parsed."""
    wanted = [f'"event":"{event}"'.encode() for event in events]

    def chosen(record: StoredRecord) -> bool:
        if not any(name in record.envelope for name in wanted):
            return False
        envelope = parse(record.envelope)
        return envelope.event in events and since <= envelope.occurred_at < until

    return chosen
