"""API keys: found by prefix, compared whole."""

import hashlib
import hmac
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


@pytest.mark.parametrize("ended", [{"revoked_us": 1}, {"expires_us": 1}])
async def test_a_refusal_is_of_the_keys_tenant_where_the_whole_key_was_shown(ended: dict[str, int]) -> None:
    whole, guessed = await identify(KEY, record(**ended)), await identify(KEY[:-1] + "t", record(**ended))
    assert isinstance(whole, Refusal)
    assert isinstance(guessed, Refusal)
    assert (whole.tenant, guessed.tenant) == (record().tenant, None)


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


class Work:
    """What verifying a key costs: questions to the store, hashes and comparisons, counted and not timed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.hashed: list[int] = []
        self.compared: list[tuple[int, int]] = []
        sha256, compare = hashlib.sha256, hmac.compare_digest

        def hashing(data: bytes) -> Any:
            self.hashed.append(len(data))
            return sha256(data)

        def comparing(one: bytes, other: bytes) -> bool:
            self.compared.append((len(one), len(other)))
            return compare(one, other)

        monkeypatch.setattr("gateway.checks.identity.api_key.hashlib.sha256", hashing)
        monkeypatch.setattr("gateway.checks.identity.api_key.hmac.compare_digest", comparing)


@pytest.mark.parametrize("lately", [False, True])
async def test_a_miss_takes_the_same_work_as_a_hit_so_that_its_time_tells_nothing(
    monkeypatch: pytest.MonkeyPatch, lately: bool
) -> None:
    """One question at most, one hash of the whole key, one comparison of 32 bytes in constant time: whether the prefix
    is unknown, the secret wrong in its first or its last character, the key revoked, expired, or right."""
    held = {
        "right": (KEY, record()),
        "an unknown prefix": (KEY, record(prefix="ZZZZZZZZZZZZ")),
        "the first character": (KEY[:17] + ("b" if KEY[17] == "a" else "a") + KEY[18:], record()),
        "the last character": (KEY[:-1] + "t", record()),
        "revoked": (KEY, record(revoked_us=1)),
        "expired": (KEY, record(expires_us=1)),
    }
    for name, (key, stored) in held.items():
        lookup = FakeLookup(stored)
        keys = ApiKeys(lookup, FakeClock())
        if lately and stored.prefix in key:
            lookup.lately.add(stored.prefix)
        with monkeypatch.context() as patched:
            work = Work(patched)
            found = keys.recall(key) or await keys.identify(key)
        assert isinstance(found, Identity) == (name == "right"), name
        assert work.hashed == [len(KEY)], name
        assert work.compared == [(32, 32)], name
        assert lookup.asked == (0 if lately and stored.prefix in key else 1), name
