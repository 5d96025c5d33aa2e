"""The left edge of a range: what the tree was before its first record, from a path and that record's `prev`."""

from collections.abc import Sequence

from gateway.core.errors import FormatError
from gateway.ledger.chain import node_hash
from gateway.ledger.encoding import from_base64, to_base64
from gateway.ledger.merkle import HASH_BYTES, Frontier

MAX_HASHES = 128


def frontier_before(first: int, prev: bytes, path: Sequence[bytes]) -> Frontier:
    """The frontier of the tree of `first` records, whose last leaf hash is `prev`.

    `path` is the inclusion path (RFC 9162 §2.1.3.1) of that leaf. The last leaf is on the right edge, so each hash of
    its path is a left sibling: the lowest lead to the peak that the leaf is under, the others are the peaks before it,
    nearest first. Nothing is proven by this alone: a tree that grows from another frontier gets another root.
    """
    under = (first & -first).bit_length() - 1  # the height of the peak that the last leaf is under
    if not first or len(path) != under + first.bit_count() - 1:
        raise FormatError("a path to the record before the range must have the length that its place gives")
    if any(len(item) != HASH_BYTES for item in path):
        raise FormatError("a hash must be 32 bytes long")
    peak = prev
    for sibling in path[:under]:
        peak = node_hash(sibling, peak)
    return Frontier(first, [*reversed(path[under:]), peak])


def encode_hashes(hashes: Sequence[bytes]) -> bytes:
    """One hash a line, base64."""
    return "".join(f"{to_base64(item)}\n" for item in hashes).encode("ascii")


def parse_hashes(data: bytes) -> list[bytes]:
    """The reverse of `encode_hashes`; `FormatError` for anything else."""
    if not data:
        return []
    if not data.isascii() or not data.endswith(b"\n"):
        raise FormatError("a proof must be lines of base64")
    hashes = [from_base64(line) for line in data[:-1].decode("ascii").split("\n")]
    if len(hashes) > MAX_HASHES or any(len(item) != HASH_BYTES for item in hashes):
        raise FormatError("a proof must be at most 128 hashes of 32 bytes")
    return hashes
