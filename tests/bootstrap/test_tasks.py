"""A command looks after tasks; only a gateway that serves takes them and gives their results."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from gateway.bootstrap import Site, open_gateway, open_site, tasks_of
from gateway.core.errors import ConfigurationError
from gateway.settings import Settings
from gateway.store.sealing import Sealer
from tests.bootstrap.kit import configured


@pytest.fixture
async def site(sqlite_settings: Settings) -> AsyncIterator[Site]:
    async with open_site(configured(sqlite_settings)) as opened:
        yield opened


async def test_a_command_submits_nothing_and_fetches_nothing(site: Site) -> None:
    writers = {site.tenants["_system"].ledger: await site.writer("_system")}
    tasks: Any = tasks_of(site, writers, Sealer(site.keyring))
    with pytest.raises(ConfigurationError, match="to a gateway that serves"):
        await tasks._foresee(None)
    with pytest.raises(ConfigurationError, match="from a gateway that serves"):
        await tasks._fetched(None, None, frozenset())
    with pytest.raises(ConfigurationError, match="from a gateway that serves"):
        tasks.reread(None, None)


async def test_a_task_waits_where_no_agent_of_its_target_would_let_a_call_through(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_gateway(configured(sqlite_settings)) as gateway:
        dispatcher: Any = gateway.dispatcher
        assert dispatcher._shut() == []
        monkeypatch.setattr(gateway.pipeline.parts.health, "open_to", lambda _: False)
        assert sorted(dispatcher._shut()) == ["summarize", "ward"]
