"""Usage over the API: for roles that may ask, of one's own tenant, and on record."""

import pytest

from gateway.settings import Settings
from tests.system.kit import HEALTH, PUBLIC
from tests.web.kit import audited


async def test_usage_is_told_by_day_caller_and_agent_and_asking_is_on_record(sqlite_settings: Settings) -> None:
    async with audited(sqlite_settings) as api:
        key = await api.site.key("clinician")
        for text, model in ((PUBLIC, "cloud"), (PUBLIC, "desk"), (HEALTH, "ward")):
            assert (await api.site.chat(key, text, model=model)).status_code == 200
        found = await api.get("/usage?by=agent")
        assert found.status_code == 200
        body = found.json()
        assert (body["tenant"], body["by"], body["currency"]) == ("default", ["agent"], "EUR")
        assert {
            one["agent"]: (one["requests"], one["tokens_in"], one["tokens_out"]) for one in body["usage"]
        } == dict.fromkeys(("cloud", "desk", "ward"), (1, 3, 4))
        (whole,) = (await api.get("/usage?by=")).json()["usage"]
        assert (whole["requests"], whole["refused"], whole["cost"]) == (3, 0, 0)
        (caller,) = (await api.get("/usage?by=caller,day&agent=desk")).json()["usage"]
        assert caller["caller"].startswith("ac_")
        assert caller["day"] == body["to"]
        assert (await api.get(f"/usage?by=&caller={caller['caller']}")).json()["usage"][0]["requests"] == 3
        reads = [one for one in await api.site.records() if one["event"] == "audit.read"]
        assert reads[0]["exchange"] == found.headers["x-exchange-id"]
        assert len(reads) == 4


NO_SENSE = [
    ("from=yesterday", "from"),
    ("to=2026-1-1", "to"),
    ("from=2026-11-02&to=2026-11-01", "from"),
    ("from=2020-01-01&to=2026-11-01", "from"),
    ("by=day,colour", "by"),
    ("by=day&by=day", "query"),
    ("colour=red", "query"),
    ("to=0001-01-01", "to"),
    ("caller=%00", "caller"),
]


async def test_a_question_that_makes_no_sense_is_refused_and_no_reading(
    sqlite_settings: Settings, subtests: pytest.Subtests
) -> None:
    async with audited(sqlite_settings) as api:
        for query, field in NO_SENSE:
            with subtests.test(query=query, field=field):
                answer = await api.get(f"/usage?{query}")
                assert (answer.status_code, answer.json()["field"]) == (400, field)
                assert not any(one["event"] == "audit.read" for one in await api.site.records())
