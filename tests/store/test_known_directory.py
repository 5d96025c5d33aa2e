"""A directory of a copy knows who was copied, and makes nobody."""

import pytest

from gateway.core.errors import LedgerUnavailable
from gateway.core.refusal import Refusal
from gateway.store.directory import Directory
from gateway.store.known_directory import KnownDirectory
from tests.store.kit import LEDGER, Store


async def test_who_is_known_is_found_and_nobody_is_made(store: Store) -> None:
    store.keyring.create_search_key(LEDGER)
    whole = Directory(store.engine, store.keyring, store.clock, "gateway.test")
    eve, patient = await whole.actor(LEDGER, "eve"), await whole.subject(LEDGER, "patient-1")
    (linked,) = await whole.subjects(LEDGER, [("mrn", "4481920")])
    known = KnownDirectory(store.engine, store.keyring, store.clock, "gateway.test")
    assert await known.actor(LEDGER, "eve") == eve
    assert await known.subject(LEDGER, "patient-1") == patient
    assert await known.subjects(LEDGER, [("mrn", "4481921"), ("mrn", "4481920")]) == (linked,)
    assert await known.subjects(LEDGER, []) == ()
    with pytest.raises(LedgerUnavailable):
        await known.actor(LEDGER, "mallory")
    refused = await known.subject(LEDGER, "patient-2")
    assert isinstance(refused, Refusal)
    assert (refused.code, refused.field) == ("emergency_unserved", "X-Data-Subject")
    assert isinstance(await known.subject(LEDGER, ""), Refusal)
    with pytest.raises(LedgerUnavailable):
        await known.entry("nobody")
    assert await whole.find_actor(LEDGER, "mallory") is None
