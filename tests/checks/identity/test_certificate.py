"""Client certificates: whom they stand for, and everything that makes one nobody's."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ObjectIdentifier
from hypothesis import given
from hypothesis import strategies as st

from gateway.checks.identity.certificate import MAX_DER, Certificates, may_issue, pin_of
from gateway.checks.identity.claims import UNKNOWN_ZONE
from gateway.core.caller import Identity
from gateway.core.errors import ConfigurationError
from gateway.core.ports import Trust
from gateway.core.refusal import Refusal
from gateway.settings import Certificate
from tests.checks.identity.certifying import SERVER, SPIFFE, Authority, HeldTrust, distinguished
from tests.checks.identity.making import NOW, FakeClock

AUTHORITY = Authority(now=datetime.fromtimestamp(NOW, UTC))
TABLE = Certificate(match="uri:spiffe://hospital.example/agents/*", roles=("agent",), purposes=("TREAT",), zone="ward")
GOOD = AUTHORITY.issue(uris=[SPIFFE])


def certificates(
    *tables: Certificate, trust: HeldTrust | None = None, clock: FakeClock | None = None, **more: Any
) -> Certificates:
    return Certificates(tables or (TABLE,), trust or HeldTrust(AUTHORITY), clock or FakeClock(), **more)


def code(found: Identity | Refusal) -> str:
    assert isinstance(found, Refusal), found
    assert found.field == "certificate"
    return found.code


def test_a_certificate_stands_for_the_name_that_its_table_matches() -> None:
    found = certificates().identify(GOOD.der)
    assert isinstance(found, Identity)
    assert (found.tenant, found.subject, found.kind, found.method) == ("default", SPIFFE, "service", "mtls")
    assert (found.roles, found.purposes, found.zone, found.issuer) == (("agent",), ("TREAT",), "ward", None)
    assert found.credential.startswith("x509:sha256:")
    assert len(found.credential) == 76


@pytest.mark.parametrize(
    ("match", "names", "subject"),
    [
        ("dns:*.agents.example", {"dns": ["Triage.agents.example"]}, "triage.agents.example"),
        ("email:*@hospital.example", {"emails": ["ada@hospital.example"]}, "ada@hospital.example"),
        ("subject:CN=*,O=hospital", {"subject": distinguished(O="hospital", CN="triage")}, "CN=triage,O=hospital"),
    ],
)
def test_each_kind_of_name_can_be_matched(match: str, names: dict[str, Any], subject: str) -> None:
    found = certificates(Certificate(match=match)).identify(AUTHORITY.issue(**names).der)
    assert isinstance(found, Identity)
    assert (found.subject, found.roles, found.zone) == (subject, (), UNKNOWN_ZONE)


def test_the_first_table_that_fits_decides_and_may_name_the_subject() -> None:
    first = Certificate(match=f"uri:{SPIFFE}", subject="triage", kind="agent", floor=("phi",))
    found = certificates(first, TABLE).identify(GOOD.der)
    assert isinstance(found, Identity)
    assert (found.subject, found.kind, found.floor, found.roles) == ("triage", "agent", ("phi",), ())


def test_a_good_certificate_that_no_table_fits_stands_for_nobody() -> None:
    other = AUTHORITY.issue(uris=["spiffe://hospital.example/agents/triage/below"])
    assert code(certificates().identify(other.der)) == "certificate_unknown"


def test_a_certificate_with_several_fitting_names_is_not_one_callers() -> None:
    names = ["a.agents.example", "b.agents.example"]
    table = Certificate(match="dns:*.agents.example")
    assert code(certificates(table).identify(AUTHORITY.issue(dns=names).der)) == "credential_overreach"
    named = certificates(Certificate(match="dns:*.agents.example", subject="pool"))
    assert isinstance(named.identify(AUTHORITY.issue(dns=names).der), Identity)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"ends": timedelta(seconds=-2)}, "credential_expired"),
        ({"begins": timedelta(seconds=1)}, "credential_not_yet_valid"),
        ({"ca": True}, "credential_invalid"),
        ({"digital": False}, "credential_invalid"),
        ({"purposes": SERVER}, "credential_invalid"),
        ({"critical": ObjectIdentifier("1.2.3.4")}, "credential_invalid"),
        ({"uris": [SPIFFE, SPIFFE + "-2"]}, "credential_invalid"),
        ({"uris": ["spiffe://hospital.example/agents/" + "a" * 300]}, "credential_invalid"),
    ],
)
def test_what_is_no_clients_certificate_is_refused(changes: dict[str, Any], expected: str) -> None:
    made = AUTHORITY.issue(**{"uris": [SPIFFE], **changes})
    assert code(certificates().identify(made.der)) == expected


def test_a_certificate_of_another_authority_is_refused_even_if_it_bears_the_same_name() -> None:
    stranger = Authority(now=AUTHORITY.now)
    assert code(certificates().identify(stranger.issue(uris=[SPIFFE]).der)) == "credential_invalid"


def test_a_certificate_must_be_issued_by_the_authority_itself() -> None:
    between = Authority("between", now=AUTHORITY.now)
    between.certificate = AUTHORITY.issue(between.name, ca=True, signs=True, key=between.key).certificate
    leaf = between.issue(uris=[SPIFFE])
    assert code(certificates().identify(leaf.der)) == "credential_invalid"
    assert isinstance(certificates(trust=HeldTrust(between)).identify(leaf.der), Identity)


def test_an_authority_whose_own_time_is_over_vouches_for_nobody() -> None:
    old = Authority(now=AUTHORITY.now, ends=timedelta(seconds=-2))
    leaf = old.issue(uris=[SPIFFE])
    assert code(certificates(trust=HeldTrust(old)).identify(leaf.der)) == "credential_expired"


@pytest.mark.parametrize("data", [b"", b"\x30\x00", GOOD.der[:-1], GOOD.der + b"\x00", b"\x30" * (MAX_DER + 1)])
def test_what_is_no_certificate_is_refused(data: bytes) -> None:
    assert code(certificates().identify(data)) == "credential_invalid"


@pytest.mark.filterwarnings("ignore:Parsed a serial number which wasn't positive")  # refused all the same
@given(st.binary(max_size=300), st.integers(0, len(GOOD.der) - 1), st.integers(0, 255))
def test_no_bytes_raise_or_become_somebody(data: bytes, place: int, value: int) -> None:
    checks = certificates()
    assert isinstance(checks.identify(data), Refusal)
    changed = GOOD.der[:place] + bytes([value]) + GOOD.der[place + 1 :]
    found = checks.identify(changed)
    assert isinstance(found, Refusal) or changed == GOOD.der


def test_what_holds_is_remembered_until_it_ends() -> None:
    clock = FakeClock()
    checks = certificates(clock=clock)
    first = checks.identify(GOOD.der)
    assert checks.identify(GOOD.der) is first
    clock.pass_seconds(86_402)
    assert code(checks.identify(GOOD.der)) == "credential_expired"
    clock.us -= 3 * 86_400_000_000
    assert code(checks.identify(GOOD.der)) == "credential_not_yet_valid"


# ------------------------------------------------------------------------------------------ revocation


def test_a_revoked_certificate_is_refused_and_another_is_not() -> None:
    bad = AUTHORITY.issue(uris=[SPIFFE])
    checks = certificates(trust=HeldTrust(AUTHORITY, lists=(AUTHORITY.revoking(bad),)))
    assert code(checks.identify(bad.der)) == "credential_revoked"
    assert isinstance(checks.identify(GOOD.der), Identity)
    assert checks.stale() == 0


def test_a_refusal_is_of_the_tenant_of_whom_the_certificate_was_issued_for() -> None:
    clock, authority = FakeClock(), Authority(now=AUTHORITY.now, ends=timedelta(days=9))
    bad, good = authority.issue(uris=[SPIFFE]), authority.issue(uris=[SPIFFE])
    table = Certificate(match=f"uri:{SPIFFE}", tenant="clinic")
    checks = certificates(table, trust=HeldTrust(authority, lists=(authority.revoking(bad),)), clock=clock)
    stranger = STRANGER.issue(uris=[SPIFFE])
    nobody = authority.issue(uris=["spiffe://hospital.example/mesh"])
    found = {name: checks.identify(one.der) for name, one in (("bad", bad), ("no", stranger), ("none", nobody))}
    clock.pass_seconds(86_402)
    found["past"] = checks.identify(good.der)
    clock.pass_seconds(9 * 86_400)
    found["its authority, too"] = checks.identify(good.der)
    assert {name: (code(one), one.tenant) for name, one in found.items()} == {
        "bad": ("credential_revoked", "clinic"),
        "no": ("credential_invalid", None),
        "none": ("certificate_unknown", None),
        "past": ("credential_expired", "clinic"),
        "its authority, too": ("credential_expired", None),
    }


def test_a_new_list_acts_on_a_certificate_that_is_remembered() -> None:
    held = HeldTrust(AUTHORITY, lists=(AUTHORITY.revoking(),))
    checks = certificates(trust=held)
    assert isinstance(checks.identify(GOOD.der), Identity)
    newer = AUTHORITY.revoking(GOOD, begins=timedelta(minutes=-1))
    held.held = Trust(authorities=held.held.authorities, lists=(AUTHORITY.revoking(), newer), revocation=True)
    assert code(checks.identify(GOOD.der)) == "credential_revoked"


STRANGER = Authority(now=AUTHORITY.now)


@pytest.mark.parametrize(
    "lists",
    [
        None,
        (),
        (b"no list",),
        (AUTHORITY.revoking(ends=timedelta(seconds=-2)),),
        (AUTHORITY.revoking(begins=timedelta(minutes=1)),),
        (AUTHORITY.revoking(delta=True),),
        (STRANGER.revoking(),),  # of the same name, signed by another
    ],
)
def test_without_a_fresh_list_of_its_authority_no_certificate_is_believed(lists: tuple[bytes, ...] | None) -> None:
    checks = certificates(trust=HeldTrust(AUTHORITY, lists=lists, revocation=True))
    found = checks.identify(GOOD.der)
    assert code(found) == "certificate_unverifiable"
    assert isinstance(found, Refusal)
    assert found.status == 503
    assert checks.stale() == 1


def test_a_remembered_certificate_is_refused_once_its_list_is_no_longer_fresh() -> None:
    clock = FakeClock()
    checks = certificates(trust=HeldTrust(AUTHORITY, lists=(AUTHORITY.revoking(),)), clock=clock)
    assert isinstance(checks.identify(GOOD.der), Identity)
    clock.pass_seconds(3602)
    assert code(checks.identify(GOOD.der)) == "certificate_unverifiable"


# ------------------------------------------------------------------------------------------ configuration


def test_with_several_authorities_each_table_says_which_of_them_may_give_the_name() -> None:
    trust = HeldTrust(AUTHORITY, STRANGER)
    with pytest.raises(ConfigurationError, match=r"certificate\[0\].authorities is needed"):
        certificates(trust=trust)
    mine = Certificate(match=TABLE.match, authorities=(AUTHORITY.pin,))
    checks = certificates(mine, trust=trust)
    assert isinstance(checks.identify(GOOD.der), Identity)
    assert code(checks.identify(STRANGER.issue(uris=[SPIFFE]).der)) == "certificate_unknown"


def test_tables_and_authorities_that_must_not_be_served_with_stop_the_start() -> None:
    with pytest.raises(ConfigurationError, match="must be pins of certificates"):
        certificates(Certificate(match=TABLE.match, authorities=("sha256:" + "0" * 64,)))
    with pytest.raises(ConfigurationError, match="roles that the policy knows"):
        certificates(known_roles=frozenset({"clerk"}))
    with pytest.raises(ConfigurationError, match="authorities that may issue others"):
        certificates(trust=HeldTrust(Authority(ca=False)))
    with pytest.raises(ConfigurationError, match=r"certificate\[1\].match must begin with"):
        certificates(TABLE, Certificate(match="ip:10.0.0.1"))


def test_an_authority_and_a_client_are_told_apart() -> None:
    assert may_issue(AUTHORITY.certificate)
    assert not may_issue(GOOD.certificate)
    assert pin_of(GOOD.certificate) != pin_of(AUTHORITY.certificate)


def test_signatures_over_sha1_are_refused() -> None:
    authority, leaf = x509.load_pem_x509_certificates(WEAK)
    trust = HeldTrust()
    trust.held = Trust(authorities=(authority.public_bytes(Encoding.DER),))
    assert code(certificates(trust=trust).identify(leaf.public_bytes(Encoding.DER))) == "credential_invalid"


# An authority and, signed by it over SHA-1, a client. `cryptography` makes no such signatures any more.
WEAK = b"""
-----BEGIN CERTIFICATE-----
MIIBgzCCASmgAwIBAgIUfV5yl7RpgQMJox5I3CzkX+cmYFgwCgYIKoZIzj0EAwIw
DjEMMAoGA1UEAwwDb2xkMCAXDTI2MTEyNzA0MDk0OVoYDzIxMjYxMTAzMDQwOTQ5
WjAOMQwwCgYDVQQDDANvbGQwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQLH7M5
76B4SMwGHgAAF6T9gNXYQMmEWikbIo7+ZmnVzEEMoQOHC7jKXKi8HmFjF4XhVuuX
pQOdMMZqtPeYgu2/o2MwYTAdBgNVHQ4EFgQU90QVDvGUUE940eGEEYmjE7Ojy9Ew
HwYDVR0jBBgwFoAU90QVDvGUUE940eGEEYmjE7Ojy9EwDwYDVR0TAQH/BAUwAwEB
/zAOBgNVHQ8BAf8EBAMCAgQwCgYIKoZIzj0EAwIDSAAwRQIhAJ8J7AcBzUe0YEj/
3pxlmTQrmi15dUMwLYaFJPXZlpBHAiABsGhPLmiQjlcHhXHuk55yAjTz2JweL5c3
6Y6fPqBoYg==
-----END CERTIFICATE-----
-----BEGIN CERTIFICATE-----
MIIBkjCCATmgAwIBAgIUPeAXwOiY7HK9eWK6ysgheBGcBOgwCQYHKoZIzj0EATAO
MQwwCgYDVQQDDANvbGQwIBcNMjYxMTI3MDQwOTQ5WhgPMjEyNjExMDMwNDA5NDla
MAwxCjAIBgNVBAMMAXgwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAASzNbK6468k
vhBB4RdwQUwxtWclc8m/bdl1c5V7gmcHmHn72GnUvghY5w+hEtJb/ZAh6qilp7+W
lR++Lvd3N0dJo3YwdDAyBgNVHREEKzAphidzcGlmZmU6Ly9ob3NwaXRhbC5leGFt
cGxlL2FnZW50cy90cmlhZ2UwHQYDVR0OBBYEFAmf13fLVm6Vu6UYF3ejZPsCBNXa
MB8GA1UdIwQYMBaAFPdEFQ7xlFBPeNHhhBGJoxOzo8vRMAkGByqGSM49BAEDSAAw
RQIhAJoREK9Y8Im2vRLwTXPfOD+snGjHnWkMCcGWihhElO+PAiBauqEanq9AuI4c
YRfjhjwPeau0sWXkxFFKBMCisbZ+9g==
-----END CERTIFICATE-----
"""
