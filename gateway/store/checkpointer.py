"""Checkpoints: the tree extended over the new records, its full tiles kept, its root signed.

Going on and starting again share one path: what a checkpoint needs is read from the database whenever it is not at
hand, so that a crash at any instant costs only work. The root that the database's tiles and records give is compared
with the newest signed checkpoint before anything is added to it, and every record's bytes with their hash: what was
changed behind the ledger's back is not signed as long as that checkpoint is there. And as long as the newest one is
remembered beside the keys (`signed`), nothing is signed that does not extend it, whatever became of the database.
"""

import asyncio
import os
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from gateway.core.errors import FormatError, LedgerUnavailable, VerificationError
from gateway.core.ids import uuid7
from gateway.core.ports import Clock, Failpoint, StoredCheckpoint
from gateway.ledger import checkpoint as signed
from gateway.ledger.chain import leaf_hash
from gateway.ledger.encoding import to_base64
from gateway.ledger.entry import Entry, Ledger
from gateway.ledger.merkle import Frontier
from gateway.ledger.record import Envelope, NodeInfo, parse, timestamp
from gateway.ledger.rotation import Keys
from gateway.ledger.tiles import partial_width
from gateway.store.engine import reading, writing
from gateway.store.growth import FullTile, Growth, partial_levels
from gateway.store.lease import Lease
from gateway.store.reader import ABOUT_CHECKPOINTS, StoreReader
from gateway.store.signed import Remembered, SignedMarks
from gateway.store.signing import LedgerSigning, Signatories
from gateway.store.sql import insert_new, reachable
from gateway.store.tables import checkpoint, head, key_rotation, record, tile
from gateway.store.tree import TreeReader

LEASE_S = 60.0
_TILES_AT_ONCE = 256
"""Tiles (8 KiB each) that are kept in memory before they are written: a first checkpoint may have very many."""


class Checkpointer:
    """Publishes checkpoints of one ledger, by its id."""

    def __init__(
        self,
        engine: AsyncEngine,
        *,
        ledger: str,
        signing: LedgerSigning,
        writer: Ledger,
        clock: Clock,
        node: NodeInfo,
        failpoint: Failpoint | None = None,
        marks: SignedMarks | None = None,
    ) -> None:
        """`marks`: where it is remembered what was signed; None where it is not, for a ledger of an emergency."""
        self._engine, self._ledger, self._signing, self._writer = engine, ledger, signing, writer
        self._clock, self._node, self._failpoint = clock, node, failpoint
        self._reader, self._tree = StoreReader(engine, ledger), TreeReader(engine, ledger)
        holder = f"{node.id}/{node.boot}/{os.urandom(8).hex()}"
        self._lease = Lease(engine, f"checkpoint/{ledger}", holder, clock, LEASE_S)
        self.remembered = Remembered(marks, signing.origin, self._tree)
        """What was signed last, as it is remembered apart from the database."""
        self._turn = asyncio.Lock()
        self._growth = Growth.empty()
        self._on_record = 0
        """The size of the newest checkpoint that is known to be on record, or to need no record."""

    async def publish(self, force: bool = False) -> StoredCheckpoint | None:
        """Publish a checkpoint of all records there are, and record that.

        Without `force`: None when there is nothing to publish (no records, none but those about checkpoints) or another
        process is at it. With it: a checkpoint that covers every record appended before the call, an earlier one if
        that does; None only for an empty ledger. `VerificationError` if what is in the database contradicts what was
        signed, `LedgerUnavailable` if it cannot be read or written.
        """
        async with self._turn:
            mark = await self.remembered.mark()  # before the database, which has it before it is remembered
            newest = await self._reader.checkpoint()
            covered = 0 if newest is None else newest.size
            size = await self._reader.size()
            if size < covered:
                raise VerificationError("checkpoint: the ledger has fewer records than its newest checkpoint")
            if mark is not None and size < mark.size:
                raise VerificationError("checkpoint: the ledger has fewer records than were signed")
            who = await self._signing.load()
            if newest is not None:
                _verify(newest, who.keys)
                if mark is not None:
                    await self.remembered.demand(newest, mark)
                await self._record(newest)
                await self.remembered.keep(newest)
                size = await self._reader.size()  # one more, if that had to be made up for
            if force:
                return newest if size == covered else await self._extend(newest, size, who, mark)
            if not await self._about_more_than_checkpoints(covered, size) or not await self._lease.take():
                return None
            try:
                return await self._extend(newest, size, who, mark)
            finally:
                await self._lease.release()

    async def _extend(
        self, newest: StoredCheckpoint | None, size: int, who: Signatories, mark: StoredCheckpoint | None
    ) -> StoredCheckpoint:
        """From the newest checkpoint to one of `size`, step by step; past the remembered one, if that is larger."""
        # 1. The tree of the newest checkpoint, whose root must be the one that was signed.
        growth = await self._grown_to(newest)
        # 2. The records since, each one's bytes against its hash; tiles that become full on the way are written. A
        #    crash in between leaves tiles that no checkpoint covers: the next run finds that it would write the same.
        tiles: list[FullTile] = []
        async for stored in self._reader.records(growth.size, size):
            if stored.seq != growth.size:
                raise VerificationError(f"checkpoint: record {growth.size} is missing")
            if leaf_hash(stored.envelope) != stored.hash:
                raise VerificationError(f"checkpoint: record {stored.seq} is not what its hash says")
            tiles += growth.append(stored.hash)
            if mark is not None and growth.size == mark.size and growth.root() != mark.root:
                raise VerificationError(f"checkpoint: the tree of size {mark.size} has another root than was signed")
            if len(tiles) >= _TILES_AT_ONCE:
                await self._write(tiles)
                tiles = []
        if growth.size != size:
            raise VerificationError(f"checkpoint: record {growth.size} is missing")
        # 3. Sign (Ed25519 is deterministic: a second run signs the same bytes), with the key before too while the time
        #    lasts in which both do. A token may take its time, or be away: then there is no checkpoint, and the next
        #    run tries again.
        text = signed.Checkpoint(who.signer.name, size, growth.root())
        note = await asyncio.to_thread(signed.sign, text, who.signer, *who.beside)
        made = StoredCheckpoint(size=size, root=text.root, note=note)
        # 4. The last tiles and the checkpoint, in one transaction. A crash before the commit: the next run does the
        #    same again. After it: the checkpoint is there without its record, which the next run makes up for.
        await self._pause("checkpoint.before_commit")
        await self._write(tiles, made, who.number)
        await self._pause("checkpoint.after_commit")
        self._growth = growth
        # 5. Its record.
        await self._record(made)
        # 6. Apart from the database. A crash before: the one before it is remembered, until the next run.
        await self.remembered.keep(made)
        return made

    async def _grown_to(self, newest: StoredCheckpoint | None) -> Growth:
        """The tree at the newest checkpoint: as it was left, or from the database after a start or another's work."""
        if newest is None:
            return Growth.empty()
        growth = self._growth.copy()
        if growth.size != newest.size:
            partial = []
            for level in range(partial_levels(newest.size)):
                end = newest.size >> (8 * level)
                partial.append(await self._tree.hashes(level, end - partial_width(level, newest.size), end))
            growth = Growth(Frontier(newest.size, await self._tree.peaks(newest.size)), partial)
        if growth.root() != newest.root:
            raise VerificationError(f"checkpoint: the tree of size {newest.size} has another root than was signed")
        return growth

    async def _write(self, tiles: Sequence[FullTile], made: StoredCheckpoint | None = None, number: int = 0) -> None:
        """Insert tiles, and the checkpoint if given. What is there already must be the same. `LedgerUnavailable` where
        the key that signed was replaced meanwhile (`number`: how often it had been): it counts no more."""
        with reachable():
            async with writing(self._engine, self._ledger) as connection:
                for full in tiles:
                    place = {"tenant": self._ledger, "level": full.level, "idx": full.index}
                    row = insert_new(self._engine, tile).values(**place, hashes=full.hashes)
                    if (await connection.execute(row)).rowcount == 0:
                        await _same(connection, select(tile.c.hashes).filter_by(**place), full.hashes, "tile")
                if made is not None:
                    await self._demand_same_key(connection, number)
                    place = {"tenant": self._ledger, "size": made.size}
                    row = insert_new(self._engine, checkpoint).values(**place, root=made.root, note=made.note)
                    if (await connection.execute(row)).rowcount == 0:
                        await _same(connection, select(checkpoint.c.root).filter_by(**place), made.root, "checkpoint")

    async def _demand_same_key(self, connection: AsyncConnection, number: int) -> None:
        # A key is replaced while the head is held, by the writer, and not after a larger checkpoint than the statement
        # says; so whoever holds it here too sees the newest key, or is seen. SQLite has one writer at a time anyhow.
        mine = head.c.tenant == self._ledger
        await connection.execute(select(head.c.size).where(mine).with_for_update(read=True))
        rotations = select(func.max(key_rotation.c.number)).where(key_rotation.c.tenant == self._ledger)
        if (await connection.scalar(rotations) or 0) != number:
            raise LedgerUnavailable("the key that signs checkpoints was replaced just now: try again")

    async def _record(self, made: StoredCheckpoint) -> None:
        """Append `checkpoint.published`, unless it is on record or covers nothing new but records about checkpoints.

        A crash after the append and before anyone knows: the record is found here, and not made twice.
        """
        if self._on_record >= made.size:
            return
        before = select(func.max(checkpoint.c.size)).where(
            checkpoint.c.tenant == self._ledger, checkpoint.c.size < made.size
        )
        mine = (record.c.tenant == self._ledger, record.c.event == "checkpoint.published", record.c.seq >= made.size)
        with reachable():
            async with reading(self._engine, self._ledger) as connection:
                later = (await connection.execute(select(record.c.bytes).where(*mine))).scalars().all()
                covered = await connection.scalar(before) or 0
        on_record = any(_published(bytes(data)) == made.size for data in later)
        if not on_record and await self._about_more_than_checkpoints(covered, made.size):
            now = self._clock.now_us()
            envelope = Envelope(
                id=uuid7(now),
                tenant=self._ledger,
                event="checkpoint.published",
                occurred_at=timestamp(now),
                checkpoint=(made.size, to_base64(made.root)),
                node=self._node,
            )
            await self._writer.append(Entry.of(envelope))
        self._on_record = made.size

    async def _about_more_than_checkpoints(self, first: int, end: int) -> bool:
        """Whether any record `first` ≤ seq < `end` is about something else than a checkpoint."""
        query = (
            select(record.c.seq)
            .where(record.c.tenant == self._ledger, record.c.seq >= first, record.c.seq < end)
            .where(record.c.event.not_like(ABOUT_CHECKPOINTS))
            .limit(1)
        )
        with reachable():
            async with reading(self._engine, self._ledger) as connection:
                return await connection.scalar(query) is not None

    async def _pause(self, name: str) -> None:
        if self._failpoint is not None:
            await self._failpoint(name)


def _verify(newest: StoredCheckpoint, keys: Keys) -> None:
    """The newest checkpoint is what this ledger's key has signed, row and note alike."""
    try:
        found = signed.verify(newest.note, keys)
    except FormatError as error:
        raise VerificationError("checkpoint: the newest one in the database is not a checkpoint") from error
    if (found.size, found.root) != (newest.size, newest.root):
        raise VerificationError("checkpoint: the newest one in the database is not the one that was signed")


def _published(data: bytes) -> int | None:
    """The size of the checkpoint that a record is about."""
    try:
        about = parse(data).checkpoint
    except FormatError as error:
        raise VerificationError("checkpoint: a record about an earlier one is not a record") from error
    return None if about is None else about[0]


async def _same(connection: AsyncConnection, query: Select[Any], expected: bytes, what: str) -> None:
    if await connection.scalar(query) != expected:
        raise VerificationError(f"checkpoint: another {what} of the same place is in the database")
