"""The texts of a streamed response: joined ones in lanes, whole ones looked at once, however often they are repeated.

A response says everything several times: in its deltas, in the event that ends them, in the part, in the item, and in
the response as a whole. What a text became the first time, it becomes each time.
"""

from collections.abc import Iterator
from typing import Any

from gateway.agents.bodies import PLAIN, SCANNED_DIGITS, Vocabulary
from gateway.agents.responses_words import BODY, FREE_KEYS, SCHEMAS, TOOL
from gateway.core.errors import AgentError
from gateway.core.ports import Lanes, TextFilter

MAX_LANES = 20_000
"""Texts that one stream may hold: as many as an answer may have parts."""
_OPAQUE = frozenset({"encrypted_content", "partial_image_b64"})
_NO_WORDS: frozenset[str] = frozenset()


class Texts:
    """The texts of one stream. What is kept of them is no more than the stream held, and what it became."""

    def __init__(self, lanes: Lanes) -> None:
        self._lanes = lanes
        self._opened = 0
        self._known: dict[tuple[str, str], str] = {}
        self._spoken: dict[str, str | None] = {}
        """What joined texts for whoever reads the response became. In any other place the same text is another one."""
        self._order: list[str] = []
        """All of these, as they ended."""

    def open(self, label: str = "", *, prose: bool = False) -> TextFilter:
        """A lane of its own, for each text one."""
        self._opened += 1
        if self._opened > MAX_LANES:
            raise AgentError("answer_too_large")
        return self._lanes.lane(f"/{self._opened}/", label, prose=prose)

    def last(self) -> None:
        """No text comes after the one that ends."""
        self._lanes.last()

    def learn(self, text: str, safe: str, *, prose: bool = False) -> None:
        """Remember what a joined text became. Two of the same words may have become something else each: they are
        repeated as any other text is."""
        if not prose:
            self._known[("", text)] = safe
            return
        self._spoken[text] = None if text in self._spoken else safe
        if text:
            self._order.append(text)

    def repeated(self, output: list[Any]) -> None:
        """Before a whole response repeats its texts: in another order than they came, or with others between them, they
        are other texts to whoever joins them."""
        told = [text for item in output for text in _spoken_in(item)]
        if told and told != self._order:
            self._spoken.clear()

    def spoken(self, text: str) -> str:
        """A text for whoever reads the response, which came in pieces before or comes whole."""
        safe = self._spoken.get(text) if text else text
        return self.whole(text) if safe is None else safe

    def whole(self, text: str, label: str = "") -> str:
        """A text that stands for itself, safe to leave. `label`: the key that tells what it may be."""
        safe = self._known.get((label, text))
        if safe is None:
            lane = self.open(label)
            safe = self._known[(label, text)] = lane.feed(text) + lane.finish()
        return safe

    def settle(self, value: Any, key: str = "", vocabulary: Vocabulary = BODY) -> Any:
        """A JSON value, every text, key and number of it safe to leave. Without the probabilities of tokens, which
        repeat the text in pieces; what cannot be read passes where the caller may have it."""
        form = type(value)
        if form is str:
            known = key in vocabulary.keys
            if not value or (known and value in vocabulary.words.get(key, _NO_WORDS)):
                return value
            return self.whole(value, "" if known else key)
        if form is dict:
            return self._members(value, key, vocabulary)
        if form is list:
            return [self.settle(item, key, vocabulary) for item in value]
        if form is bool or value is None:
            return value
        return self._number(key, value, vocabulary)

    def _members(self, value: dict[str, Any], key: str, vocabulary: Vocabulary) -> dict[str, Any]:
        if key in FREE_KEYS:
            vocabulary = PLAIN
        elif key in SCHEMAS and vocabulary is BODY:
            vocabulary = TOOL
        out: dict[str, Any] = {}
        for name, item in value.items():
            if name == "obfuscation":
                continue
            shown = name if not name or name in vocabulary.keys else self.whole(name)
            if name == "logprobs" and type(item) is list:
                out[shown] = []
            elif type(item) is str and item and _opaque(name, value):
                out[shown] = self._lanes.unreadable(f"/{name}", item)
            elif name == "text" and type(item) is str and vocabulary is BODY and value.get("type") == "output_text":
                out[shown] = self.spoken(item)
            else:
                out[shown] = self.settle(item, name, vocabulary)
        return out

    def _number(self, key: str, value: Any, vocabulary: Vocabulary) -> Any:
        """A number that says nothing of a person, or None."""
        if type(value) is int:
            if -SCANNED_DIGITS < value < SCANNED_DIGITS:
                return value
            low, high = vocabulary.numbers.get(key, (1, 0))
            if low <= value <= high:
                return value
        text = f"{key}: {value}" if key else str(value)
        return value if self.whole(text) == text else None


def _spoken_in(item: Any) -> Iterator[str]:
    """The texts of one item of a response for whoever reads it, in their order."""
    content = item.get("content") if type(item) is dict else None
    for part in content if type(content) is list else ():
        if type(part) is dict and part.get("type") == "output_text" and type(part.get("text")) is str and part["text"]:
            yield part["text"]


def _opaque(name: str, item: dict[str, Any]) -> bool:
    return name in _OPAQUE or (name == "result" and item.get("type") == "image_generation_call")


class Speech:
    """One joined text on its way: the pieces of its deltas through one lane."""

    def __init__(self, texts: Texts, frame: dict[str, Any], path: tuple[str, ...]) -> None:
        """`frame` is its event without the text; `path` the keys in `delta` that lead to the text, mostly none."""
        self.frame, self.path, self.closed = frame, path, False
        self._prose = frame.get("type") == "response.output_text.delta" and not path
        self._texts, self._lane = texts, texts.open(prose=self._prose)
        self._heard: list[str] = []
        self._told: list[str] = []

    def feed(self, text: str) -> str:
        """What may leave now; `AgentError` for a text that goes on after its end."""
        if self.closed:
            raise AgentError("bad_answer")
        self._heard.append(text)
        safe = self._lane.feed(text)
        if safe:
            self._told.append(safe)
        return safe

    def close(self) -> str:
        """The rest. From here on the whole text, wherever it is repeated, is what it became."""
        self.closed = True
        rest = self._lane.finish()
        heard, told = "".join(self._heard), "".join([*self._told, rest])
        self._texts.learn(heard, heard if heard == told else told, prose=self._prose)
        self._heard, self._told = [], []
        return rest

    def event(self, text: str) -> dict[str, Any]:
        """A delta of this text, in the frame of the agent's."""
        delta: Any = text
        for key in reversed(self.path):
            delta = {key: delta}
        return {**self.frame, "delta": delta}
