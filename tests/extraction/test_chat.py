"""Chat completions: every place that the client library knows of, in requests, answers, errors and streams."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.chat.completion_create_params import (
    CompletionCreateParamsNonStreaming,
    CompletionCreateParamsStreaming,
)

from gateway.agents.openai import OpenAIAdapter
from gateway.agents.openai_stream import OpenAIStream
from gateway.checks.schema import Schema
from gateway.core.message import Inbound
from tests.agents.support import inbound, read, route
from tests.extraction.listing import Tables, check
from tests.extraction.planting import LIMITS, Verdicts, answered, body, data, requested, streamed
from tests.extraction.shapes import Place, places

ADAPTER, AGENT = OpenAIAdapter(LIMITS), route()
SCHEMA = Schema(ADAPTER.schema)
ASKED: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "x"}]}
ERROR = ("code", "message", "param", "type")


def request(document: Any) -> Inbound:
    return inbound(body({**document, "messages": document.get("messages") or ASKED["messages"]}))


def chunks(document: Any) -> list[bytes]:
    return [data(document), b"data: [DONE]\n\n"]


def errors() -> Iterator[Place]:
    """The error object, which the library has no type for."""
    for name in (*ERROR, "zz_later"):
        yield Place(f"error.{name}", "text", partial(_error, name), f"Error.{name}")


def _error(name: str, planted: Any) -> Any:
    return {"error": {name: planted}}


def _requests() -> Verdicts:
    both = {**dict.fromkeys(places(CompletionCreateParamsNonStreaming))}
    both |= dict.fromkeys(place for place in places(CompletionCreateParamsStreaming) if place.path.startswith("stream"))
    return requested(ADAPTER, list(both), request, AGENT, SCHEMA)


def _answers() -> Verdicts:
    return answered(ADAPTER, list(places(ChatCompletion)), read(ADAPTER.read(inbound(ASKED), LIMITS)), AGENT)


def _errors() -> Verdicts:
    asked = read(ADAPTER.read(inbound(ASKED), LIMITS))
    return answered(ADAPTER, list(errors()), asked, AGENT, status=400)


def _events() -> Verdicts:
    return streamed(lambda lanes: OpenAIStream(lanes, LIMITS), list(places(ChatCompletionChunk)), chunks)


TABLES: Tables = {
    "chat-requests": _requests,
    "chat-answers": _answers,
    "chat-errors": _errors,
    "chat-events": _events,
}


@pytest.mark.parametrize("table", TABLES)
def test_no_place_is_lost_and_every_place_is_listed(table: str) -> None:
    check(table, TABLES[table]())
