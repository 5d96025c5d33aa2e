"""A2A has a form for what waits: a task that needs input, found by its caller alone, on which the message goes on."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.settings import Settings
from tests.agents.a2a_making import message, task
from tests.conftest import ManualClock
from tests.system.kit import MAIL, PERSONAL, policies
from tests.system.site import System
from tests.system.test_a2a import refused, rest, rpc
from tests.system.test_a2a import saying as saying_site

ASK = (
    "p, 390, role:clerk, class:pii, agent:ward, message, purpose:*, always, allow, redact;approve:privacy, ask-first, "
    '"People look first."'
)
SENDS = {"JSONRPC": "SendMessage", "HTTP+JSON": "/message:send"}
STREAMS = {"JSONRPC": "SendStreamingMessage", "HTTP+JSON": "/message:stream"}


@asynccontextmanager
async def waiting(settings: Settings, directory: Path, **more: Any) -> AsyncIterator["Case"]:
    async with saying_site(settings, policy=policies(directory / "own", ASK), **more) as (site, said):
        said.says = {"task": task(state="TASK_STATE_COMPLETED")}
        yield Case(site, await site.key("clerk", owner="ada"), said)


class Case:
    def __init__(self, site: System, key: str, said: Any) -> None:
        self.site, self.key, self.said = site, key, said

    async def send(self, binding: str, text: str = PERSONAL, *, stream: bool = False, **more: Any) -> httpx.Response:
        params = {"message": message({"text": text}, **more)}
        operation = (STREAMS if stream else SENDS)[binding]
        if binding == "JSONRPC":
            return await rpc(self.site, self.key, operation, params)
        return await rest(self.site, self.key, "POST", operation, params)

    async def get(self, binding: str, name: str, key: str | None = None) -> httpx.Response:
        if binding == "JSONRPC":
            return await rpc(self.site, key or self.key, "GetTask", {"id": name})
        return await rest(self.site, key or self.key, "GET", f"/tasks/{name}")

    async def answer(self, approval: str, word: str) -> None:
        officer = await self.site.key("privacy", owner="eve", kind="person")
        headers = {"authorization": f"Bearer {officer}"}
        body = {"reason": "seen", "version": 0}
        done = await self.site.http.post(f"/approvals/{approval}/{word}", json=body, headers=headers)
        assert done.status_code == 200, done.text


def result(answer: httpx.Response, binding: str) -> Any:
    assert answer.status_code == 200, answer.text
    document = answer.json()
    return document["result"] if binding == "JSONRPC" else document


@pytest.mark.parametrize("binding", SENDS)
async def test_a_message_waits_as_a_task_and_goes_on_once_on_it(
    sqlite_settings: Settings, tmp_path: Path, binding: str
) -> None:
    async with waiting(sqlite_settings, tmp_path) as case:
        first = await case.send(binding)
        waits = result(first, binding)["task"]
        approval = waits["metadata"]["approval"]
        assert (waits["id"], waits["status"]["state"]) == (approval, "TASK_STATE_INPUT_REQUIRED")
        assert (first.headers["location"], first.headers["x-decision"]) == (waits["metadata"]["link"], "approve")
        (asked, denied) = await case.site.trail(first.headers["x-exchange-id"])
        assert (asked["approval"], denied["outcome"]) == (
            approval,
            {**denied["outcome"], "code": "approval_required", "status": 200},
        )
        on_it = {"taskId": waits["id"], "contextId": waits["contextId"], "messageId": "m-2"}
        assert result(await case.send(binding, **on_it), binding)["task"]["id"] == approval
        await case.answer(approval, "approve")
        assert result(await case.get(binding, approval), binding)["status"]["state"] == "TASK_STATE_INPUT_REQUIRED"
        assert not case.site.agents["ward"].received
        goes = result(await case.send(binding, **{**on_it, "messageId": "m-3"}), binding)
        assert goes["task"]["id"] == "t-1"
        (body,) = case.site.agents["ward"].bodies
        sent = body["params"]["message"]
        assert (sent.get("taskId"), sent.get("contextId"), sent["messageId"]) == (None, None, "m-3")
        assert (MAIL in str(body), "[EMAIL]" in str(body)) == (False, True)
        assert result(await case.get(binding, approval), binding)["status"]["state"] == "TASK_STATE_COMPLETED"
        again = await case.send(binding, **{**on_it, "messageId": "m-4"})
        assert refused(again)[2] == "approval_used"
        assert len(case.site.agents["ward"].received) == 1


@pytest.mark.parametrize("binding", SENDS)
async def test_in_a_stream_the_task_is_its_one_event(sqlite_settings: Settings, tmp_path: Path, binding: str) -> None:
    async with waiting(sqlite_settings, tmp_path) as case:
        first = await case.send(binding, stream=True)
        assert (first.status_code, first.headers["content-type"]) == (200, "text/event-stream")
        (event,) = [line for line in first.text.split("\n") if line]
        document = httpx.Response(200, content=event.removeprefix("data: ")).json()
        waits = (document["result"] if binding == "JSONRPC" else document)["task"]
        assert waits["status"]["state"] == "TASK_STATE_INPUT_REQUIRED"
        await case.answer(waits["id"], "approve")
        case.said.says = [{"task": task(state="TASK_STATE_COMPLETED")}]
        goes = await case.send(binding, stream=True, taskId=waits["id"], contextId=waits["contextId"])
        assert '"t-1"' in goes.text
        # What was approved for a stream is not sent without one.
        assert refused(await case.send(binding, taskId=waits["id"]))[2] == "approval_mismatch"


async def test_another_message_on_the_task_is_refused(sqlite_settings: Settings, tmp_path: Path) -> None:
    async with waiting(sqlite_settings, tmp_path) as case:
        waits = result(await case.send("JSONRPC"), "JSONRPC")["task"]
        await case.answer(waits["id"], "approve")
        for more in ({"text": f"{PERSONAL} Now."}, {"contextId": "c-9"}, {"extensions": ["x:y"]}):
            other = await case.send("JSONRPC", **{"taskId": waits["id"], "contextId": waits["contextId"], **more})
            assert refused(other)[2] == "approval_mismatch"
        assert not case.site.agents["ward"].received


async def test_the_task_is_its_callers_alone_and_tells_what_became_of_it(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    clock = ManualClock()
    async with waiting(sqlite_settings, tmp_path, clock=clock, approvals={"wait_s": 60}) as case:
        kept = result(await case.send("JSONRPC", contextId="c-1"), "JSONRPC")["task"]
        assert kept["contextId"] == "c-1"
        stranger = await case.site.key("clerk", owner="bob")
        assert refused(await case.get("JSONRPC", kept["id"], stranger))[2] == "not_found"
        assert refused(await case.get("JSONRPC", "ap_" + "0" * 26))[2] == "not_found"
        for operation in ("CancelTask", "SubscribeToTask"):
            assert refused(await rpc(case.site, case.key, operation, {"id": kept["id"]}))[2] == "not_found"
        denied = result(await case.send("HTTP+JSON", "Denied: jane.doe@example.org"), "HTTP+JSON")["task"]
        await case.answer(denied["id"], "deny")
        found = result(await case.get("HTTP+JSON", denied["id"]), "HTTP+JSON")
        assert found["status"]["state"] == "TASK_STATE_REJECTED"
        clock.advance(61)
        assert result(await case.get("JSONRPC", kept["id"]), "JSONRPC")["status"]["state"] == "TASK_STATE_CANCELED"
        assert not case.site.agents["ward"].received
