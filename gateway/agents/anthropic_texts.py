"""The texts of one streamed answer, each through a lane: those that deltas join, and those that come whole."""

from collections import deque
from typing import Any

from gateway.agents.anthropic_content import is_bare_signature, is_binary, is_cipher
from gateway.agents.anthropic_words import ANSWER, CONTENT
from gateway.agents.bodies import SCANNED_DIGITS, escape
from gateway.agents.ending import ending
from gateway.core.errors import AgentError
from gateway.core.ports import Lanes, TextFilter

MAX_LANES = 16_384
"""Lanes that one stream may open; a stream that needs more is not one of messages."""
MAX_PLACES = 4096
"""Places whose texts are looked at joined: signatures, and events of an unknown kind."""
TAIL = 512
"""Characters of such a text that are looked at again with what follows: the longest that one finding takes."""
_KEYS = ANSWER.keys | CONTENT.keys
_WORDS = {
    key: ANSWER.words.get(key, frozenset()) | CONTENT.words.get(key, frozenset())
    for key in (*ANSWER.words, *CONTENT.words)
}
_NUMBERS = {**CONTENT.numbers, **ANSWER.numbers}


class Texts:
    """Opens lanes. `whole`, `joined` and `settle` give what may leave at once; nothing of it is held back."""

    def __init__(self, lanes: Lanes) -> None:
        self._lanes = lanes
        self._opened = 0
        self._said: dict[str, str] = {}
        self._told = ""
        """How the prose ends that has left already: readers join its blocks."""

    def open(self, pointer: str, label: str = "", *, token: bool = False, prose: bool = False) -> TextFilter:
        """A lane for a text that comes in pieces."""
        self._opened += 1
        if self._opened > MAX_LANES:
            raise AgentError("answer_too_large")
        return self._lanes.lane(pointer, label, token=token, prose=prose, after=self._told if prose else "")

    def tell(self, text: str) -> str:
        """The text, a piece of prose of which is known now that it leaves."""
        self._told = ending(self._told, text)
        return text

    def last(self) -> None:
        """No text comes after the one that ends."""
        self._lanes.last()

    def unreadable(self, pointer: str, text: str) -> str:
        """What may leave in the place of what cannot be read."""
        return self._lanes.unreadable(pointer, text) if text else text

    def whole(self, pointer: str, text: str, label: str = "", *, token: bool = False) -> str:
        """A text that stands for itself."""
        lane = self.open(pointer, label, token=token)
        return lane.feed(text) + lane.finish()

    def joined(self, pointer: str, text: str, *, token: bool = False) -> str:
        """A text that clients may set or join, or that may not be changed: it must be clean with what came before it.

        `AgentError("withheld")` where it is not: what the caller may have decides. `token`: a signature.
        """
        text_and_tail = self._said.get(pointer, "") + text
        if self.whole(pointer, text_and_tail, token=token) != text_and_tail:
            raise AgentError("withheld")
        if pointer not in self._said and len(self._said) >= MAX_PLACES:
            raise AgentError("answer_too_large")
        self._said[pointer] = text_and_tail[-TAIL:]
        return text

    def key(self, pointer: str, key: str) -> str:
        """The key of an object."""
        return key if not key or key in _KEYS else self.whole(f"{pointer}/{escape(key)}", key)

    def number(self, pointer: str, key: str, value: Any) -> Any:
        """A number that says nothing of a person, or None."""
        if type(value) is int:
            if -SCANNED_DIGITS < value < SCANNED_DIGITS:
                return value
            low, high = _NUMBERS.get(key, (1, 0))
            if low <= value <= high:
                return value
        text = str(value)
        return value if self.whole(pointer, text, key) == text else None

    def settle(self, value: Any, pointer: str, key: str = "", *, plain: bool = False) -> Any:
        """A JSON value that came whole, every text, key and number of it safe to leave. `plain`: somebody's own data,
        in which the protocol's words mean nothing."""
        form = type(value)
        if form is str:
            known = not value or (not plain and value in _WORDS.get(key, ()))
            return value if known else self.whole(pointer, value, "" if not plain and key in _KEYS else key)
        if form is dict:
            return {
                self.key(pointer, name): self._member(value, name, item, f"{pointer}/{escape(name)}", plain)
                for name, item in value.items()
            }
        if form is list:
            return [self.settle(item, f"{pointer}/{index}", key, plain=plain) for index, item in enumerate(value)]
        if form is bool or value is None:
            return value
        return self.number(pointer, key, value)

    def _member(self, block: dict[str, Any], key: str, item: Any, place: str, plain: bool) -> Any:
        if type(item) is str and not plain:
            kind = block.get("type")
            if key == "signature" and item and not is_bare_signature(block, key):
                return self.joined(place, item, token=True)
            if is_cipher(kind, key) or is_binary(kind, key, item) or (item and is_bare_signature(block, key)):
                return self.unreadable(place, item)
        return self.settle(item, place, key, plain=plain or key == "input")

    def clean(self, value: Any, pointer: str) -> Any:
        """A JSON value of an unknown kind: its texts may belong to those of other events, so each must be clean joined
        to what came before in the same place."""
        pending: deque[tuple[Any, str]] = deque([(value, pointer)])
        while pending:
            item, place = pending.popleft()
            if type(item) is str and item:
                self.joined(place, item)
            elif type(item) is dict:
                for key, child in item.items():
                    self.joined(f"{place}/", key)
                    pending.append((child, f"{place}/{escape(key)}"))
            elif type(item) is list:
                pending.extend((child, f"{place}/{index}") for index, child in enumerate(item))
            elif item is not None and type(item) is not bool and self.number(place, "", item) != item:
                raise AgentError("withheld")
        return value
