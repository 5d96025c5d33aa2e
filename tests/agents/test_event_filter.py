"""Whatever the family, a stream is read within bounds, ends once, and is not whole before."""

import pytest

from gateway.agents.event_filter import EventFilter
from gateway.agents.sse import Event
from gateway.core.errors import AgentError
from gateway.core.ports import Bounds


class Words(EventFilter):
    """Events of a word each; `end` is the last."""

    def _pass(self, events: list[Event]) -> bytes:
        words = [(event.data or "").encode() for event in events]
        if b"end" in words:
            self.closing = b"end"
        return b" ".join(words)


def words(answer_bytes: int = 1000, max_event: int = 1000) -> Words:
    return Words(Bounds(body_bytes=1, answer_bytes=answer_bytes, depth=1), max_event)


def test_events_leave_as_they_are_whole_and_what_follows_the_end_is_dropped() -> None:
    stream = words()
    assert stream.feed(b"data: one\n\ndata: tw") == b"one"
    assert stream.feed(b"o\n\ndata: end\n\n") == b"two end"
    assert stream.feed(b"data: more\n\n") == stream.finish() == b""
    assert stream.closing == b"end"


def test_the_last_event_counts_without_a_line_after_it() -> None:
    stream = words()
    assert stream.feed(b"data: end") == b""
    assert stream.finish() == b"end"


@pytest.mark.parametrize(
    ("bounds", "data"), [({"answer_bytes": 10}, b"x" * 11), ({"max_event": 4}, b"data: 123456789")]
)
def test_too_much_of_it_ends_it(bounds: dict[str, int], data: bytes) -> None:
    with pytest.raises(AgentError) as raised:
        words(**bounds).feed(data)
    assert raised.value.code == "answer_too_large"


def test_a_stream_without_its_end_is_not_whole() -> None:
    stream = words()
    stream.feed(b"data: one\n\n")
    with pytest.raises(AgentError) as raised:
        stream.finish()
    assert raised.value.code == "closed_early"
