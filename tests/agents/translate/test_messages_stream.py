"""Messages' streams."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings

from gateway.agents.translate.fields import Lost
from gateway.agents.translate.messages_stream import MessagesReader, MessagesWriter
from gateway.agents.translate.neutral import Alive, Opened, Reasoned, Refused, Reply, StreamEvent, Text, ToolUse, Usage

from .support import REPLY, read_stream, replies, same, whole, written

BEGUN = {
    "type": "message_start",
    "message": {"id": "msg_1", "model": "m", "usage": {"input_tokens": 9, "output_tokens": 1}},
}
ENDED = (
    {
        "type": "message_delta",
        "delta": {"stop_reason": "stop_sequence", "stop_sequence": "END"},
        "usage": {"output_tokens": 5},
    },
    {"type": "message_stop"},
)


def block(index: int, start: dict[str, Any], *deltas: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"type": "content_block_start", "index": index, "content_block": start},
        *({"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": index},
    ]


def told(*documents: dict[str, Any]) -> Reply:
    reader = MessagesReader()
    found: list[StreamEvent] = [event for document in (BEGUN, *documents, *ENDED) for event in reader.read(document)]
    return whole(found)


@settings(max_examples=40)
@given(reply=replies())
def test_what_is_written_is_read_again(reply: Reply) -> None:
    assert same(read_stream("anthropic", written("anthropic", reply))) == same(reply)


def test_blocks_of_every_kind_are_read() -> None:
    reply = told(
        *block(
            0,
            {"type": "thinking", "thinking": ""},
            {"type": "thinking_delta", "thinking": "Hm"},
            {"type": "signature_delta", "signature": "s"},
        ),
        *block(1, {"type": "redacted_thinking", "data": "x"}),
        *block(2, {"type": "text", "text": "H"}, {"type": "text_delta", "text": "i"}),
        {"type": "ping"},
        *block(
            3,
            {"type": "tool_use", "id": "a", "name": "f", "input": {}},
            {"type": "input_json_delta", "partial_json": '{"x":1}'},
        ),
        *block(4, {"type": "tool_use", "id": "b", "name": "g", "input": {"y": 2}}),
        *block(5, {"type": "tool_use", "id": "c", "name": "h", "input": {}}),
    )
    assert reply.blocks == (
        Reasoned("Hm"),
        Text("Hi"),
        ToolUse(id="a", name="f", arguments='{"x":1}'),
        ToolUse(id="b", name="g", arguments='{"y":2}'),
        ToolUse(id="c", name="h", arguments="{}"),
    )
    assert (reply.stop, reply.stop_sequence, reply.usage) == ("stop_sequence", "END", Usage(input=9, output=5))


def test_words_of_refusal_end_as_a_refusal_and_thinking_is_left_out() -> None:
    reply = msgspec.structs.replace(REPLY, blocks=(Reasoned("Hm"), Refused("No.")), stop="end")
    read = read_stream("anthropic", written("anthropic", reply))
    assert (read.blocks, read.stop) == ((Text("No."),), "refusal")


def test_what_says_nothing_keeps_the_connection_alive() -> None:
    assert MessagesReader().read({"type": "ping"}) == [Alive()]
    assert MessagesWriter().write(Alive()) == b":\n\n"


def test_identifiers_of_calls_are_in_the_characters_that_are_allowed() -> None:
    assert b'"id":"functions_f_0_dmbddkde"' in MessagesWriter().write(
        Opened(block=0, kind="tool", id="functions.f:0", name="f")
    )


@pytest.mark.parametrize(
    "document",
    [
        {"type": "content_block_start", "index": 0, "content_block": {"type": "server_tool_use"}},
        {"type": "content_block_start", "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": "", "citations": [1]}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "x"}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "citations_delta"}},
        {"type": "message_stop"},
        BEGUN,
        {},
    ],
)
def test_events_of_another_kind_are_told(document: dict[str, Any]) -> None:
    reader = MessagesReader()
    reader.read(BEGUN)
    with pytest.raises(Lost):
        reader.read(document)


def test_events_out_of_order_are_told() -> None:
    with pytest.raises(Lost, match="order"):
        MessagesReader().read({"type": "message_stop"})


@pytest.mark.parametrize(
    "delta", [{"type": "text_delta", "text": "x", "more": 1}, {"type": "text_delta"}, {"type": "citations_delta"}]
)
def test_a_delta_of_another_form_is_told(delta: dict[str, Any]) -> None:
    with pytest.raises(Lost):
        told(*block(0, {"type": "text", "text": ""}, delta))


def test_the_last_word_of_another_form_is_told() -> None:
    with pytest.raises(Lost):
        MessagesReader().read("[DONE]")
