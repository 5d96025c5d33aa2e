"""A gateway does not start, nor stays ready, where a failover of its database would lose what it acknowledges."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from gateway.bootstrap import failover as module
from gateway.core.errors import ConfigurationError
from gateway.exchange.failover import Failover
from gateway.settings import Settings
from gateway.store.engine import target
from tests.services import Postgres
from tests.store.ledger_kit import connected
from tests.system.kit import PUBLIC
from tests.system.site import system


@pytest.fixture
async def slot(
    postgres_settings: Settings, postgres_server: Postgres
) -> AsyncIterator[Callable[[bool], Awaitable[None]]]:
    """Makes a replication slot for a standby that is not there, or drops it."""
    if not postgres_server.private:
        pytest.skip("POSTGRES: a server of the tests' own is needed, whose replication may be changed")
    there = False
    async with connected(postgres_server.superuser(target(postgres_settings).dsn)) as admin:

        async def change(wanted: bool) -> None:
            nonlocal there
            if wanted != there:
                more = ", true" if wanted else ""
                await admin.execute(
                    f"SELECT pg_{'create_physical' if wanted else 'drop'}_replication_slot('gw_test_failover'{more})"
                )
                there = wanted

        yield change
        await change(False)


@pytest.mark.postgres
async def test_standbys_that_nobody_waits_for_stop_traffic_until_they_are_gone(
    postgres_settings: Settings,
    slot: Callable[[bool], Awaitable[None]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "WATCH_S", 0.05)
    looked = asyncio.Event()
    look = Failover.look

    async def looking(failover: Failover) -> None:
        await look(failover)
        looked.set()

    async def again() -> bool:
        looked.clear()
        return await looked.wait()

    monkeypatch.setattr(Failover, "look", looking)
    async with system(postgres_settings) as site, asyncio.timeout(60):
        key = await site.key("clerk")
        assert (await site.chat(key, PUBLIC, model="ward")).status_code == 200
        await slot(True)
        while (await site.chat(key, PUBLIC, model="ward")).status_code != 503:
            await again()
        while (ready := await site.http.get("/readyz")).json()["checks"]["failover"]:
            await again()
        assert (ready.status_code, ready.json()["checks"]["ledger"]) == (503, False)
        assert 'gateway_database_standing{state="asynchronous"} 1.0' in (await site.http.get("/metrics")).text
        await slot(False)
        while (await site.chat(key, PUBLIC, model="ward")).status_code != 200:
            await again()


@pytest.mark.postgres
async def test_a_start_before_such_standbys_is_refused_unless_that_is_accepted_and_on_record(
    postgres_settings: Settings, slot: Callable[[bool], Awaitable[None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded = asyncio.Event()
    look = Failover.look

    async def looking(failover: Failover) -> None:
        await look(failover)
        recorded.set()

    monkeypatch.setattr(Failover, "look", looking)
    await slot(True)
    with pytest.raises(ConfigurationError, match="accept_lossy_failover"):
        async with system(postgres_settings):
            raise AssertionError("it must not serve")
    urls = {name: getattr(postgres_settings.database, name) for name in ("url", "owner_url")}
    async with system(postgres_settings, database={**urls, "accept_lossy_failover": True}) as site:
        assert (await site.chat(await site.key("clerk"), PUBLIC, model="ward")).status_code == 200
        assert (await site.http.get("/readyz")).json()["checks"]["failover"] is True
        await recorded.wait()
        assert "ledger.unprotected" in {one["event"] for one in await site.records()}
