"""Finds all hits in one window of text: gates, patterns, checks, words near by.

A window is at most a few hundred characters, so everything here is bounded, whatever the text.
"""

from bisect import bisect_left

import msgspec
from ahocorasick import Automaton

from gateway.checks.classification.classes import weight
from gateway.checks.classification.normalise import ODD, Mapped, normalise, shadow, undo_escapes
from gateway.checks.classification.patterns import Gates, Pattern, quoted
from gateway.checks.classification.recognizer import NUMBER, Label, Near, Recognizer
from gateway.checks.classification.registry import Registry
from gateway.checks.classification.validators import CHECKS, Check
from gateway.core.finding import Finding

_LEVELS = 3
"""How deep JSON inside of strings inside of JSON is read."""
_STILL_ESCAPED = r"\\u[0-9A-Fa-f]{4}"
ANY = -1
"""In the place of a recognizer's rank: letters and digits continue the hit."""
_BEFORE = 48
WORD = 1_000_000
"""The rank of hits that are words of a lexicon."""


class Hit(msgspec.Struct, frozen=True, gc=False):
    """A finding in a window. `reach` is where the text that made it begins (a label before it); `rank` orders
    recognizers among equals; `onward` is the rank of the recognizer whose match ran into the end of the window."""

    type: str
    start: int
    end: int
    score: float
    reason: str
    reach: int
    rank: int
    onward: int | None = None


def finding_of(hit: Hit, end: int) -> Finding:
    """What may be told of a hit."""
    return Finding(hit.type, hit.start, end, hit.score, hit.reason)


def place_of(finding: Finding) -> tuple[int, int, str]:
    """Findings in the order of the text."""
    return (finding.start, finding.end, finding.type)


class Located(msgspec.Struct, frozen=True, gc=False):
    """All hits of a window, by place; `complete` is False when something in it could not be read."""

    hits: list[Hit]
    complete: bool


class _Compiled(msgspec.Struct, frozen=True):
    recognizer: Recognizer
    rank: int
    gate: int
    pattern: Pattern
    check: Check | None
    near: tuple[tuple[Near, Check | None], ...]
    onward: Pattern


class _CompiledLabel(msgspec.Struct, frozen=True):
    label: Label
    rank: int
    first: Pattern
    next: Pattern
    check: Check | None


class Locator:
    """The compiled form of a registry. Immutable after construction; may be shared between threads."""

    def __init__(self, registry: Registry) -> None:
        registry.check()
        gates = sorted({item.gate for item in registry.recognizers})
        self._gates = Gates(gates)
        self._compiled = tuple(_compile(rank, item, gates) for rank, item in enumerate(registry.recognizers))
        self._labels = tuple(
            _compile_label(len(self._compiled) + index, label) for index, label in enumerate(registry.labels)
        )
        self._trigger = Pattern(_trigger(registry, gates))
        self._any = Pattern(r"[0-9A-Za-z]*")
        self._escaped = Pattern(_STILL_ESCAPED)
        self._lexicons = {lexicon.id: lexicon for lexicon in registry.lexicons}
        self._words: Automaton = Automaton()
        by_word: dict[str, list[str]] = {}
        for lexicon in registry.lexicons:
            for word in lexicon.words:
                by_word.setdefault(word, []).append(lexicon.id)
        for word, ids in by_word.items():
            self._words.add_word(word, (len(word), tuple(ids)))
        self._words.make_automaton()
        self._has_words = bool(by_word)

    def trigger(self, shade: bytes, start: int) -> int | None:
        """Where the first reason to look closer at or after `start` begins."""
        return self._trigger.first(shade, start)

    def continuation(self, hit: Hit, text: str) -> int:
        """How many characters at the beginning of `text` continue a hit that ran into the end of its window."""
        if hit.onward is None:
            return 0
        pattern = self._any if hit.onward == ANY else self._compiled[hit.onward].onward
        return pattern.prefix(shadow(text))

    def locate(self, text: str, start: int) -> Located:
        """Hits that begin at or after `start`; what is before it is context. Offsets are into `text`."""
        mapped = normalise(text)
        hits = self._in_form(mapped, start, len(text))
        if "\\" not in mapped.text:
            return Located(_resolve(hits), True)
        level: Mapped | None = mapped
        first: Mapped | None = None
        last = mapped
        for _ in range(_LEVELS):
            level = undo_escapes(last)
            if level is None:
                break
            first = first or level
            hits += self._in_form(level, start, len(text))
            last = level
        if first is not None:
            inside = _insides(first)
            hits = [_snap(hit, inside, start) for hit in hits]
        complete = level is None or self._escaped.first(shadow(last.text), 0) is None
        return Located(_resolve(hits), complete)

    def _in_form(self, mapped: Mapped, start: int, length: int) -> list[Hit]:
        text = mapped.text
        shade = shadow(text)
        fired = self._gates.open(shade)
        low = start
        if mapped.starts is not None:
            low = bisect_left(mapped.starts, start)
        found, near = self._lookup(text, low)
        for label in self._labels:
            for place in near.get(label.label.lexicon, ()):
                if place[0] >= low:
                    _labelled(label, text, shade, place, found)
        for item in self._compiled:
            if item.gate in fired:
                self._patterns(item, text, shade, low, near, found)
        if mapped.starts is None:
            return found
        return [_moved(hit, mapped, length) for hit in found if hit.end > hit.start]

    def _lookup(self, text: str, low: int) -> tuple[list[Hit], dict[str, list[tuple[int, int]]]]:
        """Whole words of the lexicons: those with a type as hits, all by lexicon for context."""
        found: list[Hit] = []
        near: dict[str, list[tuple[int, int]]] = {}
        if not self._has_words:
            return found, near
        lowered = text.lower()
        if len(lowered) != len(text):
            lowered = "".join(c if len(c.lower()) != 1 else c.lower() for c in text)
        length = len(text)
        for last, (size, ids) in self._words.iter(lowered):
            start, end = last + 1 - size, last + 1
            if start and lowered[start - 1].isalnum() and lowered[start].isalnum():
                continue
            if end < length and lowered[end].isalnum() and lowered[last].isalnum():
                if lowered[end] != "s" or (end + 1 < length and lowered[end + 1].isalnum()):
                    continue
                end += 1
            for name in ids:
                near.setdefault(name, []).append((start, end))
                lexicon = self._lexicons[name]
                if lexicon.type is not None and start >= low:
                    found.append(Hit(lexicon.type, start, end, lexicon.score, lexicon.reason, start, WORD))
        return found, near

    def _patterns(
        self,
        item: _Compiled,
        text: str,
        shade: bytes,
        low: int,
        near: dict[str, list[tuple[int, int]]],
        found: list[Hit],
    ) -> None:
        recognizer = item.recognizer
        by_words = any(option.lexicon in near for option, _ in item.near)
        if recognizer.type is None and not by_words:
            return
        while (match := item.pattern.next(shade, low)) is not None:
            reach, start, end, stop = match
            kept = self._candidate(item, text, start, end, near, by_words)
            if kept is None:
                low = reach + 1 if recognizer.again else stop
                continue
            kind, score, reason, first, last = kept
            # What the check left over may be the beginning of another.
            low = stop if start + last == end else start + last
            onward = item.rank if len(text) in (start + last, stop) else None
            found.append(Hit(kind, start + first, start + last, score, reason, reach, item.rank, onward))

    @staticmethod
    def _candidate(
        item: _Compiled, text: str, start: int, end: int, near: dict[str, list[tuple[int, int]]], by_words: bool
    ) -> tuple[str, float, str, int, int] | None:
        """What a match is: type, score, reason, and which part of it; None when it is nothing."""
        recognizer = item.recognizer
        if recognizer.joints is not None and _joined(text, start, end, recognizer.joints):
            return None
        if recognizer.unless and any(0 <= start - last <= _BEFORE for _, last in near.get(recognizer.unless, ())):
            return None
        named = _named(item, text, start, end, near) if by_words else None
        if named is not None or recognizer.type is None:
            return named
        if item.check is None:
            return recognizer.type, recognizer.score, recognizer.reason, 0, end - start
        verdict = item.check(text[start:end])
        if verdict is None:
            return None
        reason = verdict[0] if recognizer.reason == "pattern" else recognizer.reason
        return recognizer.type, recognizer.score, reason, verdict[1], verdict[2]


def _compile(rank: int, item: Recognizer, gates: list[str]) -> _Compiled:
    return _Compiled(
        recognizer=item,
        rank=rank,
        gate=gates.index(item.gate),
        pattern=Pattern(item.pattern),
        check=CHECKS[item.check] if item.check else None,
        near=tuple((near, CHECKS[near.check] if near.check else None) for near in item.near),
        onward=Pattern(item.onward),
    )


def _compile_label(rank: int, label: Label) -> _CompiledLabel:
    return _CompiledLabel(
        label=label,
        rank=rank,
        first=Pattern(f"[^0-9;]{{0,{label.gap}}}?\\b({label.value})\\b"),
        next=Pattern(f"(?:,? ?(?:and|or|&) |, ?|/ ?)({label.value})\\b"),
        check=CHECKS[label.check] if label.check else None,
    )


def _labelled(item: _CompiledLabel, text: str, shade: bytes, place: tuple[int, int], found: list[Hit]) -> None:
    """The values that follow a label. Each is a number's whole: not a piece of a longer one."""
    label = item.label
    span = item.first.at(shade, place[1])
    while span is not None:
        start, end = span
        if _joined(text, start, end, NUMBER):
            return
        verdict = ("", 0, end - start) if item.check is None else item.check(text[start:end])
        if verdict is None:
            return
        onward = ANY if end == len(text) else None
        reason = f"keyword:{label.lexicon}"
        found.append(
            Hit(label.type, start + verdict[1], start + verdict[2], label.score, reason, place[0], item.rank, onward)
        )
        span = item.next.at(shade, end) if label.more else None


def _trigger(registry: Registry, gates: list[str]) -> str:
    """Where looking closer is worth it: any gate, any word that is a finding, the digits that labels name,
    anything odd or escaped."""
    found = sorted({word for lexicon in registry.lexicons if lexicon.type is not None for word in lexicon.words})
    folded = [f"(?i:{'|'.join(quoted(shadow(word).decode('latin-1')) for word in found)})"] if found else []
    numbers = ["[0-9][0-9]"] if registry.labels else []
    return "|".join([*(f"(?:{gate})" for gate in gates), *folded, *numbers, ODD, _STILL_ESCAPED])


def _named(
    item: _Compiled, text: str, start: int, end: int, near: dict[str, list[tuple[int, int]]]
) -> tuple[str, float, str, int, int] | None:
    """What the nearest words make of a candidate: type, score, reason, and which part of it."""
    best: tuple[int, Near, str, int, int] | None = None
    for option, check in item.near:
        distance = _nearest(near.get(option.lexicon), text, start, end, option.before, option.after)
        if distance is None or (best is not None and distance >= best[0]):
            continue
        verdict = ("", 0, end - start) if check is None else check(text[start:end])
        if verdict is not None:
            best = (distance, option, f"keyword:{option.lexicon}", verdict[1], verdict[2])
    if best is None:
        return None
    _, option, reason, first, last = best
    return option.type, option.score, reason, first, last


def _nearest(
    places: list[tuple[int, int]] | None, text: str, start: int, end: int, before: int, after: int
) -> int | None:
    """How far the nearest of these words is from the candidate, or None. No digit may stand between a label and what
    it labels: the label belongs to the number before."""
    best: int | None = None
    for first, last in places or ():
        if last <= start:
            distance, gap = start - last, text[last:start]
            allowed = before
        elif first >= end:
            distance, gap = first - end + 8, text[end:first]
            allowed = after + 8 if after else -1
        else:
            continue
        if distance <= allowed and (best is None or distance < best) and not any(c in "0123456789;" for c in gap):
            best = distance
    return best


def _joined(text: str, start: int, end: int, joints: str) -> bool:
    """Whether a number is only a piece of a longer one or of a word."""
    if start:
        before = text[start - 1]
        if before.isascii() and (before.isalnum() or before == "_"):
            return True
        if before in joints and start > 1 and text[start - 2] in "0123456789":
            return True
    if end < len(text):
        after = text[end]
        if after.isascii() and (after.isalnum() or after == "_"):
            return True
        if after in joints and end + 1 < len(text) and text[end + 1] in "0123456789":
            return True
    return False


def _moved(hit: Hit, mapped: Mapped, length: int) -> Hit:
    start, end = mapped.span(hit.start, hit.end)
    reach, _ = mapped.span(hit.reach, hit.reach + 1)
    onward = hit.onward if end == length else None
    return Hit(hit.type, start, end, hit.score, hit.reason, reach, hit.rank, onward)


def _insides(read: Mapped) -> dict[int, tuple[int, int]]:
    """Every place inside of an escape → where the escape begins and ends."""
    inside: dict[int, tuple[int, int]] = {}
    for first, last in zip(read.starts or (), read.ends or (), strict=True):
        for place in range(first + 1, last):
            inside[place] = (first, last)
    return inside


def _snap(hit: Hit, inside: dict[int, tuple[int, int]], low: int) -> Hit:
    """Widen a hit in the text as written to whole escapes, so that masking never leaves half of one."""
    start = max(low, inside[hit.start][0] if hit.start in inside else hit.start)
    end = inside[hit.end][1] if hit.end in inside else hit.end
    if (start, end) == (hit.start, hit.end) and hit.reach >= low:
        return hit
    return Hit(hit.type, start, end, hit.score, hit.reason, max(low, min(hit.reach, start)), hit.rank, hit.onward)


def _resolve(hits: list[Hit]) -> list[Hit]:
    """By place. A hit inside of another goes when the other matters as much; words of a lexicon stay beside anything
    but their own kind, since a class may hang on them."""
    if len(hits) < 2:
        return hits
    kept: list[Hit] = []
    around: list[Hit] = []
    for hit in sorted(hits, key=_order):
        around = [other for other in around if other.end > hit.start]
        if not any(other.end >= hit.end and _covers(other, hit) for other in around):
            kept.append(hit)
            around.append(hit)
    return kept


def _covers(other: Hit, hit: Hit) -> bool:
    if other.type == hit.type:
        return True
    return hit.rank != WORD and other.rank != WORD and weight(other.type) >= weight(hit.type)


def _order(hit: Hit) -> tuple[int, int, int, float, int, str]:
    return (hit.start, -hit.end, -weight(hit.type), -hit.score, hit.rank, hit.type)
