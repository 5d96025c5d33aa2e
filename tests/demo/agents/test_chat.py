"""Requests read strictly enough, answers and chunks in OpenAI's form."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.demo.agents import chat
from gateway.demo.agents.chat import BadRequestError, Call, Reply, Tool


def body(**fields: Any) -> bytes:
    return json.dumps({"model": "m", "messages": [{"role": "user", "content": "hello"}], **fields}).encode()


def test_the_newest_message_of_the_user_is_what_was_said() -> None:
    messages = [
        {"role": "user", "content": "first"},
        {"role": "tool", "content": "old result"},
        {"role": "user", "content": [{"type": "text", "text": "second"}, {"type": "image_url"}]},
        {"role": "tool", "content": "new result"},
    ]
    read = chat.read(body(messages=messages))
    assert read.said == "second\n(image_url)"
    assert read.results == ("new result",)
    assert not read.stream


def test_tools_are_read_with_their_parameters() -> None:
    function = {
        "name": "find",
        "parameters": {"properties": {"account": {"description": "which"}, "odd": True}, "required": ["account", 4]},
    }
    offered = [{"type": "function", "function": function}, {"type": "function"}, "x", {"function": {"name": "bare"}}]
    assert chat.read(body(tools=offered)).tools == (
        Tool("find", {"account": "which", "odd": ""}, ("account",)),
        Tool("bare", {}, ()),
    )


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b"\xff", b'{"model": 1}', b'{"model": "m", "messages": [1]}'])
def test_what_is_no_request_is_refused(data: bytes) -> None:
    with pytest.raises(BadRequestError):
        chat.read(data)


@settings(max_examples=80, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["role", "content", "type", "text", "function", "name", "properties"]), inner
            )
        ),
        max_leaves=12,
    )
)
def test_reading_never_fails_in_another_way(value: Any) -> None:
    for fields in ({"messages": value}, {"tools": value}, {"stream_options": value}, {"stream": value}):
        try:
            chat.read(body(**fields))
        except BadRequestError:
            assert "messages" in fields


def test_a_whole_answer_has_a_choice_and_usage() -> None:
    request = chat.read(body())
    answer = chat.completion(Reply("four letters"), request, b"x", 1_700_000_000)
    assert answer["choices"] == [
        {"index": 0, "message": {"role": "assistant", "content": "four letters"}, "finish_reason": "stop"}
    ]
    assert answer["usage"] == {"prompt_tokens": 2, "completion_tokens": 4, "total_tokens": 6}
    assert answer["created"] == 1_700_000_000


def test_ids_are_letters_alone_and_depend_on_the_request() -> None:
    request = chat.read(body())
    first, second = (chat.completion(Reply("x"), request, data, 0)["id"] for data in (b"a", b"b"))
    assert first != second
    assert first.removeprefix("chatcmpl-").isalpha()


def test_the_pieces_of_a_stream_are_short_and_make_up_the_text() -> None:
    text = "Write to colin.marsh@desk.example.org or call (212) 555-0147."
    pieces = list(chat.pieces(text))
    assert "".join(pieces) == text
    assert max(map(len, pieces)) <= 7
    assert list(chat.pieces("")) == []


def test_a_stream_says_the_role_first_and_the_reason_last_with_usage_where_it_was_asked_for() -> None:
    request = chat.read(body(stream=True, stream_options={"include_usage": True}))
    assert request.stream
    chunks = list(chat.chunks(Reply("hello there"), request, b"", 0))
    deltas = [chunk["choices"][0]["delta"] for chunk in chunks[:-1]]
    assert deltas[0] == {"role": "assistant", "content": ""}
    assert "".join(delta.get("content", "") for delta in deltas) == "hello there"
    assert chunks[-2]["choices"][0]["finish_reason"] == "stop"
    assert chunks[-1]["choices"] == []
    assert chunks[-1]["usage"]["completion_tokens"] == 3
    assert "usage" not in list(chat.chunks(Reply("x"), chat.read(body(stream=True)), b"", 0))[-1]


def test_a_call_is_streamed_with_its_arguments_in_pieces() -> None:
    reply = Reply("", Call("find", {"account": "5550-1234"}))
    chunks = list(chat.chunks(reply, chat.read(body(stream=True)), b"", 0))
    calls = [call for chunk in chunks for call in chunk["choices"][0]["delta"].get("tool_calls", ())]
    assert calls[0]["function"]["name"] == "find"
    assert json.loads("".join(call["function"]["arguments"] for call in calls)) == {"account": "5550-1234"}
    assert chunks[-1]["choices"][0]["finish_reason"] == "tool_calls"
    whole = chat.completion(reply, chat.read(body()), b"", 0)["choices"][0]
    assert whole["message"]["content"] is None
    assert whole["message"]["tool_calls"][0]["function"]["name"] == "find"
