"""What A2A agents answer, told strictly: the result of the very operation, in whichever binding, or an error."""

from typing import Any

from gateway.agents.a2a_call import Call, good_context, good_id, task_name
from gateway.agents.a2a_errors import Said, said_by
from gateway.agents.a2a_words import MESSAGES, UPDATES, Binding
from gateway.core.errors import AgentError

RPC_ID = 1
"""The id of every JSON-RPC request to an agent: each has its own connection, and callers' ids are theirs."""
_STATES = {3: "COMPLETED", 4: "FAILED", 5: "CANCELED", 6: "INPUT_REQUIRED", 7: "REJECTED", 8: "AUTH_REQUIRED"}
"""States as numbers (ProtoJSON takes both) that mean the end of a stream, or a pause."""


def result_of(value: Any, binding: Binding, status: int) -> dict[str, Any] | Said:
    """The result object in an answer, or the error that it is. `AgentError("bad_answer")` for neither."""
    if binding == "HTTP+JSON":
        if status >= 400 or (type(value) is dict and value.keys() == {"error"}):
            return said_by(value, binding, status)
        result = value
    else:
        if status >= 400 and not _is_rpc(value):
            return said_by(None, binding, status)
        if not _is_rpc(value) or ("error" in value) == ("result" in value):
            raise AgentError("bad_answer")
        answered = value.get("id")
        if not (type(answered) is int and answered == RPC_ID) and not (answered is None and "error" in value):
            raise AgentError("bad_answer")
        if "error" in value:
            return said_by(value, binding, status)
        result = value["result"]
    if result is None:  # of what was deleted nothing is left to say
        return {}
    if type(result) is not dict:
        raise AgentError("bad_answer")
    return result


def fits(call: Call, result: dict[str, Any], agent: str) -> tuple[str, ...]:
    """Whether a result answers this call: names of the sessions that it gives away, as in `Answer.sessions`.

    `AgentError("bad_answer")` where it does not, as for a task that was not asked for.
    """
    if call.operation in MESSAGES or call.stream:
        kind, value = payload(result)
        if call.operation in MESSAGES and not call.stream and kind not in ("task", "message"):
            raise AgentError("bad_answer")
        return named(kind, value, agent)
    if call.operation in ("GetTask", "CancelTask"):
        if result.get("id") != call.task:
            raise AgentError("bad_answer")
        return named("task", result, agent)
    if call.operation == "ListTasks":
        for task in tasks_of(result):
            named("task", task, agent)
    return ()


def payload(result: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Which of its kinds an event or the answer to a message is, and that object; exactly one."""
    kinds = [kind for kind in UPDATES if result.get(kind) is not None]
    if len(kinds) != 1 or type(result[kinds[0]]) is not dict:
        raise AgentError("bad_answer")
    return kinds[0], result[kinds[0]]


def named(kind: str, value: dict[str, Any], agent: str) -> tuple[str, ...]:
    """The names of sessions that an object gives away: its context, and its task."""
    context, task = value.get("contextId"), value.get("id" if kind == "task" else "taskId")
    if (context or "") != "" and not good_context(context):
        raise AgentError("bad_answer")
    if ((task or "") != "" or kind == "task") and not good_id(task):
        raise AgentError("bad_answer")
    names = (f"a2a-context:{context}",) if context else ()
    return (*names, task_name(agent, str(task))) if task else names


def tasks_of(result: dict[str, Any]) -> list[dict[str, Any]]:
    """The tasks in the answer to `ListTasks`."""
    found = [] if result.get("tasks") is None else result["tasks"]
    if type(found) is not list or not all(type(task) is dict for task in found):
        raise AgentError("bad_answer")
    return found


def only(result: dict[str, Any], kept: frozenset[str]) -> dict[str, Any]:
    """The answer to `ListTasks` with the tasks of these ids alone: nor is it told how many others there are."""
    tasks = [task for task in tasks_of(result) if task["id"] in kept]
    return {**result, "tasks": tasks, "totalSize": len(tasks)}


def state_of(kind: str, value: dict[str, Any]) -> str:
    """The state that an event tells of its task; empty where it tells none."""
    status = value.get("status") if kind in ("task", "statusUpdate") else None
    state = status.get("state") if type(status) is dict else None
    if type(state) is int:
        return f"TASK_STATE_{_STATES[state]}" if state in _STATES else ""
    return state if type(state) is str else ""


def _is_rpc(value: Any) -> bool:
    return type(value) is dict and value.get("jsonrpc") == "2.0"
