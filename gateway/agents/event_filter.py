"""What the filters of all event streams have in common: bytes within bounds, and an end that was seen."""

from abc import ABC, abstractmethod

from gateway.agents.sse import Event, EventReader
from gateway.core.errors import AgentError
from gateway.core.ports import Bounds


class EventFilter(ABC):
    """A `StreamFilter` (see `core.ports`) over server-sent events. What leaves for them is the family's own.

    `max_event`: bytes of one event. A family sets `closing` at the agent's own end of the stream.
    """

    def __init__(self, bounds: Bounds, max_event: int) -> None:
        self.closing = b""
        self.model: str | None = None
        self.tokens_in: int | None = None
        self.tokens_out: int | None = None
        self.sessions: tuple[str, ...] = ()
        self._bounds = bounds
        self._left = bounds.answer_bytes
        self._events = EventReader(min(max_event, bounds.answer_bytes))

    def feed(self, data: bytes) -> bytes:
        """Bytes that may leave now. What comes after the end of the stream is dropped unread."""
        if self.closing:
            return b""
        self._left -= len(data)
        if self._left < 0:
            raise AgentError("answer_too_large")
        return self._pass(self._events.feed(data))

    def finish(self) -> bytes:
        """What leaves when the agent's bytes have ended; `AgentError` if no end was seen before."""
        out = b"" if self.closing else self._pass(self._events.finish())
        if not self.closing:
            raise AgentError("closed_early")
        return out

    @abstractmethod
    def _pass(self, events: list[Event]) -> bytes:
        """What leaves for these events."""
