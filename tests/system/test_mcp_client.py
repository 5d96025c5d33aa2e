"""The SDK's own client, in both eras, through the gateway to a real MCP server."""

import asyncio
from typing import Any

import pytest
from mcp.server.mcpserver import Context
from mcp.shared.exceptions import MCPError
from mcp_types import ElicitResult, ImageContent

from gateway.settings import Settings
from tests.system.kit import MAIL
from tests.system.mcp_agent import choose, connected, mcp_site, server

ERAS = ["legacy", "2026-07-28", "auto"]


@pytest.mark.parametrize("mode", ERAS)
async def test_tools_are_listed_and_called(sqlite_settings: Settings, mode: str) -> None:
    async with mcp_site(sqlite_settings) as site, connected(site, await site.key("clerk"), mode) as client:
        listed = await client.list_tools()
        assert {tool.name for tool in listed.tools} == {"add", "echo", "count", "ask"}
        result = await client.call_tool("add", {"a": 2, "b": 3})
        assert result.structured_content == {"result": 5}
        calls = [record for record in await site.records() if record.get("action") == "tool:add"]
        events = [record["event"] for record in calls]
        assert events == ["agent.tool_pinned", "exchange.requested", "exchange.completed"]
        assert {record["outcome"]["code"] for record in calls if "outcome" in record} == {"ok"}


@pytest.mark.parametrize("mode", ERAS)
async def test_resources_and_prompts_are_read(sqlite_settings: Settings, mode: str) -> None:
    async with mcp_site(sqlite_settings) as site, connected(site, await site.key("clerk"), mode) as client:
        read: Any = (await client.read_resource("ward://hours")).contents[0]
        assert read.text == "The ward is open from eight."
        prompt: Any = (await client.get_prompt("greet", {"name": "the ward"})).messages[0].content
        assert prompt.text == "Say hello to the ward."


@pytest.mark.parametrize("mode", ERAS)
async def test_progress_comes_before_the_answer(sqlite_settings: Settings, mode: str) -> None:
    seen: list[str | None] = []

    async def note(progress: float, total: float | None, message: str | None) -> None:
        seen.append(message)

    async with mcp_site(sqlite_settings) as site, connected(site, await site.key("clerk"), mode) as client:
        await client.list_tools()
        result: Any = await client.call_tool("count", {"to": 3}, progress_callback=note)
        assert result.content[0].text == "counted to 3"
        assert seen == ["step 1", "step 2", "step 3"]


async def test_a_question_of_the_server_is_answered_in_the_middle_of_its_answer(sqlite_settings: Settings) -> None:
    async with (
        mcp_site(sqlite_settings) as site,
        connected(site, await site.key("clerk"), "legacy", elicitation_callback=choose) as client,
    ):
        await client.list_tools()
        result: Any = await client.call_tool("ask", {})
        assert result.content[0].text == "accept: north"


async def test_news_of_a_server_arrive_while_they_are_listened_for(sqlite_settings: Settings) -> None:
    made = server()

    @made.tool(description="Tells who listens.")
    async def change(ctx: Context[Any, Any]) -> str:
        await ctx.notify_resource_updated("ward://hours")
        return "told"

    async with (
        mcp_site(sqlite_settings, made=made) as site,
        connected(site, await site.key("clerk"), "2026-07-28") as client,
    ):
        await client.list_tools()
        async with client.listen(resource_subscriptions=["ward://hours"]) as news, asyncio.timeout(10):
            await client.call_tool("change", {})
            event: Any = await anext(aiter(news))
            assert "ward://hours" in str(event)


@pytest.mark.parametrize("mode", ["legacy", "2026-07-28"])
async def test_an_identifier_in_progress_is_masked_as_it_passes(sqlite_settings: Settings, mode: str) -> None:
    made, seen = server(), list[str | None]()

    @made.tool(description="Looks somebody up.")
    async def lookup(ctx: Context[Any, Any]) -> str:
        await ctx.report_progress(1, 2, f"found {MAIL}")
        return "done"

    async def note(progress: float, total: float | None, message: str | None) -> None:
        seen.append(message)

    async with (
        mcp_site(sqlite_settings, made=made) as site,
        connected(site, await site.key("clerk", zone="cloud"), mode) as client,
    ):
        await client.list_tools()
        await client.call_tool("lookup", {}, progress_callback=note)
        assert seen == ["found [EMAIL]"]
        (end,) = [one for one in await site.records() if one.get("action") == "tool:lookup" and "outcome" in one]
        assert (end["decision"]["effect"], end["found"], end["outcome"]["code"]) == ("redact", {"email": 1}, "ok")


async def test_what_a_user_answers_an_agent_in_the_cloud_is_masked_before_it_gets_there(
    sqlite_settings: Settings,
) -> None:
    async def answer(context: Any, params: Any) -> ElicitResult:
        return ElicitResult(action="accept", content={"ward": f"ask {MAIL}"})

    agent = {"zone": "cloud", "processor": "cloud-inc"}
    async with (
        mcp_site(sqlite_settings, agent=agent) as site,
        connected(site, await site.key("clerk"), "legacy", elicitation_callback=answer) as client,
    ):
        await client.list_tools()
        result: Any = await client.call_tool("ask", {})
        assert result.content[0].text == "accept: ask [EMAIL]"


async def test_a_picture_is_not_handed_to_a_caller_who_may_not_have_what_nobody_could_read(
    sqlite_settings: Settings,
) -> None:
    made = server()

    @made.tool(description="Draws.")
    def draw() -> list[ImageContent]:
        return [ImageContent(type="image", data="aGVsbG8=", mime_type="image/png")]

    async with mcp_site(sqlite_settings, made=made) as site:
        async with connected(site, await site.key("clerk"), "legacy") as client:
            await client.list_tools()
            inside: Any = await client.call_tool("draw", {})
            assert inside.content[0].data == "aGVsbG8="
        async with connected(site, await site.key("clerk", zone="cloud"), "legacy") as client:
            with pytest.raises(MCPError) as refusal:
                await client.call_tool("draw", {})
            assert refusal.value.error.data["code"] == "answer_withheld"
