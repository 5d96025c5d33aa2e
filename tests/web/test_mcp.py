"""Whoever has no good token is told where tokens come from, and nothing else."""

from gateway.settings import Settings
from gateway.web.mcp import metadata
from tests.settings.kit import parsed
from tests.system.site import system

ISSUER = {
    "issuer": "https://login.example",
    "audience": "gateway",
    "algorithms": ["ES256"],
    "jwks_file": "jwks.json",
}


def test_the_metadata_names_who_issues_tokens() -> None:
    others = {**ISSUER, "issuer": "https://clinic.example"}
    server = {"public_url": "https://gw.example/"}
    settings = parsed(issuer=[{**ISSUER, "resource_audience": True}, others], server=server)
    assert metadata(settings, f"{settings.address}/mcp/tools") == {
        "resource": "https://gw.example/mcp/tools",
        "authorization_servers": ["https://login.example"],
        "bearer_methods_supported": ["header"],
    }


def test_the_metadata_names_no_issuer_that_gives_no_tokens_for_resources() -> None:
    assert "authorization_servers" not in metadata(parsed(issuer=[ISSUER]), "https://gw.example")


def test_the_metadata_says_that_bound_tokens_are_taken_where_certificates_are() -> None:
    said = "tls_client_certificate_bound_access_tokens"
    server = {"client_ca": "c.pem", "client_header": "client-cert", "trusted_proxies": ["10.0.0.5"]}
    assert metadata(parsed(server=server), "https://gw.example")[said] is True
    assert said not in metadata(parsed(), "https://gw.example")


async def test_a_401_leads_to_the_metadata_of_the_agents_own_address(sqlite_settings: Settings) -> None:
    agents = {"tools": {"protocol": "mcp", "zone": "in-house"}}
    async with system(sqlite_settings, agents=agents, server={"public_url": "https://gw.example"}) as site:
        known = await site.http.post("/mcp/tools", json={"jsonrpc": "2.0", "id": 1, "method": "ping"})
        assert known.status_code == 401
        assert known.json()["error"]["data"]["code"] == "credential_missing"
        assert known.headers["www-authenticate"] == (
            'Bearer resource_metadata="https://gw.example/.well-known/oauth-protected-resource/mcp/tools"'
        )
        odd = await site.http.post('/mcp/a"b', json={})
        assert odd.headers["www-authenticate"] == (
            'Bearer resource_metadata="https://gw.example/.well-known/oauth-protected-resource"'
        )


async def test_the_metadata_is_the_same_for_agents_that_are_not_there(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings, server={"public_url": "https://gw.example"}) as site:
        for path, resource in (
            ("", "https://gw.example"),
            ("/mcp/tools", "https://gw.example/mcp/tools"),
            ("/mcp/nobody", "https://gw.example/mcp/nobody"),
            ("/mcp/A%22", "https://gw.example"),
        ):
            answer = await site.http.get(f"/.well-known/oauth-protected-resource{path}")
            assert (answer.status_code, answer.json()["resource"]) == (200, resource)
