"""Event streams of MCP cut into JSON-RPC messages: notifications and questions of the agent, then its response.

Each event holds one whole message, so each is inspected whole (`core.ports.Frames`). Ids of events and the time to wait
before coming back pass, because callers resume broken streams by them; an id is text of the agent's and scanned too.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from gateway.agents.bodies import check_places, read_json, replace, write_json
from gateway.agents.mcp_parts import rpc_parts
from gateway.agents.mcp_rpc import Rpc, is_message, is_response
from gateway.agents.mcp_words import TOOLS_CHANGED
from gateway.agents.sse import COMMENT, Event, EventReader
from gateway.core.errors import AgentError
from gateway.core.message import Part
from gateway.core.ports import Bounds, Frame
from gateway.core.refusal import Refusal

MAX_EVENT = 4 << 20
"""Bytes of one event."""
_EVENT_ID = re.compile(r"[\x21-\x7e]{1,256}")
_RETRY = re.compile(r"[0-9]{1,9}")
_ID_PLACE = "event:id"


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What one event held. `value` is its message; None for one that only gives its stream an id."""

    value: Any
    id: str
    retry: str


def _nothing(response: Any) -> tuple[str, ...]:
    return ()


class RpcFrames:
    """A `Frames` for one answer. `rpc` is the request it answers, None for a GET, which answers none.

    `govern` is given the whole response before it is taken into parts, and what it gives back stands for it; `named`
    tells which sessions that gives away.
    """

    def __init__(
        self,
        bounds: Bounds,
        rpc: Rpc | None,
        govern: Callable[[Any], Any],
        named: Callable[[Any], tuple[str, ...]] = _nothing,
    ) -> None:
        self._events = EventReader(min(MAX_EVENT, bounds.answer_bytes))
        self._bounds, self._rpc, self._govern, self._named = bounds, rpc, govern, named
        self._resumable = False
        self._ended = False

    def feed(self, data: bytes) -> list[Frame]:
        return self._frames(self._events.feed(data))

    def finish(self) -> list[Frame]:
        """A stream that gave an event's id may break off: callers fetch the rest by it. A GET's may end at any time."""
        frames = self._frames(self._events.finish())
        if not self._ended and not self._resumable and self._rpc is not None:
            raise AgentError("closed_early")
        return frames

    def render(self, frame: Frame, masked: Mapping[str, str]) -> bytes:
        told = frame.body
        if not isinstance(told, Told):
            return COMMENT
        check_places(masked, frame.parts)
        data = b"" if told.value is None else write_json(replace(told.value, masked))
        lines = [b"event: message" if told.value is not None else b"", b"id: " + told.id.encode() if told.id else b""]
        lines += [b"retry: " + told.retry.encode() if told.retry else b"", b"data: " + data]
        return b"\n".join(line for line in lines if line) + b"\n\n"

    def _frames(self, events: list[Event]) -> list[Frame]:
        frames: list[Frame] = []
        for event in events:
            if self._ended:
                break
            frame = self._frame(event)
            if frame is not None:
                frames.append(frame)
                self._ended = frame.last
        return frames

    def _frame(self, event: Event) -> Frame | None:
        """The frame of one event; None for one that callers of this protocol do not look at."""
        if event.data is None:
            return Frame(parts=())
        if event.name not in ("", "message"):
            return None
        identifier = event.id if _EVENT_ID.fullmatch(event.id) else ""
        retry = event.retry if _RETRY.fullmatch(event.retry) else ""
        self._resumable = self._resumable or bool(identifier)
        parts = (Part(_ID_PLACE, identifier, "name"),) if identifier else ()
        if not event.data:
            return Frame(parts=parts, body=Told(value=None, id=identifier, retry=retry)) if identifier else None
        value = self._message(event.data)
        last = is_response(value)
        if last:
            value = self._govern(value)
        told = Told(value=value, id=identifier, retry=retry)
        changed = value.get("method") == TOOLS_CHANGED
        names = self._named(value) if last else ()
        return Frame(
            parts=(*parts, *rpc_parts(value)), sessions=names, last=last, changed=changed, body=told, document=value
        )

    def _message(self, data: str) -> Any:
        """One JSON-RPC message; `AgentError("bad_answer")` for anything else, and for a response to another request."""
        read = read_json(data.encode(), self._bounds)
        if isinstance(read, Refusal) or not is_message(read.value):
            raise AgentError("bad_answer")
        value: dict[str, Any] = read.value
        if is_response(value):
            if self._rpc is not None and not answers(value, self._rpc):
                raise AgentError("bad_answer")
        elif type(value.get("method")) is not str or (self._rpc is not None and self._asks_too_new(value)):
            raise AgentError("bad_answer")
        return value

    def _asks_too_new(self, value: dict[str, Any]) -> bool:
        """Whether it is a request to the client, which the newest version does not know."""
        return "id" in value and self._rpc is not None and self._rpc.era == "new"


def answers(value: dict[str, Any], rpc: Rpc) -> bool:
    """Whether this response is the one to this request. An error about a request that could not be read has no id."""
    found = value.get("id")
    if found is None and "error" in value:
        return True
    return type(found) is type(rpc.id) and found == rpc.id
