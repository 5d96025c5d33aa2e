"""Requests and answers of MCP for the tests of its adapter."""

import json
from typing import Any

from gateway.agents.mcp import McpAdapter
from gateway.agents.mcp_words import META_VERSION, NAMED
from gateway.core.message import Inbound, Message
from gateway.core.ports import Route
from gateway.core.refusal import Refusal
from tests.agents.support import BOUNDS, inbound, route

ADAPTER = McpAdapter(BOUNDS, frozenset({"https://gateway.example"}))
AGENT: Route = route("tools", protocol="mcp", url="http://127.0.0.1:9/mcp", credential="agent-secret")
NEW = "2026-07-28"
OLD = "2025-11-25"
BOTH = "application/json, text/event-stream"


def rpc(method: str, params: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """A request, or with `id=None` a notification."""
    made = {"jsonrpc": "2.0", "id": 1, "method": method, **more}
    if params is not None:
        made["params"] = params
    return {name: value for name, value in made.items() if value is not None}


def old(body: object, *, http: str = "POST", **headers: str) -> Inbound:
    """A request of an older version. Header names with `_` for `-`."""
    given = {"content-type": "application/json", "accept": BOTH, "mcp-protocol-version": OLD, **_named(headers)}
    return inbound(body, method=http, path="/mcp/tools", headers={k: v for k, v in given.items() if v})


def new(method: str, params: dict[str, Any] | None = None, **headers: str) -> Inbound:
    """A request of the newest version, with all that it must carry."""
    asked = {"_meta": {META_VERSION: NEW}, **(params or {})}
    given = {"content-type": "application/json", "accept": BOTH, "mcp-protocol-version": NEW, "mcp-method": method}
    if method in NAMED and NAMED[method] in asked:
        given["mcp-name"] = str(asked[NAMED[method]])
    given |= _named(headers)
    return inbound(rpc(method, asked), path="/mcp/tools", headers={k: v for k, v in given.items() if v})


def read(request: Inbound) -> Message:
    found = ADAPTER.read(request, BOUNDS)
    assert isinstance(found, Message), found
    return found


def refusal(request: Inbound) -> Refusal:
    found = ADAPTER.read(request, BOUNDS)
    assert isinstance(found, Refusal)
    return found


def result(value: Any, **more: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 1, "result": value, **more}


def event(value: Any, *lines: str) -> bytes:
    """One event as servers write it."""
    data = value if isinstance(value, str) else json.dumps(value)
    return "\n".join([*lines, f"data: {data}", "", ""]).encode()


def _named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}
