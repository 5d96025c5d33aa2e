"""Messages' answers and errors."""

from typing import Any

import pytest
from hypothesis import given, settings

from gateway.agents.translate.fields import Lost
from gateway.agents.translate.messages_reply import (
    block_of,
    ending,
    read,
    read_error,
    stop_of,
    usage_of,
    write,
    write_error,
)
from gateway.agents.translate.neutral import Fault, Reasoned, Refused, Reply, Stop, Text, ToolUse, Usage

from .support import REPLY, replies, same

ANSWER: dict[str, Any] = {
    "id": "msg_a1",
    "type": "message",
    "role": "assistant",
    "model": "tiny-1",
    "content": [
        {"type": "text", "text": "I look it up."},
        {"type": "tool_use", "id": "call_1", "name": "sky", "input": {"city": "Ulm", "days": [1, 2]}},
        {"type": "tool_use", "id": "call_2", "name": "wind", "input": {}},
    ],
    "stop_reason": "tool_use",
    "stop_sequence": None,
    "usage": {
        "input_tokens": 12,
        "cache_read_input_tokens": 5,
        "cache_creation_input_tokens": 3,
        "output_tokens": 7,
    },
}


def test_the_golden_answer_is_written_and_read() -> None:
    assert write(REPLY) == ANSWER
    assert same(read(ANSWER)) == same(REPLY)


@settings(max_examples=40)
@given(reply=replies())
def test_what_is_written_is_read_again(reply: Reply) -> None:
    assert same(read(write(reply))) == same(reply)


def test_blocks_are_read() -> None:
    assert block_of({"type": "thinking", "thinking": "Hm", "signature": "s"}) == Reasoned("Hm")
    assert block_of({"type": "redacted_thinking", "data": "x"}) is None
    call = {"type": "tool_use", "id": "1", "name": "f", "input": {"a": 1.5}, "caller": {"type": "direct"}}
    assert block_of(call) == ToolUse(id="1", name="f", arguments='{"a":1.5}')


def test_words_of_refusal_end_the_message_as_a_refusal_and_thinking_is_left_out() -> None:
    reply = Reply(id="1", model="m", created=0, blocks=(Reasoned("Hm"), Refused("No.")), stop="end")
    answer = write(reply)
    assert (answer["content"], answer["stop_reason"]) == ([{"type": "text", "text": "No."}], "refusal")


def test_a_call_that_the_longest_answer_cut_off_has_no_arguments() -> None:
    cut = ToolUse(id="c", name="n", arguments='{"a": "b')
    reply = Reply(id="i", model="m", created=0, blocks=(Text("Look."), cut), stop="length")
    written = write(reply)
    assert written["content"][1] == {"type": "tool_use", "id": "c", "name": "n", "input": {}}
    assert written["stop_reason"] == "max_tokens"


@pytest.mark.parametrize(
    ("blocks", "stop"),
    [
        ((ToolUse(id="c", name="n", arguments='{"a": "b'),), "tool_use"),
        ((ToolUse(id="c", name="n", arguments="x"),), "length"),
        ((ToolUse(id="c", name="n", arguments='{"a": "b'), ToolUse(id="d", name="n", arguments="{}")), "length"),
    ],
)
def test_other_arguments_that_are_no_object_are_told(blocks: tuple[ToolUse, ...], stop: Stop) -> None:
    with pytest.raises(Lost):
        write(Reply(id="i", model="m", created=0, blocks=blocks, stop=stop))


def test_a_stop_sequence_is_named() -> None:
    assert ending("stop_sequence", "END", refused=False) == {"stop_reason": "stop_sequence", "stop_sequence": "END"}


def test_identifiers_of_calls_are_in_the_characters_that_are_allowed() -> None:
    reply = Reply(
        id="1", model="m", created=0, blocks=(ToolUse(id="functions.f:0", name="f", arguments=""),), stop="tool_use"
    )
    assert write(reply)["content"] == [{"type": "tool_use", "id": "functions_f_0_dmbddkde", "name": "f", "input": {}}]


@pytest.mark.parametrize(
    "block",
    [
        3,
        {"type": "server_tool_use"},
        {"type": "text", "text": "x", "citations": [{"type": "char_location"}]},
        {"type": "tool_use", "id": "1", "name": "f", "input": "x"},
        {"type": "tool_use", "id": "1", "name": "f", "input": {}, "caller": {"type": "program"}},
        {"type": "text", "text": "x", "new": 1},
    ],
)
def test_blocks_of_another_kind_are_told(block: Any) -> None:
    with pytest.raises(Lost):
        block_of(block)


@pytest.mark.parametrize("reason", [None, "pause_turn", "oracle", 3])
def test_an_end_that_is_none_is_told(reason: Any) -> None:
    with pytest.raises(Lost):
        stop_of(reason)


@pytest.mark.parametrize(
    ("document", "said"),
    [({"error": {"message": "no"}}, "no"), ({"error": {"message": 3}}, ""), ({"error": "no"}, ""), ({}, "")],
)
def test_errors_are_read(document: dict[str, Any], said: str) -> None:
    assert read_error(document) == Fault(message=said)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "invalid_request_error"),
        (413, "request_too_large"),
        (429, "rate_limit_error"),
        (500, "api_error"),
        (529, "overloaded_error"),
    ],
)
def test_an_errors_type_is_that_of_its_status(status: int, kind: str) -> None:
    assert write_error(Fault(message="no"), status) == {"type": "error", "error": {"type": kind, "message": "no"}}


def test_usage_counts_what_came_from_a_cache_as_input() -> None:
    stated = {"input_tokens": 1, "cache_read_input_tokens": 2, "cache_creation_input_tokens": 4, "output_tokens": 8}
    assert usage_of({**stated, "output_tokens_details": {"thinking_tokens": 3}}) == Usage(
        input=7, output=8, cached=2, written=4, reasoning=3
    )
    assert usage_of(None) == Usage()
