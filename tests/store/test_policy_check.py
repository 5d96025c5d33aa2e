"""Activations are compared where both their records and their rows are known; versions wherever one is named."""

import msgspec
import pytest

from gateway.core.errors import VerificationError
from gateway.ledger.activated import ACTIVATED, REQUESTED, Place
from gateway.store.policies import PolicyStore
from gateway.store.policy_check import check_activations, check_versions
from tests.store.kit import LEDGER, Store, entry

ONE, TWO = ("sha256:" + each * 32 for each in ("1f", "2e"))


async def activated(store: Store) -> None:
    """At records 0 and 1."""
    await store.append(
        [msgspec.structs.replace(entry("policy.activated", policy=each), activates=each) for each in (ONE, TWO)]
    )


async def test_rows_without_records_and_records_without_rows_are_named(store: Store) -> None:
    await activated(store)
    whole = [Place(0, ACTIVATED, ONE), Place(1, ACTIVATED, TWO), Place(1, REQUESTED, TWO)]
    await check_activations(store.engine, LEDGER, whole, 2, [])
    for places, at in ((whole[:1], 1), (whole[1:], 0), ([*whole, Place(2, ACTIVATED, ONE)], 2)):
        with pytest.raises(VerificationError, match=f"an activation at record {at} is not on record"):
            await check_activations(store.engine, LEDGER, places, 3, [])


async def test_what_is_newer_or_lies_in_an_archive_that_was_not_read_is_no_failure(store: Store) -> None:
    await activated(store)
    await check_activations(store.engine, LEDGER, [Place(0, ACTIVATED, ONE)], 1, [])
    await check_activations(store.engine, LEDGER, [Place(1, ACTIVATED, TWO)], 2, [(0, 1)])


async def test_each_version_that_is_named_is_looked_at_and_what_is_not_there_is_told(store: Store) -> None:
    kept = [await PolicyStore(store.engine, store.clock).put(b"%d" % number) for number in range(60)]
    places = [Place(seq, REQUESTED, digest) for seq, digest in enumerate([*kept, ONE, "", TWO])]
    assert await check_versions(store.engine, places) == (ONE, TWO)
    async with store.bare() as bare:
        other = "x'01'" if store.where.kind == "sqlite" else "'\\x01'"
        await bare.run("policy_version", f"UPDATE policy_version SET bytes = {other} WHERE digest = '{kept[57]}'")
    with pytest.raises(VerificationError, match=f"the version {kept[57]} that is stored"):
        await check_versions(store.engine, places)
