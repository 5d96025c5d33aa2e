"""An emergency ledger: its key on record before it is needed, and itself on record when it is over.

What becomes of one ledger of an emergency, step by step; each can be killed, and the next try goes on by the same path:

1. `emergency.ended` is its last record of an exchange's time. A crash before: the next start closes what was open
   (`recovery`) and writes it. After: it is found.
2. A checkpoint of all its records is signed with its own key. (The record of that checkpoint itself, and what a later
   start adds before step 5, speak of nothing else, and are left behind.)
3. It is written into a file under a name of its own, synced, verified with its key alone, given its name by a link, and
   read back. A crash before the link: half a file that nothing reads, which the next try sweeps away. After: the file,
   which is never written a second time, so that whatever record names it names these bytes. Its name is synced once
   more before the record.
4. `emergency.stitched` goes on the main ledger, with its row, in one transaction: the row can change but once. A crash
   before: step 3's file is found and stitched in. After: it is found to be stitched, and left.
5. The caller removes the database of the emergency, and destroys its keys: nobody signs another past of it.

Where the main ledger is taken back behind 4 (a backup, a failover), the file is all that there is: it is stitched in
again from there (`again`).
"""

import asyncio
from pathlib import Path

import msgspec

from gateway.core.errors import ConfigurationError, LedgerUnavailable, VerificationError
from gateway.core.ids import random_id, uuid7
from gateway.core.ports import Clock, Failpoint, StoredCheckpoint
from gateway.evidence.archive import BLOCK, MAX_BLOCKS, Archive, Archiver, Checked, Header
from gateway.exchange.archive_blocks import Blocks, Keys, Mine
from gateway.exchange.archive_files import drafted, on_disk, settle, sweep, verified
from gateway.exchange.archived import opened
from gateway.exchange.ledgers import Counting
from gateway.ledger.emergency import BEGAN, ENDED, PREPARED, REQUESTED
from gateway.ledger.emergency import STITCHED as STITCHING
from gateway.ledger.encoding import to_base64
from gateway.ledger.entry import Entry
from gateway.ledger.note import Verifier
from gateway.ledger.record import GENESIS, Envelope, NodeInfo, parse, timestamp
from gateway.ledger.times import parse_timestamp
from gateway.store.archives import ArchiveStore
from gateway.store.checkpointer import Checkpointer
from gateway.store.emergencies import STITCHED, Emergency, prepared, stitched
from gateway.store.emergency_copy import Known
from gateway.store.sealing import Sealer
from gateway.store.search import Filters, Search

_PLACE = "emergency.files"


class Over(msgspec.Struct, frozen=True, kw_only=True):
    """One ledger of an emergency that is over. `mine`, `store`, `search` and `publisher`: of the emergency's database;
    `main` is where it is stitched in."""

    row: Emergency
    mine: Mine
    store: ArchiveStore
    search: Search
    publisher: Checkpointer
    main: Counting
    file: Path


class Said(msgspec.Struct, frozen=True):
    """What the records of a file say: when it began and ended, in microseconds, None where they do not; and of how many
    exchanges an agent was to be told."""

    began_us: int | None
    ended_us: int | None
    requested: int


async def prepare(row: Emergency, ledger: str, main: Counting, clock: Clock, node: NodeInfo) -> None:
    """Put the key of a new emergency ledger on record. A crash before: a key that nobody knows of. After: one that may
    be used. `LedgerUnavailable` where it could not be recorded."""
    envelope = _told(PREPARED, row, ledger, clock, node)
    envelope.key = row.vkey
    if await main.submit(Entry.of(envelope, change=prepared(row))) is None:
        raise LedgerUnavailable("an emergency ledger of this id is on record already")


async def begin(
    row: Emergency, writer: Counting, known: Known, clock: Clock, node: NodeInfo, *, since_us: int, ledger: str
) -> None:
    """The first record of an emergency: since when the database is away, and what was known of the main ledger. A crash
    before: an emergency without any exchange. After: one that may have some."""
    envelope = _told(BEGAN, row, ledger, clock, node)
    envelope.began = timestamp(since_us)
    envelope.policy = known.policy
    if known.checkpoint is not None:
        envelope.checkpoint = (known.checkpoint[0], to_base64(known.checkpoint[1]))
    await writer.submit(Entry.of(envelope))


class Stitching:
    """Stitches emergency ledgers in. `sealer` and `keys`: of the installation, whose keys outlive the emergency's."""

    def __init__(
        self, *, sealer: Sealer, keys: Keys, clock: Clock, node: NodeInfo, failpoint: Failpoint | None = None
    ) -> None:
        self._sealer, self._keys, self._clock, self._node = sealer, keys, clock, node
        self._failpoint = failpoint

    async def stitch(self, over: Over) -> None:
        """Steps 1 to 4. `LedgerUnavailable` where a database is away, `ConfigurationError` where the file cannot be
        written, `VerificationError` where the ledger or its file does not hold: then nothing is stitched in."""
        if over.row.state == STITCHED:
            return
        if not await asyncio.to_thread(over.file.is_file):
            await self._end(over)
            point = await over.publisher.publish(force=True)
            if point is None:
                raise VerificationError("emergency: the ledger is empty")
            await self._pause("emergency.before_file")
            await self._write(over, point)
            await self._pause("emergency.after_file")
        checked, digest, size = await asyncio.to_thread(verified, over.file, over.mine.keys)
        newest = await over.mine.reader.record(checked.header.end - 1)
        if newest is None or newest.hash != checked.last_hash:
            raise VerificationError("emergency: the file is not of what this database holds")
        await self._settled(over.row, over.mine.ledger, over.main, over.file, (checked, digest, size))

    async def again(self, row: Emergency, ledger: str, main: Counting, file: Path) -> None:
        """Steps 3 and 4 of what was stitched in before, and its main ledger taken back since: from the file, by the key
        that this ledger has on record. Raises as `stitch`, `FormatError` for a key that is none."""
        found = await asyncio.to_thread(verified, file, Verifier.parse(row.vkey))
        await self._settled(row, ledger, main, file, found)

    async def _settled(
        self, row: Emergency, ledger: str, main: Counting, file: Path, found: tuple[Checked, str, int]
    ) -> None:
        """Step 4, of a file that holds."""
        if found[0].header.ledger != ledger:
            raise VerificationError("emergency: the file is another ledger's")
        with on_disk(_PLACE):
            await asyncio.to_thread(settle, file)  # what the record names outlives what it was made from
        await self._recorded(row, ledger, main, await asyncio.to_thread(_said, file), found)
        await self._pause("emergency.after_record")

    async def _end(self, over: Over) -> None:
        if await self._found(over, ENDED) is None:
            envelope = _told(ENDED, over.row, over.mine.ledger, self._clock, self._node)
            await over.mine.writer.submit(Entry.of(envelope))

    async def _write(self, over: Over, point: StoredCheckpoint) -> None:
        if point.size > BLOCK * MAX_BLOCKS:
            raise ConfigurationError("emergency.max_records must be less: one file cannot hold what there is")
        header = Header(
            v=1,
            id=random_id("ar"),
            ledger=over.mine.ledger,
            origin=over.row.origin,
            first=0,
            end=point.size,
            prev=to_base64(GENESIS),
            recorded_at="",
            peaks=(),
            path=(),
            files=(),
        )
        draft = await asyncio.to_thread(drafted, over.file, _PLACE)
        try:
            with on_disk(_PLACE):
                await asyncio.to_thread(sweep, over.file.parent)
                writer = Archiver(draft.file)
                blocks = Blocks(over.mine, over.store, self._sealer, self._keys)
                for number in range((point.size + BLOCK - 1) // BLOCK):
                    await blocks.write(writer, number, min(point.size, (number + 1) * BLOCK))
                writer.end(header, None, point.note)
                await asyncio.to_thread(draft.sync)
            await asyncio.to_thread(verified, draft.own, over.mine.keys)  # what does not hold gets no name
            with on_disk(_PLACE):
                await asyncio.to_thread(draft.name)  # where a file has it by now, it is that one that is looked at
        finally:
            await asyncio.to_thread(draft.close)

    async def _recorded(
        self, row: Emergency, ledger: str, main: Counting, said: Said, found: tuple[Checked, str, int]
    ) -> None:
        checked, digest, size = found
        now = self._clock.now_us()
        made = msgspec.structs.replace(
            row,
            state=STITCHED,
            began_us=now if said.began_us is None else said.began_us,
            ended_us=now if said.ended_us is None else said.ended_us,
            records=checked.header.end,
            archive=checked.header.id,
            digest=digest,
            bytes=size,
        )
        point = checked.checkpoint
        envelope = _told(STITCHING, made, ledger, self._clock, self._node)
        envelope.key, envelope.archive, envelope.digest = made.vkey, made.archive, digest
        envelope.range, envelope.checkpoint = (0, point.size), (point.size, to_base64(point.root))
        envelope.began, envelope.ended = timestamp(made.began_us or now), timestamp(made.ended_us or now)
        envelope.count = said.requested
        # None where it is stitched in already: a try whose end was not heard of had come through.
        await main.submit(Entry.of(envelope, change=stitched(made)))

    async def _found(self, over: Over, event: str) -> Envelope | None:
        """The one record of an event: the beginning is looked for from there, the end from the newest record on."""
        found = await over.search.page(Filters(event=event), order="asc" if event == BEGAN else "desc", limit=1)
        hits = getattr(found, "hits", ())
        return parse(hits[0].stored.envelope) if hits else None

    async def _pause(self, name: str) -> None:
        if self._failpoint is not None:
            await self._failpoint(name)


def _said(path: Path) -> Said:
    """The file was verified. It has ended once, and what came after that speaks of nothing else."""
    began = ended = None
    requested = 0
    with opened(path) as file:
        for block in Archive(file).blocks():
            for stored in block.records:
                envelope = parse(stored.envelope)
                requested += envelope.event == REQUESTED
                if envelope.event == BEGAN and began is None:
                    began = parse_timestamp(envelope.occurred_at)
                elif envelope.event == ENDED:
                    ended = parse_timestamp(envelope.occurred_at)
    return Said(began, ended, requested)


def _told(event: str, row: Emergency, ledger: str, clock: Clock, node: NodeInfo) -> Envelope:
    now = clock.now_us()
    return Envelope(id=uuid7(now), tenant=ledger, event=event, occurred_at=timestamp(now), emergency=row.id, node=node)
