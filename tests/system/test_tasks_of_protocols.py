"""A request of any protocol can be made later: the same steps run it, and its caller gets the protocol's answer."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest

from gateway.agents.mcp_words import META_VERSION
from gateway.settings import Settings
from tests.agents import mcp_making
from tests.system.a2a_agent import Late, Ward, application, card
from tests.system.kit import MAIL
from tests.system.mcp_agent import server
from tests.system.messages import Claude
from tests.system.site import completion, send_json, served
from tests.web.tasking import Tasking, tasking

TEXT = f"Please write to {MAIL} about the order."
MESSAGE = {"messageId": "m-1", "role": "ROLE_USER", "parts": [{"text": f"say {TEXT}"}]}


def mcp_order(method: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
    """A request of the newest version, as its headers must repeat it."""
    meta = {META_VERSION: mcp_making.NEW, "io.modelcontextprotocol/clientCapabilities": {}}
    asked = mcp_making.new(method, {"_meta": meta, **(params or {})})
    headers = {name: value for name, value in asked.headers if name != "content-type"}
    return {"path": "/mcp/tools", "text": asked.body.decode(), "media_type": "application/json", "headers": headers}


ORDERS: dict[str, dict[str, Any]] = {
    "responses": {"path": "/v1/responses", "body": {"model": "open", "input": TEXT}},
    "embeddings": {"path": "/v1/embeddings", "body": {"model": "open", "input": TEXT}},
    "messages": {
        "path": "/v1/messages",
        "body": {"model": "claude", "max_tokens": 64, "messages": [{"role": "user", "content": TEXT}]},
        "headers": {"anthropic-version": "2023-06-01"},
    },
    "count_tokens": {
        "path": "/v1/messages/count_tokens",
        "body": {"model": "claude", "messages": [{"role": "user", "content": TEXT}]},
        "headers": {"anthropic-version": "2023-06-01"},
    },
    "mcp": mcp_order("tools/call", {"name": "echo", "arguments": {"text": TEXT}}),
    "a2a json-rpc": {
        "path": "/a2a/ward",
        "body": {"jsonrpc": "2.0", "id": 1, "method": "SendMessage", "params": {"message": MESSAGE}},
        "headers": {"a2a-version": "1.0"},
    },
    "a2a rest": {"path": "/a2a/ward/message:send", "body": {"message": MESSAGE}, "headers": {"a2a-version": "1.0"}},
}
AGENTS = {"responses": "open", "embeddings": "open", "messages": "claude", "count_tokens": "claude", "mcp": "tools"}


async def answering(scope: Any, receive: Any, send: Any) -> None:
    """An agent of the OpenAI protocols."""
    if scope["path"].endswith("/chat/completions"):
        await send_json(send, completion(TEXT))
        return
    if scope["path"].endswith("/embeddings"):
        vector = {"object": "embedding", "index": 0, "embedding": [0.5, 0.25]}
        usage = {"prompt_tokens": 3, "total_tokens": 3}
        await send_json(send, {"object": "list", "model": "m", "data": [vector], "usage": usage})
        return
    said = {"type": "output_text", "text": TEXT, "annotations": []}
    message = {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": [said]}
    answer = {"id": "resp_1", "object": "response", "created_at": 1, "status": "completed", "model": "m"}
    await send_json(send, {**answer, "output": [message]})


@asynccontextmanager
async def everything(base: Settings) -> AsyncIterator[Tasking]:
    """A gateway before an agent of each protocol, those with an SDK made with it."""
    async with AsyncExitStack() as stack:
        late = Late()
        ward = await stack.enter_async_context(served(late))
        late.app = await stack.enter_async_context(application(Ward(), card(ward)))
        tools = await stack.enter_async_context(served(server().streamable_http_app(), lifespan="on"))
        claude = await stack.enter_async_context(served(Claude()))
        agents = {
            "open": {"zone": "in-house"},
            "claude": {"zone": "in-house", "protocol": "anthropic", "url": claude},
            "tools": {"zone": "in-house", "protocol": "mcp", "url": f"{tools}/mcp"},
            "ward": {
                "zone": "in-house",
                "protocol": "a2a",
                "url": ward,
                "a2a": {"binding": "JSONRPC", "path": "/rpc"},
            },
        }
        found = await stack.enter_async_context(tasking(base, agents=agents))
        found.site.agents["open"].behave = answering
        yield found


@pytest.mark.parametrize("name", ORDERS)
async def test_a_request_of_each_protocol_is_made_later_and_answered_as_itself(
    name: str, sqlite_settings: Settings
) -> None:
    async with everything(sqlite_settings) as t:
        if name == "mcp":  # a tool is called once it was listed: that too can be had later
            await t.ended(await t.submit(mcp_order("tools/list")))
        task = await t.submit(ORDERS[name])
        done = await t.ended(task)
        assert (done["state"], done["code"], done["result"]["status"]) == ("completed", "ok", 200), done
        trail = await t.site.trail(done["exchange"])
        assert [one["event"] for one in trail][:1] == ["exchange.requested"]
        assert trail[0]["agent"] == AGENTS.get(name, "ward")
        assert trail[0]["classes"]["found"] == ["pii"], "it was classified as a request made at once is"
        assert await t.events(task) == ["task.submitted", "task.completed"]
        raw = await t.ask("GET", f"/v1/tasks/{task}/result")
        assert raw.status_code == 200
        if name == "embeddings":
            assert raw.json()["data"][0]["embedding"] == [0.5, 0.25]
        elif name == "count_tokens":
            assert raw.json() == {"input_tokens": len(TEXT.split())}
        else:
            assert MAIL in raw.text
