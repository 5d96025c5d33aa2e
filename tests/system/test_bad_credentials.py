"""Credentials that do not hold: 401 in the protocol's own form, and a record in the ledger of the tenant whose
credential it provably was, else in the operator's own."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.settings import Settings
from gateway.store.api_keys import Administrator
from tests.checks.identity.making import (
    AUDIENCE,
    ISSUER,
    NOW,
    claims,
    public_pem,
    rs256,
    rsa_jwk,
    rsa_key,
    signing_input,
)
from tests.conftest import ManualClock
from tests.system.kit import PUBLIC, code
from tests.system.site import System, new_key, system

ISSUERS = [
    {
        "issuer": ISSUER,
        "audience": AUDIENCE,
        "algorithms": ["RS256"],
        "jwks_file": "jwks.json",
        "roles": ["clinician"],
        "purposes": ["TREAT"],
        "zone": "in-house",
        "tenant_claim": "org",
        "tenants": ["default"],
    }
]


def _hs256(payload: dict[str, Any]) -> str:
    """A token signed with the issuer's public key as if it were a secret (RFC 8725 §2.1)."""
    start = signing_input({"alg": "HS256", "kid": "r1"}, payload)
    mac = hmac.digest(public_pem(rsa_key()), start.encode(), hashlib.sha256)
    return f"{start}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def _good(**changes: Any) -> dict[str, Any]:
    return claims(**{"org": "default", **changes})


BAD: dict[str, tuple[str, Callable[[], str]]] = {
    # Nothing in them but a claim could name a tenant.
    "no credential": ("credential_missing", lambda: ""),
    "an empty bearer": ("credential_missing", lambda: "Bearer"),
    "another scheme": ("credential_invalid", lambda: "Basic dXNlcjpjYW5hcnktcGFzc3dvcmQ="),
    "no token at all": ("credential_invalid", lambda: "Bearer canary-not-a-token"),
    "an unknown key": ("credential_invalid", lambda: "Bearer gwk_0123456789ab_" + "c" * 43),
    "another issuer": ("credential_issuer", lambda: "Bearer " + rs256(_good(iss="https://canary.example"))),
    "no signature": ("credential_algorithm", lambda: "Bearer " + signing_input({"alg": "none"}, _good()) + "."),
    "a public key as secret": ("credential_algorithm", lambda: "Bearer " + _hs256(_good())),
    "another's signature": ("credential_invalid", lambda: "Bearer " + rs256(_good(), rsa_key("other"))),
    "another's signature, expired": (
        "credential_invalid",
        lambda: "Bearer " + rs256(_good(exp=NOW - 600), rsa_key("other")),
    ),
    "a payload changed after it was signed": ("credential_invalid", lambda: "Bearer " + _changed(rs256(_good()))),
    "too long": ("credential_invalid", lambda: "Bearer " + "c" * 20_000),
}
SIGNED: dict[str, tuple[str, Callable[[], str]]] = {
    # The signature of an issuer that speaks for one tenant alone holds.
    "an expired token": ("credential_expired", lambda: "Bearer " + rs256(_good(exp=NOW - 600))),
    "a token not yet valid": ("credential_not_yet_valid", lambda: "Bearer " + rs256(_good(nbf=NOW + 600))),
    "another audience": ("credential_audience", lambda: "Bearer " + rs256(_good(aud="canary-other"))),
    "no expiry": ("credential_invalid", lambda: "Bearer " + rs256(_good(exp=...))),
    "a role beyond the issuer": ("credential_overreach", lambda: "Bearer " + rs256(_good(roles=["auditor"]))),
    "a tenant beyond the issuer": ("credential_overreach", lambda: "Bearer " + rs256(_good(org="canary-tenant"))),
}


def _changed(token: str) -> str:
    head, _, signature = token.split(".")
    return f"{head}.{signing_input({}, _good(sub='canary')).split('.')[1]}.{signature}"


@pytest.fixture
def at_now(clock: ManualClock) -> ManualClock:
    clock.us, clock.ns = NOW * 1_000_000, 5_000_000_000
    return clock


def _jwks(settings: Settings) -> None:
    Path(settings.base, "jwks.json").write_text(json.dumps({"keys": [rsa_jwk(rsa_key())]}))


async def _ask(site: System, authorization: str, path: str = "/v1/chat/completions") -> httpx.Response:
    headers = {"authorization": authorization} if authorization else {}
    body = {"model": "ward", "messages": [{"role": "user", "content": PUBLIC}]}
    return await site.http.post(path, json=body, headers=headers)


async def _failures(site: System, tenant: str) -> list[tuple[str, int]]:
    """Code and count of each `auth.failed` in a tenant's ledger."""
    failed = [record for record in await site.records(tenant) if record["event"] == "auth.failed"]
    assert all("actor" not in one and "exchange" not in one for one in failed), "of nobody"
    return [(one["outcome"]["code"], one["count"]) for one in failed]


async def test_each_bad_credential_is_a_401_and_one_record_of_nobody_where_it_belongs(
    sqlite_settings: Settings, at_now: ManualClock
) -> None:
    _jwks(sqlite_settings)
    async with system(sqlite_settings, clock=at_now, issuer=ISSUERS) as site:
        good = await _ask(site, "Bearer " + rs256(_good()))
        assert good.status_code == 200, good.text
        for name, (expected, made) in {**BAD, **SIGNED}.items():
            before = {ledger: await _failures(site, ledger) for ledger in ("_system", "default")}
            at_now.ns += 61 * 1_000_000_000  # past the window that counts failures together
            credential = made()
            answer = await _ask(site, credential)
            assert (answer.status_code, code(answer)) == (401, expected), name
            assert answer.json()["error"]["type"] == "authentication_error"
            told = "Bearer" if expected == "credential_missing" else 'Bearer error="invalid_token"'
            assert answer.headers["www-authenticate"] == told, name
            assert answer.headers["x-exchange-id"] == answer.json()["error"]["exchange"]
            assert "x-decision" not in answer.headers
            assert "canary" not in answer.text
            whose, other = ("default", "_system") if name in SIGNED else ("_system", "default")
            assert await _failures(site, whose) == [*before[whose], (expected, 1)], name
            assert await _failures(site, other) == before[other], name
        assert len(site.agents["ward"].received) == 1


async def test_a_flood_of_failures_is_counted_into_one_record_by_window(
    sqlite_settings: Settings, at_now: ManualClock
) -> None:
    async with system(sqlite_settings, clock=at_now) as site:
        for _ in range(5):
            await _ask(site, "Bearer canary")
        await _ask(site, "")
        failed = [record for record in await site.records("_system") if record["event"] == "auth.failed"]
        assert [(one["outcome"]["code"], one["count"]) for one in failed] == [
            ("credential_invalid", 1),
            ("credential_missing", 1),
        ]
    async with system(sqlite_settings, clock=at_now) as site:
        # What was counted and not yet on record went there when the gateway stopped.
        failed = [record for record in await site.records("_system") if record["event"] == "auth.failed"]
        assert [(one["outcome"]["code"], one["count"]) for one in failed][2:] == [("credential_invalid", 4)]
        assert all(one["window_s"] == 60 for one in failed)


async def test_who_was_not_identified_is_on_record_with_an_address_and_no_text(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings) as site:
        await _ask(site, "Bearer canary-in-the-credential")
        reader = site.gateway.site.reader("_system")
        stored = [one async for one in reader.records(0, await reader.size(), details=True)][-1]
        assert json.loads(stored.detail or b"{}") == {"source": "127.0.0.1"}
        assert b"canary" not in stored.envelope


async def test_a_revoked_key_is_refused_at_once(database: Settings) -> None:
    async with system(database) as site:
        installation = site.gateway.site
        made = await new_key(installation, "clerk")
        assert (await site.chat(made.plain, PUBLIC)).status_code == 200
        writer = await installation.writer("default")
        by = Administrator(ledger=writer, tenant=writer.tenant)
        await installation.api_keys.revoke(by, "default", made.record.id)
        answer = await site.chat(made.plain, PUBLIC)
        assert (answer.status_code, code(answer)) == (401, "credential_revoked")
        assert await _failures(site, "default") == [("credential_revoked", 1)]
        assert await _failures(site, "_system") == []
        assert len(site.agents["cloud"].received) == 1
        kinds = [record["event"] for record in await site.records("default")]
        assert kinds[-2:] == ["key.revoked", "auth.failed"]


async def test_a_key_past_its_end_is_refused(sqlite_settings: Settings, at_now: ManualClock) -> None:
    async with system(sqlite_settings, clock=at_now) as site:
        key = await site.key("clerk", expires_us=at_now.us + 1_000_000)
        at_now.advance(2)
        answer = await site.chat(key, PUBLIC)
        assert (answer.status_code, code(answer)) == (401, "credential_expired")
        assert not site.agents["cloud"].received
        assert await _failures(site, "default") == [("credential_expired", 1)]


async def test_a_token_that_ends_while_the_gateway_runs_ends_for_the_gateway_too(
    sqlite_settings: Settings, at_now: ManualClock
) -> None:
    """Verified tokens are remembered, but not past their end."""
    _jwks(sqlite_settings)
    async with system(sqlite_settings, clock=at_now, issuer=ISSUERS) as site:
        token = "Bearer " + rs256(_good(exp=NOW + 60))
        assert (await _ask(site, token)).status_code == 200
        at_now.advance(91)
        assert code(await _ask(site, token)) == "credential_expired"


async def test_two_credentials_that_differ_are_none(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings) as site:
        key = await site.key("clerk")
        body = {"model": "ward", "messages": [{"role": "user", "content": PUBLIC}]}
        cases: tuple[list[tuple[str, str]], ...] = (
            [("authorization", f"Bearer {key}"), ("x-api-key", "gwk_other")],
            [("authorization", f"Bearer {key}"), ("authorization", f"Bearer {key}")],
            [("x-api-key", key), ("x-api-key", key)],
        )
        for headers in cases:
            answer = await site.http.post("/v1/chat/completions", json=body, headers=httpx.Headers(headers))
            assert (answer.status_code, code(answer)) == (401, "credential_invalid")
        assert not site.agents["ward"].received
        same = [("authorization", f"Bearer {key}"), ("x-api-key", key)]
        assert (await site.http.post("/v1/chat/completions", json=body, headers=same)).status_code == 200


async def test_plain_http_answers_in_its_own_form_and_the_api_likewise(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings) as site:
        for path in ("/agents/ward/notes", "/audit/search"):
            answer = await _ask(site, "Bearer canary", path)
            assert answer.status_code == 401
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'
            assert answer.json()["exchange"] == answer.headers["x-exchange-id"]
            assert "credential_invalid" in answer.json()["type"]


async def test_a_token_of_an_unconfigured_tenant_is_told_nothing_of_others(
    sqlite_settings: Settings, at_now: ManualClock
) -> None:
    _jwks(sqlite_settings)
    issuers = [{**ISSUERS[0], "tenants": ["default", "elsewhere"]}]
    async with system(sqlite_settings, clock=at_now, issuer=issuers) as site:
        answer = await _ask(site, "Bearer " + rs256(_good(org="elsewhere")))
        assert (answer.status_code, code(answer)) == (401, "credential_overreach")
        assert "default" not in answer.text
        assert "elsewhere" not in answer.text
        assert await _failures(site, "_system") == [("credential_overreach", 1)]
        assert await _failures(site, "default") == []


# ------------------------------------------------------------------------------------------ whose ledger

TWO = [{"id": "hospital"}, {"id": "bank"}]
SHARED = [{**ISSUERS[0], "tenants": ["hospital", "bank"]}]


async def test_a_refused_credential_is_on_the_ledger_of_its_tenant_and_on_no_other(
    database: Settings, at_now: ManualClock
) -> None:
    _jwks(database)
    async with system(database, clock=at_now, issuer=SHARED, tenant=TWO) as site:
        key = (await new_key(site.gateway.site, "clerk", tenant="bank", expires_us=at_now.us + 1_000_000)).plain
        at_now.advance(2)
        guessed = key[:-1] + ("a" if key[-1] != "a" else "b")
        for authorization, expected, whose in (
            (f"Bearer {key}", "credential_expired", "bank"),
            # Who guesses the secret of a key has proved nothing: its prefix is no secret.
            (f"Bearer {guessed}", "credential_invalid", "_system"),
            # The issuer says for us which of its tenants it is.
            ("Bearer " + rs256(_good(org="hospital", exp=NOW - 600)), "credential_expired", "hospital"),
            ("Bearer " + rs256(_good(org="bank", roles=["auditor"])), "credential_overreach", "bank"),
            # For others anybody may have chosen what a token says; and without its signature it says nothing.
            ("Bearer " + rs256(_good(org="bank", aud="other")), "credential_audience", "_system"),
            ("Bearer " + rs256(_good(org="bank", exp=NOW - 600), rsa_key("other")), "credential_invalid", "_system"),
            ("Bearer " + rs256(_good(org="elsewhere")), "credential_overreach", "_system"),
        ):
            at_now.ns += 61 * 1_000_000_000
            before = {name: await _failures(site, name) for name in ("_system", "hospital", "bank")}
            assert code(await _ask(site, authorization)) == expected
            for name, failed in before.items():
                told = [(expected, 1)] if name == whose else []
                assert await _failures(site, name) == [*failed, *told], (expected, whose, name)


async def test_a_flood_with_a_revoked_key_makes_two_records_in_its_tenants_ledger(
    database: Settings, at_now: ManualClock
) -> None:
    async with system(database, clock=at_now, limits={"failures": "5/minute"}) as site:
        key = await site.key("clerk", expires_us=at_now.us + 1_000_000)
        at_now.advance(2)
        statuses = [(await _ask(site, f"Bearer {key}")).status_code for _ in range(7)]
        assert statuses == [401] * 5 + [429] * 2, "the limit is the source's, whatever ledger it is told in"
    async with system(database, clock=at_now) as site:
        assert await _failures(site, "default") == [("credential_expired", 1), ("credential_expired", 4)]
        assert await _failures(site, "_system") == [("source_limited", 1), ("source_limited", 1)]


async def test_who_is_on_the_deny_list_is_refused_on_its_tenants_ledger(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings) as site:
        installation = site.gateway.site
        made = await new_key(installation, "clerk")
        writer = await installation.writer("default")
        by = Administrator(ledger=writer, tenant=writer.tenant)
        await installation.denials.deny(by, kind="subject", name="tester")
        assert code(await site.chat(made.plain, PUBLIC)) == "credential_denied"
        assert code(await site.chat(made.plain, PUBLIC)) == "credential_denied"
        assert (await _failures(site, "default"))[-1:] == [("credential_denied", 1)]
        assert await _failures(site, "_system") == []
