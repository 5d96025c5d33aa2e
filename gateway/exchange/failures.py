"""Failed identifications: the first of a source in a window is a record of its own, the rest are counted into one.

So a flood can neither fill the ledger nor pass unseen. What is counted and not yet on record is lost with the process:
at most one window.
"""

import msgspec

from gateway.core.ports import Clock

MAX_SOURCES = 10_000
OTHER = "other"
"""Stands for every further source when too many fail at once."""


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """Failures of one source and code: `count` of them within `window_s`."""

    source: str
    code: str
    count: int
    window_s: int


class Failures:
    """Counts failures by source and code."""

    def __init__(self, clock: Clock, window_s: int = 60) -> None:
        self._clock, self._window_s = clock, window_s
        self._open: dict[tuple[str, str], list[int]] = {}
        self._ended: list[Counted] = []

    def note(self, source: str, code: str) -> Counted | None:
        """Count one failure; what to record now, or None when it goes into the window's own record."""
        key = (source, code)
        now = self._clock.monotonic_ns()
        if key not in self._open and len(self._open) >= MAX_SOURCES:
            key = (OTHER, code)
        window = self._open.get(key)
        if window is None or window[0] <= now:
            self._end(key)
            self._open[key] = [now + self._window_s * 1_000_000_000, 0]
            return Counted(source=key[0], code=code, count=1, window_s=self._window_s)
        window[1] += 1
        return None

    def due(self, everything: bool = False) -> list[Counted]:
        """What windows that have ended counted beyond their first; with `everything`, open windows too (at a stop)."""
        now = self._clock.monotonic_ns()
        for key in [key for key, window in self._open.items() if everything or window[0] <= now]:
            self._end(key)
        found, self._ended = self._ended, []
        return found

    def _end(self, key: tuple[str, str]) -> None:
        """Close the window of a key; what it counted beyond its first is due."""
        _, count = self._open.pop(key, (0, 0))
        if count:
            self._ended.append(Counted(source=key[0], code=key[1], count=count, window_s=self._window_s))
