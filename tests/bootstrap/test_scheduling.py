"""Schedules are built for whose bundles they make, and what could not be kept to is refused before."""

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, cast

import pytest

from gateway.bootstrap import open_site, proposed
from gateway.bootstrap.approvals import notices_kept
from gateway.bootstrap.bundles import bundling_of
from gateway.bootstrap.scheduling import fit_schedules, scheduled_for, schedulings_of, usable_schedules
from gateway.core.errors import ConfigurationError
from gateway.exchange.directory_delivery import DirectoryDelivery
from gateway.exchange.ledgers import Ledgers
from gateway.exchange.underway import UnderWay
from gateway.exchange.webhook_delivery import WebhookDelivery
from gateway.settings import Schedule, Settings
from tests.bootstrap.kit import configured

FILES: dict[str, Any] = {"id": "monthly", "every": "monthly", "directory": "out"}
HOOK: dict[str, Any] = {"id": "q", "every": "quarterly", "url": "https://a.example.org/in", "secret": "env:HOOK"}


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK", "a secret of more than sixteen bytes")


async def test_each_schedule_is_built_for_each_tenant_that_it_names(sqlite_settings: Settings) -> None:
    settings = configured(sqlite_settings, schedule=[FILES, {**HOOK, "tenants": ["default", "_system"]}])
    async with open_site(settings) as site, AsyncExitStack() as stack:
        writers = {entry.ledger: await site.writer(name) for name, entry in site.tenants.items()}
        auditors = {name: await site.auditor(name) for name in site.tenants}
        bundling = bundling_of(site, auditors, cast(UnderWay, None))
        made = await schedulings_of(site, Ledgers(writers), bundling, auditors, notices_kept(site), stack)
        ledger = {name: entry.ledger for name, entry in site.tenants.items()}
        assert [(one.state.schedule, one.state.tenant) for one in made] == [
            ("monthly", ledger["default"]),
            ("q", ledger["default"]),
            ("q", ledger["_system"]),
        ]
        assert [type(one._delivery) for one in made] == [DirectoryDelivery, WebhookDelivery, WebhookDelivery]
        assert b"gateway_schedule_late_seconds" in site.metrics.exposition()


def test_a_schedule_that_names_nobody_is_of_the_one_tenant_there_is() -> None:
    one = Schedule(**FILES)
    assert scheduled_for(one, ("default", "_system")) == ("default",)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({**FILES, "attach": ["hunter2-swordfish"]}, "schedule[0].attach must be each once, of: csv"),
        ({**FILES, "recipients": ["hunter2-swordfish"]}, "schedule[0].recipients must be"),
        ({**HOOK, "secret": "env:SHORT"}, "schedule[0].secret must stand for at least 16 bytes"),
    ],
)
def test_what_could_not_be_kept_to_is_refused(
    table: dict[str, Any], said: str, sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHORT", "short")
    with pytest.raises(ConfigurationError) as raised:
        usable_schedules(configured(sqlite_settings, schedule=[table]))
    assert said in str(raised.value)
    assert "swordfish" not in str(raised.value)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (FILES, "schedule[0].directory is no directory that is there"),
        (
            {**FILES, "directory": ".", "about": "framework:gone"},
            "schedule[0].about must name a framework",
        ),
        ({**HOOK, "ca": "gone.pem"}, "ca"),
    ],
)
async def test_checking_looks_at_frameworks_directories_and_files(
    table: dict[str, Any], said: str, sqlite_settings: Settings
) -> None:
    settings = configured(sqlite_settings, schedule=[table])
    with pytest.raises(ConfigurationError) as raised:
        await fit_schedules(settings, *proposed(settings))
    assert said in str(raised.value)


async def test_what_fits_is_told(sqlite_settings: Settings, tmp_path: Path) -> None:
    table = {**FILES, "directory": str(tmp_path), "about": "framework:gdpr", "attach": ["csv"]}
    settings = configured(sqlite_settings, schedule=[table, HOOK])
    assert await fit_schedules(settings, *proposed(settings)) == "monthly (monthly), q (quarterly)"
