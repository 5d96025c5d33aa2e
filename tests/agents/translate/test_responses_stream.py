"""Responses' streams."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings

from gateway.agents.translate.fields import Lost
from gateway.agents.translate.neutral import Alive, Reasoned, Refused, Reply, StreamEvent, Text, ToolUse, Usage
from gateway.agents.translate.responses_reply import write
from gateway.agents.translate.responses_stream import ResponsesReader, ResponsesWriter

from .support import REPLY, read_stream, replies, same, whole, written

BEGUN = {"type": "response.created", "response": {"id": "resp_1", "model": "m", "created_at": 5.5}}
MESSAGE = {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed"}
TEXT = {"type": "output_text", "text": "Hi", "annotations": []}


def completed(**more: Any) -> dict[str, Any]:
    return {"type": "response.completed", "response": {"status": "completed", **more}}


def told(*documents: dict[str, Any]) -> Reply:
    reader = ResponsesReader()
    found: list[StreamEvent] = [event for document in (BEGUN, *documents) for event in reader.read(document)]
    return whole(found)


@settings(max_examples=40)
@given(reply=replies())
def test_what_is_written_is_read_again(reply: Reply) -> None:
    assert same(read_stream("responses", written("responses", reply))) == same(reply)


def test_the_last_event_holds_the_whole_answer_and_events_are_numbered() -> None:
    data = written("responses", REPLY)
    documents = [json.loads(line.removeprefix(b"data: ")) for line in data.splitlines() if line.startswith(b"data: ")]
    assert documents[-1]["type"] == "response.completed"
    assert documents[-1]["response"] == write(REPLY)
    assert [document["sequence_number"] for document in documents] == list(range(len(documents)))


def test_texts_refusals_and_thinking_are_blocks() -> None:
    def delta(kind: str, index: int, text: str, **more: Any) -> dict[str, Any]:
        return {"type": f"response.{kind}.delta", "output_index": index, "delta": text, **more}

    reply = told(
        {"type": "response.in_progress", "response": {}},
        {"type": "response.output_item.added", "output_index": 0, "item": {"type": "reasoning"}},
        delta("reasoning_summary_text", 0, "Hm", summary_index=0),
        {"type": "response.output_item.done", "output_index": 0, "item": {"type": "reasoning", "summary": []}},
        {"type": "response.output_item.added", "output_index": 1, "item": MESSAGE},
        {"type": "response.content_part.added", "output_index": 1, "content_index": 0, "part": TEXT},
        delta("output_text", 1, "H", content_index=0),
        delta("output_text", 1, "i", content_index=0),
        delta("refusal", 1, "No.", content_index=1),
        {
            "type": "response.output_item.done",
            "output_index": 1,
            "item": {**MESSAGE, "content": [TEXT, {"type": "refusal", "refusal": "No."}]},
        },
        completed(usage={"input_tokens": 3, "output_tokens": 4}),
    )
    assert reply.blocks == (Reasoned("Hm"), Text("Hi"), Refused("No."))
    assert (reply.created, reply.usage, reply.stop) == (5, Usage(input=3, output=4), "end")


def test_what_no_delta_said_is_read_where_it_is_said_first() -> None:
    call = {"type": "function_call", "call_id": "c", "name": "f", "arguments": '{"a":1}'}
    item = {**MESSAGE, "content": [TEXT]}
    expected = (Text("Hi"), ToolUse(id="c", name="f", arguments='{"a":1}'))
    done = {"type": "response.output_item.done"}
    assert (
        told(
            {**done, "output_index": 0, "item": item},
            {**done, "output_index": 1, "item": call},
            completed(output=[item, call]),
        ).blocks
        == expected
    )
    reply = told(completed(output=[item, call]))
    assert (reply.blocks, reply.stop) == (expected, "tool_use")


def test_a_stream_may_end_incomplete() -> None:
    details = {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}
    assert told({"type": "response.incomplete", "response": details}).stop == "length"


def test_what_says_nothing_new_keeps_the_connection_alive() -> None:
    assert ResponsesReader().read({"type": "keepalive"}) == [Alive()]
    assert ResponsesWriter().write(Alive()) == b":\n\n"


def test_thinking_is_left_out_of_what_is_written() -> None:
    reply = msgspec.structs.replace(REPLY, blocks=(Reasoned("Hm"), Text("4")), stop="end")
    assert read_stream("responses", written("responses", reply)).blocks == (Text("4"),)


@pytest.mark.parametrize(
    "document",
    [
        {"type": "response.output_text.annotation.added", "output_index": 0},
        {"type": "response.output_text.delta", "output_index": 0, "delta": 3},
        {"type": "response.output_text.delta", "delta": "x"},
        {"type": "response.function_call_arguments.delta", "output_index": 0, "delta": "x"},
        {"type": "response.output_item.added", "output_index": 0, "item": 3},
        {"type": "response.output_item.done", "output_index": 0, "item": {"type": "web_search_call"}},
        {"type": "response.completed", "response": {"status": "failed"}},
        {"type": "response.completed"},
        {},
    ],
)
def test_events_of_another_kind_are_told(document: dict[str, Any]) -> None:
    reader = ResponsesReader()
    reader.read(BEGUN)
    with pytest.raises(Lost):
        reader.read(document)


def test_events_out_of_order_are_told() -> None:
    with pytest.raises(Lost, match="order"):
        ResponsesReader().read(completed())
    added = {"type": "response.output_item.added", "output_index": 0, "item": MESSAGE}
    with pytest.raises(Lost, match="twice"):
        told(added, added)


def test_an_item_that_was_streamed_in_part_is_told() -> None:
    item = {**MESSAGE, "content": [TEXT, TEXT]}
    with pytest.raises(Lost, match="in part"):
        told(
            {"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": "Hi"},
            {"type": "response.output_item.done", "output_index": 0, "item": item},
        )


def test_the_last_word_of_another_form_is_told() -> None:
    with pytest.raises(Lost):
        ResponsesReader().read("[DONE]")
