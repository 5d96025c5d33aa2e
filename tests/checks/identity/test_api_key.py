"""API keys: found by prefix, compared whole."""

import hashlib
from typing import Any

import pytest

from gateway.checks.identity.api_key import ApiKeys
from gateway.core.caller import Identity
from gateway.core.ports import KeyRecord
from gateway.core.refusal import Refusal

from .making import NOW, FakeClock, FakeLookup

PREFIX = "Ab3Cd5Ef7Gh9"
KEY = f"gwk_{PREFIX}_{'s' * 43}"
OTHER = f"gwk_ZZZZZZZZZZZZ_{'s' * 43}"
OTHER_HASH = hashlib.sha256(OTHER.encode()).digest()


def record(**changes: Any) -> KeyRecord:
    values: dict[str, Any] = {
        "id": "key_1",
        "prefix": PREFIX,
        "hash": hashlib.sha256(KEY.encode()).digest(),
        "tenant": "default",
        "owner": "triage-app",
        "kind": "service",
        "roles": ("clinician",),
        "zone": "in-house",
        "purposes": ("TREAT", "HPAYMT"),
        "floor": ("phi",),
        "rate": "60/minute",
        "created_us": 0,
        "expires_us": None,
        "revoked_us": None,
    }
    return KeyRecord(**{**values, **changes})


async def identify(key: str, *records: KeyRecord) -> Identity | Refusal:
    return await ApiKeys(FakeLookup(*records), FakeClock()).identify(key)


async def code(key: str, *records: KeyRecord) -> str:
    found = await identify(key, *records)
    assert isinstance(found, Refusal)
    assert "s" * 43 not in repr(found)
    return found.code


async def test_a_key_gives_what_its_record_says() -> None:
    assert await identify(KEY, record()) == Identity(
        tenant="default",
        subject="triage-app",
        kind="service",
        roles=("clinician",),
        zone="in-house",
        purposes=("TREAT", "HPAYMT"),
        method="api-key",
        credential="key_1",
        floor=("phi",),
        rate="60/minute",
    )


async def test_an_unknown_or_wrong_key_is_invalid() -> None:
    assert await code(KEY) == "credential_invalid"
    assert await code(KEY[:-1] + "t", record()) == "credential_invalid"
    assert await code(KEY, record(hash=b"")) == "credential_invalid"
    assert await code(KEY, record(hash=bytes(32))) == "credential_invalid"


@pytest.mark.parametrize(
    "key",
    [
        "gwk_",
        KEY + "x",
        KEY[:-1],
        KEY.replace("gwk_", "gwk-"),
        KEY.upper(),
        KEY[:-1] + "\n",
        KEY[:-1] + "é",
        KEY[:-1] + "=",
    ],
)
async def test_a_key_of_another_form_is_invalid(key: str) -> None:
    assert await code(key, record()) == "credential_invalid"


async def test_a_record_found_under_another_prefix_is_not_used() -> None:
    class Confused(FakeLookup):
        async def find(self, prefix: str) -> KeyRecord | None:
            return record(prefix="ZZZZZZZZZZZZ")

    found = await ApiKeys(Confused(), FakeClock()).identify(KEY)
    assert isinstance(found, Refusal)


async def test_a_revoked_or_expired_key_says_so_to_its_holder_alone() -> None:
    assert await code(KEY, record(revoked_us=NOW * 1_000_000 - 1)) == "credential_revoked"
    assert await code(KEY, record(revoked_us=NOW * 1_000_000 + 1)) == "credential_revoked"
    assert await code(KEY, record(expires_us=NOW * 1_000_000)) == "credential_expired"
    assert isinstance(await identify(KEY, record(expires_us=NOW * 1_000_000 + 1)), Identity)
    wrong = KEY[:-1] + "t"
    assert await code(wrong, record(revoked_us=1)) == await code(wrong, record(expires_us=1)) == "credential_invalid"


async def test_a_key_that_was_found_lately_is_checked_as_any_other_and_nobody_is_asked() -> None:
    lookup = FakeLookup(record(), record(prefix="ZZZZZZZZZZZZ", revoked_us=1, hash=OTHER_HASH))
    keys = ApiKeys(lookup, FakeClock())
    assert keys.recall(KEY) is None
    assert keys.recall("gwk_") is None
    lookup.lately |= set(lookup.records)
    assert keys.recall(KEY) == await keys.identify(KEY)
    refusals = [keys.recall(KEY[:-1] + "t"), keys.recall(OTHER)]
    assert [one.code for one in refusals if isinstance(one, Refusal)] == ["credential_invalid", "credential_revoked"]
    assert lookup.asked == 1


async def test_only_who_is_let_in_has_used_the_key_and_its_scopes_are_the_identitys() -> None:
    lookup = FakeLookup(record(scopes=("audit:read",)), record(prefix="ZZZZZZZZZZZZ", revoked_us=1, hash=OTHER_HASH))
    keys = ApiKeys(lookup, FakeClock())
    for refused in (KEY[:-1] + "t", OTHER, "gwk_"):
        assert isinstance(await keys.identify(refused), Refusal)
    assert lookup.uses == []
    found = await keys.identify(KEY)
    assert isinstance(found, Identity)
    assert found.scopes == ("audit:read",)
    assert lookup.uses == [(record().id, NOW * 1_000_000)]


async def test_a_store_that_fails_is_not_a_wrong_key() -> None:
    class Broken(FakeLookup):
        async def find(self, prefix: str) -> KeyRecord | None:
            raise ConnectionError

    with pytest.raises(ConnectionError):
        await ApiKeys(Broken(), FakeClock()).identify(KEY)
