"""A task that needs input stands for what waits; the agent hears nothing of it."""

import json
from typing import Any

import pytest
from a2a.types import StreamResponse, Task
from google.protobuf import json_format  # type: ignore[import-untyped]  # ships no types

from gateway.agents.a2a import asked_of
from gateway.agents.a2a_pending import State, Waits, said
from tests.agents.a2a_making import AGENT, RPC, message, read, rest, rpc

APPROVAL = "ap_" + "1a" * 13
WAITS = Waits(
    approval=APPROVAL, link="https://gw.example/approvals/x", exchange="ex_1", at="2026-11-24T01:02:03.000004Z"
)


@pytest.mark.parametrize("stream", [False, True])
def test_what_waits_is_a_task_that_the_protocol_knows(stream: bool) -> None:
    media, body = said(WAITS, "JSONRPC", 7, stream=stream, bare=False)
    assert media == ("text/event-stream" if stream else "application/json")
    document = json.loads(body.removeprefix(b"data: "))
    assert (document["jsonrpc"], document["id"]) == ("2.0", 7)
    # The protocol's own reader takes all of it, and no member twice.
    read_back = json_format.ParseDict(document["result"], StreamResponse()).task
    assert (read_back.id, read_back.context_id) == (APPROVAL, APPROVAL)
    assert document["result"]["task"]["status"]["state"] == "TASK_STATE_INPUT_REQUIRED"
    assert document["result"]["task"]["metadata"] == {
        "approval": APPROVAL,
        "link": WAITS.link,
        "exchange": "ex_1",
    }


@pytest.mark.parametrize(
    ("state", "told"),
    [
        ("pending", "INPUT_REQUIRED"),
        ("approved", "INPUT_REQUIRED"),
        ("denied", "REJECTED"),
        ("used", "COMPLETED"),
        ("expired", "CANCELED"),
        ("superseded", "CANCELED"),
    ],
)
def test_a_task_that_is_asked_for_has_the_state_of_the_approval(state: State, told: str) -> None:
    waits = Waits(approval=APPROVAL, link="l", exchange="ex_1", at=WAITS.at, state=state, context="c-9")
    media, body = said(waits, "HTTP+JSON", None, stream=False, bare=True)
    assert media == "application/a2a+json"
    task = json.loads(body)
    assert (task["id"], task["contextId"], task["status"]["state"]) == (APPROVAL, "c-9", f"TASK_STATE_{told}")
    json_format.ParseDict(task, Task())


@pytest.mark.parametrize(
    ("more", "kept"),
    [
        ({"taskId": APPROVAL}, {}),
        ({"taskId": APPROVAL, "contextId": APPROVAL}, {}),
        ({"taskId": APPROVAL, "contextId": "c-1"}, {"contextId": "c-1"}),
        ({"taskId": APPROVAL, "contextId": f"{APPROVAL}0"}, {"contextId": f"{APPROVAL}0"}),
    ],
)
def test_a_message_that_is_sent_again_reaches_the_agent_without_the_task_it_waited_in(
    more: dict[str, Any], kept: dict[str, Any]
) -> None:
    for request in (
        rpc("SendMessage", {"message": message(**more)}),
        rest("POST", "/message:send", {"message": message(**more)}),
    ):
        found = read(request)
        assert found.approval == APPROVAL
        assert asked_of(found).call.params["message"] == message(**kept)
        assert f"a2a-task:ward/{APPROVAL}" not in found.sessions
        assert APPROVAL not in str([part.text for part in found.parts if part.text != f"{APPROVAL}0"])
    sent = json.loads(RPC.render(read(rpc("SendMessage", {"message": message(**more)})), AGENT, {}).body)
    assert "taskId" not in sent["params"]["message"]


def test_the_agents_own_tasks_stay() -> None:
    for task in ("t-1", "ap_1", f"{APPROVAL}0", APPROVAL.upper()):
        found = read(rpc("SendMessage", {"message": message(taskId=task)}))
        assert found.approval is None
        assert asked_of(found).call.params["message"]["taskId"] == task
    assert read(rpc("GetTask", {"id": APPROVAL})).approval is None
