"""Policy over the API: what is active, and how a decision comes about, for those who answer for it."""

import pytest

from gateway.settings import Settings
from tests.checks.policy.making import SHIPPED
from tests.system.kit import HEALTH, PUBLIC
from tests.web.kit import Audited, audited


async def _as(api: Audited, *roles: str) -> Audited:
    return Audited(api.site, await api.site.key(*roles))


async def test_the_active_rules_are_told_in_order_with_their_version(sqlite_settings: Settings) -> None:
    async with audited(sqlite_settings) as api:
        body = (await api.get("/policy")).json()
        assert body["policy"].startswith("sha256:")
        assert body["activated_at"].endswith("Z")
        priorities = [rule["priority"] for rule in body["rules"]]
        assert priorities == sorted(priorities)
        (rule,) = (rule for rule in body["rules"] if rule["id"] == "phi-in-house")
        assert (rule["data"], rule["agent"], rule["effect"]) == ("class:phi", "zone:in-house", "allow")
        assert rule["text"]


async def test_a_question_is_answered_with_every_rule_that_was_considered(sqlite_settings: Settings) -> None:
    async with audited(sqlite_settings) as api:
        asking = await _as(api, "compliance")
        question = {"agents": ["cloud", "ward"], "classes": ["phi"], "roles": ["clinician"], "purpose": "TREAT"}
        found = await asking.post("/policy/explain", question)
        assert found.status_code == 200
        body = found.json()
        assert body["policy"] == (await asking.get("/policy")).json()["policy"]
        cloud, ward = body["answers"]
        assert (cloud["agent"], cloud["effect"], cloud["rules"]) == ("cloud", "deny", ["phi-nowhere-else"])
        (derived,) = cloud["classes"]
        assert derived["considered"][-1]["decided"]
        assert (derived["nearest"]["rule"], derived["nearest"]["misses"]) == ("pii-cloud-masked", [])
        assert (ward["agent"], ward["effect"]) == ("ward", "route")
        assert [one for one in await api.site.records() if one["event"] == "audit.read"] == []


async def test_a_recorded_decision_is_explained_and_reading_it_is_on_record(sqlite_settings: Settings) -> None:
    async with audited(sqlite_settings) as api:
        asking = await _as(api, "compliance")
        answer = await api.site.chat(await api.site.key("clinician"), HEALTH, model="cloud")
        exchange = answer.headers["x-exchange-id"]
        body = (await asking.post("/policy/explain", {"exchange": exchange})).json()
        assert body["roles"] == ["clinician"]
        told = {one["agent"]: (one["effect"], one["recorded"]) for one in body["answers"]}
        assert told["cloud"] == ("deny", "deny")
        assert answer.headers["x-routed-agent"] in told
        assert told[answer.headers["x-routed-agent"]] == ("route", "allow")
        assert [one["event"] for one in await api.site.records()].count("audit.read") == 1


NO_SENSE = [
    ({"agents": ["nobody"]}, "agents"),
    ({"classes": ["nothing"]}, "classes"),
    ({"zone": "nowhere"}, "zone"),
    ({"roles": [""]}, "roles"),
    ({"at": "yesterday"}, "at"),
    ({"colour": "red"}, None),
    ({"exchange": "x", "agents": ["cloud"]}, "exchange"),
]


async def test_a_question_that_makes_no_sense_is_refused_with_its_field(
    sqlite_settings: Settings, subtests: pytest.Subtests
) -> None:
    async with audited(sqlite_settings) as api:
        for body, field in NO_SENSE:
            with subtests.test(body=body, field=field):
                refused = await (await _as(api, "compliance")).post("/policy/explain", body)
                assert refused.status_code == 400
                told = refused.json()
                assert told["type"].endswith("parameter_invalid")
                assert field is None or told.get("field") == field
                assert "nobody" not in refused.text
                assert "nowhere" not in refused.text


async def test_what_is_no_exchange_of_the_tenant_is_not_there(sqlite_settings: Settings) -> None:
    async with audited(sqlite_settings) as api:
        asking = await _as(api, "compliance")
        for exchange in ("0" * 300, "\x00", "01890000-0000-7000-8000-000000000000"):
            assert (await asking.post("/policy/explain", {"exchange": exchange})).status_code == 404


async def test_an_exchange_that_policy_was_not_asked_about_cannot_be_explained(sqlite_settings: Settings) -> None:
    async with audited(sqlite_settings) as api:
        asking = await _as(api, "compliance")
        refused = await asking.get("/keys")
        assert refused.status_code == 403
        body = (await asking.post("/policy/explain", {"exchange": refused.headers["x-exchange-id"]})).json()
        assert body["field"] == "exchange"


async def test_a_draft_is_replayed_against_what_is_on_record_and_what_would_change_is_told(
    sqlite_settings: Settings,
) -> None:
    async with audited(sqlite_settings) as api:
        asking = await _as(api, "compliance")
        clinician = await api.site.key("clinician")
        answers = [await api.site.chat(clinician, text, model="cloud") for text in (HEALTH, HEALTH, PUBLIC)]
        shipped = (SHIPPED / "policy.csv").read_text()
        closed = shipped.replace("allow, none, phi-in-house", "deny, none, phi-in-house")
        period = {"from": "2000-01-01", "to": "2100-01-01"}
        same = (await asking.post("/policy/simulate", period)).json()
        assert (same["requests"], same["answers"], same["changed"], same["otherwise"]) == (3, 3, 0, 0)
        assert same["draft"] == (await asking.get("/policy")).json()["policy"]
        found = (await asking.post("/policy/simulate", {**period, "files": {"policy.csv": closed}})).json()
        (request,) = (change for change in found["changes"] if change["what"] == "request")
        assert (request["count"], request["after"]) == (2, "deny")
        assert request["before"] == f"route {answers[0].headers['x-routed-agent']}"
        assert set(request["examples"]) == {answer.headers["x-exchange-id"] for answer in answers[:2]}
        assert "phi-nowhere-else" in request["rules_after"]
        assert [one["event"] for one in await api.site.records()].count("audit.read") == 2


NO_DRAFT = [
    ({"from": "2000-01-01"}, "to"),
    ({"from": "soon", "to": "2100-01-01"}, "from"),
    ({"from": "2000-01-01", "to": "2100-01-01", "files": {"policy.csv": "nonsense"}}, "files"),
    ({"from": "2000-01-01", "to": "2100-01-01", "files": {"structure.json": "{}"}}, "files"),
    ({"from": "2000-01-01", "to": "2100-01-01", "files": {"schemas/../x": ""}}, "files"),
    ({"from": "2000-01-01", "to": "2100-01-01", "files": {"recognizers/a.toml": ""}}, "files"),
]


async def test_a_draft_that_cannot_be_served_with_is_refused_and_nothing_is_read(
    sqlite_settings: Settings, subtests: pytest.Subtests
) -> None:
    async with audited(sqlite_settings) as api:
        for body, field in NO_DRAFT:
            with subtests.test(body=body, field=field):
                refused = await (await _as(api, "compliance")).post("/policy/simulate", body)
                assert refused.status_code == 400
                assert refused.json().get("field") == field
                assert [one for one in await api.site.records() if one["event"] == "audit.read"] == []
