"""What failed elsewhere at the door: paths, scopes, hosts, headers, keys, and rules that deny."""

import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from gateway.checks.policy.engine import _Enforcer as Enforcer
from gateway.settings import Settings
from gateway.web.app import TRAFFIC, TRAFFIC_BELOW, openapi_document
from tests.system.kit import PERSONAL, PUBLIC, code, policies
from tests.system.site import system
from tests.system.test_paths import Raw
from tests.web.test_access import ANY_CALLER, OPEN

FAKE = "gwk_" + "0" * 12 + "_" + "A" * 43
SUFFIXES = ("healthz", "readyz", "metrics", "openapi.json", ".well-known/jwks.json")


def guarded() -> Iterator[tuple[str, str]]:
    """Every method and path that is not open to everybody."""
    paths = openapi_document()["paths"]
    assert isinstance(paths, dict)
    for path, methods in paths.items():
        if path not in OPEN:
            yield from ((method.upper(), re.sub(r"\{[^}]*\}", "1", path)) for method in methods)
    for path in (*TRAFFIC, *(f"{prefix}1" for prefix in TRAFFIC_BELOW)):
        yield "POST", path


async def test_a_check_of_credentials_that_a_path_suffix_skips(sqlite_settings: Settings) -> None:
    """What ended like an open path was taken for one, and served to anybody."""
    async with system(sqlite_settings, limits={"failures": "100000/minute"}) as site:
        raw = Raw(int(site.url.rpartition(":")[2]))
        for method, path in guarded():
            for end in SUFFIXES:
                for crafted in (
                    f"{path}/{end}",
                    f"{path}?x=/{end}",
                    f"{path};/{end}",
                    f"{path}%2f{end}",
                    f"/{end}/..{path}",
                ):
                    assert await raw.asks(method, crafted) in (401, 404, 405), (method, crafted)
        raw.close()
        assert not any(agent.received for agent in site.agents.values())


AGENTS: dict[str, dict[str, Any]] = {
    "ward": {"zone": "in-house"},
    "claude": {"zone": "in-house", "protocol": "anthropic"},
    "tools": {"zone": "in-house", "protocol": "mcp"},
    "friend": {"zone": "in-house", "protocol": "a2a"},
    "records": {"zone": "in-house", "protocol": "http", "routes": ["POST /notes/{id}"]},
}
SAID = [{"role": "user", "content": PUBLIC}]
TASK = {"message": {"messageId": "m", "role": "ROLE_USER", "parts": [{"text": PUBLIC}]}}
ASKED: dict[str, Any] = {
    "/v1/chat/completions": {"model": "ward", "messages": SAID},
    "/v1/responses": {"model": "ward", "input": PUBLIC},
    "/v1/embeddings": {"model": "ward", "input": PUBLIC},
    "/v1/messages": {"model": "claude", "max_tokens": 9, "messages": SAID},
    "/v1/messages/count_tokens": {"model": "claude", "messages": SAID},
    "/mcp/tools": {"jsonrpc": "2.0", "id": 1, "method": "ping"},
    "/a2a/friend": {"jsonrpc": "2.0", "id": 1, "method": "SendMessage", "params": TASK},
    "/a2a/friend/message:send": TASK,
    "/agents/records/notes/7": {"note": PUBLIC},
}
"""A request that is good but for who brings it, for each path of the traffic plane."""


SOMEBODYS = ("/approvals/", "/break-glass/")


async def test_a_scope_that_most_endpoints_ignore(sqlite_settings: Settings) -> None:
    """The token's scope was looked at on one route and forgotten on a hundred. Here every route there is is walked: who
    has no role may do nothing, and who has one for traffic reads no trail."""
    assert {path for path in TRAFFIC if path not in ASKED} == set()
    async with system(sqlite_settings, agents=AGENTS) as site:
        nobody, clerk = await site.key("nobody"), await site.key("clerk")
        version = {"accept": "application/json, text/event-stream", "a2a-version": "1.0"}
        for path, body in ASKED.items():
            headers = {"authorization": f"Bearer {nobody}", **version}
            answer = await site.http.post(path, headers=headers, json=body)
            (record,) = await site.trail(answer.headers["x-exchange-id"])
            assert (record["event"], record["outcome"]["code"]) == ("exchange.denied", "policy_denied"), path
        for method, path in guarded():
            if path in ANY_CALLER or path.startswith("/v1/models") or _is_traffic(path):
                continue
            # What belongs to somebody is not there for others, whatever their role; the rest is forbidden.
            expected = {400, 404} if path.startswith(SOMEBODYS) else {403}
            for key in (nobody, clerk):
                answer = await site.http.request(method, path, headers={"authorization": f"Bearer {key}"})
                assert answer.status_code in expected, (method, path)
        assert not any(agent.received for agent in site.agents.values())


def _is_traffic(path: str) -> bool:
    return path in TRAFFIC or any(path.startswith(prefix) for prefix in TRAFFIC_BELOW)


async def test_a_host_header_that_decides_who_is_asked_and_who_may(
    sqlite_settings: Settings, subtests: pytest.Subtests
) -> None:
    """A crafted Host passed for an inner one: no credential was asked for, or the message went where it said."""
    async with system(sqlite_settings) as site:
        for host in ("localhost", "127.0.0.1", "admin.internal", "cloud", "evil.example:80@ward", ""):
            with subtests.test(host=host):
                forwarded = {
                    "x-forwarded-host": "ward",
                    "x-original-url": "/healthz",
                    "forwarded": "host=ward;for=127.0.0.1",
                }
                without = await site.http.get("/audit/records", headers={"host": host, **forwarded})
                assert without.status_code == 401
                answer = await site.chat(await site.key("clerk"), PUBLIC, headers={"host": host, **forwarded})
                assert answer.headers["x-routed-agent"] == "cloud"
                assert "evil" not in str(answer.headers)
                (received, _) = site.agents["cloud"].received[-1]
                assert received["host"] == site.agents["cloud"].url.removeprefix("http://")


async def test_an_authorization_header_that_somebody_made_up(
    sqlite_settings: Settings, subtests: pytest.Subtests
) -> None:
    """On one path (it was that of MCP) the header had to be there, and nobody looked at what it said."""
    async with system(sqlite_settings) as site:
        for authorization, path in product(
            (
                "Bearer",
                "Bearer x",
                "Basic Og==",
                "Bearer null",
                f"Bearer {FAKE}",
                "Bearer a.b.c",
                "Token x",
            ),
            ("/mcp/tools", "/v1/chat/completions", "/v1/messages", "/agents/x/y", "/audit/records"),
        ):
            with subtests.test(authorization=authorization, path=path):
                headers = {"authorization": authorization, "accept": "application/json, text/event-stream"}
                for method in ("GET",) if path.startswith("/audit") else ("GET", "POST"):
                    answer = await site.http.request(
                        method, path, headers=headers, json={"jsonrpc": "2.0", "method": "ping"}
                    )
                    assert answer.status_code == 401, method
                assert not any(agent.received for agent in site.agents.values())


CRAFTED = [
    "' OR '1'='1",
    "gwk_' OR 1=1 --_" + "A" * 43,
    "gwk_000000000000_' UNION SELECT * FROM api_key --",
    f"{FAKE}'; DROP TABLE api_key; --",
    'gwk_"0000000000"_' + "A" * 43,
    "gwk_%_" + "A" * 43,
    "gwk_____________" + "A" * 43,
]


async def test_sql_in_a_key(database: Settings, subtests: pytest.Subtests) -> None:
    """The key went into a query as text, and a quote in it made any key a good one."""
    async with system(database) as site:
        for key in CRAFTED:
            with subtests.test(key=key):
                good = await site.key("clerk")
                for name in ("authorization", "x-api-key"):
                    value = key if name == "x-api-key" else f"Bearer {key}"
                    answer = await site.http.post("/v1/chat/completions", headers={name: value}, json={})
                    assert (answer.status_code, code(answer)) == (401, "credential_invalid")
                assert (await site.chat(good, PUBLIC)).status_code == 200


async def test_a_401_that_names_product_table_and_hash(sqlite_settings: Settings, subtests: pytest.Subtests) -> None:
    """The refusal told whoever asked which database it was, which table, and the hash of the key that was not there."""
    async with system(sqlite_settings) as site:
        for authorization in (
            None,
            f"Bearer {FAKE}",
            "Bearer a.b.c",
            "Bearer ' OR 1=1",
        ):
            with subtests.test(authorization=authorization):
                await site.key("clerk")
                given = {} if authorization is None else {"authorization": authorization}
                for path in ("/v1/chat/completions", "/audit/records"):
                    method = "GET" if path.startswith("/audit") else "POST"
                    answer = await site.http.request(method, path, headers=given)
                    assert answer.status_code == 401
                    # The server of these tests says what it is; the one that `gateway serve` starts does not.
                    told = (
                        answer.text + str({name: value for name, value in answer.headers.items() if name != "server"})
                    ).lower()
                    for word in (
                        "sqlite",
                        "postgres",
                        "select",
                        "api_key",
                        "table",
                        "litestar",
                        "uvicorn",
                        "python",
                        "traceback",
                    ):
                        assert word not in told, word
                    assert not re.search(r"[0-9a-f]{40}|[A-Za-z0-9+/]{43}=", answer.text)
                    assert FAKE not in answer.text


async def test_access_for_whoever_brings_no_token(sqlite_settings: Settings) -> None:
    """Without a token there was nothing to refuse, so nothing was refused."""
    async with system(sqlite_settings) as site:
        for method, path in guarded():
            answer = await site.http.request(method, path, json={"model": "ward", "messages": []})
            assert answer.status_code == 401, path
            assert "www-authenticate" in answer.headers
        assert not any(agent.received for agent in site.agents.values())


async def test_a_deny_rule_whose_error_means_allow(
    sqlite_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rule that denied could not be evaluated, so it did not match, so the next one allowed."""
    first = Enforcer.first

    def failing(self: Enforcer, rows: list[list[str]], *request: object) -> object:
        if any("x-denies" in row for row in rows):
            raise RuntimeError("an expression that cannot be evaluated")
        return first(self, rows, *request)

    monkeypatch.setattr(Enforcer, "first", failing)
    denies = (
        'p, 1, role:*, class:pii, zone:cloud, *, purpose:*, always, deny, none, x-denies, "No personal data there."'
    )
    async with system(sqlite_settings, policy=policies(tmp_path, denies)) as site:
        key = await site.key("clerk")
        assert (await site.chat(key, PUBLIC)).headers["x-routed-agent"] == "cloud"
        answer = await site.chat(key, PERSONAL, headers={"x-route": "exact"})
        assert (answer.status_code, code(answer)) == (403, "policy_denied")
        (record,) = await site.trail(answer.headers["x-exchange-id"])
        assert record["decision"]["rules"] == ["policy-error"]
        assert len(site.agents["cloud"].received) == 1
