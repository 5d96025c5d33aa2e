import json
from base64 import b64decode
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.errors import FormatError, VerificationError
from gateway.ledger.chain import leaf_hash, node_hash
from gateway.ledger.merkle import (
    EMPTY_ROOT,
    Frontier,
    Span,
    consistency_path,
    inclusion_path,
    root,
    root_of,
    subtree,
    verify_consistency,
    verify_inclusion,
)

GOLDEN = Path(__file__).parent.parent / "golden" / "merkle"
INCLUSION = json.loads((GOLDEN / "inclusion.json").read_text())
CONSISTENCY = json.loads((GOLDEN / "consistency.json").read_text())
LEAVES = [leaf_hash(str(number).encode()) for number in range(130)]


def mth(leaves: list[bytes]) -> bytes:
    """RFC 6962 §2.1, word for word."""
    if not leaves:
        return EMPTY_ROOT
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return node_hash(mth(leaves[:k]), mth(leaves[k:]))


def node(level: int, index: int) -> bytes:
    end = index + 1 << level
    assert end <= len(LEAVES)
    return mth(LEAVES[index << level : end])


def hashes(vector: dict[str, Any]) -> list[bytes]:
    return [b64decode(item) for item in vector["proof"] or ()]


def test_all_196_vectors_are_there() -> None:
    assert (len(INCLUSION), len(CONSISTENCY)) == (98, 98)


@pytest.mark.parametrize("vector", INCLUSION, ids=lambda vector: vector["name"])
def test_inclusion_vectors(vector: dict[str, Any]) -> None:
    def verify() -> None:
        verify_inclusion(
            b64decode(vector["leafHash"] or ""),
            vector["leafIdx"],
            vector["treeSize"],
            hashes(vector),
            b64decode(vector["root"] or ""),
        )

    if vector["wantErr"]:
        with pytest.raises(VerificationError):
            verify()
    else:
        verify()


@pytest.mark.parametrize("vector", CONSISTENCY, ids=lambda vector: vector["name"])
def test_consistency_vectors(vector: dict[str, Any]) -> None:
    def verify() -> None:
        verify_consistency(
            vector["size1"],
            vector["size2"],
            hashes(vector),
            b64decode(vector["root1"] or ""),
            b64decode(vector["root2"] or ""),
        )

    if vector["wantErr"]:
        with pytest.raises(VerificationError):
            verify()
    else:
        verify()


@pytest.mark.parametrize("size", range(len(LEAVES) + 1))
def test_every_root_is_that_of_the_definition(size: int) -> None:
    expected = mth(LEAVES[:size])
    assert root(LEAVES[:size]) == expected
    assert root_of(size, node) == expected


@pytest.mark.parametrize("size", [*range(1, 35), 63, 64, 65, 127, 128, 129])
def test_every_inclusion_path_verifies_at_its_place_and_nowhere_else(size: int) -> None:
    tree = mth(LEAVES[:size])
    for index in range(size):
        path = inclusion_path(index, size, node)
        verify_inclusion(LEAVES[index], index, size, path, tree)
        with pytest.raises(VerificationError):
            verify_inclusion(LEAVES[index], index ^ 1, size, path, tree)
        with pytest.raises(VerificationError):
            verify_inclusion(leaf_hash(b"another"), index, size, path, tree)


@pytest.mark.parametrize("second", [*range(1, 35), 64, 65, 129])
def test_every_consistency_path_verifies_between_its_sizes(second: int) -> None:
    new = mth(LEAVES[:second])
    for first in range(1, second + 1):
        path = consistency_path(first, second, node)
        old = mth(LEAVES[:first])
        verify_consistency(first, second, path, old, new)
        if first < second:
            with pytest.raises(VerificationError):
                verify_consistency(first, second, path, leaf_hash(b"another"), new)
            with pytest.raises(VerificationError):
                verify_consistency(first, second, path, old, leaf_hash(b"another"))


@given(data=st.data(), second=st.integers(2, 130))
@settings(max_examples=80)
def test_any_change_of_a_consistency_proof_is_refused(data: st.DataObject, second: int) -> None:
    first = data.draw(st.integers(1, second - 1))
    path = consistency_path(first, second, node)
    at = data.draw(st.integers(0, len(path) - 1))
    flipped = bytearray(path[at])
    flipped[data.draw(st.integers(0, 31))] ^= 1 << data.draw(st.integers(0, 7))
    changed = data.draw(
        st.sampled_from(
            [
                [*path[:at], bytes(flipped), *path[at + 1 :]],
                path[:at] + path[at + 1 :],
                [*path[:at], path[at], *path[at:]],
                [*path, path[at]],
                [path[at], *path] if at else [LEAVES[0], *path],
                [*path[:at], path[at][:31], *path[at + 1 :]],
            ]
        )
    )
    with pytest.raises(VerificationError):
        verify_consistency(first, second, changed, mth(LEAVES[:first]), mth(LEAVES[:second]))


@given(sizes=st.lists(st.integers(0, 40), max_size=4))
def test_a_frontier_kept_and_taken_up_again_gives_the_same_root(sizes: list[int]) -> None:
    frontier = Frontier()
    for more in sizes:
        for leaf in LEAVES[frontier.size : frontier.size + more]:
            frontier.append(leaf)
        frontier = Frontier.decode(frontier.encode())
    assert frontier.root() == mth(LEAVES[: frontier.size])
    assert len(frontier.peaks) == frontier.size.bit_count()


def test_a_copy_of_a_frontier_is_its_own() -> None:
    frontier = Frontier()
    frontier.append(LEAVES[0])
    copy = frontier.copy()
    copy.append(LEAVES[1])
    assert (frontier.size, frontier.root()) == (1, LEAVES[0])


@pytest.mark.parametrize(
    "data", [b"", bytes(7), bytes(9), (1).to_bytes(8), (0).to_bytes(8) + bytes(32), (3).to_bytes(8) + bytes(32)]
)
def test_bytes_that_are_no_frontier_are_refused(data: bytes) -> None:
    with pytest.raises(FormatError):
        Frontier.decode(data)


def test_a_frontier_takes_only_hashes() -> None:
    with pytest.raises(FormatError):
        Frontier().append(b"short")
    with pytest.raises(FormatError):
        Frontier(1, [b"short"])
    with pytest.raises(FormatError):
        Frontier(-1)


@pytest.mark.parametrize(("index", "size"), [(0, 0), (1, 1), (-1, 3), (5, 3)])
def test_no_inclusion_path_outside_of_the_tree(index: int, size: int) -> None:
    with pytest.raises(FormatError):
        inclusion_path(index, size, node)
    with pytest.raises(VerificationError):
        verify_inclusion(LEAVES[0], index, size, [], LEAVES[0])


@pytest.mark.parametrize(("first", "second"), [(0, 0), (0, 3), (4, 3), (-1, 3)])
def test_no_consistency_path_from_nothing_or_backwards(first: int, second: int) -> None:
    with pytest.raises(FormatError):
        consistency_path(first, second, node)
    with pytest.raises(VerificationError):
        verify_consistency(first, second, [], LEAVES[0], LEAVES[0])


def test_trees_of_2_to_the_62_need_few_nodes() -> None:
    """Nothing walks the tree: a made-up one of any size gives paths of at most 63 hashes, and they verify."""

    def made_up(level: int, index: int) -> bytes:
        return leaf_hash(f"{level}/{index}".encode())

    size = 2**62 + 12345
    assert len(inclusion_path(2**61 + 7, size, made_up)) <= 63
    assert len(consistency_path(2**61 + 7, size, made_up)) <= 64


@given(st.integers(0, 70), st.lists(st.integers(1, 40), min_size=1, max_size=4))
def test_spans_put_behind_a_frontier_are_the_tree_of_all_their_leaves(first: int, widths: list[int]) -> None:
    leaves = [sha256(bytes([number % 256, number // 256])).digest() for number in range(first + sum(widths))]
    frontier, whole = Frontier(), Frontier()
    for leaf in leaves[:first]:
        frontier.append(leaf)
    for leaf in leaves:
        whole.append(leaf)
    at = first
    for width in widths:
        span = Span(at)
        for leaf in leaves[at : at + width]:
            span.append(leaf)
        copy = span.copy()
        span.append(bytes(32))
        frontier.extend(copy.nodes)
        at += width
        assert (copy.first, copy.size, frontier.size) == (at - width, at, at)
        assert len(copy.nodes) <= 2 * width.bit_length()
    assert (frontier.size, frontier.peaks) == (whole.size, whole.peaks)


def test_a_span_has_no_root_and_takes_leaves_alone() -> None:
    span = Span(3)
    with pytest.raises(FormatError):
        span.append(b"short")
    with pytest.raises(TypeError):
        span.root()
    with pytest.raises(TypeError):
        span.extend(())


@pytest.mark.parametrize("node", [(0, b"short"), (-1, bytes(32)), (1, bytes(32))], ids=["short", "negative", "odd"])
def test_a_frontier_takes_no_subtree_that_has_no_place(node: tuple[int, bytes]) -> None:
    frontier = Frontier()
    frontier.append(bytes(32))
    with pytest.raises(FormatError):
        frontier.extend([node])
    assert frontier.size == 1


@given(st.lists(st.integers(0, 40), min_size=1, max_size=6), st.integers(0, 70))
def test_leaves_appended_together_make_the_tree_of_leaves_one_by_one(pieces: list[int], first: int) -> None:
    alone, together = Frontier(), Frontier()
    span, row = Span(first), Span(first)
    for leaf in LEAVES[:first]:
        alone.append(leaf)
    together.append_all(LEAVES[:first])
    at = first
    for piece in pieces:
        leaves = [leaf_hash(str(number).encode()) for number in range(at, at + piece)]
        at += piece
        for leaf in leaves:
            alone.append(leaf)
            span.append(leaf)
        together.append_all(leaves)
        row.append_all(leaves)
        assert (together.size, together.peaks) == (alone.size, alone.peaks)
        assert (row.size, row.nodes) == (span.size, span.nodes)


def test_leaves_that_are_no_hashes_are_refused_and_none_is_taken() -> None:
    for tree in (Frontier(), Span(3)):
        with pytest.raises(FormatError):
            tree.append_all([bytes(32), bytes(31)])
    assert Frontier().root() == EMPTY_ROOT


@pytest.mark.parametrize("count", [0, 3, 5, 255])
def test_a_subtree_stands_over_a_power_of_two(count: int) -> None:
    with pytest.raises(FormatError):
        subtree([bytes(32)] * count)


def test_a_subtree_stands_over_whole_hashes() -> None:
    with pytest.raises(FormatError, match="32 bytes"):
        subtree([bytes(32), bytes(31)])


def test_a_subtree_is_the_node_above_its_hashes() -> None:
    assert [subtree(LEAVES[: 1 << level]) for level in range(8)] == [mth(LEAVES[: 1 << level]) for level in range(8)]
