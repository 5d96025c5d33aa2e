"""Kept content: how a record commits to it, and what its sealed part is called.

The commitment is over the ids of the data keys that it is sealed under, too: so whoever is given an opening sees that
none of them is one that an erasure on record has destroyed, and the envelope names no key, by which the records of one
person could be told from those of others.

Content that an erasure has masked for the others whom it is about is sealed under another r than that of the
commitment, and is marked: with the old one, a guess of what was masked could be tested.
"""

from gateway.core.errors import VerificationError
from gateway.ledger.commitment import committed, matches
from gateway.ledger.record import Envelope

LABEL = "content"
PREFIX = "content:"
"""The part is this and the time at which its days are over."""
_MASKED = ":masked"
_TIME = 27


def part_of(until: str, *, masked: bool = False) -> str:
    """The label of the sealed part of what is kept until this time (27 characters)."""
    return f"{PREFIX}{until}{_MASKED if masked else ''}"


def until_of(part: str) -> str:
    """When the days of such a part are over."""
    return part.removeprefix(PREFIX)[:_TIME]


def is_masked(part: str) -> bool:
    """Whether it is what an erasure has left of it: less than what was sent, and nothing that a record commits to."""
    return part.endswith(_MASKED)


def content_commitment(r: bytes, keys: str, value: bytes) -> str:
    """base64 of HMAC-SHA256(r, "content" ‖ 0x00 ‖ keys ‖ 0x00 ‖ value). `keys`: as `SealedPart.key` has them."""
    return committed(r, LABEL, _bound(keys, value))


def check_content(envelope: Envelope, r: bytes, keys: str, value: bytes) -> None:
    """`VerificationError` unless this is what the record committed to when it was kept, under these keys."""
    # 1. Content must be committed to.
    if envelope.kept is None:
        raise VerificationError("content: nothing commits to it")
    # 2. The commitment must open to exactly these bytes, under these keys.
    if len(value) != envelope.kept.bytes or not matches(envelope.kept.commitment, r, LABEL, _bound(keys, value)):
        raise VerificationError("content: not what the record commits to")


def _bound(keys: str, value: bytes) -> bytes:
    return keys.encode("utf-8", "surrogatepass") + b"\0" + value
