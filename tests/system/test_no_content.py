"""Where a rule says that nothing is kept, no table holds a word of it, nor what would open a commitment to it."""

from pathlib import Path
from typing import Any

from sqlalchemy import select

from gateway.settings import Settings
from gateway.store.tables import sealed
from tests.store.ledger_kit import seeing
from tests.system.kit import PERSONAL, PUBLIC, policies, said
from tests.system.site import System, system
from tests.web.tasking import chat

SILENT = (
    "p, 390, role:user, class:pii, zone:in-house, chat, purpose:*, always, allow, no-content, silent, "
    '"Of what identifies persons nothing is kept."'
)


async def sealed_parts(site: System, records: list[dict[str, Any]]) -> list[str]:
    """The parts that are kept sealed of these records."""
    wanted = select(sealed.c.part).where(sealed.c.seq.in_([record["seq"] for record in records]))
    wanted = wanted.where(sealed.c.tenant == site.gateway.site.tenants["default"].ledger)
    async with seeing(site.gateway.site.where) as connection:
        return list((await connection.execute(wanted.order_by(sealed.c.part))).scalars().all())


async def test_nothing_of_the_exchange_is_sealed_and_the_record_still_commits_to_it(
    database: Settings, tmp_path: Path
) -> None:
    async with system(database, policy=policies(tmp_path / "own", SILENT)) as site:
        key = await site.key("clerk")
        loud = await site.chat(key, PUBLIC, "ward")
        silent = await site.chat(key, PERSONAL, "ward")
        assert (loud.status_code, silent.status_code) == (200, 200)
        assert said(silent)
        before = await site.trail(loud.headers["x-exchange-id"])
        trail = await site.trail(silent.headers["x-exchange-id"])
        assert [record["event"] for record in trail] == ["exchange.requested", "exchange.completed"]
        assert "no-content" in trail[0]["decision"]["obligations"]
        assert trail[0]["request"]["commitment"]
        assert trail[1]["response"]["commitment"]
        assert await sealed_parts(site, before) == ["request", "response"], "as everywhere else"
        assert await sealed_parts(site, trail) == []
        streamed = await site.chat(key, PERSONAL, "ward", stream=True)
        assert streamed.status_code == 200
        assert await sealed_parts(site, await site.trail(streamed.headers["x-exchange-id"])) == []


async def test_what_would_have_to_be_stored_is_denied_before_it_is(sqlite_settings: Settings, tmp_path: Path) -> None:
    async with system(sqlite_settings, policy=policies(tmp_path / "own", SILENT)) as site:
        bearer = {"authorization": f"Bearer {await site.key('clerk')}"}
        refused = await site.http.post("/v1/tasks", json=chat(PERSONAL, "ward"), headers=bearer)
        assert refused.status_code == 403, refused.text
        assert not any(agent.received for agent in site.agents.values())
        assert not [record for record in await site.records() if record["event"].startswith("task.")]
