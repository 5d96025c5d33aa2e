"""What draws and what shows samples are built for one engine, and for the tenant that is asked for."""

from gateway.bootstrap import open_site
from gateway.bootstrap.reviews import reviewing_of, sampler_of
from gateway.core.refusal import Refusal
from gateway.exchange.audit_scribe import Reader
from gateway.settings import Settings
from tests.bootstrap.kit import configured
from tests.exchange.making import engine


async def test_without_kept_content_there_is_nothing_to_draw_or_to_show(sqlite_settings: Settings) -> None:
    async with open_site(configured(sqlite_settings)) as site:
        made = engine(site.clock)
        sampler = await sampler_of(site, "default", made)
        drawn = await sampler.draw(Reader(), "2020-01-01T00:00:00.000000Z", "2100-01-01T00:00:00.000000Z", 5)
        assert isinstance(drawn, Refusal)
        assert await reviewing_of(site, made).listed(site.tenants["default"].ledger) == ()
