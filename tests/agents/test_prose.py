"""Prose is what each protocol says to whoever reads the answer; all else, known or not, is for programs."""

from typing import Any

import msgspec
import pytest

from gateway.agents.prose import has_prose, is_prose_part, prose, prose_of_event, told_in
from gateway.core.message import Message
from tests.exchange.making import message


def asked(protocol: str, **document: Any) -> Message:
    return msgspec.structs.replace(message("hello"), protocol=protocol, action="chat", document=document)


TEXT = {"type": "text", "text": "x"}
ANSWERS: dict[str, tuple[Any, set[str]]] = {
    "openai": (
        {
            "choices": [
                {"message": {"content": "x", "reasoning": "x", "tool_calls": [{"function": {"arguments": "x"}}]}},
                {"message": {"content": [TEXT, {"type": "image", "text": "x"}]}},
                {"message": {"content": None, "refusal": "x"}},
            ]
        },
        {"/choices/0/message/content", "/choices/1/message/content/0/text"},
    ),
    "responses": (
        {
            "output": [
                {
                    "type": "message",
                    "content": [{"type": "output_text", "text": "x"}, {"type": "refusal", "text": "x"}],
                },
                {"type": "custom_tool_call", "input": "x", "content": [{"type": "output_text", "text": "x"}]},
            ]
        },
        {"/output/0/content/0/text"},
    ),
    "anthropic": (
        {"content": [TEXT, {"type": "tool_use", "input": {}, "text": "x"}, {"type": "thinking", "thinking": "x"}]},
        {"/content/0/text"},
    ),
    "mcp": (
        {"result": {"content": [TEXT, {"type": "resource"}], "structuredContent": {"content": [TEXT]}}},
        {"/result/content/0/text"},
    ),
    "a2a": (
        {
            "task": {
                "status": {"message": {"parts": [TEXT, {"text": "x", "mediaType": "application/json"}, TEXT]}},
                "artifacts": [{"parts": [{"data": {}}, {"text": "x", "mediaType": "text/markdown"}], "name": "x"}],
            }
        },
        {"/task/status/message/parts/0/text", "/task/artifacts/0/parts/1/text"},
    ),
    "http": ({"content": [TEXT], "text": "x"}, set()),
}


@pytest.mark.parametrize("protocol", ANSWERS)
def test_the_places_of_prose(protocol: str) -> None:
    document, places = ANSWERS[protocol]
    assert prose(asked(protocol), document).keys() == places


@pytest.mark.parametrize(
    ("protocol", "wanted"),
    [
        ("openai", {"response_format": {"type": "json_object"}}),
        ("openai", {"response_format": "odd"}),
        ("responses", {"text": {"format": {"type": "json_schema"}}}),
        ("anthropic", {"output_config": {"format": {"type": "json_schema"}}}),
        ("anthropic", {"output_format": {"type": "json_schema"}}),
    ],
)
def test_structured_output_holds_none(protocol: str, wanted: dict[str, Any]) -> None:
    assert not has_prose(asked(protocol, **wanted))
    assert prose(asked(protocol, **wanted), ANSWERS[protocol][0]) == {}
    plain: dict[str, Any] = {"response_format": {"type": "text"}, "text": {"format": {"type": "text"}}}
    assert has_prose(asked(protocol, **plain))


@pytest.mark.parametrize("document", [None, 1, "x", [], {"choices": 1}, {"choices": [1, {"message": [1]}]}])
@pytest.mark.parametrize("protocol", ANSWERS)
def test_what_is_not_of_the_protocol_holds_none(protocol: str, document: Any) -> None:
    assert prose(asked(protocol), document) == {}


def test_the_places_of_an_event() -> None:
    said = {"status": {"message": {"parts": [{"text": "x"}, {"data": {}}]}}}
    assert prose_of_event({"statusUpdate": said}) == ("/statusUpdate/status/message/parts/0/text",)
    assert prose_of_event({"message": {"parts": [{"text": "x"}]}}) == ("/message/parts/0/text",)
    assert prose_of_event({"task": said}) == ("/task/status/message/parts/0/text",)
    assert prose_of_event({"artifactUpdate": {"artifact": {"parts": [{"text": "x"}]}}}) == ()


def test_a_part_is_prose_by_its_media_type() -> None:
    assert is_prose_part({"text": "x"})
    assert not is_prose_part({"text": 1})
    assert not is_prose_part({"text": "x", "mediaType": ["text/plain"]})


def test_texts_are_told_together_but_for_choices() -> None:
    document = {"choices": [{"index": 1, "message": {"content": "x"}}, {"index": 1, "message": {"content": [TEXT]}}]}
    assert prose(asked("openai"), document) == {
        "/choices/0/message/content": "/choices/1",
        "/choices/1/message/content/0/text": "/choices/1",
    }
    assert set(prose(asked("anthropic"), {"content": [TEXT, TEXT]}).values()) == {""}
    assert (told_in("/choices/1/delta/content"), told_in("/content/1/text")) == ("/choices/1", "")
