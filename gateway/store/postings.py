"""Where in a ledger the values of enumerated columns are: block by block, made after the records and from them alone.

A block is 4,096 records in a row. For each column that can be searched by and each value that occurs in a block, a
posting says at which places: one row for as many records as have it, so that a value that is rare costs two bytes a
record and one that is common a bit. Nothing of it is written with the records (`indexer` makes it later), and nothing
has to be believed: a search looks at the columns of what it finds, and `gateway audit verify` makes every posting
again.

Prior art: bitmap indexes of column stores; two encodings, chosen for each block, are those of roaring bitmaps.
"""

from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from operator import ge
from struct import unpack

from gateway.core.errors import FormatError

BLOCK = 4_096
"""Records of a block: number b holds `seq` from b × BLOCK on."""
FIELDS = ("actor", "agent", "action", "decision", "purpose", "outcome", "zone", "event")
"""Columns of `record` with postings of their own; the classes in its column `classes` are the field `data_class`."""
CLASS = "data_class"
_BITMAP = BLOCK // 8
_WHOLE = (1 << BLOCK) - 1

Postings = dict[tuple[str, str], int]
"""Field and value → the places in a block that have it: bit i is the record of `seq` = block × BLOCK + i."""


def put(postings: Postings, place: int, row: Mapping[str, str | None]) -> None:
    """Add the record at this place of its block, by its columns."""
    bit = 1 << place
    for field in FIELDS:
        value = row[field]
        if value is not None:
            key = field, value
            postings[key] = postings.get(key, 0) | bit
    for name in _classes(row["classes"]):
        key = CLASS, name
        postings[key] = postings.get(key, 0) | bit


def encode(bits: int) -> bytes:
    """Places as they are kept: two bytes each (big-endian, ascending) for less than 256 of them, else the 512 bytes of
    a bitmap (bit i of byte j is place 8j + i). Only one form fits, so that equal places are equal bytes."""
    if bits.bit_count() < _BITMAP // 2:
        return b"".join(place.to_bytes(2, "big") for place in ascending(bits))
    return bits.to_bytes(_BITMAP, "little")


def decode(data: bytes) -> int:
    """Places of what `encode` made; `FormatError` for anything else."""
    if len(data) == _BITMAP:
        bits = int.from_bytes(data, "little")
        if bits.bit_count() < _BITMAP // 2:
            raise FormatError("a posting of few places must name them")
        return bits
    if not 0 < len(data) < _BITMAP or len(data) % 2:
        raise FormatError("a posting must be places of two bytes each, or a bitmap")
    places = unpack(f">{len(data) // 2}H", data)
    if places[-1] >= BLOCK or any(map(ge, places, places[1:])):
        raise FormatError("a posting must hold ascending places of its block")
    return gathered(places)


def gathered(places: Iterable[int]) -> int:
    """These places of a block as bits."""
    # Not bit by bit in an integer, which is copied for each.
    row = bytearray(_BITMAP)
    for place in places:
        row[place >> 3] |= 1 << (place & 7)
    return int.from_bytes(row, "little")


def ascending(bits: int) -> Iterator[int]:
    """The places, the lowest first."""
    while bits:
        low = bits & -bits
        yield low.bit_length() - 1
        bits ^= low


def descending(bits: int) -> Iterator[int]:
    """The places, the highest first."""
    while bits:
        place = bits.bit_length() - 1
        yield place
        bits ^= 1 << place


def from_place(first: int) -> int:
    """The places from `first` on."""
    return _WHOLE ^ ((1 << first) - 1)


def to_place(last: int) -> int:
    """The places up to `last`, which is one of them."""
    return (1 << (last + 1)) - 1


def ones(count: int) -> int:
    """The first `count` places."""
    return (1 << count) - 1


class Tally:
    """Whether two lots of postings are the same ones, in whatever order each is met: a sum of hashes for each block."""

    def __init__(self) -> None:
        self._sums: dict[int, int] = {}

    def add(self, block: int, field: str, value: str, places: bytes) -> None:
        parts = (str(block).encode(), field.encode(), value.encode("utf-8", "surrogatepass"), places)
        said = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
        self._sums[block] = (self._sums.get(block, 0) + int.from_bytes(sha256(said).digest())) % (1 << 256)

    def add_all(self, block: int, postings: Postings) -> None:
        for (field, value), bits in postings.items():
            self.add(block, field, value, encode(bits))

    def join(self, other: "Tally") -> None:
        """What another has of blocks that this one has nothing of."""
        self._sums.update(other._sums)

    def other(self, than: "Tally", blocks: Iterable[int]) -> int | None:
        """The first of these blocks that is not the same in both; None where all are."""
        return next((one for one in blocks if self._sums.get(one, 0) != than._sums.get(one, 0)), None)


def _classes(column: str | None) -> list[str]:
    """The names in a column of classes (`ledger.index.class_text`)."""
    return [] if column is None else [name for name in column.split("|") if name]
