"""What an agent answers is the result of the very operation, or nothing that is taken."""

from typing import Any

import pytest

from gateway.agents.a2a_answers import fits, named, only, payload, result_of, state_of, tasks_of
from gateway.agents.a2a_call import Call
from gateway.agents.a2a_errors import Said
from gateway.agents.a2a_words import Binding
from gateway.core.errors import AgentError
from tests.agents.a2a_making import message, result, task


def call(operation: str, **params: Any) -> Call:
    return Call(operation=operation, params=params, binding="JSONRPC", id=1)


def test_a_result_is_taken_out_of_its_envelope() -> None:
    assert result_of(result({"a": 1}), "JSONRPC", 200) == {"a": 1}
    assert result_of({"a": 1}, "HTTP+JSON", 200) == {"a": 1}
    assert result_of(result(None), "JSONRPC", 200) == result_of({}, "HTTP+JSON", 200) == {}


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        {},
        {"result": {}},
        {"jsonrpc": "2.0", "result": {}},
        {"jsonrpc": "2.0", "id": "1", "result": {}},
        {"jsonrpc": "2.0", "id": True, "result": {}},
        {"jsonrpc": "2.0", "id": 2, "result": {}},
        {"jsonrpc": "2.0", "id": 2, "error": {"code": 1}},
        {"jsonrpc": "2.0", "id": 1, "result": {}, "error": {}},
        {"jsonrpc": "2.0", "id": 1},
        {"jsonrpc": "2.0", "id": 1, "result": []},
        {"jsonrpc": "2.0", "id": 1, "result": "x"},
    ],
)
def test_what_answers_no_request_of_json_rpc_is_a_bad_answer(value: Any) -> None:
    with pytest.raises(AgentError, match="bad_answer"):
        result_of(value, "JSONRPC", 200)


@pytest.mark.parametrize("value", [[], "x", 7])
def test_what_is_no_object_is_a_bad_answer_by_http(value: Any) -> None:
    with pytest.raises(AgentError, match="bad_answer"):
        result_of(value, "HTTP+JSON", 200)


@pytest.mark.parametrize(
    ("value", "binding", "status", "code"),
    [
        ({"jsonrpc": "2.0", "id": 1, "error": {"code": -32001, "message": "x"}}, "JSONRPC", 200, -32001),
        ({"jsonrpc": "2.0", "id": None, "error": {"code": -32700, "message": "x"}}, "JSONRPC", 200, -32700),
        ("gone", "JSONRPC", 404, -32601),
        ({"error": {"code": 404, "status": "NOT_FOUND", "message": "x"}}, "HTTP+JSON", 404, -32601),
        ({"error": {"code": 400, "message": "x"}}, "HTTP+JSON", 200, -32602),
        (None, "HTTP+JSON", 418, -32603),
    ],
)
def test_an_error_is_told_as_one(value: Any, binding: Binding, status: int, code: int) -> None:
    said = result_of(value, binding, status)
    assert isinstance(said, Said)
    assert said.code == code


def test_the_answer_to_a_message_is_a_task_or_a_message_and_gives_its_names_away() -> None:
    asked = call("SendMessage", message=message())
    assert fits(asked, {"task": task()}, "ward") == ("a2a-context:c-1", "a2a-task:ward/t-1")
    assert fits(asked, {"message": message(contextId="c-2", taskId="t-2")}, "ward") == (
        "a2a-context:c-2",
        "a2a-task:ward/t-2",
    )
    assert fits(asked, {"message": message(), "task": None}, "ward") == ()


@pytest.mark.parametrize(
    ("operation", "value"),
    [
        ("SendMessage", {}),
        ("SendMessage", {"task": task(), "message": message()}),
        ("SendMessage", {"task": "t"}),
        ("SendMessage", {"statusUpdate": {"taskId": "t"}}),
        ("SendMessage", {"task": task(id="a/b")}),
        ("SendMessage", {"task": {"contextId": "c"}}),
        ("SendMessage", {"message": message(contextId=7)}),
        ("SendMessage", {"message": message(taskId="..")}),
        ("GetTask", task(id="t-2")),
        ("GetTask", {}),
        ("CancelTask", task(id="t-2")),
        ("ListTasks", {"tasks": {}}),
        ("ListTasks", {"tasks": ["t"]}),
        ("ListTasks", {"tasks": [{"contextId": "c"}]}),
    ],
)
def test_what_does_not_answer_the_operation_is_a_bad_answer(operation: str, value: Any) -> None:
    asked = call(operation, id="t-1", message=message())
    with pytest.raises(AgentError, match="bad_answer"):
        fits(asked, value, "ward")


def test_a_task_that_was_asked_for_is_told_and_other_results_name_nothing() -> None:
    assert fits(call("GetTask", id="t-1"), task(), "ward") == ("a2a-context:c-1", "a2a-task:ward/t-1")
    for operation in ("ListTasks", "GetTaskPushNotificationConfig", "DeleteTaskPushNotificationConfig"):
        assert fits(call(operation, taskId="t-1"), {"tasks": [task()]}, "ward") == ()
    assert fits(call("SubscribeToTask", id="t-1"), {"statusUpdate": {"taskId": "t-1"}}, "ward") == (
        "a2a-task:ward/t-1",
    )


def test_a_list_is_left_with_the_tasks_that_are_kept() -> None:
    given = {"tasks": [task("a"), task("b")], "totalSize": 40, "nextPageToken": "x"}
    assert only(given, frozenset({"b"})) == {"tasks": [task("b")], "totalSize": 1, "nextPageToken": "x"}
    assert tasks_of({}) == tasks_of({"tasks": None}) == []


def test_an_event_is_one_of_its_kinds() -> None:
    assert payload({"artifactUpdate": {"a": 1}, "later": 2}) == ("artifactUpdate", {"a": 1})
    assert named("artifactUpdate", {"taskId": "", "contextId": None}, "ward") == ()


@pytest.mark.parametrize(
    ("kind", "value", "state"),
    [
        ("task", task(), "TASK_STATE_WORKING"),
        ("statusUpdate", {"status": {"state": 3}}, "TASK_STATE_COMPLETED"),
        ("statusUpdate", {"status": {"state": 6}}, "TASK_STATE_INPUT_REQUIRED"),
        ("statusUpdate", {"status": {"state": 2}}, ""),
        ("statusUpdate", {"status": {}}, ""),
        ("statusUpdate", {"status": "x"}, ""),
        ("message", {"status": {"state": 3}}, ""),
    ],
)
def test_a_state_is_told_as_a_word_or_a_number(kind: str, value: dict[str, Any], state: str) -> None:
    assert state_of(kind, value) == state
