"""Liveness, readiness that tells the truth, metrics that parse."""

import re

import pytest
from prometheus_client.parser import text_string_to_metric_families

from gateway.settings import Settings
from tests.house.tree import ROOT
from tests.store.ledger_kit import connected
from tests.web.kit import audited


async def test_a_gateway_that_can_serve_is_ready_and_names_what_it_looked_at(database: Settings) -> None:
    async with audited(database) as api:
        ready = await api.site.http.get("/readyz")
        assert (ready.status_code, ready.json()["status"]) == (200, "ready")
        walls = {"walls", "failover"} if database.database.url.startswith("postgresql") else set()
        assert set(ready.json()["checks"]) == {"database", "ledger", "policy", "tasks", "keys", *walls}
        health = (ROOT / "docs" / "metrics.md").read_text("utf-8").partition("## Health")[2]
        assert set(re.findall(r"^- `(\w+)`:", health, re.MULTILINE)) == {*ready.json()["checks"], "walls", "failover"}
        assert (await api.site.http.get("/healthz")).json() == {"status": "ok"}


async def test_what_balancers_and_clients_ask_for_by_head_answers_as_to_get_without_a_body(
    sqlite_settings: Settings,
) -> None:
    async with audited(sqlite_settings) as api:
        key = {"authorization": f"Bearer {await api.site.key('clerk')}"}
        for path in ("/healthz", "/readyz", "/metrics", "/openapi.json", "/v1/models", "/.well-known/jwks.json"):
            got, head = await api.site.http.get(path, headers=key), await api.site.http.head(path, headers=key)
            assert (head.status_code, head.content) == (got.status_code, b"")
            assert head.headers["content-type"] == got.headers["content-type"]
        assert (await api.site.http.head("/v1/models")).status_code == 401
        assert (await api.site.http.head("/audit/records", headers=key)).status_code == 405
        assert (await api.site.http.head("/v1/chat/completions", headers=key)).status_code == 405


async def test_readiness_goes_with_each_thing_it_stands_on(sqlite_settings: Settings) -> None:
    async with audited(sqlite_settings) as api:
        site = api.site.gateway.site
        writer = site.ledgers.writers[site.tenants["default"].ledger]
        writer.healthy = False
        sick = await api.site.http.get("/readyz")
        assert (sick.status_code, sick.json()["checks"]["ledger"]) == (503, False)
        assert sick.json()["status"] == "not ready"
        writer.healthy = True
        key = next((site.settings.path("keys")).glob("ledger-*.key"))
        hidden = key.rename(key.with_suffix(".away"))
        lost = await api.site.http.get("/readyz")
        assert (lost.status_code, lost.json()["checks"]["keys"]) == (503, False)
        hidden.rename(key)
        assert (await api.site.http.get("/readyz")).status_code == 200


@pytest.mark.postgres
async def test_readiness_goes_with_the_wall_between_tenants(postgres_settings: Settings) -> None:
    async with audited(postgres_settings) as api, connected(postgres_settings.database.owner_url) as owner:
        await owner.execute("CREATE POLICY all_of_it ON record FOR SELECT USING (true)")
        fallen = await api.site.http.get("/readyz")
        assert (fallen.status_code, fallen.json()["checks"]["walls"]) == (503, False)
        await owner.execute("DROP POLICY all_of_it ON record")
        assert (await api.site.http.get("/readyz")).status_code == 200


async def test_metrics_parse_and_count_what_was_asked_without_a_word_of_it(sqlite_settings: Settings) -> None:
    async with audited(sqlite_settings) as api:
        await api.site.chat(await api.site.key("clinician"), "my number is 219-09-9999")
        answer = await api.site.http.get("/metrics")
        assert answer.headers.get_list("content-type") == ["text/plain; version=0.0.4; charset=utf-8"]
        text = answer.text
        assert "219-09" not in text
        assert "09-9999" not in text
        found = {
            sample.name: sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if sample.labels.get("code") in ("ok", None)
        }
        assert found["gateway_requests_total"] == 1
        assert found["gateway_ledger_batch_records_count"] >= 2


async def test_where_tenants_share_an_installation_metrics_name_no_agent_of_particular_ones(
    sqlite_settings: Settings,
) -> None:
    agents = {"ward": {"zone": "in-house"}, "secluded": {"zone": "in-house", "tenants": ["clinic"]}}
    async with audited(sqlite_settings, agents=agents, tenant=[{"id": "default"}, {"id": "clinic"}]) as api:
        api.site.gateway.site.metrics.agent_error("tn_1", "secluded", "agent_timeout")
        text = (await api.site.http.get("/metrics")).text
    assert 'gateway_agent_healthy{agent="ward"}' in text
    assert 'gateway_agent_errors_total{agent="",code="agent_timeout",tenant="tn_1"}' in text
    assert "secluded" not in text
