"""Writes a bundle as a stream: the records of a range are read once, verified, and written with what is told of them.
Memory is bounded by one chunk, the proof files, the policy versions and what people have judged."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing, nullcontext
from typing import BinaryIO

import msgspec

from gateway import __version__
from gateway.core.errors import FormatError, VerificationError
from gateway.core.ports import RecordReader, StoredCheckpoint
from gateway.core.refusal import Refusal
from gateway.evidence import bag, carried, carrying, dsse, readme, standalone
from gateway.evidence import manifest as manifests
from gateway.evidence.attachment import ENDLESS, Attachment, Material, ordered
from gateway.evidence.carried import Source
from gateway.evidence.checker import Job
from gateway.evidence.checking import Alone
from gateway.evidence.container import Stream, Writer, Written
from gateway.evidence.edge import encode_hashes
from gateway.evidence.emergencies import Told, judged
from gateway.evidence.kept import Fleeting, Keeper, State
from gateway.evidence.manifest import Apart, File, Manifest
from gateway.evidence.piece import NotAsKept, Piece, Spool, blocks
from gateway.evidence.scope import check_scope, chooser
from gateway.evidence.scratch import directory_of
from gateway.evidence.selection import Selection, check_filters
from gateway.evidence.walking import Walk
from gateway.ledger import checkpoint as checkpoints
from gateway.ledger import proof as proofs
from gateway.ledger import stamp
from gateway.ledger.checkpoint import Checkpoint
from gateway.ledger.merkle import verify_consistency
from gateway.ledger.note import Signer
from gateway.ledger.proof import Proof
from gateway.ledger.record import MAX_BYTES
from gateway.ledger.rotation import Keys
from gateway.ledger.times import timestamp

GENERATOR = f"agent-compliance-gateway {__version__}"
Progress = Callable[[int, int], None]
"""Called with how many records were gone over and how many are to be: the range once, and once for each attachment."""


class Stamps(msgspec.Struct, frozen=True):
    """A checkpoint that was time-stamped, and the replies of authorities that have, by their ids."""

    point: StoredCheckpoint
    replies: Mapping[str, bytes]


class _Range(msgspec.Struct, frozen=True, kw_only=True):
    """What is exported: the records, and the checkpoints around them."""

    first: int
    end: int
    before: list[bytes] | None
    """The path to the record before the range."""
    last: Checkpoint
    last_note: bytes
    opening: Checkpoint | None
    opening_note: bytes


async def build(
    reader: RecordReader,
    selection: Selection,
    *,
    signer: Signer,
    keys: Keys | None = None,
    policies: Mapping[str, bytes],
    standing: str | None = None,
    created_us: int,
    write: BinaryIO,
    opening: StoredCheckpoint | None = None,
    witnessed: StoredCheckpoint | None = None,
    stamps: Sequence[Stamps] = (),
    emergencies: Source | None = None,
    attachments: Sequence[Attachment] = (),
    source: carrying.Source | None = None,
    progress: Progress | None = None,
    last: StoredCheckpoint | None = None,
    keeper: Keeper | None = None,
    processes: int = 1,
    alone: Alone = lambda why: None,
) -> Manifest | Refusal:
    """Write a bundle of the selection to `write`, an empty seekable binary file that can be read, too, and return its
    manifest.

    `signer` is the ledger's key, `keys` it and those that it came after; `policies` every stored policy version by its
    digest, of which those that records of the range name are put in, and `standing`, the digest of the one in force at
    its first record, which no record of it has to name; `opening` a checkpoint not after the range's
    start, to show from where the log was extended; `witnessed` the newest checkpoint that witnesses have cosigned, with
    their lines below its note; `stamps` time-stamps of checkpoints, by size; `emergencies` where files of emergency
    ledgers are found; `attachments` make further files; `source` opens kept content, where the selection asks for that;
    `last` the checkpoint that covers the range, by default the newest. Where the selection names no end, its size is
    it: the caller publishes one before.

    `keeper` keeps what was written, now and then, and has what another builder has left of the same bundle: with the
    same arguments it becomes the same to the byte, unless kept content has gone meanwhile. `NotAsKept` where that does
    not hold together.

    `processes`: two, to have a large range gone over by a process beside this one (`checking`); `alone`
    is told where that was to be and is not.

    `Refusal` for a selection that cannot be (`parameter_invalid`) or that no checkpoint covers yet
    (`no_checkpoint_yet`). `VerificationError` where the ledger itself does not hold: then nothing is signed. What the
    file holds after a refusal or an error is to be thrown away.
    """
    if selection.contents and source is None:
        raise TypeError("content is asked for, and there is nothing that opens it")
    known = keys or Keys(signer.verifier)
    extent = await _extent(reader, selection, known, opening, last)
    if isinstance(extent, Refusal):
        return extent
    try:
        with Fleeting(directory_of(write)) if keeper is None else nullcontext(keeper) as place:
            builder = _Builder(reader, selection, extent, write, source, progress, place, processes, alone)
            return await builder.build(
                signer,
                known,
                policies,
                ordered(attachments),
                timestamp(created_us),
                standing=standing,
                witnessed=witnessed,
                stamps=stamps,
                emergencies=emergencies,
            )
    except FormatError as error:
        raise VerificationError(f"the ledger is not in its form: {error}") from error


async def _extent(
    reader: RecordReader,
    selection: Selection,
    keys: Keys,
    opening: StoredCheckpoint | None,
    given: StoredCheckpoint | None,
) -> _Range | Refusal:
    try:
        check_filters(selection.filters)
        if selection.scope is not None:
            check_scope(selection.scope)
    except FormatError as error:
        return Refusal(code="parameter_invalid", field="filters", hint=str(error))
    least = max(selection.end or 0, selection.first + 1)
    stored = await reader.checkpoint(least) if given is None else given
    if stored is None or stored.size < least:
        if selection.end is not None and selection.end <= selection.first:
            return Refusal(code="parameter_invalid", field="end", hint="an end after the first record")
        newest = await reader.checkpoint() if given is None else given
        under = 0 if newest is None else newest.size
        return Refusal(
            code="no_checkpoint_yet", field="end", hint=f"at most {under}: so many records are under a checkpoint"
        )
    last = checkpoints.verify(stored.note, keys)
    end = last.size if selection.end is None else selection.end
    if not 0 <= selection.first < end:
        return Refusal(code="parameter_invalid", field="end", hint="an end after the first record")
    first_checkpoint = None if opening is None else checkpoints.verify(opening.note, keys)
    if first_checkpoint is not None and not 0 < first_checkpoint.size <= selection.first:
        first_checkpoint = None  # it opens nothing: the range starts before it
    return _Range(
        first=selection.first,
        end=end,
        before=await reader.inclusion(selection.first - 1, selection.first) if selection.first else None,
        last=last,
        last_note=stored.note,
        opening=first_checkpoint,
        opening_note=b"" if opening is None else opening.note,
    )


class _Builder:
    """One bundle being written; its methods are its parts, in the order of the file."""

    def __init__(
        self,
        reader: RecordReader,
        selection: Selection,
        extent: _Range,
        write: BinaryIO,
        source: carrying.Source | None,
        progress: Progress | None,
        keeper: Keeper,
        processes: int,
        alone: Alone,
    ) -> None:
        self._source = source if selection.contents else None
        self._reader, self._selection, self._range, self._keeper = reader, selection, extent, keeper
        self._writer = Writer(write)
        self._progress = progress or (lambda done, total: None)
        self._gone_over, self._passes = 0, 1
        self._pieces: list[Piece] = []
        kept = keeper.kept
        self._left = {} if kept is None else {piece.name: piece for piece in kept.state.pieces}
        """What another builder has left and was not come to yet."""
        self._spool = Spool(keeper.spool)
        job = Job(
            selection=selection,
            first=extent.first,
            end=extent.end,
            before=extent.before,
            last=extent.last,
            passed=None if kept is None else kept.state.passed,
        )
        opened = 0 if kept is None else kept.state.opened
        self._walk = Walk(reader, job, self._writer.file, self._spool, opened=opened, processes=processes, alone=alone)

    async def build(
        self,
        signer: Signer,
        keys: Keys,
        policies: Mapping[str, bytes],
        attachments: Sequence[Attachment],
        created: str,
        *,
        standing: str | None,
        witnessed: StoredCheckpoint | None,
        stamps: Sequence[Stamps],
        emergencies: Source | None,
    ) -> Manifest | Refusal:
        extent = self._range
        self._passes += len(attachments)
        self._add(bag.BAGIT, bag.DECLARATION)
        self._add(bag.README, readme.text(signer.verifier.name).encode())
        self._add(bag.VERIFY, standalone.generate().encode())
        self._add(bag.KEY, f"{signer.verifier.vkey}\n".encode())
        if keys.statements:
            self._add(bag.ROTATIONS, b"".join(keys.statements))
        root = await self._records()
        await self._details()
        contents = None if self._source is None else await self._contents(self._source)
        passing = self._walk.passing
        unfit = None if passing.watch is None else passing.watch.failure(extent.end, extent.last.size)
        if unfit is not None:
            return Refusal(code="parameter_invalid", field="range", hint=unfit)
        manifest = Manifest(
            origin=signer.name,
            created=created,
            generator=GENERATOR,
            first=extent.first,
            end=extent.end,
            filters=dict(self._selection.filters),
            details=self._selection.details,
            selected=passing.selected,
            opened=self._walk.opened,
            checkpoint=(extent.last.size, extent.last.root),
            opening=None if extent.opening is None else (extent.opening.size, extent.opening.root),
            scope=self._selection.scope,
            contents=contents,
            standing=standing,
            files=(),
        )
        self._add(bag.SELECTION, bag.selection_file(manifest))
        self._add(bag.MISSES, passing.misses.encoded())
        self._add(bag.MISSES_TEXT, passing.misses.text())
        named = passing.policies.union(() if standing is None else (standing,))
        if emergencies is not None:
            apart = list[Apart]()
            for told in judged(passing.emergencies, extent.first):
                policies_of_it, found = await self._emergency(told, emergencies)
                named |= policies_of_it
                apart.append(found)
            manifest = msgspec.structs.replace(manifest, emergencies=tuple(apart) or None)
        # One for all: makers that read the same records read them once, and know by it that they did.
        material = Material(self._writer, manifest, self._files)
        for attachment in attachments:
            await self._attachment(attachment, material)
        await self._checkpoints(root, keys, witnessed, stamps)
        await self._proofs(passing.proven)
        for digest in sorted(named & set(policies)):
            self._add(bag.policy_path(digest), policies[digest])
        self._add(bag.INFO, bag.info(self._files, manifest))
        self._add(bag.PAYLOAD_MANIFEST, bag.payload_manifest(self._files))
        self._add(bag.TAG_MANIFEST, bag.tag_manifest(self._files))
        manifest = msgspec.structs.replace(manifest, files=self._files)
        # Signed last: everything before was read back from the ledger and verified on the way.
        self._writer.add(manifests.NAME, dsse.sign(manifests.TYPE, manifests.encode(manifest), signer))
        self._writer.close()
        return manifest

    async def _records(self) -> bytes:
        """`records.jsonl`, and the root of the tree that ends with the range. The ledger is read once: lines of details
        go to the spool meanwhile."""
        extent, kept = self._range, self._keeper.kept
        with self._writer.stream(bag.RECORDS, (extent.end - extent.first) * (MAX_BYTES + 1)) as stream:
            begun = self._left.pop(bag.RECORDS, None)
            if kept is not None and begun is not None:
                await self._copy(kept.container, begun, stream)
            if kept is not None and bag.DETAILS not in self._left:
                await self._copy(kept.spool, kept.state.spool, self._spool)
            await self._walk.over(stream, self._tell, lambda: self._keep(self._piece(stream.written)))
        self._gone_over += 1
        self._tell(0)
        self._written(stream)
        root = self._walk.passing.finish()
        await self._keep()
        return root

    async def _details(self) -> None:
        """`details.jsonl`, from what another builder had made of it or from the spool."""
        with self._writer.stream(bag.DETAILS, self._walk.passing.selected * bag.MAX_DETAIL) as stream:
            if not await self._made(bag.DETAILS, stream):
                for block in blocks(self._spool.file, self._spool.piece):
                    stream.write(block)
        self._written(stream)
        await self._keep()

    async def _emergency(self, told: Told, source: Source) -> tuple[frozenset[str], Apart]:
        """An emergency ledger's file, the details of what of it is selected, and the record of its key where that is
        from before the range. The policies that its records name, and what the manifest says of it."""
        path, found = bag.emergency_file(told.one.id), await carried.opened(source, told, self._selection)
        if found is None and path in self._left:
            raise NotAsKept(f"kept: {path} is not at hand any more")
        policies, apart = frozenset[str](), Apart(told.one.id)
        if found is not None:
            with found.file, self._writer.stream(path, ENDLESS) as stream:
                if not await self._made(path, stream):
                    for block in carried.pieces(found.file):
                        stream.write(block)
                        await asyncio.sleep(0)
            if f"sha256:{stream.written.sha256}" != told.one.digest:
                raise VerificationError(f"emergency {told.one.id}: its file was changed while it was read")
            self._written(stream)
            opened = await self._emergency_details(told, found.selected, source) if self._selection.details else None
            policies, apart = found.policies, Apart(told.one.id, len(found.selected), opened)
        extent = self._range
        if not told.keyed:
            known = await carried.key(source, self._reader, told, extent.first, extent.last, extent.last_note)
            if known is not None:
                self._add(bag.emergency_key(told.one.id), known[0])
                self._add(bag.emergency_proof(told.one.id), known[1])
        return policies, apart

    async def _emergency_details(self, told: Told, seqs: Sequence[int], source: Source) -> int:
        """Details of these records of an emergency ledger, and how many still open."""
        path = bag.emergency_details(told.one.id)
        with self._writer.stream(path, len(seqs) * bag.MAX_DETAIL) as stream:
            if not await self._made(path, stream):
                async with aclosing(carried.details(source, told, seqs)) as lines:
                    async for line in lines:
                        stream.write(line)
        self._written(stream)
        return sum(1 for _ in self._writer.lines(path, bag.MAX_DETAIL))

    async def _contents(self, source: carrying.Source) -> int:
        """`content/contents.jsonl`, and of how many records it has some. What another builder had made of it is not
        taken: some may have been erased since, and then what follows from it is not as kept either."""
        self._left.pop(bag.CONTENTS, None)
        count, chosen = 0, chooser(self._selection)
        destroyed = carrying.destroyed_in(self._writer.lines(bag.RECORDS, MAX_BYTES))
        with self._writer.stream(bag.CONTENTS, ENDLESS) as stream:
            records = self._writer.lines(bag.RECORDS, MAX_BYTES)
            async with aclosing(carrying.carried(records, chosen, source, destroyed)) as lines:
                async for line in lines:
                    stream.write(line)
                    count += 1
        self._written(stream)
        return count

    async def _attachment(self, attachment: Attachment, material: Material) -> None:
        with self._writer.stream(attachment.path, ENDLESS) as stream:
            if not await self._made(attachment.path, stream):
                # Closed with the bundle, however that ends: a maker may hold something open.
                async with aclosing(attachment.pieces(material)) as pieces:
                    async for piece in pieces:
                        stream.write(piece)
        self._written(stream)
        self._gone_over += 1
        self._tell(0)
        await self._keep()

    async def _checkpoints(
        self, root: bytes, keys: Keys, witnessed: StoredCheckpoint | None, stamps: Sequence[Stamps]
    ) -> None:
        extent = self._range
        if extent.opening is not None:
            self._add(bag.FIRST_CHECKPOINT, extent.opening_note)
        self._add(bag.LAST_CHECKPOINT, extent.last_note)
        if witnessed is not None and witnessed.size <= extent.last.size:
            await self._joined(witnessed, keys, bag.WITNESSED, bag.WITNESSED_TO_LAST)
        for one in stamps:
            if one.point.size <= extent.last.size:
                await self._stamped(one, keys)
        if extent.before is not None:
            self._add(bag.BEFORE, encode_hashes(extent.before))
        if extent.opening is not None:
            path = await self._reader.consistency(extent.opening.size, extent.last.size)
            verify_consistency(extent.opening.size, extent.last.size, path, extent.opening.root, extent.last.root)
            self._add(bag.FROM_FIRST, encode_hashes(path))
        if extent.last.size > extent.end:
            path = await self._reader.consistency(extent.end, extent.last.size)
            verify_consistency(extent.end, extent.last.size, path, root, extent.last.root)
            self._add(bag.TO_LAST, encode_hashes(path))

    async def _joined(self, stored: StoredCheckpoint, keys: Keys, path_of_it: str, path_to_last: str) -> None:
        """A checkpoint at or before the last, and that the last extends it."""
        last, point = self._range.last, checkpoints.verify(stored.note, keys)
        self._add(path_of_it, stored.note)
        if point.size < last.size:
            path = await self._reader.consistency(point.size, last.size)
            verify_consistency(point.size, last.size, path, point.root, last.root)
            self._add(path_to_last, encode_hashes(path))

    async def _stamped(self, stamps: Stamps, keys: Keys) -> None:
        size, note = stamps.point.size, stamps.point.note
        await self._joined(stamps.point, keys, bag.stamped_checkpoint(size), bag.stamped_to_last(size))
        for tsa, reply in sorted(stamps.replies.items()):
            stamp.parse(reply).demand_over(note)
            self._add(bag.stamp_path(size, tsa), reply)

    async def _proofs(self, proven: set[int]) -> None:
        for seq in sorted(proven):
            path = await self._reader.inclusion(seq, self._range.last.size)
            proof = Proof(index=seq, path=tuple(path), checkpoint=self._range.last_note)
            self._add(bag.proof_path(seq), proofs.encode(proof))

    async def _made(self, name: str, stream: Stream) -> bool:
        """Whether another builder had made this member: then it is written."""
        kept, piece = self._keeper.kept, self._left.pop(name, None)
        if kept is None or piece is None:
            return False
        await self._copy(kept.container, piece, stream)
        return True

    async def _copy(self, file: BinaryIO, piece: Piece, sink: Stream | Spool) -> None:
        for block in blocks(file, piece):
            sink.write(block)
            self._tell(0)
            await asyncio.sleep(0)
        copied = sink.piece.sha256 if isinstance(sink, Spool) else sink.written.sha256
        if copied != piece.sha256:
            raise NotAsKept(f"kept: {piece.name or 'the spool'} is not what it was")

    async def _keep(self, begun: Piece | None = None) -> None:
        """At the end of a member, or within the records; not before there is more than was left."""
        pieces = (*self._pieces, *(() if begun is None else (begun,)))
        kept = self._keeper.kept
        if self._left or (kept is not None and kept.state.pieces == pieces):
            return
        await self._keeper.keep(
            State(pieces=pieces, spool=self._spool.piece, opened=self._walk.opened, passed=self._walk.passing.passed())
        )

    def _tell(self, done: int) -> None:
        """So many records of this pass."""
        count = self._range.end - self._range.first
        self._progress(self._gone_over * count + done, self._passes * count)

    def _add(self, path: str, content: bytes) -> None:
        written = self._writer.add(path, content)
        kept = self._left.pop(path, None)
        if kept is not None and kept.sha256 != written.sha256:
            raise NotAsKept(f"kept: {path} would be another")
        self._pieces.append(self._piece(written))

    def _written(self, stream: Stream) -> None:
        self._pieces.append(self._piece(stream.written))

    def _piece(self, written: Written) -> Piece:
        """What was just written."""
        return Piece(written.name, self._writer.file.tell() - written.size, written.size, written.sha256)

    @property
    def _files(self) -> tuple[File, ...]:
        return tuple(File(piece.name, piece.size, piece.sha256) for piece in self._pieces)
