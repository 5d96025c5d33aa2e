"""A growing tree has the root that its leaves have, and fills exactly the tiles that a tree of its size has."""

from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.errors import FormatError
from gateway.ledger.merkle import Frontier, root
from gateway.ledger.tiles import newly_full, tile_root
from gateway.store.growth import FullTile, Growth, partial_levels

LEAVES = [sha256(number.to_bytes(4)).digest() for number in range(66_200)]


def grown(growth: Growth, leaves: list[bytes]) -> list[FullTile]:
    return [tile for leaf in leaves for tile in growth.append(leaf)]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1500), st.integers(0, 1500))
def test_the_root_and_the_tiles_are_those_of_the_leaves_wherever_it_was_interrupted(first: int, more: int) -> None:
    growth = Growth.empty()
    grown(growth, LEAVES[:first])
    tiles = grown(growth, LEAVES[first : first + more])
    assert growth.size == first + more
    assert growth.root() == root(LEAVES[: first + more])
    names = {(tile.level, tile.index) for tile in newly_full(first, first + more)}
    assert {(tile.level, tile.index) for tile in tiles} == names
    for tile in tiles:
        assert tile.hashes == b"".join(LEAVES[tile.index * 256 : (tile.index + 1) * 256])


def test_a_tile_of_the_second_level_holds_the_roots_of_256_tiles() -> None:
    growth = Growth.empty()
    tiles = grown(growth, LEAVES)
    assert growth.root() == root(LEAVES)
    above = [tile for tile in tiles if tile.level == 1]
    assert [(tile.level, tile.index) for tile in above] == [(1, 0)]
    roots = [tile_root(LEAVES[at : at + 256]) for at in range(0, 65_536, 256)]
    assert above[0].hashes == b"".join(roots)


def test_a_copy_grows_on_its_own() -> None:
    growth = Growth.empty()
    grown(growth, LEAVES[:300])
    copy = growth.copy()
    grown(copy, LEAVES[300:600])
    assert growth.size == 300
    assert growth.root() == root(LEAVES[:300])
    assert copy.root() == root(LEAVES[:600])


@pytest.mark.parametrize(("size", "levels"), [(0, 0), (1, 1), (255, 1), (256, 2), (65_535, 2), (65_536, 3)])
def test_a_tree_has_as_many_tile_levels_as_its_size_has_bytes(size: int, levels: int) -> None:
    assert partial_levels(size) == levels


def test_partial_tiles_that_do_not_fit_the_size_are_refused() -> None:
    frontier = Frontier(1, [LEAVES[0]])
    wrong: list[list[list[bytes]]] = [[], [[]], [LEAVES[:2]], [LEAVES[:1], LEAVES[:1]]]
    for partial in wrong:
        with pytest.raises(FormatError):
            Growth(frontier, partial)
