"""The engine as it is defined: every recognizer over all of every window, each word sought on its own, each text walked
from its beginning. What ships does less and must find the same.

What says where a window begins (the triggers) and what makes a candidate a finding (the checks) are the engine's own.
"""

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Callable, Iterator
from functools import lru_cache

import re2

from gateway.checks.classification import labels
from gateway.checks.classification.candidates import answered
from gateway.checks.classification.checks import CHECKS
from gateway.checks.classification.classes import weight
from gateway.checks.classification.columns import Headings, Value
from gateway.checks.classification.cursor import WINDOW
from gateway.checks.classification.headed import LONGEST_HEADING, readings
from gateway.checks.classification.locator import Locator
from gateway.checks.classification.normalise import ESCAPED, Mapped, normalise, outline, shadow, undo_escapes
from gateway.checks.classification.overlaps import WORD, Hit
from gateway.checks.classification.patterns import _written
from gateway.checks.classification.people import PARTICLES
from gateway.checks.classification.pieces import unseen
from gateway.checks.classification.readings import CODED, ENCODED, IN_CODE, armoured, reread
from gateway.checks.classification.recognizer import (
    BACKUP,
    BESIDE,
    CONTEXT,
    LOOKAHEAD,
    NUMBER,
    TRIGGER,
    Label,
    Lexicon,
    Recognizer,
)
from gateway.checks.classification.registry import DEFAULT, Registry
from gateway.checks.classification.rolls import HEADINGS
from gateway.checks.classification.sources import over_shadow
from gateway.checks.classification.written import _tables as written_tables
from gateway.core.finding import Finding

_VOWELS = re.compile("[^\u0300-\u036f\u0483-\u0487\u0591-\u08ff\u1ab0-\u1aff\u1dc0-\u1dff\ufb1e\ufe20-\ufe2f]")
"""What marks stand where other letters have them than those whose marks make nothing of what is no letter."""
Places = dict[str, list[tuple[int, int]]]
_ANY = -1
_LEVELS = 3
_BEFORE = 48
_SPACES = frozenset(" \t\r\n\x0b\x0c\x85\xa0\u1680\u2000\u2028\u2029\u202f\u205f\u3000")


def _options() -> re2.Options:
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.log_errors = False
    return options


_PHRASES: dict[str, re.Pattern[str]] = {}
_COMPILED: dict[str, Callable[..., list[tuple[int, int]]]] = {}


def matched(source: str, shade: bytes, start: int, *, here: bool = False) -> tuple[int, int, int, int] | None:
    """The first match from `start` on, or the one there: where it begins, the span of its group or of all, its end."""
    if source not in _COMPILED:
        _COMPILED[source] = re2._re2.RE2(over_shadow(source, _written).encode("latin-1"), _options()).Match
    anchors = re2._re2.RE2.Anchor
    while start <= len(shade):
        spans = _COMPILED[source](anchors.ANCHOR_START if here else anchors.UNANCHORED, shade, start, len(shade))
        begin, end = spans[0]
        if begin < 0:
            return None
        first, last = spans[1] if len(spans) > 1 else spans[0]
        if last > first:
            return begin, first, last, end
        if here:
            return None
        start = max(end, begin + 1)
    return None


@lru_cache(maxsize=10_000)
def _fold(character: str) -> str:
    return normalise(character).text


def normalised(text: str) -> Mapped:
    """A text in its normal form, character by character, without Latin marks on what is no letter."""
    whole = composed(text)
    starts = whole.starts or list(range(len(whole.text)))
    ends = whole.ends or list(range(1, len(whole.text) + 1))
    kept: list[int] = []
    base = ""
    for at, one in enumerate(whole.text):
        mark = unicodedata.combining(one) and not _VOWELS.match(one)
        if not mark:
            base = one
        if not mark or not base or not base.isascii() or base.isalpha():
            kept.append(at)
    if len(kept) == len(whole.text):
        return whole
    return Mapped("".join(whole.text[at] for at in kept), [starts[at] for at in kept], [ends[at] for at in kept])


def composed(text: str) -> Mapped:
    """A text with each letter and its marks as one, where they have a form as one."""
    folds = [_fold(character) for character in text]
    plain = "".join(folds)
    if unicodedata.is_normalized("NFC", plain):
        if all(len(one) == 1 for one in folds):
            return Mapped(plain)
        starts = [index for index, one in enumerate(folds) for _ in one]
        return Mapped(plain, starts, [start + 1 for start in starts])
    pieces, starts, ends = [], [], []
    position = 0
    while position < len(text):
        end = position + 1
        while end < len(text) and end - position < 32 and text[end] > "\u02ff" and unicodedata.combining(text[end]):
            end += 1
        piece = "".join(folds[position:end])
        if end > position + 1:
            piece = unicodedata.normalize("NFKC", piece)
        pieces.append(piece)
        starts += [position] * len(piece)
        ends += [end] * len(piece)
        position = end
    return Mapped("".join(pieces), starts, ends)


def words(registry: Registry, text: str) -> Places:
    """Whole words of all lexicons, a plural `s` allowed, by their end."""
    lowered = "".join(one.lower() if len(one.lower()) == 1 else one for one in text)
    if len(text.lower()) == len(text):
        lowered = text.lower()
    every: list[tuple[Lexicon, str, int, int]] = []
    for lexicon in registry.lexicons:
        for word in lexicon.words:
            for start, end in _written_as(word, lowered):
                whole = not (start and lowered[start - 1].isalnum() and word[0].isalnum())
                if whole and lowered[end : end + 1].isalnum() and word[-1].isalnum():
                    whole = lowered[end] == "s" != word[-1] and not lowered[end + 1 : end + 2].isalnum()
                    end += 1
                if whole:
                    every.append((lexicon, word, start, end))
    named: dict[str, set[str]] = {}
    for lexicon in registry.lexicons:
        for word in lexicon.words:
            named.setdefault(word, set()).add(lexicon.id)
    found: Places = {}
    for lexicon, word, start, end in every:
        longer = [
            other
            for _, other, first, last in every
            if last == end and first < start and other.endswith(word) and not other[-len(word) - 1].isalnum()
        ]
        if lexicon.type is not None or all(lexicon.id in named[other] for other in longer):
            found.setdefault(lexicon.id, []).append((start, end))
    for name, place in _in_names(registry, text, named):
        if place not in found.setdefault(name, []):
            found[name].append(place)
    return {name: sorted(places, key=lambda place: (place[1], place[0])) for name, places in found.items()}


def _in_names(registry: Registry, text: str, named: dict[str, set[str]]) -> Iterator[tuple[str, tuple[int, int]]]:
    """Words of labels and of what makes something of a candidate, within the names of members and variables."""
    wanted = {label.lexicon for label in registry.labels}
    wanted |= {near.lexicon for item in registry.recognizers for near in item.near}
    wanted -= {item.unless or "" for item in registry.recognizers}
    wanted -= {lexicon.id for lexicon in registry.lexicons if lexicon.type is not None}
    for name in re.finditer(r"[\w-]+", text):
        if not re.search("[A-Za-z][_-][A-Za-z]|[a-z][A-Z]|[A-Z][A-Z][a-z]", name[0]):
            continue
        said = [(one.start() + name.start(), one[0].lower()) for one in _parts_of(name[0])]
        ends: dict[int, list[tuple[str, int, int]]] = {}
        for first in range(len(said)):
            for last in range(first, min(len(said), first + 20)):
                phrase = " ".join(one for _, one in said[first : last + 1])
                stop = said[last][0] + len(said[last][1])
                for plain in {phrase, phrase if phrase.endswith("ss") else phrase.removesuffix("s")} & named.keys():
                    ends.setdefault(stop - len(phrase) + len(plain), []).append((plain, said[first][0], stop))
        for several in ends.values():
            for plain, start, stop in several:
                longer = [o for o, _, e in several if e == stop and o != plain and o.endswith(f" {plain}")]
                for one in named[plain] & wanted:
                    if all(one in named[other] for other in longer):
                        yield one, (start, stop)


def _parts_of(name: str) -> list[re.Match[str]]:
    return list(labels.WORD.finditer(name.lower() if name.isupper() else name))


def _written_as(word: str, lowered: str) -> Iterator[tuple[int, int]]:
    """Where a word stands, its parts apart by blanks and at most one line end, the next line quoted or not."""
    parts = word.split(" ")
    if any(part not in lowered for part in parts):
        return
    most = min(12, 1 + (40 - len(word)) // (len(parts) - 1)) if len(parts) > 1 else 1
    if word not in _PHRASES:
        blanks, mark = r"[ \t\x0b\x0c]*", r"(?:(?:>[ \t]?){1,3}|(?:[*]|#|##|//|--)[ \t])?"
        gap = rf"({blanks}(?:(?:\r\n|\r|\n){blanks}{mark}{blanks})?)"
        _PHRASES[word] = re.compile(f"(?={gap.join(f'({re.escape(part)})' for part in parts)})")
    for match in _PHRASES[word].finditer(lowered):
        if all(0 < len(gap) <= most for gap in match.groups()[1::2]):
            yield match.start(), match.end(len(match.groups()))


def runs(text: str) -> list[tuple[int, int]]:
    """Where what is read as base64 or hexadecimal stands in a window, at any level."""
    found: list[tuple[int, int]] = []
    for levels in _texts(text):
        for level in levels[:_LEVELS]:
            plain = undo_escapes(level) or level
            if matched(CODED, shadow(plain.text), 0):
                found += [(first, last) for first, last, _ in armoured(plain)]
    return found


def _texts(text: str) -> list[list[Mapped]]:
    """A window and what its tag characters say, each with all its levels."""
    every: list[list[Mapped]] = []
    texts = [normalised(text)]
    hidden = [normalise(text).hidden]
    while texts:
        levels = [texts.pop(0)]
        while len(levels) <= _LEVELS and (level := _level(levels[-1])) is not None:
            levels.append(level)
        every.append(levels)
        told = [*(hidden.pop() if hidden else ()), *(one for level in levels[1:] for one in level.hidden)]
        texts += told if len(every) < 4 else []
    return every


def hits(registry: Registry, text: str, start: int) -> tuple[list[Hit], bool]:
    """All hits of a window that begin at or after `start`, by place; whether it was read to its last level."""
    every: list[Hit] = []
    complete = normalise(text).unread <= start
    for levels in _texts(text):
        found = [hit for level in levels for hit in _in_form(registry, level, start, len(text))]
        if len(levels) > 1:
            places = zip(levels[1].starts or (), levels[1].ends or (), strict=True)
            wide = [(a, b) for a, b in places if b - a > 1]
            found = [_snapped(hit, wide, start) for hit in found]
        every += found
        last = levels[-1]
        complete = complete and (len(levels) <= _LEVELS or matched(ESCAPED, shadow(last.text), 0) is None)
    return resolved(every), complete


def _level(mapped: Mapped) -> Mapped | None:
    """The next level: escapes undone, then what is coded read."""
    undone = undo_escapes(mapped)
    plain = undone or mapped
    decoded = reread(plain) if matched(CODED, shadow(plain.text), 0) else None
    return decoded or undone


def _snapped(hit: Hit, wide: list[tuple[int, int]], low: int) -> Hit:
    start = max(low, next((a for a, b in wide if a < hit.start < b), hit.start))
    end = next((b for a, b in wide if a < hit.end < b), hit.end)
    if (start, end) == (hit.start, hit.end) and hit.reach >= low:
        return hit
    return Hit(hit.type, start, end, hit.score, hit.reason, max(low, min(hit.reach, start)), hit.rank, hit.onward)


def _in_form(registry: Registry, mapped: Mapped, start: int, length: int) -> list[Hit]:
    text, shade = mapped.text, shadow(mapped.text)
    low = start if mapped.starts is None else bisect_left(mapped.starts, start)
    near = words(registry, text)
    found = [
        Hit(lexicon.type, first, last, lexicon.score, lexicon.reason, first, WORD)
        for lexicon in registry.lexicons
        if lexicon.type is not None
        for first, last in near.get(lexicon.id, ())
        if first >= low
    ]
    for rank, label in enumerate(registry.labels, len(registry.recognizers)):
        for place in near.get(label.lexicon, ()):
            if place[0] >= low:
                found += _labelled(rank, label, text, shade, place)
    for rank, item in enumerate(registry.recognizers):
        found += _recognized(rank, item, text, shade, low, near)
    if mapped.starts is None:
        return found
    return [_back(hit, mapped, length) for hit in found]


def _back(hit: Hit, mapped: Mapped, length: int) -> Hit:
    start, end = mapped.span(hit.start, hit.end)
    reach, _ = mapped.span(hit.reach, hit.reach + 1)
    reason = f"{IN_CODE}{hit.reason}" if end - start >= ENCODED and mapped.is_one(hit.start, hit.end) else hit.reason
    return Hit(hit.type, start, end, hit.score, reason, reach, hit.rank, hit.onward if end == length else None)


def _labelled(rank: int, label: Label, text: str, shade: bytes, place: tuple[int, int]) -> Iterator[Hit]:
    match = matched(f"[^0-9;^]{{0,{label.gap}}}?\\b({label.value})\\b", shade, place[1], here=True)
    if match is not None and answered(shade[place[1] : match[1]]):
        return
    below = match is not None and b"\n" in shade[place[1] : match[1]]
    while match is not None:
        _, start, end, _ = match
        verdict = CHECKS[label.check](text[start:end]) if label.check else ("", 0, end - start)
        if _piece(text, start, end, NUMBER) or verdict is None:
            return
        if label.cleared is not None and _clears(label.cleared, shade, start):
            return
        first, last = start + verdict[1], start + verdict[2]
        if last == end:
            end = last = end + _fraction(text, end, NUMBER)
        onward = _ANY if end == len(text) else None
        yield Hit(label.type, first, last, label.score, f"keyword:{label.lexicon}", place[0], rank, onward)
        # The next line goes on with a list where its first value stands below the label, or where a sign says so.
        line = r"[,;]?\r?\n[ \t]{0,8}" + ("(?:[\\-*+\xb7] {1,3})?" if below else "[\\-*+\xb7] {1,3}")
        listed = rf"[\"'] ?,(?:\r?\n)?[ \t]{{0,16}}[\"']|{line}"
        whose = "spouse|wife|husband|partner|son|daughter|child|mother|father|dependent|old|new|home|work|mobile|cell"
        follow = rf"(?:,? ?(?:and|or|&) |, ?|; {{1,2}}| ?/ ?| \((?i:{whose})[: ] ?|{listed})({label.value})\b"
        match = matched(follow, shade, end, here=True) if label.more else None


def _recognized(rank: int, item: Recognizer, text: str, shade: bytes, low: int, near: Places) -> Iterator[Hit]:
    while (match := matched(item.pattern, shade, low)) is not None:
        reach, start, end, stop = match
        kept = _kept(item, text, shade, start, end, near)
        if kept is None:
            low = reach + 1 if item.again else stop
            continue
        kind, score, reason, first, last = kept
        low = stop if start + last == end else start + last
        ends = start + last + (_fraction(text, end, item.joints or "") if start + last == end else 0)
        onward = rank if len(text) in (ends, stop) else None
        yield Hit(kind, start + first, ends, score, reason, reach, rank, onward)


def _kept(
    item: Recognizer, text: str, shade: bytes, start: int, end: int, near: Places
) -> tuple[str, float, str, int, int] | None:
    if item.joints is not None and _piece(text, start, end, item.joints):
        return None
    if item.unless and any(0 <= start - last <= _BEFORE for _, last in near.get(item.unless, ())):
        return None
    best: tuple[int, tuple[str, float, str, int, int]] | None = None
    for option in item.near:
        for first, last in near.get(option.lexicon, ()):
            before = last <= start
            distance = start - last if before else first - end + 8
            allowed = option.before if before else option.after + 8 if option.after else -1
            between = text[last:start] if before else text[end:first]
            if not (before or first >= end) or distance > allowed or any(one in "0123456789;" for one in between):
                continue
            verdict = CHECKS[option.check](text[start:end]) if option.check else ("", 0, end - start)
            if verdict is not None and (best is None or distance < best[0]):
                reason = f"keyword:{option.lexicon}"
                best = distance, (option.type, option.score, reason, verdict[1], verdict[2])
    if best is not None:
        return best[1]
    if item.type is None:
        return None
    verdict = CHECKS[item.check](text[start:end]) if item.check else (item.reason, 0, end - start)
    if verdict is None or (item.cleared is not None and _clears(item.cleared, shade, start)):
        return None
    score = dict(item.grades).get(verdict[0], item.score)
    return item.type, score, verdict[0] if item.reason == "pattern" else item.reason, verdict[1], verdict[2]


def _clears(source: str, shade: bytes, start: int) -> bool:
    """Whether what stands right before a span ends as this pattern says."""
    return matched(f"(?:{source})$", shade[max(0, start - BESIDE) : start], 0) is not None


def _piece(text: str, start: int, end: int, joints: str) -> bool:
    """Whether a number is only a piece of a longer one or of a word."""
    if re.search(r"(\x1b|\\(x1[bB]|033|e|u001[bB]))\[([0-9;:]{0,23};)?$", text[max(0, start - 32) : start]):
        return True
    before, after = text[:start][-2:][::-1], text[end : end + 2]
    for around in (before, after):
        near, far = around[:1], around[1:]
        if near.isascii() and near.isalnum():
            return True
        if near and near in joints and far and far in "0123456789":
            return around is before or not _fraction(text, end, joints)
    return False


def _fraction(text: str, end: int, joints: str) -> int:
    """How much of `.0` follows a whole number."""
    match = re.compile(r"(?<=[0-9])\.0{1,7}(?![0-9A-Za-z]|[.\-][0-9])").match(text, end)
    return len(match.group()) if match and "." in joints else 0


def resolved(found: list[Hit]) -> list[Hit]:
    """Those that no other covers, by place."""

    def order(hit: Hit) -> tuple[int, int, int, float, int, str]:
        return (hit.start, -hit.end, -weight(hit.type), -hit.score, hit.rank, hit.type)

    kept: list[Hit] = []
    for hit in sorted(found, key=order):
        if not any(
            other.end >= hit.end
            and other.end > hit.start
            and (
                other.type == hit.type
                or (
                    not hit.reason.startswith(IN_CODE)
                    and not hit.type.startswith("x-")
                    and not other.type.startswith("x-")
                    and WORD not in (hit.rank, other.rank)
                    and weight(other.type) >= weight(hit.type)
                )
            )
            for other in kept
        ):
            kept.append(hit)
    return kept


def scanned(text: str, locator: Locator, registry: Registry = DEFAULT) -> list[Finding]:
    """What the walk finds in a text: `cursor`, step by step."""
    shade = outline(text)
    length, position = len(text), 0
    found: list[Finding] = []
    opened: Hit | None = None
    stop: int | None = None
    while position < length:
        if opened is None:
            trigger = locator.trigger(shade, position)
            if trigger is None:
                break
            first = trigger - BACKUP
            if first > position:
                position = next((at + 1 for at in range(first, trigger) if text[at] in _SPACES), first)
        end = min(length, position + WINDOW)
        last = end == length
        before = max(0, position - CONTEXT)
        window = [
            Hit(h.type, h.start + before, h.end + before, h.score, h.reason, h.reach + before, h.rank, h.onward)
            for h in hits(registry, text[before:end], position - before)[0]
        ]
        cut, begun = end, None
        if not last:
            space = _space(text, position, end - LOOKAHEAD)
            cut = space
            coded = [(first + before, stop + before) for first, stop in runs(text[before:end])]
            spans = [*((hit.reach, hit.end) for hit in window), *coded]
            while across := [first for first, stop in spans if first < cut < stop]:
                cut = min(across)
            if cut <= position:
                cut = max([space, *(stop for first, stop in coded if first < space < stop < end)])
                for hit in sorted(window, key=lambda one: (one.reach, one.end)):
                    if hit.reach < cut < hit.end:
                        if hit.onward is None:
                            cut = hit.end
                        elif begun is None:
                            begun = hit
                            cut = max(cut, hit.start + 1)
                        else:
                            cut = end
        closed: int | None = None
        if opened is not None:
            if stop is None:
                reached = position + locator.continuation(opened, text[position:end])
                stop = reached if last or reached < end - TRIGGER else None
            if stop is not None and stop <= cut:
                closed, stop = stop, None
        tellable = [hit for hit in window if hit.end <= cut and hit is not begun]
        if begun is not None and opened is not None and closed is None:
            tellable.append(
                Hit(
                    begun.type,
                    begun.start,
                    max(cut, begun.start + 1),
                    begun.score,
                    begun.reason,
                    begun.reach,
                    begun.rank,
                )
            )
            begun = None
        if closed is not None and opened is not None:
            found.append(Finding(opened.type, opened.start, closed, opened.score, opened.reason))
            opened = None
        found += [Finding(hit.type, hit.start, hit.end, hit.score, hit.reason) for hit in tellable]
        opened = begun or opened
        position = cut
    if opened is not None:
        found.append(Finding(opened.type, opened.start, max(position, opened.start + 1), opened.score, opened.reason))
    # What stands in strings and statements as a table is read as the table that it stands for.
    shown = [
        Finding(one.type, *table.span(one.start, one.end), one.score, one.reason)
        for table in written_tables(text)
        for one in tabled(table.text, locator.headings)
    ]
    found += unseen([*shown, *tabled(text, locator.headings)], found)
    return sorted(found, key=lambda one: (one.start, one.end, one.type))


_BLANK = " \t\r│║┃"
"""What stands around a cell: blanks, and the lines that a table is drawn with."""


def tabled(text: str, known: Headings) -> list[Finding]:
    """What stands in columns: `columns`, a line at a time."""
    found: list[Finding] = []
    separator = ""
    heads: tuple[tuple[Value, ...], ...] = ()
    spans: list[tuple[int, int]] = []
    begin = indent = 0
    before = last_line = roll = ""
    for line in re.sub("\r(?!\n)", "\n", text).split("\n"):
        row, tabular = line[:1000], bool(heads or spans)
        if separator == "  " and indent > 1 and row[:1].strip():  # the number of a data frame's row has no heading
            row = " " * row.find("  ") + row[row.find("  ") :] if "  " in row else ""
        places = _cells(row, separator, len(line) > 1000)
        if spans:
            places, whole = _spanned(line[:1000], spans, len(line) > 1000)
            heads = heads if places or whole else ()
        told = [
            finding
            for (first, last), values in zip(places, heads, strict=False)
            if 2 <= last - first <= 64 and values
            for finding in [_cell(line[first:last], begin + first, values)]
            if finding is not None
        ]
        if roll and not tabular:
            who = _rolled(line)
            found += [] if who is None else [Finding("person", begin + who[0], begin + who[1], 0.75, "roll")]
            roll = "row" if who is not None else "head" if roll == "head" and not line[:64].strip() else ""
        heading = re.sub(r"^[ \t>#*_]*|[ \t*_:\r]*$", "", line) if len(line) <= 40 else ""
        if re.fullmatch(rf"(?i:{HEADINGS})", re.sub(r" ?\([0-9]{1,3}\)$", "", heading)):
            roll = "head"
        found += told
        begin += len(line) + 1
        drawn = len(line) > 1 and bool(line.strip()) and all(one in "+-=:| \t\r" or _is_box(one) for one in line)
        above, before = before, line if len(line) <= 1000 and not drawn and re.fullmatch("[^0-9]*", line) else ""
        goes_on = separator in line or (separator in ("|", "│", "║") and drawn)
        if spans:
            goes_on = whole and bool(line.strip())
        if len(line) > 1000 or (separator and not goes_on):
            separator, heads, spans = "", (), []
        if 2 < len(line) <= 1000 and last_line:
            found += _beside(line, last_line, begin - len(line) - 1, known)
        if len(line) <= 1000 and re.fullmatch(r" {0,64}[-=]{2,64}(?: [-=]{2,128}){1,63}\r?", line) and last_line:
            groups = [one.span() for one in re.finditer("[-=]+", line)]
            ends = [end for _, end in groups[:-1]] + [len(last_line)]
            titles = [last_line[start:end].strip(_BLANK) for (start, _), end in zip(groups, ends, strict=True)]
            new = tuple(known.get(_name(one)) or _spoken(one, known) for one in titles)
            apart = all(last_line[start - 1 : start] in ("", " ", "\r") for start, _ in groups if start)
            if apart and any(new) and _believed(new, titles, known):
                separator, heads, spans, indent = "  ", new, groups, 0
            last_line = line
            continue
        if len(line) <= 1000 and (not heads or not any(one in "0123456789" for one in line)):
            used = next((one for one in ("\t", "|", "│", "║", ";", ",", "  ") if one in line), None)
            if used is not None and len(line) > 2:
                cells = [one for one in line.split(used) if one or used != "  "]
                few = sum(one in "0123456789" for one in line) <= 4
                halves = _over(above, line, used, len(cells)) if above.strip() else [""] * len(cells)
                new = tuple(
                    known.get(_name(cell))
                    or (
                        _exact(cell, known)
                        if last_line.count(used) != line.count(used) and not re.search("[(]", line)
                        else ()
                    )
                    or (_spoken(cell, known) if few and all(len(one) <= LONGEST_HEADING for one in cells) else ())
                    or (known.get(_name(half + cell), ()) if above.strip() else ())
                    for half, cell in zip(halves, cells, strict=True)
                )
                if not _believed(new, cells, known):
                    new = ((),) * len(cells)
                good, least = (sum(1 for values in some if values) for some in (new, heads))
                lead = len(line) - len(line.lstrip(" ")) if used == "  " else 0
                if (1 if lead < 2 else 0) < len(cells) <= 64 and max(map(len, cells)) <= 64 and good >= max(1, least):
                    separator, heads, spans, indent = used, new, [], lead
        last_line = line if len(line) <= 1000 else ""
    return found


def _rolled(line: str) -> tuple[int, int] | None:
    """Where the name stands in a line of a roll."""
    head = line[:64]
    bullet = re.match(r"[ \t>]*(?:(?:[-*+\u2022\u2023\u25e6\u2013]|\d{1,3}[.)]|\[[ xX]\])[ \t]+){0,2}[*]{0,2}", head)
    start = bullet.end() if bullet else 0
    stops = [one.start() for one in re.finditer(r"[*]{0,2}[ \t\r]*(?:[(,;:<|\[]|[-\u2013\u2014][ \t])", head[start:])]
    rest = head[start:]
    said = rest[: min(stops)] if stops else rest.rstrip(" \t\r*") if len(line) <= 64 else ""
    words = said.split(" ")
    if not 2 <= len(words) <= 5 or not all(word and (word[0].isupper() or word in PARTICLES) for word in words):
        return None
    return (start, start + len(said)) if CHECKS["likely"](said) is not None else None


def _believed(columns: tuple[tuple[Value, ...], ...], cells: list[str], known: Headings) -> bool:
    """Whether a heading is one of a table about somebody."""
    return any(_name(cell) in known.beside for cell in cells) or not all(
        value.weak for values in columns for value in values
    )


def _exact(cell: str, known: Headings) -> tuple[Value, ...]:
    """What stands below a heading that must be written as it is known."""
    bare = cell.lower().strip(" \t\r").rstrip('"*`')
    if len(cell.lower().rstrip(" \t\r")) - len(cell.lower().rstrip(' \t\r"*`')) > 3:
        return ()
    return known.get(f"={bare.lstrip(' *`' + chr(9) + chr(34))}", ())


def _beside(line: str, last: str, begin: int, known: Headings) -> list[Finding]:
    """What stands beside a heading in a line of two cells."""
    used = next((one for one in ("\t", "|", "\u2506", "\u2502", "\u2551", "\u2503", ";", ",") if one in line), None)
    ruled = len(last) > 1 and bool(last.strip()) and all(one in "+-=:| \t\r" or _is_box(one) for one in last)
    most = 1 if used in ("\t", ";", ",") else 3
    if used is None or line.count(used) > most or not (used in last or ruled or last.startswith("-[")):
        return []
    blank = " \t\r\u2502\u2551\u2503"
    cells = [one for one in re.finditer(f"[^{used}]+", line) if one[0].strip(blank)]
    if len(cells) != 2:
        return []
    heading, cell = (one[0].strip(blank) for one in cells)
    first = cells[1].start() + len(cells[1][0]) - len(cells[1][0].lstrip(blank))
    if len(line) - first > 64:
        return []
    ends = ("name", "nm", "naam", "namn", "navn", "nom", "cognome", "apellido", "apellidos", "nazwisko", "imi\u0119")
    marked = bool(line[: cells[0].start()]) or line[: len(line) - len(line.lstrip(blank))] != ""
    named = _name(heading).endswith(ends) and (not marked or " " in cell or CHECKS["likely"](cell) is not None)
    values = known.get(_name(heading)) or _spoken(heading, known)
    if (
        known.get(_name(heading)) == ()
        and "(" not in cell
        and (exact := re.fullmatch('[ \t"*`]*([a-z]+(?:[ _-][a-z]+)*)["*`]{0,3}[ \t\r]*', heading.lower()))
    ):
        values = known.get(f"={exact[1]}", ())
    one = _cell(cell, begin + first, tuple(v for v in values if not v.weak and (named or v.type != "person")))
    return [one] if one else []


def _spanned(line: str, spans: list[tuple[int, int]], cut: bool) -> tuple[list[tuple[int, int]], bool]:
    """Where the cells of a row lie whose columns have these places, and whether it is one to its end."""
    found: list[tuple[int, int]] = []
    for number, (start, stop) in enumerate(spans):
        if start >= len(line):
            break
        if start and line[start - 1] != " ":
            return found, False
        end = len(line) if number == len(spans) - 1 else min(stop, len(line))
        first = start + len(line[start:end]) - len(line[start:end].lstrip(" "))
        over = line.find("  ", first, end)
        if over < 0 and cut and end == len(line):
            break
        if over < 0 and line[end : end + 1].strip(" "):
            return found, False
        found.append((first, end if over < 0 else over))
    return found, True


def _spoken(cell: str, known: Headings) -> tuple[Value, ...]:
    """What stands below a heading by its words."""
    said = [
        tuple(one for one in known.get(read.key, ()) if read.allows(one.type, heading=one.reason == "heading"))
        for read in readings(cell)
    ]
    return next((values for values in said if values), ())


def _name(heading: str) -> str:
    return "".join(c for c in heading.lower() if (ord(c) > 127 and c not in "\u2506\u2502\u2551\u2503") or c.isalnum())


def _over(above: str, line: str, separator: str, count: int) -> list[str]:
    """The upper halves of a heading: cell by cell, by place between spaces, or all of a line above the first."""
    if separator != "  ":
        parts = above.split(separator)
        whole = above if separator not in above and len(above) <= 64 else ""
        return parts if len(parts) == count else [whole] + [""] * (count - 1)
    runs = [
        [(one.start(), one.end()) for one in re.finditer("[^ \r\n](?:(?!  )[^\r\n])*(?<! )", some)]
        for some in (line, above)
    ]
    if len(runs[0]) != count or len(runs[1]) > 64:
        return [""] * count
    return [" ".join(above[a:b] for a, b in runs[1] if a < end and start < b) for start, end in runs[0]]


def _is_box(character: str) -> bool:
    return unicodedata.name(character, "").startswith("BOX DRAWINGS ")


def _cells(line: str, separator: str, cut: bool) -> list[tuple[int, int]]:
    """Where the cells of a row lie; of a line that was `cut`, those that end before its end."""
    spans: list[tuple[int, int]] = []
    start = 0
    while separator and start <= len(line):
        if separator == "  ":
            start = len(line) - len(line[start:].lstrip(" "))
            if start == len(line):
                break
        after = line.find('"', start + 1) + 1 if line[start : start + 1] == '"' else start
        if cut and line[start : start + 1] == '"' and not after:
            break
        stop = line.find(separator, after or start)
        if stop < 0 and cut:
            break
        stop = len(line) if stop < 0 else stop
        spans.append((start, stop))
        if stop == len(line):
            break
        start = stop + len(separator)
    return spans


def _cell(cell: str, place: int, values: tuple[Value, ...]) -> Finding | None:
    inner = cell.strip(_BLANK)
    place += len(cell) - len(cell.lstrip(_BLANK))
    if len(inner) > 2 and inner.startswith('"') and inner.endswith('"'):
        inner, place = inner[1:-1], place + 1
    if not inner:
        return None
    plain = normalised(inner)
    plain = undo_escapes(plain) or plain
    shade = shadow(plain.text)
    return next((f for value in values if (f := value.judged(plain.text, shade, place, len(inner)))), None)


def _space(text: str, start: int, target: int) -> int:
    for kind in (" \n\t\r\u3000", ",;{}[]()<>\"'|、。，；"):
        last = max(text.rfind(one, start, target) for one in kind)
        if last >= 0:
            return last + 1
    return target
