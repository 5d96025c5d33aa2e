"""Writes masks into a text that is JSON, or holds JSON in its strings, so that it stays what it was.

The text is followed from its first character on: what is within a string, and within a string of JSON in that string,
and what stands outside of them. A placeholder within a string is text of it; one for a number is a string in its place,
with quotes that are escaped as often as the string around it is. What holds the text together (quotes, brackets,
commas) stays even where a mask lies over it.

Nothing is looked at but what has come so far, so that a stream is written as the whole text would be. At most `HELD`
characters wait for what follows: the beginning of an escape or of a number.
"""

import json
import re

import msgspec

DEPTH = 5
"""The text and four strings within each other; what is deeper is text of the deepest of them."""
HELD = 32
"""More characters than any escape has at that depth."""
_SPACE = " \t\r\n"
_FRAMES = frozenset(_SPACE + "[]{}:,")
_TOKEN = frozenset("+-.0123456789eEtrufalsn")
"""What numbers, `true`, `false` and `null` are made of."""
_ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_HEX = frozenset("0123456789abcdefABCDEF")
_WHOLE_ESCAPE = 6
_TO_ESCAPE = re.compile(r'["\\\x00-\x1f]')
_RUN = re.compile(r'[^"\\]+')
_OUTSIDE = re.compile(r"([ \t\r\n\[\]{}:,]+)|([+\-.0-9eEtrufalsn]+)")
_BLANKS = re.compile(r"[ \t\r\n]+")
_BREAK = re.compile(r"\\+[nrt]\Z")
_BEFORE_VALUES = frozenset(":,[")
_CONTENT, _FRAME, _VALUE, _BROKEN, _WAITS = range(5)
"""What a character is: text of a string; what holds JSON together; part of a number or literal; none of these where
JSON would have one; not known before the next one has come."""


def _plain(depth: int) -> re.Pattern[str]:
    """What can be passed over outside of strings at a depth: values with what follows them, and whole strings that hold
    no JSON."""
    quote = re.escape("\\" * (2**depth - 1) + '"')
    before = re.escape("\\" * 2 ** (depth - 1)) if depth else ""
    breaks = f"|{before}[nrt]" if depth else ""
    mark = re.escape("\\" * 2**depth)
    within = rf'(?:[^"\\]++|{mark}(?:{mark}|{quote}|[^"\\]))*+'
    string = rf"{quote}(?![ \t\r\n]*+[\[{{\\]){within}{quote}"
    return re.compile(rf"(?:[+\-.0-9eEtrufalsn]*+(?:[ \t\r\n\[\]{{}}:,]++{breaks}|{string}))++")


_PLAIN = tuple(_plain(depth) for depth in range(DEPTH))


class _Level(msgspec.Struct, gc=False):
    """JSON at one depth: whether a string is open in it, whether that one may still turn out to be JSON itself, and
    the escape under way in it."""

    string: bool = False
    fresh: bool = False
    escape: str = ""


def writer_of(text: str) -> "JsonWriter | None":
    """What writes a text that begins so; None where that is no JSON which a mask could break."""
    first = text.lstrip(_SPACE)[:1]
    return JsonWriter(quoted=first == '"') if first and first in '[{"' else None


class JsonWriter:
    """One text on its way out, in pieces: `plain` ones as they are, `masked` ones by what stands for them. Each gives
    what may be written now. What turns out to be no JSON is written as it would be without a writer."""

    def __init__(self, *, quoted: bool = False) -> None:
        """`quoted`: the text begins as a string, and is followed only where JSON is in that."""
        self._levels = [_Level()]
        self._quoted = quoted
        self._broken = False
        self._last = ""
        """What stood last outside of strings, blanks and values apart."""
        self._waits = False
        self._escape = ""
        """An escape that has not ended, held back."""
        self._covered = False
        """Whether something of it is masked."""
        self._value = ""
        """The beginning of a number or literal, held back."""
        self._loose = False
        """Whether what came of it was too much to hold back, and was written."""
        self._eaten = False
        """Whether it is masked, so that the rest of it is, too."""
        self._masks = False
        self._shown = ""
        """What stands for the text that is masked, until it is written: once for all of it."""

    def plain(self, text: str) -> str:
        """Text that is not masked."""
        owed = self._owed()
        self._masks, self._shown = False, ""
        return owed + self._write(text, "")

    def masked(self, text: str, shown: str, guess: str) -> str:
        """Text in whose place `shown` is to stand; nothing where that is empty, since it stands for what came right
        before, too. `guess`: what is to stand there where this is no JSON."""
        self._masks, self._shown = True, shown or self._shown
        return self._write(text, guess)

    def finish(self) -> str:
        """What was held back, at the end of the text."""
        held = self._value + ("" if self._covered else self._escape)
        self._value = self._escape = ""
        return held + self._owed()

    def _owed(self) -> str:
        """What stands for a mask of nothing but the beginning of an escape in a string."""
        owed = self._shown and self._waits and self._levels[-1].string and not self._broken
        return self._in_string() if owed else ""

    def _write(self, text: str, guess: str) -> str:
        out: list[str] = []
        at = 0
        while at < len(text) and not self._broken:
            at = self._next(text, at, out)
        if self._broken:
            out += (self.finish(), text[at:] if not self._masks else guess if self._shown else "")
            self._shown = ""
        return "".join(out)

    def _next(self, text: str, at: int, out: list[str]) -> int:
        """Write what comes next; where it ends."""
        level = self._levels[-1]
        if self._waits or text[at] in '"\\':
            return self._single(text[at], at, out)
        if not level.string:
            return self._outside(text, at, out)
        if level.fresh:
            blanks = _BLANKS.match(text, at)
            end = at + 1 if blanks is None else blanks.end()
            kind = self._opens(len(self._levels) - 1, text[at])
            self._take(kind, text[at:end], out)
            return at if self._broken else end
        found = _RUN.match(text, at)
        end = at + 1 if found is None else found.end()
        self._take(_CONTENT, text[at:end], out)
        return end

    def _outside(self, text: str, at: int, out: list[str]) -> int:
        """Outside of strings, at whatever depth."""
        if not (self._masks or self._quoted or self._value or self._eaten or self._loose):
            passed = _PLAIN[len(self._levels) - 1].match(text, at)
            if passed is not None:
                out.append(passed.group())
                self._last = _last(passed.group(), len(self._levels) > 1) or self._last
                return passed.end()
        found = _OUTSIDE.match(text, at)
        if found is None:
            self._take(self._break(len(self._levels) - 1), text[at], out)
            return at + (not self._broken)
        frame = found.group(1)
        if frame:
            self._last = frame.rstrip(_SPACE)[-1:] or self._last
        self._take(_FRAME if frame else _VALUE, found.group(), out)
        return found.end()

    def _single(self, character: str, at: int, out: list[str]) -> int:
        """A character that may be, or end, an escape."""
        self._escape += character
        self._covered = self._covered or self._masks
        kind = self._read(0, character)
        self._waits = kind == _WAITS
        if self._waits:
            if len(self._escape) > HELD:
                out += (self._value, "" if self._covered else self._escape)
                self._value = self._escape = ""
            return at + 1
        written, covered = self._escape, self._covered
        self._escape, self._covered = "", False
        if not covered or self._masks or kind != _CONTENT:
            self._take(kind, written, out)
        if self._broken and not covered:
            self._escape = written
        return at + 1

    # ------------------------------------------------------------------------------------------------- what it is

    def _read(self, depth: int, character: str) -> int:
        """What a character is, read at a depth."""
        level = self._levels[depth]
        if not level.string:
            return self._bare(level, character)
        if level.escape:
            level.escape += character
            read = _decoded(level.escape)
            if read is None:
                return _WAITS
            level.escape = ""
            if not read:
                return self._break(depth)
            character = read
        elif character == "\\":
            level.escape = character
            return _WAITS
        elif character == '"':
            level.string = level.fresh = False
            self._last = character
            del self._levels[depth + 1 :]
            return _FRAME
        if depth + 1 < len(self._levels):
            return self._read(depth + 1, character)
        return self._opens(depth, character) if level.fresh else _CONTENT

    def _bare(self, level: _Level, character: str) -> int:
        """What a character outside of strings is."""
        if character in _TOKEN:
            return _VALUE
        if character == '"':
            level.string = level.fresh = True
        elif character not in _FRAMES:
            return self._break(len(self._levels) - 1)
        if character not in _SPACE:
            self._last = character
        return _FRAME

    def _opens(self, depth: int, character: str) -> int:
        """What the first character of a string is: JSON in it may begin there."""
        level = self._levels[depth]
        if character in _SPACE:
            return _CONTENT
        level.fresh = False
        if character in "[{" and depth + 1 < DEPTH:
            self._levels.append(_Level())
            self._last = character
            self._quoted = False
            return _FRAME
        return self._break(0) if self._quoted else _CONTENT

    def _break(self, depth: int) -> int:
        """This is no JSON at this depth: what holds it is a string like any other."""
        if depth == 0:
            self._broken = True
            return _BROKEN
        del self._levels[depth:]
        self._levels[-1].fresh = False
        return _CONTENT

    # --------------------------------------------------------------------------------------------- what is written

    def _take(self, kind: int, written: str, out: list[str]) -> None:
        """Write what was read, or what stands for it."""
        if kind == _BROKEN:
            return
        if kind == _VALUE:
            if not self._masks or self._eaten or self._last in _BEFORE_VALUES:
                self._of_value(written, out)
                return
            kind = self._break(len(self._levels) - 1)  # numbers stand nowhere else: these are words
            if kind == _BROKEN:
                return
        out.append(self._value)
        self._value, self._eaten, self._loose = "", False, False
        if kind == _FRAME or not self._masks:
            out.append(written)
        elif self._shown:
            out.append(self._in_string())

    def _of_value(self, written: str, out: list[str]) -> None:
        if self._eaten:
            return
        if self._masks:
            # A number of which too much has left already stays one, with nothing more in it.
            out.append("0" if self._loose else self._as_string())
            self._value, self._eaten = "", True
            return
        self._value += written
        if len(self._value) > HELD:
            out.append(self._value)
            self._value, self._loose = "", True

    def _in_string(self) -> str:
        shown, self._shown = self._shown, ""
        return _escaped(shown, len(self._levels))

    def _as_string(self) -> str:
        shown, self._shown = self._shown, ""
        return _escaped(f'"{_escaped(shown, 1)}"', len(self._levels) - 1)


def _last(text: str, inner: bool) -> str:
    """The last character of what stands outside of strings, blanks and escaped ones apart."""
    text = text.rstrip(_SPACE)
    while inner and (found := _BREAK.search(text, len(text) - 2**DEPTH)) is not None:
        text = text[: found.start()].rstrip(_SPACE)
    return text[-1:]


def _decoded(escape: str) -> str | None:
    """What an escape stands for; None where it has not ended, empty where it is none."""
    if escape[1] != "u":
        return _ESCAPES.get(escape[1], "")
    if not _HEX.issuperset(escape[2:]):
        return ""
    return chr(int(escape[2:], 16)) if len(escape) == _WHOLE_ESCAPE else None


def _escaped(text: str, times: int) -> str:
    """A text as it stands in so many strings within each other."""
    for _ in range(times):
        if _TO_ESCAPE.search(text) is None:
            break
        text = json.dumps(text, ensure_ascii=False)[1:-1]
    return text
