"""An agent is asked what a stream took exactly where its caller does not ask, and may be asked."""

from typing import Any

import pytest

from gateway.agents.openai_usage import asking, unasked
from tests.exchange.making import message, route

ASKS = {"include_usage": True}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, False),
        ({"stream": False}, False),
        ({"stream": True}, True),
        ({"stream": True, "stream_options": None}, True),
        ({"stream": True, "stream_options": {}}, True),
        ({"stream": True, "stream_options": {"include_usage": False}}, True),
        ({"stream": True, "stream_options": {"include_usage": None}}, True),
        ({"stream": True, "stream_options": ASKS}, False),
        ({"stream": True, "stream_options": "include_usage"}, False),
    ],
)
def test_an_agent_is_asked_where_the_caller_does_not_ask(fields: dict[str, Any], expected: bool) -> None:
    assert unasked(message(**fields), route()) is expected
    assert not unasked(message(**fields), route(stream_usage=False))


def test_the_question_takes_nothing_away() -> None:
    given = {"model": "m", "stream_options": {"include_obfuscation": False, "include_usage": False}}
    assert asking(given) == {"model": "m", "stream_options": {"include_obfuscation": False, "include_usage": True}}
    assert asking({"model": "m", "stream_options": None}) == {"model": "m", "stream_options": ASKS}
    assert given["stream_options"] == {"include_obfuscation": False, "include_usage": False}
