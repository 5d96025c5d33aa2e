"""The evidence API: a bundle asked for, built, fetched and verified with nothing but its key."""

import asyncio
from pathlib import Path

from gateway.evidence.verify import verify
from gateway.settings import Settings
from tests.web.kit import Audited, audited


async def _built(api: Audited, wanted: object) -> dict[str, object]:
    asked = await api.post("/evidence/bundles", wanted)
    assert asked.status_code == 202, asked.text
    while True:
        found: dict[str, object] = (await api.get(asked.headers["location"])).json()
        if found["status"] != "building":
            return found
        await asyncio.sleep(0.01)


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
        assert "audit.exported" in [one["event"] for one in await api.site.records()]


async def test_a_selection_that_cannot_be_is_refused_by_name(sqlite_settings: Settings) -> None:
    async with audited(sqlite_settings) as api:
        for wanted in ({"range": [5, 2]}, {"range": "all"}, {"filters": {"colour": "red"}}, {"unknown": 1}):
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
