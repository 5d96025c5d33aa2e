"""Admins deny and allow over the API; nobody else, and nothing that would deny nobody."""

from typing import Any

import httpx
import pytest

from gateway.settings import Settings
from tests.system.kit import PUBLIC
from tests.system.site import System, system

ISSUER = {"issuer": "https://i", "audience": "g", "algorithms": ["ES256"], "jwks_url": "https://127.0.0.1:9/k"}


async def call(site: System, method: str, key: str, path: str = "", body: Any = None) -> httpx.Response:
    return await site.http.request(
        method,
        f"/keys/denied{path}",
        headers={"authorization": f"Bearer {key}"},
        json=body if body is not None else None,
    )


async def test_an_admin_denies_sees_and_allows(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings, issuer=[ISSUER]) as site:
        admin, clerk = await site.key("admin", owner="root"), await site.key("clerk", owner="app")
        made = await call(site, "POST", admin, body={"kind": "subject", "name": "app"})
        assert made.status_code == 201
        entry = made.json()
        assert (entry["kind"], entry["name"], entry["issuer"], entry["until"]) == ("subject", "app", "", None)
        assert (await site.chat(clerk, PUBLIC, model="ward")).status_code == 401
        until = "2099-01-01T00:00:00.000000Z"
        token = {"kind": "token", "name": "t1", "issuer": "https://i", "until": until}
        assert (await call(site, "POST", admin, body=token)).json()["until"] == until
        listed = await call(site, "GET", admin)
        assert [one["name"] for one in listed.json()["denied"]] == ["app", "t1"]
        assert (await call(site, "DELETE", admin, f"/{entry['id']}")).json() == entry
        assert (await site.chat(clerk, PUBLIC, model="ward")).status_code == 200
        assert (await call(site, "DELETE", admin, f"/{entry['id']}")).status_code == 404
        (denied, _) = [one for one in await site.records() if one["event"] == "key.denied"]
        assert denied["credential"] == entry["id"]
        assert denied["actor"].startswith("ac_")
        assert "app" not in str(denied)


WRONG = [
    ({}, "kind"),
    ([], ""),
    ({"kind": "subject", "name": "x", "more": 1}, ""),
    ({"kind": "key", "name": "x"}, "kind"),
    ({"kind": "subject", "name": ""}, "name"),
    ({"kind": "token", "name": "x"}, "issuer"),
    ({"kind": "subject", "name": "canary", "issuer": "https://canary"}, "issuer"),
    ({"kind": "subject", "name": "canary", "until": "tomorrow"}, "until"),
    ({"kind": "subject", "name": "canary", "until": "2001-01-01T00:00:00.000000Z"}, "until"),
]


async def test_what_is_wrong_is_named_and_not_repeated(sqlite_settings: Settings, subtests: pytest.Subtests) -> None:
    async with system(sqlite_settings) as site:
        for body, field in WRONG:
            with subtests.test(body=body, field=field):
                answer = await call(site, "POST", await site.key("admin"), body=body)
                assert answer.status_code == 400
                assert answer.json().get("field", "") == field
                assert "canary" not in answer.text


@pytest.mark.parametrize("role", ["auditor", "clerk"])
async def test_nobody_but_an_admin_may(sqlite_settings: Settings, role: str) -> None:
    async with system(sqlite_settings) as site:
        key = await site.key(role)
        for method, path in (("GET", ""), ("POST", ""), ("DELETE", "/dn_1")):
            assert (await call(site, method, key, path)).status_code == 403
