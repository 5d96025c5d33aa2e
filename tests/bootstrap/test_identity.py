"""Issuers' keys are asked for at start; open metrics tell them apart without telling tenants."""

from contextlib import AsyncExitStack

import pytest

from gateway.bootstrap import open_site
from gateway.bootstrap.identity import issuer_keys
from gateway.settings import Settings
from tests.bootstrap.kit import AGENT, configured
from tests.system.site import settings_for

KEYS = "http://127.0.0.1:9/nobody-listens"
ISSUER = {"issuer": "https://hospital.example", "audience": "g", "algorithms": ["ES256"], "jwks_url": KEYS}


@pytest.mark.parametrize(("tenants", "name"), [(1, "https://hospital.example"), (2, "issuer[0]")])
async def test_issuers_have_a_number_where_their_address_might_name_a_tenant(
    sqlite_settings: Settings, tenants: int, name: str
) -> None:
    base = configured(sqlite_settings)
    named = [{"id": one} for one in ("default", "other")[:tenants]]
    settings = settings_for(base, {"ward": AGENT}, tenant=named, issuer=[{**ISSUER, "tenants": ["default"]}])
    async with open_site(settings, serving=True) as site, AsyncExitStack() as stack:
        await site.writer("_system")
        await issuer_keys(site, stack)
        told = site.metrics.exposition().decode()
        assert f'issuer="{name}"' in told
        assert ("hospital.example" in told) == (tenants == 1)
