"""A bundle that leaves encrypted alone: made in a working file that nobody can read, and written out as ciphertext."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Sequence
from contextlib import nullcontext
from typing import BinaryIO

from gateway.core.refusal import Refusal
from gateway.evidence.age import Recipient, encrypt
from gateway.evidence.bundle import Progress
from gateway.evidence.manifest import Manifest
from gateway.evidence.scratch import directory_of, scratch

Build = Callable[[BinaryIO], Awaitable[Manifest | Refusal]]
"""Writes a bundle to a file as `bundle.build` does."""


async def build_encrypted(
    write: BinaryIO,
    recipients: Sequence[Recipient],
    build: Build,
    tick: Callable[[], None] = lambda: None,
    *,
    work: BinaryIO | None = None,
) -> Manifest | Refusal:
    """What `build` writes, encrypted to the recipients (at least one), to `write`, which gets nothing else.

    `work`: an empty working file that it is built in, which stays open; one of its own where None is given.

    `tick` is called between two pieces, in another thread, and ends it by what it raises. What `write` holds after a
    refusal or an error is to be thrown away.
    """
    with scratch(directory_of(write)) if work is None else nullcontext(work) as place:
        found = await build(place)
        if isinstance(found, Refusal):
            return found
        place.seek(0)
        await _beside_the_loop(place, write, recipients, tick)
    return found


class Told:
    """A bundle's progress, told again as it was while the file is encrypted: who hears of it may end that by what it
    raises, as it may end the rest."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress
        self._last = (0, 0)

    def __call__(self, done: int, total: int) -> None:
        self._last = (done, total)
        self.again()

    def again(self) -> None:
        if self._progress is not None:
            self._progress(*self._last)


class _Stopped(Exception):
    """Raised in the thread where nobody waits for it any more."""


async def _beside_the_loop(
    work: BinaryIO, write: BinaryIO, recipients: Sequence[Recipient], tick: Callable[[], None]
) -> None:
    """In a thread, which has ended when this returns or raises: it must not write to what is closed."""
    stopped = threading.Event()

    def look() -> None:
        if stopped.is_set():
            raise _Stopped
        tick()

    running = asyncio.ensure_future(asyncio.to_thread(encrypt, work, write, recipients, look))
    try:
        await asyncio.shield(running)
    except asyncio.CancelledError:
        stopped.set()
        await asyncio.wait([running])
        if not running.cancelled():
            running.exception()  # seen: it is of no use to anybody
        raise
