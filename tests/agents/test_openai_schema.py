"""The schema of a chat request holds clients to what reading relies on, and leaves the rest open."""

from typing import Any

import jsonschema_rs
import pytest

from gateway.agents.openai_schema import CHAT_REQUEST

HELLO: dict[str, Any] = {"model": "summarize", "messages": [{"role": "user", "content": "Hello"}]}
VALIDATOR = jsonschema_rs.Draft202012Validator(CHAT_REQUEST)


@pytest.mark.parametrize(
    "document",
    [
        HELLO,
        {**HELLO, "stream": True, "stream_options": {"include_usage": True}, "n": 2, "unknown": 1, "stop": None},
        {"model": "m", "messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "u"}}]}]},
        {**HELLO, "tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}]},
        {**HELLO, "tools": [{"type": "custom", "custom": {"name": "f", "format": {"type": "text"}}}]},
        {
            "model": "m",
            "messages": [
                {
                    "role": "assistant",
                    "tool_calls": [{"id": "c", "type": "custom", "custom": {"name": "f", "input": "x"}}],
                }
            ],
        },
    ],
)
def test_the_shape_of_ordinary_requests_is_accepted(document: dict[str, Any]) -> None:
    assert VALIDATOR.is_valid(document)


@pytest.mark.parametrize(
    "document",
    [
        [],
        {"model": "m"},
        {"model": "m", "messages": []},
        {"model": "m", "messages": ["x"]},
        {"model": "m", "messages": [{"role": "king", "content": "x"}]},
        {"model": "m", "messages": [{"role": "user", "content": 5}]},
        {**HELLO, "n": 0},
        {**HELLO, "stream": "yes"},
        {**HELLO, "tools": [{"type": "function"}]},
        {**HELLO, "tools": [{"type": "custom", "function": {"name": "f"}}]},
    ],
)
def test_a_request_of_another_shape_is_refused(document: Any) -> None:
    assert not VALIDATOR.is_valid(document)
