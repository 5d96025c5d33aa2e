"""Who was identified once is looked at again before a task is run in their name."""

from typing import Any

import msgspec
import pytest

from gateway.core.caller import Identity
from gateway.core.ports import KeyRecord
from gateway.core.refusal import Refusal
from gateway.exchange.standing import Standing
from gateway.settings import Certificate, Issuer
from tests.conftest import ManualClock
from tests.exchange.making import identity

KEY = KeyRecord(
    id="ck_1",
    prefix="0" * 12,
    hash=b"",
    tenant="default",
    owner="ada",
    kind="person",
    roles=("lead",),
    zone="cloud",
    purposes=(),
    floor=("pii",),
    rate=None,
    created_us=0,
    expires_us=None,
    revoked_us=None,
)
ISSUER = Issuer(
    issuer="https://login",
    audience="gw",
    algorithms=("ES256",),
    jwks_file="k",
    roles=("clerk",),
    purposes=("TREAT", "HOPERAT"),
    zone="in-house",
)
TABLE = Certificate(
    match="uri:spiffe://x/*",
    roles=("clerk", "lead"),
    purposes=("TREAT",),
    floor=("phi",),
    kind="person",
)


class Keys:
    def __init__(self, record: KeyRecord | None) -> None:
        self.record = record

    async def get(self, tenant: str, key_id: str) -> KeyRecord | None:
        return self.record if (tenant, key_id) == ("default", "ck_1") else None


def standing(
    clock: ManualClock, record: KeyRecord | None = KEY, *issuers: Issuer, tables: tuple[Certificate, ...] = ()
) -> Standing:
    return Standing(Keys(record), issuers, ["default"], clock, tables)


def token(**fields: Any) -> Identity:
    return identity(method="jwt", credential="jwt:0", issuer="https://login", **fields)


async def test_a_keys_holder_has_what_the_key_says_now(clock: ManualClock) -> None:
    found = await standing(clock).recheck(identity())
    assert isinstance(found, Identity)
    assert (found.roles, found.zone, found.floor, found.subject) == (("lead",), "cloud", ("pii",), "ada")


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"revoked_us": 1}, "credential_revoked"),
        ({"expires_us": 1}, "credential_expired"),
        ({"owner": "another"}, "credential_invalid"),
    ],
)
async def test_a_key_that_is_none_any_more_lets_nobody_act(
    clock: ManualClock, changed: dict[str, Any], code: str
) -> None:
    found = await standing(clock, msgspec.structs.replace(KEY, **changed)).recheck(identity())
    assert isinstance(found, Refusal)
    assert found.code == code


async def test_a_key_that_is_gone_and_a_tenant_that_is_not_served_let_nobody_act(clock: ManualClock) -> None:
    gone = await standing(clock, None).recheck(identity())
    elsewhere = await standing(clock).recheck(identity(tenant="other"))
    assert [one.code for one in (gone, elsewhere) if isinstance(one, Refusal)] == [
        "credential_invalid",
        "credential_overreach",
    ]


async def test_whether_a_tokens_subject_is_meant_by_name_is_as_it_is_now(clock: ManualClock) -> None:
    named = msgspec.structs.replace(ISSUER, named=False)
    found = await standing(clock, None, named).recheck(token())
    assert isinstance(found, Identity)
    assert not found.named


async def test_a_tokens_holder_acts_while_its_issuer_may_say_so(clock: ManualClock) -> None:
    assert await standing(clock, None, ISSUER).recheck(token()) == token()
    refused = [
        await standing(clock, None).recheck(token()),
        await standing(clock, None, ISSUER).recheck(token(roles=("clerk", "lead"))),
        await standing(clock, None, msgspec.structs.replace(ISSUER, tenants=("other",))).recheck(token()),
        await standing(clock, None, msgspec.structs.replace(ISSUER, purposes=("HOPERAT",))).recheck(token()),
    ]
    assert [one.code for one in refused if isinstance(one, Refusal)] == [
        "credential_issuer",
        "credential_overreach",
        "credential_overreach",
        "credential_overreach",
    ]


async def test_a_tokens_holder_is_of_the_kind_and_in_the_zone_that_its_issuer_has_now(clock: ManualClock) -> None:
    moved = msgspec.structs.replace(ISSUER, kind="service", zone="cloud")
    found = await standing(clock, None, moved).recheck(token())
    assert found == token(kind="service", zone="cloud")
    nowhere = await standing(clock, None, msgspec.structs.replace(ISSUER, zone=None)).recheck(token())
    assert nowhere == token(zone="unknown")


async def test_a_certificates_holder_acts_while_its_table_says_the_same_of_it(clock: ManualClock) -> None:
    table = Certificate(match="uri:spiffe://x/*", roles=("clerk",), purposes=("TREAT",), zone="in-house", kind="person")
    shown = identity(method="mtls", credential="x509:sha256:0")
    assert await Standing(Keys(None), (), ["default"], clock, [table]).recheck(shown) == shown
    for changed in (
        *({"roles": ()}, {"zone": None}, {"subject": "bob"}, {"kind": "service"}, {"tenant": "other"}),
        *({"purposes": ()}, {"purposes": ("TREAT", "HOPERAT")}, {"floor": ("phi",)}),
    ):
        other = msgspec.structs.replace(table, **changed)
        refused = await Standing(Keys(None), (), ["default"], clock, [other]).recheck(shown)
        assert isinstance(refused, Refusal)
        assert refused.code == "credential_overreach"


@pytest.mark.parametrize("method", ["api-key+mtls", "jwt+mtls"])
async def test_what_a_certificate_left_of_a_key_or_token_stays_all_that_there_is(
    clock: ManualClock, method: str
) -> None:
    key = msgspec.structs.replace(KEY, roles=("admin", "clerk"), zone="in-house", purposes=("HOPERAT", "TREAT"))
    by_token = method.startswith("jwt")
    shown = token(floor=("phi",)) if by_token else identity(floor=("phi",))
    shown = msgspec.structs.replace(shown, method=method)
    found = await standing(clock, key, ISSUER, tables=(TABLE,)).recheck(shown)
    assert isinstance(found, Identity)
    assert (found.roles, found.purposes, found.zone) == (("clerk",), ("TREAT",), "in-house")
    assert found.floor == (("phi",) if by_token else ("phi", "pii"))


@pytest.mark.parametrize(
    "changed",
    [
        *({"tenant": "other"}, {"subject": "bob"}, {"kind": "service"}, {"zone": "cloud"}),
        *({"roles": ("lead",)}, {"purposes": ()}, {"floor": ("phi", "secret")}),
    ],
)
async def test_a_certificate_beside_a_key_must_still_stand_for_the_same_caller_and_leave_it_as_much(
    clock: ManualClock, changed: dict[str, Any]
) -> None:
    key = msgspec.structs.replace(KEY, roles=("clerk",), zone="in-house", purposes=("TREAT",))
    shown = identity(method="api-key+mtls", floor=("phi",))
    assert isinstance(await standing(clock, key, tables=(TABLE,)).recheck(shown), Identity)
    for tables in ((), (msgspec.structs.replace(TABLE, **changed),)):
        refused = await standing(clock, key, tables=tables).recheck(shown)
        assert isinstance(refused, Refusal)
        assert refused.code == "credential_overreach"
