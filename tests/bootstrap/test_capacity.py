"""Agents that fetch their requests have room for as many as they wait for."""

import asyncio
from typing import Any

import msgspec

from gateway.bootstrap import open_gateway
from gateway.settings import Agent, Settings
from tests.bootstrap.kit import configured


async def test_a_target_whose_agents_fetch_has_as_much_room_as_there_are_who_wait(sqlite_settings: Settings) -> None:
    pulls = {"id": "archive", "protocol": "openai", "zone": "in-house", "pull": True, "callers": ["default/a"]}
    settings = configured(sqlite_settings)
    given = msgspec.structs.replace(
        settings, agent=(*settings.agent, msgspec.convert({**pulls, "capabilities": ["file"]}, Agent))
    )
    async with open_gateway(given) as gateway:
        dispatcher, pulling = gateway.dispatcher, gateway.pipeline.parts.pulling
        assert pulling is not None
        capacity: Any = dispatcher._capacity
        assert sorted(capacity) == ["archive", "file", "ward"]
        assert (len(capacity), capacity["ward"], capacity["file"], capacity["archive"]) == (3, 128, 0, 0)
        assert sorted(dispatcher._shut()) == ["archive", "file"]
        waiting = asyncio.create_task(pulling.next("archive", 10))
        await asyncio.wait({waiting}, timeout=0)
        assert (capacity["file"], list(dispatcher._shut())) == (1, [])
        waiting.cancel()
