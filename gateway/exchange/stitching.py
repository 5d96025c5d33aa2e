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
        if checked.header.ledger != over.mine.ledger:
            raise VerificationError("emergency: the file is another ledger's")
        with on_disk(_PLACE):
            await asyncio.to_thread(settle, over.file)  # what the record names outlives what it was made from
        await self._recorded(over, checked, digest, size)
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

    async def _recorded(self, over: Over, checked: Checked, digest: str, size: int) -> None:
        began, ended = await self._found(over, BEGAN), await self._found(over, ENDED)
        now = self._clock.now_us()
        first = now if began is None else parse_timestamp(began.occurred_at)
        last = now if ended is None else parse_timestamp(ended.occurred_at)
        made = msgspec.structs.replace(
            over.row,
            state=STITCHED,
            began_us=first,
            ended_us=last,
            records=checked.header.end,
            archive=checked.header.id,
            digest=digest,
            bytes=size,
        )
        point = checked.checkpoint
        envelope = _told(STITCHING, made, over.mine.ledger, self._clock, self._node)
        envelope.key, envelope.archive, envelope.digest = made.vkey, made.archive, digest
        envelope.range, envelope.checkpoint = (0, point.size), (point.size, to_base64(point.root))
        envelope.began, envelope.ended = timestamp(first), timestamp(last)
        envelope.count = await asyncio.to_thread(_requested, over.file)
        # None where it is stitched in already: a try whose end was not heard of had come through.
        await over.main.submit(Entry.of(envelope, change=stitched(made)))

    async def _found(self, over: Over, event: str) -> Envelope | None:
        """The one record of an event: the beginning is looked for from there, the end from the newest record on."""
        found = await over.search.page(Filters(event=event), order="asc" if event == BEGAN else "desc", limit=1)
        hits = getattr(found, "hits", ())
        return parse(hits[0].stored.envelope) if hits else None

    async def _pause(self, name: str) -> None:
        if self._failpoint is not None:
            await self._failpoint(name)


def _requested(path: Path) -> int:
    """How many exchanges its records say that an agent was to be told of. The file was verified."""
    with opened(path) as file:
        blocks = Archive(file).blocks()
        return sum(parse(record.envelope).event == REQUESTED for block in blocks for record in block.records)


def _told(event: str, row: Emergency, ledger: str, clock: Clock, node: NodeInfo) -> Envelope:
    now = clock.now_us()
    return Envelope(id=uuid7(now), tenant=ledger, event=event, occurred_at=timestamp(now), emergency=row.id, node=node)
