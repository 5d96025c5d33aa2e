"""The schema of a response request holds clients to what reading relies on, and leaves the rest open."""

from typing import Any

import jsonschema_rs
import pytest

from gateway.agents.responses_schema import RESPONSE_REQUEST

HELLO: dict[str, Any] = {"model": "m", "input": "Hello"}
VALIDATOR = jsonschema_rs.Draft202012Validator(RESPONSE_REQUEST)


@pytest.mark.parametrize(
    "document",
    [
        HELLO,
        {"model": "m", "prompt": {"id": "pmpt_1", "variables": {"a": "b"}}},
        {"model": "m", "input": [{"role": "user", "content": "x"}, {"type": "item_reference", "id": "rs_1"}]},
        {"model": "m", "input": [{"type": "message", "role": "user", "content": [{"type": "input_image"}]}]},
        {"model": "m", "input": [{"type": "function_call_output", "call_id": "c", "output": "x"}]},
        {"model": "m", "input": [{"type": "new_kind", "anything": 1}]},
        {**HELLO, "tools": [{"type": "function", "name": "f", "parameters": None}, {"type": "mcp", "server_url": "u"}]},
        {**HELLO, "conversation": {"id": "conv_1"}, "unknown": 1, "stream": None, "store": True},
    ],
)
def test_the_shape_of_ordinary_requests_is_accepted(document: dict[str, Any]) -> None:
    assert VALIDATOR.is_valid(document)


@pytest.mark.parametrize(
    "document",
    [
        [],
        {"input": "x"},
        {**HELLO, "input": 5},
        {**HELLO, "input": ["x"]},
        {**HELLO, "input": [{"role": "king", "content": "x"}]},
        {**HELLO, "input": [{"role": "user", "content": [{"text": "x"}]}]},
        {**HELLO, "input": [{"type": "function_call", "name": "f"}]},
        {**HELLO, "input": [{"type": "function_call_output", "call_id": "c"}]},
        {**HELLO, "tools": [{"type": "function"}]},
        {**HELLO, "tools": [{}]},
        {**HELLO, "stream": "yes"},
        {**HELLO, "previous_response_id": 5},
        {**HELLO, "conversation": {"name": "x"}},
        {**HELLO, "prompt": {}},
    ],
)
def test_a_request_of_another_shape_is_refused(document: Any) -> None:
    assert not VALIDATOR.is_valid(document)
