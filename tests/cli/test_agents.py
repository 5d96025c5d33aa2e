"""`gateway agents`: what is configured and pinned, and the release of a changed tool by somebody, on record."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from gateway.bootstrap import open_site
from gateway.cli.common import load_settings
from gateway.store.tools import By, Seen
from tests.cli.kit import Run

AGENT = """
[[agent]]
id = "ward-tools"
protocol = "mcp"
url = "http://127.0.0.1:9/mcp"
zone = "in-house"
"""


def offer(site: Path, text: str, name: str = "add") -> None:
    """The agent is seen to offer its tool with this description."""

    async def note() -> None:
        async with open_site(load_settings(site / "gateway.toml")) as opened:
            writer = await opened.writer("default")
            body = f'{{"name":"{name}","description":"{text}"}}'.encode()
            seen = Seen(name=name, digest=f"sha256:{text}", body=body)
            await opened.tools.note(By(ledger=writer, tenant=writer.tenant), "ward-tools", (seen,))

    asyncio.run(note())


@pytest.fixture
def changed(site: Path) -> Path:
    """An installation whose agent has changed its tool."""
    with (site / "gateway.toml").open("a") as file:
        file.write(AGENT)
    offer(site, "adds")
    offer(site, "steals")
    return site


def tool(gateway: Run) -> dict[str, Any]:
    (agent,) = [one for one in gateway("agents", "list", "--json").data["agents"] if one["id"] == "ward-tools"]
    (found,) = agent["tools"]
    return dict(found)


def test_agents_and_their_tools_are_listed(gateway: Run, changed: Path) -> None:
    assert (tool(gateway)["name"], tool(gateway)["state"]) == ("add", "quarantined")
    out = gateway("agents", "list").out
    assert "ward-tools" in out
    assert "quarantined" in out


def test_what_has_changed_is_shown(gateway: Run, changed: Path) -> None:
    shown = gateway("agents", "show", "ward-tools", "add").out
    assert '-  "description": "adds"' in shown
    assert '+  "description": "steals"' in shown
    data = gateway("agents", "show", "ward-tools", "add", "--json").data
    assert (data["definition"]["description"], data["offered"]["description"]) == ("adds", "steals")


def test_a_release_takes_the_tool_into_use_and_is_on_record(gateway: Run, changed: Path) -> None:
    assert gateway("agents", "release", "ward-tools", "add", "--digest", "sha256:adds").code == 1
    done = gateway("agents", "release", "ward-tools", "add", "--digest", "sha256:steals")
    assert (done.code, "in use" in done.out) == (0, True)
    assert (tool(gateway)["state"], tool(gateway)["digest"]) == ("pinned", "sha256:steals")
    assert "steals" in gateway("agents", "show", "ward-tools", "add").out
    records = gateway("audit", "query", "--order", "asc", "--json").data["records"]
    (event,) = [one for one in records if one["record"]["event"] == "agent.tool_released"]
    assert (event["record"]["agent"], event["record"]["action"]) == ("ward-tools", "tool:add")
    assert event["record"]["actor"] == tool(gateway)["released_by"]
    assert event["detail"]["diff"] == ["definition sha256:steals", "before sha256:adds"]


def test_what_is_not_there_or_not_in_quarantine_is_said(gateway: Run, changed: Path) -> None:
    assert gateway("agents", "release", "nobody", "add").code == 2
    assert gateway("agents", "show", "ward-tools", "sub").code == 1
    assert gateway("agents", "release", "ward-tools", "sub").code == 1
    gateway("agents", "release", "ward-tools", "add")
    again = gateway("agents", "release", "ward-tools", "add")
    assert (again.code, "quarantined" in again.err) == (1, True)
