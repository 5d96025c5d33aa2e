"""Reports over the API: each form, for who may have them, on record, refused by field."""

import hashlib
import json

import pytest

from gateway.core.errors import LedgerUnavailable
from gateway.evidence.reports import pdf
from gateway.exchange.audit_scribe import AuditScribe
from gateway.settings import Settings
from tests.evidence.reports.accessibility import faults
from tests.system.kit import PUBLIC
from tests.system.site import System, system

ASKED = {"kind": "period", "from": "2020-01-01", "to": "2100-01-01"}


async def _as(site: System, role: str) -> dict[str, str]:
    return {"authorization": f"Bearer {await site.key(role)}"}


async def test_a_report_of_traffic_comes_as_page_pdf_and_data(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings) as site:
        assert (await site.chat(await site.key("clerk"), PUBLIC, model="ward")).status_code == 200
        auditor = await _as(site, "auditor")
        page = await site.http.post("/evidence/reports", json=ASKED, headers=auditor)
        assert page.status_code == 200, page.text
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert "sandbox" in page.headers["content-security-policy"]
        assert page.headers["content-disposition"] == 'attachment; filename="period.html"'
        assert page.headers["cache-control"] == "no-store"
        assert faults(page.text) == []
        assert "ward" in page.text

        data = await site.http.post("/evidence/reports", json={**ASKED, "format": "json"}, headers=auditor)
        decided = next(one for one in data.json()["sections"] if one["id"] == "decisions")
        assert ["Requests", 1] in decided["blocks"][0]["rows"]
        made = await site.http.post("/evidence/reports", json={**ASKED, "format": "pdf"}, headers=auditor)
        assert made.content.startswith(b"%PDF")

        told = [one for one in await site.records() if one["event"] == "audit.exported"]
        answers = [answer for answer in (page, data, made) for _ in range(2)]
        assert [one["exchange"] for one in told] == [answer.headers["x-exchange-id"] for answer in answers]
        files = [f"sha256:{hashlib.sha256(answer.content).hexdigest()}" for answer in (page, data, made)]
        assert [one["digest"] for one in told if "digest" in one] == files


async def test_a_provision_counts_the_fields_of_records_of_real_traffic(sqlite_settings: Settings) -> None:
    ward = {"zone": "in-house", "version": "2.1", "model": "small-7b"}
    async with system(sqlite_settings, agents={"ward": ward}) as site:
        assert (await site.chat(await site.key("clerk"), PUBLIC, model="ward")).status_code == 200
        asked = {**ASKED, "kind": "framework", "framework": "eu-ai-act", "format": "json"}
        made = await site.http.post("/evidence/reports", json=asked, headers=await _as(site, "auditor"))
        (used,) = (one for one in made.json()["sections"] if one["title"].startswith("12(3) "))
        (needs,) = (one for one in used["blocks"] if one.get("caption") == "Fields that are needed")
        held = {need: (asked, times) for need, asked, times, *_ in needs["rows"]}
        assert held["agent_version | model where agent"] == held["actor"] == (2, 2)
        assert held["exchange.completed: outcome.latency_us"] == (1, 1)


async def test_where_callers_have_api_keys_alone_who_they_are_is_supported_by_every_record(
    sqlite_settings: Settings,
) -> None:
    async with system(sqlite_settings) as site:
        assert (await site.chat(await site.key("clerk"), PUBLIC)).status_code == 200
        assert (await site.chat(await site.key("nobody"), PUBLIC)).status_code == 403
        auditor = await _as(site, "auditor")
        for framework, names in {
            "hipaa": {"164.312(a)(2)(i)", "164.312(d)"},
            "soc2": {"CC6.1"},
            "pci-dss": {"10.2.2"},
        }.items():
            asked = {**ASKED, "kind": "framework", "framework": framework, "format": "json"}
            made = (await site.http.post("/evidence/reports", json=asked, headers=auditor)).json()
            (table,) = (block for block in made["sections"][1]["blocks"] if block.get("caption") == "Provisions")
            told = {row[0]: row[1:3] for row in table["rows"] if row[0] in names}
            assert {name: tuple(row) for name, row in told.items()} == dict.fromkeys(names, ("supported", ""))


async def test_who_may_not_report_is_denied_and_privacy_may(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings) as site:
        known = await site.gateway.site.directory.subject(site.gateway.site.tenants["default"].ledger, "MRN-1")
        for role, status in (("clerk", 403), ("operator", 403), ("privacy", 200), ("compliance", 200)):
            asked = {**ASKED, "kind": "access-receipt", "subject": known, "format": "json"}
            answer = await site.http.post("/evidence/reports", json=asked, headers=await _as(site, role))
            assert answer.status_code == status, role


WRONG: tuple[tuple[bytes, str], ...] = (
    (b"", "kind"),
    (b"[]", ""),
    (json.dumps({**ASKED, "more": 1}).encode(), ""),
    (json.dumps({**ASKED, "format": "exe"}).encode(), "format"),
    (json.dumps({**ASKED, "from": "swordfish"}).encode(), "from"),
    (json.dumps({**ASKED, "to": "2019-01-01"}).encode(), "to"),
    (json.dumps({**ASKED, "kind": "swordfish"}).encode(), "kind"),
    (json.dumps({**ASKED, "kind": "framework", "framework": "swordfish"}).encode(), "framework"),
    (json.dumps({**ASKED, "kind": "disclosures"}).encode(), "subject"),
)


async def test_what_is_wrong_is_refused_by_its_field_and_reads_nothing(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings) as site:
        auditor = await _as(site, "auditor")
        for body, field in WRONG:
            answer = await site.http.post("/evidence/reports", content=body, headers=auditor)
            assert answer.status_code == 400, body
            assert (answer.json().get("field") or "") == field
            assert "swordfish" not in answer.text
        assert not [one for one in await site.records() if one["event"] == "audit.exported"]


async def test_without_the_extra_a_pdf_is_refused_with_what_is_missing(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdf, "_typst", None)
    async with system(sqlite_settings) as site:
        asked = {**ASKED, "format": "pdf"}
        answer = await site.http.post("/evidence/reports", json=asked, headers=await _as(site, "auditor"))
        assert (answer.status_code, "extra pdf" in answer.text) == (400, True)


async def test_a_file_that_cannot_be_put_on_record_does_not_leave(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: object, **__: object) -> None:
        raise LedgerUnavailable("no space left")

    async with system(sqlite_settings) as site:
        headers = await _as(site, "auditor")
        monkeypatch.setattr(AuditScribe, "reported", full)
        answer = await site.http.post("/evidence/reports", json=ASKED, headers=headers)
        assert (answer.status_code, "<h1>" in answer.text) == (503, False)
