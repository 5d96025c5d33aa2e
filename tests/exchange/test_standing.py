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
ISSUER = Issuer(issuer="https://login", audience="gw", algorithms=("ES256",), jwks_file="k", roles=("clerk",))


class Keys:
    def __init__(self, record: KeyRecord | None) -> None:
        self.record = record

    async def get(self, tenant: str, key_id: str) -> KeyRecord | None:
        return self.record if (tenant, key_id) == ("default", "ck_1") else None


def standing(clock: ManualClock, record: KeyRecord | None = KEY, *issuers: Issuer) -> Standing:
    return Standing(Keys(record), issuers, ["default"], clock)


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
    ]
    assert [one.code for one in refused if isinstance(one, Refusal)] == [
        "credential_issuer",
        "credential_overreach",
        "credential_overreach",
    ]


async def test_a_certificates_holder_acts_while_its_table_says_the_same_of_it(clock: ManualClock) -> None:
    table = Certificate(match="uri:spiffe://x/*", roles=("clerk",), zone="in-house", kind="person")
    shown = identity(method="mtls", credential="x509:sha256:0")
    assert await Standing(Keys(None), (), ["default"], clock, [table]).recheck(shown) == shown
    for changed in ({"roles": ()}, {"zone": None}, {"subject": "bob"}, {"kind": "service"}, {"tenant": "other"}):
        other = msgspec.structs.replace(table, **changed)
        refused = await Standing(Keys(None), (), ["default"], clock, [other]).recheck(shown)
        assert isinstance(refused, Refusal)
        assert refused.code == "credential_overreach"
    both = identity(method="api-key+mtls")
    assert isinstance(await standing(clock).recheck(both), Identity)
