"""When a node goes into an emergency, and when it does not."""

import asyncio
from pathlib import Path

import msgspec
import pytest

from gateway.settings import Settings
from tests.system.emergencies import AGENTS, away, care, copied, emergency, impatient, until
from tests.system.kit import code
from tests.system.site import system


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    impatient(monkeypatch)


async def test_with_a_copy_that_is_too_old_nothing_goes_on(sqlite_settings: Settings) -> None:
    section = emergency(sqlite_settings, max_copy_age_s=2, enter_after_s=600)
    async with system(sqlite_settings, agents=AGENTS, emergency=section) as site:
        key = await site.key("clerk")
        await care(site, key)
        found = site.gateway.emergency
        assert found is not None
        async with away(sqlite_settings):
            async with asyncio.timeout(30):
                while not found._away:
                    assert (await care(site, key)).status_code in (200, 503)
                    await found.look()
            assert found._copied is not None
            found._copied = msgspec.structs.replace(found._copied, at_ns=found._copied.at_ns - 10**12)
            found._changed_ns -= 10**12
            await found.look()
            assert found.state == "unready"
            assert (await care(site, key)).status_code == 503


async def test_what_has_lasted_or_holds_as_much_as_it_may_takes_no_new_exchange(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings, agents=AGENTS, emergency=emergency(sqlite_settings)) as site:
        key = await site.key("clerk")
        await care(site, key)
        await copied(site)
        async with away(sqlite_settings):
            await until(site, "serving", lambda: care(site, key))
            found = site.gateway.emergency
            assert found is not None
            assert found._serving is not None
            found._serving.began_ns -= 10**15
            await until(site, "spent")
            refused = await care(site, key)
            assert (refused.status_code, code(refused)) == (503, "ledger_unavailable")
            assert (await site.http.get("/readyz")).status_code == 503
        await until(site, "standing")
        assert (await care(site, key)).status_code == 200


async def test_an_emergency_that_cannot_be_stitched_in_is_counted_and_the_next_one_begins_all_the_same(
    sqlite_settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    async with system(sqlite_settings, agents=AGENTS, emergency=emergency(sqlite_settings)) as site:
        key = await site.key("clerk")
        await care(site, key)
        found, closed = site.gateway.emergency, Path(sqlite_settings.base) / "emergency" / "closed"
        assert found is not None
        async with away(sqlite_settings):
            await until(site, "serving", lambda: care(site, key))
            assert (await care(site, key)).headers["x-ledger"] == "emergency"
            closed.write_text("no directory")  # as a disk that takes nothing
        await until(site, "standing")
        told = (await site.http.get("/metrics")).text
        assert "gateway_emergency_left 1.0" in told
        assert 'gateway_emergency_state{state="standing"} 1.0' in told
        assert "is not stitched in: " in caplog.text
        async with away(sqlite_settings):
            await until(site, "serving", lambda: care(site, key))
            assert (await care(site, key)).headers["x-ledger"] == "emergency"
            assert (found.figures().left, found.figures().begun) == (1, 2)
            closed.unlink()
        async with asyncio.timeout(60):
            while found.figures().left or found.state != "standing":  # noqa: ASYNC110 — nobody tells of it
                await asyncio.sleep(0.02)
        assert len({one.name for one in closed.glob("*/*.archive")}) == 2


async def test_a_database_that_lacks_what_it_had_is_not_away(sqlite_settings: Settings) -> None:
    """Nothing goes on before that is settled: it is there, and is another."""
    async with system(sqlite_settings, agents=AGENTS, emergency=emergency(sqlite_settings)) as site:
        found = site.gateway.emergency
        assert found is not None
        for writer in site.gateway.site.ledgers.writers.values():
            writer.healthy, writer._found_lost = False, True
        assert await found._there()
        for writer in site.gateway.site.ledgers.writers.values():
            writer.healthy, writer._found_lost = True, False
