"""Streams of Anthropic messages ⇄ neutral events."""

from typing import Any

from gateway.agents.anthropic_stream import failure
from gateway.agents.bodies import write_json
from gateway.agents.sse import COMMENT, encode
from gateway.agents.translate.blocks import Blocks
from gateway.agents.translate.chat_reply import word
from gateway.agents.translate.fields import Fields, Lost, arguments, cut_off, members
from gateway.agents.translate.messages_out import identifier
from gateway.agents.translate.messages_reply import ending, frame, stop_of, usage_members, usage_of
from gateway.agents.translate.neutral import Alive, Begun, Closed, Ended, Grown, Opened, StreamEvent, Usage

_DELTAS = {"text_delta": "text", "thinking_delta": "thinking", "input_json_delta": "partial_json"}


class MessagesReader:
    """Messages' stream events in, neutral events out."""

    def __init__(self) -> None:
        self._blocks = Blocks()
        self._begun = self._silent = False
        self._reason: Any = None
        self._sequence: str | None = None
        self._usage: dict[str, Any] = {}

    def read(self, document: dict[str, Any] | str) -> list[StreamEvent]:
        """`Lost` for what is no event of messages, or says what the neutral form has no place for. `AgentError` for the
        agent's own error."""
        kind = word(document.get("type")) if isinstance(document, dict) else ""
        if isinstance(document, dict) and kind == "error":
            raise failure(document)
        if isinstance(document, str) or kind not in _EVENTS:
            raise Lost("an event of another type")
        if kind != "ping" and (kind == "message_start") == self._begun:
            raise Lost("events out of order")
        return _EVENTS[kind](self, document)

    def _ping(self, document: dict[str, Any]) -> list[StreamEvent]:
        return [Alive()]

    def _message_start(self, document: dict[str, Any]) -> list[StreamEvent]:
        message = members(document.get("message"), "message_start")
        self._begun = True
        self._note(message.get("usage"))
        name, model = word(message.get("id")), word(message.get("model"))
        return [Begun(id=name, model=model, created=0, usage=self._told())]

    def _block_start(self, document: dict[str, Any]) -> list[StreamEvent]:
        index, block = document.get("index"), Fields(document.get("content_block"), "answer block")
        if type(index) is not int:
            raise Lost("a block without its place")
        kind = block.take("type")
        self._silent = kind == "redacted_thinking"
        match kind:
            case "text":
                block.without("citations")
                return [*self._blocks.open(index, "text"), *self._blocks.grow(block.text("text") or "")]
            case "thinking":
                return [*self._blocks.open(index, "reasoning"), *self._blocks.grow(block.text("thinking") or "")]
            case "redacted_thinking":
                return self._blocks.close()
            case "tool_use":
                given = members(block.take("input") or {}, "a tool call's input")
                piece = write_json(given).decode() if given else ""
                opened = self._blocks.open(index, "tool", id=block.said("id"), name=block.said("name"))
                return [*opened, *self._blocks.grow(piece)]
            case _:
                raise Lost("an answer block of another type")

    def _block_delta(self, document: dict[str, Any]) -> list[StreamEvent]:
        delta = Fields(document.get("delta"), "delta")
        kind, index = delta.take("type"), document.get("index")
        if kind == "signature_delta":
            return []
        field = _DELTAS.get(kind) if type(kind) is str else None
        if field is None or self._silent or type(index) is not int or not self._blocks.seen(index):
            raise Lost("a delta of another type")
        piece = delta.said(field)
        delta.over()
        return [*self._blocks.open(index, "text"), *self._blocks.grow(piece)]

    def _block_stop(self, document: dict[str, Any]) -> list[StreamEvent]:
        return self._blocks.close()

    def _message_delta(self, document: dict[str, Any]) -> list[StreamEvent]:
        delta = members(document.get("delta"), "message_delta")
        self._reason = delta.get("stop_reason", self._reason)
        self._sequence = word(delta.get("stop_sequence")) or self._sequence
        self._note(document.get("usage"))
        return []

    def _message_stop(self, document: dict[str, Any]) -> list[StreamEvent]:
        ended = Ended(stop=stop_of(self._reason), stop_sequence=self._sequence, usage=self._told())
        return [*self._blocks.close(), ended]

    def _note(self, usage: Any) -> None:
        """Counts are totals so far: a later one stands for those before it."""
        if type(usage) is dict:
            self._usage.update((key, value) for key, value in usage.items() if value is not None)

    def _told(self) -> Usage:
        return usage_of(self._usage)


_EVENTS = {
    "ping": MessagesReader._ping,
    "message_start": MessagesReader._message_start,
    "content_block_start": MessagesReader._block_start,
    "content_block_delta": MessagesReader._block_delta,
    "content_block_stop": MessagesReader._block_stop,
    "message_delta": MessagesReader._message_delta,
    "message_stop": MessagesReader._message_stop,
}


class MessagesWriter:
    """Neutral events in, messages' stream events out. The agent's thinking is left out."""

    def __init__(self) -> None:
        self._place = -1
        self._kind = ""
        self._refused = False
        self._given: list[str] = []
        self._held = b""
        """The end of a call whose arguments end in the middle: right if nothing follows but the end of an answer that
        became too long."""

    def write(self, event: StreamEvent) -> bytes:
        """`Lost` for a call whose arguments turn out to be no object, unless the answer was too long for them."""
        if not self._held or isinstance(event, Alive):
            return self._written(event)
        if not isinstance(event, Ended) or event.stop != "length":
            raise Lost("tool arguments that are no JSON object")
        held, self._held = self._held, b""
        return held + self._written(event)

    def _written(self, event: StreamEvent) -> bytes:
        match event:
            case Alive():
                return COMMENT
            case Begun():
                return _event("message_start", {"message": frame(event.id, event.model, event.usage)})
            case Opened():
                self._kind = event.kind
                return b"" if event.kind == "reasoning" else self._opened(event)
            case Grown():
                return b"" if self._kind == "reasoning" else self._grown(event.text)
            case Closed():
                return b"" if self._kind == "reasoning" else self._closed()
            case Ended():
                delta = ending(event.stop, event.stop_sequence, refused=self._refused)
                usage = usage_members(event.usage)
                return _event("message_delta", {"delta": delta, "usage": usage}) + _event("message_stop", {})

    def _opened(self, event: Opened) -> bytes:
        self._place += 1
        self._refused = self._refused or event.kind == "refusal"
        self._given = []
        block: dict[str, Any] = {"type": "text", "text": ""}
        if event.kind == "tool":
            block = {"type": "tool_use", "id": identifier(event.id), "name": event.name, "input": {}}
        return _event("content_block_start", {"index": self._place, "content_block": block})

    def _grown(self, text: str) -> bytes:
        delta = {"type": "text_delta", "text": text}
        if self._kind == "tool":
            self._given.append(text)
            delta = {"type": "input_json_delta", "partial_json": text}
        return _event("content_block_delta", {"index": self._place, "delta": delta})

    def _closed(self) -> bytes:
        stopped = _event("content_block_stop", {"index": self._place})
        given = "".join(self._given)
        if self._kind != "tool":
            return stopped
        if cut_off(given):
            self._held = stopped
            return b""
        arguments(given)
        return stopped


def _event(name: str, document: dict[str, Any]) -> bytes:
    return b"event: " + name.encode() + b"\n" + encode(write_json({"type": name, **document}))
