"""Every place of A2A that can carry text is found: in requests of both bindings, answers, and events. One table."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

from gateway.agents.a2a_stream import A2aStream
from gateway.agents.a2a_words import OPERATIONS
from gateway.core.errors import AgentError
from gateway.core.message import Inbound, Part
from tests.agents.a2a_making import AGENT, REST, RPC, agent, answered, events, message, read, rest, result, rpc, task
from tests.agents.support import BOUNDS, SSN, MaskingLanes

P = f"it is {SSN} here"
ID = SSN
"""What an id may look like, which takes no spaces."""
NUMBER = 78051120


def file(data: bytes, media: str, **more: Any) -> dict[str, Any]:
    return {"raw": base64.b64encode(data).decode(), "mediaType": media, **more}


PARTS: dict[str, dict[str, Any]] = {
    "text": {"text": P},
    "data": {"data": {"a": [{"b": P}]}},
    "data, a text": {"data": P},
    "data's key": {"data": {P: 1}},
    "data, number": {"data": {"ssn": NUMBER}},
    "part's metadata": {"text": "a", "metadata": {"note": P}},
    "part's metadata's key": {"text": "a", "metadata": {P: True}},
    "file's name": {"text": "a", "filename": P},
    "file's media type": {"text": "a", "mediaType": P},
    "file's URL": {"url": f"https://files.example/{SSN}"},
    "file in plain text": file(P.encode(), "text/plain"),
    "file in JSON": file(json.dumps({"a": {"ssn": P}}).encode(), "application/json"),
    "file in XML": file(f"<a><b>{P}</b></a>".encode(), "application/xml"),
    "file in CSV": file(f"a,b\n{P},c\n".encode(), "text/csv"),
    "file, a form": file(f"a={SSN}".encode(), "application/x-www-form-urlencoded"),
    "part's unknown member": {"text": "a", "later": {"member": P}},
    "part's unknown member's name": {"text": "a", P: 1},
}
MESSAGE: dict[str, dict[str, Any]] = {
    **{name: message(part) for name, part in PARTS.items()},
    "message's id": message(messageId=P),
    "context": message(contextId=P),
    "message's metadata": message(metadata={"a": {"b": P}}),
    "message's extensions": message(extensions=[f"https://a.example/{SSN}"]),
    "unknown member of the message": message(later=P),
    "role": message(role=P),
}
REQUESTS: dict[str, tuple[str, dict[str, Any]]] = {
    **{name: ("SendMessage", {"message": one}) for name, one in MESSAGE.items()},
    "task of the message": ("SendMessage", {"message": message(taskId=ID)}),
    "referenced task": ("SendMessage", {"message": message(referenceTaskIds=[ID])}),
    "metadata": ("SendMessage", {"message": message(), "metadata": {"a": P}}),
    "metadata's key": ("SendMessage", {"message": message(), "metadata": {P: 1}}),
    "accepted modes": ("SendMessage", {"message": message(), "configuration": {"acceptedOutputModes": [P]}}),
    "configuration": ("SendMessage", {"message": message(), "configuration": {"later": P}}),
    "tenant": ("SendMessage", {"message": message(), "tenant": ID}),
    "unknown member": ("SendMessage", {"message": message(), "later": {"a": [P]}}),
    "streamed message": ("SendStreamingMessage", {"message": message({"text": P})}),
    "push URL": (
        "SendMessage",
        {"message": message(), "configuration": {"taskPushNotificationConfig": {"url": f"https://h.example/{SSN}"}}},
    ),
    "push token": ("CreateTaskPushNotificationConfig", {"taskId": "t", "url": "https://h.example/", "token": P}),
    "push credentials": (
        "CreateTaskPushNotificationConfig",
        {"taskId": "t", "url": "https://h.example/", "authentication": {"scheme": "Bearer", "credentials": P}},
    ),
    "push scheme": (
        "CreateTaskPushNotificationConfig",
        {"taskId": "t", "url": "https://h.example/", "authentication": {"scheme": P}},
    ),
    "push configuration's id": ("CreateTaskPushNotificationConfig", {"taskId": "t", "url": "https://h/", "id": P}),
    "task": ("GetTask", {"id": ID}),
    "cancelled task": ("CancelTask", {"id": ID}),
    "cancellation's metadata": ("CancelTask", {"id": "t", "metadata": {"why": P}}),
    "subscribed task": ("SubscribeToTask", {"id": ID}),
    "push configuration's task": ("GetTaskPushNotificationConfig", {"taskId": ID, "id": "p"}),
    "push configuration": ("DeleteTaskPushNotificationConfig", {"taskId": "t", "id": ID}),
    "listed context": ("ListTasks", {"contextId": P}),
    "listed status": ("ListTasks", {"status": P}),
    "listed since": ("ListTasks", {"statusTimestampAfter": P}),
    "page": ("ListTasks", {"pageToken": P}),
    "page of configurations": ("ListTaskPushNotificationConfigs", {"taskId": "t", "pageToken": P}),
    "unknown parameter": ("ListTasks", {"later": P}),
    "unknown parameter's name": ("ListTasks", {f"a{SSN}": "x"}),
}
ARTIFACT = {"artifactId": "a-1", "parts": [{"text": "a"}]}
TASKS: dict[str, dict[str, Any]] = {
    "status message": task(status={"state": "TASK_STATE_WORKING", "message": message({"text": P})}),
    "status": task(state=P),
    "status timestamp": task(status={"state": "TASK_STATE_WORKING", "timestamp": P}),
    "history": task(history=[message(), message({"text": P})]),
    "artifact": task(artifacts=[{**ARTIFACT, "parts": [{"text": P}]}]),
    "artifact in pieces": task(artifacts=[{**ARTIFACT, "parts": [{"text": P[:12]}, {"text": P[12:]}]}]),
    "artifact in pieces that touch": task(artifacts=[{**ARTIFACT, "parts": [{"text": f"is {SSN}"}, {"text": "7 d"}]}]),
    "artifact's id": task(artifacts=[{**ARTIFACT, "artifactId": P}]),
    "artifact's name": task(artifacts=[{**ARTIFACT, "name": P}]),
    "artifact's description": task(artifacts=[{**ARTIFACT, "description": P}]),
    "artifact's metadata": task(artifacts=[{**ARTIFACT, "metadata": {"a": P}}]),
    "artifact's extensions": task(artifacts=[{**ARTIFACT, "extensions": [P]}]),
    "task's metadata": task(metadata={"a": {"b": P}}),
    "task's context": task(contextId=P),
    "unknown member of the task": task(later={"a": P}),
    **{f"artifact's {name}": task(artifacts=[{**ARTIFACT, "parts": [part]}]) for name, part in PARTS.items()},
}
UPDATE = {"taskId": "t-1", "contextId": "c-1"}
UPDATES: dict[str, dict[str, Any]] = {
    **{name: {"task": one} for name, one in TASKS.items()},
    **{name: {"message": one} for name, one in MESSAGE.items()},
    "unknown member of the result": {"task": task(), "later": P},
}
EVENTS: dict[str, dict[str, Any]] = {
    **UPDATES,
    "status update": {
        "statusUpdate": {**UPDATE, "status": {"state": "TASK_STATE_WORKING", "message": message({"text": P})}}
    },
    "status update's metadata": {"statusUpdate": {**UPDATE, "status": {}, "metadata": {"a": P}}},
    "artifact update": {"artifactUpdate": {**UPDATE, "artifact": {**ARTIFACT, "parts": [{"text": P}]}}},
    "artifact update's name": {"artifactUpdate": {**UPDATE, "artifact": {**ARTIFACT, "name": P}}},
    "artifact update's metadata": {"artifactUpdate": {**UPDATE, "artifact": ARTIFACT, "metadata": {"a": P}}},
    "artifact update's unknown member": {"artifactUpdate": {**UPDATE, "artifact": ARTIFACT, "later": P}},
    **{
        f"artifact update's {name}": {"artifactUpdate": {**UPDATE, "artifact": {**ARTIFACT, "parts": [part]}}}
        for name, part in PARTS.items()
    },
}
CONFIG = {"taskId": "t-1", "id": "p-1", "url": "https://h.example/"}
RESULTS: dict[str, tuple[str, dict[str, Any], Any]] = {
    **{f"sent: {name}": ("SendMessage", {"message": message()}, one) for name, one in UPDATES.items()},
    **{f"got: {name}": ("GetTask", {"id": "t-1"}, one) for name, one in TASKS.items()},
    **{f"cancelled: {name}": ("CancelTask", {"id": "t-1"}, one) for name, one in TASKS.items()},
    **{f"listed: {name}": ("ListTasks", {}, {"tasks": [task("t-0"), one]}) for name, one in TASKS.items()},
    "next page": ("ListTasks", {}, {"tasks": [], "nextPageToken": P}),
    "made configuration": ("CreateTaskPushNotificationConfig", CONFIG, {**CONFIG, "token": P}),
    "configuration": ("GetTaskPushNotificationConfig", CONFIG, {**CONFIG, "url": f"https://h.example/{SSN}"}),
    "configurations": (
        "ListTaskPushNotificationConfigs",
        CONFIG,
        {"configs": [{**CONFIG, "authentication": {"scheme": "Bearer", "credentials": P}}]},
    ),
    "what is said of a deletion": ("DeleteTaskPushNotificationConfig", CONFIG, {"later": P}),
}
ERRORS: dict[str, dict[str, Any]] = {
    "message": {"code": -32603, "message": P},
    "details": {"code": -32603, "message": "", "data": [{"@type": "x", "reason": "R", "metadata": {"a": P}}]},
    "details' key": {"code": -32603, "message": "", "data": [{P: 1}]},
    "details that are no list": {"code": -32603, "message": "", "data": {"a": P}},
}
SKILL = {"id": "s", "name": "S", "description": "d", "tags": ["t"]}
CARDS: dict[str, dict[str, Any]] = {
    "name": {"name": P},
    "description": {"description": P},
    "version": {"version": P},
    "provider": {"provider": {"organization": P, "url": "https://a.example"}},
    "provider's URL": {"provider": {"organization": "o", "url": P}},
    "documentation": {"documentationUrl": f"https://a.example/{SSN}"},
    "icon": {"iconUrl": f"https://a.example/{SSN}"},
    "extension": {"capabilities": {"extensions": [{"uri": f"https://a.example/{SSN}"}]}},
    "extension's description": {"capabilities": {"extensions": [{"uri": "u", "description": P}]}},
    "extension's params": {"capabilities": {"extensions": [{"uri": "u", "params": {"a": [P]}}]}},
    "modes": {"defaultInputModes": [P]},
    "modes of answers": {"defaultOutputModes": [P]},
    "skill's id": {"skills": [{**SKILL, "id": P}]},
    "skill's name": {"skills": [{**SKILL, "name": P}]},
    "skill's description": {"skills": [{**SKILL, "description": P}]},
    "skill's tags": {"skills": [{**SKILL, "tags": [P]}]},
    "skill's examples": {"skills": [{**SKILL, "examples": [P]}]},
    "skill's modes": {"skills": [{**SKILL, "inputModes": [P]}]},
}


def found(parts: tuple[Part, ...]) -> list[Part]:
    return [part for part in parts if SSN in part.text or str(NUMBER) in part.text]


def masks(parts: list[Part]) -> dict[str, str]:
    return {part.pointer: part.text.replace(SSN, "[US-SSN]") for part in parts if part.kind == "text"}


def leaks(body: bytes) -> bool:
    """Whether the planted number stands anywhere in a document, its files included, joined over its texts or not."""
    return any(SSN in text for text in _texts(json.loads(body)))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
        if isinstance(value.get("raw"), str):
            yield base64.b64decode(value["raw"]).decode("latin-1")
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        if all(isinstance(item, dict) and "text" in item for item in value):
            yield "".join(str(item["text"]) for item in value)
        for item in value:
            yield from _texts(item)
    elif isinstance(value, str):
        yield value


def by_http(operation: str, params: dict[str, Any]) -> Inbound:
    """The same request in the other binding."""
    known, rest_of = OPERATIONS[operation], dict(params)
    path = known.path
    for name in ("id", "taskId"):
        if f"{{{name}}}" in path:
            path = path.replace(f"{{{name}}}", rest_of.pop(name))
    if known.method == "POST":
        return rest("POST", f"/{path}", rest_of)
    query = "&".join(f"{name}={str(value).replace(' ', '+')}" for name, value in rest_of.items())
    return rest(known.method, f"/{path}", query=query)


@pytest.mark.parametrize("place", REQUESTS)
def test_what_is_planted_in_a_request_is_found_in_both_bindings_and_masked(place: str) -> None:
    operation, params = REQUESTS[place]
    for request in (rpc(operation, params), by_http(operation, params)):
        asked = read(request)
        parts = found(asked.parts)
        assert parts, request.path
        for to in (AGENT, agent()):
            sent = RPC.render(asked, to, masks(parts))
            assert not masks(parts) or not leaks(sent.body)


def test_extensions_that_are_asked_for_are_scanned_as_they_are_sent_on() -> None:
    asked = read(rpc("ListTasks", headers={"a2a_extensions": f"https://a.example/{SSN}"}))
    (part,) = found(asked.parts)
    assert (part.pointer, part.kind) == ("header:a2a-extensions", "name")


@pytest.mark.parametrize("place", RESULTS)
def test_what_is_planted_in_an_answer_is_found_and_masked_in_both_bindings(place: str) -> None:
    operation, params, value = RESULTS[place]
    for request, adapter in ((rpc(operation, params), RPC), (by_http(operation, params), REST)):
        read_back = adapter.read_answer(answered(result(value)), read(request), AGENT)
        parts = found(read_back.parts)
        assert parts
        assert not masks(parts) or not leaks(adapter.render_answer(read_back, masks(parts)))


@pytest.mark.parametrize("place", ERRORS)
def test_what_is_planted_in_an_error_is_found_and_masked(place: str) -> None:
    failed = {"jsonrpc": "2.0", "id": 1, "error": ERRORS[place]}
    for request, adapter in ((rpc("ListTasks"), RPC), (rest("GET", "/tasks"), REST)):
        read_back = adapter.read_answer(answered(failed), read(request), AGENT)
        parts = found(read_back.parts)
        assert parts
        assert not masks(parts) or not leaks(adapter.render_answer(read_back, masks(parts)))


@pytest.mark.parametrize("place", CARDS)
def test_what_is_planted_in_a_card_is_found_and_masked(place: str) -> None:
    card = {
        "name": "n",
        "supportedInterfaces": [{"url": "http://x/", "protocolBinding": "JSONRPC", "protocolVersion": "1.0"}],
        **CARDS[place],
    }
    for request, value in (
        (rest("GET", "/.well-known/agent-card.json"), card),
        (rest("GET", "/extendedAgentCard"), result(card)),
    ):
        read_back = REST.read_answer(answered(value), read(request), AGENT)
        parts = found(read_back.parts)
        assert parts
        assert not masks(parts) or not leaks(REST.render_answer(read_back, masks(parts)))


@pytest.mark.parametrize("place", EVENTS)
def test_what_is_planted_in_an_event_is_masked_before_it_leaves(place: str) -> None:
    refused: list[str] = []
    for request in (
        rpc("SendStreamingMessage", {"message": message()}),
        rest("POST", "/message:stream", {"message": message()}),
    ):
        lanes = MaskingLanes()
        stream = A2aStream(lanes, BOUNDS, read(request).context.call, AGENT)  # type: ignore[attr-defined]
        wire = events(EVENTS[place])
        try:
            out = stream.feed(wire) + stream.finish() + stream.closing
        except AgentError as error:  # where it stands nothing can be masked, so nothing leaves
            refused.append(error.code)
            continue
        assert any(SSN in text or str(NUMBER) in text for text in lanes.texts().values())
        for event in out.split(b"\n\n"):
            if event:
                assert not leaks(event.partition(b"data: ")[2])
    assert set(refused) <= {"bad_answer"}
