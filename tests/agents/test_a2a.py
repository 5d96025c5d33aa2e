"""The A2A adapters: a request read in one binding is written in the agent's, and its answer back in the caller's."""

import gzip
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.agents.a2a import A2a, asked_of, listed, only_listed
from gateway.agents.a2a_stream import A2aStream
from gateway.core.errors import AgentError, FormatError
from gateway.core.message import Inbound, Message, Part, WireAnswer
from gateway.core.ports import Interface
from gateway.core.refusal import Refusal
from tests.agents.a2a_making import (
    AGENT,
    HTTP,
    REST,
    RPC,
    agent,
    answered,
    message,
    read,
    refusal,
    rest,
    result,
    rpc,
    task,
)
from tests.agents.support import BOUNDS, MaskingLanes, inbound, route

SEND = {"message": message(), "metadata": {"a": 1}}
REST_AGENT = agent(HTTP)
SAID = {"task": task()}


def sent(request: Inbound, to: Any = AGENT) -> tuple[str, str, Any]:
    """Method, path and body as the agent gets them."""
    outgoing = RPC.render(read(request), to, {})
    return outgoing.method, outgoing.path, json.loads(outgoing.body) if outgoing.body else None


@pytest.mark.parametrize("request_", [rpc("SendMessage", SEND), rest("POST", "/message:send", SEND)])
def test_a_message_goes_out_in_the_agents_own_binding(request_: Inbound) -> None:
    asked = read(request_)
    assert (asked.action, asked.target, asked.stream, asked.shaped) == ("message", "ward", False, True)
    envelope = {"jsonrpc": "2.0", "id": 1, "method": "SendMessage", "params": SEND}
    assert sent(request_) == ("POST", "/rpc", envelope)
    assert sent(request_, REST_AGENT) == ("POST", "/rest/message:send", SEND)


def test_nothing_of_the_caller_goes_out_but_what_the_protocol_asks_for() -> None:
    headers = {
        "authorization": "Bearer caller-secret",
        "cookie": "a=b",
        "x_data_class": "phi",
        "a2a_extensions": "urn:x",
    }
    asked = read(rpc("SendStreamingMessage", SEND, headers=headers, extra="member"))
    for to in (AGENT, REST_AGENT):
        outgoing = RPC.render(asked, to, {})
        told = dict(outgoing.headers)
        assert set(told) == {"accept", "a2a-version", "a2a-extensions", "authorization", "content-type"}
        assert (told["authorization"], told["a2a-version"]) == ("Bearer agent-secret", "1.0")
        assert (told["accept"], told["a2a-extensions"]) == ("text/event-stream", "urn:x")
        assert b"caller" not in outgoing.body
        assert b"member" not in outgoing.body


@pytest.mark.parametrize(
    ("request_", "operation", "params", "resource"),
    [
        (
            rpc("GetTask", {"id": "t:1", "historyLength": 2}),
            "GetTask",
            None,
            ("GET", "/rest/tasks/t%3A1?historyLength=2", None),
        ),
        (
            rest("GET", "/acme/tasks", query="pageSize=5&includeArtifacts=true&pageToken=a%26b"),
            "ListTasks",
            {"tenant": "acme", "pageSize": 5, "includeArtifacts": True, "pageToken": "a&b"},
            ("GET", "/rest/acme/tasks?pageSize=5&includeArtifacts=true&pageToken=a%26b", None),
        ),
        (rpc("ListTasks", {"contextId": None}), "ListTasks", None, ("GET", "/rest/tasks", None)),
        (rest("POST", "/tasks/t-1:cancel"), "CancelTask", {"id": "t-1"}, ("POST", "/rest/tasks/t-1:cancel", {})),
        (
            rpc("CancelTask", {"id": "t-1", "metadata": {"a": 1}}),
            "CancelTask",
            None,
            ("POST", "/rest/tasks/t-1:cancel", {"metadata": {"a": 1}}),
        ),
        (
            rest("GET", "/tasks/t-1:subscribe"),
            "SubscribeToTask",
            {"id": "t-1"},
            ("POST", "/rest/tasks/t-1:subscribe", {}),
        ),
        (
            rest("DELETE", "/tasks/t-1/pushNotificationConfigs/p-1"),
            "DeleteTaskPushNotificationConfig",
            {"taskId": "t-1", "id": "p-1"},
            ("DELETE", "/rest/tasks/t-1/pushNotificationConfigs/p-1", None),
        ),
        (rpc("GetExtendedAgentCard"), "GetExtendedAgentCard", {}, ("GET", "/rest/extendedAgentCard", None)),
    ],
)
def test_operations_are_written_in_either_binding(
    request_: Inbound, operation: str, params: Any, resource: tuple[str, str, Any]
) -> None:
    asked = read(request_)
    wanted = json.loads(request_.body)["params"] if params is None else params
    assert sent(request_)[2] == {"jsonrpc": "2.0", "id": 1, "method": operation, "params": wanted}
    assert sent(request_, REST_AGENT) == resource
    assert asked.shaped is False


def test_a_parameter_that_a_query_cannot_hold_is_not_left_out() -> None:
    with pytest.raises(FormatError):
        RPC.render(read(rpc("GetTask", {"id": "t", "later": {"a": 1}})), REST_AGENT, {})


def test_the_card_is_fetched_where_the_agent_has_it() -> None:
    asked = read(rest("GET", "/.well-known/agent-card.json", version=None))
    assert (asked.action, asked.body, asked.parts, asked.sessions) == ("message", b"", (), ())
    for interface in (Interface(path="/rpc"), HTTP, Interface(card="/cards/ward.json")):
        outgoing = REST.render(asked, agent(interface), {})
        assert (outgoing.method, outgoing.path, outgoing.body) == ("GET", interface.card, b"")
        assert ("authorization", "Bearer agent-secret") in outgoing.headers


def test_masks_go_to_their_places_and_nowhere_else() -> None:
    asked = read(rpc("SendMessage", {"message": message({"text": "a"}, {"text": "b"}, {"data": {"k": "v"}})}))
    masked = {"run:2:/message/parts/0": "*", "/message/parts/2/data/k": "+"}
    sent_ = json.loads(RPC.render(asked, REST_AGENT, masked).body)
    assert sent_["message"]["parts"] == [{"text": "*"}, {"text": ""}, {"data": {"k": "+"}}]
    for place in ("/message/parts/0/text", "/message/messageId", "run:3:/message/parts/0"):
        with pytest.raises(FormatError):
            RPC.render(asked, AGENT, {place: "*"})


def test_a_message_says_what_it_continues_refers_to_and_would_have_contacted() -> None:
    asked = read(
        rpc(
            "SendMessage",
            {
                "message": message(
                    {"url": "https://files.example/a"}, contextId="c", taskId="t", referenceTaskIds=["r"]
                ),
                "configuration": {"taskPushNotificationConfig": {"url": "https://hooks.example/"}},
            },
        )
    )
    assert asked.sessions == ("a2a-context:c", "a2a-task:ward/t")
    assert asked.references == ("a2a-task:ward/r",)
    assert asked.onward == ("onward:push", "onward:url")
    assert asked_of(asked).files == (("/message/parts/0/url", "https://files.example/a"),)
    assert read(rpc("SendMessage", SEND)).onward == ()
    lasting = read(rpc("SubscribeToTask", {"id": "t"}))
    assert (lasting.action, lasting.stream, lasting.lasting) == ("task", True, True)


def test_only_messages_of_this_protocol_have_a_call() -> None:
    other = Message(
        protocol="x", action="x", target="x", stream=False, body=b"", media_type="", parts=(), inbound=rpc("x")
    )
    with pytest.raises(FormatError):
        asked_of(other)


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (inbound({}, method="GET", path="/a2a/ward"), ("method_not_allowed", None)),
        (inbound({}, path="/a2a/ward", headers={}), ("media_type", "content-type")),
        (inbound({}, path="/a2a/ward", headers={"content-type": "text/plain"}), ("media_type", "content-type")),
        (inbound(b"{", path="/a2a/ward"), ("body_not_json", None)),
        (inbound(b'{"a":1,"a":2}', path="/a2a/ward"), ("body_duplicate_key", None)),
        (rest("GET", "/"), ("method_unknown", "path")),
        (inbound(b"{", path="/a2a/ward/message:send"), ("body_not_json", None)),
        (
            rpc("SendMessage", {"message": {**message(), "context_id": "c"}}),
            ("schema_violation", "/message/context_id"),
        ),
        (rpc("ListTasks", {"page_size": 1}), ("schema_violation", "/page_size")),
        (rest("GET", "/tasks", query="context_id=c"), ("schema_violation", "/context_id")),
    ],
)
def test_what_cannot_be_read_is_refused(request_: Inbound, expected: tuple[str, str | None]) -> None:
    found = refusal(request_)
    assert (found.code, found.field) == expected


def test_a_compressed_body_is_read() -> None:
    body = gzip.compress(rpc("SendMessage", SEND).body)
    headers = {"content-type": "application/a2a+json", "content-encoding": "gzip", "a2a-version": "1.0"}
    assert read(inbound(body, path="/a2a/ward", headers=headers)).document == SEND


def back(request: Inbound, value: Any, to: Any = AGENT, status: int = 200) -> tuple[int, str, Any]:
    """Status, media type and body as the caller gets them."""
    adapter: A2a = REST if request.path.count("/") > 2 else RPC
    found = adapter.read_answer(answered(value, status), read(request), to)
    headers = dict(found.headers)
    assert headers["content-type"] == found.media_type
    return found.status, found.media_type, json.loads(adapter.render_answer(found, {}))


@pytest.mark.parametrize(("to", "value"), [(AGENT, result(SAID)), (REST_AGENT, SAID)])
def test_an_answer_comes_back_in_the_callers_own_binding(to: Any, value: Any) -> None:
    assert back(rpc("SendMessage", SEND), value, to) == (
        200,
        "application/json",
        {"jsonrpc": "2.0", "id": 7, "result": SAID},
    )
    assert back(rest("POST", "/message:send", SEND), value, to) == (200, "application/a2a+json", SAID)


@pytest.mark.parametrize(("to", "value"), [(AGENT, result(None)), (REST_AGENT, {}), (REST_AGENT, b"")])
def test_a_deletion_says_nothing(to: Any, value: Any) -> None:
    by_rpc = rpc("DeleteTaskPushNotificationConfig", {"taskId": "t", "id": "p"})
    assert back(by_rpc, value, to)[2] == {"jsonrpc": "2.0", "id": 7, "result": None}
    assert back(rest("DELETE", "/tasks/t/pushNotificationConfigs/p"), value, to)[2] == {}


def test_an_error_comes_back_in_the_callers_own_binding() -> None:
    error = {"jsonrpc": "2.0", "id": 1, "error": {"code": -32001, "message": "gone"}}
    assert back(rpc("GetTask", {"id": "t-1"}), error) == (
        200,
        "application/json",
        {"jsonrpc": "2.0", "id": 7, "error": {"code": -32001, "message": "gone"}},
    )
    status, media, body = back(rest("GET", "/tasks/t-1"), error)
    assert (status, media, body["error"]["status"]) == (404, "application/a2a+json", "NOT_FOUND")
    assert back(rpc("GetTask", {"id": "t-1"}), b"not json", REST_AGENT, 404)[2]["error"]["code"] == -32601
    assert back(rpc("GetTask", {"id": "t-1"}), b"", REST_AGENT, 404)[2]["error"]["code"] == -32601


def test_a_card_is_the_gateways_and_may_be_kept_by_its_caller_alone() -> None:
    card = {
        "name": "n",
        "supportedInterfaces": [{"url": "http://x/", "protocolBinding": "JSONRPC", "protocolVersion": "1.0"}],
    }
    found = REST.read_answer(answered(card), read(rest("GET", "/.well-known/agent-card.json")), AGENT)
    assert (found.media_type, dict(found.headers)["cache-control"]) == ("application/json", "private, max-age=300")
    assert json.loads(REST.render_answer(found, {}))["supportedInterfaces"][0]["url"] == "https://gw.example/a2a/ward"
    assert [part.text for part in found.parts] == ["n"]
    extended = RPC.read_answer(answered(result(card)), read(rpc("GetExtendedAgentCard")), AGENT)
    assert json.loads(RPC.render_answer(extended, {"/name": "*"}))["result"]["name"] == "*"


@pytest.mark.parametrize("status", [100, 301, 302, 307, 401, 403, 407])
def test_what_speaks_of_the_gateways_own_credential_or_address_is_not_passed_on(status: int) -> None:
    with pytest.raises(AgentError, match="bad_answer"):
        back(rpc("SendMessage", SEND), result(SAID), AGENT, status)


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"jsonrpc":"2.0","id":1,"result":{"task":{"id":"a","context_id":"b"}}}']
)
def test_what_cannot_be_read_of_an_answer_is_a_bad_answer(body: bytes) -> None:
    with pytest.raises(AgentError, match="bad_answer"):
        RPC.read_answer(WireAnswer(status=200, headers=(), body=body), read(rpc("SendMessage", SEND)), AGENT)


def test_an_answer_of_another_protocol_is_not_written() -> None:
    found = RPC.read_answer(answered(result(SAID)), read(rpc("SendMessage", SEND)), AGENT)
    with pytest.raises(FormatError):
        RPC.render_answer(type(found)(status=200, media_type="", headers=(), body=b"", parts=()), {})
    with pytest.raises(FormatError):
        RPC.render_answer(found, {"/task/else": "*"})


def test_a_list_is_left_with_the_callers_own_tasks_and_parts_of_no_others() -> None:
    asked = read(rpc("ListTasks"))
    found = RPC.read_answer(answered(result({"tasks": [task("a"), task("b", metadata={"k": "v"})]})), asked, AGENT)
    assert listed(found) == ("a", "b")
    only = only_listed(found, frozenset({"a"}), BOUNDS)
    assert json.loads(RPC.render_answer(only, {}))["result"] == {"tasks": [task("a")], "totalSize": 1}
    assert Part("/tasks/1/metadata/k", "v", "text", "k") not in only.parts
    failed = RPC.read_answer(answered({"jsonrpc": "2.0", "id": 1, "error": {"code": 1, "message": ""}}), asked, AGENT)
    assert listed(failed) == ()
    assert only_listed(failed, frozenset(), BOUNDS) is failed


def test_it_serves_the_agent_of_its_path_alone() -> None:
    asked = read(rpc("SendMessage", SEND))
    assert RPC.serves(asked, AGENT)
    assert not RPC.serves(asked, route("ward", protocol="mcp"))
    assert not RPC.serves(asked, route("other", protocol="a2a"))


def test_streams_and_errors_are_the_protocols_own() -> None:
    assert isinstance(RPC.stream(read(rpc("SendStreamingMessage", SEND)), MaskingLanes(), BOUNDS, AGENT), A2aStream)
    assert "jsonrpc" in json.loads(RPC.error(Refusal(code="not_found"), "ex_1"))
    assert json.loads(REST.error(Refusal(code="not_found"), "ex_1"))["error"]["code"] == 404


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "message",
                    "parts",
                    "text",
                    "raw",
                    "url",
                    "data",
                    "metadata",
                    "contextId",
                    "taskId",
                    "id",
                    "tasks",
                    "task",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@settings(max_examples=200)
@given(JSON, st.sampled_from(["SendMessage", "GetTask", "ListTasks", "CreateTaskPushNotificationConfig"]))
def test_any_parameters_are_read_or_refused_and_go_out_as_they_came(params: Any, operation: str) -> None:
    found = RPC.read(rpc(operation, params), BOUNDS)
    if isinstance(found, Message):
        assert json.loads(RPC.render(found, AGENT, {}).body)["params"] == ({} if params is None else params)


@settings(max_examples=200)
@given(JSON, st.sampled_from(["SendMessage", "GetTask", "ListTasks", "GetExtendedAgentCard"]))
def test_any_result_is_read_or_a_bad_answer(value: Any, operation: str) -> None:
    asked = read(rpc(operation, {"id": "t-1", "message": message()}))
    try:
        found = RPC.read_answer(answered(result(value)), asked, AGENT)
    except AgentError:
        return
    assert operation == "GetExtendedAgentCard" or json.loads(RPC.render_answer(found, {}))["result"] == (value or {})
