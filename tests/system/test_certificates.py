"""Client certificates at a served gateway: in real handshakes, behind proxies, and from whoever makes them up."""

import base64
import hashlib
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from gateway.agents.watched import LOOK_S
from gateway.cli.serve import server_tls
from gateway.ledger.record import timestamp
from gateway.settings import Settings
from gateway.web.app import build_app
from gateway.web.protocol import HttpProtocol
from tests.checks.identity.certifying import SERVER, SPIFFE, Authority, Issued
from tests.checks.identity.making import AUDIENCE, ISSUER, b64, claims, ec_jwk, ec_key, es256
from tests.conftest import ManualClock
from tests.system.kit import PUBLIC, code
from tests.system.site import System, served, system

AUTHORITY = Authority("clients")
TRIAGE = AUTHORITY.issue(uris=[SPIFFE])
NOBODY = AUTHORITY.issue(uris=["spiffe://mesh.example/sidecar"])
STRANGER = Authority("clients").issue(uris=[SPIFFE])
TABLE = {"match": f"uri:{SPIFFE}", "subject": "triage", "roles": ["agent"], "purposes": ["TREAT"], "zone": "in-house"}
BODY = {"model": "ward", "messages": [{"role": "user", "content": PUBLIC}]}


@pytest.fixture
def now(clock: ManualClock) -> ManualClock:
    clock.us = int(AUTHORITY.now.timestamp() * 1_000_000)
    return clock


@asynccontextmanager
async def site(
    base: Settings, clock: ManualClock, *, server: dict[str, Any] | None = None, **sections: Any
) -> AsyncIterator[System]:
    """A gateway that takes these certificates; over plain HTTP what trusted proxies say of them."""
    folder = Path(base.base)
    (folder / "clients.pem").write_bytes(AUTHORITY.pem)
    (folder / "clients.crl").write_bytes(AUTHORITY.revoking())
    given = {"client_ca": "clients.pem", "tls_certificate": "gateway.pem", "tls_key": "gateway.key", **(server or {})}
    # Sources fail as often as they like, unless a test is about that.
    sections = {"certificate": [TABLE], "limits": {"failures": "100000/minute"}, **sections}
    async with system(base, clock=clock, server=given, **sections) as running:
        yield running


def publish(settings: Settings) -> None:
    Path(settings.base, "jwks.json").write_text(json.dumps({"keys": [ec_jwk(ec_key())]}))


@asynccontextmanager
async def over_tls(running: System) -> AsyncIterator[tuple[str, Path]]:
    """The same gateway behind TLS, as `gateway serve` has it; its address, and where certificates lie."""
    settings = running.gateway.site.settings
    folder = Path(settings.base)
    house = Authority("house")
    house.issue(dns=["localhost"], purposes=SERVER).write(folder, "gateway")
    (folder / "house.pem").write_bytes(house.pem)
    tls = server_tls(settings)
    assert tls is not None
    async with served(
        build_app(running.gateway),
        http=HttpProtocol.within(15),
        ssl_context_factory=lambda config, default: tls.context(),
    ) as url:
        yield url.replace("http://127.0.0.1", "https://localhost"), folder


def client(url: str, folder: Path, shown: Issued | None = None) -> httpx.AsyncClient:
    """A client that trusts the gateway and shows a certificate, if it has one."""
    context = ssl.create_default_context(cafile=str(folder / "house.pem"))
    if shown is not None:
        context.load_cert_chain(*shown.write(folder / "shown", "client"))
    return httpx.AsyncClient(base_url=url, verify=context)


async def ask(http: httpx.AsyncClient, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await http.post("/v1/chat/completions", json=BODY, headers=named)


async def detail(running: System, exchange: str) -> dict[str, Any]:
    answer = await running.http.get(
        f"/audit/exchanges/{exchange}", headers={"authorization": f"Bearer {await running.key('auditor')}"}
    )
    found: dict[str, Any] = answer.json()["records"][0]["detail"]
    return found


def told(shown: Issued) -> str:
    """As a proxy says it (RFC 9440)."""
    return f":{base64.b64encode(shown.der).decode()}:"


# ----------------------------------------------------------------------------------------------------- in the handshake


async def test_a_certificate_is_an_identity_and_the_record_says_how_it_was_shown(
    sqlite_settings: Settings, now: ManualClock
) -> None:
    async with site(sqlite_settings, now) as running, over_tls(running) as (url, folder):
        async with client(url, folder, TRIAGE) as http:
            answers = [await ask(http), await ask(http)]
        assert [answer.status_code for answer in answers] == [200, 200], answers[0].text
        found = await detail(running, answers[0].headers["x-exchange-id"])
        assert (found["subject"], found["method"], found["roles"]) == ("triage", "mtls", ["agent"])
        assert found["credential"].startswith("x509:sha256:")
        assert found["tls"].startswith("TLSv1.3 ")
        async with client(url, folder) as http:
            without = await ask(http)
            with_key = await ask(http, authorization=f"Bearer {await running.key('agent')}")
        assert (without.status_code, code(without)) == (401, "credential_missing")
        assert with_key.status_code == 200


async def test_whom_no_authority_vouches_for_does_not_get_through_the_handshake(
    sqlite_settings: Settings, now: ManualClock
) -> None:
    async with site(sqlite_settings, now) as running, over_tls(running) as (url, folder):
        for shown in (STRANGER, AUTHORITY.issue(uris=[SPIFFE], purposes=SERVER)):
            async with client(url, folder, shown) as http:
                with pytest.raises(httpx.TransportError):
                    await ask(http, authorization=f"Bearer {await running.key('agent')}")
        assert running.agents["ward"].received == []


async def test_a_revocation_acts_on_connections_that_are_open(sqlite_settings: Settings, now: ManualClock) -> None:
    async with site(sqlite_settings, now, server={"client_crl": ["clients.crl"]}) as running:
        async with over_tls(running) as (url, folder), client(url, folder, TRIAGE) as http:
            assert (await ask(http)).status_code == 200
            (folder / "clients.crl").write_bytes(AUTHORITY.revoking(TRIAGE))
            now.ns += LOOK_S * 1_000_000_000
            revoked = await ask(http)
            assert (revoked.status_code, code(revoked)) == (401, "credential_revoked")
            (folder / "clients.crl").write_bytes(b"")
            now.ns += LOOK_S * 1_000_000_000
            unknown = await ask(http, authorization=f"Bearer {await running.key('agent')}")
            assert (unknown.status_code, code(unknown)) == (503, "certificate_unverifiable")
            assert unknown.headers["retry-after"] == "10"
            (folder / "clients.crl").write_bytes(AUTHORITY.revoking())
            now.ns += LOOK_S * 1_000_000_000
            assert (await ask(http)).status_code == 200
            now.us += 2 * 3_600_000_000
            assert code(await ask(http)) == "certificate_unverifiable"
        assert len(running.agents["ward"].received) == 2


async def test_two_credentials_must_be_one_callers(sqlite_settings: Settings, now: ManualClock) -> None:
    async with site(sqlite_settings, now) as running, over_tls(running) as (url, folder):
        own, others = await running.key("agent", "clerk", owner="triage"), await running.key("agent", owner="ada")
        async with client(url, folder, TRIAGE) as http:
            both = await ask(http, authorization=f"Bearer {own}")
            conflict = await ask(http, x_api_key=others)
            bad = await ask(http, authorization="Bearer canary")
        assert both.status_code == 200
        found = await detail(running, both.headers["x-exchange-id"])
        assert (found["method"], found["roles"]) == ("api-key+mtls", ["agent"])
        assert (conflict.status_code, code(conflict)) == (401, "credential_conflict")
        assert (bad.status_code, code(bad)) == (401, "credential_invalid")
        async with client(url, folder, NOBODY) as http:
            assert (await ask(http, authorization=f"Bearer {others}")).status_code == 200
            assert code(await ask(http)) == "certificate_unknown"
        assert len(running.agents["ward"].received) == 2


async def test_a_bound_token_holds_over_its_own_certificate_alone_remembered_or_not(
    sqlite_settings: Settings, now: ManualClock
) -> None:
    """RFC 8705 §3, in the handshake; by a trusted proxy's header; and without."""
    issuer = {"issuer": ISSUER, "audience": AUDIENCE, "algorithms": ["ES256"], "jwks_file": "jwks.json"}
    issuers = [{**issuer, "roles": ["agent"], "zone": "in-house"}]
    publish(sqlite_settings)
    seconds = now.us // 1_000_000
    cnf = {"x5t#S256": b64(hashlib.sha256(NOBODY.der).digest())}
    token = "Bearer " + es256(claims(sub="triage", roles=["agent"], exp=seconds + 600, iat=seconds - 5, cnf=cnf))
    async with site(sqlite_settings, now, issuer=issuers) as running, over_tls(running) as (url, folder):
        for shown, expected in ((NOBODY, None), (None, "credential_bound"), (TRIAGE, "credential_bound")) * 2:
            async with client(url, folder, shown) as http:
                answer = await ask(http, authorization=token)
            assert (None if answer.is_success else code(answer)) == expected
        assert len(running.agents["ward"].received) == 2
    server = {"client_header": "client-cert", "trusted_proxies": ["127.0.0.1"]}
    async with site(sqlite_settings, now, server=server, issuer=issuers) as running:
        proxied = {"authorization": token, "x_forwarded_for": "203.0.113.9"}
        assert (await ask(running.http, client_cert=told(NOBODY), **proxied)).status_code == 200
        for headers in ({"client_cert": told(TRIAGE)}, {}):
            answer = await ask(running.http, **headers, **proxied)
            assert (answer.status_code, code(answer)) == (401, "credential_bound")
            assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'
        assert len(running.agents["ward"].received) == 1


async def test_a_certificate_beside_a_key_that_ends_lets_it_make_none_that_lasts(
    sqlite_settings: Settings, now: ManualClock
) -> None:
    ends = now.now_us() + 3_600_000_000
    # The certificate gives the role too, since a caller with both has what both give.
    table = {**TABLE, "roles": ["admin", "agent"]}
    async with site(sqlite_settings, now, certificate=[table]) as running, over_tls(running) as (url, folder):
        own = await running.key("admin", "agent", owner="triage", expires_us=ends)
        headers = {"authorization": f"Bearer {own}"}
        body = {"owner": "triage", "zone": "in-house", "scopes": []}
        async with client(url, folder, TRIAGE) as http:
            lasting = await http.post("/keys", json=body, headers=headers)
            within = await http.post("/keys", json={**body, "expires": timestamp(ends - 1_000_000)}, headers=headers)
        assert (lasting.status_code, lasting.json()["field"]) == (403, "expires")
        assert within.status_code == 201


async def test_where_it_is_required_nobody_connects_without(sqlite_settings: Settings, now: ManualClock) -> None:
    async with site(sqlite_settings, now, server={"client_auth": "required"}) as running:
        key = await running.key("agent")
        async with over_tls(running) as (url, folder):
            async with client(url, folder) as http:
                with pytest.raises(httpx.TransportError):
                    await ask(http, authorization=f"Bearer {key}")
            async with client(url, folder, TRIAGE) as http:
                assert (await ask(http)).status_code == 200
        # Nor by another way in: the same gateway over plain HTTP.
        assert code(await running.chat(key, PUBLIC, "ward")) == "credential_missing"


# ------------------------------------------------------------------------------------------------------ behind a proxy


@pytest.mark.parametrize("form", ["client-cert", "x-forwarded-client-cert"])
async def test_a_listed_proxy_says_who_shows_a_certificate_and_it_is_verified_again(
    sqlite_settings: Settings, now: ManualClock, form: str
) -> None:
    def said(shown: Issued) -> dict[str, str]:
        value = (
            told(shown) if form == "client-cert" else f'By=spiffe://a/proxy;Cert="{quote(shown.pem.decode(), safe="")}"'
        )
        return {form: value, "x-forwarded-for": "203.0.113.9", "x-forwarded-proto": "https"}

    server = {"client_header": form, "trusted_proxies": ["127.0.0.1"], "client_crl": ["clients.crl"]}
    revoked = AUTHORITY.issue(uris=[SPIFFE])
    async with site(sqlite_settings, now, server=server) as running:
        (Path(running.gateway.site.settings.base) / "clients.crl").write_bytes(AUTHORITY.revoking(revoked))
        now.ns += LOOK_S * 1_000_000_000
        good = await ask(running.http, **said(TRIAGE))
        assert good.status_code == 200, good.text
        found = await detail(running, good.headers["x-exchange-id"])
        assert (found["subject"], found["method"], found["source"]) == ("triage", "mtls", "203.0.113.9")
        assert found["tls"] == "proxy"
        for shown, expected in ((STRANGER, "credential_invalid"), (revoked, "credential_revoked")):
            answer = await ask(running.http, **said(shown))
            assert (answer.status_code, code(answer)) == (401, expected)
        failed = {
            ledger: [one["outcome"]["code"] for one in await running.records(ledger) if one["event"] == "auth.failed"]
            for ledger in ("_system", "default")
        }
        assert failed == {"_system": ["credential_invalid"], "default": ["credential_revoked"]}
        broken = await ask(running.http, **{form: "canary", "x-api-key": await running.key("agent")})
        assert (broken.status_code, code(broken)) == (401, "credential_invalid")
        assert "canary" not in broken.text
        headers, _ = running.agents["ward"].received[0]
        assert not {"client-cert", "x-forwarded-client-cert", "x-forwarded-for"} & headers.keys()
        assert len(running.agents["ward"].received) == 1


@pytest.mark.parametrize("name", ["client-cert", "client-cert-chain", "x-forwarded-client-cert"])
async def test_from_anybody_else_the_header_is_refused_and_on_record(
    sqlite_settings: Settings, now: ManualClock, name: str
) -> None:
    server = {"client_header": "client-cert", "trusted_proxies": ["10.0.0.5"]}
    async with site(sqlite_settings, now, server=server) as running:
        headers = {name: told(TRIAGE), "x-forwarded-for": "10.0.0.5", "x-api-key": await running.key("agent")}
        answer = await ask(running.http, **headers)
        assert (answer.status_code, code(answer)) == (401, "certificate_untrusted")
        last = (await running.records("_system"))[-1]
        assert (last["event"], last["outcome"]["code"]) == ("auth.failed", "certificate_untrusted")
        api = await running.http.get("/audit/records", headers=headers)
        assert (api.status_code, api.json()["type"].rpartition("/")[2].rpartition(":")[2]) == (
            401,
            "certificate_untrusted",
        )
        assert running.agents["ward"].received == []


async def test_where_no_header_is_configured_none_is_believed(sqlite_settings: Settings, now: ManualClock) -> None:
    async with site(sqlite_settings, now, server={"trusted_proxies": ["127.0.0.1"]}) as running:
        answer = await ask(running.http, client_cert=told(TRIAGE))
        assert (answer.status_code, code(answer)) == (401, "credential_missing")


# ---------------------------------------------------------------------------------------- failed identifications


async def test_a_source_that_fails_too_often_is_refused_before_anything_is_verified(
    sqlite_settings: Settings, now: ManualClock
) -> None:
    server = {"trusted_proxies": ["127.0.0.1"]}
    limits = {"failures": "3/minute"}
    async with site(sqlite_settings, now, server=server, limits=limits) as running:
        key = await running.key("agent", "auditor")

        async def one(source: str, credential: str) -> httpx.Response:
            return await ask(running.http, authorization=f"Bearer {credential}", x_forwarded_for=source)

        assert [(await one("203.0.113.9", "canary")).status_code for _ in range(4)] == [401, 401, 401, 429]
        refused = await one("203.0.113.9", key)
        assert (refused.status_code, code(refused), refused.headers["retry-after"]) == (429, "source_limited", "60")
        api = await running.http.get(
            "/audit/records", headers={"authorization": f"Bearer {key}", "x-forwarded-for": "203.0.113.9"}
        )
        assert (api.status_code, api.headers["retry-after"]) == (429, "60")
        assert (await one("203.0.113.10", key)).status_code == 200
        assert [(await one(f"2001:db8::{n}", "canary")).status_code for n in range(4)] == [401, 401, 401, 429]
        failed = [record for record in await running.records("_system") if record["event"] == "auth.failed"]
        assert [(one["outcome"]["code"], one["outcome"].get("status"), one["count"]) for one in failed] == [
            (kind, None, 1) for kind in ("credential_invalid", "source_limited") * 2
        ]
        now.advance(60)
        assert (await one("203.0.113.9", key)).status_code == 200
        assert len(running.agents["ward"].received) == 2
        metrics = (await running.http.get("/metrics")).text
        assert 'gateway_failed_identifications_total{code="source_limited"} 4.0' in metrics
