"""An archive: a range of a ledger's records in one file, which verifies by itself with the ledger's public key.

The container is that of a bundle (`container`): stored members, one form, no byte that does not follow. Its members:

    records/<block>.jsonl     the exact bytes of a block's records, one a line
    beside/<block>.jsonl      sealed parts of its records, where there are any: openings, and details under data keys
    checkpoints/first         the first signed checkpoint within the range, where there is one
    checkpoints/last          a signed checkpoint that covers all of it
    archive.json              what it is (`Header`): the tree before it, the path to the last checkpoint, every member

An archive ends with a block, or where the ledger itself has ended: then its last checkpoint is of just its records. So
the file of an emergency ledger is one too, of all that ledger's records (`exchange.stitching`).

A file that an erasure cannot reach must hold nothing that an erasure is to destroy: beside the records there is only
what was sealed under keys that can be destroyed. Who has no such key verifies all the same, and reads what the records
say in clear.
"""

from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from typing import BinaryIO

import msgspec

from gateway.core import canonical
from gateway.core.errors import FormatError, VerificationError
from gateway.core.ports import StoredRecord
from gateway.evidence.container import BLOCK as READ_BYTES
from gateway.evidence.container import Container, Writer
from gateway.ledger import checkpoint as checkpoints
from gateway.ledger.chain import leaf_hash
from gateway.ledger.checkpoint import Checkpoint
from gateway.ledger.encoding import from_base64
from gateway.ledger.entry import SealedPart
from gateway.ledger.merkle import Frontier, verify_consistency
from gateway.ledger.note import MAX_NOTE_BYTES, Verifier
from gateway.ledger.record import MAX_BYTES
from gateway.ledger.rotation import Keys
from gateway.ledger.verify import State, Verification

BLOCK = 4_096
"""Records of a member."""
MAX_BLOCKS = 1_024
DETAIL = "detail"
"""The label of a detail that was sealed for the archive."""
HEADER = "archive.json"
FIRST, LAST = "checkpoints/first", "checkpoints/last"
_MAX_HEADER = 1 << 20
_MAX_BESIDE = 1 << 24
"""Bytes of one sealed part as a line: kept content and details are the largest, and bounded before."""
_NONCE_BYTES = 12


class File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A member, by its SHA-256 in hex."""

    name: str
    bytes: int
    sha256: str


class Header(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an archive is. Hashes are base64."""

    v: int
    id: str
    ledger: str
    """The ledger's random id."""
    origin: str
    first: int
    end: int
    """Exclusive."""
    prev: str
    """Leaf hash of the record before the first, 32 zero bytes for none."""
    recorded_at: str
    """When that was recorded; empty for none."""
    peaks: tuple[str, ...]
    """The tree before the range (`Frontier`)."""
    path: tuple[str, ...]
    """The consistency proof from the tree that ends with the range to the last checkpoint's; empty where they are the
    same."""
    files: tuple[File, ...]
    """Every other member, in its order."""


class Beside(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A sealed part, as a line of `beside/`."""

    seq: int
    part: str
    key: str
    nonce: bytes
    ciphertext: bytes


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """Records in order, and what is sealed beside each."""

    records: tuple[StoredRecord, ...]
    parts: dict[int, tuple[SealedPart, ...]]


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """What holds of an archive that was verified."""

    header: Header
    checkpoint: Checkpoint
    last_hash: bytes
    recorded_at: str
    """When its last record was recorded."""
    sealed: int


Look = Callable[[Block], None]


class Archiver:
    """Writes an archive, block by block, to a seekable binary file that is empty."""

    def __init__(self, file: BinaryIO) -> None:
        self._writer = Writer(file)
        self._files: list[File] = []

    def block(self, number: int, records: Sequence[StoredRecord], parts: Sequence[Beside]) -> None:
        """The records of a block and, in their order, what is sealed beside them."""
        self._add(_records(number), b"".join(record.envelope + b"\n" for record in records))
        if parts:
            self._add(_beside(number), b"".join(canonical.encode(msgspec.to_builtins(one)) + b"\n" for one in parts))

    def end(self, header: Header, first: bytes | None, last: bytes) -> None:
        """Checkpoints and header; `header.files` is filled in here."""
        if first is not None:
            self._add(FIRST, first)
        self._add(LAST, last)
        header = msgspec.structs.replace(header, files=tuple(self._files))
        self._writer.add(HEADER, canonical.encode(msgspec.to_builtins(header)))
        self._writer.close()

    def _add(self, name: str, content: bytes) -> None:
        written = self._writer.add(name, content)
        self._files.append(File(name=written.name, bytes=written.size, sha256=written.sha256))


class Archive:
    """An archive that was opened. `FormatError` for a file in any other form; what it says is `verify`'s to check."""

    def __init__(self, file: BinaryIO) -> None:
        self._container = Container(file)
        self.header = _header(self._container.read(HEADER, _MAX_HEADER))
        self._files = {one.name: one for one in self.header.files}
        members = [(one.name, one.size) for one in self._container.members.values()]
        said = [(one.name, one.bytes) for one in self.header.files]
        if members[:-1] != said or members[-1][0] != HEADER or [name for name, _ in said] != self._expected():
            raise FormatError("an archive must have just the members that it says it has")

    def _expected(self) -> list[str]:
        names = [name for number in numbers(self.header) for name in (_records(number), _beside(number))]
        return [name for name in (*names, FIRST, LAST) if name in self._files or name == LAST or "records/" in name]

    def read(self, name: str, at_most: int) -> bytes:
        """A member, whole; `FormatError` where it is not what the header says."""
        data = self._container.read(name, at_most)
        if sha256(data).hexdigest() != self._files[name].sha256:
            raise FormatError(f"{name} is not what the archive says it is")
        return data

    def first_note(self) -> bytes | None:
        return self.read(FIRST, MAX_NOTE_BYTES) if FIRST in self._files else None

    def last_note(self) -> bytes:
        return self.read(LAST, MAX_NOTE_BYTES)

    def block(self, number: int) -> Block:
        """The records of a block, which must be one of the archive's, and what is sealed beside them."""
        return Block(records=self.records(number), parts=self.parts(number))

    def records(self, number: int) -> tuple[StoredRecord, ...]:
        """Those of a block, each with the hash of its own bytes."""
        lines = _lines(self.read(_records(number), BLOCK * (MAX_BYTES + 1)), MAX_BYTES)
        first = number * BLOCK
        count = min(BLOCK, self.header.end - first)
        if len(lines) != count:
            raise FormatError(f"{_records(number)} must hold {count} records")
        return tuple(
            StoredRecord(seq=seq, envelope=line, hash=leaf_hash(line)) for seq, line in enumerate(lines, first)
        )

    def parts(self, number: int) -> dict[int, tuple[SealedPart, ...]]:
        """What is sealed beside the records of a block, by their numbers, in the order of the labels."""
        first = number * BLOCK
        parts: dict[int, tuple[SealedPart, ...]] = {}
        if _beside(number) in self._files:
            before = (first, "")
            data = self.read(_beside(number), self._files[_beside(number)].bytes)
            for one in map(_part, _lines(data, _MAX_BESIDE)):
                if not (before < (one.seq, one.part) and one.seq < first + BLOCK and len(one.nonce) == _NONCE_BYTES):
                    raise FormatError(f"{_beside(number)} must hold parts of its records, in order")
                before = (one.seq, one.part)
                part = SealedPart(part=one.part, key=one.key, nonce=one.nonce, ciphertext=one.ciphertext)
                parts[one.seq] = (*parts.get(one.seq, ()), part)
        return parts

    def blocks(self) -> Iterator[Block]:
        for number in numbers(self.header):
            yield self.block(number)


def numbers(header: Header) -> range:
    """The blocks of an archive."""
    return range(header.first // BLOCK, (header.end + BLOCK - 1) // BLOCK)


def verify(archive: Archive, verifier: Verifier | Keys, look: Look | None = None) -> Checked:
    """That an archive holds what the ledger signed. `VerificationError` or `FormatError` names what does not hold.

    What is the caller's: that the file is the one whose digest the ledger has on record, the archives before it, and
    what is sealed in it, which `look` is given block by block.
    """
    header = archive.header
    # 1. The checkpoint that covers the range, signed by the ledger's key.
    last = checkpoints.verify(archive.last_note(), verifier)
    if header.origin != verifier.name:
        raise VerificationError("archive: of another ledger than the key's")
    if last.size < header.end:
        raise VerificationError("archive: its checkpoint does not cover it")
    if header.end % BLOCK and last.size != header.end:
        raise VerificationError("archive: it ends within a block, and the ledger does not end there")
    marks = [last] if last.size == header.end else []
    # 2. One within the range, whose root is compared where the tree has its size.
    first_note = archive.first_note()
    if first_note is not None:
        first = checkpoints.verify(first_note, verifier)
        if not header.first < first.size < header.end:
            raise VerificationError("archive: its first checkpoint does not lie within it")
        marks.append(first)
    # 3. Every record: hash, link, place, time, form, tree (`ledger.verify`), from the tree before the range on.
    frontier = Frontier(header.first, [from_base64(peak) for peak in header.peaks])
    state = State(
        frontier=frontier,
        prev=from_base64(header.prev),
        recorded_at=header.recorded_at.encode("utf-8", "surrogatepass"),
        tenant=header.ledger,
    )
    verification = Verification(state, marks)
    sealed, last_hash = 0, b""
    for block in archive.blocks():
        verification.feed(block.records)
        last_hash = block.records[-1].hash
        sealed += sum(len(parts) for parts in block.parts.values())
        if look is not None:
            look(block)
    found = verification.finish().state
    # 4. The tree that ends with the range is the one that the checkpoint's extends; so the tree before it was right.
    path = [from_base64(one) for one in header.path]
    verify_consistency(header.end, last.size, path, found.frontier.root(), last.root)
    recorded_at = found.recorded_at.decode("ascii")
    return Checked(header=header, checkpoint=last, last_hash=last_hash, recorded_at=recorded_at, sealed=sealed)


def digest(file: BinaryIO) -> str:
    """`sha256:` and the hex digits of a whole file."""
    hashed = sha256()
    file.seek(0)
    while data := file.read(READ_BYTES):
        hashed.update(data)
    return f"sha256:{hashed.hexdigest()}"


def _header(data: bytes) -> Header:
    try:
        header = msgspec.json.decode(data, type=Header)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise FormatError(f"{HEADER} is not in its form") from error
    if header.v != 1 or canonical.encode(msgspec.to_builtins(header)) != data:
        raise FormatError(f"{HEADER} is not in its form")
    if header.first % BLOCK or not 0 < header.end - header.first <= MAX_BLOCKS * BLOCK or header.first < 0:
        raise FormatError("an archive must begin with a block of records, and hold at least one record")
    return header


def _part(line: bytes) -> Beside:
    try:
        part = msgspec.json.decode(line, type=Beside)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise FormatError("a sealed part of an archive is not in its form") from error
    if canonical.encode(msgspec.to_builtins(part)) != line:
        raise FormatError("a sealed part of an archive is not in its form")
    return part


def _lines(data: bytes, at_most: int) -> list[bytes]:
    if not data.endswith(b"\n"):
        raise FormatError("a member of an archive does not end with a newline")
    lines = data[:-1].split(b"\n")
    if any(len(line) > at_most for line in lines):
        raise FormatError("a member of an archive has a line that is too long")
    return lines


def _records(number: int) -> str:
    return f"records/{number:012}.jsonl"


def _beside(number: int) -> str:
    return f"beside/{number:012}.jsonl"
