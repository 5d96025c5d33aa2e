"""Finds the candidates of one recognizer, or under one label, in text in its plain form, and judges them: checks, words
near by."""

import re
from collections.abc import Callable
from functools import lru_cache

import msgspec

from gateway.checks.classification.checks import CHECKS
from gateway.checks.classification.overlaps import Hit
from gateway.checks.classification.patterns import Pattern, needed_by
from gateway.checks.classification.recognizer import BESIDE, NUMBER, Label, Near, Recognizer
from gateway.checks.classification.validators import LEAST, Check
from gateway.checks.classification.words import Places
from gateway.core.keys import HALF, says_nothing

ANY = -1
"""In the place of a recognizer's rank: letters and digits continue the hit."""
DIGITS = b"0123456789"
_BEFORE = 48
_BARRIERS = b"0123456789;"
"""What may not stand between a word and what it names: the word belongs to the number before."""
_NUMBER = NUMBER.encode("ascii")
_MORE = frozenset(b", /&;ao\"'\r\n")
"""With what the next value of a list begins."""
FOLLOWS = (
    r"(?:,? ?(?:and|or|&) |, ?|; {1,2}| ?/ ?|[\"'] ?,(?:\r?\n)?[ \t]{0,16}[\"']|"
    r" \((?i:spouse|wife|husband|partner|son|daughter|child|mother|father|dependent|old|new|home|work|mobile|cell)[: ]"
    r" ?|"
    r"[,;]?\r?\n[ \t]{0,8}(?:[\-*+\xB7] {1,3})?)"
)
"""What stands between two values of a list: in a sentence, in quotes as JSON and SQL have them, one below another; with
nothing before them only where the first stands below the label, too."""
_JOINED_BY = (b"and ", b"or ", b"& ", b"/", b"(")
_SPACE = ord(" ")
"""And with what it goes on behind a space."""
_LINE_END = b" \t\r\n,;"
_WORDY = frozenset(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
_NUMERIC = frozenset(DIGITS)
_POINT, _ZERO = b".0"
_POINTS = frozenset(b".,:")
_DASH = ord("-")
_UUID = re.compile(rb"(?<![0-9A-Za-z])[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}(?![0-9A-Za-z])")
_COLOUR = re.compile(rb"(?:\x1b|\\(?:x1[bB]|033|e|u001[bB]))\[[0-9;:]{0,24}$")
"""What a terminal's colour begins with: its figures are no value's."""
_COLOUR_LENGTH = 32
_OF_COLOURS = frozenset(b"[;")
_NOTHING = rb"(?i:null|none|nil|n/?a|unknown|undefined|unavailable|pending|tbd|missing|not [a-z]{3,12})"
_MEMBER = re.compile(
    rb"""[^"':,]{0,12}["']\s{0,4}:\s{0,4}(?:null|None|true|false|NaN|"[^"]*"|'[^']*'|\[\]|\{\})[\s\]}]*,"""
)
_LINE = re.compile(rb"[ \t]?[:=][ \t]{0,4}(?:" + _NOTHING + rb"\.?[ \t]*(?:[\r\n]|, ?)|-{1,3}[ \t]*\r?\n(?=[A-Za-z]))")
_SAYS_LEAST = 4
_LAST_KEY = re.compile(rb"""["']([^"']*)["']\s*:[\s\[{"']*$""")
"""The member that a word begins, over; a line that says that there is none; characters of the shortest that says so
(`:na` and a line's end); the key that a value stands under."""
_UUID_LENGTH = 37
"""Of a UUID's characters, those that may stand on one side of a number in it, and the one beside them."""
_ZEROS = 8
"""Characters of a fraction of nothing that are taken for one."""


class Finder(msgspec.Struct, frozen=True):
    """A recognizer ready to use. `left`: finds a byte of those of which its gate holds one, where that says something;
    `words`: the lexicons of what is near by; `least`: characters of the shortest that passes the check; `context`:
    whether words near by matter; `ahead`: whether those behind a candidate do."""

    type: str | None
    rank: int
    pattern: Pattern
    left: Callable[[bytes, int, int], object | None] | None
    score: float
    reason: str
    grades: dict[str, float]
    check: Check | None
    joints: bytes | None
    again: bool
    near: tuple[tuple[Near, Check | None], ...]
    words: tuple[str, ...]
    least: int
    unless: str | None
    cleared: Pattern | None
    onward: Pattern
    context: bool
    ahead: bool

    def find(self, text: str, shade: bytes, low: int, limit: int, end: int, near: Places, found: list[Hit]) -> None:
        """Add the hits of matches that begin in [`low`, `limit`). The gate is open, and lies before `end`: there is no
        match where nothing of what the gate needs is left."""
        by_words = False
        for name in self.words:
            if name in near:
                by_words = True
                break
        if self.type is None and not by_words:
            return
        search, length = self.pattern.next, len(text)
        while True:
            match = search(shade, low)
            if match is None:
                return
            reach, start, last, stop = match
            if reach >= limit:
                return
            short = last - start < self.least
            kept = None if short else self._candidate(text, shade, start, last, near, by_words)
            if kept is None:
                low = reach + 1 if self.again else stop
                if low >= limit:
                    return
                continue
            kind, score, reason, left, right = kept
            # What the check left over may be the beginning of another.
            low = stop if start + right == last else start + right
            ends = start + right
            if ends == last and self.joints is not None and shade[last : last + 1] == b".":
                ends += _fraction(shade, last, self.joints)
            onward = self.rank if length in (ends, stop) else None
            found.append(Hit(kind, start + left, ends, score, reason, reach, self.rank, onward))
            if low >= limit or (self.left is not None and self.left(shade, low, end) is None):
                return

    def _candidate(
        self, text: str, shade: bytes, start: int, end: int, near: Places, by_words: bool
    ) -> tuple[str, float, str, int, int] | None:
        """What a match is: type, score, reason, and which part of it; None when it is nothing."""
        if self.joints is not None and joined(shade, start, end, self.joints):
            return None
        if self.unless is not None:
            for _, last in near.get(self.unless, ()):
                if 0 <= start - last <= _BEFORE:
                    return None
        named = self._named(text, shade, start, end, near) if by_words else None
        if named is not None or self.type is None:
            return named
        verdict = (self.reason, 0, end - start) if self.check is None else self.check(text[start:end])
        if verdict is None or (self.cleared is not None and clears(self.cleared, shade, start)):
            return None
        why, first, last = verdict
        score = self.grades.get(why, self.score) if self.grades else self.score
        return self.type, score, why if self.reason == "pattern" else self.reason, first, last

    def _named(
        self, text: str, shade: bytes, start: int, end: int, near: Places
    ) -> tuple[str, float, str, int, int] | None:
        """What the nearest words make of a candidate: type, score, reason, and which part of it."""
        best: tuple[int, Near, int, int] | None = None
        for option, check in self.near:
            distance = _nearest(near.get(option.lexicon), shade, start, end, option.before, option.after)
            if distance is None or (best is not None and distance >= best[0]):
                continue
            verdict = ("", 0, end - start) if check is None else check(text[start:end])
            if verdict is not None:
                best = (distance, option, verdict[1], verdict[2])
        if best is None:
            return None
        _, option, first, last = best
        return option.type, option.score, f"keyword:{option.lexicon}", first, last


class LabelFinder(msgspec.Struct, frozen=True):
    """A label ready to use."""

    label: Label
    rank: int
    first: Pattern
    next: Pattern
    check: Check | None
    cleared: Pattern | None
    reason: str

    def find(
        self, text: str, shade: bytes, places: list[tuple[int, int]], low: int, limit: int, found: list[Hit]
    ) -> None:
        """Add the values that follow the label's words at these places, of which those count that begin in [`low`,
        `limit`)."""
        done = -1
        for place in places:
            # The first value after a word that stands between another and its value is the same.
            if low <= place[0] < limit and place[1] > done:
                span = self.first.at(shade, place[1])
                done = -1
                if span is not None and not answered(shade[place[1] : span[0]]):
                    done = span[0]
                    self._values(text, shade, place, span, found)

    def _values(
        self, text: str, shade: bytes, place: tuple[int, int], first: tuple[int, int], found: list[Hit]
    ) -> None:
        """Add the values that follow the label at a place, each a number's whole: not a piece of a longer one. `first`
        is where the first of them stands."""
        label, length = self.label, len(text)
        below = b"\n" in shade[place[1] : first[0]]
        span: tuple[int, int] | None = first
        while span is not None:
            start, end = span
            if joined(shade, start, end, _NUMBER):
                break
            verdict = ("", 0, end - start) if self.check is None else self.check(text[start:end])
            if verdict is None or (self.cleared is not None and clears(self.cleared, shade, start)):
                break
            _, left, right = verdict
            ends = start + right
            if ends == end and shade[end : end + 1] == b".":
                end = ends = end + _fraction(shade, end, _NUMBER)
            onward = ANY if end == length else None
            found.append(Hit(label.type, start + left, ends, label.score, self.reason, place[0], self.rank, onward))
            if not label.more or end == length or shade[end] not in _MORE:
                break
            if shade[end] == _SPACE and not shade.startswith(_JOINED_BY, end + 1):
                break
            span = self.next.at(shade, end)
            if span is not None and not below and _is_next_line(shade[end : span[0]]):
                break


def _is_next_line(between: bytes) -> bool:
    """Whether nothing but the end of a line stands between two values."""
    return b"\n" in between and not between.strip(_LINE_END)


def finder(rank: int, item: Recognizer) -> Finder:
    """Compiled. `ConfigurationError` for a pattern that RE2 does not accept."""
    pattern = Pattern(item.pattern)
    context, needs = bool(item.near or item.unless), needed_by(item.gate)
    return Finder(
        type=item.type,
        rank=rank,
        pattern=pattern,
        left=re.compile(b"[%b]" % re.escape(needs)).search if needs else None,
        score=item.score,
        reason=item.reason,
        grades=dict(item.grades),
        check=CHECKS[item.check] if item.check else None,
        joints=None if item.joints is None else item.joints.encode("ascii"),
        again=item.again,
        words=tuple(near.lexicon for near in item.near),
        # What its words make of it has checks of its own.
        least=LEAST.get(item.check or "", 0) if not item.near else 0,
        near=tuple((near, CHECKS[near.check] if near.check else None) for near in item.near),
        unless=item.unless,
        cleared=None if item.cleared is None else Pattern(f"(?:{item.cleared})$"),
        onward=Pattern(item.onward),
        context=context,
        # A group may begin far behind where its match does.
        ahead=context and (pattern.grouped or any(near.after for near in item.near)),
    )


def label_finder(rank: int, label: Label) -> LabelFinder:
    """Compiled. `ConfigurationError` for a value that RE2 does not accept."""
    return LabelFinder(
        label=label,
        rank=rank,
        first=Pattern(f"[^0-9;^]{{0,{label.gap}}}?\\b({label.value})\\b"),
        next=Pattern(f"{FOLLOWS}({label.value})\\b"),
        check=CHECKS[label.check] if label.check else None,
        cleared=None if label.cleared is None else Pattern(f"(?:{label.cleared})$"),
        reason=f"keyword:{label.lexicon}",
    )


def answered(gap: bytes) -> bool:
    """Whether what stands between a word and a value says that the word has none, so that the value is another's: the
    next member of an object, unless that only goes on (`"phone": "home", "number": …`), or the next line."""
    if len(gap) < _SAYS_LEAST:
        return False
    if _LINE.match(gap) is not None:
        return True
    if _MEMBER.match(gap) is None:
        return False
    key = _LAST_KEY.search(gap)
    name = "" if key is None else key[1].decode("latin-1").lower()
    return bool(name) and not says_nothing(name) and name not in HALF


def clears(pattern: Pattern, shade: bytes, start: int) -> bool:
    """Whether what stands right before a span ends as this pattern says."""
    return pattern.first(shade[max(0, start - BESIDE) : start], 0) is not None


def holds(shade: bytes, first: int, last: int, any_of: bytes) -> bool:
    """Whether any of these bytes stands there."""
    piece = shade[first:last]
    return len(piece.translate(None, any_of)) != len(piece)


def _nearest(
    places: list[tuple[int, int]] | None, shade: bytes, start: int, end: int, before: int, after: int
) -> int | None:
    """How far the nearest of these words is from the candidate, or None."""
    best: int | None = None
    for first, last in places or ():
        if last <= start:
            distance, left, right = start - last, last, start
            allowed = before
        elif first >= end:
            distance, left, right = first - end + 8, end, first
            allowed = after + 8 if after else -1
        else:
            continue
        if distance <= allowed and (best is None or distance < best) and not holds(shade, left, right, _BARRIERS):
            best = distance
    return best


@lru_cache(maxsize=256)
def _apart(joints: bytes) -> frozenset[int]:
    """The bytes beside a number, or a part of one, that say by themselves that it ends there."""
    return frozenset(range(256)) - _WORDY - _OF_COLOURS - {_DASH} - frozenset(joints)


def joined(shade: bytes, start: int, end: int, joints: bytes) -> bool:
    """Whether a number is only a piece of a longer one or of a word."""
    apart, length = _apart(joints), len(shade)
    if not start or shade[start - 1] in apart:
        if end >= length or shade[end] in apart:
            return False
        if shade[end] in _POINTS and (end + 1 >= length or shade[end + 1] not in _NUMERIC):
            return False
    dashed = False
    if start:
        before = shade[start - 1]
        if before in _WORDY or (before in joints and start > 1 and shade[start - 2] in _NUMERIC):
            return True
        if before in _OF_COLOURS and _COLOUR.search(shade[max(0, start - _COLOUR_LENGTH) : start]) is not None:
            return True
        dashed = before == _DASH
    if end < len(shade):
        after = shade[end]
        if after in _WORDY:
            return True
        if (
            after in joints
            and end + 1 < len(shade)
            and shade[end + 1] in _NUMERIC
            and not _fraction(shade, end, joints)
        ):
            return True
        dashed = dashed or after == _DASH
    return dashed and _DASH in joints and _in_uuid(shade, start, end)


def _in_uuid(shade: bytes, start: int, end: int) -> bool:
    """Whether a number is groups of a UUID (RFC 9562 §4): one in some thousands has twelve figures in three of them."""
    low = max(0, start - _UUID_LENGTH)
    return any(
        low + found.start() <= start and end <= low + found.end()
        for found in _UUID.finditer(shade[low : end + _UUID_LENGTH])
    )


def _fraction(shade: bytes, end: int, joints: bytes) -> int:
    """How many characters of `.0` follow a whole number: many a program writes one as a float. 0 where it goes on."""
    if shade[end : end + 2] != b".0" or _POINT not in joints or shade[end - 1] not in _NUMERIC:
        return 0
    stop = end + 2
    while stop < len(shade) and shade[stop] == _ZERO and stop - end < _ZEROS:
        stop += 1
    after = shade[stop : stop + 2]
    if after and (after[0] in _WORDY or (after[0] in _NUMBER and after[1:] and after[1] in _NUMERIC)):
        return 0
    return stop - end
