"""A real MCP server as an agent, made with the protocol's own SDK, and real clients that reach it by the gateway."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx2
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.server.mcpserver import Context, MCPServer
from mcp_types import ElicitRequestParams, ElicitResult
from pydantic import BaseModel

from gateway.settings import Settings
from tests.system.site import System, served, system


class Choice(BaseModel):
    """What the tool `ask` wants to know."""

    ward: str


def server() -> MCPServer:
    """Tools, a resource and a prompt. What they were called with is in `calls` of the server."""
    made = MCPServer("ward-tools", instructions="Tools of the ward.")

    @made.tool(description="Add two numbers.")
    def add(a: int, b: int) -> int:
        return a + b

    @made.tool(description="Say the same again.")
    def echo(text: str) -> str:
        return text

    @made.tool(description="Count slowly.")
    async def count(to: int, ctx: Context[Any, Any]) -> str:
        for number in range(to):
            await ctx.report_progress(number + 1, to, f"step {number + 1}")
        return f"counted to {to}"

    @made.tool(description="Ask which ward.")
    async def ask(ctx: Context[Any, Any]) -> str:
        answer = await ctx.elicit("Which ward?", Choice)
        return f"{answer.action}: {getattr(getattr(answer, 'data', None), 'ward', '')}"

    @made.resource("ward://hours")
    def hours() -> str:
        return "The ward is open from eight."

    @made.prompt(description="A greeting.")
    def greet(name: str) -> str:
        return f"Say hello to {name}."

    return made


@asynccontextmanager
async def mcp_site(
    base: Settings, *, agent: dict[str, Any] | None = None, made: MCPServer | None = None, **sections: Any
) -> AsyncIterator[System]:
    """A gateway before a running MCP server, which it knows as the agent `tools`."""
    async with AsyncExitStack() as stack:
        app = (made or server()).streamable_http_app()
        url = await stack.enter_async_context(served(app, lifespan="on"))
        described = {"tools": {"protocol": "mcp", "zone": "in-house", **(agent or {}), "url": f"{url}/mcp"}}
        yield await stack.enter_async_context(system(base, agents=described, **sections))


@asynccontextmanager
async def connected(site: System, key: str, mode: str, **options: Any) -> AsyncIterator[Client]:
    """The SDK's own client through the gateway: only address and key are the gateway's."""
    async with httpx2.AsyncClient(headers={"authorization": f"Bearer {key}"}, timeout=30) as http:
        transport = streamable_http_client(f"{site.url}/mcp/tools", http_client=http)
        async with Client(transport, mode=mode, **options) as client:
            yield client


async def choose(context: Any, params: ElicitRequestParams) -> ElicitResult:
    """Answers what `ask` asks."""
    return ElicitResult(action="accept", content={"ward": "north"})
