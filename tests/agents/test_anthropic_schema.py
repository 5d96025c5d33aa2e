"""What the gateway relies on is held to; everything else is left open."""

from typing import Any

import pytest

from gateway.agents.anthropic_schema import COUNT_REQUEST, MESSAGES_REQUEST
from gateway.checks.schema import Schema

HELLO: dict[str, Any] = {"model": "m", "max_tokens": 1, "messages": [{"role": "user", "content": "Hello"}]}
MESSAGES, COUNT = Schema(MESSAGES_REQUEST, "messages"), Schema(COUNT_REQUEST, "token counts")


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"system": "Be brief", "stream": None, "metadata": {"user_id": None}, "container": "c", "top_k": 5},
        {"system": [{"type": "text", "text": "Be brief"}], "tools": [{"type": "web_search_20250305", "name": "x"}]},
        {"messages": [{"role": "system", "content": []}, {"role": "user", "content": [{"type": "of_tomorrow"}]}]},
        {"messages": [{"role": "user", "content": "a"}, {"role": "system", "output_config": {"effort": "low"}}]},
        {"x_new": {"deep": [1]}, "mcp_servers": [{"type": "url", "url": "https://a", "name": "a"}]},
    ],
)
def test_requests_of_the_protocol_fit_with_whatever_else_they_hold(more: dict[str, Any]) -> None:
    assert MESSAGES.validate({**HELLO, **more}) is None


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"messages": []}, "/messages"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "/messages/0/role"),
        ({"messages": [{"role": "user"}]}, "/messages/0"),
        ({"max_tokens": "5"}, "/max_tokens"),
        ({"temperature": 2}, "/temperature"),
        ({"tools": [{"name": 5}]}, "/tools"),
        ({"mcp_servers": [{"name": "a"}]}, "/mcp_servers"),
    ],
)
def test_what_the_gateway_relies_on_is_held_to(more: dict[str, Any], field: str) -> None:
    refusal = MESSAGES.validate({**HELLO, **more})
    assert refusal is not None
    assert (refusal.field or "").startswith(field)


def test_only_messages_need_a_limit_of_tokens() -> None:
    counted = {key: value for key, value in HELLO.items() if key != "max_tokens"}
    assert COUNT.validate(counted) is None
    assert MESSAGES.validate(counted) is not None
