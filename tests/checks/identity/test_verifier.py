"""Tokens with real signatures: the good ones pass, each bad one is refused for its own reason."""

import base64
import hashlib
import hmac
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from gateway.checks.identity.verifier import TokenVerifier
from gateway.core.caller import Identity
from gateway.core.errors import ConfigurationError
from gateway.core.refusal import Refusal
from gateway.settings import Issuer

from .making import (
    NOW,
    FakeClock,
    FakeSource,
    b64,
    claims,
    ec_jwk,
    ec_key,
    es256,
    issuer,
    public_pem,
    rs256,
    rsa_jwk,
    rsa_key,
    signing_input,
    source,
)


def verify(token: str, keys: FakeSource | None = None, **settings: Any) -> Identity | Refusal:
    return TokenVerifier((issuer(**settings),), keys or source(), FakeClock()).verify(token)


def code(token: str, keys: FakeSource | None = None, **settings: Any) -> str | None:
    found = verify(token, keys, **settings)
    return found.code if isinstance(found, Refusal) else None


@pytest.mark.parametrize("make", [rs256, es256])
def test_a_good_token_gives_an_identity_named_by_the_tokens_hash(make: Any) -> None:
    token = make(claims())
    found = verify(token)
    assert isinstance(found, Identity)
    assert found.subject == "dr.lovelace"
    assert found.credential == "jwt:" + hashlib.sha256(token.encode()).hexdigest()[:16]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"exp": NOW - 31}, "credential_expired"),
        ({"exp": ...}, "credential_invalid"),
        ({"nbf": NOW + 60}, "credential_not_yet_valid"),
        ({"iat": NOW + 60}, "credential_not_yet_valid"),
        ({"aud": "another"}, "credential_audience"),
        ({"aud": ...}, "credential_audience"),
        ({"iss": "https://elsewhere.example"}, "credential_issuer"),
        ({"iss": "https://login.example/"}, "credential_issuer"),
        ({"iss": ...}, "credential_issuer"),
        ({"iss": ["https://login.example"]}, "credential_issuer"),
        ({"roles": ["admin"]}, "credential_overreach"),
        ({"sub": ...}, "credential_invalid"),
    ],
)
@pytest.mark.parametrize("make", [rs256, es256])
def test_a_well_signed_token_that_says_something_wrong_is_refused(
    make: Any, changes: dict[str, object], expected: str
) -> None:
    assert code(make(claims(**changes))) == expected


def test_a_tenant_beyond_the_issuer_is_refused() -> None:
    settings: dict[str, Any] = {"tenant_claim": "org", "tenants": ("north",)}
    assert code(rs256(claims(org="north")), **settings) is None
    assert code(rs256(claims(org="south")), **settings) == "credential_overreach"


ONE: dict[str, Any] = {"tenants": ("north",)}
SEVERAL: dict[str, Any] = {"tenant_claim": "org", "tenants": ("north", "south")}


@pytest.mark.parametrize(
    ("settings", "changes", "tenant"),
    [
        (ONE, {"exp": NOW - 31}, "north"),
        (ONE, {"aud": "another"}, "north"),
        (ONE, {"roles": ["admin"]}, "north"),
        (ONE, {"exp": NOW - 31, "org": "south"}, "north"),
        (SEVERAL, {"exp": NOW - 31, "org": "south"}, "south"),
        (SEVERAL, {"roles": ["admin"], "org": "north"}, "north"),
        (SEVERAL, {"aud": "another", "org": "south"}, None),
        (SEVERAL, {"exp": NOW - 31, "org": "east"}, None),
        (SEVERAL, {"exp": NOW - 31}, None),
    ],
)
def test_a_refusal_is_of_the_tenant_that_the_signature_vouches_for_and_of_none_without_it(
    settings: dict[str, Any], changes: dict[str, object], tenant: str | None
) -> None:
    found = verify(rs256(claims(**changes)), **settings)
    assert isinstance(found, Refusal)
    assert found.tenant == tenant
    forged = verify(rs256(claims(**changes), rsa_key("other")), **settings)
    assert isinstance(forged, Refusal)
    assert (forged.code, forged.tenant) == ("credential_invalid", None)


def test_alg_none_is_refused() -> None:
    assert code(signing_input({"alg": "none"}, claims()) + ".") == "credential_algorithm"


@pytest.mark.parametrize("secret", [public_pem(rsa_key()), str(rsa_jwk(rsa_key())["n"]).encode(), b""])
def test_a_token_signed_symmetrically_with_the_public_key_is_refused(secret: bytes) -> None:
    """The HS/RS confusion: the public key, which everyone has, used as an HMAC secret."""
    start = signing_input({"alg": "HS256", "kid": "r1"}, claims())
    token = f"{start}.{b64(hmac.digest(secret, start.encode(), 'sha256'))}"
    assert code(token) == "credential_algorithm"


def test_a_symmetric_key_in_the_key_set_is_never_used() -> None:
    secret = b"k" * 32
    keys = FakeSource([{"kty": "oct", "kid": "r1", "k": b64(secret), "alg": "RS256"}])
    start = signing_input({"alg": "RS256", "kid": "r1"}, claims())
    assert code(f"{start}.{b64(hmac.digest(secret, start.encode(), 'sha256'))}", keys) == "credential_invalid"


def test_an_algorithm_that_this_issuer_does_not_use_is_refused() -> None:
    assert code(es256(claims()), algorithms=("RS256",)) == "credential_algorithm"


def test_a_signature_by_another_key_or_over_other_claims_is_refused() -> None:
    assert code(rs256(claims(), rsa_key("other"))) == "credential_invalid"
    assert code(es256(claims(), ec_key("other"))) == "credential_invalid"
    good, other = rs256(claims()), rs256(claims(sub="someone.else"))
    assert code(".".join((*other.split(".")[:2], good.split(".")[2]))) == "credential_invalid"


def test_every_changed_byte_of_a_signature_is_refused() -> None:
    token = es256(claims())
    start, _, signature = token.rpartition(".")
    raw = base64.urlsafe_b64decode(signature + "==")
    for position in range(len(raw)):
        changed = bytes(byte ^ (1 if index == position else 0) for index, byte in enumerate(raw))
        assert code(f"{start}.{b64(changed)}") == "credential_invalid"
    for length in (0, 1, 63, 65):
        assert code(f"{start}.{b64(raw.ljust(65, b'0')[:length])}") in ("credential_invalid", "credential_algorithm")


def test_the_key_that_the_token_names_is_used_and_no_other() -> None:
    keys = FakeSource([rsa_jwk(rsa_key("other"), "r2"), rsa_jwk(rsa_key(), "r1")])
    assert code(rs256(claims()), keys) is None
    assert code(rs256(claims(), header={"alg": "RS256", "kid": "r2"}), keys) == "credential_invalid"
    assert code(rs256(claims(), header={"alg": "RS256", "kid": "gone"}), keys) == "credential_invalid"


def test_without_a_kid_a_bounded_number_of_keys_is_tried() -> None:
    header = {"alg": "RS256"}
    wrong = [rsa_jwk(rsa_key("other"), f"w{index}") for index in range(3)]
    assert code(rs256(claims(), header=header), FakeSource([*wrong, rsa_jwk(rsa_key())])) is None
    assert (
        code(rs256(claims(), header=header), FakeSource([*wrong, *wrong, rsa_jwk(rsa_key())])) == "credential_invalid"
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"use": "enc"},
        {"key_ops": ["sign"]},
        {"key_ops": "verify"},
        {"alg": "RS512"},
        {"kty": "EC"},
        {"kty": None},
        {"n": None},
        {"n": "!"},
        {"n": 5},
        {"e": "AA"},
        {"n": ""},
    ],
)
def test_a_key_that_is_not_for_this_is_not_used(changes: dict[str, object]) -> None:
    assert code(rs256(claims()), FakeSource([rsa_jwk(rsa_key()) | changes])) == "credential_invalid"


def test_a_short_rsa_key_is_not_used() -> None:
    weak = rsa_key("weak", 1024)
    assert code(rs256(claims(), weak), FakeSource([rsa_jwk(weak)])) == "credential_invalid"


def test_a_key_on_another_curve_is_not_used() -> None:
    other = ec_key("p384", ec.SECP384R1)
    assert code(es256(claims(), other), FakeSource([ec_jwk(other)])) == "credential_invalid"


def test_a_private_key_published_by_mistake_only_verifies() -> None:
    private = b64((1234567).to_bytes(32))
    assert code(es256(claims()), FakeSource([ec_jwk(ec_key(), d=private)])) is None


def test_no_keys_at_all_refuse_every_token_and_say_that_it_is_not_its_fault() -> None:
    found = verify(rs256(claims()), FakeSource([]))
    assert isinstance(found, Refusal)
    assert (found.code, found.status, found.retry_after) == ("issuer_unavailable", 503, 10)


async def test_a_key_that_is_not_there_is_asked_for_and_then_the_token_is_good() -> None:
    keys = FakeSource([ec_jwk(ec_key())], newer=[ec_jwk(ec_key()), rsa_jwk(rsa_key())])
    verifier = TokenVerifier((issuer(),), keys, FakeClock())
    assert isinstance(await verifier.identify(rs256(claims())), Identity)
    assert keys.renewals == 1


@pytest.mark.parametrize(
    ("token", "asked"),
    [
        (rs256(claims()), 0),
        (rs256(claims(), header={"alg": "RS256", "kid": "gone"}), 1),
        (rs256(claims(), rsa_key("other"), {"alg": "RS256"}), 1),
        (rs256(claims(), rsa_key("other")), 0),
        (rs256(claims(), header={"alg": "RS256", "kid": "gone", "jku": "https://x"}), 0),
        (rs256(claims(iss="https://elsewhere.example"), header={"alg": "RS256", "kid": "gone"}), 0),
        (signing_input({"alg": "HS256", "kid": "gone"}, claims()) + ".AAAA", 0),
        ("nonsense", 0),
    ],
)
async def test_the_issuer_is_asked_for_keys_only_where_a_newer_one_could_fit(token: str, asked: int) -> None:
    keys = source()
    await TokenVerifier((issuer(),), keys, FakeClock()).identify(token)
    assert keys.renewals == asked


async def test_while_nobody_could_look_for_a_key_that_is_no_fault_of_the_token() -> None:
    keys = source()
    verifier = TokenVerifier((issuer(),), keys, FakeClock())
    unknown = rs256(claims(), header={"alg": "RS256", "kid": "next"})
    keys.unsettled = 7
    found = await verifier.identify(unknown)
    assert isinstance(found, Refusal)
    assert (found.code, found.status, found.retry_after) == ("issuer_unavailable", 503, 7)
    forged = await verifier.identify(rs256(claims(), rsa_key("other")))
    assert isinstance(forged, Refusal)
    assert forged.code == "credential_invalid", "its key is there, and did not sign it"
    keys.unsettled = None
    found = await verifier.identify(unknown)
    assert isinstance(found, Refusal)
    assert found.code == "credential_invalid"


async def test_once_an_issuers_keys_are_others_every_token_is_verified_again() -> None:
    keys = source()
    verifier = TokenVerifier((issuer(),), keys, FakeClock())
    token = rs256(claims())
    assert isinstance(await verifier.identify(token), Identity)
    keys.published = [ec_jwk(ec_key())]
    assert isinstance(await verifier.identify(token), Identity), "remembered"
    keys.generation += 1
    found = await verifier.identify(token)
    assert isinstance(found, Refusal)
    assert found.code == "credential_invalid"


def test_a_token_that_brings_its_own_key_is_refused() -> None:
    attacker = rsa_key("other")
    header = {"alg": "RS256", "jwk": rsa_jwk(attacker)}
    assert code(rs256(claims(), attacker, header)) == "credential_invalid"


def test_critical_headers_are_refused() -> None:
    assert code(rs256(claims(), header={"alg": "RS256", "kid": "r1", "crit": ["x"], "x": 1})) == "credential_invalid"


def test_a_verified_token_is_not_verified_again_until_it_must_be() -> None:
    keys, clock = source(), FakeClock()
    verifier = TokenVerifier((issuer(),), keys, clock)
    token = rs256(claims(exp=NOW + 1000))
    assert verifier.verify(token) is verifier.verify(token)
    assert keys.asked == 1
    clock.pass_seconds(300)
    keys.published = [ec_jwk(ec_key())]
    found = verifier.verify(token)
    assert isinstance(found, Refusal)
    assert found.code == "credential_invalid"


def test_a_remembered_token_expires_when_it_says() -> None:
    clock = FakeClock()
    verifier = TokenVerifier((issuer(leeway_s=0),), source(), clock)
    token = rs256(claims(exp=NOW + 10))
    assert isinstance(verifier.verify(token), Identity)
    clock.pass_seconds(10)
    found = verifier.verify(token)
    assert isinstance(found, Refusal)
    assert found.code == "credential_expired"


def test_a_bad_token_is_not_remembered() -> None:
    keys = source()
    verifier = TokenVerifier((issuer(),), keys, FakeClock())
    token = rs256(claims(), rsa_key("other"))
    for _ in range(2):
        assert isinstance(verifier.verify(token), Refusal)
    assert keys.asked == 2


def test_no_refusal_repeats_anything_from_the_token() -> None:
    for changes in ({"roles": ["XYZZY"]}, {"aud": "XYZZY"}, {"iss": "XYZZY"}, {"exp": "XYZZY"}, {"act": "XYZZY"}):
        found = verify(rs256(claims(**changes)))
        assert isinstance(found, Refusal)
        assert "XYZZY" not in repr(found)


@pytest.mark.parametrize(
    "changes",
    [
        {"algorithms": ("HS256",)},
        {"algorithms": ("RS256", "none")},
        {"algorithms": ("EdDSA",)},
        {"algorithms": ()},
        {"tenants": ()},
        {"tenants": ("a", "b")},
        {"leeway_s": 121},
        {"leeway_s": -1},
        {"issuer": ""},
        {"audience": ""},
        {"roles": ("stranger",)},
    ],
)
def test_an_issuer_that_must_not_be_served_with_is_refused_at_start(changes: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=r"issuer\[0\]"):
        TokenVerifier((issuer(**changes),), source(), FakeClock(), frozenset({"clinician", "auditor"}))


def test_names_are_those_of_the_issuers_that_may_use_them() -> None:
    def named(*issuers: Issuer) -> bool:
        found = TokenVerifier(issuers, source(), FakeClock()).verify(rs256(claims()))
        assert isinstance(found, Identity)
        return found.named

    partner: Issuer = issuer(issuer="https://partner.example")
    assert named(issuer())
    assert not named(issuer(), partner), "nobody said whose are meant"
    assert named(issuer(named=True), partner)
    assert not named(issuer(named=False))
    assert named(issuer(), issuer(issuer="https://partner.example", tenants=("elsewhere",)))


def test_two_issuers_do_not_share_their_keys() -> None:
    other: Issuer = issuer(issuer="https://partner.example")
    verifier = TokenVerifier((issuer(), other), source(), FakeClock())
    found = verifier.verify(rs256(claims(iss="https://partner.example")))
    assert isinstance(found, Refusal)
    assert found.code == "issuer_unavailable"


def test_python_jose_with_another_backend_is_refused_before_anything_is_verified(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It falls back to others in silence where it does not find `cryptography`."""
    found = find_spec("gateway.checks.identity.verifier")
    assert found is not None
    assert found.origin is not None
    again = spec_from_file_location("the_same_module_again", found.origin)
    assert again is not None
    assert again.loader is not None
    other = type("RSAKey", (), {"__module__": "jose.backends.rsa_backend"})
    monkeypatch.setattr("jose.backends.RSAKey", other)
    with pytest.raises(ConfigurationError, match="`cryptography` backend"):
        again.loader.exec_module(module_from_spec(again))
