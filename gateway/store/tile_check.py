"""The tiles of a ledger's tree as the database holds them, against the hashes of its records (`verification`).

Proofs are made of tiles, so that one that was changed makes proofs that prove nothing. A tile that is not there is no
failure: it is made from what is below it whenever it is asked for (`tree`), as before it was full.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.core.errors import VerificationError
from gateway.ledger.tiles import HEIGHT, WIDTH, tile_root
from gateway.store.engine import reading
from gateway.store.sql import reachable
from gateway.store.tables import tile

_CHUNK = 64
"""Tiles (8 KiB each) that are read at once."""


class Tiles:
    """What the full tiles of level 0 must be, of leaves in their order: 64 bytes for each. The leaves begin with a
    tile."""

    def __init__(self) -> None:
        self._row: list[bytes] = []
        self.digests: list[bytes] = []
        """SHA-256 of each tile's bytes: comparing costs next to nothing then."""
        self.roots: list[bytes] = []
        """The hash above each, of which the tiles of level 1 are made."""

    def take(self, leaf: bytes) -> None:
        """The next leaf hash, which was verified."""
        self._row.append(leaf)
        if len(self._row) == WIDTH:
            self.digests.append(sha256(b"".join(self._row)).digest())
            self.roots.append(tile_root(self._row))
            self._row = []

    def take_all(self, leaves: Iterable[bytes]) -> None:
        """The next ones."""
        for leaf in leaves:
            self.take(leaf)

    def join(self, later: "Tiles") -> None:
        """What another has of the leaves that follow. Both end with a tile."""
        self.digests += later.digests
        self.roots += later.roots


async def check_tiles(engine: AsyncEngine, ledger: str, tiles: Tiles) -> int:
    """Every tile that is stored is what the leaves give, at every level; `VerificationError` names the first that is
    not. Over how many records the others stand, that are of newer leaves: 0 where there is none."""
    levels, newer = _levels(tiles), 0
    after, key = (-1, -1), tuple_(tile.c.level, tile.c.idx)
    query = select(tile.c.level, tile.c.idx, tile.c.hashes).where(tile.c.tenant == ledger)
    query = query.order_by(tile.c.level, tile.c.idx).limit(_CHUNK)
    while True:
        with reachable():
            async with reading(engine, ledger) as connection:
                rows = (await connection.execute(query.where(key > after))).all()
        for level, index, hashes in rows:
            known = levels[level] if level < len(levels) else ()
            if index >= len(known):
                newer = max(newer, (index + 1) << (HEIGHT * (level + 1)))
            elif sha256(hashes).digest() != known[index]:
                raise VerificationError(f"tiles: tile {index} of level {level} is not what the records' hashes give")
        if len(rows) < _CHUNK:
            return newer
        after = (rows[-1].level, rows[-1].idx)


def _levels(tiles: Tiles) -> list[Sequence[bytes]]:
    """Level → SHA-256 of each of its full tiles."""
    found, nodes = [tiles.digests], tiles.roots
    while len(nodes) >= WIDTH:
        rows = [nodes[at : at + WIDTH] for at in range(0, len(nodes) // WIDTH * WIDTH, WIDTH)]
        found.append([sha256(b"".join(row)).digest() for row in rows])
        nodes = [tile_root(row) for row in rows]
    return list[Sequence[bytes]](found)
