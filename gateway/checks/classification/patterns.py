"""RE2 (linear in text and pattern, no backtracking) over shadows: the one place where it is called."""

from collections.abc import Sequence

import re2

from gateway.core.errors import ConfigurationError

_ANYWHERE = re2._re2.RE2.Anchor.UNANCHORED
_HERE = re2._re2.RE2.Anchor.ANCHOR_START


def _options() -> re2.Options:
    """Latin-1 (one byte a character), quiet, with room enough that its automata need not be rebuilt."""
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.log_errors = False
    options.max_mem = 64 << 20
    return options


class Pattern:
    """A compiled pattern. `ConfigurationError` for one that RE2 does not accept.

    Calls the extension type below the `re2` module's own `re`-like one: that one's match objects and generators cost
    several times the matching.
    """

    def __init__(self, source: str) -> None:
        try:
            compiled = re2._re2.RE2(source.encode("latin-1"), _options())
        except UnicodeEncodeError as error:
            raise ConfigurationError("a pattern must be of Latin-1 characters") from error
        if not compiled.ok():
            raise ConfigurationError("a pattern is not in RE2 syntax")
        self._match = compiled.Match
        self._group = 1 if compiled.NumberOfCapturingGroups() else 0

    def spans(self, shade: bytes, start: int) -> list[tuple[int, int, int, int]]:
        """Matches from `start` on, none overlapping or empty: where each begins, its span (group 1 or all), its end."""
        found: list[tuple[int, int, int, int]] = []
        while (match := self.next(shade, start)) is not None:
            found.append(match)
            start = match[3]
        return found

    def next(self, shade: bytes, start: int) -> tuple[int, int, int, int] | None:
        """The first match from `start` on whose span is not empty, as in `spans`."""
        length = len(shade)
        while start < length:
            spans = self._match(_ANYWHERE, shade, start, length)
            begin, end = spans[0]
            if begin < 0:
                return None
            first, last = spans[self._group]
            if last > first:
                return begin, first, last, end
            start = max(end, begin + 1)
        return None

    def first(self, shade: bytes, start: int) -> int | None:
        """Where the first match at or after `start` begins."""
        begin: int = self._match(_ANYWHERE, shade, start, len(shade))[0][0]
        return None if begin < 0 else begin

    def at(self, shade: bytes, start: int) -> tuple[int, int] | None:
        """The span (group 1 or all) of a match that begins exactly here."""
        first, last = self._match(_HERE, shade, start, len(shade))[self._group]
        return None if first < 0 else (first, last)

    def prefix(self, shade: bytes) -> int:
        """How long a match at the very beginning is; 0 when there is none."""
        return max(0, int(self._match(_HERE, shade, 0, len(shade))[0][1]))


class Gates:
    """Many patterns, one pass: which of them match anywhere."""

    def __init__(self, sources: Sequence[str]) -> None:
        self._all = frozenset(range(len(sources)))
        self._set = re2.Set.SearchSet(_options())
        for source in sources:
            self._set.Add(source.encode("latin-1"))
        # Matches always: when it is missing from an answer, the set itself failed, and every gate counts as open.
        self._sentinel = len(sources)
        self._set.Add(b"")
        self._set.Compile()

    def open(self, shade: bytes) -> frozenset[int]:
        """Indices of the patterns that match."""
        found = frozenset(self._set.Match(shade))
        return found if self._sentinel in found else self._all


def quoted(text: str) -> str:
    """A pattern for exactly this Latin-1 text."""
    return bytes(re2.escape(text.encode("latin-1"))).decode("latin-1")
