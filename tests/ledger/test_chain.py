from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from gateway.ledger.chain import leaf_hash, leaf_hashes, node_hash, node_hashes


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


@given(st.lists(st.binary(max_size=3_000), max_size=5))
def test_leaves_are_hashed_alike_alone_and_together(records: list[bytes]) -> None:
    wanted = [sha256(b"\x00" + record).digest() for record in records]
    assert leaf_hashes(records) == wanted
    assert [leaf_hash(record) for record in records] == wanted


@given(st.lists(st.binary(min_size=64, max_size=64), max_size=5))
def test_nodes_are_hashed_alike_alone_and_together(pairs: list[bytes]) -> None:
    assert node_hashes(pairs) == [node_hash(pair[:32], pair[32:]) for pair in pairs]


def test_hashes_in_many_threads_are_those_of_one() -> None:
    """All copy the same beginning; what is longer than 2,047 bytes is hashed without the interpreter's lock."""
    records = [bytes([number]) * (number * 50) for number in range(200)]
    wanted = [sha256(b"\x00" + record).digest() for record in records]
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(leaf_hashes, [records] * 64)) == [wanted] * 64
