"""A policy version is what its digest names, or it is nothing."""

import asyncio

import msgspec
import pytest
from sqlalchemy import func, select

from gateway.core.errors import LedgerUnavailable, VerificationError
from gateway.store.policies import Activation, PolicyStore, digest_of
from gateway.store.tables import policy_version
from tests.store.kit import LEDGER, Store, entry
from tests.store.ledger_kit import seeing


@pytest.fixture
def policies(store: Store) -> PolicyStore:
    return PolicyStore(store.engine, store.clock)


async def test_a_version_is_found_by_its_digest_and_kept_once(policies: PolicyStore, store: Store) -> None:
    digests = await asyncio.gather(*(policies.put(b'{"v":1}') for _ in range(5)))
    assert set(digests) == {digest_of(b'{"v":1}')}
    assert await policies.get(digests[0]) == b'{"v":1}'
    async with seeing(store.where) as connection:
        assert await connection.scalar(select(func.count()).select_from(policy_version)) == 1


async def test_a_digest_that_was_never_kept_has_no_version(policies: PolicyStore) -> None:
    assert await policies.get("sha256:" + "0" * 64) is None
    assert await policies.get("") is None


async def test_bytes_that_are_not_the_digest_s_are_refused(policies: PolicyStore, store: Store) -> None:
    digest = await policies.put(b"a policy")
    async with store.bare() as bare:
        other = "x'00'" if store.where.kind == "sqlite" else "'\\x00'::bytea"
        await bare.run("policy_version", f"UPDATE policy_version SET bytes = {other}")
    with pytest.raises(VerificationError):
        await policies.get(digest)


async def test_a_ledger_is_under_the_policy_that_was_activated_last(policies: PolicyStore, store: Store) -> None:
    assert await policies.active(LEDGER) is None
    assert await policies.history(LEDGER) == ()
    one, two = await policies.put(b"1"), await policies.put(b"2")
    entries = [
        entry(),
        msgspec.structs.replace(entry("policy.activated", policy=one), activates=one),
        entry(),
        msgspec.structs.replace(entry("policy.activated", policy=two), activates=two),
        msgspec.structs.replace(entry("policy.activated", policy=one), activates=one),
    ]
    appended = await store.append(entries)
    assert await policies.active(LEDGER) == one
    assert await policies.history(LEDGER) == tuple(
        Activation(seq=seq, digest=digest, activated_at=appended[seq].recorded_at)
        for seq, digest in ((1, one), (3, two), (4, one))
    )
    assert await policies.history("tn_other") == ()


async def test_the_policies_in_force_in_a_range_include_the_one_it_began_under(
    policies: PolicyStore, store: Store
) -> None:
    one, two = digest_of(b"1"), digest_of(b"2")
    entries = [entry() for _ in range(6)]
    entries[1] = msgspec.structs.replace(entry("policy.activated", policy=one), activates=one)
    entries[4] = msgspec.structs.replace(entry("policy.activated", policy=two), activates=two)
    await store.append(entries)
    assert await policies.in_force(LEDGER, 0, 1) == ()
    assert await policies.in_force(LEDGER, 0, 2) == (one,)
    assert await policies.in_force(LEDGER, 2, 4) == (one,)
    assert await policies.in_force(LEDGER, 2, 5) == (one, two)
    assert await policies.in_force(LEDGER, 4, 6) == (two,)


async def test_a_database_that_is_gone_is_our_own_error(policies: PolicyStore, store: Store) -> None:
    async with store.bare() as bare:
        await bare.run("policy_version", "DROP TABLE policy_version")
    with pytest.raises(LedgerUnavailable):
        await policies.put(b"a policy")
    with pytest.raises(LedgerUnavailable):
        await policies.get("sha256:")
