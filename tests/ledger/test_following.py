"""A later checkpoint is held against one seen before, from tiles alone."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.errors import FormatError, GatewayError
from gateway.ledger.checkpoint import Checkpoint
from gateway.ledger.following import Diverged, compare, leaf_at, needed, needed_leaf
from gateway.ledger.merkle import EMPTY_ROOT, root, verify_inclusion
from gateway.ledger.tiles import WIDTH, Tile, tile_root

LEAVES = [sha256(number.to_bytes(4)).digest() for number in range(70_000)]
OTHER = [*LEAVES[:500], *(sha256(leaf).digest() for leaf in LEAVES[500:])]
SIZES = (1, 2, 255, 256, 257, 511, 512, 1_000, 65_535, 65_536, 70_000)


class Log:
    """Tiles of a log, of every size that it had."""

    def __init__(self, leaves: list[bytes]) -> None:
        self.leaves = leaves
        self.levels = [leaves]
        while len(self.levels[-1]) >= WIDTH:
            below = self.levels[-1]
            self.levels.append([tile_root(below[at : at + WIDTH]) for at in range(0, len(below) - WIDTH + 1, WIDTH)])
        self.roots: dict[int, bytes] = {}

    def at(self, size: int) -> Checkpoint:
        if size not in self.roots:
            self.roots[size] = root(self.leaves[:size])
        return Checkpoint("example.com/log", size, self.roots[size])

    def tile(self, tile: Tile) -> bytes:
        hashes = self.levels[tile.level or 0][tile.index * WIDTH : tile.index * WIDTH + tile.width]
        assert len(hashes) == tile.width
        return b"".join(hashes)

    def tiles(self, before: Checkpoint | None, after: Checkpoint) -> dict[Tile, bytes]:
        return {tile: self.tile(tile) for tile in needed(before, after)}


LOG, FORK = Log(LEAVES), Log(OTHER)


@pytest.mark.parametrize("second", SIZES)
def test_a_log_that_grows_is_followed_from_every_size_by_few_tiles(second: int) -> None:
    after = LOG.at(second)
    compare(None, after, LOG.tiles(None, after))
    for first in [size for size in SIZES if size <= second]:
        tiles = LOG.tiles(LOG.at(first), after)
        assert len(tiles) <= 6
        compare(LOG.at(first), after, tiles)


def test_an_empty_log_is_the_beginning_of_every_other() -> None:
    empty = Checkpoint("example.com/log", 0, EMPTY_ROOT)
    compare(None, empty, {})
    compare(empty, LOG.at(257), LOG.tiles(empty, LOG.at(257)))


def _kind(before: Checkpoint | None, after: Checkpoint, tiles: dict[Tile, bytes]) -> str:
    with pytest.raises(Diverged) as told:
        compare(before, after, tiles)
    return told.value.kind


@pytest.mark.parametrize(("first", "second"), [(501, 502), (512, 70_000), (600, 601), (65_536, 70_000)])
def test_a_log_that_is_another_after_some_record_is_a_fork(first: int, second: int) -> None:
    before, after = LOG.at(first), FORK.at(second)
    assert _kind(before, after, FORK.tiles(before, after)) == "fork"
    compare(LOG.at(500), after, FORK.tiles(LOG.at(500), after))


def test_of_one_size_there_is_one_root_and_of_fewer_records_none() -> None:
    compare(LOG.at(600), LOG.at(600), {})
    assert _kind(LOG.at(600), FORK.at(600), {}) == "fork"
    assert _kind(LOG.at(600), LOG.at(599), {}) == "rollback"


def test_tiles_that_do_not_give_the_signed_root_prove_nothing_either_way() -> None:
    before, after = LOG.at(501), LOG.at(600)
    good = LOG.tiles(before, after)
    assert _kind(before, after, FORK.tiles(before, after)) == "tiles"
    for tile in good:
        for bad in (b"", good[tile][:-1], good[tile][:-32], good[tile] + bytes(32), bytes(len(good[tile]))):
            assert _kind(before, after, {**good, tile: bad}) == "tiles"
        assert _kind(before, after, {name: data for name, data in good.items() if name != tile}) == "tiles"


@given(
    first=st.integers(0, 2**63 - 1),
    second=st.integers(0, 2**63 - 1),
    data=st.binary(max_size=9_000),
)
def test_whatever_is_served_it_is_few_tiles_and_no_other_error(first: int, second: int, data: bytes) -> None:
    before, after = (Checkpoint("example.com/log", size, bytes(32)) for size in (first, second))
    wanted = needed(before, after)
    assert len(wanted) <= 20
    assert len(needed(None, after)) <= 9
    assert all(1 <= tile.width <= WIDTH for tile in wanted)
    if first == second:
        return
    with pytest.raises(GatewayError):
        compare(before, after, dict.fromkeys(wanted, data))


@pytest.mark.parametrize("size", SIZES)
def test_a_leaf_is_proven_by_few_tiles_wherever_it_stands(size: int) -> None:
    point = LOG.at(size)
    for index in {0, 1, 255, 256, 511, size // 2, size - 1} & set(range(size)):
        tiles = {tile: LOG.tile(tile) for tile in needed_leaf(index, point)}
        assert len(tiles) <= 6
        leaf, path = leaf_at(index, point, tiles)
        assert leaf == LEAVES[index]
        verify_inclusion(leaf, index, size, path, point.root)


def test_tiles_that_are_not_those_of_the_signed_root_prove_no_leaf() -> None:
    point = LOG.at(1_000)
    tiles = {tile: FORK.tile(tile) for tile in needed_leaf(700, point)}
    with pytest.raises(Diverged, match="tiles"):
        leaf_at(700, point, tiles)
    with pytest.raises(Diverged, match="missing"):
        leaf_at(700, point, {})
    with pytest.raises(FormatError):
        needed_leaf(1_000, point)
