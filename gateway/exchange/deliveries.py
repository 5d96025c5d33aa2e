"""Bundles on their way to where their schedule says: what is delivered, and what a place promises that takes it.

There are two: a directory (`directory_delivery`) and a receiver over HTTPS (`webhook_delivery`).
"""

import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import msgspec

DAMAGED = "damaged"
"""The code of a file that is not what the bundle's row says: it is made anew."""
PIECE = 1 << 20
"""Bytes of a file that are held at once."""


class Parcel(msgspec.Struct, frozen=True, kw_only=True):
    """A bundle to be delivered: its file, its SHA-256 in hex, and what it is of. `tenant` is the configured id."""

    file: Path
    digest: str
    tenant: str
    schedule: str
    period: str
    bundle: str
    suffix: str = ".zip"
    """`.zip.age` where it is encrypted."""

    @property
    def name(self) -> str:
        """Of its file: no id holds a `~`, so that no two are the same."""
        return f"{self.tenant}~{self.schedule}~{self.period}{self.suffix}"


class Delivery(Protocol):
    """A place that bundles go to. What is delivered twice is there once: who delivers may die before it has said so."""

    kind: str

    def close(self) -> None:
        """Let go of what it holds, once nothing is delivered any more."""
        ...

    async def deliver(self, parcel: Parcel) -> str | None:
        """None when the other side has all of it, durably as far as can be seen; else the code of why not. Where it has
        the same already, that counts as delivered."""
        ...


@contextmanager
def wanted() -> Iterator[threading.Event]:
    """Set once nobody waits any more for what is done in a thread, however that came."""
    given_up = threading.Event()
    try:
        yield given_up
    finally:
        given_up.set()


def demand(given_up: threading.Event) -> None:
    """`InterruptedError` once nobody waits."""
    if given_up.is_set():
        raise InterruptedError


def copied(read: Callable[[int], bytes], write: Callable[[bytes], int], given_up: threading.Event) -> str:
    """The SHA-256 of all that was read, in hex. `InterruptedError` once nobody waits for it."""
    found = hashlib.sha256()
    while piece := read(PIECE):
        demand(given_up)
        found.update(piece)
        write(piece)
    return found.hexdigest()
