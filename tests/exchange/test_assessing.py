"""Assessments are of the control frameworks that are in force, and of nothing where there is none."""

import pytest

from gateway.bootstrap import open_site
from gateway.core.errors import ConfigurationError
from gateway.exchange.assessing import assessments
from gateway.settings import Settings
from tests.bootstrap.kit import configured
from tests.system.site import system


async def test_each_framework_of_the_active_policy_is_assessed(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings, agents={"ward": {"zone": "in-house"}}) as site:
        inside = site.gateway.site
        found = await assessments(inside.policies, inside.tenants["default"].ledger)
        assert [one.framework for one in found] == ["eu-ai-act", "gdpr", "hipaa", "pci-dss", "soc2"]
        assert all(one.title and one.text for one in found)


async def test_without_an_active_policy_nothing_is_assessed(sqlite_settings: Settings) -> None:
    async with open_site(configured(sqlite_settings)) as site:
        with pytest.raises(ConfigurationError, match="a policy that is active"):
            await assessments(site.policies, site.tenants["default"].ledger)
