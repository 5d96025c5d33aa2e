"""Chat completions' streams."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings

from gateway.agents.translate.blocks import DONE
from gateway.agents.translate.chat_stream import ChatReader, ChatWriter
from gateway.agents.translate.fields import Lost
from gateway.agents.translate.neutral import (
    Alive,
    Begun,
    Opened,
    Reasoned,
    Refused,
    Reply,
    StreamEvent,
    Text,
    ToolUse,
    Usage,
)

from .support import REPLY, events, read_stream, replies, same, whole, written


def chunk(delta: Any, reason: str | None = None, **more: Any) -> dict[str, Any]:
    return {
        "id": "1",
        "model": "m",
        "created": 5,
        "choices": [{"index": 0, "delta": delta, "finish_reason": reason}],
        **more,
    }


def told(*documents: dict[str, Any]) -> Reply:
    reader = ChatReader()
    found: list[StreamEvent] = [event for document in documents for event in reader.read(document)]
    found += reader.read(DONE)
    return whole(found)


@settings(max_examples=40)
@given(reply=replies())
def test_what_is_written_is_read_again(reply: Reply) -> None:
    assert same(read_stream("openai", written("openai", reply))) == same(reply)


def test_every_kind_of_text_is_a_block_and_the_usage_may_come_last() -> None:
    reply = told(
        chunk({"role": "assistant", "content": ""}),
        chunk({"reasoning_content": "H"}),
        chunk({"reasoning": "m"}),
        chunk({"content": "4"}),
        chunk({"refusal": "No."}, "stop"),
        {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 4}},
    )
    assert reply.blocks == (Reasoned("Hm"), Text("4"), Refused("No."))
    assert (reply.id, reply.model, reply.created, reply.stop) == ("1", "m", 5, "end")
    assert reply.usage == Usage(input=3, output=4)


def test_calls_come_in_pieces_or_whole_with_an_index_or_without() -> None:
    def call(**more: Any) -> dict[str, Any]:
        return chunk({"tool_calls": [more]})

    reply = told(
        call(index=0, id="a", type="function", function={"name": "f", "arguments": ""}),
        call(index=0, function={"arguments": '{"x"'}),
        call(index=0, id=None, function={"arguments": ":1}"}),
        chunk({"content": "and"}),
        call(id="b", function={"name": "g", "arguments": "{}"}),
        call(index=7, id="c", function={"name": "h"}),
        chunk({}, "stop"),
    )
    assert reply.blocks == (
        ToolUse(id="a", name="f", arguments='{"x":1}'),
        Text("and"),
        ToolUse(id="b", name="g", arguments="{}"),
        ToolUse(id="c", name="h", arguments="{}"),
    )
    assert reply.stop == "tool_use"


def test_an_answer_of_nothing_has_its_beginning_and_its_end() -> None:
    assert told(chunk({}, "stop")) == Reply(id="1", model="m", created=5, blocks=(), stop="end")
    with pytest.raises(Lost, match="nothing"):
        told()


def test_usage_is_told_only_to_who_asked() -> None:
    for asked in (True, False):
        writer = ChatWriter(usage=asked)
        assert (b'"usage"' in b"".join(writer.write(event) for event in events(REPLY))) is asked


def test_what_says_nothing_keeps_the_connection_alive() -> None:
    assert ChatWriter(usage=False).write(Alive()) == b":\n\n"


def test_what_servers_and_routers_of_models_write_into_every_chunk_is_none_of_it() -> None:
    reader = ChatReader()
    empty: dict[str, Any] = {"prefix": False, "provider_specific_fields": None, "images": []}
    assert len(reader.read(chunk({"role": "assistant", "content": "", **empty}))) == 1
    told = reader.read(chunk({"provider_specific_fields": {"refusal": "No."}}))
    assert [event.kind for event in told if isinstance(event, Opened)] == ["refusal"]
    with pytest.raises(Lost):
        reader.read(chunk({"provider_specific_fields": {"citations": [{"url": "u"}]}}))


def test_thinking_and_refusal_have_their_own_fields() -> None:
    reply = msgspec.structs.replace(REPLY, blocks=(Reasoned("Hm"), Refused("No.")), stop="refusal")
    assert read_stream("openai", written("openai", reply)).blocks == reply.blocks


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"choices": 3},
        {"choices": [{}, {}]},
        {"choices": [3]},
        {"choices": [{"index": 1, "delta": {}}]},
        chunk({"content": 3}),
        chunk({"audio": {"data": "x"}}),
        chunk({"new": "text"}),
        chunk({"tool_calls": [{"index": 0, "function": {"arguments": "x"}}]}),
        chunk({"tool_calls": [{"index": 0, "type": "custom"}]}),
    ],
)
def test_chunks_of_another_kind_are_told(document: dict[str, Any]) -> None:
    with pytest.raises(Lost):
        ChatReader().read(document)


def test_calls_that_are_mixed_with_each_other_are_told() -> None:
    reader = ChatReader()
    for index in (0, 1):
        call = {"index": index, "id": str(index), "function": {"name": "f", "arguments": "{"}}
        assert reader.read(chunk({"tool_calls": [call]}))
    with pytest.raises(Lost, match="mixed"):
        reader.read(chunk({"tool_calls": [{"index": 0, "function": {"arguments": "}"}}]}))


def test_an_identifier_gets_the_usual_prefix() -> None:
    assert b'"id":"chatcmpl-9"' in ChatWriter(usage=False).write(Begun(id="msg_9", model="m", created=0))
