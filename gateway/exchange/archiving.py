"""Moves records whose days in the database are over into archives, a range at a time. One node at a time works for a
ledger.

Each step can be killed; the next round, on any node, goes on by the same path:

1. What lies in an archive on record and is still in the database is removed (7): a round before was killed. Half files
   of tries that died are swept away.
2. The next range must be old enough, whole, and covered by a checkpoint; and nothing may stand against it (`Waits`).
3. The file is written under a name of its own and synced; its records are compared with the ledger's tree on the way. A
   crash: half a file that nobody holds. A disk that is full: the half file is removed, and nothing has left.
4. It gets its name by a link, which takes no other file's place, and the directory is synced. A crash: a file that
   nobody has on record nor holds, which the next round removes. One that somebody holds is about to go on record.
5. It is read back from the disk and verified with the ledger's key alone, as an auditor would.
6. It is looked again: whether anything stands against it by now, and whether all that was written beside the records is
   there still. What was destroyed since, by an erasure or by its days, is in no archive: the file is removed, and
   written anew. So it is where anything of this changes between the look and the record: holds move the revision that
   it is recorded under, and what destroys by days moves the row that it demands. Then it goes on record
   (`ledger.archived`), with its row, in one transaction; it is held until then. From here on the records may leave.
7. What lies under the name is read anew, and must be, byte by byte, what is on record. Then the records leave, some at
   a time (`store.archives`). A crash: step 1 of the next round.

So a record is in the database until its archive was verified and is on record; and an archive on record is never
written again. None of it rests on the lease: it saves two from the same work, and whoever finds at step 4 or 6 that
another was faster removes what it made itself, and nothing else.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection
from pathlib import Path
from typing import Literal

import msgspec

from gateway.core.errors import ConfigurationError, VerificationError
from gateway.core.ids import random_id, uuid7
from gateway.core.ports import Clock, Failpoint, StoredCheckpoint
from gateway.evidence import archive as files
from gateway.evidence.archive import Header
from gateway.exchange.archive_blocks import Blocks, Keys, Mine
from gateway.exchange.archive_files import Draft, drafted, left, on_disk, sweep, verified
from gateway.exchange.archived import Archives
from gateway.ledger.encoding import to_base64
from gateway.ledger.entry import Entry
from gateway.ledger.record import GENESIS, Envelope, NodeInfo, timestamp
from gateway.store.archives import Archived, Range, added
from gateway.store.lease import Lease
from gateway.store.postings import BLOCK
from gateway.store.retention import DESTROYS
from gateway.store.sealing import Sealer
from gateway.store.subject_cases import CaseStore
from gateway.store.subjects import Known, SubjectStore, guarded

_log = logging.getLogger("gateway")
_DAY_US = 86_400_000_000
REST_S = 0.05
"""Seconds between two removals: others write meanwhile."""
Reason = Literal["hold", "open-exchange", "kept-content", "forwarding", "checkpoint"]
"""Why what is old enough waits: a legal hold is on somebody whom its records are about; an exchange that began in it is
open; content that it holds is still kept; a destination has not taken its records; no checkpoint covers it yet."""


class Waits(msgspec.Struct, frozen=True, kw_only=True):
    """A range that is old enough and is not archived yet."""

    first: int
    end: int
    reason: Reason


class Busy(msgspec.Struct, frozen=True):
    """Another process is at it, or was faster."""


class Archiving:
    """Of all ledgers. `records`: how many one archive holds, whole blocks; `standing`: the digest of the policy that a
    ledger (its id) was under before a record; `forwards`: the configured destinations that records are forwarded to."""

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
        standing: Callable[[str, int], Awaitable[str | None]],
        forwards: Collection[str] = (),
        rest_s: float = REST_S,
        failpoint: Failpoint | None = None,
    ) -> None:
        self._archives, self._flags, self._cases = archives, flags, cases
        self._sealer, self._keys, self._lease = sealer, keys, lease
        self._clock, self._node, self._records, self._failpoint = clock, node, records, failpoint
        self._rest_s, self._forwards, self._standing = rest_s, tuple(forwards), standing

    async def advance(self, mine: Mine, before_us: int) -> Archived | Waits | Busy | None:
        """Archive the next range, if all of it was recorded before this time; None where nothing is that old, or where
        something has come to stand against it on the way, which the next round tells. `VerificationError` where the
        ledger or the file does not hold, `RecordsArchived` where the file of an archive on record is away whose records
        are still here: then nothing leaves."""
        store = self._archives.store
        lease = self._lease(f"archive/{mine.ledger}")
        if not await lease.take():
            return Busy()
        try:
            # 1. What a round before has left.
            await self._swept(mine)
            if not await self._remove(mine, lease):
                return Busy()
            # 2. What is next, and what stands against it.
            found = await store.next(mine.ledger, self._records)
            if found is None or found.recorded_at >= timestamp(before_us):
                return None
            point = await mine.reader.checkpoint(found.end)
            reason = "checkpoint" if point is None else await self._against(mine, found)
            if point is None or reason is not None:
                return Waits(first=found.first, end=found.end, reason=reason or "checkpoint")
            # 3. to 7.
            made = await self._archived(mine, found, point, lease)
            if isinstance(made, Archived):
                await self._remove(mine, lease)
            return made
        finally:
            await lease.release()

    async def _swept(self, mine: Mine) -> None:
        with on_disk():
            await asyncio.to_thread(sweep, self._file(mine, 0, 0).parent)

    def _file(self, mine: Mine, first: int, end: int) -> Path:
        path = self._archives.file(mine.ledger, first, end)
        if path is None:
            raise ConfigurationError("archive.directory must be set: archives are written there")
        return path

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

    async def _archived(
        self, mine: Mine, found: Range, point: StoredCheckpoint, lease: Lease
    ) -> Archived | Busy | None:
        """Steps 3 to 6. `Busy` where the lease is another's on the way, or the range is; None where something stands
        against it by now."""
        path = self._file(mine, found.first, found.end)
        made = random_id("ar")
        header = await self._header(mine, found, point, made)
        await self._pause("archive.before_write")
        draft = await asyncio.to_thread(drafted, path)
        blocks = Blocks(mine, self._archives.store, self._sealer, self._keys)
        try:
            with on_disk():
                if not await self._written(mine, found, files.Archiver(draft.file), (header, point), lease, blocks):
                    return Busy()
                await asyncio.to_thread(draft.sync)
            await self._pause("archive.before_name")
            if not await self._named(mine, found, draft):
                return Busy()
            await self._pause("archive.after_name")
            one = await self._verified(mine, found, made, path)
            await self._pause("archive.after_verify")
            # Read before the look, and demanded by the record: whatever comes between the two leaves the record out.
            revision = await self._flags.revision(mine.ledger)
            destroys = await self._flags.row(mine.ledger, DESTROYS)
            against = await self._against(mine, found) is not None or not await blocks.stand()
            await self._pause("archive.after_look")
            if against or not await lease.take() or not await asyncio.to_thread(draft.stands):
                with on_disk():
                    await asyncio.to_thread(draft.take_back)
                return None if against else Busy()  # the next round tells, and writes the file anew
            return await self._recorded(mine, one, point, draft, (revision, destroys))
        finally:
            await asyncio.to_thread(draft.close)

    async def _named(self, mine: Mine, found: Range, draft: Draft) -> bool:
        """Step 4; False where another has the range on record, or is about to."""
        # A file that was moved elsewhere leaves its name free: it is the record that says whose the range is.
        if await self._others(mine, found):
            return False
        with on_disk():
            if await asyncio.to_thread(draft.name):
                return True
            before = await asyncio.to_thread(left, draft.path)
            if before is None:
                return False
            try:
                # Asked again, now that it is held: who made it may have put it on record before letting go of it.
                if await self._others(mine, found):
                    return False
                if await self._of_another_past(mine, found, draft.path):
                    aside = await asyncio.to_thread(before.put_aside)
                    _log.warning("an archive holds other records than the ledger: it is put aside as %s", aside.name)
                else:
                    await asyncio.to_thread(before.remove)
            finally:
                before.close()
            return await asyncio.to_thread(draft.name)

    async def _of_another_past(self, mine: Mine, found: Range, path: Path) -> bool:
        """Whether the file is an archive of this ledger, whole and signed, with other records than the range has: of
        before the ledger was taken back. It may be all that is left of these. What holds the range's own, or does not
        hold, is what a try that died has left."""
        try:
            checked, _, _ = await asyncio.to_thread(verified, path, mine.keys)
        except VerificationError:
            return False
        last = await mine.reader.record(found.end - 1)
        return last is None or checked.last_hash != last.hash

    async def _others(self, mine: Mine, found: Range) -> bool:
        return await self._archives.store.holding(mine.ledger, found.first) is not None

    async def _verified(self, mine: Mine, found: Range, made: str, path: Path) -> Archived:
        """Step 5."""
        checked, digest, size = await asyncio.to_thread(verified, path, mine.keys)
        last = await mine.reader.record(found.end - 1)
        if checked.header.id != made or last is None or checked.last_hash != last.hash:
            raise VerificationError("archive: what was read back is not what was written")
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
        blocks: Blocks,
    ) -> bool:
        """Step 3, a block at a time; False where the lease was lost on the way, or the range is another's."""
        for number in range(found.first // BLOCK, found.end // BLOCK):
            if not await lease.keep():
                return False
            try:
                await blocks.write(writer, number, (number + 1) * BLOCK)
            except VerificationError:
                if await self._others(mine, found):
                    return False  # another was faster, and its records are leaving while they are read here
                raise
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

    async def _recorded(
        self, mine: Mine, made: Archived, point: StoredCheckpoint, draft: Draft, looked: tuple[int, Known]
    ) -> Archived | Busy | None:
        """Step 6. A crash before: a file that is not on record, and nobody's. After: one that is, whose records leave
        in the next round. None where something has changed since it was `looked`, under this revision and this row."""
        revision, destroys = looked
        now = self._clock.now_us()
        envelope = Envelope(
            id=uuid7(now),
            tenant=mine.ledger,
            event="ledger.archived",
            occurred_at=timestamp(now),
            range=(made.first, made.end),
            archive=made.id,
            digest=made.digest,
            standing=await self._standing(mine.ledger, made.end),
            checkpoint=(point.size, to_base64(point.root)),
            node=self._node,
        )
        change = added(made, *guarded((destroys,)))
        if await mine.writer.submit(Entry.of(envelope, change=change, denied_under=revision)) is None:
            one = await self._archives.store.holding(mine.ledger, made.first)
            if one is None or one.id != made.id:  # else it is this one: its end was not heard of, and it came through
                with on_disk():
                    await asyncio.to_thread(draft.take_back)
                return None if one is None else Busy()
        await self._pause("archive.after_record")
        return made

    async def _remove(self, mine: Mine, lease: Lease) -> bool:
        """Steps 1 and 7; False where the lease is another's, who goes on where this one is too slow."""
        store = self._archives.store
        for one in await store.leaving(mine.ledger):
            await self._archives.sure(mine.ledger, one)
            if not await lease.take():
                return False
            while await store.remove(mine.ledger, one.end):
                await self._pause("archive.after_removal")
                if not await lease.keep():
                    return False
                await asyncio.sleep(self._rest_s)  # on SQLite whoever appends gets the lock meanwhile
        return True

    async def _pause(self, name: str) -> None:
        if self._failpoint is not None:
            await self._failpoint(name)


def cutoff(now_us: int, days: int) -> int:
    """Before when records must have been recorded to be older than so many days."""
    return now_us - days * _DAY_US
