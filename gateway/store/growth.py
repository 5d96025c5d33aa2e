"""The right edge of a growing tree: what a checkpoint's root is made of, and the tiles that become full on the way.

Pure, and the same whether it goes on from where it was or was loaded from the database after a start.
"""

import msgspec

from gateway.core.errors import FormatError
from gateway.ledger.merkle import Frontier
from gateway.ledger.tiles import WIDTH, partial_width, tile_root


class FullTile(msgspec.Struct, frozen=True):
    """A tile that has just become full: it never changes again."""

    level: int
    index: int
    hashes: bytes


class Growth:
    """A tree of some size, ready for the next leaf."""

    def __init__(self, frontier: Frontier, partial: list[list[bytes]]) -> None:
        """`partial[l]`: the hashes of the last, not full, tile of level l. `FormatError` unless they fit the size."""
        size = frontier.size
        if any(len(hashes) != partial_width(level, size) for level, hashes in enumerate(partial)):
            raise FormatError("the partial tiles must fit the tree's size")
        if partial_levels(size) > len(partial):
            raise FormatError("a level's partial tile is missing")
        self._frontier, self._partial = frontier, partial

    @classmethod
    def empty(cls) -> "Growth":
        return cls(Frontier(), [])

    @property
    def size(self) -> int:
        return self._frontier.size

    def root(self) -> bytes:
        return self._frontier.root()

    def append(self, leaf_hash: bytes) -> list[FullTile]:
        """One more leaf; the tiles that it fills, lower levels first."""
        self._frontier.append(leaf_hash)
        filled: list[FullTile] = []
        level, node = 0, leaf_hash
        while True:
            if level == len(self._partial):
                self._partial.append([])
            row = self._partial[level]
            row.append(node)
            if len(row) < WIDTH:
                return filled
            index = (self.size >> (8 * (level + 1))) - 1
            filled.append(FullTile(level, index, b"".join(row)))
            node = tile_root(row)
            self._partial[level] = []
            level += 1

    def copy(self) -> "Growth":
        return Growth(self._frontier.copy(), [list(row) for row in self._partial])


def partial_levels(size: int) -> int:
    """How many tile levels a tree of `size` has hashes in."""
    return (max(size, 1).bit_length() - 1) // 8 + 1 if size else 0
