"""RE2 (linear in text and pattern, no backtracking) over shadows: the one place where it is called."""

from collections.abc import Iterator, Sequence

import re2

from gateway.core.errors import ConfigurationError


def _options() -> re2.Options:
    """Latin-1 (one byte a character), quiet, with room enough that its automata need not be rebuilt."""
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.log_errors = False
    options.max_mem = 64 << 20
    return options


class Pattern:
    """A compiled pattern. `ConfigurationError` for one that RE2 does not accept."""

    def __init__(self, source: str) -> None:
        try:
            self._compiled = re2.compile(source.encode("latin-1"), _options())
        except (re2.error, UnicodeEncodeError) as error:
            raise ConfigurationError("a pattern is not in RE2 syntax over Latin-1") from error
        self._group = 1 if self._compiled.groups else 0

    def spans(self, shade: bytes, start: int) -> Iterator[tuple[int, int, int, int]]:
        """Matches from `start` on, none overlapping: where each begins, its span (group 1 or all), where it ends."""
        group = self._group
        for match in self._compiled.finditer(shade, start):
            first, last = match.span(group)
            yield match.start(), first, last, match.end()

    def first(self, shade: bytes, start: int) -> int | None:
        """Where the first match at or after `start` begins."""
        found = self._compiled.search(shade, start)
        return None if found is None else int(found.start())

    def prefix(self, shade: bytes) -> int:
        """How long a match at the very beginning is; 0 when there is none."""
        found = self._compiled.match(shade)
        return 0 if found is None else int(found.end())


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
