"""Streams of MCP are cut into whole messages, strictly; what does not answer the request never passes."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.agents.mcp_events import RpcFrames, answers
from gateway.agents.mcp_rpc import Rpc
from gateway.core.errors import AgentError, FormatError
from gateway.core.ports import Bounds, Frame
from tests.agents.mcp_making import event, result, rpc
from tests.agents.support import BOUNDS

ASKED = Rpc(kind="request", method="tools/call", id=1, era="old", version="2025-11-25", action="tool:a")
NEWER = Rpc(kind="request", method="tools/call", id=1, era="new", version="2026-07-28", action="tool:a")
NOTE = rpc("notifications/message", {"level": "info", "data": "hello"}, id=None)


def frames(asked: Rpc | None = ASKED, govern: Any = lambda value: value) -> RpcFrames:
    return RpcFrames(BOUNDS, asked, govern)


def passed(reader: RpcFrames, *events: bytes) -> bytes:
    return b"".join(reader.render(frame, {}) for one in events for frame in reader.feed(one))


def test_notifications_and_questions_pass_and_the_response_ends_the_stream() -> None:
    reader = frames()
    got = reader.feed(event(NOTE) + event(rpc("sampling/createMessage", {}, id=7)) + event(result({})) + event(NOTE))
    assert [frame.last for frame in got] == [False, False, True]
    assert reader.finish() == []


def test_ids_and_times_of_events_pass() -> None:
    reader = frames()
    out = passed(reader, event("", "id: e-1", "retry: 500"), event(NOTE, "event: message", "id: e-2"))
    assert out == (
        b"id: e-1\nretry: 500\ndata: \n\n"
        b"event: message\nid: e-2\ndata: " + json.dumps(NOTE, separators=(",", ":")).encode() + b"\n\n"
    )


def test_an_id_that_is_none_is_left_out() -> None:
    out = passed(frames(), event(NOTE, "id: " + "x" * 300, "retry: soon"))
    assert b"id:" not in out.splitlines()[1]
    assert b"retry" not in out


def test_comments_keep_the_connection_alive_and_say_nothing() -> None:
    assert passed(frames(), b": secret ping\n\n") == b":\n\n"


def test_events_of_other_names_and_empty_ones_do_not_pass() -> None:
    assert passed(frames(), event(NOTE, "event: endpoint"), b"data:\n\n") == b""


@pytest.mark.parametrize(
    "value",
    [
        "no json",
        "[]",
        "7",
        {"jsonrpc": "1.0", "method": "a"},
        {"jsonrpc": "2.0"},
        {"jsonrpc": "2.0", "id": 1},
        result({}, id=2),
        result({}, id="1"),
        {"jsonrpc": "2.0", "id": 1, "result": {}, "error": {}},
        {"jsonrpc": "2.0", "method": 7},
        {**result({"tools": []}), "Result": {"tools": [{"name": "x"}]}},
        '{"jsonrpc":"2.0","jsonrpc":"2.0","method":"a"}',
    ],
)
def test_what_is_no_message_to_this_caller_stops_the_stream(value: Any) -> None:
    with pytest.raises(AgentError, match="bad_answer"):
        frames().feed(event(value))


def test_a_server_of_the_newest_version_asks_its_client_nothing() -> None:
    with pytest.raises(AgentError, match="bad_answer"):
        frames(NEWER).feed(event(rpc("sampling/createMessage", {}, id=7)))
    assert frames(NEWER).feed(event(NOTE))


def test_a_stream_that_breaks_off_is_an_error_unless_the_rest_can_be_fetched() -> None:
    with pytest.raises(AgentError, match="closed_early"):
        frames().finish()
    resumable = frames()
    resumable.feed(event("", "id: 1"))
    assert resumable.finish() == []
    assert frames(None).finish() == []


def test_the_last_event_is_read_even_without_its_empty_line() -> None:
    reader = frames()
    assert reader.feed(event(result({})).rstrip()) == []
    assert [frame.last for frame in reader.finish()] == [True]


def test_a_listening_stream_takes_the_response_to_whatever_it_resumes() -> None:
    assert frames(None).feed(event(result({}, id="earlier")))[0].last


def test_a_response_is_governed_before_it_is_read() -> None:
    reader = frames(govern=lambda value: {**value, "result": {"tools": []}})
    (frame,) = reader.feed(event(result({"tools": [{"name": "secret"}]})))
    assert frame.parts == ()
    assert b"secret" not in reader.render(frame, {})


def test_a_mask_goes_to_its_place_and_to_no_other() -> None:
    reader = frames()
    (frame,) = reader.feed(event(NOTE))
    assert b'"data":"*"' in reader.render(frame, {"/params/data": "*"})
    with pytest.raises(FormatError):
        reader.render(frame, {"/params/else": "*"})


def test_an_error_about_what_could_not_be_read_answers_any_request() -> None:
    assert answers({"jsonrpc": "2.0", "id": None, "error": {}}, ASKED)
    assert not answers({"jsonrpc": "2.0", "id": None, "result": {}}, ASKED)
    assert not answers(result({}, id=True), ASKED)


def test_an_event_beyond_its_bound_is_too_large() -> None:
    reader = RpcFrames(Bounds(body_bytes=10, answer_bytes=10, depth=9), ASKED, lambda value: value)
    with pytest.raises(AgentError, match="answer_too_large"):
        reader.feed(event(NOTE))


@settings(max_examples=60)
@given(st.lists(st.integers(1, 40), max_size=30))
def test_however_the_bytes_are_cut_the_messages_are_the_same(cuts: list[int]) -> None:
    data = event(NOTE, "id: 1") + b": x\r\n\r\n" + event(result({"content": [{"type": "text", "text": "ü"}]}))
    reader = frames()
    got: list[Frame] = []
    for cut in cuts:
        got += reader.feed(data[:cut])
        data = data[cut:]
    got += reader.feed(data)
    whole = [(frame.parts, frame.last) for frame in got]
    assert [last for _, last in whole] == [False, False, True]
    assert whole[2][0][0].text == "ü"


@settings(max_examples=60)
@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    def whole() -> list[bytes]:
        reader = frames()
        read = (*reader.feed(b"data: " + data + b"\n\n"), *reader.finish())
        return [reader.render(frame, {}) for frame in read]

    with pytest.raises(AgentError, match=r"bad_answer|closed_early|answer_too_large"):
        whole()
