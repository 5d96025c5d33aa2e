"""Approvers are told with a signature that means something, or nothing is built."""

from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from gateway.bootstrap import open_site
from gateway.bootstrap.approvals import MIN_SECRET, glass_of, notices_of
from gateway.core.errors import ConfigurationError
from gateway.settings import Settings
from tests.bootstrap.kit import configured

TOLD = {"notify_url": "http://127.0.0.1:9/hook", "notify_secret": "file:secret"}


async def test_a_secret_that_could_be_guessed_signs_nothing(sqlite_settings: Settings) -> None:
    file = Path(sqlite_settings.base) / "secret"
    file.write_text("x" * (MIN_SECRET - 1))
    async with open_site(configured(sqlite_settings, approvals=TOLD)) as site, AsyncExitStack() as stack:
        with pytest.raises(ConfigurationError, match=r"^approvals\.notify_secret must stand for at least 16 bytes$"):
            await notices_of(site, stack)
        file.write_text("x" * MIN_SECRET)
        await notices_of(site, stack)


async def test_without_an_address_nobody_is_told_and_without_rules_nothing_is_lent(sqlite_settings: Settings) -> None:
    async with open_site(configured(sqlite_settings)) as site, AsyncExitStack() as stack:
        notices = await notices_of(site, stack)
        notices.send({"waits": "something"})
        await notices.idle()
        assert not (await glass_of(site, notices)).configured
        assert b"gateway_approval_notices_total{" not in site.metrics.exposition()
