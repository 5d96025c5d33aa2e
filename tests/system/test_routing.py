"""Where messages go and what of them gets there: seen from the agents and from the record."""

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.settings import Settings
from tests.system.kit import (
    HEALTH,
    IDENTIFIED,
    MAIL,
    PERSONAL,
    PUBLIC,
    SSN,
    TRACE,
    TRACEPARENT,
    code,
    events,
    policies,
    recorded,
)
from tests.system.site import Agent, System, system


def _failing(status: int) -> Any:
    async def behave(scope: dict[str, Any], receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    return behave


def _text(agent: Agent) -> str:
    text: str = agent.bodies[-1]["messages"][0]["content"]
    return text


async def test_personal_data_reach_the_cloud_masked_and_the_caller_is_told(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings) as site:
        answer = await site.chat(await site.key("clerk"), IDENTIFIED)
        assert answer.status_code == 200, answer.text
        assert answer.headers["x-routed-agent"] == "cloud"
        assert answer.headers["x-decision"] == "redact"
        assert SSN not in site.agents["cloud"].received[0][1].decode()
        assert "[US-SSN]" in _text(site.agents["cloud"])
        intent, end = await site.trail(answer.headers["x-exchange-id"])
        assert intent["decision"]["effect"] == "redact"
        assert intent["decision"]["rules"] == ["pii-cloud-masked"]
        assert intent["found"] == {"us-ssn": 1}
        assert intent["processor"] == "cloud-inc"
        assert end["outcome"]["code"] == "ok"


async def test_public_text_reaches_the_agent_byte_for_byte(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings) as site:
        key = await site.key("clerk")
        body = b'{ "model":"cloud",  "messages":[{"role":"user","content":"good \\u006dorning"}], "temperature":1.50 }'
        headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
        answer = await site.http.post("/v1/chat/completions", content=body, headers=headers)
        assert answer.headers["x-decision"] == "route"
        # All that is added says that its provider may keep nothing of it.
        assert site.agents["cloud"].received[0][1] == body[:-1] + b',"store":false}'


async def test_secrets_go_nowhere_and_the_refusal_is_on_record_with_its_rule(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings) as site:
        answer = await site.chat(await site.key("clerk"), "Use the key AKIAIOSFODNN7EXAMPLQ for it.")
        assert (answer.status_code, code(answer)) == (403, "policy_denied")
        assert answer.headers["x-decision"] == "deny"
        assert "x-routed-agent" not in answer.headers
        assert "secret" not in answer.text
        (record,) = await site.trail(answer.headers["x-exchange-id"])
        assert record["event"] == "exchange.denied"
        assert record["decision"]["rules"] == ["secret-nowhere"]
        assert {candidate["answer"] for candidate in record["candidates"]} == {"deny"}
        assert not any(agent.received for agent in site.agents.values())


async def test_a_role_that_is_no_user_sends_nothing(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings) as site:
        answer = await site.chat(await site.key("auditor"), PUBLIC)
        assert code(answer) == "policy_denied"
        assert not any(agent.received for agent in site.agents.values())


async def test_exact_refuses_instead_of_rerouting(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings) as site:
        key = await site.key("clinician")
        answer = await site.chat(key, HEALTH, headers={"X-Route": "exact"})
        assert code(answer) == "policy_denied"
        (record,) = await site.trail(answer.headers["x-exchange-id"])
        assert [candidate["agent"] for candidate in record["candidates"]] == ["cloud"]


@pytest.mark.parametrize("wish", ["exactly", "", "any", "exact, exact"])
async def test_another_wish_for_a_route_is_refused_and_not_passed_over(sqlite_settings: Settings, wish: str) -> None:
    async with system(sqlite_settings) as site:
        answer = await site.chat(await site.key("clerk"), PUBLIC, headers={"x-route": wish})
        assert (answer.status_code, code(answer)) == (400, "header_invalid")
        assert answer.json()["error"]["param"] == "X-Route"
        assert not any(agent.received for agent in site.agents.values())


@pytest.mark.parametrize("name", ["X-Purpose", "Idempotency-Key"])
async def test_one_header_with_two_values_is_refused_and_none_of_them_taken(
    sqlite_settings: Settings, name: str
) -> None:
    """Whichever is read, who reads the other has been told something else."""
    async with system(sqlite_settings) as site:
        key = await site.key("clerk", purposes=("TREAT",))
        body = {"model": "cloud", "messages": [{"role": "user", "content": PUBLIC}]}
        headers = [("authorization", f"Bearer {key}"), (name, "TREAT"), (name, "HPAYMT")]
        answer = await site.http.post("/v1/chat/completions", json=body, headers=headers)
        assert (answer.status_code, code(answer)) == (400, "header_invalid")
        assert answer.json()["error"]["param"] == name
        assert not any(agent.received for agent in site.agents.values())


async def test_exact_does_not_fall_back_either(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings) as site:
        site.agents["cloud"].behave = _failing(500)
        answer = await site.chat(await site.key("clerk"), PUBLIC, headers={"X-Route": "exact"})
        assert (answer.status_code, code(answer)) == (502, "agent_unavailable")
        assert not site.agents["ward"].received
        trail = await site.trail(answer.headers["x-exchange-id"])
        assert [record["event"] for record in trail] == ["exchange.requested", "exchange.completed"]
        assert trail[1]["outcome"] == {**trail[1]["outcome"], "code": "agent_unavailable", "status": 502}


async def test_a_capability_is_answered_by_the_first_agent_that_may(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings) as site:
        key = await site.key("clinician")
        public = await site.chat(key, PUBLIC, model="summarize")
        health = await site.chat(key, HEALTH, model="summarize")
        assert (public.headers["x-routed-agent"], health.headers["x-routed-agent"]) == ("cloud", "ward")
        assert (await site.trail(health.headers["x-exchange-id"]))[0]["route_requested"] == "summarize"


async def test_an_agent_that_is_not_available_is_tried_twice_and_then_the_next_permitted_one(
    database: Settings,
) -> None:
    """The agent that falls in reads, before it answers, the committed record that names it."""
    async with system(database) as site:
        site.agents["cloud"].behave = _failing(503)
        found: list[tuple[str, ...]] = []

        async def look(headers: dict[str, str]) -> None:
            assert headers["traceparent"].split("-")[1] == TRACE
            found.extend(await recorded(database, TRACE))

        site.agents["ward"].on_request = look
        answer = await site.chat(await site.key("clerk"), PERSONAL, headers={"traceparent": TRACEPARENT})
        assert answer.status_code == 200, answer.text
        assert answer.headers["x-routed-agent"] == "ward"
        assert answer.headers["x-decision"] == "route"
        assert len(site.agents["cloud"].received) == 2
        assert [row[:2] for row in found] == [("exchange.requested", "cloud"), ("exchange.attempted", "ward")]
        assert MAIL not in site.agents["cloud"].received[0][1].decode()
        assert MAIL in _text(site.agents["ward"])
        trail = await site.trail(answer.headers["x-exchange-id"])
        assert [record["event"] for record in trail] == [
            "exchange.requested",
            "exchange.attempted",
            "exchange.completed",
        ]
        assert trail[1]["attempt"] == 2
        assert trail[1]["decision"]["effect"] == "route"
        assert trail[2]["agent"] == "ward"


async def test_a_fall_back_never_reaches_an_agent_that_policy_denies(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings) as site:
        site.agents["ward"].behave = _failing(500)
        answer = await site.chat(await site.key("clinician"), HEALTH, model="ward")
        assert answer.headers["x-routed-agent"] == "desk"
        assert not site.agents["cloud"].received
        site.agents["desk"].behave = _failing(500)
        answer = await site.chat(await site.key("clinician"), HEALTH, model="ward")
        assert (answer.status_code, code(answer)) == (502, "agent_unavailable")
        assert not site.agents["cloud"].received
        assert (await events(site, answer))[-1] == "exchange.completed"


async def test_a_failed_answer_is_not_tried_again_at_the_same_agent(sqlite_settings: Settings) -> None:
    """Only an agent that said it is not available, or was never reached, is asked twice."""
    async with system(sqlite_settings) as site:
        site.agents["cloud"].behave = _failing(500)
        await site.chat(await site.key("clerk"), PUBLIC)
        assert len(site.agents["cloud"].received) == 1


async def test_a_declared_class_raises_and_never_lowers(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings) as site:
        key = await site.key("clerk")
        raised = await site.chat(key, PUBLIC, headers={"X-Data-Class": "phi"})
        assert raised.headers["x-routed-agent"] == "ward"
        intent = (await site.trail(raised.headers["x-exchange-id"]))[0]
        assert intent["classes"]["declared"] == ["phi"]
        lowered = await site.chat(key, HEALTH, headers={"X-Data-Class": "public"})
        assert lowered.headers["x-routed-agent"] == "ward"
        assert set((await site.trail(lowered.headers["x-exchange-id"]))[0]["classes"]["found"]) == {"phi", "pii"}


async def test_a_class_that_is_declared_and_has_no_span_is_not_sent_masked(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings) as site:
        answer = await site.chat(await site.key("clerk"), PUBLIC, headers={"X-Data-Class": "pii", "X-Route": "exact"})
        assert code(answer) == "policy_denied"
        (record,) = await site.trail(answer.headers["x-exchange-id"])
        assert record["candidates"][0]["answer"] == "cannot-redact"


async def test_an_unknown_class_is_refused_by_its_header(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings) as site:
        answer = await site.chat(await site.key("clerk"), PUBLIC, headers={"X-Data-Class": "phi, zebra"})
        assert answer.json()["error"] == {**answer.json()["error"], "code": "header_invalid", "param": "X-Data-Class"}
        assert "zebra" not in answer.text
        assert await events(site, answer) == ["exchange.denied"]


async def test_floors_of_keys_and_agents_hold(sqlite_settings: Settings) -> None:
    agents: dict[str, dict[str, Any]] = {
        "cloud": {"zone": "cloud", "processor": "cloud-inc", "capabilities": ["summarize"]},
        "open": {"zone": "cloud", "floor": ["internal"]},
        "ward": {"zone": "in-house", "capabilities": ["summarize"]},
    }
    async with system(sqlite_settings, agents=agents) as site:
        floored = await site.chat(await site.key("clerk", floor=("phi",)), PUBLIC)
        assert floored.headers["x-routed-agent"] == "ward"
        assert (await site.trail(floored.headers["x-exchange-id"]))[0]["classes"]["floor"] == ["phi"]
        denied = await site.chat(await site.key("clerk"), PUBLIC, model="open")
        assert code(denied) == "policy_denied"
        (record,) = await site.trail(denied.headers["x-exchange-id"])
        assert record["decision"]["rules"] == ["internal-not-cloud"]


async def test_the_purpose_is_one_of_the_credentials_or_none(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings) as site:
        key = await site.key("clerk", purposes=("HPAYMT", "TREAT"))
        first = await site.chat(key, PUBLIC)
        chosen = await site.chat(key, PUBLIC, headers={"X-Purpose": "TREAT"})
        wrong = await site.chat(key, PUBLIC, headers={"X-Purpose": "HRESCH"})
        assert (await site.trail(first.headers["x-exchange-id"]))[0]["purpose"] == "HPAYMT"
        assert (await site.trail(chosen.headers["x-exchange-id"]))[0]["purpose"] == "TREAT"
        assert (wrong.status_code, code(wrong)) == (403, "purpose_not_allowed")
        assert "HRESCH" not in wrong.text
        (denied,) = await site.trail(wrong.headers["x-exchange-id"])
        assert denied["outcome"]["code"] == "purpose_not_allowed"


async def test_health_data_without_a_purpose_go_nowhere(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings) as site:
        answer = await site.chat(await site.key("clinician", purposes=()), HEALTH, model="ward")
        assert code(answer) == "policy_denied"
        (record,) = await site.trail(answer.headers["x-exchange-id"])
        assert "purpose-required" in record["decision"]["rules"]


async def test_subjects_are_on_record_as_pseudonyms_and_found_by_them(database: Settings) -> None:
    async with system(database) as site:
        key = await site.key("clinician")
        answer = await site.chat(key, PUBLIC, headers={"X-Data-Subject": "Patient-77, patient-77 , other"})
        assert answer.status_code == 200, answer.text
        tenant = site.gateway.site.tenants["default"].ledger
        pseudonym = await site.gateway.site.directory.find_subject(tenant, "PATIENT-77")
        assert pseudonym is not None
        assert pseudonym.startswith("su_")
        reader = site.gateway.site.reader("default")
        stored = await reader.exchange(answer.headers["x-exchange-id"])
        details = [json.loads(one.detail or b"{}") for one in stored]
        assert all(pseudonym in detail["subjects"] and len(detail["subjects"]) == 2 for detail in details)
        assert b"patient-77" not in b"".join(one.envelope + (one.detail or b"") for one in stored).lower()


@pytest.mark.parametrize("value", [",".join(f"s{i}" for i in range(17)), "x" * 257])
async def test_too_many_or_too_long_subjects_are_refused(sqlite_settings: Settings, value: str) -> None:
    async with system(sqlite_settings) as site:
        answer = await site.chat(await site.key("clinician"), PUBLIC, headers={"X-Data-Subject": value})
        assert (answer.status_code, code(answer)) == (400, "header_invalid")
        assert answer.json()["error"]["param"] == "X-Data-Subject"
        assert await events(site, answer) == ["exchange.denied"]


async def test_an_idempotency_key_is_recorded_as_a_commitment_that_differs_each_time(
    sqlite_settings: Settings,
) -> None:
    async with system(sqlite_settings) as site:
        key = await site.key("clerk")
        seen = []
        for _ in range(2):
            answer = await site.chat(key, PUBLIC, headers={"Idempotency-Key": "order-number-9"})
            stored = await site.gateway.site.reader("default").exchange(answer.headers["x-exchange-id"])
            assert b"order-number-9" not in b"".join(one.envelope + (one.detail or b"") for one in stored)
            seen.append(json.loads(stored[0].envelope)["idempotency"])
        assert len(set(seen)) == 2
        assert all(len(commitment) == 44 for commitment in seen)
        assert all("order-number-9" not in str(headers) for headers, _ in site.agents["cloud"].received)


async def test_what_needs_an_approval_waits_for_it_and_is_recorded_as_such(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    rule = (
        "p, 435, role:analyst, class:pii, agent:cloud, chat, purpose:*, contract:valid, allow, "
        'redact;approve:privacy, needs-people, "People look first."'
    )
    async with system(sqlite_settings, policy=policies(tmp_path / "own", rule)) as site:
        answer = await site.chat(await site.key("analyst"), PERSONAL)
        assert (answer.status_code, code(answer)) == (403, "approval_required")
        asked, record = await site.trail(answer.headers["x-exchange-id"])
        assert (asked["event"], record["event"]) == ("approval.requested", "exchange.denied")
        assert (record["decision"]["effect"], record["decision"]["rules"]) == ("approve", ["needs-people"])
        assert not any(agent.received for agent in site.agents.values())


async def test_a_contract_that_has_lapsed_moves_traffic_in_house(sqlite_settings: Settings) -> None:
    processor = {
        "id": "cloud-inc",
        "legal_name": "Cloud Inc.",
        "address": "1 Cloud Way",
        "country": "US",
        "agreement": {"kind": "BAA", "digest": "sha256:" + "0" * 64, "valid_until": "2020-01-01", "classes": ["pii"]},
    }
    async with system(sqlite_settings, processor=[processor]) as site:
        answer = await site.chat(await site.key("clerk"), PERSONAL)
        assert answer.headers["x-routed-agent"] == "ward"
        intent = (await site.trail(answer.headers["x-exchange-id"]))[0]
        assert intent["candidates"][0]["rule"] == "contract:cloud-inc"


async def test_the_covered_entity_profile_keeps_what_clinicians_send_in_the_house(sqlite_settings: Settings) -> None:
    profile = {"directory": str(Path(__file__).parents[2] / "policies"), "profile": "covered-entity"}
    async with system(sqlite_settings, policy=profile) as site:
        answer = await site.chat(await site.key("clinician"), PUBLIC)
        assert answer.headers["x-routed-agent"] == "ward"
        assert (await site.trail(answer.headers["x-exchange-id"]))[0]["classes"]["floor"] == ["phi"]


async def test_rates_are_told_and_kept_for_credentials_and_targets(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings, limits={"target": "2/hour"}) as site:
        key = await site.key("clerk", rate="4/hour")
        first = await site.chat(key, PUBLIC)
        assert "ratelimit" in first.headers
        assert "ratelimit-policy" in first.headers
        await site.chat(key, PUBLIC)
        third = await site.chat(key, PUBLIC)
        other = await site.chat(key, PUBLIC, model="desk")
        fifth = await site.chat(key, PUBLIC, model="desk")
        assert [one.status_code for one in (first, third, other, fifth)] == [200, 429, 200, 429]
        for refused in (third, fifth):
            assert code(refused) == "rate_limited"
            assert int(refused.headers["retry-after"]) > 0
            assert await events(site, refused) == ["exchange.denied"]


async def test_requests_under_way_at_once_are_bounded_by_credential(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings, limits={"concurrency": 1}) as site:
        key, other = await site.key("clerk"), await site.key("clerk")
        inside: list[int] = []

        async def ask(headers: dict[str, str]) -> None:
            site.agents["cloud"].on_request = None
            inside.append((await site.chat(key, PUBLIC)).status_code)
            inside.append((await site.chat(other, PUBLIC)).status_code)

        site.agents["cloud"].on_request = ask
        outside = await site.chat(key, PUBLIC)
        after = await site.chat(key, PUBLIC)
        assert (outside.status_code, inside, after.status_code) == (200, [429, 200], 200)


async def test_every_exchange_has_exactly_one_end(database: Settings) -> None:
    async with system(database) as site:
        key = await site.key("clerk", "clinician")
        await _some_of_everything(site, key)
        ends: dict[str, int] = {}
        for record in await site.records():
            if record["event"] in ("exchange.completed", "exchange.interrupted"):
                ends[record["exchange"]] = ends.get(record["exchange"], 0) + 1
        opened = [record["exchange"] for record in await site.records() if record["event"] == "exchange.requested"]
        assert sorted(opened) == sorted(ends)
        assert set(ends.values()) == {1}


async def _some_of_everything(site: System, key: str) -> None:
    site.agents["ward"].behave = _failing(500)
    for text in (PUBLIC, PERSONAL, HEALTH, "password: hunter2hunter2"):
        for stream in (False, True):
            await site.chat(key, text, stream=stream)
