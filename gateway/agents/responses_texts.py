"""The texts of a streamed response: joined ones in lanes, whole ones looked at once, however often they are repeated.

A response says everything several times: in its deltas, in the event that ends them, in the part, in the item, and in
the response as a whole. What a text became the first time, it becomes each time.
"""

from collections.abc import Iterator
from typing import Any, TypeAlias

from gateway.agents.beside import Beside
from gateway.agents.bodies import PLAIN, SCANNED_DIGITS, Vocabulary, escape
from gateway.agents.ending import ending
from gateway.agents.responses_words import BODY, FREE_KEYS, SCHEMAS, TOOL
from gateway.core.errors import AgentError
from gateway.core.ports import Lanes, TextFilter

Place: TypeAlias = tuple[Any, Any]
"""The number of an output, and of a part of its content, as the agent tells them."""
SPOKEN = "response.output_text.done"
MAX_LANES = 20_000
"""Joined texts that one stream may hold: as many as an answer may have parts."""
MAX_LOOKS = 65_536
"""Texts that come whole, and are looked at with what came before them: two for each event in which one is another."""
_OPAQUE = frozenset({"encrypted_content", "partial_image_b64"})
_NO_WORDS: frozenset[str] = frozenset()


class Texts:
    """The texts of one stream. What is kept of them is no more than the stream held, and what it became."""

    def __init__(self, lanes: Lanes) -> None:
        self._lanes = lanes
        self._opened = self._looks = 0
        self._known: dict[tuple[str, str], str] = {}
        self._spoken: dict[str, str | None] = {}
        """What joined texts for whoever reads the response became."""
        self._said: dict[Place, str] = {}
        """Which of these stood where: in any other place the same words are another text."""
        self._order: list[str] = []
        """All of these, as they ended."""
        self._latest: tuple[int, ...] = (0, 0)
        self._told = ""
        """How those of them end that have left already: readers join them."""
        self.beside = Beside(lambda label, text: self.whole(text, label), self._looked)
        self._strayed = False
        """Whether texts were repeated otherwise than they came: none is told as the one that it seems any more."""

    def open(self, label: str = "", *, prose: bool = False) -> TextFilter:
        """A lane of its own, for each text one."""
        self._opened += 1
        if self._opened > MAX_LANES:
            raise AgentError("answer_too_large")
        return self._lanes.lane(f"/{self._opened}/", label, prose=prose, after=self._told if prose else "")

    def tell(self, text: str) -> str:
        """The text, a piece of what whoever reads the response is told, of which is known now that it leaves."""
        self._told = ending(self._told, text)
        return text

    def last(self) -> None:
        """No text comes after the one that ends."""
        self._lanes.last()

    def begin(self, place: Place) -> None:
        """A text for whoever reads the response begins. Clients put texts in the order of their places: one that begins
        late would stand before what was read, which is `AgentError("bad_answer")`."""
        at = tuple(number if type(number) is int else 0 for number in place)
        if at < self._latest:
            raise AgentError("bad_answer")
        self._latest = at

    def learn(self, text: str, safe: str, place: Place | None = None) -> None:
        """Remember what a joined text became; `place` is of those for whoever reads the response. Two of the same words
        may have become something else each: they are repeated as any other text is."""
        if place is None:
            self._known[("", text)] = safe
            return
        self._spoken[text] = None if text in self._spoken else safe
        if text:
            self._said[place] = text
            self._order.append(text)

    def repeated(self, value: dict[str, Any]) -> None:
        """Before an event repeats texts: in another place or order than they came, or with others between them, they
        are other texts to whoever joins them."""
        told = list(_repeats(value))
        if any(self._said.get(place) != text for place, text in told):
            self._strayed = True
        if told and type(value.get("response")) is dict and [text for _, text in told] != self._order:
            self._strayed = True

    def spoken(self, text: str) -> str:
        """A text for whoever reads the response, which came in pieces before or comes whole."""
        safe = text if not text else None if self._strayed else self._spoken.get(text)
        return self.whole(text) if safe is None else safe

    def whole(self, text: str, label: str = "") -> str:
        """A text that stands for itself, safe to leave. `label`: the key that tells what it may be."""
        safe = self._known.get((label, text))
        if safe is None:
            safe = self._known[(label, text)] = self._looked(label, text)
        return safe

    def _looked(self, label: str, text: str) -> str:
        self._looks += 1
        if self._looks > MAX_LOOKS:
            raise AgentError("answer_too_large")
        lane = self._lanes.lane("/whole/", label)
        return lane.feed(text) + lane.finish()

    def settle(self, value: Any, place: str, key: str = "", vocabulary: Vocabulary = BODY) -> Any:
        """A JSON value, every text, key and number of it safe to leave. Without the probabilities of tokens, which
        repeat the text in pieces; what cannot be read passes where the caller may have it. `place`: where it stands;
        `AgentError("withheld")` where several events together say there what must not leave."""
        form = type(value)
        if form is str:
            known = key in vocabulary.keys
            if not value or (known and value in vocabulary.words.get(key, _NO_WORDS)):
                return value
            return self.beside.take(place, value, "" if known else key)
        if form is dict:
            return self._members(value, place, key, vocabulary)
        if form is list:
            return [self.settle(item, f"{place}/{at}", key, vocabulary) for at, item in enumerate(value)]
        if form is bool or value is None:
            return value
        return self._number(key, value, vocabulary)

    def _members(self, value: dict[str, Any], place: str, key: str, vocabulary: Vocabulary) -> dict[str, Any]:
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
                out[shown] = self.settle(item, f"{place}/{escape(name)}", name, vocabulary)
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


def _repeats(value: dict[str, Any]) -> Iterator[tuple[Place, str]]:
    """The texts for whoever reads the response that an event holds whole, each with its place, in their order."""
    at, part, response = value.get("output_index"), value.get("part"), value.get("response")
    if value.get("type") == SPOKEN:
        part = {"type": "output_text", "text": value.get("text")}
    yield from _in_part(part, (at, value.get("content_index")))
    yield from _in_item(value.get("item"), at)
    output = response.get("output") if type(response) is dict else None
    for number, item in enumerate(output if type(output) is list else ()):
        yield from _in_item(item, number)


def _in_item(item: Any, at: Any) -> Iterator[tuple[Place, str]]:
    content = item.get("content") if type(item) is dict else None
    for number, part in enumerate(content if type(content) is list else ()):
        yield from _in_part(part, (at, number))


def _in_part(part: Any, place: Place) -> Iterator[tuple[Place, str]]:
    if type(part) is dict and part.get("type") == "output_text" and type(part.get("text")) is str and part["text"]:
        yield place, part["text"]


def _opaque(name: str, item: dict[str, Any]) -> bool:
    return name in _OPAQUE or (name == "result" and item.get("type") == "image_generation_call")


class Speech:
    """One joined text on its way: the pieces of its deltas through one lane."""

    def __init__(self, texts: Texts, frame: dict[str, Any], path: tuple[str, ...]) -> None:
        """`frame` is its event without the text; `path` the keys in `delta` that lead to the text, mostly none."""
        self.frame, self.path, self.closed = frame, path, False
        self._prose = frame.get("type") == "response.output_text.delta" and not path
        self._place: Place | None = None
        if self._prose:
            self._place = frame.get("output_index"), frame.get("content_index")
            texts.begin(self._place)
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
        return self._left(safe)

    def close(self) -> str:
        """The rest. From here on the whole text, wherever it is repeated, is what it became."""
        self.closed = True
        rest = self._lane.finish()
        heard, told = "".join(self._heard), "".join([*self._told, rest])
        self._texts.learn(heard, heard if heard == told else told, self._place)
        self._heard, self._told = [], []
        return self._left(rest)

    def _left(self, text: str) -> str:
        return self._texts.tell(text) if self._prose else text

    def event(self, text: str) -> dict[str, Any]:
        """A delta of this text, in the frame of the agent's."""
        delta: Any = text
        for key in reversed(self.path):
            delta = {key: delta}
        return {**self.frame, "delta": delta}
