"""Keys over the API: made, listed without secrets, rotated with an overlap, ended; on record, never beyond rights."""

from typing import Any

import httpx
import pytest

from gateway.settings import Settings
from gateway.store.api_keys import Administrator, Grant, NewKey
from tests.system.kit import PUBLIC
from tests.system.site import System
from tests.web.kit import Audited, audited

WANTED = {"owner": "ward-app", "zone": "in-house", "roles": ["clerk"], "scopes": ["traffic"]}


async def _admin(api: Audited, *roles: str, **grant: Any) -> str:
    return await api.site.key("admin", "auditor", "clerk", *roles, owner="ada", kind="person", **grant)


async def _ask(api: Audited, method: str, path: str, key: str, body: object = None) -> httpx.Response:
    headers = {"authorization": f"Bearer {key}"}
    return await api.site.http.request(method, path, json=body, headers=headers)


def _code(answer: httpx.Response) -> str:
    kind: str = answer.json()["type"]
    return kind.removeprefix("urn:gateway:problem:")


async def _events(site: System, tenant: str = "default") -> list[str]:
    return [one["event"] for one in await site.records(tenant) if one["event"].startswith("key.")]


async def test_a_key_is_made_shown_once_on_record_and_works(sqlite_settings: Settings) -> None:
    async with audited(sqlite_settings) as api:
        admin = await _admin(api)
        made = await _ask(api, "POST", "/keys", admin, {**WANTED, "expires": "2099-01-01T00:00:00Z"})
        assert (made.status_code, made.headers["cache-control"]) == (201, "no-store")
        key = made.json()
        assert (key["roles"], key["scopes"], key["kind"]) == (["clerk"], ["traffic"], "service")
        assert (await api.site.chat(key["key"], PUBLIC, model="ward")).status_code == 200
        await api.site.gateway.site.api_keys.use.write()
        listed = await _ask(api, "GET", "/keys", admin)
        (told,) = [one for one in listed.json()["keys"] if one["id"] == key["id"]]
        assert told["last_used"] is not None
        assert key["key"] not in listed.text
        assert "hash" not in told
        records = (await api.get("/audit/records?event=key.created&order=desc&limit=1")).json()["records"]
    assert records[0]["record"]["credential"] == key["id"]
    assert records[0]["record"]["actor_kind"] == "person"
    assert records[0]["detail"]["subject"] == "ada"
    assert "scope traffic" in records[0]["detail"]["diff"]


async def test_a_rotated_keys_old_secret_works_for_the_overlap_and_no_longer(sqlite_settings: Settings) -> None:
    async with audited(sqlite_settings) as api:
        admin = await _admin(api)
        old = (await _ask(api, "POST", "/keys", admin, WANTED)).json()
        new = await _ask(api, "POST", f"/keys/{old['id']}/rotate", admin, {"overlap_s": 3600})
        assert new.status_code == 201
        assert new.json()["key"] != old["key"]
        for key in (old["key"], new.json()["key"]):
            assert (await api.site.chat(key, PUBLIC, model="ward")).status_code == 200
        last = await _ask(api, "POST", f"/keys/{new.json()['id']}/rotate", admin, {"overlap_s": 0})
        ended = await api.site.chat(new.json()["key"], PUBLIC, model="ward")
        assert (ended.status_code, ended.json()["error"]["code"]) == (401, "credential_expired")
        failed = (await api.site.records("default"))[-1]
        assert (failed["event"], failed["outcome"]["code"]) == ("auth.failed", "credential_expired")
        assert (await api.site.chat(last.json()["key"], PUBLIC, model="ward")).status_code == 200
        assert (await _events(api.site))[-2:] == ["key.rotated", "key.rotated"]


async def test_an_ended_key_is_refused_at_once(sqlite_settings: Settings) -> None:
    async with audited(sqlite_settings) as api:
        admin = await _admin(api)
        made = (await _ask(api, "POST", "/keys", admin, WANTED)).json()
        assert (await api.site.chat(made["key"], PUBLIC, model="ward")).status_code == 200
        ended = await _ask(api, "DELETE", f"/keys/{made['id']}", admin)
        assert ended.json()["revoked"] is not None
        assert (await api.site.chat(made["key"], PUBLIC, model="ward")).status_code == 401
        assert (await _events(api.site))[-1] == "key.revoked"
        failed = (await api.site.records("default"))[-1]
        assert (failed["event"], failed["outcome"]["code"]) == ("auth.failed", "credential_revoked")


@pytest.mark.parametrize(
    ("field", "changed"),
    [
        ("roles", {"roles": ["privacy"]}),
        ("purposes", {"purposes": ["RESEARCH"]}),
        ("scopes", {"scopes": []}),
        ("scopes", {"scopes": ["evidence"]}),
        ("expires", {"expires": None}),
        ("expires", {"expires": "2099-01-02T00:00:00Z"}),
    ],
)
async def test_nobody_hands_out_more_than_they_hold_and_the_try_is_on_record(
    sqlite_settings: Settings, field: str, changed: dict[str, Any]
) -> None:
    ends = 4_070_908_800_000_000  # 2099-01-01
    async with audited(sqlite_settings) as api:
        admin = await _admin(api, scopes=("keys", "traffic"), expires_us=ends)
        wanted = {**WANTED, "expires": "2099-01-01T00:00:00Z"}
        assert (await _ask(api, "POST", "/keys", admin, wanted)).status_code == 201
        before = len(await _events(api.site))
        refused = await _ask(api, "POST", "/keys", admin, {**wanted, **changed})
        assert (refused.status_code, _code(refused), refused.json()["field"]) == (403, "grant_exceeds", field)
        assert len(await _events(api.site)) == before
        trail = await api.site.trail(refused.headers["x-exchange-id"])
    assert [(one["event"], one["outcome"]["code"]) for one in trail] == [("exchange.denied", "grant_exceeds")]


async def test_a_name_that_the_configuration_gives_something_to_is_handed_to_nobody(sqlite_settings: Settings) -> None:
    limit = {"name": "batch", "what": "requests", "count": 9, "callers": ["night-run"]}
    async with audited(sqlite_settings, limit=[limit]) as api:
        assert api.site.gateway.named("default") == {"night-run"}
        assert api.site.gateway.named("elsewhere") == {"night-run"}
        admin = await _admin(api)
        refused = await _ask(api, "POST", "/keys", admin, {**WANTED, "owner": "night-run"})
        assert (refused.status_code, _code(refused), refused.json()["field"]) == (403, "grant_exceeds", "owner")
        assert (await _ask(api, "POST", "/keys", admin, WANTED)).status_code == 201


async def test_rotating_a_key_with_more_rights_would_show_its_secret_and_is_refused(sqlite_settings: Settings) -> None:
    async with audited(sqlite_settings) as api:
        strong = await api.site.key("privacy")
        admin = await _admin(api)
        (found,) = [
            one for one in (await _ask(api, "GET", "/keys", admin)).json()["keys"] if one["roles"] == ["privacy"]
        ]
        refused = await _ask(api, "POST", f"/keys/{found['id']}/rotate", admin, {})
        assert (refused.status_code, _code(refused)) == (403, "grant_exceeds")
        assert (await _ask(api, "GET", "/audit/records", strong)).status_code == 200
        # What takes away needs no more than the permission to.
        assert (await _ask(api, "DELETE", f"/keys/{found['id']}", admin)).status_code == 200


async def test_another_tenants_keys_are_not_there(sqlite_settings: Settings) -> None:
    async with audited(sqlite_settings, tenant=[{"id": "default"}, {"id": "bank"}]) as api:
        site = api.site.gateway.site
        writer = await site.writer("bank")
        theirs = await site.api_keys.create(
            Administrator(ledger=writer, tenant=writer.tenant),
            "bank",
            Grant(owner="eve", kind="service", roles=("clerk",), zone="in-house"),
        )
        assert isinstance(theirs, NewKey)
        admin = await _admin(api)
        assert theirs.record.id not in (await _ask(api, "GET", "/keys", admin)).text
        for method, path in (("POST", "/keys/{}/rotate"), ("DELETE", "/keys/{}")):
            there = await _ask(api, method, path.format(theirs.record.id), admin)
            nowhere = await _ask(api, method, path.format("ak_none"), admin)
            assert (there.status_code, nowhere.status_code) == (404, 404)
            assert {**there.json(), "exchange": ""} == {**nowhere.json(), "exchange": ""}
        assert await _events(api.site, "bank") == ["key.created"]


WRONG = [
    ("", "[]"),
    ("scopes", '{"owner": "x", "zone": "in-house"}'),
    ("", '{"owner": "x", "zone": "in-house", "scopes": [], "secret": "mine"}'),
    ("scopes", '{"owner": "x", "zone": "in-house", "scopes": "traffic"}'),
    ("owner", '{"owner": "", "zone": "in-house", "scopes": []}'),
    ("floor", '{"owner": "x", "zone": "in-house", "scopes": [], "floor": ["phi", "nobodys"]}'),
    ("kind", '{"owner": "x", "zone": "in-house", "scopes": [], "kind": "robot-4711"}'),
    ("zone", '{"owner": "x", "zone": "moon-4711", "scopes": []}'),
    ("scopes", '{"owner": "x", "zone": "in-house", "scopes": ["audit:raed-4711"]}'),
    ("scopes", '{"owner": "x", "zone": "in-house", "scopes": ["traffic", "traffic"]}'),
    ("rate", '{"owner": "x", "zone": "in-house", "scopes": [], "rate": "4711"}'),
    ("expires", '{"owner": "x", "zone": "in-house", "scopes": [], "expires": "2001-01-01T00:00:00Z"}'),
    ("expires", '{"owner": "x", "zone": "in-house", "scopes": [], "expires": "2099-01-01T00:00:00"}'),
]


async def test_a_request_that_is_wrong_is_told_its_field_and_never_its_value(
    sqlite_settings: Settings, subtests: pytest.Subtests
) -> None:
    async with audited(sqlite_settings) as api:
        headers = {"authorization": f"Bearer {await _admin(api)}"}
        for field, body in WRONG:
            with subtests.test(field=field, body=body):
                refused = await api.site.http.post("/keys", content=body, headers=headers)
                assert (refused.status_code, _code(refused)) == (400, "parameter_invalid")
                assert refused.json().get("field", "") == field
                assert "4711" not in refused.text
                assert await _events(api.site) == [
                    "key.created",
                    "key.created",
                ]  # the auditor's and the administrator's
