"""Every place of MCP that can carry text is found: in requests, in answers, and in events. One table."""

import json
from typing import Any

import pytest

from gateway.core.message import Part
from tests.agents.mcp_making import ADAPTER, AGENT, NEW, event, new, old, read, result, rpc
from tests.agents.support import BOUNDS, SSN, answer

P = f"it is {SSN} here"
BYTES = "aGVsbG8="
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}}
TOOL = {"name": "t", "inputSchema": SCHEMA}

REQUESTS: dict[str, dict[str, Any]] = {
    "argument": rpc("tools/call", {"name": "t", "arguments": {"text": P}}),
    "argument, nested": rpc("tools/call", {"name": "t", "arguments": {"a": [{"b": {"c": P}}]}}),
    "argument's name": rpc("tools/call", {"name": "t", "arguments": {P: 1}}),
    "argument, number": rpc("tools/call", {"name": "t", "arguments": {"ssn": 78051120}}),
    "_meta": rpc("tools/call", {"name": "t", "_meta": {"note": P}}),
    "_meta's key": rpc("tools/list", {"_meta": {P: True}}),
    "progress token": rpc("tools/call", {"name": "t", "_meta": {"progressToken": P}}),
    "request id": rpc("tools/list", id=P),
    "cursor": rpc("tools/list", {"cursor": P}),
    "resource": rpc("resources/read", {"uri": f"file:///{P}"}),
    "subscribed resource": rpc("resources/subscribe", {"uri": f"file:///{P}"}),
    "prompt": rpc("prompts/get", {"name": P}),
    "prompt's argument": rpc("prompts/get", {"name": "p", "arguments": {"name": P}}),
    "completion": rpc(
        "completion/complete", {"ref": {"type": "ref/prompt", "name": "p"}, "argument": {"name": "n", "value": P}}
    ),
    "completion's reference": rpc(
        "completion/complete", {"ref": {"type": "ref/resource", "uri": P}, "argument": {"name": "n", "value": "v"}}
    ),
    "completion's context": rpc(
        "completion/complete",
        {
            "ref": {"type": "ref/prompt", "name": "p"},
            "argument": {"name": "n", "value": "v"},
            "context": {"arguments": {"other": P}},
        },
    ),
    "client's name": rpc("initialize", {"protocolVersion": "2025-11-25", "clientInfo": {"name": P, "version": "1"}}),
    "client's title": rpc("initialize", {"clientInfo": {"name": "c", "title": P}}),
    "capabilities": rpc("initialize", {"capabilities": {"experimental": {"x": {"y": P}}}}),
    "cancellation's reason": rpc("notifications/cancelled", {"requestId": 1, "reason": P}, id=None),
    "progress of the client": rpc("notifications/progress", {"progressToken": 1, "message": P}, id=None),
    "sampled text": {
        "jsonrpc": "2.0",
        "id": 1,
        "result": {"role": "assistant", "content": {"type": "text", "text": P}},
    },
    "sampled model": {"jsonrpc": "2.0", "id": 1, "result": {"model": P, "role": "assistant", "content": []}},
    "elicited form": {"jsonrpc": "2.0", "id": 1, "result": {"action": "accept", "content": {"name": P}}},
    "root": {"jsonrpc": "2.0", "id": 1, "result": {"roots": [{"uri": f"file:///{P}", "name": "home"}]}},
    "root's name": {"jsonrpc": "2.0", "id": 1, "result": {"roots": [{"uri": "file:///a", "name": P}]}},
    "client's error": {"jsonrpc": "2.0", "id": 1, "error": {"code": -1, "message": P}},
    "client's error's data": {"jsonrpc": "2.0", "id": 1, "error": {"code": -1, "message": "", "data": {"a": P}}},
    "unknown member": rpc("tools/list", {"later": {"member": P}}),
    "unknown member at the top": rpc("tools/list", later=P),
    "task": rpc("tasks/get", {"taskId": P}),
}

MESSAGES: dict[str, Any] = {
    "text block": result({"content": [{"type": "text", "text": P}]}),
    "structured content": result({"content": [], "structuredContent": {"a": {"b": [P]}}}),
    "structured content's key": result({"content": [], "structuredContent": {P: 1}}),
    "structured content, number": result({"content": [], "structuredContent": {"ssn": 78051120}}),
    "embedded resource": result({"content": [{"type": "resource", "resource": {"uri": "a:b", "text": P}}]}),
    "embedded resource's URI": result({"content": [{"type": "resource", "resource": {"uri": P, "text": ""}}]}),
    "resource link": result({"content": [{"type": "resource_link", "uri": P, "name": "n"}]}),
    "resource link's name": result({"content": [{"type": "resource_link", "uri": "a:b", "name": P}]}),
    "resource link's title": result({"content": [{"type": "resource_link", "uri": "a:b", "name": "n", "title": P}]}),
    "resource link's text": result({"content": [{"type": "resource_link", "uri": "a:b", "description": P}]}),
    "annotations": result({"content": [{"type": "text", "text": "", "annotations": {"note": P}}]}),
    "_meta": result({"content": [], "_meta": {"a": P}}),
    "resource": result({"contents": [{"uri": "a:b", "text": P}]}),
    "resources": result({"resources": [{"uri": "a:b", "name": "n", "description": P}]}),
    "templates": result({"resourceTemplates": [{"uriTemplate": P, "name": "n"}]}),
    "prompts": result({"prompts": [{"name": "p", "description": P, "arguments": []}]}),
    "prompt's arguments": result({"prompts": [{"name": "p", "arguments": [{"name": "a", "description": P}]}]}),
    "prompt's text": result({"messages": [{"role": "user", "content": {"type": "text", "text": P}}]}),
    "completion": result({"completion": {"values": [P], "total": 1}}),
    "instructions": result({"protocolVersion": "2025-11-25", "instructions": P, "serverInfo": {"name": "s"}}),
    "server's name": result({"serverInfo": {"name": P}}),
    "server's title": result({"serverInfo": {"name": "s", "title": P, "websiteUrl": "https://a.example"}}),
    "discovered": result({"supportedVersions": [NEW], "instructions": P}),
    "tool's name": result({"tools": [{**TOOL, "name": P}]}),
    "tool's title": result({"tools": [{**TOOL, "title": P}]}),
    "tool's description": result({"tools": [{**TOOL, "description": P}]}),
    "tool's schema": result({"tools": [{**TOOL, "inputSchema": {"properties": {"a": {"description": P}}}}]}),
    "tool's schema's key": result({"tools": [{**TOOL, "inputSchema": {"properties": {P: {"type": "string"}}}}]}),
    "tool's schema's values": result({"tools": [{**TOOL, "inputSchema": {"properties": {"a": {"enum": [P]}}}}]}),
    "tool's schema's default": result({"tools": [{**TOOL, "inputSchema": {"properties": {"a": {"default": P}}}}]}),
    "tool's output schema": result({"tools": [{**TOOL, "outputSchema": {"title": P}}]}),
    "tool's annotations": result({"tools": [{**TOOL, "annotations": {"title": P}}]}),
    "tool's icons": result({"tools": [{**TOOL, "icons": [{"src": f"https://a.example/{P}"}]}]}),
    "next cursor": result({"tools": [], "nextCursor": P}),
    "input required": result(
        {
            "resultType": "input_required",
            "inputRequests": {"q": {"method": "elicitation/create", "params": {"message": P}}},
        }
    ),
    "request state": result({"resultType": "input_required", "requestState": P}),
    "task's message": result({"task": {"taskId": "t", "status": "working", "statusMessage": P}}),
    "error": {"jsonrpc": "2.0", "id": 1, "error": {"code": -32603, "message": P}},
    "error's data": {"jsonrpc": "2.0", "id": 1, "error": {"code": -32603, "message": "", "data": [P]}},
    "unknown member": result({"later": P}),
}

NOTIFIED: dict[str, Any] = {
    "log": rpc("notifications/message", {"level": "info", "data": P}, id=None),
    "log's data": rpc("notifications/message", {"level": "info", "data": {"a": [P]}}, id=None),
    "logger": rpc("notifications/message", {"level": "info", "logger": P, "data": 1}, id=None),
    "progress": rpc("notifications/progress", {"progressToken": 1, "progress": 1, "message": P}, id=None),
    "resource updated": rpc("notifications/resources/updated", {"uri": P}, id=None),
    "unknown notification": rpc(f"notifications/{P}", id=None),
    "sampling": rpc("sampling/createMessage", {"messages": [{"role": "user", "content": {"type": "text", "text": P}}]}),
    "sampling's system prompt": rpc("sampling/createMessage", {"messages": [], "systemPrompt": P}),
    "sampling's hints": rpc("sampling/createMessage", {"messages": [], "modelPreferences": {"hints": [{"name": P}]}}),
    "elicitation": rpc("elicitation/create", {"message": P, "requestedSchema": SCHEMA}),
    "elicitation's schema": rpc(
        "elicitation/create", {"message": "", "requestedSchema": {"properties": {"a": {"title": P}}}}
    ),
    "elicitation's address": rpc("elicitation/create", {"mode": "url", "url": f"https://a.example/{P}", "message": ""}),
}


def found(parts: tuple[Part, ...]) -> list[Part]:
    return [part for part in parts if SSN in part.text or "78051120" in part.text]


@pytest.mark.parametrize("place", REQUESTS)
def test_what_is_planted_in_a_request_is_found(place: str) -> None:
    message = read(old(REQUESTS[place]))
    parts = found(message.parts)
    assert parts
    masks = {part.pointer: part.text.replace(SSN, "[US-SSN]") for part in parts if part.kind == "text"}
    sent = ADAPTER.render(message, AGENT, masks).body
    assert not masks or SSN.encode() not in sent


@pytest.mark.parametrize("place", ["argument", "_meta", "resource", "prompt's argument", "completion"])
def test_what_is_planted_in_a_request_of_the_newest_version_is_found(place: str) -> None:
    body = REQUESTS[place]
    params = {name: value for name, value in body["params"].items() if name != "_meta"}
    meta = {"_meta": {"io.modelcontextprotocol/protocolVersion": NEW, **body["params"].get("_meta", {})}}
    assert found(read(new(body["method"], {**params, **meta})).parts)


@pytest.mark.parametrize("place", MESSAGES)
def test_what_is_planted_in_an_answer_is_found_and_masked(place: str) -> None:
    message = read(old(rpc("tools/list")))
    read_back = ADAPTER.read_answer(answer(MESSAGES[place]), message, AGENT)
    parts = found(read_back.parts)
    assert parts
    masks = {part.pointer: part.text.replace(SSN, "[US-SSN]") for part in parts if part.kind == "text"}
    assert not masks or SSN.encode() not in ADAPTER.render_answer(read_back, masks)


@pytest.mark.parametrize("place", [*MESSAGES, *NOTIFIED])
def test_what_is_planted_in_an_event_is_found_and_masked(place: str) -> None:
    frames = ADAPTER.frames(read(old(rpc("tools/list"))), BOUNDS)
    (frame,) = frames.feed(event({**MESSAGES, **NOTIFIED}[place]))
    parts = found(frame.parts)
    assert parts
    masks = {part.pointer: part.text.replace(SSN, "[US-SSN]") for part in parts if part.kind == "text"}
    assert not masks or SSN.encode() not in frames.render(frame, masks)


@pytest.mark.parametrize(
    "block",
    [
        {"type": "image", "data": BYTES, "mimeType": "image/png"},
        {"type": "audio", "data": BYTES, "mimeType": "audio/wav"},
        {"type": "resource", "resource": {"uri": "a:b", "blob": BYTES}},
        {"type": "resource_link", "uri": "a:b", "icons": [{"src": f"data:image/png;base64,{BYTES}"}]},
        {"type": "text", "text": f"data:image/png;base64,{BYTES}"},
    ],
)
def test_bytes_cannot_be_read_and_are_told_so(block: dict[str, Any]) -> None:
    for value in (result({"content": [block]}), result({"structuredContent": {"a": block}})):
        message = read(old(rpc("tools/list")))
        parts = ADAPTER.read_answer(answer(value), message, AGENT).parts
        unreadable = [part for part in parts if part.kind == "unreadable"]
        text = "".join(part.text for part in parts)
        assert unreadable or "structuredContent" in json.dumps(value)
        assert not (unreadable and BYTES in text)


def test_an_events_id_is_scanned_and_a_resumed_streams_too() -> None:
    frames = ADAPTER.frames(read(old(rpc("tools/list"))), BOUNDS)
    (frame,) = frames.feed(event(rpc("notifications/message", {"data": 1}, id=None), f"id: {SSN}"))
    assert found(frame.parts)[0].pointer == "event:id"
    message = read(old(b"", http="GET", content_type="", last_event_id=f"id-{SSN}"))
    assert found(message.parts)[0].kind == "name"


def test_what_the_protocol_itself_says_is_not_scanned() -> None:
    message = read(old(rpc("tools/call", {"name": "add", "arguments": {"a": 1}})))
    assert [part.text for part in message.parts] == ["add", "a"]
