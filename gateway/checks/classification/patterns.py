"""RE2 (linear in text and pattern, no backtracking) over shadows: the one place where it is called.

A call costs half a microsecond before it reads a byte, and finding a group costs several times what finding a match
does. So a match is found first, without its group, and then, where the pattern is a lead, a group and an end, the group
by two more searches that each begin at a known place.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

import re2

from gateway.checks.classification.normalise import shadow
from gateway.checks.classification.sources import is_lazy, needed, over_shadow, pieces
from gateway.core.errors import ConfigurationError

_ANYWHERE = re2._re2.RE2.Anchor.UNANCHORED
_HERE = re2._re2.RE2.Anchor.ANCHOR_START
_EVERY = bytes(range(256))


def _options() -> re2.Options:
    """Latin-1 (one byte a character), quiet, with room enough that its automata need not be rebuilt: in 64 MiB RE2
    could not hold that of the triggers with 2,000 words of an operator's, and searched fifty times as long.
    """
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.log_errors = False
    options.max_mem = 192 << 20
    return options


def _compiled(source: str) -> Any:
    """The extension type below the `re2` module's own `re`-like one: that one's match objects and generators cost
    several times the matching. `ConfigurationError` for what RE2 does not accept."""
    try:
        compiled = re2._re2.RE2(over_shadow(source, _written).encode("latin-1"), _options())
    except UnicodeEncodeError as error:
        raise ConfigurationError("a pattern must be of Latin-1 characters") from error
    if not compiled.ok():
        raise ConfigurationError("a pattern is not in RE2 syntax")
    return compiled


class Pattern:
    """A compiled pattern. `ConfigurationError` for one that RE2 does not accept."""

    def __init__(self, source: str) -> None:
        compiled = _compiled(source)
        self._match = compiled.Match
        self._group = 1 if compiled.NumberOfCapturingGroups() else 0
        self._whole = self._match
        self._apart: tuple[Any, Any] | None = None
        self._behind: Any = None
        apart = pieces(source) if compiled.NumberOfCapturingGroups() == 1 else None
        if apart is not None:
            lead, value = apart
            self._whole = _compiled(f"{lead}{value}").Match
            self._apart = _compiled(lead).Match, _compiled(value).Match
            if is_lazy(lead):
                self._behind = _compiled(f"\\b{value}").Match

    @property
    def grouped(self) -> bool:
        """Whether its spans are those of a group."""
        return bool(self._group)

    def spans(self, shade: bytes, start: int, most: int = 0) -> list[tuple[int, int, int, int]]:
        """Matches from `start` on, none overlapping or empty: where each begins, its span (group 1 or all), its end.
        `most`: the first so many alone."""
        found: list[tuple[int, int, int, int]] = []
        while (match := self.next(shade, start)) is not None:
            found.append(match)
            if len(found) == most:
                break
            start = match[3]
        return found

    def next(self, shade: bytes, start: int) -> tuple[int, int, int, int] | None:
        """The first match from `start` on whose span is not empty, as in `spans`."""
        length = len(shade)
        while start < length:
            begin, end = self._whole(_ANYWHERE, shade, start, length)[0]
            if begin < 0:
                return None
            if self._group:
                first, last = self._inside(shade, begin, end)
                if last > first:
                    return begin, first, last, end
            elif end > begin:
                return begin, begin, end, end
            start = max(end, begin + 1)
        return None

    def _inside(self, shade: bytes, begin: int, end: int) -> tuple[int, int]:
        """Where the group lies in a match.

        Among the ways to match, RE2 prefers as Perl does: the lead's most preferred way of all with which the rest
        matches. So where the value follows the lead's own most preferred way, that is it; else RE2 has to say.
        """
        if self._apart is not None:
            lead, value = self._apart
            middle = lead(_HERE, shade, begin, end)[0][1]
            if middle >= 0:
                first, last = value(_HERE, shade, middle, end)[0]
                if first >= 0:
                    return first, last
        span: tuple[int, int] = self._match(_HERE, shade, begin, end)[1]
        return span

    def first(self, shade: bytes, start: int) -> int | None:
        """Where the first match at or after `start` begins."""
        begin: int = self._whole(_ANYWHERE, shade, start, len(shade))[0][0]
        return None if begin < 0 else begin

    def at(self, shade: bytes, start: int) -> tuple[int, int] | None:
        """The span (group 1 or all) of a match that begins exactly here."""
        end: int = self._whole(_HERE, shade, start, len(shade))[0][1]
        if end < 0:
            return None
        if self._behind is None:
            return self._inside(shade, start, end) if self._group else (start, end)
        # As few characters as there can be stand before the value: it is the first one.
        span: tuple[int, int] = self._behind(_ANYWHERE, shade, start, end)[0]
        return span

    def prefix(self, shade: bytes) -> int:
        """How long a match at the very beginning is; 0 when there is none."""
        return max(0, int(self._whole(_HERE, shade, 0, len(shade))[0][1]))


class Anywhere:
    """Whether a pattern of ASCII stands anywhere in a text as it is written: what begins with letters without end costs
    `re` a look at each of them."""

    def __init__(self, source: str) -> None:
        compiled = re2._re2.RE2(source.encode("ascii"), _options())
        if not compiled.ok():
            raise ConfigurationError("a pattern is not in RE2 syntax")
        self._match = compiled.Match

    def stands_in(self, text: str) -> bool:
        plain = text.encode("latin-1", "replace")
        begin: int = self._match(_ANYWHERE, plain, 0, len(plain))[0][0]
        return begin >= 0


class Gates:
    """Many patterns, one pass: which of them match anywhere."""

    def __init__(self, sources: Sequence[str]) -> None:
        self._all = frozenset(range(len(sources)))
        gates = re2.Set.SearchSet(_options())
        for source in sources:
            gates.Add(over_shadow(source, _written).encode("latin-1"))
        # Matches always: when it is missing from an answer, the set itself failed, and every gate counts as open.
        self._sentinel = len(sources)
        gates.Add(b"")
        gates.Compile()
        self._set = gates._set  # what the wrapper asks, without it

    def open(self, shade: bytes) -> frozenset[int]:
        """Indices of the patterns that match; one that is no pattern's may be among them."""
        found = frozenset(self._set.Match(shade))
        return found if self._sentinel in found else self._all


def quoted(text: str) -> str:
    """A pattern for exactly this Latin-1 text."""
    if text.isascii() and text.isalnum():  # as most of ten thousand names are
        return text
    return bytes(re2.escape(text.encode("latin-1"))).decode("latin-1")


def any_of(names: Iterable[str]) -> str:
    """A pattern for any of these words, whole. What is beyond ASCII is no part of a word to RE2, so that no border is
    asked for beside it."""
    kinds: dict[tuple[str, str], list[str]] = {}
    for shade in sorted({shadow(name).decode("latin-1") for name in names}):
        borders = (r"\b" if shade[0].isascii() else "", r"\b" if shade[-1].isalnum() and shade[-1].isascii() else "")
        kinds.setdefault(borders, []).append(quoted(shade))
    return "|".join(f"{begins}(?:{'|'.join(shades)}){ends}" for (begins, ends), shades in kinds.items())


def needed_by(source: str) -> bytes:
    """Bytes of which every match of a pattern holds one; empty where none are known that are rare in text."""
    return needed(source, _members)


@lru_cache(maxsize=256)
def _members(source: str) -> frozenset[int]:
    """The single bytes that a pattern of one byte matches."""
    return _single(_compiled(f"(?:{source})+"))


@lru_cache(maxsize=1024)
def _written(source: str) -> frozenset[int]:
    """The single bytes that a class as it is written matches; none where RE2 does not accept it."""
    compiled = re2._re2.RE2(f"(?:{source})+".encode("latin-1"), _options())
    return _single(compiled) if compiled.ok() else frozenset()


def _single(compiled: Any) -> frozenset[int]:
    """The bytes of which a pattern matches any run."""
    found: set[int] = set()
    end = 0
    while end < len(_EVERY):
        begin, end = compiled.Match(_ANYWHERE, _EVERY, end, len(_EVERY))[0]
        if begin < 0:
            break
        found.update(range(begin, end))
    return frozenset(found)
