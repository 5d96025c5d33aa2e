import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.errors import FormatError
from gateway.ledger.chain import leaf_hash
from gateway.ledger.merkle import inclusion_path, root, verify_inclusion
from gateway.ledger.tiles import (
    Tile,
    encode_entries,
    encode_path,
    locate,
    newly_full,
    parse_path,
    partial_width,
    split,
    split_entries,
    tile_root,
    tiles,
)


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 1234067), "tile/0/x001/x234/067"),
        (Tile(0, 0), "tile/0/000"),
        (Tile(1, 999), "tile/1/999"),
        (Tile(1, 1000), "tile/1/x001/000"),
        (Tile(0, 273, 112), "tile/0/273.p/112"),
        (Tile(63, 5, 1), "tile/63/005.p/1"),
        (Tile(None, 1234067, 255), "tile/entries/x001/x234/067.p/255"),
    ],
)
def test_paths_of_tiles_are_those_of_the_specification(tile: Tile, path: str) -> None:
    assert encode_path(tile) == path
    assert parse_path(path) == tile


@pytest.mark.parametrize(
    "path",
    [
        "",
        "tile/0/0",
        "tile/0/00",
        "tile/0/0000",
        "tile/0/x000/001",
        "tile/0/001/002",
        "tile/0/x001",
        "tile/00/001",
        "tile/64/001",
        "tile/-1/001",
        "tile/0/001.p/0",
        "tile/0/001.p/256",
        "tile/0/001.p/01",
        "tile/0/001.p/",
        "/tile/0/001",
        "tile/0/001/",
        "tile/0/001\n",
        "tile/0/٠٠١",
        "tile/../001",
        "tile/0/" + "x001/" * 50 + "001",
    ],
)
def test_other_paths_are_refused(path: str) -> None:
    with pytest.raises(FormatError):
        parse_path(path)


@given(level=st.none() | st.integers(0, 63), index=st.integers(0, 2**55), width=st.integers(1, 256))
@settings(max_examples=100)
def test_every_tile_is_named_and_found_by_its_path(level: int | None, index: int, width: int) -> None:
    tile = Tile(level, index, width)
    assert parse_path(encode_path(tile)) == tile


@given(path=st.text(alphabet="tile/entrs0123456789x.p-", max_size=40))
@settings(max_examples=100)
def test_a_path_that_is_read_is_written_back(path: str) -> None:
    try:
        tile = parse_path(path)
    except FormatError:
        return
    assert encode_path(tile) == path


@pytest.mark.parametrize("tile", [Tile(0, -1), Tile(0, 0, 0), Tile(0, 0, 257), Tile(64, 0), Tile(-1, 0)])
def test_tiles_that_cannot_be_have_no_path(tile: Tile) -> None:
    with pytest.raises(FormatError):
        encode_path(tile)


def test_the_tiles_of_a_tree_of_70000_are_those_of_the_specification() -> None:
    paths = [encode_path(tile) for tile in tiles(70_000)]
    assert len(paths) == 273 + 1 + 1 + 1 + 1
    assert paths[:273] == [f"tile/0/{index:03d}" for index in range(273)]
    assert paths[273:] == ["tile/0/273.p/112", "tile/1/000", "tile/1/001.p/17", "tile/2/000.p/1"]
    assert [partial_width(level, 70_000) for level in range(4)] == [112, 17, 1, 0]


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 65_535, 65_536, 65_537])
def test_no_tile_is_empty_and_all_hashes_have_one(size: int) -> None:
    found = list(tiles(size))
    assert sum(tile.width for tile in found if tile.level == 0) == size
    assert sum(tile.width for tile in found if tile.level == 1) == size // 256
    assert len(set(found)) == len(found)


@given(sizes=st.lists(st.integers(0, 200_000), max_size=4).map(sorted))
@settings(max_examples=30)
def test_growing_in_steps_makes_every_full_tile_once(sizes: list[int]) -> None:
    made: list[Tile] = []
    for old, new in zip([0, *sizes], sizes, strict=False):
        made.extend(newly_full(old, new))
    full = [tile for tile in tiles(sizes[-1]) if tile.full] if sizes else []
    assert sorted(made, key=str) == sorted(full, key=str)


def test_proofs_come_out_of_tiles_alone() -> None:
    """A store that keeps only tiles serves every perfect subtree through `locate` and `tile_root`."""
    size = 700
    leaves = [leaf_hash(str(number).encode()) for number in range(size)]
    level1 = [tile_root(leaves[at : at + 256]) for at in range(0, 512, 256)]
    stored = {(0, 0): leaves[:256], (0, 1): leaves[256:512], (0, 2): leaves[512:], (1, 0): level1}

    def node(level: int, index: int) -> bytes:
        tile_level, tile_index, first, end = locate(level, index)
        return tile_root(stored[tile_level, tile_index][first:end])

    tree = root(leaves)
    for index in [0, 1, 255, 256, 511, 512, 600, 699]:
        verify_inclusion(leaves[index], index, size, inclusion_path(index, size, node), tree)


@pytest.mark.parametrize("count", [0, 3, 255])
def test_only_powers_of_two_have_a_node_above(count: int) -> None:
    with pytest.raises(FormatError):
        tile_root([bytes(32)] * count)


def test_a_tile_splits_into_its_hashes_and_nothing_else_does() -> None:
    assert split(bytes(32) + b"\x01" * 32) == [bytes(32), b"\x01" * 32]
    for data in (b"", bytes(31), bytes(33), bytes(32 * 257)):
        with pytest.raises(FormatError):
            split(data)


@given(records=st.lists(st.binary(max_size=40), max_size=10))
def test_entries_are_read_as_written(records: list[bytes]) -> None:
    assert split_entries(encode_entries(records)) == records


@pytest.mark.parametrize("data", [b"\x00", b"\x00\x01", b"\x00\x00\x00", b"\x00\x02a", b"\xff\xff" + bytes(65_534)])
def test_entries_cut_short_are_refused(data: bytes) -> None:
    with pytest.raises(FormatError):
        split_entries(data)


def test_more_than_256_entries_are_refused() -> None:
    assert len(split_entries(encode_entries([b"x"] * 256))) == 256
    with pytest.raises(FormatError):
        split_entries(encode_entries([b"x"] * 257))
