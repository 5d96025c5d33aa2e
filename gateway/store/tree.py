"""A ledger's tree as the database holds it: full tiles of every level, and the records' own hashes beyond them.

Whatever is asked for is put together from as few rows as possible. A tile that is not there (not yet full, or not yet
written) is made from what is below it. Nothing is verified here: who needs the truth compares with a signed root.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from itertools import groupby

from sqlalchemy import select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from gateway.core.errors import VerificationError
from gateway.ledger.merkle import HASH_BYTES, Node, consistency_path, inclusion_path
from gateway.ledger.tiles import FULL_BYTES, WIDTH, locate, split, tile_root
from gateway.store.engine import reading
from gateway.store.sql import reachable
from gateway.store.tables import record, tile

Place = tuple[int, int]
"""A perfect subtree: (level, index), as in `ledger.merkle`."""
MAX_REMEMBERED = 20_000
_TILES_A_READ = 64


class TreeReader:
    """Reads hashes of one ledger's tree."""

    def __init__(self, engine: AsyncEngine, ledger: str) -> None:
        self._engine, self._ledger = engine, ledger
        # Roots of full tiles, by the level and index of the hash that each is one level up: they never change.
        self._roots: dict[tuple[int, int], bytes] = {}

    async def inclusion(self, index: int, size: int) -> list[bytes]:
        """The audit path of a leaf (RFC 9162 §2.1.3); `FormatError` unless index < size."""
        wanted: set[Place] = set()
        inclusion_path(index, size, _noting(wanted))
        found = await self.nodes(wanted)
        return inclusion_path(index, size, lambda level, place: found[level, place])

    async def consistency(self, first: int, second: int) -> list[bytes]:
        """The consistency proof (RFC 9162 §2.1.4); `FormatError` unless 0 < first ≤ second."""
        wanted: set[Place] = set()
        consistency_path(first, second, _noting(wanted))
        found = await self.nodes(wanted)
        return consistency_path(first, second, lambda level, place: found[level, place])

    async def peaks(self, size: int) -> list[bytes]:
        """The roots of the perfect subtrees that make up a tree of `size`, from left to right (`merkle.Frontier`)."""
        levels = [level for level in reversed(range(size.bit_length())) if size >> level & 1]
        places = [(level, (size >> level) - 1) for level in levels]
        found = await self.nodes(places)
        return [found[place] for place in places]

    async def nodes(self, places: Iterable[Place]) -> dict[Place, bytes]:
        """The hashes of these perfect subtrees. `VerificationError` when the ledger is not that large."""
        where = sorted((locate(*place), place) for place in set(places))
        if not where:
            return {}
        groups = {key: list(group) for key, group in groupby(where, key=lambda item: item[0][:2])}
        found: dict[Place, bytes] = {}
        with reachable():
            async with reading(self._engine, self._ledger) as connection:
                # All full tiles in one statement: a proof needs some three, and what costs is the way to the database.
                whole = await self._full(connection, list(groups))
                for (level, index), wanted in groups.items():
                    first, end = min(item[0][2] for item in wanted), max(item[0][3] for item in wanted)
                    if (level, index) in whole:
                        hashes = whole[level, index][first:end]
                    else:
                        hashes = await self._made(connection, level, index * WIDTH + first, index * WIDTH + end)
                    for (_, _, start, stop), place in wanted:
                        found[place] = tile_root(hashes[start - first : stop - first])
        return found

    async def hashes(self, level: int, first: int, end: int) -> list[bytes]:
        """Hashes `first` to `end` (exclusive) of a tile level, which must lie in one tile."""
        if first == end:
            return []
        with reachable():
            async with reading(self._engine, self._ledger) as connection:
                return await self._hashes(connection, level, first, end)

    async def leaves(self, first: int, end: int) -> AsyncIterator[list[bytes]]:
        """Leaf hashes `first` to `end` (exclusive), multiples of 256, from full tiles alone, some at a time: those of
        records that lie elsewhere. `VerificationError` where a tile is not there."""
        for start in range(first // WIDTH, end // WIDTH, _TILES_A_READ):
            stop = min(start + _TILES_A_READ, end // WIDTH)
            with reachable():
                async with reading(self._engine, self._ledger) as connection:
                    tiles = await self._tiles(connection, 0, start, stop)
            if len(tiles) != stop - start:
                raise VerificationError("tree: a tile of records that lie in an archive is missing")
            yield [leaf for index in range(start, stop) for leaf in tiles[index]]

    async def _hashes(self, connection: AsyncConnection, level: int, first: int, end: int) -> list[bytes]:
        index = first // WIDTH
        whole = (await self._tiles(connection, level, index, index + 1)).get(index)
        if whole is not None:
            return whole[first - index * WIDTH : end - index * WIDTH]
        return await self._made(connection, level, first, end)

    async def _made(self, connection: AsyncConnection, level: int, first: int, end: int) -> list[bytes]:
        """Hashes of a tile that is not there, from what is below it."""
        if level == 0:
            return await self._leaves(connection, first, end)
        return await self._from_below(connection, level, first, end)

    async def _from_below(self, connection: AsyncConnection, level: int, first: int, end: int) -> list[bytes]:
        """Hashes of a level whose tile is not there: each is the root of a full tile of the level below."""
        missing = [index for index in range(first, end) if (level, index) not in self._roots]
        roots: dict[int, bytes] = {}
        for start in range(0, len(missing), _TILES_A_READ):
            chunk = missing[start : start + _TILES_A_READ]
            tiles = await self._tiles(connection, level - 1, chunk[0], chunk[-1] + 1)
            for index in chunk:
                below = tiles.get(index)
                if below is None:
                    below = await self._hashes(connection, level - 1, index * WIDTH, (index + 1) * WIDTH)
                roots[index] = self._remember(level, index, tile_root(below))
            await asyncio.sleep(0)  # hashing a chunk takes milliseconds: others may have their turn
        return [roots[index] if index in roots else self._roots[level, index] for index in range(first, end)]

    def _remember(self, level: int, index: int, root: bytes) -> bytes:
        if len(self._roots) < MAX_REMEMBERED:
            self._roots[level, index] = root
        return root

    async def _tiles(self, connection: AsyncConnection, level: int, first: int, end: int) -> dict[int, list[bytes]]:
        query = select(tile.c.idx, tile.c.hashes).where(
            tile.c.tenant == self._ledger, tile.c.level == level, tile.c.idx >= first, tile.c.idx < end
        )
        tiles: dict[int, list[bytes]] = {}
        for index, hashes in await connection.execute(query):
            tiles[index] = _split(hashes)
        return tiles

    async def _full(self, connection: AsyncConnection, names: Sequence[Place]) -> dict[Place, list[bytes]]:
        """Those of the tiles of these levels and indexes that are there."""
        # Each by its key: for a list of pairs, and for several of them joined by OR, SQLite reads every tile there is.
        mine = select(tile.c.level, tile.c.idx, tile.c.hashes).where(tile.c.tenant == self._ledger)
        one_by_one = (mine.where(tile.c.level == level, tile.c.idx == index) for level, index in names)
        found = await connection.execute(union_all(*one_by_one))
        return {(level, index): _split(hashes) for level, index, hashes in found}

    async def _leaves(self, connection: AsyncConnection, first: int, end: int) -> list[bytes]:
        query = (
            select(record.c.hash)
            .where(record.c.tenant == self._ledger, record.c.seq >= first, record.c.seq < end)
            .order_by(record.c.seq)
        )
        leaves = [bytes(row[0]) for row in await connection.execute(query)]
        if len(leaves) != end - first or any(len(leaf) != HASH_BYTES for leaf in leaves):
            raise VerificationError("tree: the hash of a record is missing")
        return leaves


def _split(hashes: bytes) -> list[bytes]:
    if len(hashes) != FULL_BYTES:
        raise VerificationError("tree: a tile in the database is not full")
    return split(bytes(hashes))


def _noting(wanted: set[Place]) -> Node:
    """Stands in for the tree, to learn which of its nodes a proof is made of."""

    def node(level: int, index: int) -> bytes:
        wanted.add((level, index))
        return bytes(HASH_BYTES)

    return node
