"""Who may use the API: served routes × roles, compared with docs/api-access.md; denied by default, on record."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from litestar import get
from litestar.routes import HTTPRoute

from gateway.checks.access.shipped import ANYONE, CALLER, ROLES
from gateway.settings import Settings
from gateway.web import app
from gateway.web.access import rights
from tests.house.tree import ROOT
from tests.web.kit import Audited, audited

_DOCUMENT = (ROOT / "docs" / "api-access.md").read_text("utf-8")
_ROUTE = re.compile(r"^\| `([A-Z]+ [^`]+)` \| `([^`]+)` \| ([a-z, ]+) \|$", re.MULTILINE)
_TRAFFIC = re.compile(r"^\| `(/[^`]+)` \| `([^`]+)` \|$", re.MULTILINE)
_FRAMEWORKS = re.compile(r"GET /openapi(/.*)?")
"""Pages of documentation that the framework serves, which no rule opens to anybody."""
TABLE = {route: (permission, set(roles.split(", "))) for route, permission, roles in _ROUTE.findall(_DOCUMENT)}
OPEN = {route.partition(" ")[2] for route, (_, roles) in TABLE.items() if ANYONE in roles}
ANY_CALLER = {route.partition(" ")[2] for route, (_, roles) in TABLE.items() if CALLER in roles}


def _served(api: Any) -> Iterator[str]:
    """Every route that the framework registered, the documentation's own and those without a schema among them."""
    for route in api.routes:
        assert isinstance(route, HTTPRoute), "a route of another kind needs a guard of its own"
        for method in route.methods:
            if method != "OPTIONS":
                yield f"{method} {route.path_format}"


async def test_the_document_has_a_row_for_every_route_and_the_rules_say_the_same(sqlite_settings: Settings) -> None:
    async with audited(sqlite_settings) as api:
        served = set(_served(app.build_app(api.site.gateway).api))
    frameworks = set(filter(_FRAMEWORKS.fullmatch, served))
    assert served - frameworks == set(TABLE)
    assert not any(rights().roles(route) for route in frameworks)
    assert {route: (rights().permissions[route], set(rights().roles(route))) for route in rights().permissions} == TABLE


def test_the_document_has_a_row_for_every_path_of_the_traffic_plane() -> None:
    below = {f"{path}…": protocol for path, protocol in app.TRAFFIC_BELOW.items()}
    assert dict(_TRAFFIC.findall(_DOCUMENT)) == {**app.TRAFFIC, **below}


async def test_each_role_gets_through_to_the_routes_of_its_rows_and_to_no_other(sqlite_settings: Settings) -> None:
    async with audited(sqlite_settings, limits={"credential": "100000/minute", "tenant": "100000/minute"}) as api:
        keys = {role: await api.site.key(role) for role in (*sorted(ROLES), "clerk")}
        for route, (_, roles) in TABLE.items():
            without = await _ask(api, route, None)
            assert (without.status_code == 401) == (ANYONE not in roles), route
            if without.status_code == 401:
                assert without.headers["www-authenticate"].startswith("Bearer")
            for role, key in keys.items():
                answer = await _ask(api, route, key)
                expected = bool(roles & {ANYONE, CALLER, role})
                assert (answer.status_code != 403) == expected, (route, role)
                assert answer.status_code != 401


async def test_traffic_asks_for_a_credential_on_every_path(sqlite_settings: Settings) -> None:
    async with audited(sqlite_settings) as api:
        paths = [*app.TRAFFIC, *(f"{below}x" for below in app.TRAFFIC_BELOW), "/a2a/x/message:send"]
        for path in paths:
            for method in ("GET", "POST", "DELETE", "PUT"):
                assert (await api.site.http.request(method, path)).status_code == 401, (method, path)


async def test_a_new_route_is_closed_until_a_rule_names_it(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached: list[str] = []

    @get("/new-route")
    async def new_route() -> str:
        reached.append("handler")
        return "secret"

    handlers = app._api()
    monkeypatch.setattr(app, "_api", lambda: [*handlers, new_route])
    monkeypatch.setattr(app, "_application", app._application.__wrapped__)  # what is kept for all has no such route
    async with audited(sqlite_settings) as api:
        for key in (None, api.key, await api.site.key(*sorted(ROLES))):
            answer = await _ask(api, "GET /new-route", key)
            assert answer.status_code == (401 if key is None else 403)
    assert reached == []


async def test_a_read_that_is_denied_is_on_record_with_its_path(sqlite_settings: Settings) -> None:
    async with audited(sqlite_settings) as api:
        refused = await _ask(api, "GET /audit/records/0", await api.site.key("operator"))
        assert refused.json()["detail"] == "expected one of the roles auditor, compliance, privacy"
        (record,) = (await api.get(f"/audit/exchanges/{refused.headers['x-exchange-id']}")).json()["records"]
    assert (record["record"]["event"], record["record"]["outcome"]["code"]) == ("exchange.denied", "role_required")
    assert record["detail"]["path"] == "/audit/records/0"


async def test_the_frameworks_own_answers_to_options_say_nothing(sqlite_settings: Settings) -> None:
    async with audited(sqlite_settings) as api:
        answer = await api.site.http.request("OPTIONS", "/audit/records")
        assert (answer.status_code, answer.json()["type"]) == (405, "urn:gateway:problem:method_not_allowed")
        assert "allow" not in answer.headers


async def test_no_spelling_of_a_path_comes_past_the_guard(sqlite_settings: Settings, subtests: pytest.Subtests) -> None:
    async with audited(sqlite_settings) as api:
        for path in (
            "//audit/records",
            "/audit//records",
            "/audit/records/",
            "/audit/./records",
            "/AUDIT/records",
            "/audit%2Frecords",
        ):
            with subtests.test(path=path):
                clerk = await api.site.key("clerk")
                assert (await _ask(api, f"GET {path}", None)).status_code in (401, 404)
                assert (await _ask(api, f"GET {path}", clerk)).status_code in (403, 404)


async def test_a_wrong_credential_is_counted_in_the_operators_own_ledger(sqlite_settings: Settings) -> None:
    async with audited(sqlite_settings) as api:
        api.key = "gwk_" + "0" * 12 + "_" + "A" * 43
        refused = await api.get("/audit/records")
        assert refused.status_code == 401
        assert api.key not in refused.text
        (failed,) = [one for one in await api.site.records("_system") if one["event"] == "auth.failed"]
        assert (failed["outcome"]["code"], failed["count"]) == ("credential_invalid", 1)


async def _ask(api: Audited, route: str, key: str | None) -> Any:
    method, _, path = route.partition(" ")
    headers = {} if key is None else {"authorization": f"Bearer {key}"}
    return await api.site.http.request(method, re.sub(r"\{[^}]*\}", "1", path), headers=headers)
