"""Server-sent events (WHATWG HTML §9.2.6) cut out of untrusted bytes, within bounds and in linear time."""

import re

import msgspec

from gateway.core.errors import AgentError

_LINE_END = re.compile(rb"\r\n|\n|\r")
_BOM = b"\xef\xbb\xbf"
COMMENT = b":\n\n"
"""A comment without text: what keeps a connection alive."""


class Event(msgspec.Struct, frozen=True, gc=False):
    """One event: its `event:` name (empty where it has none) and its data lines, joined. A comment has no data.

    `id` and `retry` as its own fields say them, empty where it has none.
    """

    name: str
    data: str | None
    id: str = ""
    retry: str = ""


def encode(data: bytes) -> bytes:
    """An event that holds `data`, which has no line breaks."""
    return b"data: " + data + b"\n\n"


def is_event_stream(content_type: str | None) -> bool:
    """Whether an answer of this content type is an event stream."""
    return (content_type or "").partition(";")[0].strip().lower() == "text/event-stream"


class EventReader:
    """Bytes in, events out, however the bytes are cut: inside a character, inside a line ending, inside an event.

    Raises `AgentError`: `answer_too_large` for an event beyond `max_event` bytes,
    `bad_answer` for one that is not UTF-8.
    """

    def __init__(self, max_event: int) -> None:
        self._max_event = max_event
        self._size = 0
        self._partial: list[bytes] = []
        self._after_cr = False
        self._first = True
        self._name = self._id = self._retry = ""
        self._data: list[str] = []
        self._between = False
        """Whether everything so far is told: what comes next begins an event."""

    def feed(self, data: bytes) -> list[Event]:
        """The events that these bytes complete."""
        if self._between and data.endswith(b"\n\n") and b"\r" not in data:
            return self._whole(data)
        if self._after_cr and data:
            self._after_cr = False
            if data.startswith(b"\n"):  # the second half of a CR LF that was cut
                data = data[1:]
        events: list[Event] = []
        if b"\n" in data or b"\r" in data:
            self._after_cr = data.endswith(b"\r")
            *lines, rest = _LINE_END.split(b"".join([*self._partial, data]))
            self._partial = [rest] if rest else []
            for line in lines:
                self._line(line, events)
        elif data:
            self._partial.append(data)
            rest = data
        else:
            return events
        self._grow(len(rest))
        self._between = not (rest or self._after_cr or self._first or self._size)
        return events

    def _whole(self, data: bytes) -> list[Event]:
        """The events of bytes that hold nothing but whole ones, as senders mostly write them: one line of data each."""
        events: list[Event] = []
        for block in data[:-2].split(b"\n\n"):
            if block.startswith(b"data: ") and b"\n" not in block and len(block) <= self._max_event:
                events.append(Event("", _text(block[6:])))
            else:
                for line in (*block.split(b"\n"), b""):
                    self._line(line, events)
        return events

    def finish(self) -> list[Event]:
        """What the last bytes held without a blank line after them: senders forget it, and it must be read too."""
        events: list[Event] = []
        if self._partial:
            line, self._partial = b"".join(self._partial), []
            self._line(line, events)
        self._line(b"", events)
        return events

    def _line(self, line: bytes, events: list[Event]) -> None:
        if self._first:
            self._first = False
            line = line.removeprefix(_BOM)
        if not line:
            if self._data:
                events.append(Event(self._name, "\n".join(self._data), self._id, self._retry))
            self._name = self._id = self._retry = ""
            self._data, self._size = [], 0
            return
        if line.startswith(b":"):
            events.append(Event("", None))
            return
        self._grow(len(line))
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"data":
            self._data.append(_text(value))
        elif field == b"event":
            self._name = _text(value)
        elif field == b"id":
            self._id = _text(value)
        elif field == b"retry":
            self._retry = _text(value)

    def _grow(self, count: int) -> None:
        # Bytes of a line that is still partial are counted twice at most: once here, once when it is whole.
        self._size += count
        if self._size > 2 * self._max_event:
            raise AgentError("answer_too_large")


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        raise AgentError("bad_answer") from error
