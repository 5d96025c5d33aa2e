"""A real A2A agent, made with the protocol's own SDK, and real clients that reach it by the gateway."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx
from a2a.client import Client, ClientConfig, create_client
from a2a.helpers import new_text_message, new_text_part
from a2a.server.agent_execution import AgentExecutor, RequestContext
from a2a.server.events import EventQueue
from a2a.server.request_handlers import DefaultRequestHandler
from a2a.server.routes import create_agent_card_routes, create_jsonrpc_routes, create_rest_routes
from a2a.server.tasks import InMemoryPushNotificationConfigStore, InMemoryTaskStore, TaskUpdater
from a2a.types import (
    AgentCapabilities,
    AgentCard,
    AgentInterface,
    AgentSkill,
    Message,
    Part,
    Role,
    SendMessageRequest,
    StreamResponse,
    Task,
    TaskState,
    TaskStatus,
)
from starlette.applications import Starlette

from gateway.settings import Settings
from gateway.web.app import build_app
from tests.system.site import System, served, system

BINDINGS = ("JSONRPC", "HTTP+JSON")
TERMINAL = {TaskState.TASK_STATE_COMPLETED, TaskState.TASK_STATE_CANCELED, TaskState.TASK_STATE_FAILED}


class Ward(AgentExecutor):
    """Does what the first word of a message asks for. `heard`: the messages as they came; `more` lets `wait` go on."""

    def __init__(self) -> None:
        self.heard: list[Message] = []
        self.more = asyncio.Event()

    async def execute(self, context: RequestContext, event_queue: EventQueue) -> None:
        message = context.message
        assert message is not None
        self.heard.append(message)
        word, _, rest = context.get_user_input().partition(" ")
        if word == "say":
            await event_queue.enqueue_event(new_text_message(rest, context_id=context.context_id, role=Role.ROLE_AGENT))
            return
        updater = TaskUpdater(event_queue, str(context.task_id), str(context.context_id))
        if context.current_task is None:
            status = TaskStatus(state=TaskState.TASK_STATE_SUBMITTED)
            task = Task(id=context.task_id, context_id=context.context_id, status=status, history=[message])
            await event_queue.enqueue_event(task)
        await updater.start_work(updater.new_agent_message([new_text_part("working on it")]))
        if word == "ask":
            await updater.requires_input(updater.new_agent_message([new_text_part("Which ward?")]))
            return
        if word == "wait":
            await self.more.wait()
        if word == "pieces":
            for index, piece in enumerate(pieces := rest.split("|")):
                last = index == len(pieces) - 1
                part = [new_text_part(piece)]
                await updater.add_artifact(part, artifact_id="a-1", name="note", append=index > 0, last_chunk=last)
        else:
            await updater.add_artifact([new_text_part(rest or "done")], artifact_id="a-1", name="note")
        await updater.complete()

    async def cancel(self, context: RequestContext, event_queue: EventQueue) -> None:
        updater = TaskUpdater(event_queue, str(context.task_id), str(context.context_id))
        await updater.cancel()
        self.more.set()


def card(url: str, **more: Any) -> AgentCard:
    """The agent's own card, which says where it really is."""
    values: dict[str, Any] = {
        "name": "Ward agent",
        "description": "Answers for the ward.",
        "version": "1.0.0",
        "capabilities": AgentCapabilities(streaming=True, push_notifications=True, extended_agent_card=True),
        "default_input_modes": ["text/plain"],
        "default_output_modes": ["text/plain"],
        "skills": [AgentSkill(id="echo", name="Echo", description="Says the same again.", tags=["echo"])],
        "supported_interfaces": [
            AgentInterface(url=f"{url}/rpc", protocol_binding="JSONRPC", protocol_version="1.0"),
            AgentInterface(url=f"{url}/rest", protocol_binding="HTTP+JSON", protocol_version="1.0"),
            AgentInterface(url="grpc.example:443", protocol_binding="GRPC", protocol_version="1.0"),
            AgentInterface(url=f"{url}/old", protocol_binding="JSONRPC", protocol_version="0.3"),
        ],
        **more,
    }
    return AgentCard(**values)


class Late:
    """An application that is known by its address before it is there."""

    def __init__(self) -> None:
        self.app: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app(scope, receive, send)


@asynccontextmanager
async def application(made: Ward, shown: AgentCard) -> AsyncIterator[Starlette]:
    """The agent with both bindings, its card and push notifications. Its tasks, some of which wait for ever, end with
    it: one that is only forgotten would be thrown away within some later test."""
    handler = DefaultRequestHandler(
        made,
        InMemoryTaskStore(),
        shown,
        push_config_store=InMemoryPushNotificationConfigStore(),
        extended_agent_card=shown,
    )
    try:
        yield Starlette(
            routes=[
                *create_agent_card_routes(shown),
                *create_jsonrpc_routes(handler, "/rpc"),
                *create_rest_routes(handler, path_prefix="/rest"),
            ]
        )
    finally:
        await handler.aclose()


@asynccontextmanager
async def a2a_site(
    base: Settings,
    *,
    binding: str = "JSONRPC",
    agent: dict[str, Any] | None = None,
    interface: dict[str, Any] | None = None,
    made: Ward | None = None,
    shown: dict[str, Any] | None = None,
    **sections: Any,
) -> AsyncIterator[System]:
    """A gateway before a running A2A agent, which it knows as the agent `ward` and speaks to in this binding. The
    gateway's own address, which cards repeat, is where it is."""
    async with AsyncExitStack() as stack:
        late, front = Late(), Late()
        url = await stack.enter_async_context(served(late))
        address = await stack.enter_async_context(served(front))
        running = application(made or Ward(), card(url, **(shown or {})))
        late.app = await stack.enter_async_context(running)
        spoken = {"binding": binding, "path": "/rpc" if binding == "JSONRPC" else "/rest", **(interface or {})}
        described = {"protocol": "a2a", "zone": "in-house", "a2a": spoken, **(agent or {}), "url": url}
        sections["server"] = {"public_url": address, **sections.get("server", {})}
        site = await stack.enter_async_context(system(base, agents={"ward": described}, **sections))
        front.app = build_app(site.gateway)
        yield site


@asynccontextmanager
async def connected(site: System, key: str, binding: str = "JSONRPC", **options: Any) -> AsyncIterator[Client]:
    """The SDK's own client through the gateway: only address and key are the gateway's."""
    address = site.gateway.site.settings.address
    async with httpx.AsyncClient(headers={"authorization": f"Bearer {key}"}, timeout=30) as http:
        config = ClientConfig(httpx_client=http, supported_protocol_bindings=[binding], **options)
        async with await create_client(f"{address}/a2a/ward", config) as client:
            yield client


def saying(text: str, **more: Any) -> SendMessageRequest:
    """A user's message of one text part."""
    return SendMessageRequest(message=new_text_message(text, role=Role.ROLE_USER, **more))


async def sent(client: Client, text: str, **more: Any) -> list[StreamResponse]:
    """All that comes back for a message."""
    return [event async for event in client.send_message(saying(text, **more))]


def text_of(parts: Any) -> str:
    """The texts of parts, joined."""
    return "".join(part.text for part in parts)


def raw_part(data: bytes, media_type: str, filename: str = "") -> Part:
    """A file in a message."""
    return Part(raw=data, media_type=media_type, filename=filename)
