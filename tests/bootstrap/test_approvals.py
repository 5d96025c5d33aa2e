"""Approvers are told with a signature that means something, or nothing is built."""

from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from gateway.bootstrap import open_site
from gateway.bootstrap.approvals import MIN_SECRET, glass_of, notices_kept, notices_of
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
        assert notices.made("tn_1", {"waits": "something"}, roles=["privacy"]) == ()
        assert not glass_of(site, notices).configured


async def test_commands_keep_notices_for_who_delivers_them(sqlite_settings: Settings) -> None:
    (Path(sqlite_settings.base) / "secret").write_text("x" * MIN_SECRET)
    channel = {"id": "desk", "url": "http://127.0.0.1:9", "secret": "file:secret", "roles": ["privacy"]}
    async with open_site(configured(sqlite_settings, approvals=TOLD, channel=[channel])) as site:
        told = notices_kept(site).made("tn_1", {"waits": "something"}, roles=["privacy"])
        assert [one.channel for one in told] == ["desk", "_approvals"]
