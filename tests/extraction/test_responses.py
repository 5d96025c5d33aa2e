"""Responses: every place that the client library knows of, in requests, answers, errors and streams."""

from typing import Any

import pytest
from openai.types.responses import Response, ResponseStreamEvent
from openai.types.responses.response_create_params import ResponseCreateParamsNonStreaming

from gateway.agents.responses import ResponsesAdapter
from gateway.agents.responses_stream import ResponsesStream
from gateway.checks.schema import Schema
from gateway.core.message import Inbound
from tests.agents.support import inbound, read, route
from tests.extraction.listing import Tables, check
from tests.extraction.planting import LIMITS, Verdicts, answered, body, data, requested, streamed
from tests.extraction.shapes import apart, places
from tests.extraction.test_chat import errors

ADAPTER, AGENT = ResponsesAdapter(LIMITS), route()
PATH = "/v1/responses"
ASKED = {"model": "m", "input": "x"}
RESPONSE: dict[str, Any] = {"id": "r", "object": "response", "model": "m", "output": []}


def request(document: Any) -> Inbound:
    return inbound(body({"model": "m", **document}), path=PATH)


def around(event: dict[str, Any]) -> list[bytes]:
    """A stream with this event in it."""
    first = {"type": "response.created", "sequence_number": 0, "response": RESPONSE}
    last = {"type": "response.completed", "sequence_number": 9, "response": RESPONSE}
    return [data(first), data(event), data(last)]


def _requests() -> Verdicts:
    wanted = list(places(ResponseCreateParamsNonStreaming))
    return requested(ADAPTER, wanted, request, AGENT, Schema(ADAPTER.schema))


def _answers() -> Verdicts:
    asked = read(ADAPTER.read(inbound(ASKED, path=PATH), LIMITS))
    return answered(ADAPTER, apart(places(Response), 1), asked, AGENT)


def _errors() -> Verdicts:
    asked = read(ADAPTER.read(inbound(ASKED, path=PATH), LIMITS))
    return answered(ADAPTER, list(errors()), asked, AGENT, status=400)


def _events() -> Verdicts:
    return streamed(lambda lanes: ResponsesStream(lanes, LIMITS), apart(places(ResponseStreamEvent), 1), around)


TABLES: Tables = {
    "responses-requests": _requests,
    "responses-answers": _answers,
    "responses-errors": _errors,
    "responses-events": _events,
}


@pytest.mark.parametrize("table", TABLES)
def test_no_place_is_lost_and_every_place_is_listed(table: str) -> None:
    check(table, TABLES[table]())
