"""Tenants side by side: each its own ledger, keys and readers, and no way to learn that there are others."""

import json
from typing import Any

import httpx

from gateway.settings import Settings
from gateway.store.api_keys import Administrator, Grant, NewKey
from tests.system.kit import HEALTH, PUBLIC, code
from tests.system.site import System, system

TENANTS = [{"id": "hospital", "name": "The Hospital"}, {"id": "bank", "name": "The Bank"}]


async def _key(site: System, tenant: str, *roles: str) -> str:
    installation = site.gateway.site
    writer = await installation.writer(tenant)
    by = Administrator(ledger=writer, tenant=writer.tenant)
    grant = Grant(owner="ada", kind="person", roles=roles, zone="in-house", purposes=("TREAT",))
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


def _without_ids(answer: httpx.Response) -> dict[str, Any]:
    return {name: value for name, value in answer.json().items() if name != "exchange"}
