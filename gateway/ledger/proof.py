"""A record's place in a checkpoint, as a file `.tlog-proof` (C2SP tlog-proof).

c2sp.org/tlog-proof@v1
[extra <base64>]
index <decimal>
<hash, base64: from the leaf's sibling to the child of the root>
…
<empty line>
<checkpoint: a signed note>
"""

import msgspec

from gateway.core.errors import FormatError
from gateway.ledger import checkpoint as checkpoints
from gateway.ledger.chain import leaf_hash
from gateway.ledger.checkpoint import Checkpoint
from gateway.ledger.encoding import MAX_SIZE, from_base64, from_decimal, to_base64
from gateway.ledger.merkle import HASH_BYTES, verify_inclusion
from gateway.ledger.note import MAX_NOTE_BYTES, Verifier, parse_note
from gateway.ledger.rotation import Keys

HEADER = "c2sp.org/tlog-proof@v1"
MAX_PATH = 63
MAX_EXTRA = 65_535


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """That the record at `index` is in the tree of the checkpoint."""

    index: int
    path: tuple[bytes, ...]
    checkpoint: bytes
    """The whole signed note."""
    extra: bytes | None = None
    """Anything the issuer adds for its own readers; not covered by any signature."""


def encode(proof: Proof) -> bytes:
    """The file's bytes; `FormatError` for values that `parse` would not give back."""
    extra = "" if proof.extra is None else f"extra {to_base64(proof.extra)}\n"
    path = "".join(f"{to_base64(item)}\n" for item in proof.path)
    data = f"{HEADER}\n{extra}index {proof.index}\n{path}\n".encode() + proof.checkpoint
    if parse(data) != proof:
        raise FormatError("a proof must hold an index, a path of 32-byte hashes and a signed checkpoint")
    return data


def parse(data: bytes) -> Proof:
    """The proof in exactly these bytes, nothing verified; `FormatError` for anything else."""
    head, empty_line, note = data[: MAX_NOTE_BYTES * 2].partition(b"\n\n")
    if not empty_line or len(data) > MAX_NOTE_BYTES * 2:
        raise FormatError("a proof must be its lines, an empty line and a checkpoint")
    if not head.isascii():
        raise FormatError("a proof's lines must be ASCII")
    lines = head.decode("ascii").split("\n")
    if lines.pop(0) != HEADER:
        raise FormatError(f"a proof must start with {HEADER}")
    extra = None
    if lines and lines[0].startswith("extra "):
        extra = from_base64(lines.pop(0).removeprefix("extra "))
        if len(extra) > MAX_EXTRA:
            raise FormatError("a proof's extra must not exceed 65,535 bytes")
    if not lines or not lines[0].startswith("index "):
        raise FormatError("a proof must name an index")
    index = from_decimal(lines.pop(0).removeprefix("index "))
    path = tuple(from_base64(line) for line in lines)
    if len(path) > MAX_PATH or any(len(item) != HASH_BYTES for item in path) or index >= MAX_SIZE:
        raise FormatError("a proof must have at most 63 hashes of 32 bytes")
    parse_note(note)
    return Proof(index=index, path=path, checkpoint=note, extra=extra)


def verify(record: bytes, proof: Proof, verifier: Verifier | Keys) -> Checkpoint:
    """The verified checkpoint that the record is in, at `proof.index`; `VerificationError` if it is not.

    Not checked: `extra`; that the record's own `seq` is the index (`record.parse` tells it); that the checkpoint is one
    that others saw too.
    """
    # 1. The checkpoint is signed by the ledger's key.
    checkpoint = checkpoints.verify(proof.checkpoint, verifier)
    # 2. The path leads from the record's leaf hash to the checkpoint's root.
    verify_inclusion(leaf_hash(record), proof.index, checkpoint.size, proof.path, checkpoint.root)
    return checkpoint
