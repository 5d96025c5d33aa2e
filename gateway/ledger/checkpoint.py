"""A tree's size and root under the ledger's signature (C2SP tlog-checkpoint v1.0.0).

    <origin: the name of the ledger and of its key>
    <size, ASCII decimal>
    <root, base64>

No extension lines. The note around it carries the ledger's own signature, and those of witnesses.
"""

from collections.abc import Sequence

import msgspec

from gateway.core.errors import FormatError, VerificationError
from gateway.ledger.encoding import MAX_SIZE, from_base64, from_decimal, to_base64
from gateway.ledger.merkle import EMPTY_ROOT, HASH_BYTES
from gateway.ledger.note import Signer, Verifier, open_note
from gateway.ledger.note import sign as sign_note
from gateway.ledger.rotation import Keys


class Checkpoint(msgspec.Struct, frozen=True):
    """What is signed: after `size` records the tree of the ledger named `origin` has this root."""

    origin: str
    size: int
    root: bytes


def encode(checkpoint: Checkpoint) -> str:
    """The note's text; `FormatError` for values that cannot be a checkpoint."""
    if not 0 <= checkpoint.size <= MAX_SIZE or len(checkpoint.root) != HASH_BYTES:
        raise FormatError("a checkpoint must have a size below 2^63 and a root of 32 bytes")
    if not checkpoint.origin or "\n" in checkpoint.origin:
        raise FormatError("a checkpoint's origin must be one line that is not empty")
    if checkpoint.size == 0 and checkpoint.root != EMPTY_ROOT:
        raise FormatError("the checkpoint of an empty tree must have the empty root")
    return f"{checkpoint.origin}\n{checkpoint.size}\n{to_base64(checkpoint.root)}\n"


def parse(text: str) -> Checkpoint:
    """The checkpoint that exactly this text is; `FormatError` for anything else, extension lines included."""
    lines = text.split("\n")
    if len(lines) != 4 or lines[3]:
        raise FormatError("a checkpoint must be three lines: origin, size and root")
    checkpoint = Checkpoint(lines[0], from_decimal(lines[1]), from_base64(lines[2]))
    if encode(checkpoint) != text:
        raise FormatError("not a checkpoint in its one form")
    return checkpoint


def sign(checkpoint: Checkpoint, signer: Signer, *others: Signer) -> bytes:
    """The signed note. The first signer is the ledger itself: `FormatError` unless its name is the origin."""
    if signer.name != checkpoint.origin:
        raise FormatError("a checkpoint must be signed by the key that is named like its origin")
    return sign_note(encode(checkpoint), (signer, *others))


def verify(note: bytes, verifier: Verifier | Keys, witnesses: Sequence[Verifier] = ()) -> Checkpoint:
    """The checkpoint of a note that the ledger's key has signed.

    `FormatError` for what is not a checkpoint, `VerificationError` for one that is another ledger's or does not verify.
    Whether it is new enough, and extends those seen before, is the caller's.
    """
    # 1. Open the note: no signature of a known key may be wrong.
    opened = open_note(note, (*verifier.known, *witnesses))
    # 2. The ledger's own key must be among those that signed; a witness alone speaks for no ledger.
    signed = {(line.name, line.key_id) for line in opened.verified}
    if not any((key.name, key.key_id) in signed for key in verifier.known):
        raise VerificationError("checkpoint: not signed by the ledger's key")
    # 3. The text must be a checkpoint of the ledger that the key is named for.
    checkpoint = parse(opened.text)
    if checkpoint.origin != verifier.name:
        raise VerificationError("checkpoint: the origin is not the name of the key")
    # 4. A key that was replaced does not count for what the ledger became afterwards.
    if not any((key.name, key.key_id) in signed for key in verifier.counting(checkpoint.size)):
        raise VerificationError("checkpoint: signed by a key that had been replaced by another")
    return checkpoint
