"""The link from each record to the one before, and the hash that it is made of (RFC 6962 §2.1).

The chain's link and the tree's leaf are the same hash, so that one hash a record serves both.
"""

from hashlib import sha256


def leaf_hash(record: bytes) -> bytes:
    """SHA-256(0x00 ‖ record), 32 bytes: the record's leaf in the tree, and `prev` of the record after it."""
    return sha256(b"\x00" + record).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 ‖ left ‖ right), 32 bytes: a node above two subtrees."""
    return sha256(b"\x01" + left + right).digest()
