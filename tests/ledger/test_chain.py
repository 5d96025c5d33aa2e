from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from gateway.ledger.chain import leaf_hash, node_hash


def test_leaf_hash_of_nothing_is_the_known_one() -> None:
    """The first leaf of RFC 6962's usual test tree."""
    assert leaf_hash(b"").hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"


def test_node_hash_is_the_known_one() -> None:
    """The usual test tree of two leaves, `` and 0x00."""
    root = node_hash(leaf_hash(b""), leaf_hash(b"\x00"))
    assert root.hex() == "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"


@given(left=st.binary(min_size=32, max_size=32), right=st.binary(min_size=32, max_size=32))
def test_a_node_cannot_be_taken_for_a_leaf(left: bytes, right: bytes) -> None:
    assert leaf_hash(left + right) != node_hash(left, right)
    assert node_hash(left, right) == sha256(b"\x01" + left + right).digest()
