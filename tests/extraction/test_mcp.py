"""MCP in both eras: every place that its published schemas know of, in what clients send, in answers and in events."""

from collections.abc import Callable
from typing import Any

import pytest
from mcp_types import _v2025_11_25 as old_schema
from mcp_types import _v2026_07_28 as new_schema

from gateway.agents.mcp_rpc import encode_header
from gateway.agents.mcp_words import META_VERSION, NAMED
from gateway.core.errors import AgentError
from gateway.core.message import Inbound
from tests.agents.mcp_making import ADAPTER, AGENT, BOTH, NEW, event, old, result, rpc
from tests.agents.mcp_making import read as message_of
from tests.agents.support import inbound
from tests.extraction.listing import Tables, check
from tests.extraction.planting import (
    LIMITS,
    NOT_TAKEN,
    REFUSED,
    TEXT,
    Verdicts,
    answered,
    body,
    judge,
    planted,
    requested,
    usual,
)
from tests.extraction.shapes import Place, apart, places

Whole = Callable[[Any], Any]
"""A value of a type of the schema → the JSON-RPC message that holds it."""


def asked(document: dict[str, Any]) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 1, **document}


def told(document: dict[str, Any]) -> dict[str, Any]:
    return {"jsonrpc": "2.0", **{name: value for name, value in document.items() if name != "id"}}


def failed(document: dict[str, Any]) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 1, "error": document}


def newest(document: Any) -> Inbound:
    """A request of the newest version, with the headers that repeat what it says."""
    params = document.get("params") or {}
    meta = params.get("_meta") or {}
    if meta.get(META_VERSION) != TEXT:
        meta = {**meta, META_VERSION: NEW}
    document = {**document, "params": {**params, "_meta": meta}}
    headers = {"content-type": "application/json", "accept": BOTH, "mcp-protocol-version": NEW}
    method = document["method"]
    headers["mcp-method"] = method if method != TEXT else "tools/list"
    named = params.get(NAMED.get(method, ""))
    if isinstance(named, str):
        headers["mcp-name"] = encode_header(named)
    return inbound(body(document), path="/mcp/tools", headers=headers)


def _sent(shape: Any, whole: Whole, form: Callable[[Any], Inbound]) -> Verdicts:
    return requested(ADAPTER, apart(places(shape), 2), lambda document: form(whole(document)), AGENT, None)


def _answers(shape: Any, whole: Whole) -> Verdicts:
    wanted = [_within(place, whole) for place in apart(places(shape), 1)]
    return answered(ADAPTER, wanted, message_of(old(rpc("tools/call", {"name": "t"}))), AGENT)


def _events(shape: Any, whole: Whole) -> Verdicts:
    return {place: _passed(place, whole) for place in apart(places(shape), 1)}


def _passed(place: Place, whole: Whole) -> str:
    """What becomes of an event, which is inspected as a whole message."""
    read = message_of(old(rpc("tools/call", {"name": "t"})))
    try:
        frames = ADAPTER.frames(read, LIMITS)
        (frame,) = frames.feed(event(whole(planted(place))))
    except AgentError:
        try:
            ADAPTER.frames(read, LIMITS).feed(event(whole(usual(place))))
        except AgentError:
            return NOT_TAKEN
        return REFUSED
    return judge(frame.parts, whole(planted(place)), lambda masks: [frames.render(frame, masks)])


def _within(place: Place, whole: Whole) -> Place:
    return place._replace(wrap=lambda value: whole(place.wrap(value)))


TABLES: Tables = {
    "mcp-2025-11-25-requests": lambda: _sent(old_schema.ClientRequest, asked, old),
    "mcp-2025-11-25-notifications": lambda: _sent(old_schema.ClientNotification, told, old),
    "mcp-2025-11-25-responses": lambda: _sent(old_schema.ClientResult, result, old),
    "mcp-2025-11-25-answers": lambda: _answers(old_schema.ServerResult, result),
    "mcp-2025-11-25-errors": lambda: _answers(old_schema.Error, failed),
    "mcp-2025-11-25-events": lambda: _events(old_schema.ServerResult, result),
    "mcp-2025-11-25-told": lambda: _events(old_schema.ServerNotification, told),
    "mcp-2025-11-25-asked": lambda: _events(old_schema.ServerRequest, asked),
    "mcp-2026-07-28-requests": lambda: _sent(new_schema.ClientRequest, asked, newest),
    "mcp-2026-07-28-answers": lambda: _answers(new_schema.ServerResult, result),
    "mcp-2026-07-28-errors": lambda: _answers(new_schema.Error, failed),
    "mcp-2026-07-28-events": lambda: _events(new_schema.ServerResult, result),
    "mcp-2026-07-28-told": lambda: _events(new_schema.ServerNotification, told),
}


@pytest.mark.parametrize("table", TABLES)
def test_no_place_is_lost_and_every_place_is_listed(table: str) -> None:
    check(table, TABLES[table]())
