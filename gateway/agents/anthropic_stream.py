"""Streamed messages on their way through (the event flow of the Messages API).

Deltas mean something only when joined, per content block (`anthropic_block`). What a lane holds back leaves as a delta
of the same kind before the block's end. Events around the blocks are short and come whole; each is looked at as it
comes. Each event leaves under the name of its type, whatever name it came under. Anything that cannot be read stops
the stream: nothing unread leaves.
"""

import re
from typing import Any

from gateway.agents.anthropic_beyond import held
from gateway.agents.anthropic_block import Block
from gateway.agents.anthropic_texts import Texts
from gateway.agents.anthropic_usage import tokens_in, tokens_out
from gateway.agents.bodies import read_json, write_json
from gateway.agents.event_filter import EventFilter
from gateway.agents.openai_words import model_name
from gateway.agents.sse import COMMENT, Event
from gateway.core.errors import AgentError
from gateway.core.ports import Bounds, Lanes
from gateway.core.refusal import Refusal

MAX_EVENT = 8 << 20
"""Bytes of one event: results of the provider's tools come as one."""
MAX_BLOCKS = 4096
_KIND = re.compile(r"[a-z][a-z0-9_]{0,63}")
_PING: dict[str, Any] = {"type": "ping"}
_FAILED = {"overloaded_error": "overloaded", "rate_limit_error": "overloaded", "timeout_error": "timeout_response"}
"""What the agent's own error in a stream means; anything else is `agent_failed`."""


def failure(event: dict[str, Any]) -> AgentError:
    """What an `error` event of the agent's means. Not a word of it is passed on."""
    return AgentError(_FAILED.get(_type(event.get("error")), "agent_failed"))


class AnthropicStream(EventFilter):
    """A `StreamFilter` (see `core.ports`) for the events of Messages. `kept`: the provider keeps the message."""

    def __init__(self, lanes: Lanes, bounds: Bounds, *, kept: bool = False) -> None:
        super().__init__(bounds, MAX_EVENT)
        self._kept = kept
        self._texts = Texts(lanes)
        self._started = False
        self._blocks: dict[int, Block] = {}
        self._next = 0
        """The lowest number that a block may begin with."""
        self._usage: dict[str, Any] = {}
        self._over = False
        """Whether the message's end began: what follows it is none of its blocks."""
        self._stopped: dict[str, Any] | None = None
        """The end of a text: the event after it says whether another may follow, so it waits for that."""

    def _pass(self, events: list[Event]) -> bytes:
        out: list[bytes] = []
        for event in events:
            if event.data is None:
                out.append(COMMENT)
                continue
            self._follow(self._read(event), out)
            if self.closing:
                break
        return b"".join(out)

    def _read(self, event: Event) -> dict[str, Any]:
        """The event's document; its type is what it is known by, and its name may say nothing else."""
        read = read_json((event.data or "").encode(), self._bounds)
        if isinstance(read, Refusal) or type(read.value) is not dict:
            raise AgentError("bad_answer")
        value: dict[str, Any] = read.value
        kind = value.get("type")
        if type(kind) is not str or _KIND.fullmatch(kind) is None or event.name not in ("", kind):
            raise AgentError("bad_answer")
        return value

    def _follow(self, value: dict[str, Any], out: list[bytes]) -> None:
        """One event, after the end of a text that waited for it, or as such an end."""
        stopped, self._stopped = self._stopped, None
        if value["type"] in ("message_delta", "message_stop"):
            self._over = True
            self._texts.last()
        elif self._over and value["type"] == "content_block_start":
            raise AgentError("bad_answer")
        if stopped is not None:
            self._event(stopped, out)
        if value["type"] == "content_block_stop" and self._speaks(value.get("index")):
            self._stopped = value
        else:
            self._event(value, out)

    def _speaks(self, index: object) -> bool:
        """Whether a block is a text for whoever reads the message."""
        return type(index) is int and index in self._blocks and self._blocks[index].prose

    def _event(self, value: dict[str, Any], out: list[bytes]) -> None:
        kind = value["type"]
        if kind == "error":
            raise failure(value)
        if kind == "ping":
            out.append(_encoded(_PING))
        elif kind == "message_start":
            out.append(self._start(value))
        elif not self._started:
            raise AgentError("bad_answer")
        elif kind.startswith("content_block_"):
            self._block(kind, value, out)
        else:
            self._around(kind, value, out)

    def _start(self, value: dict[str, Any]) -> bytes:
        message = value.get("message")
        if self._started or type(message) is not dict:
            raise AgentError("bad_answer")
        self._started = True
        self.model = model_name(message.get("model"))
        self._note(message, message.get("usage"))
        return _encoded(self._texts.settle(value, "/message_start"))

    def _around(self, kind: str, value: dict[str, Any], out: list[bytes]) -> None:
        """What comes after the blocks, and events that are not known here."""
        if kind == "message_delta":
            self._close_all(out)
            self._note(value.get("delta"), value.get("usage"))
            out.append(_encoded(self._texts.settle(value, "/message_delta")))
        elif kind == "message_stop":
            self._close_all(out)
            self.closing = _encoded(self._texts.settle(value, "/message_stop"))
        else:
            out.append(_encoded(self._texts.clean(value, f"/{kind}")))

    def _block(self, kind: str, value: dict[str, Any], out: list[bytes]) -> None:
        index = value.get("index")
        if type(index) is not int or not 0 <= index < MAX_BLOCKS:
            raise AgentError("bad_answer")
        if kind == "content_block_start":
            out.append(_encoded({**self._own(value, "content_block"), "content_block": self._begin(index, value)}))
            return
        block = self._blocks.get(index)
        if block is None:
            raise AgentError("bad_answer")
        if kind == "content_block_stop":
            self._close(index, out)
            out.append(_encoded(self._own(value, "")))
        elif kind == "content_block_delta" and type(value.get("delta")) is dict:
            delta = block.take(value["delta"])
            if delta is not None:
                out.append(_encoded({**self._own(value, "delta"), "delta": delta}))
        else:
            raise AgentError("bad_answer")

    def _begin(self, index: int, value: dict[str, Any]) -> dict[str, Any]:
        block = value.get("content_block")
        # Clients put blocks in the order of their numbers: one that begins late would stand before what was read.
        if index < self._next or type(block) is not dict:
            raise AgentError("bad_answer")
        self._next = index + 1
        begun = self._blocks[index] = Block(index, self._texts, self._bounds.depth)
        self._sessions(held({"content": [block]}, kept=False))
        return begun.start(block)

    def _own(self, value: dict[str, Any], carried: str) -> dict[str, Any]:
        """An event without what it carries."""
        own = {key: item for key, item in value.items() if key != carried}
        known = own.keys() <= {"type", "index"}
        return own if known else dict(self._texts.clean(own, f"/{value['type']}"))

    def _close(self, index: int, out: list[bytes]) -> None:
        """A block's end: what it still held leaves before it."""
        block = self._blocks.pop(index)
        out.extend(_encoded({"type": "content_block_delta", "index": index, "delta": rest}) for rest in block.close())

    def _close_all(self, out: list[bytes]) -> None:
        """The blocks whose own end never came."""
        for index in list(self._blocks):
            self._close(index, out)

    def _note(self, value: Any, usage: Any) -> None:
        """Counts are cumulative; what a later event does not say stays as it was said."""
        self._sessions(held(value, kept=self._kept))
        if type(usage) is dict:
            self._usage.update({key: item for key, item in usage.items() if item is not None})
            self.tokens_in, self.tokens_out = tokens_in(self._usage), tokens_out(self._usage)

    def _sessions(self, names: tuple[str, ...]) -> None:
        self.sessions = tuple(dict.fromkeys((*self.sessions, *names)))


def _encoded(document: dict[str, Any]) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (document["type"].encode(), write_json(document))


def _type(value: Any) -> str:
    kind = value.get("type") if type(value) is dict else None
    return kind if type(kind) is str else ""
