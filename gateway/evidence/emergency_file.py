"""The file of an emergency ledger, held to the record that stitched it in, with nothing but that record and the file.

    1. its SHA-256 is the digest on record
    2. it is an archive of a whole ledger, from its first record to its last (`archive`): that of the record
    3. its last checkpoint is signed by the key on record, of the size and the root on record
    4. every record of it is there, chained, canonical, of the tenant of the main ledger, and covered by that checkpoint
    5. it began and ended when the record says, and holds as many exchanges, where the record says how many

What is the caller's: that the record is the main ledger's, and that the key was on record before. What is sealed in the
file opens to nobody without the keys of the installation, and is not looked at.
"""

from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Any, BinaryIO

import msgspec

from gateway.core.errors import FormatError, VerificationError
from gateway.evidence import strict_json
from gateway.evidence.container import BLOCK as READ_BYTES
from gateway.evidence.container import Container
from gateway.ledger import checkpoint as checkpoints
from gateway.ledger.chain import leaf_hash
from gateway.ledger.checkpoint import Checkpoint
from gateway.ledger.emergency import BEGAN, ENDED, REQUESTED, Stitched
from gateway.ledger.encoding import from_base64, to_base64
from gateway.ledger.note import MAX_NOTE_BYTES, Verifier
from gateway.ledger.record import GENESIS, MAX_BYTES, Envelope, parse
from gateway.ledger.verify import Verification, beginning

HEADER, LAST = "archive.json", "checkpoints/last"
BLOCK = 4_096
"""Records of a member, as `archive.BLOCK`."""
Look = Callable[[Envelope], object]
_MAX_HEADER = 1 << 20
_WHOLE: dict[str, Any] = {"v": 1, "first": 0, "prev": to_base64(GENESIS), "recorded_at": "", "peaks": [], "path": []}
"""What the header of a whole ledger's archive says, whichever it is."""


class Part:
    """Some bytes of a file as a file of their own, to be read only."""

    def __init__(self, file: BinaryIO, start: int, size: int) -> None:
        self._file, self._start, self._size, self._at = file, start, size, 0

    def seek(self, offset: int, whence: int = 0) -> int:
        """From the beginning, or with `whence` 2 from the end."""
        self._at = offset + (self._size if whence == 2 else 0)
        return self._at

    def tell(self) -> int:
        return self._at

    def read(self, size: int = -1) -> bytes:
        """No more than there is of the part."""
        left, place = max(self._size - self._at, 0), self._file.tell()
        self._file.seek(self._start + self._at)
        data = self._file.read(left if size < 0 else min(size, left))
        self._file.seek(place)  # somebody may be writing it
        self._at += len(data)
        return data


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """What such a file was found to hold."""

    records: int
    exchanges: int


def check(file: BinaryIO | Part, one: Stitched, tenant: str, look: Look | None = None) -> Held:
    """Steps 1 to 5; `VerificationError` names the emergency and what does not hold. `look` is given each record, before
    the last of them is known to be right."""
    try:
        return _held(file, one, tenant, look)
    except (FormatError, VerificationError) as error:
        raise VerificationError(f"emergency {one.id}: {error}") from error


def _held(file: BinaryIO | Part, one: Stitched, tenant: str, look: Look | None) -> Held:
    # 1.
    if digest(file) != one.digest:
        raise VerificationError("its file is not the one on record")
    # 2.
    box = Container(file)  # type: ignore[arg-type]  # it asks of a file what `Part` has
    verifier = Verifier.parse(one.key)
    _header(box, one, tenant, verifier.name)
    # 3.
    point = checkpoints.verify(box.read(LAST, MAX_NOTE_BYTES), verifier)
    if (point.size, point.root) != (one.size, from_base64(one.root)):
        raise VerificationError("its file is another ledger than the one on record")
    # 4.
    return _records(box, one, tenant, point, look)


def _header(box: Container, one: Stitched, tenant: str, origin: str) -> None:
    header = strict_json.load(box.read(HEADER, _MAX_HEADER))
    said = {**_WHOLE, "id": one.archive, "ledger": tenant, "origin": origin, "end": one.size}
    if not isinstance(header, dict) or {key: value for key, value in header.items() if key != "files"} != said:
        raise VerificationError("its file is another ledger than the one on record")
    members = list(box.members.values())[:-1]
    if not isinstance(header.get("files"), list) or len(header["files"]) != len(members):
        raise FormatError("an archive must have just the members that it says it has")
    names = [f"{place}/{number:012}.jsonl" for number in _blocks(one) for place in ("records", "beside")] + [LAST]
    expected = [name for name in names if name in box.members or name == LAST or name.startswith("records/")]
    if list(box.members) != [*expected, HEADER]:
        raise FormatError("an archive must have just the members that it says it has")
    for member, listed in zip(members, header["files"], strict=True):
        hashed = sha256()
        for block in box.blocks(member.name):
            hashed.update(block)
        if listed != {"name": member.name, "bytes": member.size, "sha256": hashed.hexdigest()}:
            raise FormatError(f"{member.name} is not what the archive says it is")


def _records(box: Container, one: Stitched, tenant: str, point: Checkpoint, look: Look | None) -> Held:
    verification = Verification(beginning(tenant), [point], canonical=False)  # `parse` is that step
    began: list[str] = []
    ended: list[str] = []
    exchanges = 0
    for seq, line in enumerate(_lines(box, one)):
        envelope = parse(line)
        verification.take(seq, line, leaf_hash(line), envelope)
        exchanges += envelope.event == REQUESTED
        if envelope.event in (BEGAN, ENDED) and envelope.emergency == one.id:
            (began if envelope.event == BEGAN else ended).append(envelope.occurred_at)
        if look is not None:
            look(envelope)
    if verification.finish().size != one.size:
        raise VerificationError("records of it are missing")
    # 5. One that was ended before it could begin says nothing of when, and has no exchange.
    if began not in ([one.began], []) or (exchanges and not began):
        raise VerificationError("it did not begin when the record says")
    if ended != [one.ended]:
        raise VerificationError("it did not end when the record says")
    if one.exchanges is not None and exchanges != one.exchanges:
        raise VerificationError("it holds another number of exchanges than the record says")
    return Held(records=one.size, exchanges=exchanges)


def _lines(box: Container, one: Stitched) -> Iterator[bytes]:
    for number in _blocks(one):
        count = 0
        for line in box.lines(f"records/{number:012}.jsonl", MAX_BYTES):
            count += 1
            yield line
        if count != min(BLOCK, one.size - number * BLOCK):
            raise VerificationError("a block of it does not hold its records")


def lines(file: BinaryIO | Part) -> Iterator[bytes]:
    """The records of a file that was held to the record, in order, each in its exact bytes."""
    box = Container(file)  # type: ignore[arg-type]  # as above
    for name in box.members:
        if name.startswith("records/"):
            yield from box.lines(name, MAX_BYTES)


def _blocks(one: Stitched) -> range:
    return range((one.size + BLOCK - 1) // BLOCK)


def digest(file: BinaryIO | Part) -> str:
    """`sha256:` and the hex digits of a whole file, as `archive.digest`."""
    hashed = sha256()
    file.seek(0)
    while data := file.read(READ_BYTES):
        hashed.update(data)
    return f"sha256:{hashed.hexdigest()}"
