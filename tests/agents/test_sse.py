"""Event streams are cut the same way however their bytes arrive, and never grow without bound."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.agents.sse import Event, EventReader, encode, is_event_stream
from gateway.core.errors import AgentError


def events(*pieces: bytes, max_event: int = 1000) -> list[Event]:
    reader = EventReader(max_event)
    return [event for piece in pieces for event in reader.feed(piece)] + reader.finish()


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        (b"data: a\n\n", [Event("", "a")]),
        (b"data:a\r\ndata: b\r\n\r\n", [Event("", "a\nb")]),
        (b"data: a\r\rdata:  b\r\r", [Event("", "a"), Event("", " b")]),
        (b"event: error\ndata: x\n\ndata: y\n\n", [Event("error", "x"), Event("", "y")]),
        (b"id: 5\nretry: 10\nunknown\ndata\n\ndata: x\n\n", [Event("", "", "5", "10"), Event("", "x")]),
        (b": keep-alive\n\n", [Event("", None)]),
        (b"\xef\xbb\xbfdata: a\n\n", [Event("", "a")]),
        (b"event: only\n\n\n\n", []),
        (b"data: without a blank line", [Event("", "without a blank line")]),
        (b"data: without a blank line\n", [Event("", "without a blank line")]),
        (b"", []),
    ],
)
def test_events_are_read_as_the_standard_has_it(stream: bytes, expected: list[Event]) -> None:
    assert events(stream) == expected


lines = st.sampled_from(["data: é€😀", "data:x", ": note", "event: e", "id: 1", "", "data", "data: {}"])


@settings(max_examples=100)
@given(st.lists(st.tuples(lines, st.sampled_from(["\n", "\r\n", "\r"])), max_size=12), st.data())
def test_any_cut_of_the_bytes_gives_the_same_events(parts: list[tuple[str, str]], data: st.DataObject) -> None:
    stream = "".join(line + end for line, end in parts).encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    whole = events(stream)
    assert events(*pieces) == whole
    assert events(*(stream[i : i + 1] for i in range(len(stream)))) == whole


@settings(max_examples=100)
@given(st.lists(st.binary(max_size=20), max_size=5))
def test_any_bytes_give_events_or_an_agents_error(pieces: list[bytes]) -> None:
    try:
        events(*pieces)
    except AgentError as error:
        assert error.code == "bad_answer"  # noqa: PT017 - both ends are right here


@pytest.mark.parametrize("pieces", [[b"data: " + b"x" * 5000], [b"data: xxxxx\n"] * 500, [b"x"] * 5000])
def test_an_event_without_end_is_stopped_at_its_bound(pieces: list[bytes]) -> None:
    with pytest.raises(AgentError) as caught:
        events(*pieces)
    assert caught.value.code == "answer_too_large"


def test_many_events_are_not_one_large_one() -> None:
    assert len(events(*[b"data: xxxxx\n\n"] * 1000)) == 1000
    assert len(events(*[b": ping\n\n"] * 1000)) == 1000


def test_bytes_that_are_not_utf8_are_a_bad_answer() -> None:
    with pytest.raises(AgentError) as caught:
        events(b"data: \xff\n\n")
    assert caught.value.code == "bad_answer"


def test_what_is_encoded_reads_back() -> None:
    assert events(encode(b'{"a": 1}')) == [Event("", '{"a": 1}')]


def test_the_content_type_says_whether_it_is_a_stream() -> None:
    assert is_event_stream("Text/Event-Stream; charset=utf-8")
    assert not is_event_stream("application/json")
    assert not is_event_stream(None)
