"""Identifiers over fields of JSON that stands in a string of a message: found through each adapter, masked piece by
piece, and what leaves is still JSON with the same fields."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from gateway.agents.anthropic import AnthropicAdapter
from gateway.agents.openai import OpenAIAdapter
from gateway.agents.responses import ResponsesAdapter
from gateway.core.ports import Adapter
from tests.agents.support import inbound, read
from tests.extraction.planting import LIMITS, look

CHAT, RESPONSES, MESSAGES = OpenAIAdapter(LIMITS), ResponsesAdapter(LIMITS), AnthropicAdapter(LIMITS)
SPLIT: dict[str, tuple[str, Any]] = {
    "strings": ("card", {"card1": "4111", "card2": "1111", "card3": "1111", "card4": "1111"}),
    "numbers": ("card", {"card1": 4111, "card2": 1111, "card3": 1111, "card4": 1111}),
    "list": ("card", {"number": ["4111", "1111", "1111", "1111"]}),
    "counted": ("us-ssn", {"ssn1": "536", "ssn2": "22", "ssn3": "8731", "note": "a word"}),
    "object": ("us-ssn", {"ssn": {"area": "536", "group": "22", "serial": "8731"}}),
    "address": ("email", {"user": "bob.smith@", "host": "example.com"}),
}


def _called(text: str) -> dict[str, Any]:
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": text}}
    return {"model": "m", "messages": [{"role": "assistant", "tool_calls": [call]}]}


def _told(text: str) -> dict[str, Any]:
    return {"model": "m", "messages": [{"role": "tool", "tool_call_id": "c", "content": text}]}


def _item(kind: str, key: str) -> Callable[[str], dict[str, Any]]:
    return lambda text: {"model": "m", "input": [{"type": kind, "call_id": "c", "name": "f", key: text}]}


def _result(text: str) -> dict[str, Any]:
    block = {"type": "tool_result", "tool_use_id": "c", "content": text}
    return {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": [block]}]}


PLACES: dict[str, tuple[Adapter, str, Callable[[str], dict[str, Any]]]] = {
    "chat arguments": (CHAT, "/v1/chat/completions", _called),
    "chat result": (CHAT, "/v1/chat/completions", _told),
    "responses arguments": (RESPONSES, "/v1/responses", _item("function_call", "arguments")),
    "responses output": (RESPONSES, "/v1/responses", _item("function_call_output", "output")),
    "messages result": (MESSAGES, "/v1/messages", _result),
}


def _leaves(value: Any) -> list[Any]:
    if isinstance(value, dict | list):
        inner = value.values() if isinstance(value, dict) else value
        return [leaf for one in inner for leaf in _leaves(one)]
    return [value]


@pytest.mark.parametrize("split", SPLIT)
@pytest.mark.parametrize("place", PLACES)
def test_each_piece_is_masked_in_its_own_field(place: str, split: str) -> None:
    adapter, path, wrap = PLACES[place]
    kind, document = SPLIT[split]
    message = read(adapter.read(inbound(wrap(json.dumps(document)), path=path), LIMITS))
    found, masks = look(message.parts)
    assert found == {kind}
    assert not isinstance(masks, str)
    (written,) = masks.values()
    left = json.loads(written)
    assert list(left) == list(document)
    shown = [leaf for leaf in _leaves(left) if leaf != "a word"]
    assert len(shown) == len(_leaves(document)) - ("note" in document)
    assert set(shown) == {f"[{kind.upper()}]"}


@pytest.mark.parametrize(
    "document",
    [
        {"prompt_tokens": 4111, "completion_tokens": 1111, "total_tokens": 11111111},
        {"values": [4111, 1111, 1111, 1111]},
        {"from": "2024-05-01", "to": "2024-06-01"},
        [{"sku": "4111", "name": "bolt"}, {"sku": "1111", "name": "nut"}],
    ],
)
def test_figures_and_dates_next_to_each_other_are_nobody(document: Any) -> None:
    message = read(CHAT.read(inbound(_told(json.dumps(document)), path="/v1/chat/completions"), LIMITS))
    assert look(message.parts)[0] == set()
