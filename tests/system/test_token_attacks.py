"""Tokens that somebody made up, changed or took from elsewhere: none gets past the door, none is repeated."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gateway.settings import Settings
from tests.checks.identity.making import (
    AUDIENCE,
    ISSUER,
    NOW,
    b64,
    claims,
    ec_jwk,
    ec_key,
    es256,
    public_pem,
    rs256,
    rsa_jwk,
    rsa_key,
    signing_input,
)
from tests.conftest import ManualClock
from tests.system.kit import PUBLIC
from tests.system.site import System, system

TENANTS = {"role_claim": "roles", "tenant_claim": "org", "tenants": ["default"]}
TABLES = [
    {
        "issuer": ISSUER,
        "audience": AUDIENCE,
        "algorithms": ["RS256", "ES256"],
        "jwks_file": "jwks.json",
        "roles": ["clinician"],
        "zone": "in-house",
        **TENANTS,
    },
    {
        "issuer": "https://partner.example",
        "audience": AUDIENCE,
        "algorithms": ["RS256"],
        "jwks_file": "partner.json",
        "roles": ["clerk"],
        "zone": "partner",
        **TENANTS,
    },
]
INVALID, ALGORITHM = "credential_invalid", "credential_algorithm"
PARTNER = rsa_key("partner")


def good(**changes: Any) -> dict[str, Any]:
    return claims(**{"org": "default", **changes})


def mac(header: Mapping[str, object], secret: bytes, name: str = "sha256") -> str:
    start = signing_input(header, good(sub="canary"))
    return f"{start}.{b64(hmac.digest(secret, start.encode(), name))}"


def headed(**header: Any) -> str:
    return rs256(good(sub="canary"), header={"alg": "RS256", "kid": "r1", **header})


def by_attacker(**header: Any) -> str:
    return rs256(good(sub="canary"), rsa_key("attacker"), {"alg": "RS256", **header})


def der() -> bytes:
    return rsa_key().public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def changed(token: str, **more: Any) -> str:
    """Other claims under a signature that was made for these."""
    head, _, signature = token.split(".")
    return f"{head}.{signing_input({}, good(**more)).split('.')[1]}.{signature}"


def twice(text: str) -> str:
    """Claims with a name twice, signed as they are."""
    return rs256(json.dumps(good())[:-1].encode() + text.encode() + b"}")


def padded(token: str) -> str:
    """The same signature in another spelling: the last character's unused bits set."""
    last = token[-1]
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return token[:-1] + alphabet[alphabet.index(last) ^ 1]


NESTED = {"alg": "RS256", "kid": "r1", "typ": "JWT", "cty": "JWT"}
X5C = [base64.b64encode(der()).decode()]
ATTACKS: dict[str, tuple[str, Callable[[], str]]] = {
    # forged
    "signed by somebody else": (INVALID, lambda: by_attacker(kid="r1")),
    "signed by somebody else, without a kid": (INVALID, lambda: by_attacker()),
    "claims changed after signing": (INVALID, lambda: changed(rs256(good()), sub="canary")),
    "a role added after signing": (INVALID, lambda: changed(rs256(good()), roles=["auditor"])),
    "the expiry moved after signing": (INVALID, lambda: changed(rs256(good(exp=NOW - 99)), exp=NOW + 999)),
    "another issuer's key": (INVALID, lambda: rs256(good(sub="canary"), PARTNER, {"alg": "RS256", "kid": "p1"})),
    "another issuer's key under ours": (INVALID, lambda: rs256(good(), PARTNER)),
    "our key under another issuer": (INVALID, lambda: rs256(good(iss="https://partner.example"))),
    "a signature of zeros": (INVALID, lambda: es256(good()).rpartition(".")[0] + "." + b64(bytes(64))),
    "a signature in another spelling": (INVALID, lambda: padded(rs256(good()))),
    # stripped
    "alg none": (ALGORITHM, lambda: signing_input({"alg": "none"}, good(sub="canary")) + "."),
    "alg None": (ALGORITHM, lambda: signing_input({"alg": "None"}, good(sub="canary")) + "."),
    "alg nOnE with a signature": (ALGORITHM, lambda: signing_input({"alg": "nOnE"}, good()) + ".AAAA"),
    "no signature": (ALGORITHM, lambda: rs256(good()).rpartition(".")[0] + "."),
    "no third segment": (INVALID, lambda: rs256(good()).rpartition(".")[0]),
    "no alg": (INVALID, lambda: signing_input({"kid": "r1"}, good()) + ".AAAA"),
    "alg as a list": (INVALID, lambda: signing_input({"alg": ["none"]}, good()) + ".AAAA"),
    # algorithm confusion
    "HS256 under the public key in PEM": (ALGORITHM, lambda: mac({"alg": "HS256", "kid": "r1"}, public_pem(rsa_key()))),
    "HS256 under the public key in DER": (ALGORITHM, lambda: mac({"alg": "HS256", "kid": "r1"}, der())),
    "HS384 under the modulus": (
        ALGORITHM,
        lambda: mac({"alg": "HS384"}, str(rsa_jwk(rsa_key())["n"]).encode(), "sha384"),
    ),
    "RS256 said, a mac made": (INVALID, lambda: mac({"alg": "RS256", "kid": "r1"}, public_pem(rsa_key()))),
    "ES256 said, RSA made": (INVALID, lambda: rs256(good(), header={"alg": "ES256", "kid": "r1"})),
    "RS256 said, EC made": (INVALID, lambda: es256(good(), header={"alg": "RS256", "kid": "e1"})),
    "an algorithm of nobody's": (ALGORITHM, lambda: headed(alg="PS256")),
    "an algorithm that this issuer has not": (
        ALGORITHM,
        lambda: es256(good(iss="https://partner.example"), header={"alg": "ES256", "kid": "p1"}),
    ),
    # keys that the token brings or points to
    "its own jwk": (INVALID, lambda: by_attacker(jwk=rsa_jwk(rsa_key("attacker")))),
    "a jku": (INVALID, lambda: by_attacker(jku="https://canary.example/keys", kid="r1")),
    "an x5u": (INVALID, lambda: by_attacker(x5u="https://canary.example/cert")),
    "an x5c": (INVALID, lambda: by_attacker(x5c=X5C, kid="r1")),
    "a jku beside a good signature": (INVALID, lambda: headed(jku="https://login.example/keys")),
    "a kid that is a path": (INVALID, lambda: headed(kid="../../../../dev/null")),
    "a kid that is SQL": (INVALID, lambda: headed(kid="x' UNION SELECT 'canary")),
    "a kid that is a list": (INVALID, lambda: headed(kid=["r1"])),
    "a kid without end": (INVALID, lambda: headed(kid="r" * 257)),
    "an empty kid": (INVALID, lambda: headed(kid="")),
    # what is critical, encrypted, detached or of another kind
    "crit": (INVALID, lambda: headed(crit=["exp"])),
    "b64": (INVALID, lambda: headed(b64=False, crit=["b64"])),
    "zip": (INVALID, lambda: headed(zip="DEF")),
    "five segments": (INVALID, lambda: "eyJhbGciOiJkaXIifQ..AA.AA.AA"),
    "typ of a logout token": (INVALID, lambda: headed(typ="logout+jwt")),
    "typ of a proof": (INVALID, lambda: headed(typ="dpop+jwt")),
    "typ of a security event": (INVALID, lambda: headed(typ="secevent+jwt")),
    "typ of an introspection": (INVALID, lambda: headed(typ="token-introspection+jwt")),
    "typ that is no text": (INVALID, lambda: headed(typ=["JWT"])),
    # replayed under another audience
    "for another audience": ("credential_audience", lambda: rs256(good(aud="canary"))),
    "for an audience that begins like ours": ("credential_audience", lambda: rs256(good(aud=f"{AUDIENCE}.example"))),
    "for ours in a list in a list": ("credential_audience", lambda: rs256(good(aud=[[AUDIENCE]]))),
    "for ours as a name": ("credential_audience", lambda: rs256(good(aud={AUDIENCE: True}))),
    "for nobody": ("credential_audience", lambda: rs256(good(aud=...))),
    "for one agent, where that is not taken": (
        "credential_audience",
        lambda: rs256(good(aud="http://127.0.0.1:8787/mcp/tools")),
    ),
    # too much
    "oversized": (INVALID, lambda: rs256(good(note="c" * 20_000))),
    "an oversized header": (INVALID, lambda: headed(note="c" * 20_000)),
    "nested without end": (INVALID, lambda: rs256(b'{"a":' * 3000 + b"1" + b"}" * 3000)),
    "numbers without end": (
        INVALID,
        lambda: rs256(json.dumps(good())[:-1].encode() + b', "n": 1' + b"0" * 9000 + b"}"),
    ),
    # tokens within tokens
    "a token for claims": (INVALID, lambda: rs256(rs256(good()).encode(), header=NESTED)),
    "a token for claims, in quotes": (INVALID, lambda: rs256(json.dumps(rs256(good())).encode(), header=NESTED)),
    "a good token within one of the attacker's": (INVALID, lambda: by_attacker(cty="JWT", jws=rs256(good()))),
    "a good token where the signature stands": (INVALID, lambda: headed().rpartition(".")[0] + "." + rs256(good())),
    # names twice
    "a subject twice": (INVALID, lambda: twice(', "sub": "canary"')),
    "roles twice": (INVALID, lambda: twice(', "roles": ["auditor"]')),
    "an issuer twice": (INVALID, lambda: twice(', "iss": "https://partner.example"')),
    "a name twice, deep down": (INVALID, lambda: twice(', "x": {"y": {"z": 1, "z": 2}}')),
    "alg twice": (INVALID, lambda: rs256(good(), header=b'{"alg": "RS256", "alg": "none", "kid": "r1"}')),
    # time
    "expired to the second": ("credential_expired", lambda: rs256(good(exp=NOW - 30))),
    "not valid for one second more": ("credential_not_yet_valid", lambda: rs256(good(nbf=NOW + 31))),
    "issued in the future": ("credential_not_yet_valid", lambda: rs256(good(iat=NOW + 31))),
    "an expiry that is true": (INVALID, lambda: rs256(good(exp=True))),
    "an expiry in words": (INVALID, lambda: rs256(good(exp=str(NOW + 600)))),
    "an expiry without bound": (INVALID, lambda: rs256(json.dumps(good(exp=...))[:-1].encode() + b', "exp": 1e999}')),
    "an expiry that is no number": (INVALID, lambda: rs256(json.dumps(good(exp=...))[:-1].encode() + b', "exp": NaN}')),
    "no expiry": (INVALID, lambda: rs256(good(exp=...))),
    # beyond the issuer
    "a role of another issuer's": ("credential_overreach", lambda: rs256(good(roles=["clerk"]))),
    "a role of administrators": ("credential_overreach", lambda: rs256(good(roles=["clinician", "admin"]))),
    "another tenant": ("credential_overreach", lambda: rs256(good(org="canary"))),
    "the operator's ledger": ("credential_overreach", lambda: rs256(good(org="_system"))),
    "an actor of another issuer": (INVALID, lambda: rs256(good(act={"sub": "root", "iss": "https://canary.example"}))),
    "actors without end": (INVALID, lambda: rs256(good(act=chain(9)))),
    # bound to a holder
    "bound to a certificate, shown without": (
        "credential_bound",
        lambda: rs256(good(cnf={"x5t#S256": b64(bytes(32))})),
    ),
    "bound to a key that is not looked for": ("credential_confirmation", lambda: rs256(good(cnf={"jkt": "canary"}))),
    "bound to nothing": ("credential_confirmation", lambda: rs256(good(cnf={}))),
    # form
    "two tokens": (INVALID, lambda: f"{rs256(good())}, {rs256(good())}"),
    "white space within": (INVALID, lambda: rs256(good()).replace(".", " .", 1)),
    "padding": (INVALID, lambda: rs256(good()) + "="),
    "the other base64": (INVALID, lambda: rs256(good()).replace("_", "/").replace("-", "+") + "+"),
    "a list for claims": (INVALID, lambda: rs256(b"[]")),
    "claims in UTF-16": (INVALID, lambda: rs256(json.dumps(good()).encode("utf-16"))),
    "a mark before the claims": (INVALID, lambda: rs256(b"\xef\xbb\xbf" + json.dumps(good()).encode())),
}


def chain(depth: int) -> dict[str, Any]:
    found: dict[str, Any] = {"sub": "agent"}
    for _ in range(depth):
        found = {"sub": "agent", "act": found}
    return found


@pytest.fixture
def at_now(clock: ManualClock) -> ManualClock:
    clock.us, clock.ns = NOW * 1_000_000, 5_000_000_000
    return clock


def publish(settings: Settings) -> None:
    ours = [rsa_jwk(rsa_key()), ec_jwk(ec_key())]
    for name, keys in {"jwks.json": ours, "partner.json": [rsa_jwk(PARTNER, "p1")]}.items():
        Path(settings.base, name).write_text(json.dumps({"keys": keys}))


async def code_of(site: System, token: str, path: str = "/v1/chat/completions") -> tuple[int, str, str]:
    body = {"model": "ward", "messages": [{"role": "user", "content": PUBLIC}]}
    answer = await site.http.post(path, json=body, headers={"authorization": f"Bearer {token}"})
    document = answer.json()
    return answer.status_code, document.get("error", {}).get("code", ""), answer.text


async def test_no_token_gets_past_the_door_that_the_issuer_did_not_make_for_it(
    sqlite_settings: Settings, at_now: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    publish(sqlite_settings)
    async with system(sqlite_settings, clock=at_now, issuer=TABLES) as site:
        for token in (rs256(good()), es256(good()), rs256(good(exp=NOW - 29, nbf=NOW + 30)), headed(typ="at+JWT")):
            assert (await code_of(site, token))[0] == 200
        sent = len(site.agents["ward"].received)
        for name, (expected, make) in ATTACKS.items():
            status, code, text = await code_of(site, make())
            assert (status, code) == (401, expected), name
            assert "canary" not in text, name
        assert len(site.agents["ward"].received) == sent
        held = json.dumps(await site.records("_system")) + caplog.text
        assert "canary" not in held.replace(hashlib.sha256(b"canary").hexdigest(), "")
        assert not [one for one in await site.records() if one["event"] == "exchange.denied"]


async def test_a_token_for_one_agent_is_good_for_that_one_alone(sqlite_settings: Settings, at_now: ManualClock) -> None:
    publish(sqlite_settings)
    tables = [{**TABLES[0], "resource_audience": True}]
    agents = {"ward": {"zone": "in-house"}, "tools": {"protocol": "mcp", "zone": "in-house"}}
    server = {"public_url": "https://gw.example"}
    async with system(sqlite_settings, clock=at_now, issuer=tables, agents=agents, server=server) as site:
        bound = rs256(good(aud="https://gw.example/mcp/files"))
        for path in (
            "/v1/chat/completions",
            "/mcp/tools",
            "/mcp/files/",
            "/mcp//files",
            "/mcp/Files",
            "/audit/records",
        ):
            answer = await site.http.request(
                "GET" if path.startswith("/audit") else "POST",
                path,
                headers={"authorization": f"Bearer {bound}"},
                json={},
            )
            assert answer.status_code == 401, path
            assert "credential_audience" in answer.text, path
        there = await site.http.post("/mcp/files", headers={"authorization": f"Bearer {bound}"}, json={})
        assert there.status_code != 401, "let in, and told what else is wrong"
        assert (await code_of(site, rs256(good(aud="https://gw.example"))))[0] == 200
        assert not site.agents["tools"].received


async def test_what_is_told_at_the_door_says_what_would_help(sqlite_settings: Settings, at_now: ManualClock) -> None:
    publish(sqlite_settings)
    async with system(sqlite_settings, clock=at_now, issuer=TABLES) as site:
        token = rs256(good())
        asked = {"authorization": f"Bearer {token}", "x-purpose": "HRESCH"}
        answer = await site.http.post("/mcp/tools", headers=asked, json={})
        assert answer.status_code == 403
        assert answer.headers["www-authenticate"].startswith('Bearer error="insufficient_scope", resource_metadata="')
        answer = await site.http.get("/audit/records", headers={"authorization": f"Bearer {token}"})
        assert (answer.status_code, answer.headers["www-authenticate"]) == (403, 'Bearer error="insufficient_scope"')


async def test_for_whom_somebody_acts_is_on_record_nearest_first(
    sqlite_settings: Settings, at_now: ManualClock
) -> None:
    publish(sqlite_settings)
    async with system(sqlite_settings, clock=at_now, issuer=TABLES) as site:
        acted = rs256(good(sub="lovelace", act={"sub": "agent-b", "act": {"sub": "agent-a"}}))
        assert (await code_of(site, acted))[0] == 200
        reader = site.gateway.site.reader("default")
        stored = [one async for one in reader.records(0, await reader.size(), details=True)]
        told = [json.loads(one.detail or b"{}") for one in stored if b"exchange.requested" in one.envelope]
        assert [(one["subject"], one["on_behalf_of"]) for one in told] == [("agent-b", ["agent-a", "lovelace"])]
        assert all(b"agent-b" not in one.envelope and b"lovelace" not in one.envelope for one in stored)
