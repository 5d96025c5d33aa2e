"""Sessions of MCP are good for one caller and one agent, for as long as they are used."""

import base64
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.core.errors import LedgerUnavailable
from gateway.settings import Settings
from gateway.store.engine import open_engine, reading, target, writing
from gateway.store.mcp_sessions import McpSessions, Owner
from gateway.store.tables import mcp_session
from tests.conftest import ManualClock

ADA = Owner("tn_1", "ac_1", "tools")


@pytest.fixture
async def engine(database: Settings) -> AsyncIterator[AsyncEngine]:
    made = open_engine(target(database))
    yield made
    await made.dispose()


@pytest.fixture
def sessions(engine: AsyncEngine, clock: ManualClock) -> McpSessions:
    return McpSessions(engine, clock, 60)


async def test_a_session_is_found_by_whose_it_is_and_by_nobody_else(sessions: McpSessions, clock: ManualClock) -> None:
    await sessions.open("mcp_1", ADA, "agents-own")
    for _ in ("remembered", "asked anew"):
        assert await sessions.find("mcp_1", ADA) == "agents-own"
        for other in (Owner("tn_2", "ac_1", "tools"), Owner("tn_1", "ac_2", "tools"), Owner("tn_1", "ac_1", "other")):
            assert await sessions.find("mcp_1", other) is None
        assert await sessions.find("mcp_2", ADA) is None
        clock.advance(6)


async def test_the_database_holds_neither_the_callers_id_nor_the_agents(
    engine: AsyncEngine, sessions: McpSessions
) -> None:
    await sessions.open("mcp_1", ADA, "agents-own")
    async with reading(engine, ADA.tenant) as connection:
        row = (await connection.execute(select(mcp_session))).one()
    held = " ".join(str(value) for value in row)
    for own in ("mcp_1", "agents-own"):
        assert own not in held
        assert base64.b64encode(own.encode()).decode().rstrip("=") not in held


@pytest.mark.parametrize("stored", ["agents-own", "", "bm90IHNlYWxlZCBhdCBhbGwsIGJ1dCBsb25nIGVub3VnaA==", "anders"])
async def test_what_is_not_sealed_for_the_session_is_no_session(
    stored: str, engine: AsyncEngine, sessions: McpSessions, clock: ManualClock
) -> None:
    """As earlier versions kept them, or changed since: its client begins another."""
    await sessions.open("mcp_1", ADA, "agents-own")
    async with writing(engine, ADA.tenant) as connection:
        await connection.execute(update(mcp_session).values(upstream=stored))
    assert await McpSessions(engine, clock, 60).find("mcp_1", ADA) is None


async def test_what_was_sealed_for_one_session_opens_for_no_other(
    engine: AsyncEngine, sessions: McpSessions, clock: ManualClock
) -> None:
    await sessions.open("mcp_1", ADA, "agents-own")
    await sessions.open("mcp_2", ADA, "agents-other")
    async with reading(engine, ADA.tenant) as connection:
        first = (await connection.execute(select(mcp_session.c.upstream).order_by(mcp_session.c.id))).scalars().first()
    async with writing(engine, ADA.tenant) as connection:
        await connection.execute(update(mcp_session).values(upstream=first))
    again = McpSessions(engine, clock, 60)
    assert {await again.find("mcp_1", ADA), await again.find("mcp_2", ADA)} in (
        {None, "agents-own"},
        {None, "agents-other"},
    )


async def test_a_session_ends_after_its_idle_time_and_lives_while_it_is_used(
    sessions: McpSessions, clock: ManualClock
) -> None:
    await sessions.open("mcp_1", ADA, "agents-own")
    for _ in range(4):
        clock.advance(50)
        assert await sessions.find("mcp_1", ADA) == "agents-own"
    clock.advance(61)
    assert await sessions.find("mcp_1", ADA) is None


async def test_a_session_with_an_open_stream_is_not_idle(sessions: McpSessions, clock: ManualClock) -> None:
    await sessions.open("mcp_1", ADA, "agents-own")
    clock.advance(600)
    assert await sessions.find("mcp_1", ADA, held=True) == "agents-own"
    clock.advance(30)
    assert await sessions.find("mcp_1", ADA) == "agents-own"


async def test_an_ended_session_is_gone_here_at_once_and_elsewhere_within_seconds(
    engine: AsyncEngine, sessions: McpSessions, clock: ManualClock
) -> None:
    other = McpSessions(engine, clock, 60)
    await sessions.open("mcp_1", ADA, "agents-own")
    assert await other.find("mcp_1", ADA) == "agents-own"
    await sessions.end("mcp_1", Owner("tn_1", "ac_2", "tools"))
    assert await sessions.find("mcp_1", ADA) == "agents-own"
    await sessions.end("mcp_1", ADA)
    assert await sessions.find("mcp_1", ADA) is None
    clock.advance(6)
    assert await other.find("mcp_1", ADA) is None


async def test_rows_of_sessions_long_over_are_removed(
    engine: AsyncEngine, sessions: McpSessions, clock: ManualClock
) -> None:
    await sessions.open("mcp_1", ADA, "agents-own")
    clock.advance(90_000)
    await sessions.open("mcp_2", ADA, "agents-own")
    async with reading(engine, ADA.tenant) as connection:
        assert await connection.scalar(text("SELECT count(*) FROM mcp_session")) == 1


async def test_memory_holds_a_bounded_number(sessions: McpSessions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.store.mcp_sessions.MAX_CACHED", 2)
    for number in range(4):
        await sessions.open(f"mcp_{number}", ADA, f"own-{number}")
    assert len(sessions._known) == 2
    assert await sessions.find("mcp_0", ADA) == "own-0"


async def test_nothing_is_known_while_the_database_is_away(sqlite_settings: Settings, clock: ManualClock) -> None:
    where = target(sqlite_settings)
    engine = open_engine(where)
    where.path.unlink()
    with pytest.raises(LedgerUnavailable):
        await McpSessions(engine, clock, 60).find("mcp_1", ADA)
    await engine.dispose()
