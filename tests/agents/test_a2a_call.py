"""One operation and its parameters, whichever binding they came in; what two readers could differ on is refused."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.agents.a2a_call import Call, good_id, read_rest, read_rpc, task_name
from gateway.agents.a2a_words import OPERATIONS
from gateway.agents.bodies import read_json
from gateway.core.message import Inbound
from gateway.core.refusal import Refusal
from tests.agents.a2a_making import message, rest, rpc
from tests.agents.support import BOUNDS, inbound

PUSH = {"url": "https://hooks.example/"}
PARAMS: dict[str, dict[str, Any]] = {
    "SendMessage": {"message": message()},
    "SendStreamingMessage": {"message": message()},
    "GetTask": {"id": "t-1"},
    "ListTasks": {},
    "CancelTask": {"id": "t-1"},
    "SubscribeToTask": {"id": "t-1"},
    "CreateTaskPushNotificationConfig": {"taskId": "t-1", **PUSH},
    "GetTaskPushNotificationConfig": {"taskId": "t-1", "id": "p-1"},
    "ListTaskPushNotificationConfigs": {"taskId": "t-1"},
    "DeleteTaskPushNotificationConfig": {"taskId": "t-1", "id": "p-1"},
    "GetExtendedAgentCard": {},
}


def call(request: Inbound) -> Call | Refusal:
    read = read_json(request.body, BOUNDS) if request.body else None
    assert not isinstance(read, Refusal)
    value = None if read is None else read.value
    path = request.path.removeprefix("/a2a/ward").removeprefix("/")
    return read_rpc(request, value) if not path else read_rest(request, path, value)


def told(request: Inbound) -> Call:
    found = call(request)
    assert isinstance(found, Call), found
    return found


def refused(request: Inbound) -> tuple[str, str | None]:
    found = call(request)
    assert isinstance(found, Refusal), found
    return found.code, found.field


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_operation_comes_by_json_rpc(operation: str) -> None:
    found = told(rpc(operation, PARAMS[operation]))
    assert (found.operation, found.params, found.binding, found.id) == (operation, PARAMS[operation], "JSONRPC", 7)
    assert found.stream == (operation in ("SendStreamingMessage", "SubscribeToTask"))
    assert found.lasting == (operation == "SubscribeToTask")


@pytest.mark.parametrize(
    ("operation", "request_"),
    [
        ("SendMessage", rest("POST", "/message:send", PARAMS["SendMessage"])),
        ("SendStreamingMessage", rest("POST", "/message:stream", PARAMS["SendMessage"])),
        ("GetTask", rest("GET", "/tasks/t-1")),
        ("ListTasks", rest("GET", "/tasks")),
        ("CancelTask", rest("POST", "/tasks/t-1:cancel", {"id": "t-1"})),
        ("CancelTask", rest("POST", "/tasks/t-1:cancel")),
        ("SubscribeToTask", rest("POST", "/tasks/t-1:subscribe")),
        ("SubscribeToTask", rest("GET", "/tasks/t-1:subscribe")),
        ("CreateTaskPushNotificationConfig", rest("POST", "/tasks/t-1/pushNotificationConfigs", PUSH)),
        ("GetTaskPushNotificationConfig", rest("GET", "/tasks/t-1/pushNotificationConfigs/p-1")),
        ("ListTaskPushNotificationConfigs", rest("GET", "/tasks/t-1/pushNotificationConfigs")),
        ("DeleteTaskPushNotificationConfig", rest("DELETE", "/tasks/t-1/pushNotificationConfigs/p-1")),
        ("GetExtendedAgentCard", rest("GET", "/extendedAgentCard")),
    ],
)
def test_every_operation_comes_by_http(operation: str, request_: Inbound) -> None:
    found = told(request_)
    assert (found.operation, found.params, found.binding, found.id) == (operation, PARAMS[operation], "HTTP+JSON", None)


def test_the_card_is_fetched_whatever_version_one_speaks() -> None:
    found = told(rest("GET", "/.well-known/agent-card.json", version=None))
    assert (found.operation, found.params, found.stream, found.continues("ward")) == ("AgentCard", {}, False, ())
    assert refused(rest("POST", "/.well-known/agent-card.json", {})) == ("method_not_allowed", None)


def test_a_query_holds_the_parameters_by_their_types() -> None:
    query = "contextId=c-1&status=TASK_STATE_WORKING&pageSize=5&includeArtifacts=true&historyLength=0&pageToken=a%20b"
    assert told(rest("GET", "/tasks", query=query)).params == {
        "contextId": "c-1",
        "status": "TASK_STATE_WORKING",
        "pageSize": 5,
        "includeArtifacts": True,
        "historyLength": 0,
        "pageToken": "a b",
    }


def test_a_tenant_stands_before_the_path_and_may_be_repeated_in_the_body() -> None:
    assert told(rest("GET", "/acme/tasks/t-1")).params == {"tenant": "acme", "id": "t-1"}
    body = {**PARAMS["SendMessage"], "tenant": "acme"}
    assert told(rest("POST", "/acme/message:send", body)).params == body
    assert refused(rest("POST", "/other/message:send", body)) == ("schema_violation", "/tenant")


@pytest.mark.parametrize("stated", ["1.0", " 1.0\t", "1.0.0", "1.0.17"])
def test_the_version_is_one_whatever_its_patch(stated: str) -> None:
    assert told(rpc("ListTasks", version=stated)).operation == "ListTasks"
    assert told(rest("GET", "/tasks", version=None, query="A2A-Version=1.0")).params == {}


@pytest.mark.parametrize("stated", [None, "", "0.3", "0.3.0", "1", "1.1", "2.0", "1.0 1.0", "x"])
def test_another_version_is_told_so_first(stated: str | None) -> None:
    """None is 0.3, whose methods are others; whoever calls one learns of the version and not of the method."""
    assert refused(rpc("message/send", version=stated)) == ("version_unsupported", "a2a-version")
    assert refused(rest("POST", "/v1/message:send", {}, version=stated)) == ("version_unsupported", "a2a-version")


def test_two_versions_are_none() -> None:
    twice = rpc("ListTasks")
    given = Inbound(
        method="POST", path=twice.path, query="", headers=(*twice.headers, ("a2a-version", "0.3")), body=b""
    )
    assert isinstance(read_rpc(given, {}), Refusal)
    assert refused(rest("GET", "/tasks", query="A2A-Version=0.3")) == ("header_mismatch", "a2a-version")
    assert refused(rest("GET", "/tasks", version=None, query="a2a-version=%zz"))[0] == "parameter_invalid"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ([], ("feature_unsupported", "")),
        (7, ("schema_violation", "/jsonrpc")),
        ({"jsonrpc": "1.0"}, ("schema_violation", "/jsonrpc")),
        ({"jsonrpc": "2.0", "method": "ListTasks"}, ("schema_violation", "/id")),
        ({"jsonrpc": "2.0", "id": None, "method": "ListTasks"}, ("schema_violation", "/id")),
        ({"jsonrpc": "2.0", "id": True, "method": "ListTasks"}, ("schema_violation", "/id")),
        ({"jsonrpc": "2.0", "id": 1.5, "method": "ListTasks"}, ("schema_violation", "/id")),
        ({"jsonrpc": "2.0", "id": "x" * 257, "method": "ListTasks"}, ("schema_violation", "/id")),
        ({"jsonrpc": "2.0", "id": 1}, ("schema_violation", "/method")),
        ({"jsonrpc": "2.0", "id": 1, "method": "QuerySkill"}, ("method_unknown", "/method")),
        ({"jsonrpc": "2.0", "id": 1, "method": "message/send"}, ("method_unknown", "/method")),
        ({"jsonrpc": "2.0", "id": 1, "method": "AgentCard"}, ("method_unknown", "/method")),
        ({"jsonrpc": "2.0", "id": 1, "method": "ListTasks", "params": []}, ("schema_violation", "/params")),
    ],
)
def test_what_is_no_json_rpc_request_is_refused(body: Any, expected: tuple[str, str]) -> None:
    given = inbound(body, path="/a2a/ward", headers={"content-type": "application/json", "a2a-version": "1.0"})
    assert refused(given) == expected


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (rest("GET", "/x"), "method_unknown"),
        (rest("GET", "/task"), "method_unknown"),
        (rest("GET", "/tasks/"), "schema_violation"),
        (rest("GET", "/tasks/a/b"), "method_unknown"),
        (rest("GET", "/a/b/tasks"), "method_unknown"),
        (rest("GET", "/a b/tasks"), "method_unknown"),
        (rest("GET", "/acme/.well-known/agent-card.json"), "method_unknown"),
        (rest("POST", "/skills/x/query", {}), "method_unknown"),
        (rest("GET", "/message:send"), "method_not_allowed"),
        (rest("DELETE", "/tasks/t-1"), "method_not_allowed"),
        (rest("PUT", "/tasks/t-1/pushNotificationConfigs", {}), "method_not_allowed"),
        (rest("GET", "/tasks/t-1:cancel"), "method_not_allowed"),
        (rest("POST", "/message:send"), "schema_violation"),
        (rest("POST", "/message:send", []), "schema_violation"),
        (rest("POST", "/message:send", {}, query="a=1"), "parameter_invalid"),
        (rest("GET", "/tasks", {}), "media_type"),
        (rest("GET", "/tasks", query="pageSize=many"), "parameter_invalid"),
        (rest("GET", "/tasks", query="includeArtifacts=1"), "parameter_invalid"),
        (rest("GET", "/tasks", query="pageSize=1&pageSize=2"), "parameter_invalid"),
        (rest("GET", "/tasks", query="pageToken=%ff"), "parameter_invalid"),
        (rest("GET", "/tasks/.."), "schema_violation"),
        (rest("POST", "/tasks/t-1:cancel", {"id": "t-2"}), "schema_violation"),
        (rest("POST", "/tasks/t-1/pushNotificationConfigs", {**PUSH, "taskId": "t-2"}), "schema_violation"),
    ],
)
def test_what_is_no_request_of_the_http_binding_is_refused(request_: Inbound, code: str) -> None:
    assert refused(request_)[0] == code


@pytest.mark.parametrize(
    ("operation", "params", "field"),
    [
        ("SendMessage", {}, "/message"),
        ("SendMessage", {"message": "hello"}, "/message"),
        ("SendMessage", {"message": {}}, "/message/parts"),
        ("SendMessage", {"message": {**message(), "parts": []}}, "/message/parts"),
        ("SendMessage", {"message": {**message(), "parts": ["hello"]}}, "/message/parts"),
        ("SendMessage", {"message": message({"text": "a"}, {"file": {"uri": "http://x.example"}})}, "/message/parts/1"),
        ("SendMessage", {"message": message({"uri": "http://x.example"})}, "/message/parts/0"),
        ("SendMessage", {"message": message({"fileWithUri": "http://x.example"})}, "/message/parts/0"),
        (
            "SendMessage",
            {"message": message(), "configuration": {"pushNotificationConfig": {"url": "http://x.example"}}},
            "/configuration",
        ),
        (
            "SendStreamingMessage",
            {"message": message(), "configuration": {"taskPushNotificationConfigs": [{"url": "http://x.example"}]}},
            "/configuration",
        ),
        ("SendMessage", {"message": message(), "taskPushNotificationConfig": {"url": "http://x"}}, "/configuration"),
        ("SendMessage", {"message": message(contextId=7)}, "/message/contextId"),
        ("SendMessage", {"message": message(contextId="x" * 513)}, "/message/contextId"),
        ("SendMessage", {"message": message(taskId="a/b")}, "/message/taskId"),
        ("SendMessage", {"message": message(taskId=["t-1"])}, "/message/taskId"),
        ("SendMessage", {"message": message(referenceTaskIds="t-1")}, "/message/referenceTaskIds"),
        ("SendMessage", {"message": message(referenceTaskIds=["t-1", 7])}, "/message/referenceTaskIds"),
        ("SendMessage", {"message": message(), "configuration": []}, "/configuration"),
        ("SendMessage", {"message": message(), "tenant": "../x"}, "/tenant"),
        ("SendMessage", {"message": message(), "tenant": 7}, "/tenant"),
        ("GetTask", {}, "/id"),
        ("GetTask", {"id": 7}, "/id"),
        ("GetTask", {"id": ""}, "/id"),
        ("CancelTask", {"id": "a b"}, "/id"),
        ("CreateTaskPushNotificationConfig", {"taskId": "t-1"}, "/url"),
        ("CreateTaskPushNotificationConfig", {"taskId": "t-1", "url": ["x"]}, "/url"),
        ("CreateTaskPushNotificationConfig", {"url": "https://hooks.example/"}, "/taskId"),
        ("GetTaskPushNotificationConfig", {"taskId": "t-1"}, "/id"),
        ("DeleteTaskPushNotificationConfig", {"taskId": "t-1", "id": "a?b"}, "/id"),
    ],
)
def test_what_the_gateway_relies_on_is_of_its_form(operation: str, params: dict[str, Any], field: str) -> None:
    assert refused(rpc(operation, params)) == ("schema_violation", field)


def test_a_message_asks_for_news_of_its_own_task_alone() -> None:
    place = "/configuration/taskPushNotificationConfig"

    def asked(push: Any, **more: Any) -> Inbound:
        return rpc("SendMessage", {"message": message(**more), "configuration": {"taskPushNotificationConfig": push}})

    assert told(asked(PUSH)).pushes() == ((f"{place}/url", PUSH["url"]),)
    assert told(asked({**PUSH, "taskId": "t-1"}, taskId="t-1")).pushes()
    assert told(asked(None)).pushes() == ()
    assert refused(asked({**PUSH, "taskId": "t-2"})) == ("schema_violation", f"{place}/taskId")
    assert refused(asked({**PUSH, "taskId": "t-2"}, taskId="t-1")) == ("schema_violation", f"{place}/taskId")
    assert refused(asked({"url": 7})) == ("schema_violation", place)
    assert refused(asked("https://hooks.example/")) == ("schema_violation", place)


def test_a_call_names_what_it_continues_and_what_it_refers_to() -> None:
    given = told(rpc("SendMessage", {"message": message(contextId="c-1", taskId="t-1", referenceTaskIds=["t-0"])}))
    assert given.continues("ward") == ("a2a-context:c-1", "a2a-task:ward/t-1")
    assert given.refers("ward") == ("a2a-task:ward/t-0",)
    fresh = told(rpc("SendMessage", {"message": message(contextId="", taskId=None, referenceTaskIds=None)}))
    assert (fresh.continues("ward"), fresh.refers("ward"), fresh.pushes()) == ((), (), ())
    for operation, params in PARAMS.items():
        if operation not in ("SendMessage", "SendStreamingMessage", "ListTasks", "GetExtendedAgentCard"):
            assert told(rpc(operation, params)).continues("ward") == (task_name("ward", "t-1"),)
    assert told(rpc("ListTasks", {"contextId": "c-1"})).continues("ward") == ()


def test_extensions_are_one_text_in_ascii() -> None:
    headers = {"a2a_extensions": "https://a.example/x/v1, https://b.example/y"}
    assert told(rpc("ListTasks", headers=headers)).extensions == headers["a2a_extensions"]
    assert refused(rpc("ListTasks", headers={"a2a_extensions": "ü"})) == ("header_invalid", "a2a-extensions")
    assert refused(rpc("ListTasks", headers={"a2a_extensions": ""})) == ("header_invalid", "a2a-extensions")


@pytest.mark.parametrize(
    "value",
    ["", "..", ".", "a/b", "a\\b", "a?b", "a#b", "a%2fb", "a b", "a\n", "ü", "t:cancel", "t:subscribe", 7, None],
)
def test_an_id_leads_nowhere_but_to_itself(value: Any) -> None:
    assert not good_id(value)


@pytest.mark.parametrize("value", ["t-1", "urn:uuid:1", "a..b", "...", "x" * 256, "T_1~2.3@example"])
def test_ids_of_agents_are_taken_as_they_are(value: str) -> None:
    assert good_id(value)


@settings(max_examples=150)
@given(
    st.sampled_from(["GET", "POST", "DELETE", "PUT"]),
    st.lists(st.sampled_from(["tasks", "message:send", "t", "t:cancel", "..", "", "pushNotificationConfigs", "ü"])),
    st.text("abcAid=&%2x", max_size=20),
    st.none()
    | st.dictionaries(st.sampled_from(["message", "id", "tenant", "taskId", "url"]), st.integers() | st.text()),
)
def test_any_request_is_read_or_refused(method: str, path: list[str], query: str, body: Any) -> None:
    found = call(rest(method, "/" + "/".join(["x", *path][1:]), body, query=query))
    assert isinstance(found, Call | Refusal)
    if isinstance(found, Call):
        assert found.operation in OPERATIONS
        assert all(good_id(found.params[name]) for name in ("id", "taskId") if name in found.params and found.task)
