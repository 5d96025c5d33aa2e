"""A task of an MCP agent is the caller's for whom it was begun: nobody else's, in whatever session of their own."""

import json
import shutil
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from gateway.settings import Settings
from tests.agents.mcp_making import result, rpc
from tests.extraction.planting import data
from tests.system.kit import HEALTH
from tests.system.site import Agent, System, send_json, served, system

OLD = "2025-11-25"
BEGUN = {"protocolVersion": OLD, "capabilities": {}, "serverInfo": {"name": "n", "version": "1"}}
TASK = {"taskId": "task-7", "status": "working", "createdAt": "2026-01-01T00:00:00Z", "ttl": 60000}
CALL = {"name": "long", "arguments": {}, "task": {"ttl": 60000}}


def begins(agent: Agent, streamed: bool) -> None:
    """The agent begins its one task, and tells of it whoever asks."""

    async def behave(scope: Any, receive: Any, send: Any) -> None:
        asked = agent.bodies[-1]
        method = asked["method"]
        if method == "initialize":
            head = [(b"content-type", b"application/json"), (b"mcp-session-id", b"s-1")]
            await send({"type": "http.response.start", "status": 200, "headers": head})
            await send(
                {"type": "http.response.body", "body": json.dumps({**result(BEGUN), "id": asked["id"]}).encode()}
            )
            return
        said: dict[str, Any] = {
            "tools/list": {"tools": [{"name": "long", "inputSchema": {}}]},
            "tools/call": {"task": TASK},
        }
        answer = {**result(said.get(method, {**TASK, "statusMessage": HEALTH})), "id": asked["id"]}
        if not streamed or method != "tools/call":
            await send_json(send, answer)
            return
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]})
        await send({"type": "http.response.body", "body": data(answer)})

    agent.behave = behave


async def post(site: System, key: str, method: str, params: Any, session: str = "") -> httpx.Response:
    headers = {
        "authorization": f"Bearer {key}",
        "accept": "application/json, text/event-stream",
        "mcp-protocol-version": OLD,
        **({"mcp-session-id": session} if session else {}),
    }
    return await site.http.post("/mcp/ward", json=rpc(method, params), headers=headers)


async def opened(site: System, key: str) -> str:
    asked = {"protocolVersion": OLD, "capabilities": {}, "clientInfo": {"name": "c", "version": "1"}}
    return (await post(site, key, "initialize", asked)).headers["mcp-session-id"]


@pytest.mark.parametrize("streamed", [False, True])
async def test_a_task_is_there_for_who_began_it_alone_in_any_session_of_theirs(
    database: Settings, streamed: bool
) -> None:
    async with system(database, agents={"ward": {"zone": "in-house", "protocol": "mcp"}}) as site:
        begins(site.agents["ward"], streamed)
        ada, eve = await site.key("clinician", owner="ada"), await site.key("clinician", owner="eve")
        hers, later, others = await opened(site, ada), await opened(site, ada), await opened(site, eve)
        begun = await post(site, ada, "tools/call", CALL, hers)
        assert "task-7" in begun.text
        for session in (hers, later):
            mine = await post(site, ada, "tasks/get", {"taskId": "task-7"}, session)
            assert mine.json()["result"]["taskId"] == "task-7"
        asked = len(site.agents["ward"].received)
        for method in ("tasks/get", "tasks/result", "tasks/cancel"):
            for key, session, task in ((eve, others, "task-7"), (ada, hers, "task-8")):
                refused = await post(site, key, method, {"taskId": task}, session)
                assert (refused.status_code, refused.json()["error"]["data"]["code"]) == (404, "not_found")
        for params in ({}, {"taskId": 7}, {"taskId": ""}):
            assert (await post(site, ada, "tasks/get", params, hers)).status_code == 400
        assert len(site.agents["ward"].received) == asked


async def test_what_a_task_said_sticks_to_it_in_another_session_too(sqlite_settings: Settings) -> None:
    agents = {"ward": {"zone": "cloud", "processor": "cloud-inc", "protocol": "mcp"}}
    async with system(sqlite_settings, agents=agents) as site:
        begins(site.agents["ward"], False)
        key = await site.key("clinician")
        first, second = await opened(site, key), await opened(site, key)
        await post(site, key, "tools/call", CALL, first)
        told = await post(site, key, "tasks/get", {"taskId": "task-7"}, first)
        assert HEALTH in told.text
        denied = await post(site, key, "tasks/get", {"taskId": "task-7"}, second)
        assert (denied.status_code, denied.json()["error"]["data"]["code"]) == (403, "policy_denied")


@pytest.mark.postgres
async def test_sessions_and_tasks_are_the_same_on_every_node(postgres_settings: Settings, tmp_path: Path) -> None:
    agent = Agent()
    begins(agent, False)
    async with served(agent) as url:
        agents = {"ward": {"zone": "cloud", "processor": "cloud-inc", "protocol": "mcp", "url": url}}
        async with system(postgres_settings, agents=agents) as one:
            (tmp_path / "two").mkdir()
            shutil.copytree(tmp_path / "keys", tmp_path / "two" / "keys", ignore=shutil.ignore_patterns("node-id"))
            second = msgspec.structs.replace(postgres_settings, base=str(tmp_path / "two"))
            async with system(second, agents=agents) as two:
                key = await one.key("clinician")
                session = await opened(one, key)
                assert "task-7" in (await post(one, key, "tools/call", CALL, session)).text
                told = await post(two, key, "tasks/get", {"taskId": "task-7"}, session)
                assert HEALTH in told.text
                denied = await post(one, key, "tools/call", CALL, session)
                assert (denied.status_code, denied.json()["error"]["data"]["code"]) == (403, "policy_denied")
