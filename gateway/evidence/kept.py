"""What is kept of a bundle while it is written, so that another builder goes on from there.

A builder writes a bundle's members into one file, and details on their way into it to another. Now and then it says
what the two hold (`State`), and a keeper makes that durable. Who goes on is given both as they were kept, copies what
it would write itself into files of its own, and holds each piece to its digest: so whoever still writes the old ones
changes nothing of what is signed.
"""

from pathlib import Path
from typing import BinaryIO, Protocol

import msgspec

from gateway.evidence.passing import Passed
from gateway.evidence.piece import Piece
from gateway.evidence.scratch import scratch


class State(msgspec.Struct, frozen=True, kw_only=True):
    """What a builder has come to."""

    pieces: tuple[Piece, ...]
    """Members of the container, in their order. Records may be there without their end; nothing else may."""
    spool: Piece
    opened: int
    """How many details are in the spool."""
    passed: Passed


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What another builder had come to, and the files that it has left, to be read."""

    state: State
    container: BinaryIO
    spool: BinaryIO


class Keeper(Protocol):
    """Where a builder works."""

    @property
    def kept(self) -> Kept | None:
        """What there is to go on from; None for a bundle that begins."""
        ...

    @property
    def spool(self) -> BinaryIO:
        """An empty file for details on their way, none of which may lie on a disk in clear."""
        ...

    async def keep(self, state: State) -> None:
        """Make what was written so far durable, and that it is this. What it raises ends the builder."""
        ...


class Fleeting:
    """For a bundle that is written at once or not at all: nothing is kept of it. A context manager."""

    kept: Kept | None = None

    def __init__(self, directory: Path | None) -> None:
        self.spool = scratch(directory)

    def __enter__(self) -> "Fleeting":
        return self

    def __exit__(self, *_: object) -> None:
        self.spool.close()

    async def keep(self, state: State) -> None:
        """Nothing: there is nobody to go on."""
