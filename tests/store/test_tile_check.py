"""A stored tile is what the records give, at every level, or is named; what is not there, or is of newer records, is no
failure."""

from hashlib import sha256

import pytest
from sqlalchemy import insert

from gateway.core.errors import VerificationError
from gateway.ledger.merkle import root
from gateway.store.growth import Growth
from gateway.store.tables import tile
from gateway.store.tile_check import Tiles, check_tiles
from tests.store.kit import LEDGER, Store
from tests.store.ledger_kit import changing

SIZE = 256 * 256 + 300
LEAVES = [sha256(b"%d" % number).digest() for number in range(SIZE)]


async def fill(store: Store) -> None:
    growth = Growth.empty()
    full = [one for leaf in LEAVES for one in growth.append(leaf)]
    rows = [{"tenant": LEDGER, "level": one.level, "idx": one.index, "hashes": one.hashes} for one in full]
    async with changing(store.where) as connection:
        await connection.execute(insert(tile), rows)


def taken(size: int = SIZE) -> Tiles:
    """In two parts, as by two processes."""
    found, later = Tiles(), Tiles()
    found.take_all(LEAVES[:4096])
    later.take_all(LEAVES[4096:size])
    found.join(later)
    return found


def test_the_hash_above_each_tile_is_its_root() -> None:
    found = taken()
    assert (len(found.digests), found.roots[1]) == (257, root(LEAVES[256:512]))


async def test_tiles_that_are_what_the_leaves_give_hold(store: Store) -> None:
    await fill(store)
    assert await check_tiles(store.engine, LEDGER, taken()) == 0
    assert await check_tiles(store.engine, LEDGER, taken(SIZE - 300)) == 257 * 256, "one became full meanwhile"
    async with store.bare() as bare:
        await bare.run("tile", "DELETE FROM tile WHERE level = 0 AND idx = 9")
    assert await check_tiles(store.engine, LEDGER, taken()) == 0


@pytest.mark.parametrize(("level", "index"), [(0, 0), (0, 100), (0, 256), (1, 0)])
async def test_one_that_was_changed_is_named(store: Store, level: int, index: int) -> None:
    await fill(store)
    zeros = "zeroblob(length(hashes))" if store.where.kind == "sqlite" else "decode(repeat('00', 8192), 'hex')"
    async with store.bare() as bare:
        await bare.run("tile", f"UPDATE tile SET hashes = {zeros} WHERE level = {level} AND idx = {index}")
    with pytest.raises(VerificationError, match=f"tiles: tile {index} of level {level} is not"):
        await check_tiles(store.engine, LEDGER, taken())
