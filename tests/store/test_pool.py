"""Connections that are opened for work which nobody waits for, and for all else."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import pytest
from sqlalchemy import text

from gateway.settings import Settings
from gateway.store import pool
from gateway.store.engine import open_engine, reading, target
from gateway.store.pool import unhurried

TASKS = 8


async def _ask(engine: Any) -> None:
    async with reading(engine, None) as connection:
        await connection.execute(text("SELECT 1"))


async def test_what_nobody_waits_for_takes_turns_where_everybody_else_is_served_at_once(database: Settings) -> None:
    opened = {}
    for hurried in (False, True):
        engine = open_engine(target(database))
        try:
            async with asyncio.TaskGroup() as group, AsyncExitStack() as stack:
                if not hurried:
                    stack.enter_context(unhurried())
                for _ in range(TASKS):
                    group.create_task(_ask(engine))
            connections: Any = engine.pool
            opened[hurried] = connections.checkedin()
        finally:
            await engine.dispose()
    assert opened == {False: 1, True: 5}, "the pool keeps five of those that were opened"


async def test_what_made_the_tasks_is_in_a_hurry_again_and_so_are_tasks_that_it_makes_then(database: Settings) -> None:
    engine = open_engine(target(database))
    try:
        with unhurried():
            pass
        async with reading(engine, None) as held:
            await held.execute(text("SELECT 1"))
            await asyncio.gather(_ask(engine), _ask(engine))
        connections: Any = engine.pool
        assert connections.checkedin() == 3
    finally:
        await engine.dispose()


async def test_where_no_connection_comes_free_one_is_opened(
    database: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What holds it may be the very task that asks."""
    monkeypatch.setattr(pool, "PATIENCE_S", 0.01)
    engine = open_engine(target(database))
    try:
        with unhurried():
            async with reading(engine, None) as held:
                await held.execute(text("SELECT 1"))
                await _ask(engine)
        connections: Any = engine.pool
        assert connections.checkedin() == 2
    finally:
        await engine.dispose()


async def test_it_tells_of_its_connections_in_the_log_of_the_library(database: Settings) -> None:
    """In the gateway's own it would at every start, and of a connection that is lost with all of the driver's error."""
    engine = open_engine(target(database))
    connections: Any = engine.pool
    assert connections.logger.name.startswith("sqlalchemy.pool.")
    await engine.dispose()
