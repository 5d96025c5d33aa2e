"""An assertion holds for one request, to one agent, for a minute, once; whatever else is refused with its reason."""

import base64
import hashlib
import json
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.checks.assertion import LIFETIME_S, MAX_BYTES, TYPE, Claims, Signing, Verifier, thumbprint
from gateway.core.errors import VerificationError

NOW = 1_795_482_123
BODY = b'{"a":1}'
SEED = bytes(range(32))


def claims(**fields: Any) -> Claims:
    values: dict[str, Any] = {
        "iss": "gateway.test",
        "aud": "ward",
        "jti": "j1",
        "iat": NOW,
        "exp": NOW + LIFETIME_S,
        "exchange": "ex_1",
        "trace": "1" * 32,
        "classes": ("phi",),
        "decision": "route",
        "method": "POST",
        "path": "/v1/chat/completions",
        "body": hashlib.sha256(BODY).hexdigest(),
        "purpose": "TREAT",
        **fields,
    }
    return Claims(**values)


def verifier(**fields: Any) -> Verifier:
    return Verifier([Signing(SEED).jwk], **{"issuer": "gateway.test", "agent": "ward", **fields})


def verified(by: Verifier, value: str | None, **fields: Any) -> Claims:
    asked: dict[str, Any] = {"method": "POST", "path": "/v1/chat/completions", "body": BODY, "now_s": NOW, **fields}
    return by.verify(value, **asked)


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def made(head: dict[str, Any], said: bytes | None = None, seed: bytes = SEED) -> str:
    """A token whose header and claims are what the test wants, rightly signed."""
    whole = {"alg": "EdDSA", "kid": Signing(SEED).kid, "typ": TYPE, **head}
    signed = (
        encoded(json.dumps(whole).encode()) + "." + encoded(msgspec.json.encode(claims()) if said is None else said)
    )
    signature = Ed25519PrivateKey.from_private_bytes(seed).sign(signed.encode())
    return f"{signed}.{encoded(signature)}"


def test_what_was_signed_is_what_is_read() -> None:
    assert verified(verifier(), Signing(SEED).sign(claims())) == claims()
    assert verified(verifier(), made({})) == claims()


def test_what_is_signed_apart_is_a_jws_over_it_and_no_assertion() -> None:
    """RFC 7515 appendix F: the payload stands elsewhere."""
    signing = Signing(SEED)
    found = signing.detached(b"{}", "https://gw.example/keys")
    head = json.loads(base64.urlsafe_b64decode(found["protected"] + "=="))
    assert head == {"alg": "EdDSA", "kid": signing.kid, "typ": "JOSE", "jku": "https://gw.example/keys"}
    public = Ed25519PrivateKey.from_private_bytes(SEED).public_key()
    signed = f"{found['protected']}.{encoded(b'{}')}"
    public.verify(base64.urlsafe_b64decode(found["signature"] + "=="), signed.encode())
    with pytest.raises(VerificationError):
        verified(verifier(), f"{signed}.{found['signature']}")


def test_the_key_is_named_by_its_thumbprint() -> None:
    """RFC 8037 appendix A.1 to A.3."""
    seed = base64.urlsafe_b64decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=")
    signing = Signing(seed)
    assert signing.jwk["x"] == "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
    assert signing.kid == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    assert thumbprint(base64.urlsafe_b64decode(signing.jwk["x"] + "=")) == signing.kid
    assert encoded(seed) not in str(signing.jwk)


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({"method": "GET"}, "method or path"),
        ({"path": "/v1/other"}, "method or path"),
        ({"body": BODY + b" "}, "another body"),
        ({"body": b""}, "another body"),
        ({"now_s": NOW + LIFETIME_S + 5}, "not good now"),
        ({"now_s": NOW - 6}, "not good now"),
    ],
)
def test_another_request_or_time_is_refused(asked: dict[str, Any], why: str) -> None:
    by = verifier()
    token = Signing(SEED).sign(claims())
    with pytest.raises(VerificationError, match=why):
        verified(by, token, **asked)
    assert verified(by, token).jti == "j1"


@pytest.mark.parametrize(
    ("fields", "why"), [({"agent": "desk"}, "another gateway's"), ({"issuer": "x"}, "another gat")]
)
def test_another_agent_or_gateway_is_refused(fields: dict[str, Any], why: str) -> None:
    with pytest.raises(VerificationError, match=why):
        verified(verifier(**fields), Signing(SEED).sign(claims()))


@pytest.mark.parametrize(
    ("token", "why"),
    [
        (None, "must be one"),
        ("", "must be one"),
        ("a.b", "must be one"),
        ("a.b.c.d", "must be one"),
        ("é.b.c", "must be one"),
        ("a" * (MAX_BYTES + 1), "must be one"),
        ("..", "does not say"),
        ("!.b.c", "base64url"),
        (made({"alg": "none"}), "algorithm"),
        (made({"alg": "HS256"}), "algorithm"),
        (made({"typ": "JWT"}), "algorithm or type"),
        (made({"kid": "another"}), "key is not"),
        (made({"crit": ["exp"]}), "does not say"),
        (made({"jwk": {}}), "does not say"),
        (made({}, b"{}"), "does not say"),
        (made({}, b"\xff"), "does not say"),
        (made({}, b"not json"), "does not say"),
        (made({}, seed=b"x" * 32), "signature"),
        (made({}).rpartition(".")[0] + ".", "signature"),
        (made({}) + "=", "base64url"),
    ],
)
def test_what_is_no_assertion_of_the_gateways_is_refused(token: str | None, why: str) -> None:
    with pytest.raises(VerificationError, match=why):
        verified(verifier(), token)


def test_each_is_good_once_and_what_cannot_be_remembered_is_refused() -> None:
    by = verifier(remember=2)
    for name in ("j1", "j2"):
        verified(by, Signing(SEED).sign(claims(jti=name)))
    with pytest.raises(VerificationError, match="used before"):
        verified(by, Signing(SEED).sign(claims()))
    later = claims(jti="j3", iat=NOW + 30, exp=NOW + 90)
    with pytest.raises(VerificationError, match="remembered"):
        verified(by, Signing(SEED).sign(later), now_s=NOW + 30)
    assert verified(by, Signing(SEED).sign(later), now_s=NOW + LIFETIME_S + 5).jti == "j3"


def test_keys_of_another_kind_are_left_out_and_broken_ones_refused() -> None:
    by = Verifier([{"kty": "EC", "crv": "P-256"}, Signing(SEED).jwk], issuer="gateway.test", agent="ward")
    assert verified(by, Signing(SEED).sign(claims())) == claims()
    for broken in (
        {"kty": 1},
        {"kty": "OKP", "crv": "Ed25519", "x": "AAAA"},
        {"kty": "OKP", "crv": "Ed25519", "x": "?"},
    ):
        with pytest.raises(VerificationError):
            Verifier([broken], issuer="gateway.test", agent="ward")


@settings(max_examples=200, deadline=None)
@given(place=st.integers(0, 10_000), change=st.characters(codec="ascii"))
def test_no_character_of_an_assertion_can_be_another(place: int, change: str) -> None:
    token = Signing(SEED).sign(claims())
    place %= len(token)
    if token[place] != change:
        with pytest.raises(VerificationError):
            verified(verifier(), token[:place] + change + token[place + 1 :])


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.text(max_size=80), st.from_regex(r"[\w-]{0,40}\.[\w-]{0,40}\.[\w-]{0,40}", fullmatch=True)))
def test_whatever_comes_is_verified_or_refused(token: str) -> None:
    with pytest.raises(VerificationError):
        verified(verifier(), token)
