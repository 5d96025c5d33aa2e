"""Writes a bundle as a stream: the records of a range are read once, verified, and written with what is told of them.
Memory is bounded by one chunk, the proof files, the policy versions and what people have judged."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing
from typing import BinaryIO

import msgspec

from gateway import __version__
from gateway.core.errors import FormatError, VerificationError
from gateway.core.ports import RecordReader, StoredCheckpoint, StoredRecord
from gateway.core.refusal import Refusal
from gateway.evidence import bag, dsse, readme, standalone
from gateway.evidence import manifest as manifests
from gateway.evidence.attachment import ENDLESS, Attachment, Material, ordered
from gateway.evidence.container import BLOCK, Stream, Writer
from gateway.evidence.edge import encode_hashes
from gateway.evidence.manifest import File, Manifest
from gateway.evidence.misses import Misses
from gateway.evidence.records import encode_detail_line, named_policies, start
from gateway.evidence.scope import Watch, check_scope, chooser
from gateway.evidence.scratch import directory_of, scratch
from gateway.evidence.selection import Selection, check_filters
from gateway.ledger import checkpoint as checkpoints
from gateway.ledger import proof as proofs
from gateway.ledger import stamp
from gateway.ledger.chain import leaf_hash
from gateway.ledger.checkpoint import Checkpoint
from gateway.ledger.merkle import verify_consistency
from gateway.ledger.note import Signer
from gateway.ledger.proof import Proof
from gateway.ledger.record import MAX_BYTES, Envelope, parse
from gateway.ledger.rotation import Keys
from gateway.ledger.times import timestamp
from gateway.ledger.verify import Verification

GENERATOR = f"agent-compliance-gateway {__version__}"
CHUNK = 64
"""Records that are held at once: some two milliseconds of work, after which others get their turn."""
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


class _Seen(msgspec.Struct, kw_only=True):
    """What the first pass over the records has found."""

    selected: int = 0
    opened: int = 0
    proven: set[int]
    """Records that get a proof file."""
    leaves: dict[int, bytes]
    """The bytes of those."""
    policies: set[str]
    misses: Misses


async def build(
    reader: RecordReader,
    selection: Selection,
    *,
    signer: Signer,
    keys: Keys | None = None,
    policies: Mapping[str, bytes],
    created_us: int,
    write: BinaryIO,
    opening: StoredCheckpoint | None = None,
    witnessed: StoredCheckpoint | None = None,
    stamps: Sequence[Stamps] = (),
    attachments: Sequence[Attachment] = (),
    progress: Progress | None = None,
) -> Manifest | Refusal:
    """Write a bundle of the selection to `write`, an empty seekable binary file that can be read, too, and return its
    manifest.

    `signer` is the ledger's key, `keys` it and those that it came after; `policies` every stored policy version by its
    digest, of which those that records of the range name are put in; `opening` a checkpoint not after the range's
    start, to show from where the log was extended; `witnessed` the newest checkpoint that witnesses have cosigned, with
    their lines below its note; `stamps` time-stamps of checkpoints, by size; `attachments` make further files. Where
    the selection names no end, the newest checkpoint's size is it: the caller publishes one before.

    `Refusal` for a selection that cannot be (`parameter_invalid`) or that no checkpoint covers yet
    (`no_checkpoint_yet`). `VerificationError` where the ledger itself does not hold: then nothing is signed. What the
    file holds after a refusal or an error is to be thrown away.
    """
    known = keys or Keys(signer.verifier)
    extent = await _extent(reader, selection, known, opening)
    if isinstance(extent, Refusal):
        return extent
    builder = _Builder(reader, selection, extent, write, progress)
    try:
        return await builder.build(
            signer, known, policies, ordered(attachments), timestamp(created_us), witnessed=witnessed, stamps=stamps
        )
    except FormatError as error:
        raise VerificationError(f"the ledger is not in its form: {error}") from error


async def _extent(
    reader: RecordReader, selection: Selection, keys: Keys, opening: StoredCheckpoint | None
) -> _Range | Refusal:
    try:
        check_filters(selection.filters)
        if selection.scope is not None:
            check_scope(selection.scope)
    except FormatError as error:
        return Refusal(code="parameter_invalid", field="filters", hint=str(error))
    stored = await reader.checkpoint(max(selection.end or 0, selection.first + 1))
    if stored is None:
        if selection.end is not None and selection.end <= selection.first:
            return Refusal(code="parameter_invalid", field="end", hint="an end after the first record")
        return Refusal(code="no_checkpoint_yet", field="end")
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
        self, reader: RecordReader, selection: Selection, extent: _Range, write: BinaryIO, progress: Progress | None
    ) -> None:
        self._reader = reader
        self._selection = selection
        self._range = extent
        self._writer = Writer(write)
        self._progress = progress or (lambda done, total: None)
        self._gone_over, self._passes = 0, 1
        self._files: list[File] = []
        self._chosen = chooser(selection)
        self._watch = None if selection.scope is None else Watch(selection.scope)

    async def build(
        self,
        signer: Signer,
        keys: Keys,
        policies: Mapping[str, bytes],
        attachments: Sequence[Attachment],
        created: str,
        *,
        witnessed: StoredCheckpoint | None,
        stamps: Sequence[Stamps],
    ) -> Manifest | Refusal:
        extent = self._range
        self._passes += len(attachments)
        self._add(bag.BAGIT, bag.DECLARATION)
        self._add(bag.README, readme.text(signer.verifier.name).encode())
        self._add(bag.VERIFY, standalone.generate().encode())
        self._add(bag.KEY, f"{signer.verifier.vkey}\n".encode())
        if keys.statements:
            self._add(bag.ROTATIONS, b"".join(keys.statements))
        with scratch(directory_of(self._writer.file)) as spool:
            seen, root = await self._records(spool)
            opened = self._details(seen, spool)
        unfit = None if self._watch is None else self._watch.failure(extent.end, extent.last.size)
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
            selected=seen.selected,
            opened=opened,
            checkpoint=(extent.last.size, extent.last.root),
            opening=None if extent.opening is None else (extent.opening.size, extent.opening.root),
            scope=self._selection.scope,
            files=(),
        )
        self._add(bag.SELECTION, bag.selection_file(manifest))
        self._add(bag.MISSES, seen.misses.encoded())
        self._add(bag.MISSES_TEXT, seen.misses.text())
        for attachment in attachments:
            await self._attachment(attachment, Material(self._writer, manifest))
        await self._checkpoints(root, keys, witnessed, stamps)
        await self._proofs(seen)
        for digest in sorted(seen.policies & set(policies)):
            self._add(bag.policy_path(digest), policies[digest])
        self._add(bag.INFO, bag.info(self._files, manifest))
        self._add(bag.PAYLOAD_MANIFEST, bag.payload_manifest(self._files))
        self._add(bag.TAG_MANIFEST, bag.tag_manifest(self._files))
        manifest = msgspec.structs.replace(manifest, files=tuple(self._files))
        # Signed last: everything before was read back from the ledger and verified on the way.
        self._writer.add(manifests.NAME, dsse.sign(manifests.TYPE, manifests.encode(manifest), signer))
        self._writer.close()
        return manifest

    async def _records(self, spool: BinaryIO) -> tuple[_Seen, bytes]:
        """`records.jsonl`, and the root of the tree that ends with the range. The ledger is read once: lines of details
        go to `spool` meanwhile."""
        extent = self._range
        seen = _Seen(proven={extent.first, extent.end - 1}, leaves={}, policies=set(), misses=Misses())
        verification: Verification | None = None
        with self._writer.stream(bag.RECORDS, (extent.end - extent.first) * (MAX_BYTES + 1)) as stream:
            async for chunk in self._chunks(details=self._selection.details):
                if verification is None:
                    marks = [extent.last] if extent.last.size == extent.end else []
                    verification = Verification(start(extent.first, chunk[0].envelope, extent.before), marks)
                for record in chunk:
                    leaf, envelope = leaf_hash(record.envelope), parse(record.envelope)
                    if leaf != record.hash:
                        raise VerificationError(f"record {record.seq}: hash: the stored hash is not that of the bytes")
                    verification.take(record.seq, record.envelope, leaf, envelope)
                    self._look(record, envelope, seen, spool)
                stream.write(b"".join(record.envelope + b"\n" for record in chunk))
        self._written(stream)
        done = None if verification is None else verification.finish()
        if done is None or done.size != extent.end:
            raise VerificationError("records of the range are missing")
        return seen, done.state.frontier.root()

    def _look(self, record: StoredRecord, envelope: Envelope, seen: _Seen, spool: BinaryIO) -> None:
        seen.policies.update(named_policies(envelope, seen.policies))
        seen.misses.feed(envelope)
        if self._watch is not None:
            self._watch.feed(envelope)
        if self._chosen(envelope):
            seen.selected += 1
            if seen.selected <= bag.PROOFS:
                seen.proven.add(record.seq)
            if record.detail is not None and record.detail_salt is not None:  # deleted: "commitment only"
                spool.write(encode_detail_line(record.seq, record.detail_salt, record.detail))
                seen.opened += 1
        if record.seq in seen.proven:
            seen.leaves[record.seq] = record.envelope

    def _details(self, seen: _Seen, spool: BinaryIO) -> int:
        """`details.jsonl`, and how many details are in it."""
        spool.seek(0)
        with self._writer.stream(bag.DETAILS, seen.selected * bag.MAX_DETAIL) as stream:
            while block := spool.read(BLOCK):
                stream.write(block)
        self._written(stream)
        return seen.opened

    async def _attachment(self, attachment: Attachment, material: Material) -> None:
        with self._writer.stream(attachment.path, ENDLESS) as stream:
            # Closed with the bundle, however that ends: a maker may hold something open.
            async with aclosing(attachment.pieces(material)) as pieces:
                async for piece in pieces:
                    stream.write(piece)
        self._written(stream)
        self._gone_over += 1
        self._tell(0)

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

    async def _proofs(self, seen: _Seen) -> None:
        for seq in sorted(seen.proven):
            path = await self._reader.inclusion(seq, self._range.last.size)
            proof = Proof(index=seq, path=tuple(path), checkpoint=self._range.last_note)
            self._add(bag.proof_path(seq), proofs.encode(proof))

    async def _chunks(self, *, details: bool) -> AsyncIterator[list[StoredRecord]]:
        extent = self._range
        chunk: list[StoredRecord] = []
        async for record in self._reader.records(extent.first, extent.end, details=details):
            chunk.append(record)
            if len(chunk) == CHUNK:
                yield chunk
                self._tell(record.seq + 1 - extent.first)
                await asyncio.sleep(0)  # whoever serves requests on this loop waits no longer than for one chunk
                chunk = []
        if chunk:
            yield chunk
        self._gone_over += 1
        self._tell(0)

    def _tell(self, done: int) -> None:
        """So many records of this pass."""
        count = self._range.end - self._range.first
        self._progress(self._gone_over * count + done, self._passes * count)

    def _add(self, path: str, content: bytes) -> None:
        written = self._writer.add(path, content)
        self._files.append(File(written.name, written.size, written.sha256))

    def _written(self, stream: Stream) -> None:
        written = stream.written
        self._files.append(File(written.name, written.size, written.sha256))
