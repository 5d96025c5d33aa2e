"""The evidence API: a bundle asked for, built, fetched and verified with nothing but its key."""

import asyncio
import hashlib
import io
import json
from pathlib import Path
from typing import Any

import msgspec
import pyrage
import pytest

from gateway.evidence import bag
from gateway.evidence.container import Container
from gateway.evidence.contents import MAX_LINE, parsed
from gateway.evidence.verify import judge, verify
from gateway.exchange.auditor import Auditor
from gateway.settings import Settings
from tests.evidence.tampering import take_apart
from tests.exchange.own_terms import TYPE, add_to
from tests.system.kit import Watch, policies
from tests.system.site import System, system
from tests.web.kit import Audited, audited

KEPT = (
    "p, 1, role:user, class:public, zone:in-house, chat, purpose:*, always, allow, keep-content:30, kept, "
    '"Kept for a month."'
)
NICK = "Ask for the one they call Sunflower."


async def _built(api: Audited, wanted: object, path: str = "/evidence/bundles") -> dict[str, object]:
    asked = await api.post(path, wanted)
    assert asked.status_code == 202, asked.text
    while True:
        found: dict[str, object] = (await api.get(asked.headers["location"])).json()
        if found["status"] != "building":
            return found
        await asyncio.sleep(0.05)


async def test_a_bundle_is_built_fetched_and_verified_with_its_key_alone(database: Settings, tmp_path: Path) -> None:
    async with audited(database) as api:
        await api.site.chat(await api.site.key("clinician"), "Mr. John Carter, MRN 4481920, has diabetes.")
        bundle = await _built(api, {"filters": {"data_class": "phi"}})
        assert bundle["status"] == "ready", bundle
        fetched = await api.get(f"/evidence/bundles/{bundle['id']}/download")
        assert fetched.headers["content-type"] == "application/zip"
        file = tmp_path / "bundle.zip"
        file.write_bytes(fetched.content)
        site = api.site.gateway.site
        report = verify(file, site.keyring.verifier_key(site.tenants["default"].origin))
        assert report is not None
        listed = (await api.get("/evidence/bundles")).json()["bundles"]
        assert [one["id"] for one in listed] == [bundle["id"]]
        asked, built, taken = [one for one in await api.site.records() if one["event"] == "audit.exported"]
        assert asked["exchange"] == built["exchange"]
        assert built["outcome"] == {"code": "ok"}
        assert taken["exchange"] == fetched.headers["x-exchange-id"]
        assert taken["range"] == [0, bundle["records"]]


async def test_each_fetching_of_a_bundle_is_on_record_before_its_first_byte(sqlite_settings: Settings) -> None:
    """Who takes it away need not be who had it built."""
    watch = Watch()
    async with system(sqlite_settings, failpoint=watch) as site:
        one, other = (
            Audited(site, await site.key("auditor")),
            Audited(site, await site.key("auditor", owner="another auditor")),
        )
        bundle = await _built(one, {})
        for _ in range(2):
            assert (await other.get(f"/evidence/bundles/{bundle['id']}/download")).status_code == 200
        reader = site.gateway.site.reader("default")
        exported = [
            stored
            async for stored in reader.records(0, await reader.size(), details=True)
            if b'"event":"audit.exported"' in stored.envelope
        ]
        details = [json.loads(stored.detail or b"{}") for stored in exported]
        who = [detail.get("subject") for detail in details]
        assert who == ["tester", None, "another auditor", "another auditor"]
        taken = {"bundle": bundle["id"]}
        assert [detail["query"] for detail in details] == [{}, {**taken, "sha256": bundle["sha256"]}, taken, taken]
        watch.failing = True
        refused = await other.get(f"/evidence/bundles/{bundle['id']}/download")
        watch.failing = False
        assert refused.status_code == 503
        assert refused.headers["content-type"] == "application/problem+json"


async def test_a_selection_that_cannot_be_is_refused_by_name(sqlite_settings: Settings) -> None:
    async with audited(sqlite_settings) as api:
        for wanted in (
            *({"range": given} for given in ([5, 2], "all", [-1, 2], [0, 2**53 + 1], [2**53, None], [10**40, None])),
            *({"filters": {"colour": "red"}}, {"unknown": 1}),
        ):
            refused = await api.post("/evidence/bundles", wanted)
            assert (refused.status_code, refused.json()["type"]) == (400, "urn:gateway:problem:parameter_invalid")
            assert "red" not in refused.text


async def test_a_range_beyond_the_ledger_fails_and_says_why(sqlite_settings: Settings) -> None:
    async with audited(sqlite_settings) as api:
        bundle = await _built(api, {"range": [10_000, None]})
        assert bundle["status"] == "failed"
        assert bundle["reason"]
        refused = await api.get(f"/evidence/bundles/{bundle['id']}/download")
        assert (refused.status_code, refused.json()["type"]) == (409, "urn:gateway:problem:conflict")


async def test_a_bundle_that_is_not_there_is_not_found_whatever_its_name(sqlite_settings: Settings) -> None:
    async with audited(sqlite_settings) as api:
        for name in ("ev_" + "0" * 26, "..%2f..%2fgateway", "ev_x"):
            assert (await api.get(f"/evidence/bundles/{name}")).status_code == 404
            assert (await api.get(f"/evidence/bundles/{name}/download")).status_code == 404


async def test_a_bundle_that_nobody_wants_any_more_is_cancelled(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(self: Auditor, *about: object, **how: Any) -> None:
        while True:
            how["progress"](0, 1)
            await asyncio.sleep(0.001)

    monkeypatch.setattr(Auditor, "write", never)
    async with audited(sqlite_settings) as api:
        begun = (await api.post("/evidence/bundles", {})).json()
        path = f"/evidence/bundles/{begun['id']}"
        ended = await api.post(f"{path}/cancel")
        assert (ended.status_code, ended.json()["status"]) == (200, "cancelled")
        assert (await api.post(f"{path}/cancel")).status_code == 409
        assert (await api.get(f"{path}/download")).status_code == 409
        assert (await api.post(f"/evidence/bundles/ev_{'0' * 26}/cancel")).status_code == 404


async def test_a_bundle_is_about_what_it_is_asked_to_be_about(sqlite_settings: Settings) -> None:
    async with audited(sqlite_settings) as api:
        done = await api.site.chat(await api.site.key("clinician"), "hello")
        exchange = done.headers["x-exchange-id"]
        bundle = await _built(api, {"about": f"exchange:{exchange}", "details": False})
        assert (bundle["status"], bundle["records"]) == ("ready", 2)
        assert bundle["selection"]["scope"]["exchanges"] == [exchange]  # type: ignore[index]  # JSON
        wrong: tuple[tuple[dict[str, Any], str], ...] = (
            ({"about": "x"}, "about"),
            ({"period": ["2026-01-01", "x"]}, "period"),
            ({"period": ["9998-01-01", "9999-01-01"]}, "period"),
            ({"filters": {"from": "9998-01-01"}}, "from"),
        )
        for wanted, field in wrong:
            refused = await api.post("/evidence/bundles", wanted)
            assert (refused.status_code, refused.json()["field"]) == (400, field)
        assert (await api.post("/evidence/bundles", {"attach": ["pdf"]})).json()["field"] == "attach"


async def test_a_file_that_lies_elsewhere_is_not_given_out(sqlite_settings: Settings) -> None:
    async with audited(sqlite_settings) as api:
        bundle = await _built(api, {})
        for file in api.site.gateway.site.settings.path("bundles").rglob("*.zip"):
            file.unlink()
        refused = await api.get(f"/evidence/bundles/{bundle['id']}/download")
        assert (refused.status_code, refused.json()["type"]) == (409, "urn:gateway:problem:conflict")


async def test_a_bundle_is_fetched_encrypted_to_whom_it_was_asked_for(sqlite_settings: Settings) -> None:
    identity = pyrage.x25519.Identity.generate()
    public = str(identity.to_public())
    async with audited(sqlite_settings) as api:
        bundle = await _built(api, {"recipients": [public]})
        assert (bundle["status"], bundle["recipients"]) == ("ready", [public])
        fetched = await api.get(f"/evidence/bundles/{bundle['id']}/download")
        assert fetched.headers["content-type"] == "application/octet-stream"
        assert fetched.headers["content-disposition"].endswith('.zip.age"')
        assert hashlib.sha256(fetched.content).hexdigest() == bundle["sha256"]
        site = api.site.gateway.site
        vkey = site.keyring.verifier_key(site.tenants["default"].origin)
        assert judge(io.BytesIO(pyrage.decrypt(fetched.content, [identity])), vkey).demanded().first == 0
        reader = site.reader("default")
        exported = [
            json.loads(stored.detail or b"{}")["query"]
            async for stored in reader.records(0, await reader.size(), details=True)
            if b'"event":"audit.exported"' in stored.envelope
        ]
        assert [query.get("recipients") for query in exported] == [public, public, None]
        refused = await api.post("/evidence/bundles", {"recipients": ["nobody"]})
        assert (refused.status_code, refused.json()["type"]) == (400, "urn:gateway:problem:parameter_invalid")
        assert "nobody" not in refused.text


async def test_kept_content_leaves_encrypted_with_who_may_ask_for_it_and_opens_what_was_recorded(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    identity = pyrage.x25519.Identity.generate()
    wanted = {"recipients": [str(identity.to_public())], "filters": {"event": "exchange.requested"}}
    async with system(sqlite_settings, agents={"ward": {"zone": "in-house"}}, policy=policies(tmp_path, KEPT)) as site:
        answered = await site.chat(await site.key("clerk"), NICK, model="ward")
        assert answered.status_code == 200
        auditor, officer = Audited(site, await site.key("auditor")), Audited(site, await site.key("compliance"))
        refused = await auditor.post("/evidence/bundles/contents", wanted)
        assert (refused.status_code, refused.json()["type"]) == (403, "urn:gateway:problem:role_required")
        assert (await auditor.post("/evidence/bundles", {**wanted, "contents": True})).status_code == 400
        clear = await officer.post("/evidence/bundles/contents", {**wanted, "recipients": []})
        assert (clear.status_code, "recipients" in clear.text) == (400, True)
        bundle = await _built(officer, wanted, "/evidence/bundles/contents")
        assert (bundle["status"], bundle["selection"]["contents"]) == ("ready", True)  # type: ignore[index]
        place = f"/evidence/bundles/{bundle['id']}"
        assert (await auditor.get(f"{place}/contents")).status_code == 403
        assert (await auditor.get(f"{place}/download")).status_code == 409
        fetched = await officer.get(f"{place}/contents")
        assert (fetched.status_code, NICK.encode() in fetched.content) == (200, False)
        file = tmp_path / "bundle.zip"
        file.write_bytes(pyrage.decrypt(fetched.content, [identity]))
        installation = site.gateway.site
        report = verify(file, installation.keyring.verifier_key(installation.tenants["default"].origin))
        assert (report.contents["committed"], report.contents["open"]) == (1, 1)
        (one,) = parsed(Container(io.BytesIO(file.read_bytes())).lines(bag.CONTENTS, MAX_LINE))
        assert NICK in one.value.decode()
        told = str(await site.records()) + str(await _asked(site))
        assert "Sunflower" not in told
        assert [query.get("contents") for query in await _asked(site)] == ["true", None, None]
        assert "Sunflower" not in (await officer.get("/evidence/bundles")).text


async def _asked(site: System) -> list[dict[str, str]]:
    """What the details of records about bundles say was asked for."""
    reader = site.gateway.site.reader("default")
    return [
        json.loads(stored.detail or b"{}").get("query", {})
        async for stored in reader.records(0, await reader.size(), details=True)
        if b'"event":"audit.exported"' in stored.envelope
    ]


async def test_a_bundle_in_clear_does_not_leave_once_they_must_be_encrypted(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with audited(sqlite_settings) as api:
        bundle = await _built(api, {})
        auditor = api.site.gateway.auditors["default"]
        evidence = msgspec.structs.replace(auditor._setting.settings.evidence, encryption="required")
        strict = msgspec.structs.replace(auditor._setting.settings, evidence=evidence)
        monkeypatch.setattr(auditor, "_setting", msgspec.structs.replace(auditor._setting, settings=strict))
        refused = await api.get(f"/evidence/bundles/{bundle['id']}/download")
        assert (refused.status_code, refused.json()["type"]) == (409, "urn:gateway:problem:conflict")
        assert (await api.post("/evidence/bundles", {})).status_code == 400


async def test_reports_in_a_bundle_know_an_operators_own_class_recognizer_and_framework(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    section = policies(tmp_path)
    add_to(Path(section["directory"]))
    async with audited(sqlite_settings, policy=section) as api:
        asked = await api.site.chat(await api.site.key("clerk"), "Please file what EMP-204518 wrote.", model="ward")
        assert asked.status_code == 200, asked.text
        bundle = await _built(api, {"attach": ["reports"]})
        assert bundle["status"] == "ready", bundle
        fetched = await api.get(f"/evidence/bundles/{bundle['id']}/download")
        alone = {"kind": "framework", "framework": "house-rules", "from": "2020-01-01", "to": "2100-01-01"}
        report = await api.post("/evidence/reports", {**alone, "format": "json"})
    members = take_apart(fetched.content)
    told = json.loads(members["data/reports/framework-house-rules.json"])
    assert provision(told) == provision(report.json()) == [["redact", 1]]
    assert {"data/reports/framework-hipaa.html", "data/reports/framework-house-rules.html"} <= set(members)
    period = json.loads(members["data/reports/period.json"])
    rows = {str(row[0]): row[1] for row in blocks(period, "flows")[0]["rows"]}
    assert rows["With personal data"] == 1
    (found,) = [one for one in blocks(period, "minimum") if one.get("caption") == "Findings"]
    assert found["rows"] == [[TYPE, 1, 0, 1, 0]]


def blocks(document: dict[str, Any], section: str) -> list[dict[str, Any]]:
    """The blocks of a section of a report."""
    (found,) = [one["blocks"] for one in document["sections"] if one["id"] == section]
    return list(found)


def provision(document: dict[str, Any]) -> list[list[Any]]:
    """The rows of the first provision of a framework's report."""
    (table,) = [one["rows"] for one in blocks(document, "provision-0") if "rows" in one]
    return list(table)
