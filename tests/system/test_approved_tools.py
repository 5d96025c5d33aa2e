"""A tool that people must allow: the newest version of MCP is told what is still required, the older ones an error; the
stock client sends it again and is answered once."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from mcp.shared.exceptions import MCPError
from mcp_types import InputRequiredResult

from gateway.settings import Settings
from tests.system.kit import MAIL, policies
from tests.system.mcp_agent import connected, mcp_site
from tests.system.site import System

RULE = (
    "p, 390, role:clerk, class:pii, agent:tools, tool:echo, purpose:*, always, allow, approve:privacy, ask-tools, "
    '"People look first."'
)
ASKED = {"text": f"Write to {MAIL}."}


@asynccontextmanager
async def asking(settings: Settings, directory: Path) -> AsyncIterator[System]:
    async with mcp_site(settings, policy=policies(directory / "own", RULE)) as site:
        yield site


async def approve(site: System, approval: str) -> None:
    key = await site.key("privacy", owner="eve", kind="person")
    headers = {"authorization": f"Bearer {key}"}
    done = await site.http.post(
        f"/approvals/{approval}/approve", json={"reason": "seen", "version": 0}, headers=headers
    )
    assert done.json()["state"] == "approved"


async def test_the_newest_version_is_told_what_is_required_and_goes_on_with_that_state(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    async with asking(sqlite_settings, tmp_path) as site:
        key = await site.key("clerk", owner="ada")
        async with connected(site, key, "auto") as client:
            await client.list_tools()
            waits: Any = await client.session.call_tool("echo", ASKED, allow_input_required=True)
            assert isinstance(waits, InputRequiredResult)
            state = waits.request_state
            assert state is not None
            again: Any = await client.session.call_tool("echo", ASKED, request_state=state, allow_input_required=True)
            assert again.request_state == state
            await approve(site, state)
            result: Any = await client.call_tool("echo", ASKED, request_state=state)
            assert result.content[0].text == ASKED["text"]
            with pytest.raises(MCPError) as used:
                await client.call_tool("echo", ASKED, request_state=state)
            assert used.value.error.data["code"] == "approval_used"
        calls = [one for one in await site.records() if one.get("action") == "tool:echo" and one.get("approval")]
        assert [one["event"] for one in calls if one["event"] != "exchange.denied"] == [
            *("approval.requested", "approval.approved", "exchange.requested", "exchange.completed"),
        ]
        statuses = [one["outcome"]["status"] for one in calls if one["event"] == "exchange.denied"]
        assert statuses == [200, 200, 409]


async def test_an_older_version_is_told_an_error_and_the_same_call_again_goes_on(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    async with asking(sqlite_settings, tmp_path) as site:
        key = await site.key("clerk", owner="ada")
        async with connected(site, key, "legacy") as client:
            await client.list_tools()
            with pytest.raises(MCPError) as waits:
                await client.call_tool("echo", ASKED)
            told = waits.value.error.data
            assert told["code"] == "approval_required"
            await approve(site, told["approval"])
            result: Any = await client.call_tool("echo", ASKED)
            assert result.content[0].text == ASKED["text"]
