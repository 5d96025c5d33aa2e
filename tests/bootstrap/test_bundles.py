"""Bundles lie where the configuration says, and each tenant's trail is found by its ledger."""

from typing import cast

from gateway.bootstrap import open_site
from gateway.bootstrap.bundles import bundling_of
from gateway.evidence.selection import Selection
from gateway.exchange.audit_scribe import Reader
from gateway.exchange.bundle_files import Order
from gateway.exchange.underway import UnderWay
from gateway.settings import Settings
from gateway.store.bundle_jobs import BundleJob
from tests.bootstrap.kit import configured


async def test_what_is_asked_for_lies_below_the_configured_directory(sqlite_settings: Settings) -> None:
    settings = configured(sqlite_settings, evidence={"directory": "elsewhere"})
    async with open_site(settings) as site:
        bundling = bundling_of(site, {"default": await site.auditor("default")}, cast(UnderWay, None))
        ledger = site.tenants["default"].ledger
        job = await bundling.ask(ledger, Reader(), Order(selection=Selection()))
        assert isinstance(job, BundleJob)
        assert bundling._files.place(job).parent == settings.path("elsewhere") / ledger
