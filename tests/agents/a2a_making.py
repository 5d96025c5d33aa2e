"""Requests, answers and events of A2A for the tests of its adapters."""

import json
from typing import Any

from gateway.agents.a2a import A2a, A2aRest, A2aRpc
from gateway.agents.a2a_card import Cards
from gateway.core.message import Inbound, Message, WireAnswer
from gateway.core.ports import Interface, Route
from gateway.core.refusal import Refusal
from tests.agents.support import BOUNDS, answer, inbound, route

CARDS = Cards("https://gw.example")
RPC = A2aRpc(BOUNDS, CARDS)
REST = A2aRest(BOUNDS, CARDS)
HTTP = Interface(binding="HTTP+JSON", path="/rest")


def agent(interface: Interface | None = None) -> Route:
    """An agent that speaks JSON-RPC at `/rpc`, unless told otherwise."""
    return route("ward", protocol="a2a", credential="agent-secret", interface=interface or Interface(path="/rpc"))


AGENT = agent()


def message(*parts: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A user's message."""
    return {"messageId": "m-1", "role": "ROLE_USER", "parts": list(parts) or [{"text": "hello"}], **more}


def task(id: str = "t-1", state: str = "TASK_STATE_WORKING", **more: Any) -> dict[str, Any]:
    """A task as agents tell of it."""
    return {"id": id, "contextId": "c-1", "status": {"state": state}, **more}


def rpc(operation: str, params: Any = None, *, version: str | None = "1.0", **more: Any) -> Inbound:
    """A JSON-RPC request. Header names with `_` for `-`."""
    headers = {name.replace("_", "-"): value for name, value in more.pop("headers", {}).items()}
    body = {"jsonrpc": "2.0", "id": 7, "method": operation, **({} if params is None else {"params": params}), **more}
    given = {"content-type": "application/json", **({} if version is None else {"a2a-version": version}), **headers}
    return inbound(body, path="/a2a/ward", headers=given)


def rest(method: str, path: str, body: Any = None, *, version: str | None = "1.0", query: str = "") -> Inbound:
    """A request of HTTP+JSON."""
    headers = {} if version is None else {"a2a-version": version}
    if body is not None:
        headers["content-type"] = "application/a2a+json"
    return inbound(b"" if body is None else body, method=method, path=f"/a2a/ward{path}", query=query, headers=headers)


def read(request: Inbound, adapter: A2a | None = None) -> Message:
    """The message, by the adapter of its binding."""
    found = _adapter(request, adapter).read(request, BOUNDS)
    assert isinstance(found, Message), found
    return found


def refusal(request: Inbound) -> Refusal:
    found = _adapter(request, None).read(request, BOUNDS)
    assert isinstance(found, Refusal)
    return found


def result(value: Any, **more: Any) -> dict[str, Any]:
    """A JSON-RPC response of an agent's."""
    return {"jsonrpc": "2.0", "id": 1, "result": value, **more}


def answered(value: Any, status: int = 200) -> WireAnswer:
    return answer(value, status)


def events(*values: Any) -> bytes:
    """Events as agents write them by JSON-RPC."""
    return b"".join(b"data: " + json.dumps(result(value)).encode() + b"\n\n" for value in values)


def _adapter(request: Inbound, adapter: A2a | None) -> Any:
    return adapter or (REST if request.path.count("/") > 2 else RPC)
