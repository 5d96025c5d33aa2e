"""The job that erases is built on the installation's own keyring, and one of its kind works at a time."""

from types import SimpleNamespace
from typing import Any

from gateway.bootstrap.subjects import erasure_of
from gateway.settings import Settings
from gateway.store.sealing import Sealer
from tests.system.site import system


async def test_without_anything_to_erase_a_round_takes_no_lease_and_writes_nothing(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings, agents={"ward": {"zone": "in-house"}}) as site:
        installation = site.gateway.site
        base: Any = SimpleNamespace(site=installation, sealer=Sealer(installation.keyring), engine=site.gateway.engine)
        before = await site.records()
        ledger = installation.tenants["default"].ledger
        assert await erasure_of(base).advance(ledger, await installation.writer("default")) == 0
        assert await site.records() == before
