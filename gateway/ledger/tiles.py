"""The tree cut into tiles that never change once full (C2SP tlog-tiles v0.1.0).

Tile `index` of `level` holds up to 256 hashes, each the root of a perfect subtree of 256^level leaves. A path is
`tile/<L>/<N>[.p/<W>]`, entries `tile/entries/<N>[.p/<W>]`; N in groups of three digits, all but the last with an `x`
before them.
"""

import re
from collections.abc import Iterator, Sequence

import msgspec

from gateway.core.errors import FormatError
from gateway.ledger.merkle import HASH_BYTES, subtree

WIDTH = 256
HEIGHT = 8
MAX_LEVEL = 63
FULL_BYTES = WIDTH * HASH_BYTES
_PATH = re.compile(r"tile/(0|[1-9][0-9]?|entries)/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")


class Tile(msgspec.Struct, frozen=True):
    """A tile's name. `level` is None for a tile of entries; `width` is 256 for a full one, 1 to 255 for a partial."""

    level: int | None
    index: int
    width: int = WIDTH

    @property
    def full(self) -> bool:
        return self.width == WIDTH


def encode_path(tile: Tile) -> str:
    """`tile/0/x001/x234/067.p/112`; `FormatError` for a tile that cannot be."""
    if tile.index < 0 or not 1 <= tile.width <= WIDTH or not 0 <= (tile.level or 0) <= MAX_LEVEL:
        raise FormatError("a tile must have a level of 0 to 63, an index of at least 0 and a width of 1 to 256")
    number, groups = divmod(tile.index, 1000)
    name = f"{groups:03d}"
    while number:
        number, group = divmod(number, 1000)
        name = f"x{group:03d}/{name}"
    partial = "" if tile.full else f".p/{tile.width}"
    return f"tile/{'entries' if tile.level is None else tile.level}/{name}{partial}"


def parse_path(path: str) -> Tile:
    """The tile that exactly this path names; `FormatError` for any other text, other spellings of a tile included."""
    match = _PATH.fullmatch(path) if len(path) <= 64 else None
    if match is None:
        raise FormatError("a tile's path must be tile/<L>/<N>[.p/<W>]")
    level = None if match[1] == "entries" else int(match[1])
    width = WIDTH if match[3] is None else int(match[3])
    tile = Tile(level, int(match[2].replace("x", "").replace("/", "")), width)
    if (match[3] is not None and tile.full) or encode_path(tile) != path:
        raise FormatError("a tile's path must be in its shortest form")
    return tile


def tiles(size: int) -> Iterator[Tile]:
    """All tiles of hashes that a tree of `size` has, full and partial, none empty: level by level, left to right."""
    for level in range(MAX_LEVEL + 1):
        hashes = size >> (HEIGHT * level)
        if not hashes:
            return
        for index in range(hashes // WIDTH):
            yield Tile(level, index)
        if hashes % WIDTH:
            yield Tile(level, hashes // WIDTH, hashes % WIDTH)


def newly_full(old: int, new: int) -> Iterator[Tile]:
    """The tiles that are full in the tree of `new` and were not in the tree of `old`, lower levels first: the hashes
    of a level are the `tile_root`s of the level below."""
    for level in range(MAX_LEVEL + 1):
        first, end = old >> (HEIGHT * (level + 1)), new >> (HEIGHT * (level + 1))
        if not end:
            return
        for index in range(first, end):
            yield Tile(level, index)


def partial_width(level: int, size: int) -> int:
    """How many hashes the last tile of a level has beyond its full ones: 0 to 255."""
    return (size >> (HEIGHT * level)) % WIDTH


def locate(level: int, index: int) -> tuple[int, int, int, int]:
    """Where the perfect subtree (level, index) is found: (tile level, tile index, first hash, end) in the tile.

    The subtree's hash is `tile_root` of that slice: one hash for a level that is a multiple of 8, else 2 to 128.
    """
    tile_level, above = divmod(level, HEIGHT)
    first = index << above
    return tile_level, first // WIDTH, first % WIDTH, first % WIDTH + (1 << above)


def split(data: bytes) -> list[bytes]:
    """The hashes of a tile's bytes; `FormatError` unless they are 1 to 256 whole hashes."""
    if not data or len(data) % HASH_BYTES or len(data) > FULL_BYTES:
        raise FormatError("a tile must be 1 to 256 hashes of 32 bytes")
    return [data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)]


def tile_root(hashes: Sequence[bytes]) -> bytes:
    """The node above a power of two of neighbouring hashes; `FormatError` for another number of them."""
    return subtree(hashes)


def encode_entries(records: Sequence[bytes]) -> bytes:
    """The bytes of a tile of entries: each a big-endian uint16 length and the record."""
    return b"".join(len(record).to_bytes(2) + record for record in records)


def split_entries(data: bytes) -> list[bytes]:
    """The reverse of `encode_entries`; `FormatError` for bytes that end within an entry or hold more than 256."""
    records: list[bytes] = []
    at = 0
    while at < len(data):
        end = at + 2 + int.from_bytes(data[at : at + 2])
        if end > len(data) or at + 2 > len(data) or len(records) == WIDTH:
            raise FormatError("a tile of entries must be whole entries, at most 256")
        records.append(data[at + 2 : end])
        at = end
    return records
