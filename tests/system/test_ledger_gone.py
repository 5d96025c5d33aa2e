"""A ledger that cannot be written: 503, not a byte at any agent, and the count of it in the next `ledger.recovered`."""

import errno
import functools
import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest

from gateway.bootstrap import site as opening
from gateway.core.errors import LedgerUnavailable
from gateway.exchange.audit_scribe import Reader
from gateway.settings import Settings
from gateway.store.data_keys import DataKeys
from gateway.store.keyring import Keyring
from gateway.store.ledgers import Ledgers
from tests.conftest import ManualClock
from tests.services import Postgres
from tests.system.kit import HEALTH, PUBLIC, Watch, code
from tests.system.site import System, system

REQUESTS = 3


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Writers that wait three seconds for their database, not thirty, and look ten times a second whether it is back.

    Not less: a busy disk may hold a commit up for a second, and the tests' own records need theirs.
    """
    monkeypatch.setattr(opening, "Ledgers", functools.partial(Ledgers, wait_s=3.0, retry_s=0.1))


async def _refused(site: System, key: str, how_many: int = REQUESTS) -> None:
    """Requests that are refused, each with a clear error, and nothing of them at any agent."""
    before = sum(len(agent.received) for agent in site.agents.values())
    for number in range(how_many):
        answer = await site.chat(key, f"{PUBLIC} {number}", stream=number % 2 == 1)
        assert (answer.status_code, code(answer)) == (503, "ledger_unavailable"), answer.text
        assert answer.headers["retry-after"] == "1"
        assert answer.headers["x-exchange-id"]
        assert answer.json()["error"]["type"] == "api_error"
    assert sum(len(agent.received) for agent in site.agents.values()) == before


async def _counted(site: System, watch: Watch, least: int = REQUESTS) -> int:
    """What `ledger.recovered` counts, once it counts so many: in one record, or in several where something
    else came on record meanwhile."""

    async def recovered() -> list[dict[str, Any]]:
        found = [
            record
            for record in await site.records()
            if record["event"] == "ledger.recovered" and record["outcome"]["code"] == "ledger_unavailable"
        ]
        return found if sum(record["count"] for record in found) >= least else []

    found = await watch.until(recovered)
    return sum(record["count"] for record in found)


async def _works(site: System, key: str) -> None:
    answer = await site.chat(key, PUBLIC)
    assert answer.status_code == 200, answer.text
    verdict = await site.gateway.auditors["default"].verify(Reader())
    assert verdict.failure is None


async def test_a_full_disk_stops_traffic_until_there_is_room(database: Settings) -> None:
    watch = Watch()
    async with system(database, failpoint=watch) as site:
        key = await site.key("clerk")
        await _works(site, key)
        watch.failing = True
        await _refused(site, key)
        assert (await site.gateway.readiness.look())["ledger"] is False
        watch.failing = False
        assert await _counted(site, watch) == REQUESTS
        await _works(site, key)


async def test_a_disk_that_is_full_for_the_data_keys_stops_traffic_too(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Openings are sealed under keys: an intent whose keys are not durable is not recorded, and nothing leaves."""
    watch = Watch()
    async with system(sqlite_settings, failpoint=watch) as site:
        key = await site.key("clerk")
        await _works(site, key)

        def full(self: Keyring, keys: object) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        with monkeypatch.context() as patched:
            patched.setattr(Keyring, "persist", full)
            await _refused(site, key)
        await _works(site, key)
        assert await _counted(site, watch) == REQUESTS


def _filled(home: DataKeys) -> None:
    """Take the room that is left in the pages there are."""
    for _ in range(1000):
        try:
            home.persist([home.new(None)[0]])
        except LedgerUnavailable:
            return
    raise AssertionError("there is still room")


@pytest.mark.parametrize(
    ("fault", "cure"),
    [
        pytest.param("PRAGMA max_page_count = 1", "PRAGMA max_page_count = 1000000", id="full"),
        pytest.param("PRAGMA query_only = ON", "PRAGMA query_only = OFF", id="read-only"),
    ],
)
async def test_readiness_falls_with_the_file_of_data_keys_and_is_back_without_a_request(
    sqlite_settings: Settings, fault: str, cure: str
) -> None:
    """What a balancer that was told 503 needs to send requests again."""
    watch = Watch()
    async with system(sqlite_settings, failpoint=watch) as site:
        key = await site.key("clerk")
        await _works(site, key)
        assert (await site.http.get("/readyz")).status_code == 200
        home = site.gateway.site.keyring._data_keys
        assert isinstance(home, DataKeys)
        home._writer.execute(fault)
        _filled(home)
        await _refused(site, key)
        down = await site.http.get("/readyz")
        assert (down.status_code, down.json()["checks"]["keys"]) == (503, False)
        home._writer.execute(cure)
        assert (await site.http.get("/readyz")).json()["checks"]["keys"] is True
        assert await _counted(site, watch) == REQUESTS
        await _works(site, key)


async def test_a_file_of_data_keys_that_is_taken_away_stops_traffic(sqlite_settings: Settings) -> None:
    """Keys could still be written to what is open, and the next start would not find them."""
    watch = Watch()
    async with system(sqlite_settings, failpoint=watch) as site:
        key = await site.key("clerk")
        await _works(site, key)
        path = Path(sqlite_settings.base) / "keys" / "data-keys.db"
        away = path.rename(path.with_suffix(".away"))
        await _refused(site, key)
        assert (await site.http.get("/readyz")).json()["checks"]["keys"] is False
        away.rename(path)
        assert (await site.http.get("/readyz")).json()["checks"]["keys"] is True
        assert await _counted(site, watch) == REQUESTS
        await _works(site, key)


async def test_a_locked_database_stops_traffic_and_keeps_nobody_waiting(sqlite_settings: Settings) -> None:
    watch = Watch()
    async with system(sqlite_settings, failpoint=watch) as site:
        key = await site.key("clerk")
        await _works(site, key)
        other = sqlite3.connect(Path(sqlite_settings.base) / "gateway.db", isolation_level=None)
        try:
            other.execute("BEGIN EXCLUSIVE")
            await _refused(site, key)
            other.execute("ROLLBACK")
        finally:
            other.close()
        assert await _counted(site, watch) == REQUESTS
        await _works(site, key)


async def test_a_database_file_that_is_taken_away_stops_traffic(sqlite_settings: Settings) -> None:
    watch = Watch()
    async with system(sqlite_settings, failpoint=watch) as site:
        key = await site.key("clerk")
        await _works(site, key)
        path = Path(sqlite_settings.base) / "gateway.db"
        path.rename(path.with_suffix(".away"))
        await _refused(site, key)
        assert (await site.http.get("/readyz")).status_code == 503
        path.with_suffix(".away").rename(path)
        assert await _counted(site, watch) == REQUESTS
        await _works(site, key)


@asynccontextmanager
async def _closed(server: Postgres, settings: Settings) -> AsyncIterator[None]:
    """The database lets nobody in while this is open, and everyone who was in is out."""
    name = urlsplit(settings.database.url).path.lstrip("/")
    admin = await asyncpg.connect(server.url)
    try:
        await admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        await admin.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = $1", name)
        yield
        await admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    finally:
        await admin.close()


@pytest.mark.postgres
async def test_a_database_that_is_gone_stops_traffic_and_its_return_is_noticed(
    postgres_server: Postgres, postgres_settings: Settings
) -> None:
    watch = Watch()
    async with system(postgres_settings, failpoint=watch) as site:
        key = await site.key("clerk")
        await _works(site, key)
        async with _closed(postgres_server, postgres_settings):
            await _refused(site, key)
            ready = await site.http.get("/readyz")
            assert ready.status_code == 503
            assert ready.json()["checks"]["database"] is False
            assert ready.json()["checks"]["ledger"] is False
        assert await _counted(site, watch) == REQUESTS
        await _works(site, key)
        checks = (await site.http.get("/readyz")).json()["checks"]
        del checks["tasks"]  # which looks again only after a while
        assert all(checks.values())


@pytest.mark.postgres
async def test_a_caller_nobody_has_asked_about_yet_is_refused_and_counted_while_the_database_is_gone(
    postgres_server: Postgres, postgres_settings: Settings
) -> None:
    """A credential that cannot be looked up is neither let in nor called wrong."""
    watch = Watch()
    async with system(postgres_settings, failpoint=watch) as site:
        key = await site.key("clerk")
        async with _closed(postgres_server, postgres_settings):
            await _refused(site, key, 1)

        async def counted() -> list[dict[str, Any]]:
            return [one for one in await site.records("_system") if one["event"] == "ledger.recovered"]

        (record,) = await watch.until(counted)
        assert record["count"] == 1


async def test_refusals_and_readings_need_the_ledger_as_well(sqlite_settings: Settings) -> None:
    watch = Watch()
    async with system(sqlite_settings, failpoint=watch) as site:
        clerk, auditor = await site.key("clerk"), await site.key("auditor")
        await site.http.get("/audit/records", headers={"authorization": f"Bearer {auditor}"})
        watch.failing = True
        denied = await site.chat(clerk, "password: hunter2hunter2")
        nobody = await site.chat("gwk_none", PUBLIC)
        read = await site.http.get("/audit/records", headers={"authorization": f"Bearer {auditor}"})
        forbidden = await site.http.get("/audit/records", headers={"authorization": f"Bearer {clerk}"})
        assert [one.status_code for one in (denied, nobody, read, forbidden)] == [503] * 4
        assert read.headers["content-type"] == "application/problem+json"
        assert "records" not in read.json()
        watch.failing = False
        assert await _counted(site, watch) == 3  # the fourth was nobody's: it is in the operator's own ledger


async def test_the_ledgers_failure_between_two_agents_asks_no_second_one(sqlite_settings: Settings) -> None:
    """A fall-back whose attempt cannot be recorded does not happen."""
    watch = Watch()
    async with system(sqlite_settings, failpoint=watch) as site:

        async def fails(scope: Any, receive: Any, send: Any) -> None:
            watch.failing = True
            await send({"type": "http.response.start", "status": 500, "headers": []})
            await send({"type": "http.response.body", "body": b""})

        site.agents["ward"].behave = fails
        answer = await site.chat(await site.key("clinician"), HEALTH, model="ward")
        assert (answer.status_code, code(answer)) == (503, "ledger_unavailable")
        assert not site.agents["desk"].received
        watch.failing = False
        # The attempt is counted as refused, and recovery gives the exchange its one end.
        assert await _counted(site, watch, 1) >= 1
        trail = await site.trail(answer.headers["x-exchange-id"])
        assert trail[0]["event"] == "exchange.requested"
        assert [record["event"] for record in trail[1:]] == ["exchange.interrupted"]


async def test_a_clock_that_goes_backwards_breaks_neither_order_nor_limits(
    database: Settings, clock: ManualClock
) -> None:
    async with system(database, clock=clock) as site:
        key = await site.key("clerk", rate="2/minute")
        first = await site.chat(key, PUBLIC)
        clock.us -= 3600 * 1_000_000
        second = await site.chat(key, PUBLIC)
        third = await site.chat(key, PUBLIC)
        assert [one.status_code for one in (first, second, third)] == [200, 200, 429]
        records = await site.records()
        assert [record["recorded_at"] for record in records] == sorted(record["recorded_at"] for record in records)
        (earlier,) = {record["occurred_at"][:16] for record in await site.trail(second.headers["x-exchange-id"])}
        assert earlier < records[0]["occurred_at"]
        ends = [record for record in records if record["event"] == "exchange.completed"]
        assert all(record["outcome"]["latency_us"] >= 0 for record in ends)
        verdict = await site.gateway.auditors["default"].verify(Reader())
        assert verdict.failure is None


async def test_an_error_says_nothing_of_the_database(
    sqlite_settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    watch = Watch()
    async with system(sqlite_settings, failpoint=watch) as site:
        key = await site.key("clerk")
        watch.failing = True
        answer = await site.chat(key, PUBLIC)
        shown = answer.text + str(answer.headers)
        for word in ("sqlite", "space", "device", "gateway.db", "Errno", "Traceback"):
            assert word not in shown
        assert PUBLIC not in caplog.text
        assert key not in caplog.text
