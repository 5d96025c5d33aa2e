"""The SDK's own client, told nothing but an agent's address, gets a token for that address, and works."""

import json
import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
from mcp.client.auth import AuthorizationCodeResult, OAuthClientProvider, TokenStorage
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import OAuthClientInformationFull, OAuthClientMetadata, OAuthToken

from gateway.settings import Settings
from tests.agents.issuing import HttpIssuer
from tests.checks.identity.making import AUDIENCE, b64, ec_jwk, ec_key, es256
from tests.system.mcp_agent import mcp_site
from tests.system.site import served

GATEWAY = "https://gw.example"
CALLBACK = "http://127.0.0.1:9/callback"


class Server(HttpIssuer):
    """An authorization server that lets everybody in: registration (RFC 7591), and tokens for resources (RFC 8707)."""

    def __init__(self, now: int) -> None:
        super().__init__(ec_jwk(ec_key("e1")))
        self.now = now
        self.resources: list[str] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.metadata = {
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "registration_endpoint": f"{self.url}/register",
            "response_types_supported": ["code"],
            "grant_types_supported": ["authorization_code"],
            "code_challenge_methods_supported": ["S256"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256"],
            "token_endpoint_auth_methods_supported": ["none"],
        }
        self.status, self.body, body = 200, None, b""
        if scope["type"] == "http" and scope["method"] == "POST":
            while True:
                message = await receive()
                body += message.get("body", b"")
                if not message.get("more_body"):
                    break
            self.body = self._register(body) if scope["path"] == "/register" else self._token(body)
        elif scope["type"] == "http" and scope["path"] == "/.well-known/oauth-authorization-server":
            self.status, self.body = 404, b"{}"
        await super().__call__(scope, receive, send)

    def _register(self, body: bytes) -> bytes:
        self.status = 201
        return json.dumps({**json.loads(body), "client_id": "client-1"}).encode()

    def _token(self, body: bytes) -> bytes:
        asked = parse_qs(body.decode())
        self.resources += asked["resource"]
        token = es256(
            {
                "iss": self.url,
                "sub": "nurse-1",
                "aud": asked["resource"][0],
                "exp": self.now + 600,
                "iat": self.now,
                "roles": ["clinician"],
            },
            ec_key("e1"),
            {"alg": "ES256", "kid": "e1", "typ": "at+jwt"},
        )
        return json.dumps({"access_token": token, "token_type": "Bearer", "expires_in": 600}).encode()


class Memory(TokenStorage):
    tokens: OAuthToken | None = None
    client: OAuthClientInformationFull | None = None

    async def get_tokens(self) -> OAuthToken | None:
        return self.tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self.tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self.client

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self.client = client_info


class Proxy(httpx2.AsyncBaseTransport):
    """Requests to the gateway's public address go where the test has it; all others where they say."""

    def __init__(self, url: str) -> None:
        self.there, self.inner = httpx2.URL(url), httpx2.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if request.url.host == urlsplit(GATEWAY).hostname:
            at = self.there
            request.url = request.url.copy_with(scheme=at.scheme, host=at.host, port=at.port)
        return await self.inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self.inner.aclose()


class Browser:
    """Follows the client's redirect as a person would who says yes."""

    def __init__(self) -> None:
        self.asked: dict[str, list[str]] = {}

    async def go(self, url: str) -> None:
        self.asked = parse_qs(urlsplit(url).query)

    async def answer(self) -> AuthorizationCodeResult:
        return AuthorizationCodeResult(code=b64(b"code"), state=self.asked["state"][0])


async def test_a_client_that_knows_an_address_finds_its_way_to_a_token_for_it(sqlite_settings: Settings) -> None:
    server, browser = Server(int(time.time())), Browser()
    async with served(server) as url:
        server.url = url
        table = {
            "issuer": url,
            "audience": AUDIENCE,
            "resource_audience": True,
            "algorithms": ["ES256"],
            "discovery": True,
            "roles": ["clinician"],
            "zone": "in-house",
        }
        async with mcp_site(sqlite_settings, issuer=[table], server={"public_url": GATEWAY}) as site:
            provider = OAuthClientProvider(
                f"{GATEWAY}/mcp/tools",
                OAuthClientMetadata(redirect_uris=[CALLBACK], token_endpoint_auth_method="none"),  # type: ignore[list-item]
                Memory(),
                browser.go,
                browser.answer,
            )
            async with httpx2.AsyncClient(transport=Proxy(site.url), auth=provider, timeout=30) as http:
                transport = streamable_http_client(f"{GATEWAY}/mcp/tools", http_client=http)
                async with Client(transport, mode="legacy") as client:
                    result = await client.call_tool("add", {"a": 2, "b": 3})
                    assert result.structured_content == {"result": 5}
            assert set(server.resources) == {f"{GATEWAY}/mcp/tools"}
            assert browser.asked["resource"] == [f"{GATEWAY}/mcp/tools"]
            done = [one for one in await site.records() if one["event"] == "exchange.completed"]
            assert {one["outcome"]["code"] for one in done} == {"ok"}
            first = [one for one in await site.records("_system") if one["event"] == "auth.failed"]
            assert [one["outcome"]["code"] for one in first] == ["credential_missing"]
