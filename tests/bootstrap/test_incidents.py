"""What lists incidents is built for every tenant."""

from gateway.bootstrap import incidents_of, open_site
from gateway.settings import Settings
from tests.bootstrap.kit import configured


async def test_a_new_installation_has_none(sqlite_settings: Settings) -> None:
    async with open_site(configured(sqlite_settings)) as site:
        for entry in site.tenants.values():
            assert await incidents_of(site).listed(entry.ledger) == ()
