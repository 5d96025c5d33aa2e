"""A ledger's tree as the database holds it: full tiles of every level, and the records' own hashes beyond them.

Whatever is asked for is put together from as few rows as possible. A tile that is not there (not yet full, or not yet
written) is made from what is below it. Nothing is verified here: who needs the truth compares with a signed root.
"""

from collections.abc import AsyncIterator, Iterable, Mapping
from functools import lru_cache, partial
from itertools import groupby
from threading import Lock
from typing import Any

from sqlalchemy import CompoundSelect, Connection, bindparam, literal_column, select, union_all
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.core.errors import VerificationError
from gateway.ledger.merkle import HASH_BYTES, Node, consistency_path, inclusion_path
from gateway.ledger.tiles import FULL_BYTES, HEIGHT, WIDTH, locate, split, tile_root
from gateway.store.engine import at_once
from gateway.store.sql import raw, reachable
from gateway.store.tables import as_bytes, record, tile

Place = tuple[int, int]
"""A perfect subtree: (level, index), as in `ledger.merkle`."""
Slice = tuple[int, int, int, int]
"""Where it is found, as `ledger.tiles.locate` says."""
MAX_REMEMBERED = 20_000
_TILES_A_READ = 64
_NO_TILE = -1

# Made once: a statement takes longer to make than to answer.
_TILES = select(tile.c.idx, tile.c.hashes).where(
    tile.c.tenant == bindparam("tenant"),
    tile.c.level == bindparam("level"),
    tile.c.idx >= bindparam("first"),
    tile.c.idx < bindparam("end"),
)
_LEAVES = (
    select(raw(record.c.hash))
    .where(record.c.tenant == bindparam("tenant"), record.c.seq >= bindparam("first"), record.c.seq < bindparam("end"))
    .order_by(record.c.seq)
)


@lru_cache(maxsize=128)
def _each(count: int, *, newest: bool) -> CompoundSelect[Any]:
    """So many tiles, each by its key (`level0`, `idx0` and so on): for a list of pairs, and for several of them joined
    by OR, SQLite reads every tile there is. `newest`: and records' own hashes, by their numbers under the level
    `_NO_TILE`, where their tile (`newest`, of level 0) is not there."""
    mine = select(tile.c.level, tile.c.idx, raw(tile.c.hashes)).where(tile.c.tenant == bindparam("tenant"))
    parts = [
        mine.where(tile.c.level == bindparam(f"level{number}"), tile.c.idx == bindparam(f"idx{number}"))
        for number in range(count)
    ]
    if newest:
        there = select(tile.c.idx).where(
            tile.c.tenant == bindparam("tenant"), tile.c.level == 0, tile.c.idx == bindparam("newest")
        )
        # In order, and no more than a tile's: otherwise a planner without statistics goes by another column's index.
        leaves = _LEAVES.add_columns(record.c.seq).where(~there.exists()).limit(WIDTH).subquery()
        parts.append(select(literal_column(str(_NO_TILE)), leaves.c.seq, leaves.c.hash))
    return union_all(*parts)


class TreeReader:
    """Reads hashes of one ledger's tree."""

    def __init__(self, engine: AsyncEngine, ledger: str) -> None:
        self._engine, self._ledger = engine, ledger
        # Perfect subtrees over full tiles whose own tile is not full yet: they never change, and every proof has some.
        self._roots: dict[Place, bytes] = {}
        self._remembering = Lock()  # on SQLite each connection has a thread

    async def inclusion(self, index: int, size: int) -> list[bytes]:
        """The audit path of a leaf (RFC 9162 §2.1.3); `FormatError` unless index < size."""
        wanted: set[Place] = set()
        inclusion_path(index, size, _noting(wanted))
        found = await self._found(wanted, size)
        return inclusion_path(index, size, lambda level, place: found[level, place])

    async def consistency(self, first: int, second: int) -> list[bytes]:
        """The consistency proof (RFC 9162 §2.1.4); `FormatError` unless 0 < first ≤ second."""
        wanted: set[Place] = set()
        consistency_path(first, second, _noting(wanted))
        found = await self._found(wanted, second)
        return consistency_path(first, second, lambda level, place: found[level, place])

    async def peaks(self, size: int) -> list[bytes]:
        """The roots of the perfect subtrees that make up a tree of `size`, from left to right (`merkle.Frontier`)."""
        levels = [level for level in reversed(range(size.bit_length())) if size >> level & 1]
        places = [(level, (size >> level) - 1) for level in levels]
        found = await self._found(places, size)
        return [found[place] for place in places]

    async def _found(self, places: Iterable[Place], size: int) -> dict[Place, bytes]:
        """The hashes of these perfect subtrees of the tree of `size`. `VerificationError` when the ledger is not that
        large."""
        wanted = set(places)
        known = {place: root for place in wanted if (root := self._roots.get(place)) is not None}
        where = sorted((locate(*place), place) for place in wanted if place not in known)
        if not where:
            return known
        groups = {key: list(group) for key, group in groupby(where, key=lambda item: item[0][:2])}
        with reachable():
            return known | await at_once(self._engine, self._ledger, partial(self._nodes, groups, size))

    def _nodes(
        self, groups: Mapping[Place, list[tuple[Slice, Place]]], size: int, connection: Connection
    ) -> dict[Place, bytes]:
        found: dict[Place, bytes] = {}
        spans = {
            key: (min(at[2] for at, _ in wanted), max(at[3] for at, _ in wanted)) for key, wanted in groups.items()
        }
        # What is there in one statement, some three tiles and the newest hashes: what costs is the way to the database.
        whole, leaves = self._there(spans, size // WIDTH, connection)
        for (level, index), wanted in groups.items():
            first, end = spans[level, index]
            if (level, index) in whole:
                hashes = whole[level, index][first:end]
            elif (level, index) == (0, size // WIDTH):
                hashes = _all_of(leaves, end - first)
            else:
                hashes = self._made(level, index * WIDTH + first, index * WIDTH + end, connection)
            for (_, _, start, stop), place in wanted:
                found[place] = tile_root(hashes[start - first : stop - first])
                if level and (level, index) not in whole:
                    self._remember(place, found[place])
        return found

    async def hashes(self, level: int, first: int, end: int) -> list[bytes]:
        """Hashes `first` to `end` (exclusive) of a tile level, which must lie in one tile."""
        if first == end:
            return []
        with reachable():
            return await at_once(self._engine, self._ledger, partial(self._hashes, level, first, end))

    async def leaves(self, first: int, end: int) -> AsyncIterator[list[bytes]]:
        """Leaf hashes `first` to `end` (exclusive), multiples of 256, from full tiles alone, some at a time: those of
        records that lie elsewhere. `VerificationError` where a tile is not there."""
        for start in range(first // WIDTH, end // WIDTH, _TILES_A_READ):
            stop = min(start + _TILES_A_READ, end // WIDTH)
            with reachable():
                tiles = await at_once(self._engine, self._ledger, partial(self._tiles, 0, start, stop))
            if len(tiles) != stop - start:
                raise VerificationError("tree: a tile of records that lie in an archive is missing")
            yield [leaf for index in range(start, stop) for leaf in tiles[index]]

    def _hashes(self, level: int, first: int, end: int, connection: Connection) -> list[bytes]:
        index = first // WIDTH
        whole = self._tiles(level, index, index + 1, connection).get(index)
        if whole is not None:
            return whole[first - index * WIDTH : end - index * WIDTH]
        return self._made(level, first, end, connection)

    def _made(self, level: int, first: int, end: int, connection: Connection) -> list[bytes]:
        """Hashes of a tile that is not there, from what is below it."""
        if level == 0:
            return self._leaves(first, end, connection)
        return self._from_below(level, first, end, connection)

    def _from_below(self, level: int, first: int, end: int, connection: Connection) -> list[bytes]:
        """Hashes of a level whose tile is not there: each is the root of a full tile of the level below."""
        height = HEIGHT * level
        found = ((index, self._roots.get((height, index))) for index in range(first, end))
        roots = {index: root for index, root in found if root is not None}
        missing = [index for index in range(first, end) if index not in roots]
        for start in range(0, len(missing), _TILES_A_READ):
            chunk = missing[start : start + _TILES_A_READ]
            tiles = self._tiles(level - 1, chunk[0], chunk[-1] + 1, connection)
            for index in chunk:
                below = tiles.get(index)
                if below is None:
                    below = self._hashes(level - 1, index * WIDTH, (index + 1) * WIDTH, connection)
                roots[index] = tile_root(below)
                self._remember((height, index), roots[index])
        return [roots[index] for index in range(first, end)]

    def _remember(self, place: Place, root: bytes) -> None:
        """Beyond the bound the oldest one goes: its tile has become full the longest ago, if any has."""
        with self._remembering:
            self._roots[place] = root
            if len(self._roots) > MAX_REMEMBERED:
                del self._roots[next(iter(self._roots))]

    def _tiles(self, level: int, first: int, end: int, connection: Connection) -> dict[int, list[bytes]]:
        asked = {"tenant": self._ledger, "level": level, "first": first, "end": end}
        return {index: _split(hashes) for index, hashes in connection.execute(_TILES, asked)}

    def _there(
        self, spans: Mapping[Place, tuple[int, int]], newest: int, connection: Connection
    ) -> tuple[dict[Place, list[bytes]], list[bytes]]:
        """Those of the tiles of these levels and indexes that are there; and where the tile `newest` of level 0 is one
        of them and is not there, the hashes of its records from the first to the end that is given for it."""
        asked: dict[str, str | int] = {"tenant": self._ledger}
        for number, (level, index) in enumerate(spans):
            asked |= {f"level{number}": level, f"idx{number}": index}
        span = spans.get((0, newest))
        if span is not None:
            asked |= {"newest": newest, "first": newest * WIDTH + span[0], "end": newest * WIDTH + span[1]}
        found = connection.execute(_each(len(spans), newest=span is not None), asked).all()
        whole = {(level, index): _split(hashes) for level, index, hashes in found if level != _NO_TILE}
        leaves = sorted((seq, as_bytes(leaf)) for level, seq, leaf in found if level == _NO_TILE)
        return whole, [leaf for _, leaf in leaves]

    def _leaves(self, first: int, end: int, connection: Connection) -> list[bytes]:
        found = connection.execute(_LEAVES, {"tenant": self._ledger, "first": first, "end": end})
        return _all_of([as_bytes(row[0]) for row in found], end - first)


def _all_of(leaves: list[bytes], count: int) -> list[bytes]:
    """So many hashes of records, each whole."""
    if len(leaves) != count or any(len(leaf) != HASH_BYTES for leaf in leaves):
        raise VerificationError("tree: the hash of a record is missing")
    return leaves


def _split(hashes: bytes) -> list[bytes]:
    if len(hashes) != FULL_BYTES:
        raise VerificationError("tree: a tile in the database is not full")
    return split(as_bytes(hashes))


def _noting(wanted: set[Place]) -> Node:
    """Stands in for the tree, to learn which of its nodes a proof is made of."""

    def node(level: int, index: int) -> bytes:
        wanted.add((level, index))
        return bytes(HASH_BYTES)

    return node
