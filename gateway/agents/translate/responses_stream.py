"""Streams of OpenAI responses ⇄ neutral events."""

from collections.abc import Hashable
from typing import Any, Literal

from gateway.agents.bodies import write_json
from gateway.agents.sse import COMMENT, encode
from gateway.agents.translate.blocks import Blocks
from gateway.agents.translate.chat_reply import word
from gateway.agents.translate.fields import Lost, members
from gateway.agents.translate.neutral import (
    Alive,
    Begun,
    Closed,
    Ended,
    Grown,
    Opened,
    Reasoned,
    Refused,
    StreamEvent,
    Text,
    ToolUse,
)
from gateway.agents.translate.responses_reply import (
    blocks_of,
    ending,
    frame,
    identity,
    item_id,
    part_of,
    seconds,
    stop_of,
    usage_of,
    written,
)
from gateway.core.errors import AgentError

_DELTAS: dict[str, Literal["text", "refusal", "reasoning"]] = {
    "response.output_text.delta": "text",
    "response.refusal.delta": "refusal",
    "response.reasoning_text.delta": "reasoning",
    "response.reasoning_summary_text.delta": "reasoning",
}
_ENDS = frozenset({"response.completed", "response.incomplete"})
_FAILED = frozenset({"error", "response.failed"})
_BEGINS = frozenset({"response.created", "response.in_progress", "response.queued"})
_REPEATS = frozenset(
    {
        "response.content_part.added",
        "response.content_part.done",
        "response.output_text.done",
        "response.refusal.done",
        "response.function_call_arguments.done",
        "response.reasoning_text.done",
        "response.reasoning_summary_text.done",
        "response.reasoning_summary_part.added",
        "response.reasoning_summary_part.done",
    }
)
"""Events that hold nothing but what other events say: `response.output_item.done` is what is checked for more."""


class ResponsesReader:
    """Responses' stream events in, neutral events out."""

    def __init__(self) -> None:
        self._blocks = Blocks()
        self._begun = False
        self._items: dict[int, int] = {}
        """Blocks that each output item gave, by its index."""

    def read(self, document: dict[str, Any] | str) -> list[StreamEvent]:
        """`Lost` for what is no event of responses, or says what the neutral form has no place for.
        `AgentError("agent_failed")` for the agent's own error, and for a response that failed."""
        if isinstance(document, str):
            raise Lost("an event of another type")
        kind = word(document.get("type"))
        if kind in _FAILED or document.get("error") is not None:
            raise AgentError("agent_failed")
        if kind in _BEGINS:
            return self._begin(members(document.get("response"), "response")) or [Alive()]
        if kind in _REPEATS or kind == "keepalive":
            return [Alive()]
        if not self._begun:
            raise Lost("events out of order")
        if kind in _DELTAS:
            index = _index(document, "output_index")
            place = _index(document, "summary_index" if "summary_index" in document else "content_index")
            return self._more(index, (index, kind, place), _DELTAS[kind], document.get("delta"))
        if kind == "response.function_call_arguments.delta":
            index = _index(document, "output_index")
            if not self._blocks.seen((index, "call")):
                raise Lost("a tool call without its name")
            return self._more(index, (index, "call"), "tool", document.get("delta"))
        if kind == "response.output_item.added":
            return self._added(_index(document, "output_index"), members(document.get("item"), "output item"))
        if kind == "response.output_item.done":
            return self._done(_index(document, "output_index"), document.get("item"))
        if kind in _ENDS:
            return self._end(members(document.get("response"), "response"))
        raise Lost("an event of another type")

    def _begin(self, response: Any) -> list[StreamEvent]:
        if self._begun:
            return []
        self._begun = True
        name, model = word(response.get("id")), word(response.get("model"))
        return [Begun(id=name, model=model, created=seconds(response.get("created_at")))]

    def _more(self, index: int, key: Hashable, kind: Any, piece: Any) -> list[StreamEvent]:
        if type(piece) is not str:
            raise Lost("a delta that is no text")
        if not self._blocks.seen(key):
            self._items[index] = self._items.get(index, 0) + 1
        return [*self._blocks.open(key, kind), *self._blocks.grow(piece)]

    def _added(self, index: int, item: Any) -> list[StreamEvent]:
        if index in self._items:
            raise Lost("an output item that begins twice")
        self._items[index] = 0
        if item.get("type") != "function_call":
            return []
        self._items[index] = 1
        name, called = word(item.get("call_id")), word(item.get("name"))
        opened = self._blocks.open((index, "call"), "tool", id=name, name=called)
        return [*opened, *self._blocks.grow(word(item.get("arguments")))]

    def _done(self, index: int, item: Any) -> list[StreamEvent]:
        """The end of an item. What it holds and no delta said is said now; what they did say is not said twice."""
        blocks = blocks_of(item)
        said = self._items.get(index, 0)
        if said:
            if said < sum(1 for block in blocks if not isinstance(block, Reasoned)):
                raise Lost("an output item that was streamed in part")
            return self._blocks.close()
        self._items[index] = len(blocks)
        events: list[StreamEvent] = []
        for at, block in enumerate(blocks):
            events += self._whole((index, "whole", at), block)
        return events

    def _whole(self, key: Hashable, block: Text | Refused | Reasoned | ToolUse) -> list[StreamEvent]:
        match block:
            case ToolUse():
                opened = self._blocks.open(key, "tool", id=block.id, name=block.name)
                return [*opened, *self._blocks.grow(block.arguments), *self._blocks.close()]
            case Text():
                opened = self._blocks.open(key, "text")
            case Refused():
                opened = self._blocks.open(key, "refusal")
            case Reasoned():
                opened = self._blocks.open(key, "reasoning")
        return [*opened, *self._blocks.grow(block.text), *self._blocks.close()]

    def _end(self, response: Any) -> list[StreamEvent]:
        """The end of all. Items that no event spoke of are said now."""
        items = response.get("output")
        events = self._blocks.close()
        for index, item in enumerate(items if type(items) is list else ()):
            if index not in self._items:
                events += self._done(index, item)
        stop = stop_of(response, called=self._blocks.tools > 0)
        return [*events, Ended(stop=stop, usage=usage_of(response.get("usage")))]


def _index(document: dict[str, Any], field: str) -> int:
    value = document.get(field)
    if type(value) is not int or value < 0:
        raise Lost("an event without its place")
    return value


class ResponsesWriter:
    """Neutral events in, responses' stream events out. The agent's thinking is left out.

    The form repeats every text at its end, so the whole answer is held until then, within the bounds of the reader.
    """

    def __init__(self) -> None:
        self._name = ""
        self._frame: dict[str, Any] = {}
        self._items: list[dict[str, Any]] = []
        self._sequence = -1
        self._open = Opened(block=-1, kind="text")
        self._said: list[str] = []

    def write(self, event: StreamEvent) -> bytes:
        match event:
            case Alive():
                return COMMENT
            case Begun():
                self._name = identity(event.id)
                self._frame = frame(self._name, event.model, event.created)
                begun = self._event("response.created", {"response": self._frame})
                return begun + self._event("response.in_progress", {"response": self._frame})
            case Opened():
                self._open, self._said = event, []
                return b"" if event.kind == "reasoning" else self._opened()
            case Grown():
                return b"" if self._open.kind == "reasoning" else self._grown(event.text)
            case Closed():
                return b"" if self._open.kind == "reasoning" else self._closed()
            case Ended():
                whole = {**self._frame, **ending(event.stop, event.usage), "output": self._items}
                return self._event(f"response.{whole['status']}", {"response": whole})

    def _block(self) -> Text | Refused | ToolUse:
        said = "".join(self._said)
        if self._open.kind == "tool":
            return ToolUse(id=self._open.id, name=self._open.name, arguments=said)
        return Refused(said) if self._open.kind == "refusal" else Text(said)

    def _opened(self) -> bytes:
        block = self._block()
        item = written(block, item_id(self._name, len(self._items)), status="in_progress")
        if isinstance(block, ToolUse):
            return self._event("response.output_item.added", {"item": item}, self._here())
        added = self._event("response.output_item.added", {"item": {**item, "content": []}}, self._here())
        return added + self._event("response.content_part.added", {"part": part_of(block)}, self._inside())

    def _grown(self, text: str) -> bytes:
        self._said.append(text)
        if self._open.kind == "tool":
            return self._event("response.function_call_arguments.delta", {"delta": text}, self._inside(part=False))
        if self._open.kind == "refusal":
            return self._event("response.refusal.delta", {"delta": text}, self._inside())
        return self._event("response.output_text.delta", {"delta": text, "logprobs": []}, self._inside())

    def _closed(self) -> bytes:
        block, here, inside = self._block(), self._here(), self._inside()
        item = written(block, item_id(self._name, len(self._items)))
        if isinstance(block, ToolUse):
            told = {"name": block.name, "arguments": block.arguments}
            closed = self._event("response.function_call_arguments.done", told, self._inside(part=False))
        else:
            refusal = isinstance(block, Refused)
            name, said = ("refusal", {"refusal": block.text}) if refusal else ("output_text", {"text": block.text})
            more: dict[str, Any] = {} if refusal else {"logprobs": []}
            closed = self._event(f"response.{name}.done", {**said, **more}, inside)
            closed += self._event("response.content_part.done", {"part": part_of(block)}, inside)
        self._items.append(item)
        return closed + self._event("response.output_item.done", {"item": item}, here)

    def _here(self) -> dict[str, Any]:
        return {"output_index": len(self._items)}

    def _inside(self, *, part: bool = True) -> dict[str, Any]:
        kind = "fc" if self._open.kind == "tool" else "msg"
        place = {**self._here(), "item_id": f"{kind}_{item_id(self._name, len(self._items))}"}
        return {**place, "content_index": 0} if part else place

    def _event(self, name: str, document: dict[str, Any], place: dict[str, Any] | None = None) -> bytes:
        self._sequence += 1
        told = {"type": name, "sequence_number": self._sequence, **(place or {}), **document}
        return b"event: " + name.encode() + b"\n" + encode(write_json(told))
