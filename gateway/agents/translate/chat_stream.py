"""Streams of OpenAI chat completions ⇄ neutral events."""

from typing import Any

from gateway.agents.bodies import write_json
from gateway.agents.sse import COMMENT, encode
from gateway.agents.translate.blocks import DONE, Blocks
from gateway.agents.translate.chat_reply import (
    REASONS,
    identity,
    refusal_of,
    stop_of,
    thought_of,
    usage_members,
    usage_of,
    word,
)
from gateway.agents.translate.fields import Fields, Lost, count_of
from gateway.agents.translate.neutral import Alive, Begun, Closed, Ended, Grown, Opened, StreamEvent, Usage
from gateway.core.errors import AgentError


class ChatReader:
    """`chat.completion.chunk` documents in, neutral events out."""

    def __init__(self) -> None:
        self._blocks = Blocks()
        self._begun = False
        self._texts = 0
        self._speaking = ""
        self._reason: Any = None
        self._usage = Usage()

    def read(self, document: dict[str, Any] | str) -> list[StreamEvent]:
        """`Lost` for what is no chunk, or says what the neutral form has no place for. `AgentError("agent_failed")` for
        the agent's own error."""
        if isinstance(document, str):
            if not self._begun:
                raise Lost("a stream of nothing")
            stop = stop_of(self._reason, called=self._blocks.tools > 0)
            return [*self._blocks.close(), Ended(stop=stop, usage=self._usage)]
        if document.get("error") is not None:
            raise AgentError("agent_failed")
        choices = document.get("choices")
        if type(choices) not in (list, type(None)) or len(choices or ()) > 1:
            raise Lost("a chunk of another form")
        if choices is None and document.get("usage") is None:
            raise Lost("a chunk of another form")
        if document.get("usage") is not None:
            self._usage = usage_of(document["usage"])
        events = self._begin(document)
        for choice in choices or ():
            if type(choice) is not dict or choice.get("index", 0) != 0:
                raise Lost("a second choice")
            events += self._delta(choice.get("delta"))
            if choice.get("finish_reason") is not None:
                self._reason = choice["finish_reason"]
        return events

    def _begin(self, document: dict[str, Any]) -> list[StreamEvent]:
        if self._begun:
            return []
        self._begun = True
        name, model = word(document.get("id")), word(document.get("model"))
        return [Begun(id=name, model=model, created=count_of(document.get("created")))]

    def _delta(self, delta: Any) -> list[StreamEvent]:
        if delta is None:
            return []
        fields = Fields(delta, "delta")
        fields.drop("role")
        fields.without("annotations", "audio", "function_call")
        thought, refusal = thought_of(fields), refusal_of(fields)
        text, calls = fields.text("content"), fields.items("tool_calls")
        fields.over()
        events: list[StreamEvent] = []
        if thought:
            events += self._say("reasoning", thought)
        if text:
            events += self._say("text", text)
        if refusal:
            events += self._say("refusal", refusal)
        for call in calls:
            events += self._call(call)
        return events

    def _say(self, kind: Any, text: str) -> list[StreamEvent]:
        if self._speaking != kind:
            self._speaking, self._texts = kind, self._texts + 1
        return [*self._blocks.open(("said", self._texts), kind), *self._blocks.grow(text)]

    def _call(self, call: Any) -> list[StreamEvent]:
        self._speaking = ""
        fields = Fields(call, "tool call")
        if fields.take("type") not in (None, "function"):
            raise Lost("custom tools")
        index, name = fields.count("index"), fields.text("id")
        function = Fields(fields.take("function") or {}, "tool call")
        called, piece = function.text("name"), function.text("arguments")
        function.over()
        fields.over()
        key = ("call", index if index is not None else name or "")
        if not self._blocks.seen(key) and not (name and called):
            raise Lost("a tool call without its name")
        return [*self._blocks.open(key, "tool", id=name or "", name=called or ""), *self._blocks.grow(piece or "")]


class ChatWriter:
    """Neutral events in, chunks out. `usage`: the caller asked for it."""

    def __init__(self, *, usage: bool) -> None:
        self._asked = usage
        self._frame: dict[str, Any] = {}
        self._kinds: dict[int, str] = {}
        self._calls = -1

    def write(self, event: StreamEvent) -> bytes:
        match event:
            case Alive():
                return COMMENT
            case Begun():
                self._frame = {
                    "id": identity(event.id),
                    "object": "chat.completion.chunk",
                    "created": event.created,
                    "model": event.model,
                }
                return self._chunk({"role": "assistant", "content": ""})
            case Opened():
                return self._opened(event)
            case Grown():
                return self._grown(event)
            case Closed():
                return b""
            case Ended():
                return self._ended(event)

    def _opened(self, event: Opened) -> bytes:
        self._kinds[event.block] = event.kind
        if event.kind != "tool":
            return b""
        self._calls += 1
        function = {"name": event.name, "arguments": ""}
        call = {"index": self._calls, "id": event.id, "type": "function", "function": function}
        return self._chunk({"tool_calls": [call]})

    def _grown(self, event: Grown) -> bytes:
        match self._kinds[event.block]:
            case "tool":
                call = {"index": self._calls, "function": {"arguments": event.text}}
                return self._chunk({"tool_calls": [call]})
            case "refusal":
                return self._chunk({"refusal": event.text})
            case "reasoning":
                return self._chunk({"reasoning_content": event.text})
            case _:
                return self._chunk({"content": event.text})

    def _ended(self, event: Ended) -> bytes:
        last = self._chunk({}, REASONS[event.stop])
        if self._asked:
            last += encode(write_json({**self._frame, "choices": [], "usage": usage_members(event.usage)}))
        return last + encode(DONE.encode())

    def _chunk(self, delta: dict[str, Any], reason: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
        return encode(write_json({**self._frame, "choices": [choice]}))
