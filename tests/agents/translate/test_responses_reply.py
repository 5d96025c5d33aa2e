"""Responses' answers."""

from typing import Any

import pytest
from hypothesis import given, settings

from gateway.agents.translate.fields import Lost
from gateway.agents.translate.neutral import Reasoned, Refused, Reply, Text, ToolUse, Usage
from gateway.agents.translate.responses_reply import blocks_of, ending, read, seconds, stop_of, usage_of, write

from .support import REPLY, replies, same

OUTPUT = [
    {
        "type": "message",
        "id": "msg_a1_0",
        "status": "completed",
        "role": "assistant",
        "content": [{"type": "output_text", "text": "I look it up.", "annotations": [], "logprobs": []}],
    },
    {
        "type": "function_call",
        "id": "fc_a1_1",
        "status": "completed",
        "call_id": "call_1",
        "name": "sky",
        "arguments": '{"city":"Ulm","days":[1,2]}',
    },
    {
        "type": "function_call",
        "id": "fc_a1_2",
        "status": "completed",
        "call_id": "call_2",
        "name": "wind",
        "arguments": "{}",
    },
]


def test_the_golden_answer_is_written_and_read() -> None:
    answer = write(REPLY)
    assert (answer["id"], answer["object"], answer["status"], answer["created_at"]) == (
        "resp_a1",
        "response",
        "completed",
        1_700_000_000,
    )
    assert answer["output"] == OUTPUT
    assert answer["usage"] == {
        "input_tokens": 20,
        "input_tokens_details": {"cached_tokens": 5, "cache_write_tokens": 3},
        "output_tokens": 7,
        "output_tokens_details": {"reasoning_tokens": 2},
        "total_tokens": 27,
    }
    assert same(read(answer)) == same(REPLY)


@settings(max_examples=40)
@given(reply=replies())
def test_what_is_written_is_read_again(reply: Reply) -> None:
    assert same(read(write(reply))) == same(reply)


def test_nothing_of_the_request_is_repeated() -> None:
    answer = write(REPLY)
    assert (answer["instructions"], answer["tools"], answer["metadata"], answer["store"]) == (None, [], {}, False)


@pytest.mark.parametrize(("stop", "reason"), [("length", "max_output_tokens"), ("refusal", "content_filter")])
def test_an_answer_that_was_cut_is_incomplete(stop: Any, reason: str) -> None:
    end = ending(stop, Usage())
    assert (end["status"], end["incomplete_details"]) == ("incomplete", {"reason": reason})
    assert stop_of(end, called=False) == stop


def test_items_are_read_as_blocks() -> None:
    refusal = {"type": "message", "role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]}
    assert blocks_of(refusal) == (Refused("No."),)
    thought = {
        "type": "reasoning",
        "id": "r",
        "summary": [{"type": "summary_text", "text": "Hm"}],
        "encrypted_content": "x",
    }
    assert blocks_of(thought) == (Reasoned("Hm"),)
    call = {"type": "function_call", "call_id": "1", "name": "f", "caller": {"type": "direct"}}
    assert blocks_of(call) == (ToolUse(id="1", name="f", arguments="{}"),)


def test_thinking_is_left_out_of_what_is_written() -> None:
    reply = Reply(id="1", model="m", created=0, blocks=(Reasoned("Hm"), Text("4")), stop="end")
    assert [item["type"] for item in write(reply)["output"]] == ["message"]


@pytest.mark.parametrize(
    "item",
    [
        3,
        {"type": "web_search_call"},
        {"type": "message", "content": [{"type": "output_text", "text": "x", "annotations": [{"url": "u"}]}]},
        {"type": "message", "content": [{"type": "hologram"}]},
        {"type": "message", "content": [], "new": 1},
        {"type": "function_call", "call_id": "1", "name": "f", "arguments": "{}", "caller": {"type": "program"}},
    ],
)
def test_items_of_another_kind_are_told(item: Any) -> None:
    with pytest.raises(Lost):
        blocks_of(item)


@pytest.mark.parametrize(
    "document",
    [
        {"status": "failed"},
        {"status": "in_progress"},
        {"status": "completed", "error": {"code": "server_error"}},
        {"status": "incomplete"},
        {"status": "incomplete", "incomplete_details": {"reason": "steered"}},
    ],
)
def test_a_response_that_did_not_end_well_is_told(document: dict[str, Any]) -> None:
    with pytest.raises(Lost):
        stop_of(document, called=False)


@pytest.mark.parametrize(
    ("value", "expected"), [(3, 3), (3.7, 3), (None, 0), ("3", 0), (-1, 0), (True, 0), (10**30, 0)]
)
def test_a_time_is_in_whole_seconds(value: Any, expected: int) -> None:
    assert seconds(value) == expected


def test_usage_that_is_not_stated_is_none() -> None:
    assert usage_of(None) == usage_of({"input_tokens": "x", "input_tokens_details": 3}) == Usage()
