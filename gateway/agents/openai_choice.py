"""One choice of a streamed chat completion: its texts in lanes, its words and identifiers looked at as they come."""

from typing import Any, TypeAlias

from gateway.agents.beside import Beside
from gateway.agents.bodies import SCANNED_DIGITS, escape
from gateway.agents.openai_words import ANSWER
from gateway.core.errors import AgentError
from gateway.core.ports import Lanes, TextFilter

MAX_LANES = 8192
"""Lanes that one stream may open; a stream that needs more is not one of chat completions."""
MAX_LOOKS = 65_536
"""Texts that come whole, and are looked at with what came before them: two for each event in which one is another."""
MAX_IDENTIFIER = 4096
"""Characters that all pieces of one identifier may have together."""
MAX_ITEM = 1024
"""The highest index of a tool call or another item of a delta."""
_IDENTIFIERS = frozenset({"id", "name", "role", "type"})
"""What clients need at once and set rather than join: not held back, but looked at whole."""
_SHAPE = ("index", "type")
_SOUND = ("audio", "data")
"""Where sounds stand, in base64."""
_PROSE = ("delta", "content")
"""Where a choice says something to whoever reads it."""
_CARRIERS = (str, dict, list)
_OWN = frozenset({"index", "finish_reason", "logprobs"})
_Path: TypeAlias = tuple[str | int, ...]
"""Keys and indices that lead to a text within a choice."""
_CALLS: _Path = ("delta", "tool_calls")
"""Where tool calls stand, one after the other."""


class Texts:
    """The lanes of one stream: continuous ones for joined texts, and short ones for texts that come whole."""

    def __init__(self, lanes: Lanes) -> None:
        self._lanes = lanes
        self._opened = self._looks = 0
        self._last: dict[str, tuple[str, str]] = {}
        self._said: dict[str, str] = {}
        self.beside = Beside(self._looked)

    def open(self, pointer: str, *, prose: bool = False) -> TextFilter:
        self._opened += 1
        if self._opened > MAX_LANES:
            raise AgentError("answer_too_large")
        return self._lanes.lane(pointer, prose=prose)

    def unreadable(self, pointer: str, text: str) -> str:
        """What may leave in the place of what cannot be read."""
        return self._lanes.unreadable(pointer, text)

    def whole(self, pointer: str, text: str) -> str:
        """A text that stands for itself, safe to leave. Repeated in the next chunk, it is not looked at again."""
        last = self._last.get(pointer)
        if last is not None and last[0] == text:
            return last[1]
        safe = self._looked(pointer, text)
        self._last[pointer] = (text, safe)
        return safe

    def _looked(self, pointer: str, text: str) -> str:
        self._looks += 1
        if self._looks > MAX_LOOKS:
            raise AgentError("answer_too_large")
        lane = self._lanes.lane(pointer)
        return lane.feed(text) + lane.finish()

    def identifier(self, pointer: str, text: str) -> str:
        """A piece of an identifier, which clients may set or join: it and what it joins to must both be clean."""
        last = self._last.get(pointer)
        if last is not None and last[0] == text:
            return last[1]
        joined = self._said.get(pointer, "") + text
        if len(joined) > MAX_IDENTIFIER:
            raise AgentError("bad_answer")
        self._said[pointer] = joined
        if joined != text:
            lane = self.open(pointer)
            if lane.feed(joined) + lane.finish() != joined:
                raise AgentError("withheld")
        return self.whole(pointer, text)

    def key(self, pointer: str, key: str) -> str:
        if not key or key in ANSWER.keys:
            return key
        return self.whole(f"{pointer}/{escape(key)}", key)

    def number(self, key: str, value: Any, pointer: str) -> Any:
        """A number that says nothing of a person, or None."""
        if type(value) is int:
            if -SCANNED_DIGITS < value < SCANNED_DIGITS:
                return value
            low, high = ANSWER.numbers.get(key, (1, 0))
            if low <= value <= high:
                return value
        text = f"{key}: {value}" if key else str(value)
        return value if self.whole(pointer, text) == text else None

    def settle(self, value: Any, pointer: str, key: str = "") -> Any:
        """A JSON value outside the choices, every text, key and number of it safe to leave. `AgentError("withheld")`
        where several events together say what must not leave."""
        form = type(value)
        if form is str:
            return (
                value if not value or value in ANSWER.words.get(key, ()) else self.beside.take(pointer, value, pointer)
            )
        if form is dict:
            return {
                self.key(pointer, name): self.settle(item, f"{pointer}/{escape(name)}", name)
                for name, item in value.items()
            }
        if form is list:
            return [self.settle(item, f"{pointer}/{index}", key) for index, item in enumerate(value)]
        if form is bool or value is None:
            return value
        return self.number(key, value, pointer)


class Choice:
    """The state of one choice. `take` each of its pieces in order, `close` it at its finish reason or at the end."""

    def __init__(self, index: int, texts: Texts) -> None:
        self.finished = False
        self.spoke = False
        """Whether the piece taken last fed a lane."""
        self._index = index
        self._texts = texts
        self._lanes: dict[str, tuple[_Path, TextFilter]] = {}
        self._shapes: dict[_Path, dict[str, Any]] = {}
        self._call: int | None = None
        """The tool call that is under way."""
        self._called: list[str] = []
        """Places of its texts."""
        self._over: set[str] = set()
        """Places of texts that are whole, since the call that they are of is."""

    @property
    def content(self) -> TextFilter | None:
        """The lane of what the choice says, once it has said something."""
        known = self._lanes.get(f"/choices/{self._index}/delta/content")
        return None if known is None else known[1]

    def take(self, item: dict[str, Any]) -> dict[str, Any] | None:
        """The piece as it may leave, without its finish reason; None when all it carried is held back.

        Probabilities of tokens never leave: they repeat the text in pieces that are in no lane.
        """
        self.spoke = False
        carried = {key: value for key, value in item.items() if key not in _OWN}
        safe = self._members(carried, (), f"/choices/{self._index}")
        if carried and not safe:
            return None
        return {"index": self._index, "delta": {}, **safe, "finish_reason": None}

    def end(self, reason: Any) -> dict[str, Any]:
        """A piece that holds the finish reason and nothing else."""
        place = f"/choices/{self._index}/finish_reason"
        return {"index": self._index, "delta": {}, "finish_reason": self._texts.settle(reason, place, "finish_reason")}

    def close(self) -> dict[str, Any] | None:
        """What the lanes still held, as a piece of the choice; None when that is nothing. No text may follow."""
        self.finished = True
        rest = self._held(list(self._lanes))
        return {"index": self._index, "delta": {}, **rest, "finish_reason": None} if rest else None

    def _held(self, places: list[str]) -> dict[str, Any]:
        """The end of these texts: what their lanes still held, in the form of the agent's own pieces."""
        rest: dict[str | int, Any] = {}
        for place in places:
            path, lane = self._lanes.pop(place)
            self._over.add(place)
            text = lane.finish()
            if text:
                _put(rest, path, text)
        formed: dict[str, Any] = self._formed(rest, ())
        return formed

    def _formed(self, node: Any, path: _Path) -> Any:
        """A tree of held texts in the form of the agent's own pieces: numbered steps are items of a list."""
        if type(node) is str:
            return node
        formed = {step: self._formed(item, (*path, step)) for step, item in node.items()}
        numbered = [step for step in formed if type(step) is int]
        if not numbered:
            return formed
        if len(numbered) < len(formed):  # an object in one piece and a list in another: no client could join them
            raise AgentError("bad_answer")
        return [
            {**self._shapes.get((*path, step), {}), **formed[step]} if type(formed[step]) is dict else formed[step]
            for step in sorted(numbered)
        ]

    def _safe(self, key: str, value: Any, path: _Path, place: str) -> Any:
        """One value of the piece: `path` leads to it in what leaves, `place` points to it in what came."""
        form = type(value)
        if form is str:
            return self._text(key, value, path, place)
        if form is dict:
            return self._members(value, path, place)
        if form is list:
            return self._items(key, value, path, place)
        if form is bool or value is None:
            return value
        return self._texts.number(key, value, place)

    def _text(self, key: str, text: str, path: _Path, place: str) -> str:
        if not text or text in ANSWER.words.get(key, ()):
            return text
        if self.finished:
            raise AgentError("bad_answer")
        if path[-2:] == _SOUND:
            return self._texts.unreadable(place, text)
        if key in _IDENTIFIERS:
            return self._texts.identifier(place, text)
        known = self._lanes.get(place)
        if known is None:
            if place in self._over:
                raise AgentError("bad_answer")
            known = self._lanes[place] = (path, self._texts.open(place, prose=path == _PROSE))
            if path[:2] == _CALLS:
                self._called.append(place)
        self.spoke = True
        return known[1].feed(text)

    def _members(self, value: dict[str, Any], path: _Path, place: str) -> dict[str, Any]:
        out: dict[str, Any] = {}
        for name, item in value.items():
            key = self._texts.key(place, name)
            safe = self._safe(name, item, (*path, key), f"{place}/{escape(name)}")
            # A text that is held back whole leaves no trace of its place, or clients would take it for the whole.
            if safe or not item or type(item) not in _CARRIERS:
                out[key] = safe
        return out

    def _items(self, key: str, value: list[Any], path: _Path, place: str) -> list[Any]:
        out: list[Any] = []
        for position, item in enumerate(value):
            at = item.get("index", position) if type(item) is dict else position
            if type(at) is not int or not 0 <= at <= MAX_ITEM:
                raise AgentError("bad_answer")
            if path == _CALLS and at != self._call:
                self._next_call(at, out)
            safe = self._safe(key, item, (*path, at), f"{place}/{at}")
            if type(safe) is dict:
                shape = {name: safe[name] for name in _SHAPE if name in safe}
                self._shapes[(*path, at)] = shape
                emptied = len(safe) == len(shape) and len(item) > len(shape)
            else:
                emptied = bool(item) and type(item) in _CARRIERS and not safe
            if not emptied:
                out.append(safe)
        return out

    def _next_call(self, at: int, out: list[Any]) -> None:
        """Another tool call's turn. Clients take the one before for whole then: what is held of it goes first, and
        nothing of it may follow, for what has left could not be masked together with that."""
        places, self._call, self._called = self._called, at, []
        if not places:
            return
        for item in self._held(places).get("delta", {}).get("tool_calls", ()):
            if out and out[-1].get("index") == item.get("index"):  # a piece of it in the same chunk
                out[-1] = _joined(out[-1], item)
            else:
                out.append(item)


def _joined(piece: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    """Two pieces of one item as one."""
    joined = dict(piece)
    for key, value in more.items():
        if key in _SHAPE or key not in joined:
            joined[key] = value
        elif type(value) is dict:
            joined[key] = _joined(joined[key], value)
        else:
            joined[key] += value
    return joined


def _put(root: dict[str | int, Any], path: _Path, text: str) -> None:
    """Put a text into a tree of objects; `AgentError` where the agent's pieces contradict each other's form."""
    node: Any = root
    for step in path[:-1]:
        node = node.setdefault(step, {})
        if type(node) is not dict:
            raise AgentError("bad_answer")
    if path[-1] in node:
        raise AgentError("bad_answer")
    node[path[-1]] = text
