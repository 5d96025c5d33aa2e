"""Verification of a ledger where it lies: what `ledger.verify` checks, and with it what only the database holds.

    1. every record: hash, link, sequence, time, form, tree           (`ledger.verify`, steps 1 to 8)
    2. every index column against the record's bytes
    3. every detail that is still there against its commitment
    4. every stored checkpoint: its signature, its own columns, its root   (`ledger.verify`, steps 9 and 10)
    5. a checkpoint obtained elsewhere, where one is given, and the one that is remembered beside the keys (`signed`):
       nothing that they cover was cut off or rewritten
    6. the head against the last record
    7. every posting of a search against the columns that it is made from   (`postings`)
    8. every emergency ledger that was stitched in: its key was on record before, and it was stitched once
    9. kept content that can be opened, against the commitment to it   (`kept_check`)
   10. every decision, and the head, against what the ledger says was in force   (`ledger.activated`): told apart, as
       no failure of the evidence, which shows it
   11. every checkpoint that a record says was signed (`ledger.published`) is one of those stored, with that root: so
       the tree of its size is compared with it, and who makes the chain anew cannot just take the checkpoints away
   12. every tile of the tree that is stored, against the hashes of the records   (`tile_check`)
   13. every policy version that a record was decided by or puts in force, against its digest, and the rows of what was
       in force against the records of it   (`policy_check`); one that is not there is told apart, as in 10
   14. every link from a data subject to a record against the detail that names them, both ways   (`named`)

What is the caller's: the files of emergency ledgers, against what the verdict says of them; and the checkpoint from
elsewhere. Without it, who holds the signing key, or has made anew or deleted the newest records with all checkpoints of
them and all that records tell of those, is not found; the verdict says how many records no checkpoint covers.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from functools import partial

import msgspec
from sqlalchemy import func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.core.errors import FormatError, VerificationError
from gateway.core.ports import StoredCheckpoint, StoredRecord
from gateway.ledger import checkpoint as signed
from gateway.ledger.checkpoint import Checkpoint
from gateway.ledger.emergency import PREPARED, STITCHED, Stitched, stitched
from gateway.ledger.note import Verifier, parse_note
from gateway.ledger.record import GENESIS, Envelope, parse_detail
from gateway.ledger.rotation import Keys
from gateway.ledger.verify import Verification, beginning
from gateway.store.archives import Archived, ArchiveStore
from gateway.store.batch import EMPTY, Head
from gateway.store.beside import Beside
from gateway.store.engine import reading
from gateway.store.kept_check import KeptTally, Opener, check_kept
from gateway.store.named import Links, Said, subjects
from gateway.store.policy_check import check_activations, check_versions
from gateway.store.postings import BLOCK, Tally
from gateway.store.reader import StoreReader
from gateway.store.search import Filters, Search
from gateway.store.signed import missing
from gateway.store.spread import Spread
from gateway.store.sql import reachable
from gateway.store.tables import head, posting, record_block
from gateway.store.tile_check import check_tiles
from gateway.store.tree import TreeReader

_CHUNK = 2_000
_TOLD = 8
"""Digests that are told in words, at most."""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What a verification found. `failure` names the step and the place of the first thing that does not hold."""

    size: int
    """Records that were read."""
    covered: int
    """Records that a checkpoint covers."""
    details: int
    """Details that open their commitment."""
    commitments: int
    """Records whose detail was deleted: commitment only."""
    checkpoints: int
    remembered: int = 0
    """Records under the checkpoint that is remembered beside the keys, which all of this was compared with."""
    content: KeptTally = KeptTally()
    """What became of content that policy has kept."""
    archived: int = 0
    """Records that lie in archives: the first so many of `size`."""
    unread: int = 0
    """Those of them that were known by their hashes alone, since their archive was not given."""
    emergencies: tuple[Stitched, ...] = ()
    """Emergency ledgers that were stitched in, in the order of their records."""
    emergency_records: int = 0
    """Records of these that were verified too, from their files."""
    absent: tuple[str, ...] = ()
    """Ids of those whose file was not at hand: of them nothing but what the record says is known."""
    unactivated: tuple[int, ...] = ()
    """Records that name a policy which by the ledger was not in force, the first of each, at most 8."""
    misnamed: bool = False
    """Whether the head names another policy than the newest activation does."""
    unseen: tuple[str, ...] = ()
    """Digests of policies that were decided by and whose activations may lie in archives that were not given."""
    unkept: tuple[str, ...] = ()
    """Digests of policies that records name and of which no version is there: what they decided cannot be explained."""
    failure: str | None = None

    @property
    def said(self) -> str | None:
        """What was decided, or is to be decided, by a policy that is not in force or not there, in words; None where
        nothing is."""
        told = []
        if self.unactivated:
            places = ", ".join(map(str, self.unactivated))
            told.append(f"by the ledger the policy that these records name was not in force: {places}")
        if self.misnamed:
            told.append("the head names another one than the newest policy.activated")
        if self.unkept:
            told.append(f"versions that records name are not there: {', '.join(self.unkept[:_TOLD])}")
        return f"policy: {'; '.join(told)}" if told else None

    @property
    def uncovered(self) -> int:
        """Records that no checkpoint covers: nothing but their own chain speaks for those."""
        return max(0, self.size - self.covered)


Read = Callable[[Archived], AsyncIterator[Sequence[StoredRecord]] | None]
"""The records of an archive, with the details that can be opened; None where it is not at hand."""


class LedgerVerification:
    """Verifies one ledger, by its id, with its public key or keys. Reads all of it, chunk by chunk.

    Of records that lie in an archive which is not at hand (`read`) the hashes are verified: that they are those which a
    checkpoint covers, and that the record after them is linked to the last. `spread`: by how many processes, which
    changes nothing but the time."""

    def __init__(
        self,
        engine: AsyncEngine,
        ledger: str,
        verifier: Verifier | Keys,
        opener: Opener | None = None,
        spread: Spread | None = None,
    ) -> None:
        """`opener`: opens what is kept, of which without it is only told that it is there."""
        self._engine, self._ledger, self._verifier = engine, ledger, verifier
        self._opener, self._spread = opener, spread
        self._begin()

    def _begin(self) -> None:
        self._size = self._checkpoints = 0
        self._archived = self._unread = 0
        self._content = KeptTally()
        self._prepared: dict[str, str] = {}
        self._stitched: dict[str, Stitched] = {}
        self._last, self._misnamed = GENESIS, False
        self._hidden: list[tuple[int, int]] = []
        self._unkept: tuple[str, ...] = ()
        self._beside = Beside()

    async def run(
        self, given: bytes | None = None, read: Read | None = None, remembered: bytes | None = None
    ) -> Verdict:
        """Steps 1 to 14. `given` is a signed checkpoint from elsewhere, `remembered` the one that is kept beside the
        keys, read before this; `LedgerUnavailable` if nothing can be read."""
        elsewhere = [note for note in (given, remembered) if note is not None]
        archives = ArchiveStore(self._engine)
        while True:
            self._begin()
            before = await archives.all(self._ledger)
            verdict = await self._verdict(elsewhere, before, read)
            # Records that were archived meanwhile are not missing: then all of it is verified once more. An archive
            # takes longer to be made than a ledger to be verified, so that this ends.
            if remembered is not None:
                verdict = await self._remembering(verdict, remembered)
            if verdict.failure is None or await archives.all(self._ledger) == before:
                return verdict

    async def _remembering(self, verdict: Verdict, remembered: bytes) -> Verdict:
        point = signed.parse(parse_note(remembered)[0])
        if verdict.failure is None:
            return msgspec.structs.replace(verdict, remembered=point.size)
        if await missing(
            self._engine, self._ledger, StoredCheckpoint(size=point.size, root=point.root, note=remembered)
        ):
            lacks = f"it lacks what was signed last, of {point.size} records; see `gateway audit acknowledge-restore`"
            return msgspec.structs.replace(verdict, failure=f"{verdict.failure} ({lacks})")
        return verdict

    async def _verdict(self, given: Sequence[bytes], archives: Sequence[Archived], read: Read | None) -> Verdict:
        covered = 0
        failure = None
        try:
            covered = await self._verify(given, archives, read)
        except (VerificationError, FormatError) as error:
            failure = str(error)
        decided = self._beside.decided.found()
        return Verdict(
            size=self._size,
            covered=covered,
            details=self._beside.details,
            commitments=self._beside.commitments,
            checkpoints=self._checkpoints,
            content=self._content,
            archived=self._archived,
            unread=self._unread,
            emergencies=tuple(self._stitched.values()),
            unactivated=decided.unactivated,
            misnamed=self._misnamed,
            unseen=decided.unseen,
            unkept=self._unkept,
            failure=failure,
        )

    async def _verify(self, given: Sequence[bytes], archives: Sequence[Archived], read: Read | None) -> int:
        # Before the first record: whatever it names must be among those that are read. And before the checkpoints: of
        # which its records tell is stored by then.
        before, blocks = await self._head_row(), await self._blocks()
        checkpoints = [self._checked(stored) async for stored in StoreReader(self._engine, self._ledger).checkpoints()]
        self._checkpoints, stored = len(checkpoints), {point.size: point.root for point in checkpoints}
        checkpoints += [signed.verify(note, self._verifier) for note in given]
        verification = Verification(beginning(self._ledger), checkpoints)
        for one in archives:
            await self._elsewhere(one, verification, None if read is None else read(one))
        verification = await self._in_parts(verification, before, checkpoints)
        # 1. and 4., 5.: the chain and the tree; the roots of checkpoints where the tree has their size.
        search = Search(self._engine, self._ledger)
        async for hit in search.stream(Filters(), order="asc", details=True, after=self._size - 1):
            envelope = verification.read(hit.stored)
            self._size = hit.stored.seq + 1
            self._last = hit.stored.hash
            if self._size == before.size and self._last != before.hash:
                raise VerificationError("head: it is not what its newest record says")
            # 2. and 3., and 8. and 11. for one record.
            self._beside.take(hit, envelope)
            self._emergency(envelope)
        size = verification.finish().size  # every checkpoint was compared
        covered = max((point.size for point in checkpoints), default=0)
        if covered < self._archived:
            raise VerificationError("archive: no checkpoint covers what lies in archives")
        self._told(before, stored)
        await self._head(before, size)
        # 10. for the head: as it was before the first record was read.
        standing = self._beside.decided.standing(before.size)
        self._misnamed = standing is not None and standing != (before.policy or "")
        await self._posted(blocks)
        await self._tiles()
        # 13. Of activations as of before the first record was read: later ones have their own time.
        places = self._beside.decided.places
        await check_activations(self._engine, self._ledger, places, before.size, self._hidden)
        self._unkept = await check_versions(self._engine, places)
        # 14.
        again = partial(self._named_elsewhere, archives, read)
        await Links(self._engine, self._ledger).compare(self._beside.named, self._size, again, self._archived)
        # 9.
        self._content = await check_kept(self._engine, self._ledger, self._opener, self._beside.kept)
        return covered

    async def _in_parts(
        self, verification: Verification, before: Head, checkpoints: Sequence[Checkpoint]
    ) -> Verification:
        """Steps 1 to 5 and 8 by several processes, over the blocks that are whole: from where one goes on alone. The
        same verification, and nothing taken over, where they say nothing."""
        if self._spread is None:
            return verification
        found = await self._spread.over(self._ledger, verification.state(), before, checkpoints)
        if found is None:
            return verification
        for envelope in found.told:
            self._emergency(envelope)
        self._size, self._last = found.state.frontier.size, found.last
        self._beside.join(found.beside)
        return Verification(found.state, [point for point in checkpoints if point.size > self._size])

    async def _elsewhere(
        self, one: Archived, verification: Verification, records: AsyncIterator[Sequence[StoredRecord]] | None
    ) -> None:
        """Records that lie in an archive: by themselves where it is at hand, else by their hashes."""
        if one.first != self._archived or one.end <= one.first:
            raise VerificationError(f"archive {one.id}: it does not follow the one before")
        last = b""
        if records is None:
            async for leaves in TreeReader(self._engine, self._ledger).leaves(one.first, one.end):
                verification.pass_over(leaves, one.recorded_at.encode("utf-8", "surrogatepass"))
                self._beside.tiles.take_all(leaves)
                last = leaves[-1]
            self._unread += one.end - one.first
            self._hidden.append((one.first, one.end))
            self._beside.decided.unread(one.end)
        else:
            async for some in records:
                last = some[-1].hash
                for stored in some:
                    envelope = verification.read(stored)
                    self._beside.detail(stored, envelope, archived=True)
                    self._beside.decision(envelope)
                    self._beside.publication(stored.seq, envelope)
                    self._beside.tiles.take(stored.hash)
                    self._emergency(envelope)
        if last != one.last_hash:
            raise VerificationError(f"archive {one.id}: its last record is not the one that the database names")
        self._archived = self._size = one.end
        self._last = last

    async def _named_elsewhere(self, archives: Sequence[Archived], read: Read | None, block: int) -> Said:
        """Whom the details of a block that lies in an archive name, of those that can be opened now."""
        one = next(one for one in archives if one.first <= block * BLOCK < one.end)
        found: dict[int, frozenset[str]] = {}
        records = None if read is None else read(one)
        if records is not None:
            async for some in records:
                here = (stored for stored in some if stored.seq // BLOCK == block and stored.detail is not None)
                found |= {stored.seq: subjects(parse_detail(stored.detail or b"")) for stored in here}
        return found

    def _checked(self, stored: StoredCheckpoint) -> Checkpoint:
        found = signed.verify(stored.note, self._verifier)
        if (found.size, found.root) != (stored.size, stored.root):
            raise VerificationError(f"checkpoint {stored.size}: its columns are not what was signed")
        return found

    def _emergency(self, envelope: Envelope) -> None:
        """Step 8 for one record. Of archives that are not at hand it is not known what was prepared in them."""
        name = envelope.emergency
        if envelope.event == PREPARED and self._prepared.setdefault(name or "", envelope.key or "") != envelope.key:
            raise VerificationError(f"record {envelope.seq}: an emergency ledger was given a second key, or none")
        if envelope.event != STITCHED:
            return
        found = stitched(envelope)
        if found is None or found.id in self._stitched:
            raise VerificationError(f"record {envelope.seq}: an emergency ledger was stitched in twice, or is not told")
        if self._prepared.get(found.id, found.key if self._unread else None) != found.key:
            raise VerificationError(f"record {envelope.seq}: an emergency ledger whose key was not on record before")
        self._stitched[found.id] = found

    def _told(self, before: Head, stored: Mapping[int, bytes]) -> None:
        """Step 11, once the tree was compared with what is stored. A checkpoint is stored before its record is made
        (`checkpointer`), so that a crash leaves one without a record and never a record without one; it leaves with no
        archive either. Records that are newer than the head was have their own time: of theirs there may be more than
        were read."""
        for told in self._beside.published:
            if told.seq < before.size and stored.get(told.size) != told.root:
                what = "has another root than it tells of" if told.size in stored else "is not stored"
                raise VerificationError(f"record {told.seq}: published: the checkpoint of {told.size} records {what}")

    async def _tiles(self) -> None:
        """Step 12. Tiles that became full meanwhile have their own time; none is full before its records are there."""
        newer = await check_tiles(self._engine, self._ledger, self._beside.tiles)
        if newer and newer > (await self._head_row()).size:
            raise VerificationError("tiles: one stands over records that are not there")

    async def _head(self, before: Head, size: int) -> None:
        """Step 6. Records may have been appended while the others were read: between the two heads, never outside."""
        if size < before.size:
            raise VerificationError(f"head: it says {before.size} records, and there are {size}")
        after = await self._head_row()
        if after.size < size or (after.size == size and after.hash != self._last):
            raise VerificationError("head: it is not what the newest record says")

    async def _blocks(self) -> int:
        """How many blocks have their postings: all before the newest, which is one less than there are."""
        blocks = (record_block.c.tenant == self._ledger,)
        query = select(func.count(), func.max(record_block.c.block)).where(*blocks)
        with reachable():
            async with reading(self._engine, self._ledger) as connection:
                count, newest = (await connection.execute(query)).one()
        if count != (0 if newest is None else newest + 1):
            raise VerificationError("postings: a block is missing")
        return int(count)

    async def _posted(self, blocks: int) -> None:
        """Step 7. Of blocks that were there before the first record was read: later ones have their own time."""
        found, after = Tally(), ("", "", -1)
        key = tuple_(posting.c.field, posting.c.value, posting.c.block)
        query = select(posting.c.field, posting.c.value, posting.c.block, posting.c.places)
        query = query.where(posting.c.tenant == self._ledger).limit(_CHUNK)
        query = query.order_by(posting.c.field, posting.c.value, posting.c.block)
        while True:
            with reachable():
                async with reading(self._engine, self._ledger) as connection:
                    rows = (await connection.execute(query.where(key > after))).all()
            for row in rows:
                found.add(row.block, row.field, row.value, bytes(row.places))
            if len(rows) < _CHUNK:
                break
            after = (rows[-1].field, rows[-1].value, rows[-1].block)
        wrong = self._beside.expected.other(found, range(self._archived // BLOCK, blocks))
        if wrong is not None:
            raise VerificationError(f"postings: those of block {wrong} are not what its records say")

    async def _head_row(self) -> Head:
        columns = (head.c.size, head.c.hash, head.c.recorded_at, head.c.policy, head.c.denied)
        with reachable():
            async with reading(self._engine, self._ledger) as connection:
                row = (await connection.execute(select(*columns).where(head.c.tenant == self._ledger))).one_or_none()
        return (
            EMPTY if row is None else Head(int(row.size), bytes(row.hash), row.recorded_at, row.policy, int(row.denied))
        )
