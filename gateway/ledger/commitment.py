"""Commitments to values that a record must not hold: HMAC-SHA256 (RFC 2104) under 32 random bytes of their own.

Without those bytes a commitment says nothing, however few values are possible; with them it opens to one value only.
"""

import os
from binascii import b2a_base64
from hashlib import sha256
from hmac import compare_digest

from gateway.core.errors import FormatError

SALT_BYTES = 32
# The two pads of RFC 2104 §2, under the bytes of a key and under the zeros behind it up to a block of SHA-256.
_INNER, _OUTER = (bytes(byte ^ pad for byte in range(256)) for pad in (0x36, 0x5C))
_INNER_REST, _OUTER_REST = b"\x36" * (64 - SALT_BYTES), b"\x5c" * (64 - SALT_BYTES)
_begun = sha256().copy


def new_salt() -> bytes:
    """32 bytes of the system's randomness, for one field of one record."""
    return os.urandom(SALT_BYTES)


def commit(r: bytes, label: str, value: bytes) -> bytes:
    """HMAC-SHA256(r, label ‖ 0x00 ‖ value), 32 bytes.

    `FormatError` unless `r` is 32 bytes (HMAC takes a key and the same key with zero bytes after it for one) and the
    label is ASCII without a zero byte (so that no two pairs of label and value are the same bytes).
    """
    if len(r) != SALT_BYTES:
        raise FormatError("a salt must be 32 bytes long")
    if not label.isascii() or "\0" in label:
        raise FormatError("a label must be ASCII without a zero byte")
    # As RFC 2104 writes it, by copies (`chain`): OpenSSL's own takes two and a half times as long for 32 bytes, most of
    # it to look its algorithms up.
    inner, outer = _begun(), _begun()
    inner.update(r.translate(_INNER) + _INNER_REST + label.encode("ascii") + b"\0")
    inner.update(value)
    outer.update(r.translate(_OUTER) + _OUTER_REST + inner.digest())
    return outer.digest()


def committed(r: bytes, label: str, value: bytes) -> str:
    """`commit` as an envelope holds it: base64."""
    return b2a_base64(commit(r, label, value), newline=False).decode("ascii")


def matches(commitment: str, r: bytes, label: str, value: bytes) -> bool:
    """Whether the base64 commitment of an envelope opens to this value. Takes equally long for any wrong one."""
    return len(r) == SALT_BYTES and compare_digest(
        committed(r, label, value).encode(), commitment.encode("utf-8", "replace")
    )
