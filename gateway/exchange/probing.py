"""Health checks: agents that have a path for it are asked, now and then, whether they are well.

A plain GET through the client that carries their messages, so with the same TLS and time-outs; without a credential,
without a word of any caller's, and so without a record. What is answered is thrown away unread but for its status.
"""

import asyncio
import logging
import random as chance
from collections.abc import Awaitable, Callable, Coroutine, Iterable

import msgspec

from gateway.agents.client import AgentClient
from gateway.agents.registry import Registry
from gateway.core.errors import AgentError, FormatError
from gateway.core.message import Outgoing
from gateway.core.ports import Route
from gateway.exchange.health import Health
from gateway.settings import Agent

_log = logging.getLogger("gateway.exchange")

LONGEST_S = 5.0
"""How long a check may take, or less where the agent's own time-outs or the interval are shorter."""
_MAX_BYTES = 65_536


async def well(client: AgentClient, route: Route, path: str, within_s: float = LONGEST_S) -> bool:
    """Whether the agent answers a GET of `path` with 2xx in time. Never raises for what an agent does."""
    limit = min(within_s, route.timeout_s)
    bounded = msgspec.structs.replace(
        route, timeout_s=limit, first_byte_timeout_s=min(limit, route.first_byte_timeout_s)
    )
    try:
        answer = await client.send(bounded, Outgoing(method="GET", path=path, headers=(), body=b""), _MAX_BYTES)
    except (AgentError, FormatError):  # a path that a URL cannot hold is no way to be well
        return False
    return 200 <= answer.status < 300


def probes(
    agents: Iterable[Agent],
    registry: Registry,
    client: AgentClient,
    health: Health,
    *,
    random: Callable[[], float] = chance.random,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> list[Coroutine[None, None, None]]:
    """One endless task for each agent that has a path to be asked for."""
    found = []
    for agent in agents:
        route = registry.get(agent.id)
        if agent.health is not None and route is not None:
            found.append(_probe(agent, agent.health, route, client, health, random, sleep))
    return found


async def _probe(
    agent: Agent,
    path: str,
    route: Route,
    client: AgentClient,
    health: Health,
    random: Callable[[], float],
    sleep: Callable[[float], Awaitable[None]],
) -> None:
    while True:
        # Jittered, so that many nodes do not ask in step.
        await sleep(agent.health_interval_s * (0.5 + random()))
        try:
            good = await well(client, route, path, min(LONGEST_S, agent.health_interval_s))
        except Exception as error:  # noqa: BLE001 — whatever it was, the agent was not seen to be well
            _log.error("a health check failed: %s", type(error).__name__, extra={"agent": agent.id})
            good = False
        health.checked(agent.id, good)
