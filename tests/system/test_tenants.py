"""Tenants side by side: each its own ledger, keys and readers, and no way to learn that there are others."""

import json
from typing import Any

import httpx
import pytest

from gateway.settings import Settings
from gateway.store.api_keys import Administrator, Grant, NewKey
from tests.system.kit import HEALTH, PUBLIC, code
from tests.system.site import System, system

TENANTS = [{"id": "hospital", "name": "The Hospital"}, {"id": "bank", "name": "The Bank"}]


async def _key(site: System, tenant: str, *roles: str, scopes: tuple[str, ...] = ()) -> str:
    installation = site.gateway.site
    writer = await installation.writer(tenant)
    by = Administrator(ledger=writer, tenant=writer.tenant)
    grant = Grant(owner="ada", kind="person", roles=roles, zone="in-house", purposes=("TREAT",), scopes=scopes)
    made = await installation.api_keys.create(by, tenant, grant)
    assert isinstance(made, NewKey)
    return made.plain


async def _read(site: System, key: str, path: str) -> httpx.Response:
    return await site.http.get(path, headers={"authorization": f"Bearer {key}"})


async def test_what_one_tenant_does_is_in_its_own_ledger_alone(database: Settings) -> None:
    async with system(database, tenant=TENANTS) as site:
        clinic, bank = await _key(site, "hospital", "clinician"), await _key(site, "bank", "clerk")
        first = await site.chat(clinic, HEALTH, headers={"X-Data-Subject": "patient-1"})
        second = await site.chat(bank, PUBLIC, headers={"X-Data-Subject": "patient-1"})
        exchanges = {name: {one.get("exchange") for one in await site.records(name)} for name in ("hospital", "bank")}
        assert first.headers["x-exchange-id"] in exchanges["hospital"] - exchanges["bank"]
        assert second.headers["x-exchange-id"] in exchanges["bank"] - exchanges["hospital"]
        # The same person and the same caller have other pseudonyms in another ledger.
        directory, tenants = site.gateway.site.directory, site.gateway.site.tenants
        subjects = {await directory.find_subject(tenants[one].ledger, "patient-1") for one in ("hospital", "bank")}
        actors = {await directory.find_actor(tenants[one].ledger, "ada") for one in ("hospital", "bank")}
        assert len(subjects) == len(actors) == 2
        assert None not in subjects | actors


async def test_an_auditor_reads_the_own_tenants_trail_and_no_other(database: Settings) -> None:
    async with system(database, tenant=TENANTS) as site:
        clinic, auditor = await _key(site, "hospital", "clinician"), await _key(site, "bank", "auditor")
        done = await site.chat(clinic, HEALTH)
        ledger = site.gateway.site.tenants["hospital"].ledger
        trail = (await _read(site, auditor, "/audit/records?limit=1000")).json()
        assert trail["records"]
        assert {one["record"]["tenant"] for one in trail["records"]} == {site.gateway.site.tenants["bank"].ledger}
        found = await _read(site, auditor, f"/audit/records?exchange={done.headers['x-exchange-id']}")
        assert found.json()["records"] == []
        there = await _read(site, auditor, f"/audit/exchanges/{done.headers['x-exchange-id']}")
        nowhere = await _read(site, auditor, "/audit/exchanges/01a20b8a-e284-722d-bd31-603efd3340e0")
        assert (there.status_code, nowhere.status_code) == (404, 404)
        assert _without_ids(there) == _without_ids(nowhere)
        everything = json.dumps(trail) + found.text + there.text
        for word in ("hospital", ledger, "The Hospital", done.headers["x-exchange-id"] + '"}'):
            assert word not in everything


async def test_a_bundle_of_another_tenant_is_not_there(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings, tenant=TENANTS) as site:
        mine, other = await _key(site, "hospital", "auditor"), await _key(site, "bank", "auditor")
        headers = {"authorization": f"Bearer {mine}"}
        made = await site.http.post("/evidence/bundles", json={}, headers=headers)
        assert made.status_code == 202
        assert (await _read(site, mine, made.headers["location"])).status_code == 200
        assert (await _read(site, other, made.headers["location"])).status_code == 404
        assert (await _read(site, other, "/evidence/bundles")).json() == {"bundles": []}


async def test_rates_of_one_tenant_are_not_those_of_another(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings, tenant=TENANTS, limits={"tenant": "1/hour"}) as site:
        clinic, bank = await _key(site, "hospital", "clinician"), await _key(site, "bank", "clerk")
        answers = [await site.chat(key, PUBLIC) for key in (clinic, clinic, bank)]
        assert [answer.status_code for answer in answers] == [200, 429, 200]
        assert code(answers[1]) == "rate_limited"


async def test_health_and_metrics_name_no_tenant(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings, tenant=TENANTS) as site:
        await site.chat(await _key(site, "hospital", "clinician"), PUBLIC)
        shown = [(await site.http.get(path)).text for path in ("/healthz", "/readyz", "/metrics", "/openapi.json")]
        for word in ("hospital", "bank", "The Hospital"):
            assert not any(word in text for text in shown)


AGENTS = {
    "ward": {"zone": "in-house", "capabilities": ["summarize", "care"], "tenants": ["hospital"]},
    "desk": {"zone": "in-house", "capabilities": ["summarize"]},
    "vault": {"zone": "in-house", "protocol": "http", "routes": ["POST /notes/{id}"], "tenants": ["hospital"]},
    "tools": {"zone": "in-house", "protocol": "mcp", "tenants": ["hospital"]},
    "nurse": {"zone": "in-house", "protocol": "a2a", "tenants": ["hospital"]},
}
_RPC = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}


ASKED_OF_ANOTHERS = [
    ("/v1/chat/completions", "ward", "none", {"model": "NAME", "messages": [{"role": "user", "content": PUBLIC}]}),
    ("/v1/chat/completions", "care", "none", {"model": "NAME", "messages": [{"role": "user", "content": PUBLIC}]}),
    ("/v1/responses", "ward", "none", {"model": "NAME", "input": PUBLIC}),
    ("/v1/embeddings", "ward", "none", {"model": "NAME", "input": PUBLIC}),
    (
        "/v1/messages",
        "ward",
        "none",
        {"model": "NAME", "max_tokens": 9, "messages": [{"role": "user", "content": PUBLIC}]},
    ),
    ("/agents/NAME/notes/1", "vault", "none", {"text": PUBLIC}),
    ("/agents/NAME/no/such/route", "vault", "none", {"text": PUBLIC}),
    ("/mcp/NAME", "tools", "none", _RPC),
    ("/a2a/NAME", "nurse", "none", {**_RPC, "method": "GetTask", "params": {"id": "1"}}),
    ("/a2a/NAME/message:send", "nurse", "none", {"message": {}}),
]


async def test_an_agent_of_another_tenant_is_as_one_that_does_not_exist(
    sqlite_settings: Settings, subtests: pytest.Subtests
) -> None:
    async with system(sqlite_settings, tenant=TENANTS, agents=AGENTS) as site:
        for path, there, nowhere, body in ASKED_OF_ANOTHERS:
            with subtests.test(path=path, there=there, nowhere=nowhere, body=body):
                headers = {"authorization": f"Bearer {await _key(site, 'bank', 'clerk')}"}
                answers = []
                for name in (there, nowhere):
                    named = json.loads(json.dumps(body).replace("NAME", name))
                    answers.append(await site.http.post(path.replace("NAME", name), json=named, headers=headers))
                first, second = answers
                assert first.status_code == second.status_code
                assert path.startswith("/a2a/") or first.status_code == 404
                assert _anonymous(first, there) == _anonymous(second, nowhere)
                assert all(agent.received == [] for agent in site.agents.values())


async def test_an_agent_of_a_tenants_own_is_reached_and_listed_by_it_alone(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings, tenant=TENANTS, agents=AGENTS) as site:
        clinic, bank = await _key(site, "hospital", "clinician"), await _key(site, "bank", "clerk")
        assert (await site.chat(clinic, PUBLIC, model="ward")).status_code == 200
        listed = {
            name: {one["id"] for one in (await _read(site, key, "/v1/models")).json()["data"]}
            for name, key in {"hospital": clinic, "bank": bank}.items()
        }
        assert listed == {"hospital": {"ward", "desk", "summarize", "care"}, "bank": {"desk", "summarize"}}
        assert (await _read(site, bank, "/v1/models/ward")).status_code == 404
        # A capability that both have leads the bank to its own agents only, whatever order they stand in.
        assert (await site.chat(bank, PUBLIC, model="summarize")).status_code == 200
        assert len(site.agents["ward"].received) == 1
        assert len(site.agents["desk"].received) == 1
        trail = json.dumps(await site.records("bank"))
        assert "ward" not in trail


async def test_a_key_narrowed_to_an_agent_reaches_that_one_alone_and_the_refusal_is_on_record(
    sqlite_settings: Settings,
) -> None:
    async with system(sqlite_settings, tenant=TENANTS, agents=AGENTS) as site:
        key = await _key(site, "hospital", "clinician", scopes=("traffic:desk", "models"))
        assert (await site.chat(key, PUBLIC, model="desk")).status_code == 200
        assert (await site.chat(key, PUBLIC, model="summarize")).status_code == 200
        assert len(site.agents["desk"].received) == 2
        refused = await site.chat(key, PUBLIC, model="ward")
        assert (refused.status_code, code(refused)) == (403, "scope_required")
        assert [one["id"] for one in (await _read(site, key, "/v1/models")).json()["data"]] == ["desk", "summarize"]
        trail = [one for one in await site.records("hospital") if one["event"] == "exchange.denied"]
        assert [one["outcome"]["code"] for one in trail] == ["scope_required"]
        assert site.agents["ward"].received == []


async def test_a_key_that_is_for_the_record_alone_sends_nothing(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings, tenant=TENANTS, agents=AGENTS) as site:
        key = await _key(site, "hospital", "clinician", "auditor", scopes=("audit:read",))
        refused = await site.chat(key, PUBLIC, model="desk")
        assert (refused.status_code, code(refused)) == (403, "scope_required")
        assert (await _read(site, key, "/audit/records")).status_code == 200
        assert (await _read(site, key, "/evidence/bundles")).status_code == 403
        assert (await _read(site, key, "/v1/models")).status_code == 403


def _anonymous(answer: httpx.Response, name: str) -> str:
    """The answer without the exchange's own id and without the name that was asked for."""
    return answer.text.replace(answer.headers["x-exchange-id"], "ID").replace(name, "NAME")


def _without_ids(answer: httpx.Response) -> dict[str, Any]:
    return {name: value for name, value in answer.json().items() if name != "exchange"}
