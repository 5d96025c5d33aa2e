"""Finds all hits in one window of text: gates, patterns, checks, words near by.

A window is at most a few hundred characters, so everything here is bounded, whatever the text. What is looked at is
less: only recognizers whose gate is open, and words only from the first trigger to the last.
"""

from bisect import bisect_left
from collections.abc import Callable

import msgspec

from gateway.checks.classification.candidates import ANY, DIGITS, Finder, LabelFinder, finder, holds, label_finder
from gateway.checks.classification.columns import headings, heads, naming, rows
from gateway.checks.classification.normalise import (
    ESCAPED,
    LETTER,
    MARKED,
    ODD,
    UPPER,
    Mapped,
    normalise,
    outline,
    shadow,
    undo_escapes,
)
from gateway.checks.classification.overlaps import WORD, Hit, resolve
from gateway.checks.classification.patterns import Anywhere, Gates, Pattern, needed_by, quoted
from gateway.checks.classification.readings import CODED, ENCODED, IN_CODE, is_spread, reread
from gateway.checks.classification.recognizer import NUMBERS, TRIGGER, Lexicon
from gateway.checks.classification.registry import Registry
from gateway.checks.classification.words import IN_GAP, Words, widest
from gateway.core.finding import Finding

_LEVELS = 3
"""How deep JSON inside of strings inside of JSON is read, or addresses inside of addresses."""
_HIDDEN = 3
"""Of how many texts within a window it is asked what their tag characters say."""
_WIDE = r"(?: [ \t\n\r\x0b\x0c]|[\t\n\r\x0b\x0c])"
"""How a gap begins that is no space alone."""
_PLANS = 4096
"""How many plans are remembered."""


def finding_of(hit: Hit, end: int) -> Finding:
    """What may be told of a hit."""
    return Finding(hit.type, hit.start, end, hit.score, hit.reason)


def place_of(finding: Finding) -> tuple[int, int, str]:
    """Findings in the order of the text."""
    return (finding.start, finding.end, finding.type)


class Sight(msgspec.Struct, frozen=True, gc=False):
    """Where looking may find something in a window: no trigger begins between the window's start and `first`, and none
    at or after `quiet`. What begins at or after `limit` is of no interest. None of this changes what is found before.
    """

    first: int
    quiet: int
    limit: int


class Located(msgspec.Struct, frozen=True, gc=False):
    """All hits of a window, by place; `complete` is False when something in it could not be read. `runs`: where what
    is read as base64 or hexadecimal begins and ends, and whether it holds text. All that is found in one is found at
    its beginning, so it is read whole or not at all."""

    hits: list[Hit]
    complete: bool
    runs: tuple[tuple[int, int, bool], ...] = ()


class _Plan(msgspec.Struct, frozen=True):
    """What to do where certain gates are open. `context`: whether words near by matter to any of them; `ahead`: whether
    those behind a candidate do."""

    finders: tuple[Finder, ...]
    context: bool
    ahead: bool


class Locator:
    """The compiled form of a registry. Immutable after construction; may be shared between threads."""

    def __init__(self, registry: Registry) -> None:
        registry.check()
        gates = sorted({item.gate for item in registry.recognizers})
        # One automaton of all would have a state for what each part is at, at once: text that it has not seen yet
        # makes new ones all the time.
        wordy = [gate for gate in gates if not needed_by(gate)]
        others = [gate for gate in gates if needed_by(gate)]
        self._gates = Gates(wordy), Gates(others)
        self._finders = tuple(finder(rank, item) for rank, item in enumerate(registry.recognizers))
        behind: dict[str, list[Finder]] = {}
        for one, item in zip(self._finders, registry.recognizers, strict=True):
            behind.setdefault(item.gate, []).append(one)
        self._behind = [behind[gate] for gate in wordy], [behind[gate] for gate in others]
        self._plans: dict[tuple[frozenset[int], frozenset[int]], _Plan] = {}
        self._labels: dict[str, list[LabelFinder]] = {}
        for rank, label in enumerate(registry.labels, len(self._finders)):
            self._labels.setdefault(label.lexicon, []).append(label_finder(rank, label))
        self.trigger: Callable[[bytes, int], int | None] = Pattern(_trigger(registry, gates)).first
        """Where in a shadow the first reason to look closer at or after a place begins."""
        self._any = Pattern(r"[0-9A-Za-z]*")
        self._escaped = Pattern(ESCAPED)
        self._coded = Pattern(CODED)
        self._telling: dict[str, Lexicon] = {item.id: item for item in registry.lexicons if item.type is not None}
        self._said = {
            lexicon.id: (self._telling.get(lexicon.id), tuple(self._labels.get(lexicon.id, ())))
            for lexicon in registry.lexicons
            if lexicon.type is not None or lexicon.id in self._labels
        }
        self._words = Words(registry.lexicons, _named(registry))
        self.headings = headings(registry)
        """What a column of a table may be headed with."""
        self.naming = naming(self.headings)
        """Of these, what names a value of JSON that stands beside it, too."""
        self._rows = Anywhere(source) if (source := rows(registry)) else None

    def may_table(self, text: str) -> bool:
        """Whether a text without a trigger may be a table of which a heading alone says what it holds: quickly told of
        most."""
        return ("\n" in text or "\r" in text) and self._rows is not None and self._rows.stands_in(text)

    def continuation(self, hit: Hit, text: str) -> int:
        """How many characters at the beginning of `text` continue a hit that ran into the end of its window."""
        if hit.onward is None:
            return 0
        pattern = self._any if hit.onward == ANY else self._finders[hit.onward].onward
        return pattern.prefix(shadow(text))

    def locate(self, text: str, start: int, shade: bytes | None = None, sight: Sight | None = None) -> Located:
        """Hits that begin at or after `start`; what is before it is context. Offsets are into `text`, `shade` is its
        outline. `sight`: where to look, nowhere else than there is anything to find."""
        if shade is None:
            shade = outline(text)
        length = len(text)
        if sight is None:
            sight = Sight(start, length, length)
        if self._may_be_coded(shade):
            return self._escapes(text, start)
        mapped = normalise(text)
        if mapped.starts is None:
            return Located(resolve(self._in_form(mapped.text, shade, start, sight)), True)
        if mapped.hidden or mapped.unread > start or self._may_be_coded(shadow(mapped.text)):
            # What is invisible says something, or stood within a code, whose outline then shows none.
            return self._escapes(text, start)
        return Located(resolve(self._in_mapped(mapped, start, sight, length)), True)

    def _may_be_coded(self, shade: bytes) -> bool:
        """Whether a text of this outline may be read otherwise than it is written."""
        return (
            b"\\" in shade
            or ((b"%" in shade or b"&" in shade) and self._escaped.first(shade, 0) is not None)
            or self._coded.first(shade, 0) is not None
        )

    def _escapes(self, text: str, start: int) -> Located:
        """As `locate`, for text that may be read otherwise than it is written: so, and at each level of the other."""
        hits: list[Hit] = []
        runs: list[tuple[int, int, bool]] = []
        complete = True
        texts = [normalise(text)]
        for number, mapped in enumerate(texts):
            levels, whole = self._levels(mapped, start, len(text), runs)
            found = [hit for level in levels for hit in self._everywhere(level, start, len(text))]
            if found and len(levels) > 1:
                inside = _insides(levels[1])
                found = [_snap(hit, inside, start) for hit in found]
            hits += found
            complete = complete and whole and all(level.unread <= start for level in levels)
            hidden = [one for level in levels for one in level.hidden]
            if number < _HIDDEN:
                texts += hidden
            else:
                complete = complete and not hidden
        return Located(resolve(hits), complete, tuple(runs))

    def _levels(
        self, mapped: Mapped, start: int, length: int, runs: list[tuple[int, int, bool]]
    ) -> tuple[list[Mapped], bool]:
        """A text and what it stands for, level by level, and whether nothing is left to read. Adds runs as `_read`."""
        levels = [mapped]
        for _ in range(_LEVELS):
            level = self._read(levels[-1], runs)
            if level is None:
                return levels, not is_spread(levels[-1], start, length)
            levels.append(level)
        return levels, self._is_plain(levels[-1]) and not is_spread(levels[-1], start, length)

    def _everywhere(self, mapped: Mapped, start: int, length: int) -> list[Hit]:
        return self._in_mapped(mapped, start, Sight(start, length, length), length)

    def _read(self, mapped: Mapped, runs: list[tuple[int, int, bool]]) -> Mapped | None:
        """The next level of a text: its escapes undone, and what they left, where it may be coded, decoded. Adds the
        runs that are."""
        level = undo_escapes(mapped)
        plain = mapped if level is None else level
        if self._coded.first(shadow(plain.text), 0) is None:
            return level
        return reread(plain, runs) or level

    def _is_plain(self, mapped: Mapped) -> bool:
        """Whether there is nothing left to read, but for backslashes that stand for themselves."""
        shade = shadow(mapped.text)
        return self._escaped.first(shade, 0) is None and (self._coded.first(shade, 0) is None or reread(mapped) is None)

    def _in_mapped(self, mapped: Mapped, start: int, sight: Sight, length: int) -> list[Hit]:
        """Hits in text that was changed, at their places in the text as it was. Where characters became more or less
        than one is itself a trigger, so that what comes of it begins before `quiet`; but it may begin before the first
        one."""
        shade = shadow(mapped.text)
        if mapped.starts is None:
            return self._in_form(mapped.text, shade, start, Sight(start, sight.quiet, sight.limit))
        low = bisect_left(mapped.starts, start)
        quiet, limit = bisect_left(mapped.starts, sight.quiet), bisect_left(mapped.starts, sight.limit)
        found = self._in_form(mapped.text, shade, low, Sight(low, quiet, limit))
        return [_moved(hit, mapped, length) for hit in found if hit.end > hit.start]

    def _in_form(self, text: str, shade: bytes, low: int, sight: Sight) -> list[Hit]:
        """Hits that begin at or after `low` in text in its plain form.

        A gate and a word that is a finding are triggers, so they begin where `sight` says. A value under a label holds
        a digit, and other words are context only of what is found: both say how far words are looked for.
        """
        found: list[Hit] = []
        first, limit, length = sight.first, sight.limit, len(text)
        end = min(length, sight.quiet + TRIGGER)
        wordy, others = self._gates
        seen = shade[first - 1 if first else 0 : end]
        open_ = wordy.open(seen), others.open(seen)
        plan = self._plans.get(open_) or self._plan(open_)
        begin, last = first, min(end, limit + TRIGGER)
        if self._labels and holds(shade, low, length, DIGITS):
            begin = low
            if last < length and end <= limit and holds(shade, end, length, DIGITS):
                last = min(length, limit + TRIGGER)
        if plan.context:
            begin, last = 0, length if plan.ahead else last
        near = self._words.places(text, begin, last)
        for name, places in near.items():
            if name not in self._said:
                continue
            telling, labels = self._said[name]
            if telling is not None and telling.type is not None:
                kind, score, reason = telling.type, telling.score, telling.reason
                found += [Hit(kind, at, to, score, reason, at, WORD) for at, to in places if low <= at < limit]
            for label in labels:
                label.find(text, shade, places, low, limit, found)
        limit = min(limit, sight.quiet)
        for item in plan.finders:
            item.find(text, shade, low, limit, end, near, found)
        return found

    def _plan(self, open_: tuple[frozenset[int], frozenset[int]]) -> _Plan:
        """What to do where these gates are open. One that is no gate is the set's own."""
        finders = [
            one
            for numbers, behind in zip(open_, self._behind, strict=True)
            for number in sorted(numbers)
            if number < len(behind)
            for one in behind[number]
        ]
        plan = _Plan(tuple(finders), any(one.context for one in finders), any(one.ahead for one in finders))
        if len(self._plans) < _PLANS:
            self._plans[open_] = plan
        return plan


def _named(registry: Registry) -> set[str]:
    """The lexicons whose words names are made of: what labels and makes something of a candidate, not what clears."""
    near = {near.lexicon for item in registry.recognizers for near in item.near}
    cleared = {item.unless for item in registry.recognizers} | {one.id for one in registry.lexicons if one.type}
    return (near | {label.lexicon for label in registry.labels}) - cleared


def _trigger(registry: Registry, gates: list[str]) -> str:
    """Where looking closer is worth it: any gate, any word that is a finding, whole as `words` has it, the digits that
    labels name, anything odd or escaped."""
    found = sorted({word for lexicon in registry.lexicons if lexicon.type is not None for word in lexicon.words})
    whole: dict[tuple[str, str], list[str]] = {}
    for word in found:
        begins = r"(?:\b|_)" if word[0].isascii() and word[0].isalnum() else ""
        ends = r"s?(?:[^0-9A-Za-z\xC0\xE0]|$)" if word[-1].isalnum() else ""
        either = _either(word)
        whole.setdefault((begins, ends), []).append(either)
    folded = [f"{begins}(?i:{'|'.join(several)}){ends}" for (begins, ends), several in whole.items()]
    numbers = [NUMBERS] if registry.labels else []
    headed = [some] if (some := heads(registry)) else []
    return "|".join(
        [*(f"(?:{gate})" for gate in gates), *folded, *_parted(found), *numbers, *headed, ODD, ESCAPED, MARKED, CODED]
    )


def _parted(words: list[str]) -> list[str]:
    """Where a phrase may be whose words stand further apart than by a space: all of it up to the first such gap, and
    the letter behind. To ask for the rest with any gaps costs the search twenty times as much."""
    heads: dict[tuple[str, str, int], set[str]] = {}
    for word in words:
        begins = r"(?:\b|_)" if word[0].isascii() and word[0].isalnum() else ""
        for at, character in enumerate(word):
            if character == " ":
                heads.setdefault((begins, word[at + 1], widest(word)), set()).add(word[:at])
    return [
        f"{begins}(?i:{'|'.join(map(_either, sorted(some)))}){_WIDE}{IN_GAP}{{0,{wide - 1}}}(?i:{_either(following)})"
        for (begins, following, wide), some in heads.items()
    ]


def _either(word: str) -> str:
    """A pattern for a word in any case. RE2 knows no case of what is beyond ASCII in a shadow: letters there are given
    both."""
    return quoted(shadow(word).decode("latin-1")).replace(LETTER, f"[{UPPER}{LETTER}]")


def _moved(hit: Hit, mapped: Mapped, length: int) -> Hit:
    start, end = mapped.span(hit.start, hit.end)
    reach, _ = mapped.span(hit.reach, hit.reach + 1)
    onward = hit.onward if end == length else None
    reason = hit.reason
    if end - start >= ENCODED and mapped.is_one(hit.start, hit.end):
        reason = f"{IN_CODE}{reason}"
    return Hit(hit.type, start, end, hit.score, reason, reach, hit.rank, onward)


def _insides(read: Mapped) -> dict[int, tuple[int, int]]:
    """Every place inside of what was decoded → where that begins and ends."""
    pairs = zip(read.starts or (), read.ends or (), strict=True)
    wide = dict.fromkeys((first, last) for first, last in pairs if last - first > 1)
    return {place: (first, last) for first, last in wide for place in range(first + 1, last)}


def _snap(hit: Hit, inside: dict[int, tuple[int, int]], low: int) -> Hit:
    """Widen a hit in the text as written to whole escapes, so that masking never leaves half of one."""
    start = max(low, inside[hit.start][0] if hit.start in inside else hit.start)
    end = inside[hit.end][1] if hit.end in inside else hit.end
    if (start, end) == (hit.start, hit.end) and hit.reach >= low:
        return hit
    return Hit(hit.type, start, end, hit.score, hit.reason, max(low, min(hit.reach, start)), hit.rank, hit.onward)
