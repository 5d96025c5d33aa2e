"""Anthropic Messages: every place that the client library knows of, in its own and its beta types: requests, counts of
tokens, answers, errors and streams."""

from typing import Any

import pytest
from anthropic.types import BetaErrorResponse, Message, MessageTokensCount, RawMessageStreamEvent
from anthropic.types.beta import BetaMessage, BetaMessageTokensCount, BetaRawMessageStreamEvent
from anthropic.types.beta.message_count_tokens_params import MessageCountTokensParams as BetaCount
from anthropic.types.beta.message_create_params import MessageCreateParamsNonStreaming as BetaCreate
from anthropic.types.message_count_tokens_params import MessageCountTokensParams
from anthropic.types.message_create_params import MessageCreateParamsNonStreaming

from gateway.agents.anthropic import AnthropicAdapter, AnthropicCountAdapter
from gateway.agents.anthropic_stream import AnthropicStream
from gateway.checks.schema import Schema
from gateway.core.message import Message as Read
from tests.agents.support import inbound, read, route
from tests.extraction.listing import Tables, check
from tests.extraction.planting import LIMITS, LOST, Verdicts, answered, body, data, requested, streamed
from tests.extraction.shapes import apart, places

ADAPTER, COUNT, AGENT = AnthropicAdapter(LIMITS), AnthropicCountAdapter(LIMITS), route(protocol="anthropic")
ASKED: dict[str, Any] = {"model": "m", "max_tokens": 1, "messages": [{"role": "user", "content": "x"}]}
BEGUN: dict[str, Any] = {"id": "m", "type": "message", "role": "assistant", "model": "m", "content": []}
BLOCKS: dict[str, dict[str, Any]] = {
    "text_delta": {"type": "text", "text": ""},
    "citations_delta": {"type": "text", "text": "", "citations": []},
    "thinking_delta": {"type": "thinking", "thinking": "", "signature": ""},
    "signature_delta": {"type": "thinking", "thinking": "", "signature": ""},
    "input_json_delta": {"type": "tool_use", "id": "t", "name": "n", "input": {}},
    "compaction_delta": {"type": "compaction", "content": ""},
}
"""The block that a delta of this kind goes on with."""


def around(event: dict[str, Any]) -> list[bytes]:
    """A stream with this event in it."""
    kind, index = event["type"], event.get("index")
    if isinstance(event.get("delta"), dict) and "partial_json" in event["delta"]:
        # What is planted there is a value of the input, as JSON has it.
        said = {"note": event["delta"]["partial_json"]}
        event = {**event, "delta": {**event["delta"], "partial_json": body(said).decode()}}
    stream = [] if kind == "message_start" else [data({"type": "message_start", "message": BEGUN})]
    if kind in ("content_block_delta", "content_block_stop"):
        block = BLOCKS.get(event.get("delta", {}).get("type"), BLOCKS["text_delta"])
        stream.append(data({"type": "content_block_start", "index": index, "content_block": block}))
    stream.append(data(event))
    if kind in ("content_block_start", "content_block_delta"):
        stream.append(data({"type": "content_block_stop", "index": index}))
    return stream if kind == "message_stop" else [*stream, data({"type": "message_stop"})]


def _requests(shape: Any, adapter: AnthropicAdapter = ADAPTER, steps: int = 1) -> Verdicts:
    def request(document: Any) -> Any:
        return inbound(body({**document, "messages": document.get("messages") or ASKED["messages"]}), path=adapter.path)

    return requested(adapter, apart(places(shape), steps), request, AGENT, Schema(adapter.schema))


def _answers(shape: Any, adapter: AnthropicAdapter = ADAPTER, status: int = 200) -> Verdicts:
    asked: Read = read(adapter.read(inbound(ASKED, path=adapter.path), LIMITS))
    return answered(adapter, apart(places(shape), 1), asked, AGENT, status=status)


def _events(shape: Any) -> Verdicts:
    return streamed(lambda lanes: AnthropicStream(lanes, LIMITS), apart(places(shape), 3), around)


TABLES: Tables = {
    "messages-requests": lambda: _requests(MessageCreateParamsNonStreaming),
    "messages-beta-requests": lambda: _requests(BetaCreate),
    "messages-answers": lambda: _answers(Message),
    "messages-beta-answers": lambda: _answers(BetaMessage),
    "messages-counted": lambda: _answers(MessageTokensCount, COUNT),
    "messages-beta-counted": lambda: _answers(BetaMessageTokensCount, COUNT),
    "messages-errors": lambda: _answers(BetaErrorResponse, status=400),
    "messages-events": lambda: _events(RawMessageStreamEvent),
    "messages-beta-events": lambda: _events(BetaRawMessageStreamEvent),
}


@pytest.mark.parametrize("shape", [MessageCountTokensParams, BetaCount])
def test_what_is_only_counted_is_read_as_what_is_answered(shape: Any) -> None:
    verdicts = _requests(shape, COUNT)
    assert len(verdicts) > 400
    assert LOST not in verdicts.values()


@pytest.mark.parametrize("table", TABLES)
def test_no_place_is_lost_and_every_place_is_listed(table: str) -> None:
    check(table, TABLES[table]())
