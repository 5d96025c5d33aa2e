"""JSON that arrives in pieces (the input of a tool call): every string of it goes through a lane of its own.

What leaves is JSON at every instant and in the end, whatever was masked: masks stand inside strings, a key that says
too much is masked like a string, a number that does becomes null. Strings are looked at decoded, so that no escape
hides what they say, and duplicate keys are refused, since two readers would understand them differently (RFC 8259 §4).
"""

import json
import re
from typing import Literal, TypeAlias

from gateway.agents.anthropic_texts import Texts
from gateway.agents.bodies import escape
from gateway.core.errors import AgentError
from gateway.core.ports import TextFilter

MAX_KEY = 1024
"""Characters of one key."""
MAX_NUMBER = 400
"""Characters of one number."""
_RUN = re.compile(r'[^"\\\x00-\x1f]+')
_SPACE = re.compile(r"[ \t\n\r]+")
_SCALAR = re.compile(r"[-+.0-9A-Za-z]+")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_HEX = re.compile(r"[0-9a-fA-F]{4}")
_ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_WORDS = frozenset({"true", "false", "null"})
State: TypeAlias = Literal["value", "first-value", "first-key", "key", "colon", "next", "end"]
"""What may come next outside of strings: a value, a value or the end of its list, …, a comma or the container's end."""


class _Container:
    """An object or a list that is open: its pointer, its keys so far, and the key or index that is under way."""

    def __init__(self, pointer: str, label: str, *, is_object: bool) -> None:
        self.pointer, self.label, self.is_object = pointer, label, is_object
        self.keys: set[str] = set()
        self.key = ""
        self.index = 0

    def place(self) -> tuple[str, str]:
        """Pointer and label of the value that comes next."""
        if self.is_object:
            return f"{self.pointer}/{escape(self.key)}", self.key
        return f"{self.pointer}/{self.index}", self.label


class JsonPieces:
    """One JSON value. `feed` its pieces in order, then `finish`. Raises `AgentError("bad_answer")` for what is no JSON.

    A value that was cut short stays so: agents stop in the middle of one when they run out of tokens.
    """

    def __init__(self, texts: Texts, pointer: str, depth: int) -> None:
        self._texts, self._pointer, self._depth = texts, pointer, depth
        self._open: list[_Container] = []
        self._state: State = "value"
        self._rest = ""
        """What could not be read yet: half an escape, or a number or word that may go on."""
        self._lane: TextFilter | None = None
        """The lane of the string that is open."""
        self._key: list[str] | None = None
        """The pieces of the key that is open."""
        self._key_length = 0

    def feed(self, piece: str) -> str:
        """What may leave now."""
        text, self._rest = self._rest + piece, ""
        out: list[str] = []
        at = 0
        while at < len(text):
            step = self._string(text, at, out) if self._in_string() else self._outside(text, at, out, final=False)
            if step == at:
                self._rest = text[at:]
                break
            at = step
        return "".join(out)

    def finish(self) -> str:
        """The rest. Nothing may follow."""
        out: list[str] = []
        rest, self._rest = self._rest, ""
        if self._lane is not None:
            out.append(_quoted(self._lane.finish()))
            self._lane = None
        elif rest and self._key is None:
            self._outside(rest, 0, out, final=True)
        self._state = "end"
        return "".join(out)

    def _in_string(self) -> bool:
        return self._lane is not None or self._key is not None

    # --------------------------------------------------------------------------------------------------------- strings

    def _string(self, text: str, at: int, out: list[str]) -> int:
        """Read on in the open string; the same place where an escape is not whole yet."""
        run = _RUN.match(text, at)
        if run is not None:
            self._take(run.group(), out)
            return run.end()
        if text[at] == '"':
            self._close(out)
            return at + 1
        if text[at] != "\\":
            raise AgentError("bad_answer")
        read = _escaped(text, at)
        if read is None:
            return at
        self._take(read[0], out)
        return read[1]

    def _take(self, text: str, out: list[str]) -> None:
        if self._lane is not None:
            out.append(_quoted(self._lane.feed(text)))
        elif self._key is not None:
            self._key.append(text)
            self._key_length += len(text)
            if self._key_length > MAX_KEY:
                raise AgentError("bad_answer")

    def _close(self, out: list[str]) -> None:
        if self._lane is not None:
            out.append(_quoted(self._lane.finish()) + '"')
            self._lane = None
            self._valued()
        elif self._key is not None:
            container, key = self._open[-1], "".join(self._key)
            if key in container.keys:
                raise AgentError("bad_answer")
            container.keys.add(key)
            container.key = key
            safe = self._texts.whole(f"{container.pointer}/{escape(key)}", key) if key else key
            out.append(f'"{_quoted(safe)}"')
            self._key, self._state = None, "colon"

    # --------------------------------------------------------------------------------------------------- around strings

    def _outside(self, text: str, at: int, out: list[str], *, final: bool) -> int:
        space = _SPACE.match(text, at)
        if space is not None:
            out.append(space.group())
            return space.end()
        mark, state = text[at], self._state
        if state in ("first-key", "key") and mark == '"':
            self._key, self._key_length = [], 0
        elif state == "colon" and mark == ":":
            self._state = "value"
            out.append(mark)
        elif state == "next" and mark == ",":
            self._state = "key" if self._open[-1].is_object else "value"
            out.append(mark)
        elif mark in "]}":
            self._shut(mark)
            out.append(mark)
        elif state in ("value", "first-value"):
            return self._value(text, at, out, final=final)
        else:
            raise AgentError("bad_answer")
        return at + 1

    def _value(self, text: str, at: int, out: list[str], *, final: bool) -> int:
        mark = text[at]
        pointer, label = self._open[-1].place() if self._open else (self._pointer, "")
        if mark == '"':
            self._lane = self._texts.open(pointer, label)
            out.append(mark)
            return at + 1
        if mark in "[{":
            if len(self._open) >= self._depth:
                raise AgentError("bad_answer")
            self._open.append(_Container(pointer, label, is_object=mark == "{"))
            self._state = "first-key" if mark == "{" else "first-value"
            out.append(mark)
            return at + 1
        scalar = _SCALAR.match(text, at)
        if scalar is None or scalar.end() - at > MAX_NUMBER:
            raise AgentError("bad_answer")
        if scalar.end() == len(text) and not final:
            return at
        out.append(self._settled(scalar.group(), pointer, label, final=final))
        self._valued()
        return scalar.end()

    def _settled(self, literal: str, pointer: str, label: str, *, final: bool) -> str:
        """A word or a number as it may leave. Cut short at the end of all, a number is none that could be read."""
        if literal in _WORDS:
            return literal
        if _NUMBER.fullmatch(literal) is None:
            if final:
                return ""
            raise AgentError("bad_answer")
        if sum(map(str.isdigit, literal)) < 5:
            return literal
        return literal if self._texts.whole(pointer, literal, label) == literal else "null"

    def _shut(self, mark: str) -> None:
        """The end of the innermost container."""
        state: State = self._state
        wanted = ("first-key", "next") if mark == "}" else ("first-value", "next")
        if not self._open or state not in wanted or self._open[-1].is_object != (mark == "}"):
            raise AgentError("bad_answer")
        self._open.pop()
        self._valued()

    def _valued(self) -> None:
        """A value is complete."""
        if self._open:
            self._open[-1].index += 1
            self._state = "next"
        else:
            self._state = "end"


def _escaped(text: str, at: int) -> tuple[str, int] | None:
    """The character of an escape and where it ends; None where it is not whole yet."""
    if at + 1 >= len(text):
        return None
    mark = text[at + 1]
    if mark != "u":
        if mark not in _ESCAPES:
            raise AgentError("bad_answer")
        return _ESCAPES[mark], at + 2
    code = _unit(text, at)
    if code is None:
        return None
    if 0xDC00 <= code < 0xE000:
        raise AgentError("bad_answer")
    if not 0xD800 <= code < 0xDC00:
        return chr(code), at + 6
    low = _unit(text, at + 6)
    if low is None:
        return None
    if not 0xDC00 <= low < 0xE000:
        raise AgentError("bad_answer")
    return chr(0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00)), at + 12


def _unit(text: str, at: int) -> int | None:
    r"""The code unit of a `\uXXXX`; None where it is not whole yet."""
    start = text[at : at + 2]
    if not r"\u".startswith(start):
        raise AgentError("bad_answer")
    if len(text) < at + 6:
        return None
    if _HEX.fullmatch(text, at + 2, at + 6) is None:
        raise AgentError("bad_answer")
    return int(text[at + 2 : at + 6], 16)


def _quoted(text: str) -> str:
    """A text as it stands inside a JSON string."""
    return json.dumps(text, ensure_ascii=False)[1:-1] if text else text
