"""Pieces of working files, each by its place and its digest."""

from collections.abc import Iterator
from hashlib import sha256
from typing import BinaryIO

import msgspec

from gateway.core.errors import VerificationError
from gateway.evidence.container import BLOCK


class NotAsKept(VerificationError):
    """What was kept is not what is said of it, or would be made otherwise now: nothing of it is to be used."""


class Piece(msgspec.Struct, frozen=True):
    """What is in a working file under a name: where its bytes begin, how many there are, and their SHA-256 in hex."""

    name: str
    place: int
    size: int
    sha256: str


class Spool:
    """Lines of details on their way into a bundle, one behind the other in a working file of their own."""

    def __init__(self, file: BinaryIO) -> None:
        """`file`: empty, seekable, to be written and read."""
        self.file = file
        self._hash, self._size = sha256(), 0

    def write(self, data: bytes) -> None:
        self.file.write(data)
        self._hash.update(data)
        self._size += len(data)

    @property
    def piece(self) -> Piece:
        """All that was written so far."""
        return Piece("", 0, self._size, self._hash.hexdigest())


def blocks(file: BinaryIO, piece: Piece) -> Iterator[bytes]:
    """The bytes of a piece. `NotAsKept` where the file ends before it does; that they are those of its digest is for
    whoever takes them."""
    left = piece.size
    file.seek(piece.place)
    while left:
        block = file.read(min(BLOCK, left))
        if not block:
            raise NotAsKept("kept: a file is shorter than it was")
        left -= len(block)
        yield block
