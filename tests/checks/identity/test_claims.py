"""What an issuer may assert, and what a token does."""

import hashlib
from typing import Any

import pytest

from gateway.checks.identity.claims import MAX_ACTORS, MAX_NAMES, check_audience, check_time, identity, resources
from gateway.core.caller import Identity
from gateway.core.refusal import Refusal

from .making import AUDIENCE, NOW, b64, claims, issuer


def asserted(found: dict[str, Any], **settings: Any) -> Identity:
    result = identity(found, issuer(**settings), "jwt:0")
    assert isinstance(result, Identity), result
    return result


def refused(found: dict[str, Any], **settings: Any) -> Refusal:
    result = identity(found, issuer(**settings), "jwt:0")
    assert isinstance(result, Refusal)
    return result


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, None),
        ({"exp": ...}, "credential_invalid"),
        ({"exp": None}, "credential_invalid"),
        ({"exp": "1900000000"}, "credential_invalid"),
        ({"exp": True}, "credential_invalid"),
        ({"exp": -1}, "credential_invalid"),
        ({"exp": float("inf")}, "credential_invalid"),
        ({"exp": float("nan")}, "credential_invalid"),
        ({"exp": 10**400}, "credential_invalid"),
        ({"exp": NOW - 29}, None),
        ({"exp": NOW - 30}, "credential_expired"),
        ({"nbf": NOW + 30}, None),
        ({"nbf": NOW + 31}, "credential_not_yet_valid"),
        ({"iat": NOW + 31}, "credential_not_yet_valid"),
        ({"iat": ..., "nbf": ...}, None),
        ({"nbf": "soon"}, "credential_invalid"),
        ({"exp": NOW + 0.5}, None),
    ],
)
def test_times_hold_within_the_leeway_of_thirty_seconds(changes: dict[str, object], code: str | None) -> None:
    found = check_time(claims(**changes), NOW * 1_000_000, 30)
    assert (found and found.code) == code


@pytest.mark.parametrize(
    ("value", "good"),
    [
        (AUDIENCE, True),
        (["other", AUDIENCE], True),
        ("gateway2", False),
        (" gateway", False),
        ("", False),
        (None, False),
        ([], False),
        (["other"], False),
        ([[AUDIENCE]], False),
        ({AUDIENCE: 1}, False),
        (7, False),
        (["x"] * MAX_NAMES + [AUDIENCE], False),
    ],
)
def test_the_audience_must_be_exactly_ours(value: object, good: bool) -> None:
    found = check_audience(claims(aud=value), AUDIENCE)
    assert (found is None) == good
    assert found is None or found.code == "credential_audience"


def test_an_identity_says_what_the_claims_and_the_issuer_say() -> None:
    found = asserted(claims(), kind="service")
    assert found == Identity(
        tenant="default",
        subject="dr.lovelace",
        kind="service",
        roles=("clinician",),
        zone="in-house",
        purposes=("TREAT",),
        method="jwt",
        credential="jwt:0",
        issuer="https://login.example",
    )


def test_roles_may_be_a_list_one_string_or_below_a_path() -> None:
    assert asserted(claims(roles="clinician auditor")).roles == ("clinician", "auditor")
    assert asserted(claims(roles=["auditor", "auditor"])).roles == ("auditor",)
    assert asserted(claims(realm={"roles": ["auditor"]}), role_claim="realm.roles").roles == ("auditor",)
    assert asserted(claims(**{"a.b": ["auditor"]}), role_claim="a.b").roles == ("auditor",)
    assert asserted(claims(roles=...)).roles == ()


@pytest.mark.parametrize("roles", [["clinician", "admin"], "admin", ["Clinician"], ["clinician "[:-1] + "\u0131"]])
def test_a_role_that_the_issuer_may_not_assert_refuses_the_whole_token(roles: object) -> None:
    found = refused(claims(roles=roles))
    assert found.code == "credential_overreach"
    assert "admin" not in repr(found)


@pytest.mark.parametrize(
    "roles", [{"clinician": 1}, [1], [""], ["a b"], ["r"] * (MAX_NAMES + 1), 5, "a  b", ["x" * 129]]
)
def test_a_role_claim_of_another_form_is_invalid(roles: object) -> None:
    assert refused(claims(roles=roles)).code == "credential_invalid"


def test_a_tenant_that_the_issuer_may_not_assert_refuses_the_token() -> None:
    settings = {"tenant_claim": "org", "tenants": ("north", "south")}
    assert asserted(claims(org="south"), **settings).tenant == "south"
    found = refused(claims(org="east"), **settings)
    assert found.code == "credential_overreach"
    assert not any(name in repr(found) for name in ("east", "north", "south"))
    assert refused(claims(), **settings).code == "credential_invalid"
    assert refused(claims(org=["south"]), **settings).code == "credential_invalid"


def test_purposes_come_from_the_claim_where_one_is_configured() -> None:
    settings = {"purpose_claim": "purposes", "purposes": ("TREAT", "HPAYMT")}
    assert asserted(claims(purposes=["HPAYMT"]), **settings).purposes == ("HPAYMT",)
    assert asserted(claims(), **settings).purposes == ()
    assert refused(claims(purposes="HRESCH"), **settings).code == "credential_overreach"


@pytest.mark.parametrize("sub", [..., None, "", 5, "x" * 257, "a\nb", "\ud800", ["a"]])
def test_a_token_without_a_usable_subject_is_invalid(sub: object) -> None:
    assert refused(claims(sub=sub)).code == "credential_invalid"


def test_who_acts_is_the_subject_and_for_whom_follows_nearest_first() -> None:
    found = asserted(claims(sub="patient-app", act={"sub": "agent-b", "act": {"sub": "agent-a"}}))
    assert (found.subject, found.on_behalf_of) == ("agent-b", ("agent-a", "patient-app"))


def test_a_chain_of_actors_is_bounded_and_well_formed() -> None:
    deep: dict[str, Any] = {"sub": "x"}
    for _ in range(MAX_ACTORS):
        deep = {"sub": "x", "act": deep}
    assert refused(claims(act=deep)).code == "credential_invalid"
    assert refused(claims(act="x")).code == "credential_invalid"
    assert refused(claims(act={})).code == "credential_invalid"


def test_an_actor_of_another_issuer_is_not_taken_for_a_subject_of_this_one() -> None:
    own = "https://login.example"
    assert asserted(claims(act={"sub": "agent-b", "iss": own})).subject == "agent-b"
    for iss in ("https://elsewhere.example", None, 5, [own]):
        assert refused(claims(act={"sub": "agent-b", "iss": iss})).code == "credential_invalid"
        assert refused(claims(act={"sub": "a", "act": {"sub": "b", "iss": iss}})).code == "credential_invalid"


GATEWAY = "https://gw.example"


@pytest.mark.parametrize(
    ("aud", "expected"),
    [
        (AUDIENCE, ()),
        (GATEWAY, ()),
        ([f"{GATEWAY}/mcp/tools", AUDIENCE], ()),
        (f"{GATEWAY}/mcp/tools", ("/mcp/tools",)),
        ([f"{GATEWAY}/mcp/tools", "other", f"{GATEWAY}/mcp/files"], ("/mcp/tools", "/mcp/files")),
        (f"{GATEWAY}/", None),
        (f"{GATEWAY}/mcp/", None),
        (f"{GATEWAY}/mcp/tools/", None),
        (f"{GATEWAY}/mcp/tools?x", None),
        (f"{GATEWAY}/mcp/../v1", None),
        (f"{GATEWAY}/v1/chat/completions", None),
        (f"{GATEWAY}.evil.example/mcp/tools", None),
        ("/mcp/tools", None),
        ({f"{GATEWAY}/mcp/tools": 1}, None),
        ([5, None], None),
        ([f"{GATEWAY}/mcp/tools"] * (MAX_NAMES + 1), None),
    ],
)
def test_a_token_may_be_meant_for_the_gateway_or_for_one_agent(aud: object, expected: tuple[str, ...] | None) -> None:
    found = resources(claims(aud=aud), issuer(resource_audience=True), GATEWAY)
    if expected is None:
        assert isinstance(found, Refusal)
        assert found.code == "credential_audience"
    else:
        assert found == expected
        assert asserted(claims()).resources == ()


def test_without_the_setting_the_audience_alone_counts() -> None:
    for aud in (GATEWAY, f"{GATEWAY}/mcp/tools"):
        assert isinstance(resources(claims(aud=aud), issuer(), GATEWAY), Refusal)
    assert resources(claims(), issuer(), GATEWAY) == ()


@pytest.mark.parametrize("jti", [5, "", None, ["x"], "x" * 257, "a\nb"])
def test_an_id_that_could_not_be_denied_is_none(jti: object) -> None:
    if jti is None:
        assert asserted(claims()).token_id is None
    else:
        assert refused(claims(jti=jti)).code == "credential_invalid"


def test_a_token_keeps_its_id() -> None:
    assert asserted(claims(jti="t-1")).token_id == "t-1"


def test_a_token_bound_to_a_certificate_says_which_one() -> None:
    digest = hashlib.sha256(b"certificate")
    assert asserted(claims(cnf={"x5t#S256": b64(digest.digest())})).bound == digest.hexdigest()
    assert asserted(claims()).bound is None


@pytest.mark.parametrize(
    ("cnf", "code"),
    [
        ({}, "credential_confirmation"),
        ({"jkt": b64(bytes(32))}, "credential_confirmation"),
        ({"jwk": {"kty": "EC"}}, "credential_confirmation"),
        ({"kid": "r1"}, "credential_confirmation"),
        ({"x5t": b64(bytes(20))}, "credential_confirmation"),
        ({"X5T#S256": b64(bytes(32))}, "credential_confirmation"),
        ({"x5t#S256": b64(bytes(32)), "jkt": b64(bytes(32))}, "credential_confirmation"),
        (None, "credential_invalid"),
        ([], "credential_invalid"),
        ("x5t#S256", "credential_invalid"),
        ({"x5t#S256": None}, "credential_invalid"),
        ({"x5t#S256": ""}, "credential_invalid"),
        ({"x5t#S256": b64(bytes(31))}, "credential_invalid"),
        ({"x5t#S256": b64(bytes(33))}, "credential_invalid"),
        ({"x5t#S256": b64(bytes(32)) + "="}, "credential_invalid"),
        ({"x5t#S256": b64(bytes(32))[:-1] + "B"}, "credential_invalid"),
        ({"x5t#S256": bytes(32).hex()}, "credential_invalid"),
    ],
)
def test_a_token_bound_in_a_way_that_cannot_be_looked_at_is_refused(cnf: object, code: str) -> None:
    found = refused(claims(cnf=cnf))
    assert (found.code, found.field, found.status) == (code, "authorization", 401)


def test_a_caller_of_an_issuer_without_zone_is_in_the_unknown_zone() -> None:
    assert asserted(claims(), zone=None).zone == "unknown"
