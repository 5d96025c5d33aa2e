"""Two kinds of credentials on one request: both must name the same caller, and none opens what the other does not."""

import hashlib
from typing import Any

import msgspec
import pytest

from gateway.checks.identity.certificate import Certificates
from gateway.checks.identity.credentials import Credentials
from gateway.core.caller import Identity
from gateway.core.refusal import Refusal
from gateway.settings import Certificate
from tests.checks.identity.certifying import SPIFFE, Authority, HeldTrust
from tests.conftest import ManualClock
from tests.exchange.making import identity

AUTHORITY = Authority()
SHOWN = AUTHORITY.issue(uris=[SPIFFE]).der
STRANGERS = Authority("stranger").issue(uris=[SPIFFE]).der
BORNE = identity(
    subject="triage",
    kind="service",
    roles=("agent", "clerk"),
    purposes=("TREAT", "HOPERAT"),
    zone="in-house",
    floor=("pii",),
)
TABLE = Certificate(
    match=f"uri:{SPIFFE}", subject="triage", roles=("agent", "admin"), purposes=("HOPERAT",), floor=("phi",)
)


class Bearers:
    """Finds the same behind every key and token, and counts."""

    def __init__(self, found: Identity | Refusal) -> None:
        self.found, self.asked = found, 0

    async def identify(self, authorization: str | None, x_api_key: str | None) -> Identity | Refusal:
        self.asked += 1
        return self.found


class SystemTime:
    """The machine's clock, by which the certificates of these tests are made."""

    def __init__(self) -> None:
        self._manual = ManualClock()

    def now_us(self) -> int:
        return int(AUTHORITY.now.timestamp() * 1_000_000)

    def monotonic_ns(self) -> int:
        return self._manual.ns

    def thread_ns(self) -> int:
        return self._manual.ns


def credentials(
    borne: Identity | Refusal = BORNE, table: Certificate = TABLE, **more: Any
) -> tuple[Credentials, Bearers]:
    bearers = Bearers(borne)
    return Credentials(bearers, Certificates((table,), HeldTrust(AUTHORITY), SystemTime()), **more), bearers


async def test_without_a_certificate_the_key_or_token_decides() -> None:
    checks, bearers = credentials()
    assert await checks.identify("Bearer x", None) is BORNE
    assert bearers.asked == 1


async def test_a_certificate_alone_identifies_its_caller() -> None:
    checks, bearers = credentials()
    found = await checks.identify(None, None, SHOWN)
    assert isinstance(found, Identity)
    assert (found.subject, found.method, found.roles) == ("triage", "mtls", ("agent", "admin"))
    assert bearers.asked == 0


async def test_both_must_be_of_one_caller_who_then_has_what_both_give_and_the_floors_of_either() -> None:
    checks, _ = credentials()
    found = await checks.identify("Bearer x", None, SHOWN)
    assert isinstance(found, Identity)
    assert (found.roles, found.purposes, found.floor) == (("agent",), ("HOPERAT",), ("phi", "pii"))
    assert (found.subject, found.zone, found.method) == ("triage", "in-house", "api-key+mtls")
    assert found.credential == BORNE.credential


@pytest.mark.parametrize(
    "changes",
    [{"subject": "ada"}, {"tenant": "other"}, {"kind": "person"}, {"zone": "cloud", "table_zone": "in-house"}],
)
async def test_credentials_of_two_callers_are_refused(changes: dict[str, Any]) -> None:
    table = msgspec.structs.replace(TABLE, zone=changes.pop("table_zone", None))
    checks, _ = credentials(msgspec.structs.replace(BORNE, **changes), table)
    found = await checks.identify(None, "gwk_x", SHOWN)
    assert isinstance(found, Refusal)
    assert found.code == "credential_conflict"
    assert found.tenant == (None if "tenant" in changes else TABLE.tenant), "of two tenants it is neither's"


async def test_a_certificate_that_cannot_be_believed_is_refused_whatever_else_is_shown() -> None:
    checks, bearers = credentials()
    for certificate in (STRANGERS, b"none", Refusal(code="certificate_untrusted", field="certificate")):
        found = await checks.identify("Bearer x", None, certificate)
        assert isinstance(found, Refusal)
        assert found.code in ("credential_invalid", "certificate_untrusted")
    assert bearers.asked == 0


async def test_a_certificate_of_nobody_leaves_it_to_the_other_credential_which_must_be_there() -> None:
    nobody = AUTHORITY.issue(uris=["spiffe://hospital.example/mesh"]).der
    checks, _ = credentials()
    assert await checks.identify("Bearer x", None, nobody) is BORNE
    alone = await checks.identify(None, None, nobody)
    assert isinstance(alone, Refusal)
    assert alone.code == "certificate_unknown"


async def test_a_good_certificate_does_not_mend_a_bad_token() -> None:
    refusal = Refusal(code="credential_expired", field="authorization")
    checks, _ = credentials(refusal)
    assert await checks.identify("Bearer x", None, SHOWN) == refusal.of(TABLE.tenant)


async def test_a_refusal_is_of_the_tenant_that_the_key_or_token_names_else_of_the_certificates() -> None:
    nobody = AUTHORITY.issue(uris=["spiffe://hospital.example/mesh"]).der
    bad, others = Refusal(code="credential_invalid"), Refusal(code="credential_expired", tenant="other")
    for refusal, shown, tenant in (
        *((bad, None, None), (bad, nobody, None), (bad, SHOWN, TABLE.tenant)),
        *((others, None, "other"), (others, SHOWN, "other")),
    ):
        checks, _ = credentials(refusal)
        found = await checks.identify("Bearer x", None, shown)
        assert isinstance(found, Refusal)
        assert (found.code, found.tenant) == (refusal.code, tenant)


@pytest.mark.parametrize("name", [SPIFFE, "spiffe://hospital.example/mesh"], ids=["the caller's", "nobody's"])
async def test_a_bound_token_holds_with_its_own_certificate_whomever_that_stands_for(name: str) -> None:
    shown = AUTHORITY.issue(uris=[name]).der
    checks, _ = credentials(msgspec.structs.replace(BORNE, bound=hashlib.sha256(shown).hexdigest()))
    found = await checks.identify("Bearer x", None, shown)
    assert isinstance(found, Identity)
    assert found.subject == "triage"


@pytest.mark.parametrize("shown", [None, SHOWN], ids=["without", "another"])
async def test_a_bound_token_is_refused_with_no_certificate_and_with_another_one(shown: bytes | None) -> None:
    checks, _ = credentials(msgspec.structs.replace(BORNE, bound=hashlib.sha256(STRANGERS).hexdigest()))
    found = await checks.identify("Bearer x", None, shown)
    assert isinstance(found, Refusal)
    assert (found.code, found.field, found.status) == ("credential_bound", "authorization", 401)
    assert found.tenant == BORNE.tenant


async def test_being_bound_mends_neither_a_certificate_nor_a_conflict() -> None:
    checks, _ = credentials(msgspec.structs.replace(BORNE, bound=hashlib.sha256(STRANGERS).hexdigest()))
    stranger = await checks.identify("Bearer x", None, STRANGERS)
    assert isinstance(stranger, Refusal)
    assert stranger.code == "credential_invalid"
    bound = msgspec.structs.replace(BORNE, subject="ada", bound=hashlib.sha256(SHOWN).hexdigest())
    checks, _ = credentials(bound)
    conflict = await checks.identify("Bearer x", None, SHOWN)
    assert isinstance(conflict, Refusal)
    assert conflict.code == "credential_conflict"


async def test_where_a_certificate_is_required_nothing_else_will_do() -> None:
    checks, bearers = credentials(required=True)
    found = await checks.identify("Bearer x", None)
    assert isinstance(found, Refusal)
    assert (found.code, found.field) == ("credential_missing", "certificate")
    assert bearers.asked == 0
    assert isinstance(await checks.identify("Bearer x", None, SHOWN), Identity)
