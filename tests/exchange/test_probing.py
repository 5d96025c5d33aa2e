"""Agents are asked whether they are well: bare of anything of a caller's, in time, and at jittered instants."""

import asyncio
from typing import Any

import pytest

from gateway.agents.client import AgentClient
from gateway.agents.registry import Registry
from gateway.core.message import Outgoing
from gateway.core.ports import Route
from gateway.exchange.health import Health
from gateway.exchange.probing import probes, well
from gateway.settings import Agent, Settings, Zone
from tests.conftest import ManualClock
from tests.exchange.making import route
from tests.services import free_port
from tests.system.site import served


class Well:
    """An agent that answers a status, or waits for good."""

    def __init__(self, status: int | None = 200) -> None:
        self.status = status
        self.asked: list[tuple[str, str, dict[bytes, bytes]]] = []

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        self.asked.append((scope["method"], scope["path"], dict(scope["headers"])))
        if self.status is None:
            while (await receive())["type"] != "http.disconnect":
                pass
            return
        await send({"type": "http.response.start", "status": self.status, "headers": []})
        await send({"type": "http.response.body", "body": b"canary"})


@pytest.mark.parametrize(
    ("status", "expected"), [(200, True), (204, True), (302, False), (401, False), (404, False), (503, False)]
)
async def test_an_agent_is_well_when_it_says_so(status: int, expected: bool) -> None:
    agent = Well(status)
    async with served(agent) as url:
        at = route(url=f"{url}/base", credential="secret")
        async with AgentClient([at]) as client:
            assert await well(client, at, "/healthz") is expected
    ((method, path, headers),) = agent.asked
    assert (method, path) == ("GET", "/base/healthz")
    assert set(headers) <= {b"host", b"user-agent", b"accept-encoding", b"accept", b"content-length"}
    assert b"secret" not in b"".join(headers.values())


async def test_an_agent_that_is_down_or_does_not_answer_or_cannot_be_asked_is_not_well() -> None:
    async with served(Well(None)) as url:
        slow = route("slow", url=url)
        down = route("down", url=f"http://127.0.0.1:{free_port()}")
        async with AgentClient([slow, down]) as client:
            assert not await well(client, slow, "/healthz", 0.05)
            assert not await well(client, down, "/healthz")
            assert not await well(client, slow, "/../elsewhere")


async def test_checks_go_on_at_jittered_instants_and_reach_the_agents_health(clock: ManualClock) -> None:
    agents = (
        Agent(id="local", protocol="openai", url="http://a", zone="in-house", health="/up", health_interval_s=8.0),
        Agent(id="silent", protocol="openai", url="http://b", zone="in-house"),
    )
    registry = Registry(Settings(zone=(Zone(id="in-house"),), agent=agents), str)
    health = Health(agents, clock)
    waits: list[float] = []
    answers: list[Any] = [RuntimeError("a defect"), 500, 200]
    seen: list[bool] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) > 1:
            seen.append(health.healthy("local"))
        if len(waits) == 4:
            raise asyncio.CancelledError

    class Client:
        async def send(self, route: Route, outgoing: Outgoing, max_bytes: int) -> Any:
            answer = answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return type("Answer", (), {"status": answer})()

    client: Any = Client()
    draws = iter([0.0, 0.5, 0.99, 0.25])
    (task,) = probes(agents, registry, client, health, random=lambda: next(draws), sleep=sleep)
    with pytest.raises(asyncio.CancelledError):
        await task
    assert waits == [4.0, 8.0, pytest.approx(11.92), 6.0]
    assert seen == [True, False, True], "a defect of the check counts as one that failed"
