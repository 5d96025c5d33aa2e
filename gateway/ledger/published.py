"""What a ledger's own records say of the checkpoints that were signed of it: size and root (`checkpoint.published`).

They stand in the chain, so that who makes the chain anew and takes away the checkpoints leaves them behind, or has to
make them anew as well. Each is held against the tree of its size.
"""

import msgspec

from gateway.core.errors import FormatError, VerificationError
from gateway.ledger.encoding import from_base64
from gateway.ledger.record import Envelope

PUBLISHED = "checkpoint.published"


class Published(msgspec.Struct, frozen=True):
    """Record `seq` says that a checkpoint was signed of `size` records, with this root."""

    seq: int
    size: int
    root: bytes


def published(seq: int, envelope: Envelope) -> Published | None:
    """What this record says; None for one that is about something else. `VerificationError` for one that does not say
    it, or speaks of records that were not there when it was made."""
    if envelope.event != PUBLISHED:
        return None
    try:
        size, root = envelope.checkpoint or (0, "")
        found = Published(seq, size, from_base64(root))
    except FormatError as error:
        raise VerificationError(f"record {seq}: published: the root that it tells of is none") from error
    # It is made once the checkpoint is signed, and so behind all that this covers.
    if not 0 < found.size <= seq:
        raise VerificationError(f"record {seq}: published: it does not tell of a checkpoint of records before it")
    return found
