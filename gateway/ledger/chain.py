"""The link from each record to the one before, and the hash that it is made of (RFC 6962 §2.1).

The chain's link and the tree's leaf are the same hash, so that one hash a record serves both.
"""

from collections.abc import Iterable
from hashlib import sha256

# Copies of what has taken the prefix: a new hash looks its algorithm up, which costs what 500 bytes do, and a record
# would be copied to stand behind its prefix.
_leaf = sha256(b"\x00").copy
_node = sha256(b"\x01").copy


def leaf_hash(record: bytes) -> bytes:
    """SHA-256(0x00 ‖ record), 32 bytes: the record's leaf in the tree, and `prev` of the record after it."""
    hashing = _leaf()
    hashing.update(record)
    return hashing.digest()


def leaf_hashes(records: Iterable[bytes]) -> list[bytes]:
    """`leaf_hash` of each."""
    hashes = list[bytes]()
    for record in records:
        hashing = _leaf()
        hashing.update(record)
        hashes.append(hashing.digest())
    return hashes


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 ‖ left ‖ right), 32 bytes: a node above two subtrees."""
    hashing = _node()
    hashing.update(left + right)
    return hashing.digest()


def node_hashes(pairs: Iterable[bytes]) -> list[bytes]:
    """`node_hash` of each two subtrees, whose hashes come as one piece, left ‖ right."""
    hashes = list[bytes]()
    for pair in pairs:
        hashing = _node()
        hashing.update(pair)
        hashes.append(hashing.digest())
    return hashes
