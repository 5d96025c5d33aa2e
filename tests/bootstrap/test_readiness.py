"""Readiness tells the truth of a node that nobody asks anything else, its fall and its recovery."""

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy.util import greenlet_spawn

from gateway.bootstrap import Gateway, load_policy_set, open_gateway, open_site, takeover
from gateway.bootstrap.policies import InForce, settled
from gateway.bootstrap.readiness import Attempt, Readiness
from gateway.checks.classification.registry import DEFAULT
from gateway.core.errors import LedgerUnavailable, PinRefused
from gateway.ledger.note import Signer
from gateway.settings import Settings
from gateway.store.engine import target
from tests.bootstrap.kit import LATER, configured
from tests.conftest import ManualClock
from tests.services import Postgres
from tests.store.ledger_kit import connected
from tests.system.kit import policies


@asynccontextmanager
async def _idle(
    settings: Settings, clock: ManualClock, limit_s: float = 30.0
) -> AsyncIterator[tuple[Gateway, Readiness]]:
    """A gateway without traffic, and its readiness with so much patience for what hangs."""
    async with open_gateway(settings, clock=clock) as gateway:
        site = gateway.site
        in_force = InForce(site, site.ledgers.writers, gateway.policy)
        readiness = Readiness(site, in_force, lambda: gateway.dispatcher.healthy, limit_s=limit_s)
        try:
            assert all((await gateway.readiness.look()).values())
            await _until_ready(readiness)
            yield gateway, readiness
        finally:
            await readiness.stop()


async def _until_ready(readiness: Readiness) -> None:
    """What hung or failed is tried anew each time. `TimeoutError` after a minute."""
    async with asyncio.timeout(60):
        while not all((await readiness.look()).values()):
            continue


async def _failing(readiness: Readiness, clock: ManualClock) -> set[str]:
    """What is wrong, a while after it was last looked at."""
    clock.advance(2)
    return {name for name, good in (await readiness.look()).items() if not good}


async def test_data_keys_that_another_process_locks_are_seen_and_that_it_lets_go(
    sqlite_settings: Settings, clock: ManualClock, tmp_path: Path
) -> None:
    async with _idle(configured(sqlite_settings), clock, limit_s=0.5) as (_, readiness):
        other = sqlite3.connect(tmp_path / "keys" / "data-keys.db", isolation_level=None)
        try:
            other.execute("BEGIN IMMEDIATE")
            assert "keys" in await _failing(readiness, clock)
            other.execute("ROLLBACK")
        finally:
            other.close()
        await _until_ready(readiness)


async def test_a_database_that_another_process_locks_is_seen_and_that_it_lets_go(
    sqlite_settings: Settings, clock: ManualClock, tmp_path: Path
) -> None:
    async with _idle(configured(sqlite_settings), clock, limit_s=0.5) as (_, readiness):
        other = sqlite3.connect(tmp_path / "gateway.db", isolation_level=None)
        try:
            other.execute("BEGIN IMMEDIATE")
            assert "ledger" in await _failing(readiness, clock)
            other.execute("ROLLBACK")
        finally:
            other.close()
        await _until_ready(readiness)


@pytest.mark.parametrize(("file", "check"), [("gateway.db", "ledger"), ("keys/data-keys.db", "keys")])
async def test_a_file_that_is_taken_away_or_replaced_is_seen(
    sqlite_settings: Settings, clock: ManualClock, tmp_path: Path, file: str, check: str
) -> None:
    """What is open can still be written, and nobody would find it."""
    async with _idle(configured(sqlite_settings), clock) as (_, readiness):
        path = tmp_path / file
        away = path.rename(path.with_suffix(".away"))
        assert check in await _failing(readiness, clock)
        path.write_bytes(away.read_bytes())
        assert check in await _failing(readiness, clock)
        away.rename(path)
        await _until_ready(readiness)


@pytest.mark.postgres
async def test_a_right_to_write_that_was_taken_from_the_role_is_seen_and_its_return(
    postgres_server: Postgres, postgres_settings: Settings, clock: ManualClock
) -> None:
    """As on a server that became read-only: what is there can be read, and the database answers."""
    async with (
        _idle(configured(postgres_settings), clock) as (_, readiness),
        connected(postgres_settings.database.owner_url) as owner,
    ):
        await owner.execute(f"REVOKE UPDATE ON node FROM {postgres_server.role}")
        assert "ledger" in await _failing(readiness, clock)
        await owner.execute(f"GRANT UPDATE ON node TO {postgres_server.role}")
        await _until_ready(readiness)


async def test_a_policy_that_another_node_activated_is_seen_and_its_return(
    database: Settings, clock: ManualClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(takeover, "WATCH_S", 3600)  # or it would be taken over before it is seen
    settings, other = configured(database), configured(database, policy=policies(tmp_path, LATER))
    async with _idle(settings, clock) as (gateway, readiness), open_site(other, clock=clock) as site:
        shared = load_policy_set(other, DEFAULT.version)
        assert await settled(site, shared) == shared
        # Nothing was written here since: the writer still believes in what it saw last.
        writer = gateway.site.ledgers.writers[gateway.site.tenants["default"].ledger]
        assert writer.policy == gateway.policy.version("default")
        assert "policy" in await _failing(readiness, clock)
        assert await settled(gateway.site, gateway.policy_set) == gateway.policy_set
        await _until_ready(readiness)


async def test_a_node_that_is_not_registered_any_more_is_not_ready(
    sqlite_settings: Settings, clock: ManualClock, tmp_path: Path
) -> None:
    """Others would take its open exchanges for those of the dead, and close them."""
    async with _idle(configured(sqlite_settings), clock) as (_, readiness):
        other = sqlite3.connect(tmp_path / "gateway.db")
        other.execute("DELETE FROM node")
        other.commit()
        other.close()
        assert "ledger" in await _failing(readiness, clock)


async def test_what_went_well_is_not_tried_again_for_a_second_nor_what_traffic_shows(
    sqlite_settings: Settings, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with _idle(configured(sqlite_settings), clock) as (gateway, readiness):
        keyring, tried = gateway.site.keyring, 0
        prove = keyring.prove

        def counted() -> None:
            nonlocal tried
            tried += 1
            prove()

        monkeypatch.setattr(keyring, "prove", counted)
        for _ in range(20):
            await readiness.look()
        assert tried == 0
        clock.advance(1)
        await asyncio.gather(*(readiness.look() for _ in range(20)))
        assert tried == 1, "one look for all who ask at once"
        clock.advance(1)
        keyring.persist([keyring.new_data_key(None)[0]])
        await readiness.look()
        assert tried == 1, "keys were just written"
        keyring.unkept += 1
        await readiness.look()
        assert tried == 2, "keys could just not be written"


async def test_a_token_that_lets_nobody_in_is_seen_and_that_it_does_again(
    sqlite_settings: Settings, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with _idle(configured(sqlite_settings), clock) as (_, readiness):

        def refused(signer: Signer) -> None:
            raise PinRefused("keys.pkcs11_pin")

        with monkeypatch.context() as patch:
            patch.setattr(Signer, "demand", refused)
            assert await _failing(readiness, clock) == {"keys"}
        await _until_ready(readiness)


async def test_a_fall_is_told_once_and_so_is_the_recovery(
    sqlite_settings: Settings, clock: ManualClock, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with _idle(configured(sqlite_settings), clock) as (_, readiness):
        path = tmp_path / "keys" / "data-keys.db"
        away = path.rename(path.with_suffix(".away"))
        for _ in range(3):
            await _failing(readiness, clock)
        away.rename(path)
        await _until_ready(readiness)
    told = [one.message for one in caplog.records if one.levelname == "WARNING" and "ready" in one.message]
    assert told == ["not ready: keys", "ready again"]


async def test_an_attempt_is_made_once_for_all_who_wait_and_nobody_waits_for_ever() -> None:
    go_on, made = asyncio.Event(), 0

    async def hangs() -> bool:
        nonlocal made
        made += 1
        await go_on.wait()
        return True

    attempt = Attempt(hangs, False, 0.01)
    assert not any(await asyncio.gather(attempt.result(), attempt.result()))
    go_on.set()
    assert await attempt.result()
    assert made == 1
    await attempt.stop()


@pytest.mark.parametrize("error", [LedgerUnavailable("away"), RuntimeError("a defect")])
async def test_an_attempt_that_fails_in_whatever_way_is_not_ready(error: Exception) -> None:
    async def fails() -> bool:
        raise error

    attempt = Attempt(fails, False, None)
    assert not await attempt.result()
    await attempt.stop()


async def test_an_attempt_that_is_cancelled_or_stopped_is_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.bootstrap.readiness._END_S", 0.01)
    attempt = Attempt(asyncio.Event().wait, False, 0.01)
    assert not await attempt.result()
    await attempt.stop()
    task = attempt._task
    assert task is not None
    assert task.cancelled()


async def test_the_database_of_an_idle_node_that_is_gone_is_seen(
    sqlite_settings: Settings, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with _idle(configured(sqlite_settings), clock) as (gateway, readiness):
        path = target(gateway.site.settings).path
        engine = gateway.site.engine
        given_up = engine.sync_engine.pool
        await engine.dispose()  # what is asked next makes a connection
        for one in (path, path.with_name("gateway.db-wal"), path.with_name("gateway.db-shm")):
            os.rename(one, f"{one}.away")
        assert await _failing(readiness, clock) >= {"database", "policy", "ledger"}
        for one in (path, path.with_name("gateway.db-wal"), path.with_name("gateway.db-shm")):
            os.rename(f"{one}.away", one)
        await _until_ready(readiness)
        await greenlet_spawn(given_up.dispose)  # what was in use when it was given up came back to it since
