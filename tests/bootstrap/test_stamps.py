"""Ledgers are stamped as long as the gateway serves, and what goes wrong in one round is gone in the next."""

import asyncio
from pathlib import Path

import pytest

from gateway.bootstrap import stamps as module
from gateway.core.errors import ConfigurationError
from gateway.settings import Settings
from gateway.store.stamps import KeptStamp, StampStore
from tests.system.site import system
from tests.tsa import TSA, a_tsa


async def test_the_gateway_has_its_ledgers_stamped_by_itself_also_after_a_failure(
    sqlite_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_S", 0.01)
    add, failures, done = StampStore.add, [OSError("once")], asyncio.Event()

    async def adding(store: StampStore, stamp: KeptStamp) -> None:
        if failures:
            raise failures.pop()
        await add(store, stamp)
        done.set()

    monkeypatch.setattr(StampStore, "add", adding)
    async with a_tsa(tmp_path) as tsa:
        ledger = {"checkpoint_interval_s": 0.1}
        async with system(sqlite_settings, tsa=[tsa.table], ledger=ledger) as site:
            await site.key("clerk")
            async with asyncio.timeout(60):
                await done.wait()
    assert failures == []


async def test_a_start_is_refused_with_authorities_that_nobody_can_believe(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    async with a_tsa(tmp_path) as tsa:
        tsa.authorities.write_bytes(TSA.pem)
        with pytest.raises(ConfigurationError, match=r"tsa\[0\].authorities must be PEM"):
            async with system(sqlite_settings, tsa=[tsa.table]):
                raise AssertionError("it must not serve")
