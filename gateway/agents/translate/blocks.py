"""What the readers of streams share: bytes into documents within bounds, and blocks that follow one another."""

from collections.abc import Hashable
from typing import Any, Literal

from gateway.agents.bodies import read_json
from gateway.agents.sse import EventReader
from gateway.agents.translate.fields import Lost
from gateway.agents.translate.neutral import Closed, Grown, Opened, StreamEvent
from gateway.core.errors import AgentError
from gateway.core.ports import Bounds
from gateway.core.refusal import Refusal

MAX_EVENT = 1 << 20
"""Bytes of one event."""
MAX_BLOCKS = 1024
"""Blocks that one streamed answer may have."""
DONE = "[DONE]"


class Documents:
    """A stream's bytes, cut anywhere, as the documents in its events: None for a comment, `DONE` for that word."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._left = bounds.answer_bytes
        self._events = EventReader(min(MAX_EVENT, bounds.answer_bytes))

    def feed(self, data: bytes) -> list[dict[str, Any] | str | None]:
        """The documents that these bytes complete. `AgentError` beyond bounds, or for what is no JSON object."""
        self._left -= len(data)
        if self._left < 0:
            raise AgentError("answer_too_large")
        return [self._document(event.data) for event in self._events.feed(data)]

    def finish(self) -> list[dict[str, Any] | str | None]:
        return [self._document(event.data) for event in self._events.finish()]

    def _document(self, data: str | None) -> dict[str, Any] | str | None:
        if data is None:
            return None
        if data.strip() == DONE:
            return DONE
        read = read_json(data.encode(), self._bounds)
        if isinstance(read, Refusal) or type(read.value) is not dict:
            raise AgentError("bad_answer")
        return read.value


class Blocks:
    """The blocks of one streamed answer, one open at a time, each known by the key that its form gives it."""

    def __init__(self) -> None:
        self._number = -1
        self._key: Hashable = None
        self._tool = self._grown = False
        self._closed: set[Hashable] = set()
        self.tools = 0

    def seen(self, key: Hashable) -> bool:
        """Whether a block of this key was ever opened."""
        return key == self._key or key in self._closed

    def open(
        self, key: Hashable, kind: Literal["text", "refusal", "reasoning", "tool"], *, id: str = "", name: str = ""
    ) -> list[StreamEvent]:
        """The block of this key, opened unless it is. `Lost` for one that was closed: its pieces would be apart."""
        if key == self._key:
            return []
        if key in self._closed:
            raise Lost("blocks of a stream that are mixed with each other")
        events = self.close()
        self._number += 1
        if self._number >= MAX_BLOCKS:
            raise Lost("a stream of too many blocks")
        self._key, self._tool, self._grown = key, kind == "tool", False
        self.tools += self._tool
        return [*events, Opened(block=self._number, kind=kind, id=id, name=name)]

    def grow(self, text: str) -> list[StreamEvent]:
        """More of the open block."""
        if self._key is None:
            raise Lost("a stream's text outside its blocks")
        if not text:
            return []
        self._grown = True
        return [Grown(block=self._number, text=text)]

    def close(self) -> list[StreamEvent]:
        """The end of the open block, if one is. A call without arguments has those of an object without members."""
        if self._key is None:
            return []
        self._closed.add(self._key)
        self._key = None
        empty = self._tool and not self._grown
        rest: list[StreamEvent] = [Grown(block=self._number, text="{}")] if empty else []
        return [*rest, Closed(block=self._number)]
