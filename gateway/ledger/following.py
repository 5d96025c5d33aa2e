"""Following a ledger from outside: what a checkpoint seen later must have to do with one seen before.

Pure: who follows fetches the tiles that `needed` names (C2SP tlog-tiles v0.1.0) and puts them to `compare`. No server
is asked for a proof: the tree is put together from its own hashes, so that a proof cannot be made to measure.
"""

from collections.abc import Mapping
from typing import Literal

from gateway.core.errors import FormatError, VerificationError
from gateway.ledger.checkpoint import Checkpoint
from gateway.ledger.merkle import (
    HASH_BYTES,
    Frontier,
    Node,
    consistency_path,
    inclusion_path,
    verify_consistency,
    verify_inclusion,
)
from gateway.ledger.tiles import HEIGHT, WIDTH, Tile, locate, split, tile_root

Kind = Literal["fork", "rollback", "tiles"]


class Diverged(VerificationError):
    """A later checkpoint is not what the one before allows.

    `fork`: two checkpoints are signed, of which one at most can be true. `rollback`: the later one is of fewer records.
    `tiles`: the hashes that are served are not those of the signed root, so that nothing can be said of it.
    """

    def __init__(self, kind: Kind, message: str) -> None:
        super().__init__(f"{kind}: {message}")
        self.kind = kind


def needed(before: Checkpoint | None, after: Checkpoint) -> tuple[Tile, ...]:
    """The tiles, in the tree of `after`, from which `compare` can tell; none where sizes and roots tell by themselves.
    They are few: at most some two a level."""
    if before is not None and before.size >= after.size:
        return ()
    places: set[tuple[int, int]] = set(_peaks(after.size))

    def noting(level: int, index: int) -> bytes:
        places.add((level, index))
        return bytes(HASH_BYTES)

    if before is not None and before.size:
        consistency_path(before.size, after.size, noting)
    names = {locate(level, index)[:2] for level, index in places}
    # What a full tile holds is vouched for by one hash a level up, and so on to the signed root.
    for level, index in list(names):
        while (index + 1) * WIDTH <= after.size >> (HEIGHT * level):
            level, index = level + 1, index // WIDTH
            names.add((level, index))
    return tuple(Tile(level, index, _width(level, index, after.size)) for level, index in sorted(names))


def compare(before: Checkpoint | None, after: Checkpoint, tiles: Mapping[Tile, bytes]) -> None:
    """That `after` is a later state of the ledger of `before`, or `Diverged`.

    Both are verified checkpoints of one key (`checkpoint.verify`), `before` None where none was seen yet; `tiles` are
    those of `needed`. What is the caller's: to keep `after` for the next time, and to ask whether it is recent.
    """
    if before is not None:
        # 1. No record is gone.
        if after.size < before.size:
            raise Diverged("rollback", f"{after.size} records are signed, where {before.size} were before")
        # 2. The same records have the same root.
        if after.size == before.size:
            if after.root != before.root:
                raise Diverged("fork", f"two roots are signed of {after.size} records")
            return
    # 3. The tiles are those of the root that is signed: partial ones are made of its peaks, each full one has its root
    #    in the tile above. Only then does what they say count against the ledger.
    hashes = _hashes(tiles)
    node = _node(after, hashes)
    if Frontier(after.size, [node(*place) for place in _peaks(after.size)]).root() != after.root:
        raise Diverged("tiles", f"the hashes that are served do not give the root of {after.size} records")
    for (level, index), found in hashes.items():
        if len(found) == WIDTH and node(HEIGHT * (level + 1), index) != tile_root(found):
            raise Diverged("tiles", "a tile is not the one that the tile above it has the root of")
    # 4. By these, the tree seen before is the beginning of this one (RFC 9162 §2.1.4).
    if before is not None and before.size:
        path = consistency_path(before.size, after.size, node)
        try:
            verify_consistency(before.size, after.size, path, before.root, after.root)
        except VerificationError as error:
            raise Diverged("fork", f"the tree of {after.size} does not extend the tree of {before.size}") from error


def needed_leaf(index: int, point: Checkpoint) -> tuple[Tile, ...]:
    """The tiles, in the tree of `point`, from which `leaf_at` can tell; `FormatError` unless `index` lies below its
    size. They are few: at most some two a level."""
    places: set[tuple[int, int]] = {(0, index)}

    def noting(level: int, at: int) -> bytes:
        places.add((level, at))
        return bytes(HASH_BYTES)

    inclusion_path(index, point.size, noting)
    names = {locate(level, at)[:2] for level, at in places}
    return tuple(Tile(level, at, _width(level, at, point.size)) for level, at in sorted(names))


def leaf_at(index: int, point: Checkpoint, tiles: Mapping[Tile, bytes]) -> tuple[bytes, tuple[bytes, ...]]:
    """The leaf hash that stands at `index` under the signed root, and its path there (RFC 9162 §2.1.3): proven from
    tiles that need not be trusted. `Diverged` (`tiles`) where they are not those of that root: then nothing is known.

    `point` is a verified checkpoint, `tiles` are those of `needed_leaf`.
    """
    node = _node(point, _hashes(tiles))
    leaf, path = node(0, index), tuple(inclusion_path(index, point.size, node))
    try:
        verify_inclusion(leaf, index, point.size, path, point.root)
    except VerificationError as error:
        raise Diverged("tiles", f"the hashes that are served do not give the root of {point.size} records") from error
    return leaf, path


def _peaks(size: int) -> list[tuple[int, int]]:
    """The perfect subtrees that make up a tree, from left to right."""
    return [(level, (size >> level) - 1) for level in reversed(range(size.bit_length())) if size >> level & 1]


def _width(level: int, index: int, size: int) -> int:
    return min(WIDTH, (size >> (HEIGHT * level)) - index * WIDTH)


def _hashes(tiles: Mapping[Tile, bytes]) -> dict[tuple[int, int], list[bytes]]:
    hashes: dict[tuple[int, int], list[bytes]] = {}
    for tile, data in tiles.items():
        try:
            found = split(data)
        except FormatError as error:
            raise Diverged("tiles", "a tile is not whole hashes") from error
        if len(found) != tile.width:
            raise Diverged("tiles", "a tile has another width than its name")
        hashes[tile.level or 0, tile.index] = found
    return hashes


def _node(after: Checkpoint, hashes: Mapping[tuple[int, int], list[bytes]]) -> Node:
    def node(level: int, index: int) -> bytes:
        tile_level, tile_index, first, end = locate(level, index)
        if (tile_level, tile_index) not in hashes:
            raise Diverged("tiles", f"a tile of the tree of {after.size} is missing")
        return tile_root(hashes[tile_level, tile_index][first:end])

    return node
