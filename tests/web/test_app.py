"""The application as a whole: its document, its one error form, the bounds of its bodies."""

import shutil
from pathlib import Path

import pytest

from gateway.settings import Settings, parse
from gateway.web.app import openapi_document, protocol_of
from tests.web.kit import audited


def test_the_openapi_document_needs_no_gateway_and_names_the_api() -> None:
    document = openapi_document()
    paths = document["paths"]
    assert isinstance(paths, dict)
    assert {"/audit/records", "/audit/search", "/audit/checkpoint", "/evidence/bundles", "/readyz"} <= set(paths)


async def test_the_served_document_is_the_same_and_other_paths_are_problems(sqlite_settings: Settings) -> None:
    async with audited(sqlite_settings) as api:
        served = (await api.site.http.get("/openapi.json")).json()
        assert set(served["paths"]) == set(openapi_document()["paths"])  # type: ignore[call-overload]
        for method, path, code in (("GET", "/nope", "not_found"), ("DELETE", "/audit/records", "method_not_allowed")):
            answer = await api.site.http.request(method, path)
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["type"] == f"urn:gateway:problem:{code}"
            assert answer.headers["x-exchange-id"] == answer.json()["exchange"]


async def test_a_body_to_the_api_is_bounded(sqlite_settings: Settings) -> None:
    async with audited(sqlite_settings) as api:
        large = await api.post("/audit/search", content=b"x" * (2 << 20))
        assert large.json()["type"] == "urn:gateway:problem:body_too_large"


async def test_an_agents_address_and_what_lies_below_it_speak_the_bindings_of_a2a(sqlite_settings: Settings) -> None:
    async with audited(sqlite_settings) as api:
        http = api.site.http
        by_rpc = await http.post("/a2a/ward", json={})
        assert (by_rpc.status_code, by_rpc.json()["jsonrpc"]) == (401, "2.0")
        for path in ("/a2a/ward/tasks", "/a2a/ward/", "/a2a/ward//tasks", "/a2a/ward/.well-known/agent-card.json"):
            below = await http.get(path)
            assert (below.status_code, below.json()["error"]["status"]) == (401, "UNAUTHENTICATED"), path


def test_a_path_of_the_traffic_plane_has_its_protocol_for_requests_that_do_not_wait() -> None:
    posted = {
        "/v1/chat/completions": "openai",
        "/v1/messages": "anthropic",
        "/agents/lab/in": "http",
        "/mcp/tools": "mcp",
        "/a2a/ward": "a2a",
        "/a2a/ward/message:send": "a2a-rest",
        "/v1/files": "unmodelled",
    }
    for path, protocol in posted.items():
        assert protocol_of("POST", path) == protocol
        assert protocol_of("GET", path) == ("http" if protocol == "http" else None)
    for path in ("/v1/tasks", "/v1/tasks/x", "/audit/records", "/", "/V1/messages", "//v1/messages"):
        assert protocol_of("POST", path) is None


async def test_gateways_of_one_process_are_seen_by_their_own_requests_alone(
    sqlite_settings: Settings, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    directory = tmp_path_factory.mktemp("other")
    shutil.copy(sqlite_template, directory / "gateway.db")
    other = parse({"database": {"url": "sqlite:///gateway.db"}}, {}, directory)
    async with audited(sqlite_settings) as one, audited(other) as two:
        for mine, theirs in ((one, two), (two, one), (one, two)):
            assert (await mine.get("/audit/records")).status_code == 200
            strange = await mine.site.http.get("/audit/records", headers={"authorization": f"Bearer {theirs.key}"})
            assert strange.status_code == 401
