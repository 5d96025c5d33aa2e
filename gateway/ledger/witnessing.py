"""What a log asks of a witness, and what the witness may answer (C2SP tlog-witness v1.0.0, `add-checkpoint`).

    old <size that this witness cosigned last, ASCII decimal>
    <hash of the consistency proof, base64>
    …                                       (at most 63)
    <empty line>
    <checkpoint: a signed note>

Pure: who keeps what was cosigned, and keeps it before it answers, is the caller (`store.witnessed`).
"""

from collections.abc import Mapping
from typing import Literal

import msgspec

from gateway.core.errors import FormatError, VerificationError
from gateway.ledger.checkpoint import Checkpoint
from gateway.ledger.checkpoint import parse as parse_checkpoint
from gateway.ledger.checkpoint import verify as verify_checkpoint
from gateway.ledger.encoding import from_base64, from_decimal, to_base64
from gateway.ledger.merkle import HASH_BYTES, verify_consistency
from gateway.ledger.note import Verifier, parse_note
from gateway.ledger.rotation import Keys

PATH = "/add-checkpoint"
SIZE_TYPE = "text/x.tlog.size"
"""Media type of the size that a 409 tells."""
MAX_PROOF = 63
MAX_BYTES = 131_072
"""Of a request. A proof has at most 63 lines of 45 bytes, and a checkpoint a few of signatures."""


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """A checkpoint, and the proof that it extends the one of `old` records."""

    old: int
    proof: tuple[bytes, ...]
    note: bytes


class Refused(msgspec.Struct, frozen=True):
    """Why a witness does not cosign: its HTTP status. `size`: with 409, what it cosigned last (0: nothing yet)."""

    status: Literal[400, 403, 404, 409, 422]
    size: int | None = None


def encode(request: Request) -> bytes:
    """The body of the request; `FormatError` for values that `parse` would not give back."""
    lines = "".join(f"{to_base64(item)}\n" for item in request.proof)
    data = f"old {request.old}\n{lines}\n".encode() + request.note
    if parse(data) != request:
        raise FormatError("a request must hold a size, at most 63 hashes and a checkpoint")
    return data


def parse(data: bytes) -> Request:
    """A request from its body, nothing verified; `FormatError` for anything else."""
    if len(data) > MAX_BYTES:
        raise FormatError("a request to a witness must not exceed 131,072 bytes")
    head, empty, note = data.partition(b"\n\n")
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError as error:
        raise FormatError("a request's first lines must be ASCII") from error
    if not empty or not lines[0].startswith("old ") or len(lines) > 1 + MAX_PROOF:
        raise FormatError("a request must be an old size, at most 63 hashes, an empty line and a checkpoint")
    proof = tuple(from_base64(line) for line in lines[1:])
    if any(len(item) != HASH_BYTES for item in proof):
        raise FormatError("a hash must be 32 bytes long")
    parse_note(note)
    return Request(old=from_decimal(lines[0].removeprefix("old ")), proof=proof, note=note)


def origin_of(request: Request) -> str:
    """The first line of the checkpoint, which says whose it is said to be."""
    return parse_note(request.note)[0].partition("\n")[0]


def judge(request: Request, logs: Mapping[str, Verifier | Keys], last: Checkpoint | None) -> Checkpoint | Refused:
    """The checkpoint that may be cosigned, once it is kept; or why not.

    `logs` are the keys of those that the witness knows, by origin; `last` is the checkpoint of this origin that it
    cosigned last. To be called while nobody else can cosign for this origin.
    """
    # 1. The origin is one that the witness knows.
    verifier = logs.get(origin_of(request))
    if verifier is None:
        return Refused(404)
    # 2. The checkpoint is signed by the key that it knows of it, and is one of this form.
    try:
        new = verify_checkpoint(request.note, verifier)
    except VerificationError:
        return Refused(403)
    except FormatError:
        return Refused(400)
    # 3. The old size is not above the new one.
    if request.old > new.size:
        return Refused(400)
    # 4. The old size is the one that was cosigned last; of the same size only the same root is.
    size = 0 if last is None else last.size
    if request.old != size or (last is not None and new.size == size and new.root != last.root):
        return Refused(409, size)
    # 5. The new tree extends the old one (RFC 9162 §2.1.4.2); every tree extends the empty one, without a proof.
    if last is None or size == 0:
        return Refused(422) if request.proof else new
    try:
        verify_consistency(size, new.size, request.proof, last.root, new.root)
    except VerificationError:
        return Refused(422)
    return new


def parse_size(body: bytes) -> int:
    """The size that a 409 tells; `FormatError` for anything else."""
    text = body.decode("ascii", "replace")
    if not text.endswith("\n"):
        raise FormatError("a size must be a decimal and a newline")
    return from_decimal(text[:-1])


def checkpoint_of(note: bytes) -> Checkpoint:
    """The checkpoint of a signed note, nothing verified."""
    return parse_checkpoint(parse_note(note)[0])
