"""`gateway agents`: the agents that are configured, their tools as they are pinned, and the release of changed ones.

What an agent says of its own tools is foreign text: it is shown as it is, on lines without control characters.
"""

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from difflib import unified_diff
from typing import Any

import msgspec

from gateway.bootstrap import Site
from gateway.cli.common import (
    OK,
    Commands,
    Failed,
    WrongUse,
    opened,
    operator,
    say,
    settings_of,
    subcommands,
    table,
    tenant_of,
    tenant_option,
    told,
)
from gateway.core.refusal import Refusal
from gateway.ledger.record import timestamp
from gateway.store.tools import By, Tool

_OPTIONS = {"name": "TOOL", "digest": "--digest"}
Command = Callable[[argparse.Namespace, Site, str], Awaitable[None]]


def add(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Add the group."""
    group = subcommands(commands.add_parser("agents", help="agents; their tools, and the release of changed ones"))

    _finished(group.add_parser("list", parents=[common], help="agents and their tools, as they are pinned"), _list)

    show = group.add_parser("show", parents=[common], help="a tool as it is pinned, and what has changed in it")
    _tool(show)
    _finished(show, _show)

    release = group.add_parser("release", parents=[common], help="take a changed tool into use as it is defined now")
    _tool(release)
    release.add_argument("--digest", help="only if this is the definition, as `show` named it")
    _finished(release, _release)


def _tool(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("agent", metavar="AGENT", help="the agent's id")
    parser.add_argument("tool", metavar="TOOL", help="the tool's name")


def _finished(parser: argparse.ArgumentParser, command: Command) -> None:
    tenant_option(parser)
    parser.set_defaults(run=lambda arguments: asyncio.run(_run(arguments, command)))


async def _run(arguments: argparse.Namespace, command: Command) -> int:
    settings = settings_of(arguments)
    tenant = tenant_of(arguments, settings)
    async with opened(settings) as site:
        await command(arguments, site, tenant)
    return OK


async def _list(arguments: argparse.Namespace, site: Site, tenant: str) -> None:
    ledger = site.tenants[tenant].ledger
    found = [
        {
            "id": agent.id,
            "protocol": agent.protocol,
            "zone": agent.zone,
            "url": agent.url,
            "tools": [_described(tool) for tool in (await site.tools.of(ledger, agent.id)).values()],
        }
        for agent in site.settings.agent
        if tenant in (agent.tenants or (tenant,))
    ]
    agents = [(str(one["id"]), str(one["protocol"]), str(one["zone"]), str(one["url"])) for one in found]
    tools = [
        (str(one["id"]), tool["name"], tool["state"], tool["digest"][:19], tool["first_seen"])
        for one in found
        for tool in _listed(one)
    ]
    lines = table(("agent", "protocol", "zone", "url"), agents)
    if tools:
        lines += ["", *table(("agent", "tool", "state", "definition", "first seen"), tools)]
    say(arguments, {"agents": found}, lines)


async def _show(arguments: argparse.Namespace, site: Site, tenant: str) -> None:
    _known(arguments, site, tenant)
    tool = (await site.tools.of(site.tenants[tenant].ledger, arguments.agent)).get(arguments.tool)
    if tool is None:
        raise Failed("no such tool of this agent has been seen")
    pinned, offered = _document(tool.definition), _document(tool.offered)
    lines = [f"{tool.name} is {tool.state}", f"definition {tool.digest}"]
    if tool.offered_digest is not None:
        lines += [f"offered now {tool.offered_digest}", *_changed(pinned, offered)]
    else:
        lines += _pretty(pinned)
    say(arguments, {**_described(tool), "definition": pinned, "offered": offered}, lines)


async def _release(arguments: argparse.Namespace, site: Site, tenant: str) -> None:
    _known(arguments, site, tenant)
    by = await operator(site, tenant)
    who = By(
        ledger=await site.writer(tenant),
        tenant=site.tenants[tenant].ledger,
        actor=by.actor,
        actor_kind="person",
        detail=by.detail,
    )
    done = await site.tools.release(who, arguments.agent, arguments.tool, arguments.digest)
    if isinstance(done, Refusal):
        raise Failed(told(done, _OPTIONS))
    say(arguments, _described(done), [f"{done.name} of {done.agent} is in use as {done.digest}"])


def _known(arguments: argparse.Namespace, site: Site, tenant: str) -> None:
    known = [agent.id for agent in site.settings.agent if tenant in (agent.tenants or (tenant,))]
    if arguments.agent not in known:
        raise WrongUse(f"AGENT must be one of {', '.join(known) or 'the [[agent]]s, of which there is none yet'}")


def _described(tool: Tool) -> dict[str, Any]:
    return {
        "name": tool.name,
        "state": tool.state,
        "digest": tool.digest,
        "offered_digest": tool.offered_digest,
        "first_seen": timestamp(tool.first_seen_us),
        "changed": None if tool.changed_us is None else timestamp(tool.changed_us),
        "released": None if tool.released_us is None else timestamp(tool.released_us),
        "released_by": tool.released_by,
    }


def _listed(agent: dict[str, Any]) -> list[dict[str, Any]]:
    tools: list[dict[str, Any]] = agent["tools"]
    return tools


def _document(data: bytes | None) -> Any:
    return None if data is None else msgspec.json.decode(data)


def _pretty(document: Any) -> list[str]:
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode("utf-8").split("\n")


def _changed(pinned: Any, offered: Any) -> list[str]:
    """What has changed, line by line of the pretty form."""
    lines = unified_diff(_pretty(pinned), _pretty(offered), "pinned", "offered now", lineterm="")
    return list(lines)
