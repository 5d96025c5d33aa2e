"""A receipt: the ledger's signed promise to a caller of where its exchange stands on the record.

What is signed, as the text of a note (C2SP signed-note) under the ledger's own key:

    gateway/receipt/v1
    origin <the ledger's>
    record <sequence number, ASCII decimal>
    hash <leaf hash of that record, base64>
    at <when it was recorded>
    request <commitment to the caller's own request, as the record holds it, base64; absent where it holds none>

Neither its first line nor its second can be one of a checkpoint, so that no signature of one passes for the other's.
The file puts the opening of that commitment before it, which is the caller's alone and is not signed:

    gateway/receipt@v1
    [opening <base64>]
    <empty line>
    <the signed note>

With it whoever keeps it can show that the record was dropped or changed. A promise is kept where the record with this
hash stands at this place of every later checkpoint; which checkpoint, and where it comes from, is the caller's to say.
"""

from collections.abc import Sequence

import msgspec

from gateway.core.errors import FormatError, VerificationError
from gateway.ledger.chain import leaf_hash
from gateway.ledger.checkpoint import Checkpoint
from gateway.ledger.checkpoint import verify as verify_checkpoint
from gateway.ledger.commitment import SALT_BYTES, matches
from gateway.ledger.encoding import MAX_SIZE, from_base64, from_decimal, to_base64
from gateway.ledger.merkle import HASH_BYTES, verify_inclusion
from gateway.ledger.note import Signer, Verifier, open_note, parse_note, sign
from gateway.ledger.proof import Proof
from gateway.ledger.record import Envelope
from gateway.ledger.record import parse as parse_record
from gateway.ledger.rotation import Keys
from gateway.ledger.times import parse_timestamp

HEADER = "gateway/receipt@v1"
TEXT = "gateway/receipt/v1"
MAX_BYTES = 4_096
"""Of a receipt, and of its base64 as one header."""
MAX_HEADER = 2_048
"""Of the base64: what every server and client library takes as one header, beside others."""


class Promise(msgspec.Struct, frozen=True, kw_only=True):
    """What is signed: the record `seq` of the ledger `origin` has this leaf hash, and commits to this request."""

    origin: str
    seq: int
    leaf_hash: bytes
    recorded_at: str
    request: str | None = None
    """The commitment in base64, as the record's `request.commitment`."""


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """A receipt as it was read: nothing of it verified."""

    promise: Promise
    note: bytes
    """The signed note that the promise is the text of."""
    opening: bytes | None = None
    """The 32 bytes that open the commitment to the caller's own request."""


def issue(promise: Promise, opening: bytes | None, signer: Signer) -> bytes:
    """The file's bytes. `FormatError` for values that `parse` would not give back, or too many for one header."""
    if signer.name != promise.origin:
        raise FormatError("a receipt must be signed by the key of its ledger")
    first = "" if opening is None else f"opening {to_base64(opening)}\n"
    note = sign(encode(promise), [signer])
    data = f"{HEADER}\n{first}\n".encode() + note
    if len(data) * 4 > (MAX_HEADER - 2) * 3 or parse(data) != Receipt(promise=promise, note=note, opening=opening):
        raise FormatError("a receipt must fit one header, and its opening and hashes have 32 bytes")
    return data


def encode(promise: Promise) -> str:
    """The text that is signed; `FormatError` for values that cannot be a promise."""
    request = "" if promise.request is None else f"request {promise.request}\n"
    text = (
        f"{TEXT}\norigin {promise.origin}\nrecord {promise.seq}\nhash {to_base64(promise.leaf_hash)}\n"
        f"at {promise.recorded_at}\n{request}"
    )
    if _promise(text) != promise:
        raise FormatError("a promise must name a ledger, a record of it, its hash of 32 bytes and its time")
    return text


def parse(data: bytes) -> Receipt:
    """A receipt from its file, nothing verified; `FormatError` for anything else."""
    if len(data) > MAX_BYTES:
        raise FormatError("a receipt must not exceed 4,096 bytes")
    head, empty, note = data.partition(b"\n\n")
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError as error:
        raise FormatError("a receipt's first lines must be ASCII") from error
    if not empty or lines[0] != HEADER or len(lines) > 2:
        raise FormatError(f"a receipt must be the line {HEADER}, an opening or none, an empty line and a signed note")
    opening = None
    if len(lines) == 2:
        name, space, value = lines[1].partition(" ")
        if (name, space) != ("opening", " "):
            raise FormatError("the second line of a receipt must be its opening")
        opening = from_base64(value)
        if len(opening) != SALT_BYTES:
            raise FormatError("an opening must be 32 bytes long")
    return Receipt(promise=_promise(parse_note(note)[0]), note=note, opening=opening)


def from_header(value: str) -> Receipt:
    """A receipt from the value of the header `X-Receipt`, the base64 of its file; `FormatError` for anything else."""
    if len(value) > MAX_HEADER:
        raise FormatError("a receipt's header must not exceed 2,048 characters")
    return parse(from_base64(value))


def verify(receipt: Receipt, verifier: Verifier | Keys) -> Promise:
    """That the ledger has promised this: `VerificationError` where its key has not signed it, or is another ledger's.

    What the promise is worth, whether the record is there, is for `check_record` and the others to find.
    """
    # 1. The ledger's key has signed the note; of several any: a promise is not taken back by replacing the key.
    text = open_note(receipt.note, verifier.known).text
    # 2. What it has signed is this promise, of the ledger that the key is named for.
    try:
        promise = _promise(text)
    except FormatError as error:
        raise VerificationError("receipt: what was signed is not a promise") from error
    if promise != receipt.promise:
        raise VerificationError("receipt: what was signed is another promise")
    if promise.origin != verifier.name:
        raise VerificationError("receipt: the origin is not the name of the key")
    return promise


def check_request(receipt: Receipt, body: bytes) -> None:
    """That the promise is about exactly this request; `VerificationError` where it is not, or does not say."""
    commitment, opening = receipt.promise.request, receipt.opening
    if commitment is None or opening is None:
        raise VerificationError("receipt: it commits to no request, or has no opening")
    if not matches(commitment, opening, "request", body):
        raise VerificationError("receipt: the request is not the one that it commits to")


def check_record(promise: Promise, record: bytes) -> Envelope:
    """The record of these bytes, which is the one that was promised; `VerificationError` where it is not."""
    # 1. These bytes have the hash that was promised.
    if leaf_hash(record) != promise.leaf_hash:
        raise VerificationError("receipt: the record is another than was promised")
    # 2. The ledger cannot have promised what is no record, or stands elsewhere, or commits to another request.
    try:
        envelope = parse_record(record)
    except FormatError as error:
        raise VerificationError("receipt: what was promised is no record") from error
    committed = None if envelope.request is None else envelope.request.commitment
    if (envelope.seq, envelope.recorded_at, committed) != (promise.seq, promise.recorded_at, promise.request):
        raise VerificationError("receipt: the record says something else than was promised of it")
    return envelope


def check_proof(
    promise: Promise, held: Proof, verifier: Verifier | Keys, witnesses: Sequence[Verifier] = ()
) -> Checkpoint:
    """The checkpoint under which the promise is kept: `VerificationError` where the proof is of another place, or does
    not lead from the hash that was promised to the root that the ledger has signed."""
    point = verify_checkpoint(held.checkpoint, verifier, witnesses)
    if held.index != promise.seq:
        raise VerificationError("receipt: the proof is of another record")
    verify_inclusion(promise.leaf_hash, held.index, point.size, held.path, point.root)
    return point


def _promise(text: str) -> Promise:
    """The promise that exactly this text is; `FormatError` otherwise."""
    lines = text.split("\n")
    names = ("origin ", "record ", "hash ", "at ", "request ")
    values = [line.removeprefix(name) for line, name in zip(lines[1:-1], names, strict=False)]
    fits = all(line.startswith(name) for line, name in zip(lines[1:-1], names, strict=False))
    if lines[0] != TEXT or lines[-1] or len(lines) not in (6, 7) or not fits or not values[0]:
        raise FormatError(f"a promise must be the line {TEXT} and its lines in order")
    seq, hashed = from_decimal(values[1]), from_base64(values[2])
    parse_timestamp(values[3])
    if len(hashed) != HASH_BYTES or seq >= MAX_SIZE:
        raise FormatError("a promise must hold a hash of 32 bytes, and a place below 2^63")
    request = values[4] if len(values) == 5 else None
    if request is not None and len(from_base64(request)) != HASH_BYTES:
        raise FormatError("a commitment must be 32 bytes long")
    return Promise(origin=values[0], seq=seq, leaf_hash=hashed, recorded_at=values[3], request=request)
