"""A message that was denied does not get through in other words a moment later."""

import json

from gateway.settings import Settings
from tests.conftest import ManualClock
from tests.system.kit import HEALTH, MAIL, PERSONAL, PUBLIC, code
from tests.system.site import System, system

EXACT = {"x-route": "exact"}
STICKS = {"denied_s": 60}


async def test_a_paraphrase_a_moment_later_does_not_start_clean(database: Settings, clock: ManualClock) -> None:
    async with system(database, clock=clock, sessions=STICKS) as site:
        key, other = await site.key("clinician"), await site.key("clinician", owner="somebody else")
        denied = await site.chat(key, HEALTH, "cloud", headers=EXACT)
        assert (denied.status_code, code(denied)) == (403, "policy_denied")
        again = await site.chat(key, PUBLIC, "cloud", headers=EXACT)
        assert (again.status_code, code(again)) == (403, "policy_denied")
        [record] = await site.trail(again.headers["x-exchange-id"])
        assert (record["classes"]["found"], record["classes"]["inherited"]) == ([], ["phi"])
        (before,) = await site.trail(denied.headers["x-exchange-id"])
        told = [await _explanation(site, one["seq"]) for one in (before, record)]
        assert ["did not bring phi" in one for one in told] == [False, True], "whoever reads it is told why"
        assert (await site.chat(key, PUBLIC, "summarize")).headers["x-routed-agent"] == "ward"
        assert (await site.chat(other, PUBLIC, "summarize")).headers["x-routed-agent"] == "cloud"
        clock.advance(59)
        assert (await site.chat(key, PUBLIC, "cloud", headers=EXACT)).status_code == 403
        clock.advance(1)
        assert (await site.chat(key, PUBLIC, "cloud", headers=EXACT)).status_code == 200


async def test_an_address_more_does_not_take_away_what_was_denied(
    sqlite_settings: Settings, clock: ManualClock
) -> None:
    """Its own words are masked for the cloud; that somebody was written about a moment ago no mask takes away."""
    async with system(sqlite_settings, clock=clock, sessions=STICKS) as site:
        key, other = await site.key("clinician"), await site.key("clinician", owner="somebody else")
        stated = {**EXACT, "x-data-class": "pii"}
        assert (await site.chat(key, PUBLIC, "cloud", headers=stated)).status_code == 403
        for text in (PUBLIC, PERSONAL):
            again = await site.chat(key, text, "cloud", headers=EXACT)
            assert (again.status_code, code(again)) == (403, "policy_denied")
        [record] = await site.trail(again.headers["x-exchange-id"])
        assert record["candidates"][0]["answer"] == "cannot-redact"
        assert (record["classes"]["found"], record["classes"]["inherited"]) == (["pii"], ["pii"])
        assert not site.agents["cloud"].received
        declared = await site.chat(other, PERSONAL, "cloud", headers=stated)
        assert declared.status_code == 403
        floored = await site.key("clinician", owner="of a floor", floor=("pii",))
        assert (await site.chat(floored, PERSONAL, "cloud", headers=EXACT)).status_code == 403
        assert not site.agents["cloud"].received
        fourth = await site.key("clinician", owner="a fourth")
        masked = await site.chat(fourth, PERSONAL, "cloud", headers=EXACT)
        assert masked.status_code == 200
        assert MAIL not in str(site.agents["cloud"].received)


async def _explanation(site: System, seq: int) -> str:
    reader = site.gateway.site.reader("default")
    (stored,) = [one async for one in reader.records(seq, seq + 1, details=True)]
    return str(json.loads(stored.detail or b"{}")["explanation"])


async def test_what_was_denied_sticks_over_a_restart(sqlite_settings: Settings, clock: ManualClock) -> None:
    async with system(sqlite_settings, clock=clock, sessions=STICKS) as site:
        key = await site.key("clinician")
        declared = await site.chat(key, PUBLIC, "cloud", headers={**EXACT, "x-data-class": "phi"})
        assert declared.status_code == 403
    async with system(sqlite_settings, clock=clock, sessions=STICKS) as site:
        assert (await site.chat(key, PUBLIC, "cloud", headers=EXACT)).status_code == 403
    async with system(sqlite_settings, clock=clock) as site:
        assert (await site.chat(key, PUBLIC, "cloud", headers=EXACT)).status_code == 200
