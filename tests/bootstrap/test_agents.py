"""What is signed for agents, and what open metrics say of them."""

import math
from pathlib import Path

import msgspec
import pytest

from gateway.bootstrap import open_site
from gateway.bootstrap.agents import assertions_of, health_of, ordering_of
from gateway.settings import Settings
from tests.bootstrap.kit import AGENT, configured
from tests.exchange.making import classified, message, route
from tests.system.site import settings_for


@pytest.mark.parametrize(("more", "keys"), [({}, 0), ({"assertion": True}, 1), ({"protocol": "a2a"}, 1)])
async def test_a_key_is_made_only_where_something_is_signed(
    sqlite_settings: Settings, more: dict[str, object], keys: int
) -> None:
    base = configured(sqlite_settings)
    before = set((Path(base.base) / "keys").iterdir())
    async with open_site(settings_for(sqlite_settings, {"ward": {**AGENT, **more}})) as site:
        made = set((Path(base.base) / "keys").iterdir()) - before
        first = assertions_of(site)
        assert len(first.keys) == keys
        assert len(set((Path(base.base) / "keys").iterdir()) - before - made) == keys
        assert assertions_of(site).keys == first.keys, "it is kept"


@pytest.mark.parametrize("tenants", [1, 2])
async def test_metrics_name_no_agent_of_particular_tenants_where_there_are_several(
    sqlite_settings: Settings, tenants: int
) -> None:
    base = configured(sqlite_settings)
    names = ["default", "other"][:tenants]
    agents = {"ward": {**AGENT, "tenants": ["default"]}, "desk": {**AGENT, "capabilities": []}}
    async with open_site(settings_for(base, agents, tenant=[{"id": name} for name in names])) as site:
        health_of(site)
        told = site.metrics.exposition().decode()
        assert 'agent="desk"' in told
        assert ('agent="ward"' in told) == (tenants == 1)


async def test_agents_are_ordered_and_measured_where_the_configuration_wants_it(sqlite_settings: Settings) -> None:
    base = configured(sqlite_settings)
    agents = {
        "ward": {**AGENT, "capabilities": ["summarize", "lookup"]},
        "desk": {**AGENT, "capabilities": ["lookup"]},
        "aside": {**AGENT, "capabilities": []},
    }
    orders = [{"id": "summarize", "order": "static"}, {"id": "lookup", "order": "fastest"}]
    async with open_site(settings_for(base, agents)) as site:
        assert ordering_of(site.settings, health_of(site)) is None
    async with open_site(settings_for(base, agents, capability=orders)) as site:
        health = health_of(site)
        ordering = ordering_of(site.settings, health)
        assert ordering is not None
        routes = tuple(route(name) for name in agents)
        found = {}
        for target in ("summarize", "lookup", "ward", "desk", "aside"):
            about = msgspec.structs.replace(message(), target=target)
            found[target] = ordering.kind(about, classified(site.clock, ()), routes)
        assert found == {"summarize": None, "lookup": "fastest", "ward": None, "desk": "fastest", "aside": None}
        for name in agents:
            health.preferred(name, (), streamed=False)
        assert [health.expected_ns(name, streamed=False) for name in agents] == [math.inf, math.inf, 0]
