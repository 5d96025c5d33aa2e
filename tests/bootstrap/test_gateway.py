"""A gateway starts whole and says so on record, or not at all."""

import asyncio
import json

import pytest

from gateway.bootstrap import config_digest, open_gateway, open_site
from gateway.core.errors import ConfigurationError
from gateway.settings import Settings
from tests.bootstrap.kit import AGENT, configured
from tests.system.site import settings_for


async def test_a_start_says_under_which_configuration_and_whether_that_is_another(sqlite_settings: Settings) -> None:
    first = configured(sqlite_settings)
    second = configured(sqlite_settings, server={"max_depth": 32})
    for settings in (first, first, second):
        async with open_gateway(settings) as gateway:
            assert (await gateway.readiness.look())["ledger"]
    async with open_site(second) as site:
        for tenant in ("default", "_system"):
            reader = site.reader(tenant)
            records = [json.loads(stored.envelope) async for stored in reader.records(0, await reader.size())]
            told = [
                (one["event"], one["config"])
                for one in records
                if "config" in one and one["event"] != "policy.activated"
            ]
            assert told == [
                *([("ledger.started", config_digest(first))] * 2),
                ("config.changed", config_digest(second)),
                ("ledger.started", config_digest(second)),
            ]


async def test_what_was_opened_is_closed_when_the_start_fails_half_way(sqlite_settings: Settings) -> None:
    settings = configured(sqlite_settings)
    missing = settings_for(sqlite_settings, {"ward": {**AGENT, "schema": "none.json"}})
    before = asyncio.all_tasks()
    with pytest.raises(ConfigurationError, match=r"agent\[0\].schema"):
        async with open_gateway(missing):
            pass
    assert asyncio.all_tasks() == before
    async with open_gateway(settings) as gateway:
        assert all((await gateway.readiness.look()).values())
