"""An agent that asks for the gateway's word answers nobody else, with the middleware that the documentation shows."""

import asyncio
import re
from pathlib import Path
from typing import Any

import httpx

from gateway.settings import Settings
from tests.system.kit import HEALTH, PUBLIC, said
from tests.system.site import Agent, served, system

PAGE = Path(__file__).parents[2] / "docs" / "knowing-the-gateway.md"


def middleware() -> Any:
    """`KnowsTheGateway`, out of the page."""
    (program,) = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    names: dict[str, Any] = {}
    exec(compile(program, str(PAGE), "exec"), names)  # noqa: S102 — the page's own example
    return names["KnowsTheGateway"]


class Door:
    """An agent's address before its middleware has the gateway's keys; remembers what came."""

    def __init__(self) -> None:
        self.app: Any = None
        self.came: list[tuple[dict[str, str], bytes]] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        first = await receive()
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        self.came.append((headers, first.get("body", b"")))
        waiting = [first]

        async def again() -> Any:
            return waiting.pop() if waiting else await receive()

        await self.app(scope, again, send)


async def test_a_bypass_a_replay_and_a_changed_body_are_refused_at_the_other_end(sqlite_settings: Settings) -> None:
    agent, door = Agent(), Door()
    async with served(door) as url:
        agents = {"ward": {"zone": "in-house", "assertion": True, "url": f"{url}/v1"}}
        async with system(sqlite_settings, agents=agents) as site:
            keys = (await site.http.get("/.well-known/jwks.json")).json()["keys"]
            door.app = middleware()(agent, keys, "gateway.internal", "ward")
            key = await site.key("clinician")
            for text in (PUBLIC, HEALTH):
                answer = await site.chat(key, text, "ward", headers={"x-gateway-assertion": "made up"})
                assert (answer.status_code, said(answer)) == (200, text)
            answers = await asyncio.gather(*(site.chat(key, PUBLIC, "ward", stream=True) for _ in range(3)))
            assert [one.status_code for one in answers] == [200] * 3
            assert len(agent.received) == 5

            headers, body = door.came[1]
            word = headers["x-gateway-assertion"]
            async with httpx.AsyncClient(base_url=url) as stranger:
                for sent, given in (
                    (body, {}),
                    (body, {"x-gateway-assertion": word}),
                    (b'{"messages": []}', {"x-gateway-assertion": word}),
                    (body, {"x-gateway-assertion": "made up"}),
                ):
                    refused = await stranger.post("/v1/chat/completions", content=sent, headers=given)
                    assert refused.status_code == 401
            assert len(agent.received) == 5


async def test_agents_that_do_not_ask_for_it_are_sent_no_word_of_the_gateways(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings) as site:
        key = await site.key("clinician")
        await site.chat(key, PUBLIC, headers={"x-gateway-assertion": "made up"})
        (received,) = site.agents["cloud"].received
        assert "x-gateway-assertion" not in received[0]
