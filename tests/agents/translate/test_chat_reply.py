"""Chat completions' answers and errors."""

from typing import Any

import pytest
from hypothesis import given, settings

from gateway.agents.translate.chat_reply import read, read_error, stop_of, usage_members, usage_of, write, write_error
from gateway.agents.translate.fields import Lost
from gateway.agents.translate.neutral import Fault, Reasoned, Refused, Reply, Text, ToolUse, Usage

from .support import REPLY, replies, same

ANSWER: dict[str, Any] = {
    "id": "chatcmpl-a1",
    "object": "chat.completion",
    "created": 1_700_000_000,
    "model": "tiny-1",
    "choices": [
        {
            "index": 0,
            "message": {
                "role": "assistant",
                "content": "I look it up.",
                "refusal": None,
                "tool_calls": [
                    {
                        "id": "call_1",
                        "type": "function",
                        "function": {"name": "sky", "arguments": '{"city":"Ulm","days":[1,2]}'},
                    },
                    {"id": "call_2", "type": "function", "function": {"name": "wind", "arguments": "{}"}},
                ],
            },
            "logprobs": None,
            "finish_reason": "tool_calls",
        }
    ],
    "usage": {
        "prompt_tokens": 20,
        "completion_tokens": 7,
        "total_tokens": 27,
        "prompt_tokens_details": {"cached_tokens": 5, "cache_write_tokens": 3},
        "completion_tokens_details": {"reasoning_tokens": 2},
    },
}


def said(message: dict[str, Any], reason: str | None = "stop") -> Reply:
    return read({"choices": [{"message": message, "finish_reason": reason}]})


def test_the_golden_answer_is_written_and_read() -> None:
    assert write(REPLY) == ANSWER
    assert same(read(ANSWER)) == same(REPLY)


@settings(max_examples=40)
@given(reply=replies())
def test_what_is_written_is_read_again(reply: Reply) -> None:
    assert same(read(write(reply))) == same(reply)


def test_thinking_and_refusal_are_kept_apart_from_what_was_said() -> None:
    reply = said({"content": "4", "refusal": "No.", "reasoning_content": "Hm", "role": "assistant", "annotations": []})
    assert reply.blocks == (Reasoned("Hm"), Text("4"), Refused("No."))
    message = write(reply)["choices"][0]["message"]
    assert message == {"role": "assistant", "content": "4", "refusal": "No.", "reasoning_content": "Hm"}
    assert said({"reasoning": "Hm"}).blocks == (Reasoned("Hm"),)


def test_what_servers_and_routers_of_models_write_into_every_answer_is_none_of_it() -> None:
    empty = {"prefix": False, "images": [], "extra": {}, "note": "", "provider_specific_fields": {"refusal": None}}
    call = {"id": "1", "index": 0, "type": "function", "function": {"name": "f", "strict": None}, "extra": False}
    assert said({"content": "4", **empty, "tool_calls": [call]}).blocks[0] == Text("4")
    repeated = {"reasoning": "Hm", "thinking_blocks": [{"thinking": "Hm"}], "refusal": "No."}
    reply = said({"reasoning_content": "Hm", "thinking_blocks": [1], "provider_specific_fields": repeated})
    assert reply.blocks == (Reasoned("Hm"), Refused("No."))
    assert said({"refusal": "No.", "provider_specific_fields": repeated}).blocks == (Refused("No."),)


def test_calls_count_where_the_reason_does_not_name_them() -> None:
    call = {"id": "1", "function": {"name": "f"}}
    assert said({"tool_calls": [call]}).stop == "tool_use"
    assert said({"tool_calls": [call]}).blocks == (ToolUse(id="1", name="f", arguments="{}"),)
    assert (stop_of(None, called=False), stop_of("length", called=True)) == ("end", "length")


@pytest.mark.parametrize(
    "message",
    [
        None,
        {"audio": {"data": "x"}},
        {"function_call": {"name": "f"}},
        {"annotations": [{"url": "u"}]},
        {"new": "text"},
        {"provider_specific_fields": {"citations": [{"url": "u"}]}},
        {"provider_specific_fields": "x"},
        {"tool_calls": [{"id": "1", "type": "custom"}]},
        {"content": 3},
    ],
)
def test_what_has_no_place_is_told(message: Any) -> None:
    with pytest.raises(Lost):
        said(message)


@pytest.mark.parametrize("document", [{}, {"choices": [1]}, {"choices": [{"message": {}}, {"message": {}}]}])
def test_an_answer_has_exactly_one_choice(document: dict[str, Any]) -> None:
    with pytest.raises(Lost):
        read(document)


def test_an_unknown_end_is_told() -> None:
    with pytest.raises(Lost):
        said({"content": "x"}, "oracle")


@pytest.mark.parametrize(
    ("document", "fault"),
    [
        ({"error": {"message": "no", "code": "c"}}, Fault(message="no", code="c")),
        ({"error": {"message": 3, "code": 400}}, Fault(message="")),
        ({"error": "no"}, Fault(message="no")),
        ({"object": "error", "message": "no"}, Fault(message="no")),
        ({"detail": "no"}, Fault(message="no")),
        ({}, Fault(message="")),
    ],
)
def test_errors_are_read_as_servers_write_them(document: dict[str, Any], fault: Fault) -> None:
    assert read_error(document) == fault


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, "invalid_request_error"), (404, "not_found_error"), (429, "rate_limit_error"), (500, "api_error")],
)
def test_an_errors_type_is_that_of_its_status(status: int, kind: str) -> None:
    error = write_error(Fault(message="no", code="c"), status)["error"]
    assert error == {"message": "no", "type": kind, "param": None, "code": "c"}


def test_usage_that_is_not_stated_is_none() -> None:
    assert usage_of(None) == usage_of({"prompt_tokens": "x", "prompt_tokens_details": 3}) == Usage()
    assert usage_members(Usage(input=1, output=2)) == {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}
