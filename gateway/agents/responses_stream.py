"""Streamed responses on their way through: every joined text runs through a lane of its own.

The pieces of a text mean something only when joined, so each text that comes in deltas has one lane (per output,
content, summary and kind). What a lane holds back leaves before the event that ends its text, part, item or response;
those events repeat the text, and repeat what it became. Everything else is short and comes whole; each is looked at as
it comes and with what came in its place before (`beside`), events of unknown type too. Sounds and deltas of a form not
known here stop the stream.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

from gateway.agents.bodies import read_json, write_json
from gateway.agents.event_filter import EventFilter
from gateway.agents.openai_words import model_name, tokens
from gateway.agents.responses_texts import SPOKEN, Speech, Texts
from gateway.agents.responses_words import EVENTS
from gateway.agents.sse import COMMENT, Event
from gateway.core.errors import AgentError
from gateway.core.ports import Bounds, Lanes
from gateway.core.refusal import Refusal

MAX_EVENT = 1 << 22
"""Bytes of one event: the last one holds the whole response, and a part of the request with it."""
MAX_INDEX = 1024
"""The highest index of an output, a content part or another numbered place."""
_ENDS = frozenset({"response.completed", "response.incomplete", "response.failed"})
_ENDINGS = frozenset({SPOKEN, "response.content_part.done", "response.output_item.done"})
"""What ends a text that is read. The event after these says whether another may follow, so they wait for it."""
_STOPS = frozenset({"response.audio.delta"})
_PARTS = {
    "output_text": ("response.output_text", "text"),
    "refusal": ("response.refusal", "refusal"),
    "reasoning_text": ("response.reasoning_text", "text"),
    "summary_text": ("response.reasoning_summary_text", "text"),
}
_ITEMS = {
    "function_call": ("response.function_call_arguments", "arguments"),
    "mcp_call": ("response.mcp_call_arguments", "arguments"),
    "custom_tool_call": ("response.custom_tool_call_input", "input"),
    "code_interpreter_call": ("response.code_interpreter_call_code", "code"),
}
"""The kind of delta that goes on with the text of a part or an item, and the member that the text stands in."""
_PLACED = ("item_id", "output_index", "content_index", "summary_index", "command_index")
_FRAME = frozenset({"type", "delta", "sequence_number", "obfuscation", *_PLACED})
_LISTS = (("content", "content_index"), ("summary", "summary_index"))
_Key: TypeAlias = tuple[Any, ...]


class ResponsesStream(EventFilter):
    """A `StreamFilter` (see `core.ports`) for the events of a response."""

    def __init__(self, lanes: Lanes, bounds: Bounds) -> None:
        super().__init__(bounds, MAX_EVENT)
        self._texts = Texts(lanes)
        self._speeches: dict[_Key, Speech] = {}
        self._outputs: dict[str, Any] = {}
        self._named: dict[str, tuple[str, ...]] = {}
        """By kind of delta, which places the first of it names: one that names fewer would go on nobody knows where."""
        self._sequence = 0
        self._waiting: list[dict[str, Any]] = []

    def _pass(self, events: list[Event]) -> bytes:
        out: list[bytes] = []
        for event in events:
            if event.data is None:
                out.append(COMMENT)
                continue
            if event.data.strip() == "[DONE]":  # some agents end as chat completions do; the end was not told yet
                raise AgentError("closed_early")
            self._follow(self._read(event), out)
            if self.closing:
                break
        return b"".join(out)

    def _read(self, event: Event) -> dict[str, Any]:
        read = read_json((event.data or "").encode(), self._bounds)
        if isinstance(read, Refusal) or type(read.value) is not dict:
            raise AgentError("bad_answer")
        value: dict[str, Any] = read.value
        kind = value.get("type")
        if kind == "error" or value.get("error") is not None:
            raise AgentError("agent_failed")  # its own word of it; a response that failed says so in itself
        if type(kind) is not str or kind in _STOPS:
            raise AgentError("bad_answer")
        if kind not in EVENTS and not (_is_word(kind) and self._texts.whole(kind) == kind):
            raise AgentError("bad_answer")
        return value

    def _follow(self, value: dict[str, Any], out: list[bytes]) -> None:
        """One event, after those that waited for it, or as one of these."""
        kind = value["type"]
        if self._waiting and kind in _ENDINGS and kind != SPOKEN:
            self._waiting.append(value)
            return
        if kind in _ENDS:
            self._texts.last()
        waiting, self._waiting = self._waiting, []
        for one in waiting:
            self._take(one, out)
        if kind == SPOKEN:
            self._waiting.append(value)
        else:
            self._take(value, out)

    def _take(self, value: dict[str, Any], out: list[bytes]) -> None:
        """One event, and what must leave before it."""
        kind: str = value["type"]
        places = _places(value)
        if kind.endswith(".delta"):
            self._delta(value, places, out)
            return
        if kind.endswith(".done") or kind in _ENDS:
            self._end(self._ended(kind, places), out)
        begun: list[dict[str, Any]] = []
        if kind.endswith(".added") or kind == "response.created":
            value = self._begin(value, begun)
        safe = self._told(value)
        if kind in _ENDS:
            self.closing = self._event(safe)
            return
        out.append(self._event(safe))
        for delta in begun:
            self._delta(delta, _places(delta), out)

    def _told(self, value: dict[str, Any]) -> dict[str, Any]:
        """An event that comes whole, safe to leave."""
        kind = value["type"]
        said = value.get("text") if kind == SPOKEN else None
        bare = {key: item for key, item in value.items() if key != "type" and (key != "text" or type(said) is not str)}
        response = value.get("response")
        self._texts.repeated(value)
        safe: dict[str, Any] = self._texts.settle(bare, _place(value))
        if type(said) is str:
            safe["text"] = self._texts.spoken(said)
        if type(response) is dict:
            self._note(response)
        return {"type": kind, **safe}

    def _delta(self, value: dict[str, Any], places: _Key, out: list[bytes]) -> None:
        delta = value.get("delta")
        if type(delta) is str:
            self._speak(value, places, (), delta, out)
            return
        if type(delta) is not dict:
            raise AgentError("bad_answer")
        for key, text in delta.items():
            if type(text) is str:
                self._speak(value, places, (key,), text, out)
            elif text is not None:
                raise AgentError("bad_answer")

    def _speak(self, value: dict[str, Any], places: _Key, path: tuple[str, ...], text: str, out: list[bytes]) -> None:
        stem = value["type"].removesuffix(".delta")
        key, names = (stem, places, path), tuple(name for name, _ in places)
        if self._named.setdefault(stem, names) != names:
            raise AgentError("bad_answer")
        self._bind(value)
        speech = self._speeches.get(key)
        if speech is None:
            frame = self._told({name: value[name] for name in ("type", *_PLACED, *dict(places)) if name in value})
            shown = tuple(self._texts.whole(step) for step in path)
            speech = self._speeches[key] = Speech(self._texts, frame, shown)
        safe = speech.feed(text) if text else ""
        more = {name: item for name, item in value.items() if name not in _FRAME and not name.endswith("_index")}
        if safe or any(more.values()):
            out.append(self._event({**speech.event(safe), **self._texts.settle(more, _place(value))}))

    def _bind(self, value: dict[str, Any]) -> None:
        """Clients join texts by the item's id or by its place: both must say the same. A text keeps the id that it
        began with, and an id its place."""
        item, place = value.get("item_id"), value.get("output_index")
        if item is None:
            return
        if type(item) is not str or self._outputs.setdefault(item, place) != place:
            raise AgentError("bad_answer")

    def _begin(self, value: dict[str, Any], begun: list[dict[str, Any]]) -> dict[str, Any]:
        """What a part, an item or a response begins with goes on in its deltas, so it is told as the first of them."""
        frame: dict[str, Any] = {name: value[name] for name in _PLACED if name in value}
        part, item, response = value.get("part"), value.get("item"), value.get("response")
        if type(part) is dict:
            value = {**value, "part": self._begun(part, _PARTS, frame, begun)}
        if type(item) is dict:
            value = {**value, "item": self._begun(item, _ITEMS, _with_id(frame, item), begun)}
        if type(response) is dict and type(response.get("output")) is list:
            output = [
                self._begun(one, _ITEMS, _with_id({"output_index": at}, one), begun) if type(one) is dict else one
                for at, one in enumerate(response["output"])
            ]
            value = {**value, "response": {**response, "output": output}}
        command = value.get("command")
        if value["type"] == "response.shell_call_command.added" and type(command) is str:
            begun.append({"type": "response.shell_call_command.delta", **frame, "delta": command})
            value = {**value, "command": ""}
        return value

    def _begun(
        self,
        node: dict[str, Any],
        kinds: dict[str, tuple[str, str]],
        frame: dict[str, Any],
        begun: list[dict[str, Any]],
    ) -> dict[str, Any]:
        kind = node.get("type")
        known = kinds.get(kind) if type(kind) is str else None
        if known is not None:
            stem, field = known
            text = node.get(field)
            if type(text) is str and text:
                begun.append({"type": f"{stem}.delta", **frame, "delta": text})
                node = {**node, field: ""}
        for name, index in _LISTS:
            pieces = node.get(name)
            if type(pieces) is list and kinds is _ITEMS:
                node = {
                    **node,
                    name: [
                        self._begun(piece, _PARTS, {**frame, index: at}, begun) if type(piece) is dict else piece
                        for at, piece in enumerate(pieces)
                    ],
                }
        return node

    def _ended(self, kind: str, places: _Key) -> Callable[[_Key], bool]:
        """Which texts an event ends: its own kind's at its place, or all of its part, item or response."""
        if kind in _ENDS:
            return lambda key: True
        stem = kind.removesuffix(".done")
        if stem in ("response.content_part", "response.reasoning_summary_part", "response.output_item"):
            wanted = set(places)
            return lambda key: wanted <= set(key[1])
        return lambda key: key[0] == stem and (key[1] == places or set(key[1]) < set(places))

    def _end(self, ends: Callable[[_Key], bool], out: list[bytes]) -> None:
        for key, speech in self._speeches.items():
            if not speech.closed and ends(key):
                rest = speech.close()
                if rest:
                    out.append(self._event(speech.event(rest)))

    def _event(self, value: dict[str, Any]) -> bytes:
        """An event under its own name, with the next number: events are held back and joined, the count must not
        show it."""
        value = {**value, "sequence_number": self._sequence}
        self._sequence += 1
        return b"event: %s\ndata: %s\n\n" % (value["type"].encode(), write_json(value))

    def _note(self, response: dict[str, Any]) -> None:
        usage = response.get("usage")
        self.model = self.model or model_name(response.get("model"))
        if usage is not None:
            self.tokens_in = tokens(usage, "input_tokens")
            self.tokens_out = tokens(usage, "output_tokens")
        self.sessions = tuple(dict.fromkeys((*self.sessions, *held_by(response))))


def held_by(response: dict[str, Any]) -> tuple[str, ...]:
    """The names under which a later message may go on from a response, as in `Answer.sessions`."""
    conversation = response.get("conversation")
    named = (
        ("openai-response", response.get("id")),
        ("openai-conversation", conversation.get("id") if type(conversation) is dict else conversation),
    )
    return tuple(f"{kind}:{name}" for kind, name in named if type(name) is str and name)


def _place(value: dict[str, Any]) -> str:
    """Where what an event says stands: in its response, whatever kind of event tells of it, or with those of its kind
    at the same place."""
    if type(value.get("response")) is dict:
        return ""
    return "/".join([value["type"], *(f"{name}:{number}" for name, number in _places(value))])


def _with_id(frame: dict[str, Any], item: dict[str, Any]) -> dict[str, Any]:
    return {"item_id": item["id"], **frame} if type(item.get("id")) is str else frame


def _places(value: dict[str, Any]) -> _Key:
    """The numbered places that an event names, in one order; `AgentError` for one that is out of bounds."""
    places = [(key, item) for key, item in value.items() if key.endswith("_index") and item is not None]
    if not all(type(item) is int and 0 <= item <= MAX_INDEX for _, item in places):
        raise AgentError("bad_answer")
    return tuple(sorted(places))


def _is_word(kind: str) -> bool:
    return len(kind) <= 128 and kind.isascii() and kind.replace(".", "").replace("_", "").isalnum()
