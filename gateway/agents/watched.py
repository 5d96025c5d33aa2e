"""Files that somebody writes anew while the gateway serves: when to read them again.

They are looked at when they are needed, `LOOK_S` apart at the most. What was read and is unfit, as files are that are
being written, is read again at each look until it is not.
"""

import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path

LOOK_S = 5
_Stamp = tuple[int, int, int] | None


class Watched:
    """Some files. Make it before they are first read: what is written in between is seen at the next look."""

    def __init__(self, files: Iterable[str | Path], clock: Callable[[], int] = time.monotonic_ns) -> None:
        """`clock` in nanoseconds."""
        self._files, self._clock = tuple(files), clock
        self._stamps = self._looked()
        self._next = clock() + LOOK_S * 1_000_000_000
        self.written = False
        """Whether the last look found them written since the one before: what is wrong with them is told once."""
        self._unread = False

    def due(self) -> bool:
        """Whether to read them now: written anew, or not `taken` since. Cheap between looks."""
        now = self._clock()
        if not self._files or now < self._next:
            return False
        self._next = now + LOOK_S * 1_000_000_000
        stamps = self._looked()
        self.written, self._stamps = stamps != self._stamps, stamps
        self._unread = self._unread or self.written
        return self._unread

    def taken(self) -> None:
        """What they hold is in use."""
        self._unread = False

    def _looked(self) -> tuple[_Stamp, ...]:
        return tuple(map(_stamp, self._files))


def _stamp(file: str | Path) -> _Stamp:
    """What tells one writing of a file from another; None where it is not there."""
    try:
        found = os.stat(file)
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
