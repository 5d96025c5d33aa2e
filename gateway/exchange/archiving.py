"""Moves records whose days in the database are over into archives, a range at a time. One node at a time works for a
ledger.

Each step can be killed; the next round, on any node, goes on by the same path:

1. What lies in an archive on record and is still in the database is removed: a round before was killed.
2. The next range must be old enough, whole, and covered by a checkpoint; and nothing may stand against it (`Waits`).
3. The file is written under another name and synced; its records are compared with the ledger's tree on the way. A
   crash: half a file, which the next round writes over.
4. It gets its name, and the directory is synced. A crash: a file that nobody has on record, which the next round
   replaces. A disk that is full: the half file is removed, and nothing has left.
5. It is read back from the disk and verified with the ledger's key alone, as an auditor would.
6. It goes on record (`ledger.archived`), with its row, in one transaction. From here on the records may leave.
7. They leave, some at a time (`store.archives`). A crash: step 1 of the next round.

So a record is in the database until its archive was verified and is on record; and an archive on record is never
written again.
"""

import asyncio
import os
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Literal, Protocol

import msgspec

from gateway.core.errors import ConfigurationError, FormatError, LedgerUnavailable, VerificationError
from gateway.core.ids import random_id, uuid7
from gateway.core.ports import Clock, Failpoint, StoredCheckpoint, StoredRecord
from gateway.evidence import archive as files
from gateway.evidence.archive import Beside, Checked, Header
from gateway.exchange.archived import Archives, opened
from gateway.exchange.ledgers import Counting
from gateway.ledger.encoding import to_base64
from gateway.ledger.entry import DataKey, Entry, SealedPart
from gateway.ledger.note import Verifier
from gateway.ledger.record import GENESIS, Envelope, NodeInfo, parse, timestamp
from gateway.ledger.rotation import Keys as LineOfKeys
from gateway.store.archives import Archived, Range, added
from gateway.store.lease import Lease
from gateway.store.postings import BLOCK
from gateway.store.reader import StoreReader
from gateway.store.sealing import ExchangeKey, Sealer
from gateway.store.subject_cases import CaseStore
from gateway.store.subjects import SubjectStore
from gateway.store.tree import TreeReader

_DAY_US = 86_400_000_000
REST_S = 0.05
"""Seconds between two removals: others write meanwhile."""
_ABOUT_SUBJECTS = "subject."
Reason = Literal["hold", "open-exchange", "kept-content", "forwarding", "checkpoint"]
"""Why what is old enough waits: a legal hold is on somebody whom its records are about; an exchange that began in it is
open; content that it holds is still kept; a destination has not taken its records; no checkpoint covers it yet."""


class Waits(msgspec.Struct, frozen=True, kw_only=True):
    """A range that is old enough and is not archived yet."""

    first: int
    end: int
    reason: Reason


class Keys(Protocol):
    """What is needed of the keyring. Blocking."""

    def persist(self, keys: Sequence[DataKey]) -> None: ...


class Mine(msgspec.Struct, frozen=True, kw_only=True):
    """One ledger: its id, its writer, its reader, and its public keys."""

    ledger: str
    writer: Counting
    reader: StoreReader
    tree: TreeReader
    keys: Verifier | LineOfKeys


class Archiving:
    """Of all ledgers. `records`: how many one archive holds, whole blocks; `forwards`: the configured destinations that
    records are forwarded to."""

    def __init__(
        self,
        *,
        archives: Archives,
        flags: SubjectStore,
        cases: CaseStore,
        sealer: Sealer,
        keys: Keys,
        lease: Callable[[str], Lease],
        clock: Clock,
        node: NodeInfo,
        records: int,
        forwards: Collection[str] = (),
        rest_s: float = REST_S,
        failpoint: Failpoint | None = None,
    ) -> None:
        self._archives, self._flags, self._cases = archives, flags, cases
        self._sealer, self._keys, self._lease = sealer, keys, lease
        self._clock, self._node, self._records, self._failpoint = clock, node, records, failpoint
        self._rest_s, self._forwards = rest_s, tuple(forwards)

    async def advance(self, mine: Mine, before_us: int) -> Archived | Waits | None:
        """Archive the next range, if all of it was recorded before this time; None where nothing is that old, or where
        another node is at it. `VerificationError` where the ledger or the file does not hold: then nothing leaves."""
        store = self._archives.store
        lease = self._lease(f"archive/{mine.ledger}")
        if not await lease.take():
            return None
        try:
            # 1. What a round before has left.
            await self._remove(mine, lease)
            # 2. What is next, and what stands against it.
            found = await store.next(mine.ledger, self._records)
            if found is None or found.recorded_at >= timestamp(before_us):
                return None
            point = await mine.reader.checkpoint(found.end)
            reason = "checkpoint" if point is None else await self._against(mine, found)
            if point is None or reason is not None:
                return Waits(first=found.first, end=found.end, reason=reason or "checkpoint")
            # 3. to 7.
            made = await self._made(mine, found, point, lease)
            if made is None or await self._against(mine, found) is not None or not await lease.take():
                return None  # somebody has said so meanwhile: the next round tells, and writes the file anew
            await self._recorded(mine, made, point)
            await self._remove(mine, lease)
            return made
        finally:
            await lease.release()

    async def _against(self, mine: Mine, found: Range) -> Reason | None:
        store = self._archives.store
        if await store.open_before(mine.ledger, found.end):
            return "open-exchange"
        if await store.content_before(mine.ledger, found.end):
            return "kept-content"
        if await store.unforwarded(mine.ledger, found.end, self._forwards):
            return "forwarding"
        held = await self._cases.holding(mine.ledger)
        groups = {other for one in held for other in await self._flags.group(mine.ledger, one)}
        if groups and await store.linked(mine.ledger, found.first, found.end, groups):
            return "hold"
        return None

    async def _made(self, mine: Mine, found: Range, point: StoredCheckpoint, lease: Lease) -> Archived | None:
        """Steps 3 to 5; None where the lease is another's on the way, who writes the file anew."""
        path = self._archives.file(mine.ledger, found.first, found.end)
        if path is None:
            raise ConfigurationError("archive.directory must be set: archives are written there")
        made = random_id("ar")
        header = await self._header(mine, found, point, made)
        new = path.with_suffix(".new")
        await self._pause("archive.before_write")
        with _on_disk(new):
            file = await asyncio.to_thread(_create, new)
            try:
                if not await self._written(mine, found, files.Archiver(file), (header, point), lease):
                    return None
                await asyncio.to_thread(_sync, file)
            finally:
                file.close()
            await self._pause("archive.before_rename")
            await asyncio.to_thread(_rename, new, path)
        await self._pause("archive.after_rename")
        checked, digest, size = await asyncio.to_thread(_verified, path, mine.keys)
        last = await mine.reader.record(found.end - 1)
        if checked.header.id != made or last is None or checked.last_hash != last.hash:
            raise VerificationError("archive: what was read back is not what was written")
        await self._pause("archive.after_verify")
        return Archived(
            id=made,
            first=found.first,
            end=found.end,
            digest=digest,
            size=size,
            first_at=found.first_at,
            last_at=found.last_at,
            last_hash=checked.last_hash,
            recorded_at=checked.recorded_at,
            checkpoint=checked.checkpoint.size,
            at_us=self._clock.now_us(),
        )

    async def _written(
        self,
        mine: Mine,
        found: Range,
        writer: files.Archiver,
        ends: tuple[Header, StoredCheckpoint],
        lease: Lease,
    ) -> bool:
        """Step 3, a block at a time; False where the lease was lost on the way."""
        key: list[ExchangeKey] = []
        for number in range(found.first // BLOCK, found.end // BLOCK):
            if not await lease.keep():
                return False
            await self._block(mine, writer, number, key)
        first = await mine.reader.checkpoint_within(found.first, found.end)
        header, point = ends
        writer.end(header, None if first is None else first.note, point.note)
        return True

    async def _header(self, mine: Mine, found: Range, point: StoredCheckpoint, made: str) -> Header:
        before = await self._archives.store.holding(mine.ledger, found.first - 1)
        path = await mine.tree.consistency(found.end, point.size) if point.size > found.end else []
        peaks = await mine.tree.peaks(found.first) if found.first else []
        return Header(
            v=1,
            id=made,
            ledger=mine.ledger,
            origin=mine.keys.name,
            first=found.first,
            end=found.end,
            prev=to_base64(GENESIS if before is None else before.last_hash),
            recorded_at="" if before is None else before.recorded_at,
            peaks=tuple(to_base64(peak) for peak in peaks),
            path=tuple(to_base64(one) for one in path),
            files=(),
        )

    async def _block(self, mine: Mine, writer: files.Archiver, number: int, own: list[ExchangeKey]) -> None:
        """The records of a block, which are those of the ledger's tree, and what lies beside them, sealed."""
        first, end = number * BLOCK, (number + 1) * BLOCK
        records = [record async for record in mine.reader.records(first, end, details=True)]
        leaves = [leaf async for some in mine.tree.leaves(first, end) for leaf in some]
        if [record.hash for record in records] != leaves:
            raise VerificationError(f"archive: block {number} of the ledger is not what its tree says")
        parts, about = await self._archives.store.beside(mine.ledger, first, end)
        keys: dict[tuple[str, ...], ExchangeKey] = {}
        beside: list[Beside] = []
        for record in records:
            some = parts.get(record.seq, [])
            if record.detail is not None and record.detail_salt is not None:
                some = [*some, self._sealed(mine, record, about.get(record.seq, ()), keys, own)]
            beside += [_line(record.seq, part) for part in sorted(some, key=lambda part: part.part)]
        new = [key for one in (*keys.values(), *own) for key in one.new]
        if new:
            # Durable before anything that was sealed with them is: a crash leaves keys that open nothing.
            await asyncio.to_thread(self._keys.persist, new)
        await asyncio.to_thread(writer.block, number, records, beside)

    def _sealed(
        self,
        mine: Mine,
        record: StoredRecord,
        subjects: tuple[str, ...],
        keys: dict[tuple[str, ...], ExchangeKey],
        own: list[ExchangeKey],
    ) -> SealedPart:
        """A detail under the keys of whom the record is about, so that it goes with them. Where it is about nobody, or
        accounts for what was done for somebody, under one of the archive's own."""
        envelope = parse(record.envelope)
        if subjects and not envelope.event.startswith(_ABOUT_SUBJECTS):
            if subjects not in keys:
                keys[subjects] = self._sealer.exchange_key(subjects)
            key = keys[subjects]
        else:
            if not own:
                own.append(self._sealer.exchange_key())
            key = own[0]
        return self._sealer.seal(
            tenant=mine.ledger,
            record=envelope.id,
            part=files.DETAIL,
            opening=record.detail_salt or b"",
            value=record.detail,
            key=key,
        )

    async def _recorded(self, mine: Mine, made: Archived, point: StoredCheckpoint) -> None:
        """Step 6."""
        now = self._clock.now_us()
        envelope = Envelope(
            id=uuid7(now),
            tenant=mine.ledger,
            event="ledger.archived",
            occurred_at=timestamp(now),
            range=(made.first, made.end),
            archive=made.id,
            digest=made.digest,
            checkpoint=(point.size, to_base64(point.root)),
            node=self._node,
        )
        if await mine.writer.submit(Entry.of(envelope, change=added(made))) is None:
            raise VerificationError("archive: the range lies in another archive by now")
        await self._pause("archive.after_record")

    async def _remove(self, mine: Mine, lease: Lease) -> None:
        """Steps 1 and 7."""
        while await self._archives.store.remove(mine.ledger):
            await self._pause("archive.after_removal")
            if not await lease.keep():
                return  # somebody else goes on where this one is too slow
            await asyncio.sleep(self._rest_s)  # on SQLite whoever appends gets the lock meanwhile

    async def _pause(self, name: str) -> None:
        if self._failpoint is not None:
            await self._failpoint(name)


def _line(seq: int, part: SealedPart) -> Beside:
    return Beside(seq=seq, part=part.part, key=part.key, nonce=part.nonce, ciphertext=part.ciphertext)


@contextmanager
def _on_disk(new: Path) -> Iterator[None]:
    """A disk that is full or fails is told in words; what is half written gives its room back."""
    try:
        yield
    except OSError as error:
        with suppress(OSError):  # the next round writes over it
            new.unlink(missing_ok=True)
        why = error.strerror or type(error).__name__
        raise LedgerUnavailable(f"an archive could not be written in archive.directory: {why}") from error


def _create(path: Path) -> BinaryIO:
    """An empty file that its owner alone reads, in place of what a round before has left half written."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    except OSError as error:
        raise ConfigurationError("archive.directory must be one that can be written") from error
    return os.fdopen(descriptor, "w+b")


def _sync(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _rename(new: Path, path: Path) -> None:
    new.replace(path)
    # Its own directory, and the one above, where that was just made.
    for directory in (path.parent, path.parent.parent):
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _verified(path: Path, keys: Verifier | LineOfKeys) -> tuple[Checked, str, int]:
    """What an archive holds, its digest and its size, read from the disk; `VerificationError` where it does not."""
    try:
        with opened(path) as file:
            checked = files.verify(files.Archive(file), keys)
            return checked, files.digest(file), path.stat().st_size
    except FormatError as error:
        raise VerificationError(f"archive: what was read back is no archive: {error}") from error


def cutoff(now_us: int, days: int) -> int:
    """Before when records must have been recorded to be older than so many days."""
    return now_us - days * _DAY_US
