"""A block's deltas are joined by kind, what is held leaves as a delta of the same kind, and nothing else is changed."""

from typing import Any

import pytest

from gateway.agents.anthropic_block import Block
from gateway.agents.anthropic_texts import Texts
from gateway.core.errors import AgentError

from .support import SSN, MaskingLanes


def block(lanes: MaskingLanes | None = None, **begun: Any) -> Block:
    made = Block(2, Texts(lanes or MaskingLanes()), 16)
    made.start(begun or {"type": "text", "text": ""})
    return made


@pytest.mark.parametrize(
    ("kind", "key"), [("text_delta", "text"), ("thinking_delta", "thinking"), ("compaction_delta", "content")]
)
def test_text_that_deltas_add_to_is_held_and_leaves_as_the_same_kind(kind: str, key: str) -> None:
    lanes = MaskingLanes()
    one = block(lanes)
    assert one.take({"type": kind, key: "is 078-05"}) == {"type": kind, key: "is "}
    assert one.take({"type": kind, key: "-11"}) is None
    assert one.take({"type": kind, key: ""}) == {"type": kind, key: ""}
    assert one.take({"type": kind, key: "20"}) is None
    assert one.close() == [{"type": kind, key: "[US-SSN]"}]
    assert lanes.texts()[f"/content/2/{key}"] == f"is {SSN}"
    assert one.close() == []


def test_text_in_the_blocks_beginning_is_the_first_piece() -> None:
    one = Block(0, Texts(MaskingLanes()), 16)
    assert one.start({"type": "text", "text": "see 078-05"}) == {"type": "text", "text": "see "}
    one.take({"type": "text_delta", "text": "-1120"})
    assert one.close() == [{"type": "text_delta", "text": "[US-SSN]"}]


def test_a_block_that_came_whole_keeps_its_signature() -> None:
    lanes = MaskingLanes()
    one = Block(0, Texts(lanes), 16)
    whole = {"type": "thinking", "thinking": "hm ", "signature": "c2lnbmVk"}
    assert one.start(whole) == whole
    assert lanes.unread == []


def test_the_input_of_a_tool_stays_json_and_its_beginning_is_looked_at() -> None:
    one = Block(0, Texts(MaskingLanes()), 16)
    started = one.start({"type": "tool_use", "id": "t", "name": "f", "input": {"ssn": SSN}})
    assert started["input"] == {"ssn": "[US-SSN]"}
    assert one.take({"type": "input_json_delta", "partial_json": ""}) == {
        "type": "input_json_delta",
        "partial_json": "",
    }
    assert one.take({"type": "input_json_delta", "partial_json": '{"a": "078-05-'}) == {
        "type": "input_json_delta",
        "partial_json": '{"a": "',
    }
    assert one.take({"type": "input_json_delta", "partial_json": "1120"}) is None
    assert one.close() == [{"type": "input_json_delta", "partial_json": "[US-SSN]"}]


def test_a_signature_passes_unaltered_or_stops_the_stream() -> None:
    one = block(type="thinking", thinking="", signature="")
    one.take({"type": "thinking_delta", "thinking": "hm "})
    signed = {"type": "signature_delta", "signature": "c2lnbmVk"}
    assert one.take(signed) == signed
    with pytest.raises(AgentError):
        one.take({"type": "signature_delta", "signature": SSN})


def test_a_signature_without_thinking_cannot_be_read() -> None:
    lanes = MaskingLanes()
    one = block(lanes, type="thinking", thinking="", signature="")
    assert one.take({"type": "signature_delta", "signature": SSN}) is not None
    assert lanes.unread == ["/content/2/signature"]


def test_citations_come_whole_and_are_masked_each() -> None:
    one = block()
    for _ in range(2):
        safe = one.take({"type": "citations_delta", "citation": {"type": "char_location", "cited_text": f"of {SSN}"}})
        assert safe == {"type": "citations_delta", "citation": {"type": "char_location", "cited_text": "of [US-SSN]"}}


def test_what_is_beside_the_text_of_a_delta_is_clean_or_stops_the_stream() -> None:
    one = block()
    delta = {"type": "thinking_delta", "thinking": "a ", "estimated_tokens": 7, "note": "x"}
    assert one.take(delta) == delta
    sealed = {"type": "compaction_delta", "content": None, "encrypted_content": "Q0lQ"}
    assert one.take(sealed) == sealed
    with pytest.raises(AgentError):
        one.take({"type": "text_delta", "text": "a", "note": SSN})


def test_deltas_of_an_unknown_kind_pass_only_while_they_are_clean() -> None:
    one = block()
    assert one.take({"type": "new_delta", "new": "078-05"}) == {"type": "new_delta", "new": "078-05"}
    with pytest.raises(AgentError):
        one.take({"type": "new_delta", "new": "-1120"})


@pytest.mark.parametrize(
    "delta",
    [
        {},
        {"type": 5},
        {"type": "text_delta", "text": 5},
        {"type": "input_json_delta", "partial_json": None},
        {"type": "input_json_delta", "partial_json": "]"},
        {"type": "signature_delta", "signature": []},
        {"type": "compaction_delta", "content": None, "encrypted_content": 5},
    ],
)
def test_what_is_no_delta_stops_the_stream(delta: dict[str, Any]) -> None:
    with pytest.raises(AgentError) as caught:
        block().take(delta)
    assert caught.value.code == "bad_answer"
